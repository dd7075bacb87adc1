// SPDX-License-Identifier: MIT OR Apache-2.0
// Runs a module under Node's WASI: node.mjs MODULE DIRECTORY ARGUMENTS...; DIRECTORY is its "/".
import { readFileSync } from "node:fs";
import { WASI } from "node:wasi";

const [path, directory, ...args] = process.argv.slice(2);
const wasi = new WASI({
  version: "preview1",
  args: ["program.wasm", ...args],
  env: { PWD: "/" },
  preopens: { "/": directory },
  returnOnExit: true,
});
const module = await WebAssembly.compile(readFileSync(path));
const imports = { wasi_snapshot_preview1: wasi.wasiImport };
process.exitCode = wasi.start(await WebAssembly.instantiate(module, imports));
