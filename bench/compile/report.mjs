// SPDX-License-Identifier: MIT OR Apache-2.0
// Prints the tables of bench/compile/run: report.mjs DIRECTORY, which holds for each module
// NAME.ours (lines of --stats=json), NAME.node and NAME.node--single-threaded (lines of
// microseconds); and functions-TIMES and function-TIMES (lines of --stats=json).
import { existsSync, readFileSync, readdirSync } from "node:fs";
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
      single: median(lines(name.replace(".ours", ".node--single-threaded")).map(Number)),
    };
  })
  .sort((a, b) => b.code - a.code);

console.log("Compile: medians; MB are of the code section; Liftoff with all threads and with one; the ratio");
console.log("is how many times as fast as Liftoff with one thread ours is, which has one");
console.log(`${"module".padEnd(12)}${"code KB".padStart(10)}${"ours ms".padStart(10)}${"MB/s".padStart(8)}` +
  `${"Liftoff ms".padStart(12)}${"one ms".padStart(10)}${"MB/s".padStart(8)}${"ratio".padStart(8)}${"made KB".padStart(10)}`);
for (const { name, code, made, ours, node, single } of modules)
  console.log(name.padEnd(12) + right(code / 1e3, 0, 10) + right(ours / 1e3, 1, 10) +
    right(code / ours, 1, 8) + right(node / 1e3, 1, 12) + right(single / 1e3, 1, 10) +
    right(code / single, 1, 8) + right(single / ours, 2, 8) + right(made / 1e3, 0, 10));

const mean = (values) => Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
const summary = (title, some) => console.log(title.padEnd(22) +
  right(mean(some.map(({ code, ours }) => code / ours)), 1, 16) +
  right(mean(some.map(({ code, single }) => code / single)), 1, 30) +
  right(mean(some.map(({ single, ours }) => single / ours)), 2, 8));
console.log("Geometric means");
summary("of all", modules);
summary("of those above 1 MB", modules.filter(({ code }) => code > 1e6));

// Minima: what is asked is whether the work grows in proportion, not how busy the machine was.
for (const [what, kind] of [["more functions", "functions"], ["one longer function", "function"]]) {
  console.log(`\nGrowth, ${what}: minima`);
  console.log(`${"size".padEnd(8)}${"code KB".padStart(10)}${"ms".padStart(10)}${"MB/s".padStart(8)}` +
    `${"per byte, to the first".padStart(25)}`);
  let first;
  for (let times = 1; existsSync(join(directory, `${kind}-${times}`)); times *= 2) {
    const runs = lines(`${kind}-${times}`).map((line) => JSON.parse(line));
    const code = runs[0].code_section_bytes;
    const time = Math.min(...runs.map((run) => run.compile_us));
    first ??= time / code;
    console.log(`${times}x`.padEnd(8) + right(code / 1e3, 0, 10) + right(time / 1e3, 2, 10) +
      right(code / time, 1, 8) + right(time / code / first, 2, 25));
  }
}
