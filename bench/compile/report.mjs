// SPDX-License-Identifier: MIT OR Apache-2.0
// Prints the table of bench/compile/run: report.mjs OURS (lines of --stats=json) NODE (lines of us).
import { readFileSync } from "node:fs";

const lines = (path) => readFileSync(path, "utf8").trim().split("\n");
const median = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];

const runs = lines(process.argv[2]).map((line) => JSON.parse(line));
const codeBytes = runs[0].code_section_bytes;
const rows = [
  ["node --liftoff", median(lines(process.argv[3]).map(Number))],
  ["hermit-wasm baseline", median(runs.map((run) => run.compile_us))],
];
console.log(`Compile: esbuild.wasm, ${runs[0].module_bytes} bytes, code section ${codeBytes} bytes`);
console.log("compiler".padEnd(24), "ms (median)".padStart(12), "MB/s".padStart(8), "ratio".padStart(7));
for (const [name, us] of rows) {
  const ratio = rows[0][1] / us; // how many times as fast as node
  console.log(name.padEnd(24), (us / 1000).toFixed(1).padStart(12),
              (codeBytes / us).toFixed(1).padStart(8), ratio.toFixed(2).padStart(7));
}
console.log(`machine code made: ${runs[0].code_bytes} bytes`);
