// SPDX-License-Identifier: MIT OR Apache-2.0
// Runs the programs of list.txt under Node's WASI (uvwasi), as a second opinion on what they check.
// Usage: node --no-warnings tests/wasi/node.mjs LIST DIRECTORY-OF-WASM. Prints TAP.
import { readFileSync, mkdtempSync, mkdirSync, writeFileSync, rmSync, openSync, closeSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

// Where Node differs, and why we do not follow it. The check that fails there is the first one of
// its kind; what is behind it does not run under Node.
const DIFFERENCES = {
  args: 'pointers past the memory are EOVERFLOW, not EFAULT',
};

function unescape(text) {
  const bytes = [];
  const raw = Buffer.from(text);
  for (let i = 0; i < raw.length; i++) {
    if (raw[i] !== 0x5c) bytes.push(raw[i]);
    else if (raw[++i] === 0x6e) bytes.push(0x0a);
    else if (raw[i] === 0x78) bytes.push(parseInt(raw.toString('latin1', i + 1, i + 3), 16)), (i += 2);
    else bytes.push(raw[i]);
  }
  return Buffer.from(bytes);
}

function parseList(text) {
  const tests = [];
  for (const line of text.split('\n')) {
    if (!line || line.startsWith('#')) continue;
    const [, key, value] = line.match(/^(\S+) ?(.*)$/);
    const test = tests.at(-1);
    if (key === 'program')
      tests.push({ program: value, name: value, args: [], env: {}, stdin: '', stdout: '', status: 0 });
    else if (key === 'arg') test.args.push(unescape(value).toString());
    else if (key === 'env') test.env[value.split('=')[0]] = value.slice(value.indexOf('=') + 1);
    else if (key === 'stdin' || key === 'stdout') test[key] += value;
    else if (key === 'name') test.name = value;
    else if (key === 'status') test.status = Number(value);
    else if (key === 'ro') test.ro = true;
    else throw new Error(`unknown key ${key}`);
  }
  return tests;
}

// The child: one program with this process's streams.
async function runProgram(wasm, directory, test) {
  const { WASI } = await import('node:wasi');
  const wasi = new WASI({
    version: 'preview1',
    args: [`${test.program}.wasm`, ...test.args],
    env: test.env,
    preopens: { '.': directory },
    returnOnExit: true,
  });
  const module = new WebAssembly.Module(readFileSync(wasm));
  const instance = new WebAssembly.Instance(module, { wasi_snapshot_preview1: wasi.wasiImport });
  process.exit(wasi.start(instance));
}

function runTest(test, number, wasmDirectory) {
  if (test.ro) return console.log(`ok ${number} - ${test.name} # SKIP no read-only preopens`);
  const directory = mkdtempSync(join(tmpdir(), 'wasi-node-'));
  const wasm = join(wasmDirectory, `${test.program}.wasm`);
  const result = spawnSync(process.execPath,
    ['--no-warnings', fileURLToPath(import.meta.url), '--child', wasm, directory, JSON.stringify(test)],
    { input: unescape(test.stdin), timeout: 60000 });
  rmSync(directory, { recursive: true });
  const good = result.status === test.status && result.stdout.equals(unescape(test.stdout));
  const known = DIFFERENCES[test.name];
  console.log(`${good === !known ? 'ok' : 'not ok'} ${number} - ${test.name}` +
    (known ? ` (differs: ${known})` : ''));
  if (!good || known) console.log(`# status ${result.status}: ${result.stderr.toString().trim().split('\n')[0]}`);
  return good === !known;
}

if (process.argv[2] === '--child') {
  await runProgram(process.argv[3], process.argv[4], JSON.parse(process.argv[5]));
} else {
  const tests = parseList(readFileSync(process.argv[2], 'utf8'));
  console.log(`1..${tests.length}`);
  let failed = 0;
  tests.forEach((test, i) => (failed += runTest(test, i + 1, process.argv[3]) === false));
  process.exit(failed ? 1 : 0);
}
