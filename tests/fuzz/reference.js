// SPDX-License-Identifier: MIT OR Apache-2.0
// Runs batches of generated modules in Node and writes down what run.c writes down for ours.
//
// Usage: node reference.js BATCH RESULTS
// For each line on stdin reads the file BATCH (a count; then modules and their calls, each behind
// its length), writes RESULTS (texts behind their lengths), and says so by a line on stdout. A
// module without calls is only validated.
'use strict';
const fs = require('fs');

const I32 = 0x7f, I64 = 0x7e, F32 = 0x7d, F64 = 0x7c, V128 = 0x7b, EXTERNREF = 0x6f;
const HOST_LINES = 100, PROVIDER_HOST = 0xff;
const SHARING_MEMORY = 1, SHARING_TABLES = 2, SHARING_INSTANCES = 4;
const view = new DataView(new ArrayBuffer(8));
const external = {};
const hex = (value, digits) => value.toString(16).padStart(digits, '0');

function bitsOf(type, value) {
  if (type === F32) view.setFloat32(0, value);
  else if (type === F64) view.setFloat64(0, value);
  else view.setBigInt64(0, value);
}

function show(type, value) {
  if (type === I32) return ' ' + hex(value >>> 0, 8);
  if (type === I64 || type === F32 || type === F64) {
    if (value !== value) return ' nan';
    bitsOf(type, value);
    const high = hex(view.getUint32(0), 8);
    return ' ' + (type === F32 ? high : high + hex(view.getUint32(4), 8));
  }
  return value === null ? ' null' : ' ref';
}

function digest(type, value) {
  if (type === I32) return value;
  if (type === I64 || type === F32 || type === F64) {
    if (value !== value) return 0x7fc00000;
    bitsOf(type, value);
    return type === F32 ? view.getInt32(0) : view.getInt32(0) ^ view.getInt32(4);
  }
  return value === null ? 0 : 1;
}

function answer(type, word) {
  switch (type) {
    case I32: return word | 0;
    case I64: return BigInt.asIntN(64, BigInt((word ^ 0xdeadbeef) >>> 0) << 32n | BigInt(word >>> 0));
    case F32: return (word & 0xffff) * 0.25;
    case F64: return (word | 0) * 0.5;
    case EXTERNREF: return word & 1 ? external : null;
    default: return null;
  }
}

// Kinds that engines do not tell apart have one name; see trap_name in run.c.
const traps = [
  [/^unreachable/, 'unreachable'],
  [/memory access out of bounds|data segment/, 'memory'],
  [/table index|table access|table or element|element segment|table.*out of bounds/, 'table'],
  [/signature/, 'signature'],
  [/by zero/, 'zero'],
  [/unrepresentable/, 'range'],
  [/call stack/, 'call stack exhausted'],
];

function trapName(error) {
  if (error instanceof WebAssembly.Exception) return 'uncaught exception';
  for (const [pattern, name] of traps)
    if (pattern.test(error.message)) return name;
  return String(error);
}

class Reader {
  constructor(bytes) { this.bytes = bytes; this.at = 0; }
  byte() { return this.bytes[this.at++]; }
  take(count) { this.at += count; return this.bytes.subarray(this.at - count, this.at); }
  types() { return this.take(this.byte()); }
  word() { const at = this.at; this.at += 4; return this.bytes.readUInt32LE(at); }
  value(type) {
    const at = this.at;
    this.at += 8;
    switch (type) {
      case I32: return this.bytes.readInt32LE(at);
      case I64: return this.bytes.readBigInt64LE(at);
      case F32: return this.bytes.readFloatLE(at);
      case F64: return this.bytes.readDoubleLE(at);
      default: return null;
    }
  }
}

