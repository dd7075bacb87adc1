// SPDX-License-Identifier: MIT OR Apache-2.0
import { Shape, area } from "./shapes";

enum Unit {
  Millimetre = "mm",
  Metre = "m",
}

const shapes: Shape[] = [
  { kind: "circle", radius: 2 },
  { kind: "rectangle", width: 3, height: 4 },
];

function describe<T extends Shape>(shape: T, unit: Unit): string {
  return `${shape.kind}: ${area(shape).toFixed(2)} ${unit}²`;
}

for (const shape of shapes) console.log(describe(shape, Unit.Metre));
