// SPDX-License-Identifier: MIT OR Apache-2.0
export type Shape =
  | { kind: "circle"; radius: number }
  | { kind: "rectangle"; width: number; height: number };

export function area(shape: Shape): number {
  switch (shape.kind) {
    case "circle":
      return Math.PI * shape.radius ** 2;
    case "rectangle":
      return shape.width * shape.height;
  }
}

export const unused = (): never => {
  throw new Error("shaken off by the bundler");
};
