// SPDX-License-Identifier: MIT OR Apache-2.0
// Prints the microseconds that `new WebAssembly.Module` takes for the file given.
import { readFileSync } from "node:fs";

const bytes = readFileSync(process.argv[2]);
const start = process.hrtime.bigint();
new WebAssembly.Module(bytes);
console.log(Number((process.hrtime.bigint() - start) / 1000n));