function makeImports(calls, text) {
  const functions = {}, providers = [], sharing = calls.byte();
  let lines = 0;
  if (sharing & SHARING_TABLES) {
    functions.t0 = new WebAssembly.Table({element: 'anyfunc', initial: 10, maximum: 20});
    functions.t1 = new WebAssembly.Table({element: 'externref', initial: 10, maximum: 20}, null);
  }
  if (sharing & SHARING_MEMORY) functions.m = new WebAssembly.Memory({initial: 2, maximum: 5});
  const count = calls.byte();
  for (let i = 0; i < count; i++) {
    providers.push(calls.byte());
    const params = calls.types(), results = calls.types();
    functions[i] = (...args) => {
      const shown = lines++ < HOST_LINES;
      let line = '  h' + i, word = 0;
      params.forEach((type, k) => {
        if (shown) line += show(type, args[k]);
        word = Math.imul(word, 31) + digest(type, args[k]) | 0;
      });
      if (shown) text.push(line);
      const answers = Array.from(results, (type, k) => answer(type, word + k | 0));
      return results.length === 1 ? answers[0] : answers;
    };
  }
  return {imports: {h: functions}, providers: sharing & SHARING_INSTANCES ? providers : null};
}

function doCall(calls, exports, text) {
  const name = 'f' + calls.byte(), results = calls.types(), params = calls.types();
  const args = Array.from(params, type => calls.value(type));
  let line = name;
  try {
    const values = exports[name](...args);
    const list = results.length > 1 ? values : [values];
    results.forEach((type, i) => { line += show(type, list[i]); });
  } catch (error) {
    line += ' trap ' + trapName(error);
  }
  text.push(line);
}

function showState(exports, globals, text) {
  globals.forEach((type, i) => {
    if (type !== V128) text.push('g' + i + show(type, exports['g' + i].value));
  });
  const words = new Uint32Array(exports.m0.buffer);
  let hash = 0x811c9dc5;
  for (let i = 0; i < words.length; i++) hash = Math.imul(hash ^ words[i], 16777619);
  text.push('m0 ' + words.byteLength + ' ' + hex(hash >>> 0, 8));
}

function run(bytes, calls) {
  const text = [];
  const {imports, providers} = makeImports(calls, text), globals = calls.types();
  let instance, first;
  try {
    const module = new WebAssembly.Module(bytes);
    instance = new WebAssembly.Instance(module, imports);
    if (providers) {
      first = instance;
      providers.forEach((number, i) => {
        if (number !== PROVIDER_HOST) imports.h[i] = first.exports['f' + number];
      });
      instance = new WebAssembly.Instance(module, imports);
    }
  } catch (error) {
    if (!(error instanceof WebAssembly.RuntimeError || error instanceof WebAssembly.Exception))
      return 'refused: ' + error.message + '\n';
    text.push('start trap ' + trapName(error));
    return text.join('\n') + '\n';
  }
  const count = calls.byte();
  for (let i = 0; i < count; i++) doCall(calls, instance.exports, text);
  showState(instance.exports, globals, text);
  if (first) showState(first.exports, globals, text);
  return text.join('\n') + '\n';
}

// What this V8 keeps behind a switch, in an older encoding, or does not know at all (try_table,
// throw_ref, 64-bit tables) is nothing it can judge.
const unknown = /enable (with|via) --experimental|Invalid opcode 0x(a|1f) |table elements limits flags/;

function judge(bytes) {
  if (WebAssembly.validate(bytes)) return 'valid\n';
  try {
    new WebAssembly.Module(bytes);
  } catch (error) {
    if (unknown.test(error.message)) return 'unsupported: ' + error.message + '\n';
  }
  return 'invalid\n';
}

function answerBatch(batch, results) {
  const input = new Reader(fs.readFileSync(batch)), output = [];
  for (let count = input.word(); count > 0; count--) {
    const bytes = input.take(input.word()), calls = input.take(input.word());
    const text = calls.length > 0 ? run(bytes, new Reader(calls))
        : judge(bytes);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(Buffer.byteLength(text));
    output.push(length, Buffer.from(text));
  }
  fs.writeFileSync(results, Buffer.concat(output));
}

const [batch, results] = process.argv.slice(2);
const line = Buffer.alloc(1);
while (fs.readSync(0, line, 0, 1) === 1) {
  answerBatch(batch, results);
  fs.writeSync(1, '\n');
}
