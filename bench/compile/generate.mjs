// SPDX-License-Identifier: MIT OR Apache-2.0
// Writes a module whose size is chosen: generate.mjs OUTPUT FUNCTIONS PIECES, so many functions of so
// many pieces of code each; a piece is a loop over loads, stores, arithmetic, branches and a call.
import { writeFileSync } from "node:fs";

const [output, functions, pieces] = [process.argv[2], +process.argv[3], +process.argv[4]];

function leb(value) {
  const bytes = [];
  for (; value > 0x7f; value >>>= 7) bytes.push((value & 0x7f) | 0x80);
  return [...bytes, value];
}

const I32 = 0x7f, LOCALS = 12;
const get = (i) => [0x20, i % LOCALS];
const set = (i) => [0x21, i % LOCALS];
const constant = (i) => [0x41, i & 0x3f];
const section = (id, bytes) => [id, ...leb(bytes.length), ...bytes];
const vector = (items) => [...leb(items.length), ...items.flat()];

// Piece number n: which locals and operators it takes follows from n alone.
function piece(n) {
  const operators = [0x6a, 0x6b, 0x6c, 0x71, 0x72, 0x73, 0x74, 0x76];
  const code = [0x02, 0x40, 0x03, 0x40]; // block, loop
  for (let i = 0; i < 8; i++) {
    code.push(...get(n + i), ...get(n + 3 * i + 1), operators[(n + i) % 8], ...constant(n + i), 0x6a, ...set(n + i));
    code.push(...get(n + i), 0x41, 0xff, 0xff, 0x03, 0x71, 0x28, 2, ...leb(4 * i), ...set(n + i + 2)); // load
  }
  code.push(...get(n), 0x41, 0xff, 0xff, 0x03, 0x71, ...get(n + 1), 0x36, 2, 8); // store
  code.push(...get(n + 4), ...constant(n), 0x48, 0x0d, 1); // leave if less
  code.push(...get(n + 5), 0x10, 0, ...set(n + 5)); // call
  code.push(...get(n + 6), 0x04, 0x40, ...constant(1), ...set(n + 6), 0x05, ...constant(2), ...set(n + 7), 0x0b);
  code.push(...get(n + 7), 0x45, 0x0d, 0, 0x0b, 0x0b); // again if zero
  return code;
}

function body(count) {
  const parts = [1, LOCALS - 1, I32];
  for (let n = 0; n < count; n++) for (const byte of piece(n)) parts.push(byte);
  parts.push(...get(0), 0x0b);
  return parts;
}

const sized = (bytes) => Buffer.from([...leb(bytes.length), ...bytes]);
const callee = sized([0, ...get(0), 0x0b]);
const start = sized([0, 0x0b]);
const code = Buffer.concat([Buffer.from(leb(functions + 2)), callee,
  ...Array(functions).fill(sized(body(pieces))), start]);
const types = section(1, vector([[0x60, 1, I32, 1, I32], [0x60, 0, 0]]));
const kinds = section(3, [...leb(functions + 2), ...Array(functions + 1).fill(0), 1]);
const memory = section(5, vector([[0, 1]]));
const name = Buffer.from("_start");
const exported = section(7, vector([[name.length, ...name, 0, ...leb(functions + 1)]]));
writeFileSync(output, Buffer.concat([
  Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, ...types, ...kinds, ...memory, ...exported]),
  Buffer.from([10, ...leb(code.length)]), code]));
