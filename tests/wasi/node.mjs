// SPDX-License-Identifier: MIT OR Apache-2.0
// Runs the programs of list.txt under Node's WASI (uvwasi), as a second opinion on what they check.
// What may differ stands in node-differences.txt, with the reasons. Prints TAP.
// Usage: node --no-warnings tests/wasi/node.mjs DIRECTORY-OF-WASM
import { readFileSync, mkdtempSync, rmSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));

// ---- The list, and the list of differences ---------------------------------------------------

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
    else if (key === 'transcript')
      test.transcript = readFileSync(join(here, 'programs', `${test.program}.txt`), 'utf8');
    else throw new Error(`unknown key ${key}`);
  }
  return tests;
}

// Lines at the margin are reasons, indented ones below what they explain: patterns with * for any
// text, or `skip NAME`.
function parseDifferences(text) {
  const differences = { version: '', patterns: [], skip: {} };
  let reason = '';
  let inReason = false;
  for (const line of text.split('\n')) {
    if (!line.trim() || line.startsWith('#')) continue;
    const skip = line.match(/^ +skip (.*)$/);
    const version = line.match(/^uvwasi (.*)$/);
    if (version) differences.version = version[1];
    else if (skip) differences.skip[skip[1]] = reason;
    else if (line.startsWith(' ')) {
      const pattern = line.trim().replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*');
      differences.patterns.push({ text: line.trim(), match: new RegExp(`^${pattern}$`), used: 0 });
    } else reason = inReason ? `${reason} ${line}` : line;
    inReason = !line.startsWith(' ');
  }
  return differences;
}

// ---- Running ---------------------------------------------------------------------------------

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

// The lines `function: what: ERRNO` of a transcript.
function answersOf(transcript) {
  return new Map(transcript.trim().split('\n').map((line) => line.match(/^(.*): (.*)$/).slice(1)));
}

// One line for each answer that is not ours: of a transcript, each line; of the programs that check
// for themselves and stop at the first failure, what that said.
function differencesOf(test, result) {
  const stdout = result.stdout.toString();
  const found = [];
  if (test.transcript) {
    const ours = answersOf(test.transcript);
    const theirs = answersOf(stdout);
    for (const what of new Set([...ours.keys(), ...theirs.keys()])) {
      const [mine, other] = [ours.get(what) ?? 'nothing', theirs.get(what) ?? 'nothing'];
      if (mine !== other) found.push(`${test.name}: ${what}: ${other}, not ${mine}`);
    }
  } else if (!result.stdout.equals(unescape(test.stdout))) {
    found.push(`${test.name}: another output`);
  }
  if (result.status !== test.status) {
    const [line] = result.stderr.toString().trim().split('\n');
    found.push(`${test.name}: status ${result.status}: ${line.replace(/^\S+:\d+: /, '')}`);
  }
  return found;
}

function runTest(test, number, differences, wasmDirectory) {
  const skip = test.ro ? 'no read-only preopens' : differences.skip[test.name];
  if (skip) return console.log(`ok ${number} - ${test.name} # SKIP ${skip}`);
  const directory = mkdtempSync(join(tmpdir(), 'wasi-node-'));
  const wasm = join(wasmDirectory, `${test.program}.wasm`);
  const result = spawnSync(process.execPath,
    ['--no-warnings', fileURLToPath(import.meta.url), '--child', wasm, directory, JSON.stringify(test)],
    { input: unescape(test.stdin), timeout: 60000 });
  rmSync(directory, { recursive: true });
  const found = differencesOf(test, result);
  const unexplained = found.filter((line) => {
    const pattern = differences.patterns.find((candidate) => candidate.match.test(line));
    if (pattern) pattern.used++;
    return !pattern;
  });
  const known = found.length - unexplained.length;
  console.log(`${unexplained.length ? 'not ok' : 'ok'} ${number} - ${test.name}` +
    (known ? ` (${known} known differences)` : ''));
  unexplained.forEach((line) => console.log(`# ${line}`));
  return !unexplained.length;
}

function runAll(wasmDirectory) {
  const tests = parseList(readFileSync(join(here, 'list.txt'), 'utf8'));
  const differences = parseDifferences(readFileSync(join(here, 'node-differences.txt'), 'utf8'));
  if (process.versions.uvwasi !== differences.version) {
    console.log(`1..0 # SKIP the differences are listed for uvwasi ${differences.version}, ` +
      `this Node has ${process.versions.uvwasi}`);
    return true;
  }
  console.log(`1..${tests.length + 1}`);
  let failed = 0;
  tests.forEach((test, i) => (failed += runTest(test, i + 1, differences, wasmDirectory) === false));
  const unused = differences.patterns.filter((pattern) => !pattern.used);
  console.log(`${unused.length ? 'not ok' : 'ok'} ${tests.length + 1} - every listed difference is one`);
  unused.forEach((pattern) => console.log(`# no such difference: ${pattern.text}`));
  return !failed && !unused.length;
}

if (process.argv[2] === '--child')
  await runProgram(process.argv[3], process.argv[4], JSON.parse(process.argv[5]));
else process.exit(runAll(process.argv[2]) ? 0 : 1);
