// SPDX-License-Identifier: MIT OR Apache-2.0
// Runs the programs of list.txt under Node's WASI (uvwasi), as a second opinion on what they check.
// Usage: node --no-warnings tests/wasi/node.mjs LIST DIRECTORY-OF-WASM. Prints TAP.
import { readFileSync, mkdtempSync, mkdirSync, writeFileSync, rmSync, openSync, closeSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

// Where Node 20 (uvwasi) differs and why ours stays as it is. A program stops at its first failed
// check; these are all the differences there are.
const FAULT = 'addresses outside memory are EOVERFLOW there; the specification has EFAULT for them';
const DIFFERENCES = {
  args: FAULT,
  clocks: FAULT,
  open: 'unknown flags are ignored there, ours are EINVAL; a file as directory is ENOTCAPABLE ' +
    'there, the WASI test-suite wants ENOTDIR; ' + FAULT,
  paths: 'paths are normalised as text there: links with ".." in the target are refused, ".." ' +
    'behind a link is of the link and not of where it leads, at most 31 links are followed, ' +
    'the empty path is EINVAL (Linux: ENOENT), bytes that are not UTF-8 are passed on, PATH_MAX ' +
    'does not exist, links in the last place are followed unasked, also with CREAT and EXCL',
  rights: 'flags show bits that are none of WASI there (O_LARGEFILE); reading and writing without ' +
    'the right is ENOTCAPABLE there, EBADF in the WASI test-suite; seeking by 0 needs more than ' +
    'the right to tell there, against the specification',
  io: 'flags show bits that are none of WASI; ' + FAULT,
  readdir: '"." and ".." are left out and cookies count entries there: entries are skipped while ' +
    'others are removed, and an entry that does not fit gives nothing',
  renumber: 'a buffer too short for the name is ENOBUFS there, ENAMETOOLONG in the WASI test-suite; ' +
    'prestat of what is no preopen is EINVAL there, others have EBADF, which ends the search',
  stat: 'opening with rights that a file cannot have is ENOTCAPABLE there; the specification lets ' +
    'them be dropped',
  names: 'the empty path is EINVAL there (Linux: ENOENT); removing "dir/." is ENOTEMPTY there ' +
    '(Linux: EINVAL); making a link called "file/" is EEXIST there (WASI test-suite: ENOTDIR); ' +
    'readlink fails if the target does not fit, against the specification, and writes a NUL',
  poll: 'absolute deadlines end at once there',
  streams: 'seeking in a stream is ENOTCAPABLE there, ESPIPE elsewhere',
  libc: '"." and ".." are left out of listings there',
  sock: 'sockets functions on what is no socket are ENOTCAPABLE there, ENOTSOCK in the WASI ' +
    'test-suite',
  'raise-abrt': 'proc_raise is not there',
  'raise-term': 'proc_raise is not there',
  'raise-xcpu': 'proc_raise is not there',
  nomemory: 'a module without an exported memory is refused there',
  start: 'proc_exit in a start function is before WASI knows of the instance there',
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
