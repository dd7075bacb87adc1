// SPDX-License-Identifier: MIT OR Apache-2.0
// Prints the table of bench/compile/run: report.mjs DIRECTORY, which holds for each module
// NAME.ours (lines of --stats=json) and NAME.node (lines of microseconds).
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

const directory = process.argv[2];
const lines = (name) => readFileSync(join(directory, name), "utf8").trim().split("\n");
const median = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];
const right = (value, digits, width) => value.toFixed(digits).padStart(width);

const modules = readdirSync(directory)
  .filter((name) => name.endsWith(".ours"))
  .map((name) => {
    const runs = lines(name).map((line) => JSON.parse(line));
    return {
      name: name.replace(".wasm.ours", ""),
      code: runs[0].code_section_bytes,
      made: runs[0].code_bytes,
      ours: median(runs.map((run) => run.compile_us)),
      node: median(lines(name.replace(".ours", ".node")).map(Number)),
    };
  })
  .sort((a, b) => b.code - a.code);

console.log("Compile: medians; MB are of the code section, ratio is how many times as fast as node");
console.log(`${"module".padEnd(12)}${"code KB".padStart(10)}${"ours ms".padStart(10)}${"MB/s".padStart(8)}` +
  `${"Liftoff ms".padStart(12)}${"MB/s".padStart(8)}${"ratio".padStart(8)}${"made KB".padStart(10)}`);
for (const { name, code, made, ours, node } of modules)
  console.log(name.padEnd(12) + right(code / 1e3, 0, 10) + right(ours / 1e3, 1, 10) +
    right(code / ours, 1, 8) + right(node / 1e3, 1, 12) + right(code / node, 1, 8) +
    right(node / ours, 2, 8) + right(made / 1e3, 0, 10));
