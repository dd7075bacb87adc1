// SPDX-License-Identifier: MIT OR Apache-2.0
// Makes a command of npm's CRuby, which is a library for JavaScript: adds a `_start` that calls
// ruby-init, as that JavaScript does first, with the arguments to load one script. What it imports
// from JavaScript stays imported, and may trap. Usage: node command.mjs IN.wasm OUT.wasm SCRIPT
import { readFileSync, writeFileSync } from 'node:fs';

const SECTION = { type: 1, import: 2, function: 3, export: 7, code: 10 };
const KIND_FUNCTION = 0;

function unsigned(value) {
  const bytes = [];
  for (; value > 0x7f; value >>>= 7) bytes.push((value & 0x7f) | 0x80);
  return [...bytes, value];
}

function signed(value) {
  const bytes = [];
  for (;;) {
    const byte = value & 0x7f;
    value >>= 7;
    if ((value === 0 && !(byte & 0x40)) || (value === -1 && byte & 0x40)) return [...bytes, byte];
    bytes.push(byte | 0x80);
  }
}

class Reader {
  constructor(bytes) {
    this.bytes = bytes;
    this.at = 0;
  }
  unsigned() {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.bytes[this.at++];
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
  }
  name() {
    const length = this.unsigned();
    return this.bytes.subarray(this.at, (this.at += length)).toString();
  }
}

function readSections(module) {
  const sections = [];
  for (const reader = new Reader(module.subarray(8)); reader.at < reader.bytes.length;) {
    const id = reader.bytes[reader.at++];
    const size = reader.unsigned();
    sections.push({ id, bytes: reader.bytes.subarray(reader.at, (reader.at += size)) });
  }
  return sections;
}

// A section that is a list, with one entry more; returns how many there were.
function append(sections, id, entry) {
  const section = sections.find((candidate) => candidate.id === id);
  const reader = new Reader(section.bytes);
  const count = reader.unsigned();
  const rest = section.bytes.subarray(reader.at);
  section.bytes = Buffer.concat([Buffer.from(unsigned(count + 1)), rest, Buffer.from(entry)]);
  return count;
}

const [, , input, output, script] = process.argv;
const ARGUMENTS = ['ruby.wasm', '-EUTF-8', `-r${script}`, '-e_=0'].map((text) => `${text}\0`);
const module = readFileSync(input);
const sections = readSections(module);
const compiled = new WebAssembly.Module(module);
const imports = WebAssembly.Module.imports(compiled).filter(({ kind }) => kind === 'function');

function exportedFunction(prefix) {
  const reader = new Reader(sections.find(({ id }) => id === SECTION.export).bytes);
  for (let left = reader.unsigned(); left > 0; left--) {
    const name = reader.name();
    const kind = reader.bytes[reader.at++];
    const index = reader.unsigned();
    if (kind === KIND_FUNCTION && name.startsWith(prefix)) return index;
  }
  throw new Error(`no export ${prefix}`);
}

// ---- Code: local 0 is the list of arguments, local 1 the string that was made last -----------

const constant = (value) => [0x41, ...signed(value)];
const call = (index) => [0x10, ...unsigned(index)];
const get = (local) => [0x20, local];
const set = (local) => [0x21, local];
const store = (offset) => [0x36, 2, ...unsigned(offset)];
const allocate = (align, size) =>
  [0, 0, align, size].flatMap(constant).concat(call(exportedFunction('cabi_realloc')));

function makeString(text) {
  const bytes = Buffer.from(text);
  const padded = Buffer.concat([bytes, Buffer.alloc(4 - (bytes.length % 4))]);
  const code = [...allocate(4, padded.length), ...set(1)];
  for (let at = 0; at < padded.length; at += 4)
    code.push(...get(1), ...constant(padded.readInt32LE(at)), ...store(at));
  return { code, length: bytes.length };
}

function startCode() {
  const code = call(exportedFunction('_initialize'));
  code.push(...allocate(4, 8 * ARGUMENTS.length), ...set(0));
  ARGUMENTS.forEach((text, i) => {
    const string = makeString(text);
    code.push(...string.code, ...get(0), ...get(1), ...store(8 * i));
    code.push(...get(0), ...constant(string.length), ...store(8 * i + 4));
  });
  code.push(...get(0), ...constant(ARGUMENTS.length), ...call(exportedFunction('ruby-init:')));
  return [1, 2, 0x7f, ...code, 0x0b]; // two locals of type i32
}

const body = startCode();
const type = append(sections, SECTION.type, [0x60, 0, 0]);
const index = imports.length + append(sections, SECTION.function, unsigned(type));
append(sections, SECTION.export, [6, ...Buffer.from('_start'), KIND_FUNCTION, ...unsigned(index)]);
append(sections, SECTION.code, [...unsigned(body.length), ...body]);
writeFileSync(output, Buffer.concat([module.subarray(0, 8),
  ...sections.flatMap(({ id, bytes }) => [Buffer.from([id, ...unsigned(bytes.length)]), bytes])]));
