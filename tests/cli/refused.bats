#!/usr/bin/env bats
# SPDX-License-Identifier: MIT OR Apache-2.0
# Bad modules: each is refused with status 125 and one line that says why.
load common

setup() {
  need_vm
  module=$BATS_TEST_TMPDIR/module.wasm
}

# refused TEXT...: the module is refused, and the line contains its name and each TEXT.
refused() {
  expect 125 hermit run "$module"
  [ -z "$output" ]
  said "module.wasm" "$@"
}

# The module of the text on stdin, not validated.
assemble() {
  wat2wasm --no-check --enable-all - -o "$module"
}

@test "a missing file, a directory, an unreadable file" {
  expect 125 hermit run "$BATS_TEST_TMPDIR/nothing.wasm"
  said "nothing.wasm" "No such file or directory"
  mkdir "$BATS_TEST_TMPDIR/directory"
  expect 125 hermit run "$BATS_TEST_TMPDIR/directory"
  said "$BATS_TEST_TMPDIR/directory" "directory"
  expect 125 hermit run /dev/null
  said "/dev/null" "not a regular file"
  mkfifo "$BATS_TEST_TMPDIR/pipe"
  expect 125 hermit run "$BATS_TEST_TMPDIR/pipe"
  said "pipe"
}

@test "files that are no modules" {
  : >"$module"
  refused "not a WebAssembly module"
  printf '\0' >"$module"
  refused "not a WebAssembly module"
  printf '#!/bin/sh\necho hello\n' >"$module"
  refused "not a WebAssembly module"
  printf '\0asm\2\0\0\0' >"$module"
  refused "version"
  head -c 100000 /dev/urandom >"$module"
  refused "not a WebAssembly module"
  cp "$hermit_wasm" "$module"
  refused "not a WebAssembly module"
}

@test "a truncated module, at many lengths" {
  local size length
  size=$(stat -c %s "$modules/traps.wasm")
  for length in $(seq 9 29 $((size - 1))); do
    head -c "$length" "$modules/traps.wasm" >"$module"
    # Cut between two sections a module may still be valid; then it lacks exports or function bodies.
    refused
    [[ $stderr == *"not a WebAssembly module: unexpected end"* ||
      $stderr == *"inconsistent lengths"* || $stderr == *"_start"* ]] || {
      echo "at length $length"
      show_run
      return 1
    }
  done
}

@test "trailing garbage" {
  cp "$modules/exit.wasm" "$module"
  printf '\x7fgarbage' >>"$module"
  refused "not a WebAssembly module" "section id 127"
}

@test "a type mismatch" {
  assemble <<<'(module (func (export "_start") (drop (i32.add (i32.const 1) (i64.const 2)))))'
  refused "invalid module"
}

@test "values left on the stack, or missing" {
  assemble <<<'(module (func (export "_start") (i32.const 1)))'
  refused "invalid module"
  assemble <<<'(module (func (export "_start") drop))'
  refused "invalid module"
  assemble <<<'(module (func (export "_start") (if (result i32) (i32.const 1) (then (i32.const 1))) drop))'
  refused "invalid module"
}

@test "unknown functions, locals, globals, tables, memories, types, labels" {
  local what body
  while read -r what body; do
    assemble <<<"(module (memory \$m 1) (table \$t 1 funcref) (func (export \"_start\") $body))"
    refused "invalid module: unknown $what" " 9"
  done <<'END'
function (call 9)
local (drop (local.get 9))
global (drop (global.get 9))
table (drop (table.get 9 (i32.const 0)))
label (br 9)
type (call_indirect (type 9) (i32.const 0))
function (drop (ref.func 9))
elem (elem.drop 9)
END
  assemble <<<'(module (func (export "_start") (drop (i32.load (i32.const 0)))))'
  refused "invalid module: unknown memory 0"
}

@test "an immutable global written, a bad alignment" {
  assemble <<<'(module (global i32 (i32.const 0)) (func (export "_start") (global.set 0 (i32.const 1))))'
  refused "invalid module"
  assemble <<<'(module (memory 1) (func (export "_start") (drop (i32.load align=8 (i32.const 0)))))'
  refused "invalid module"
}

@test "an export twice, a start function with parameters" {
  assemble <<<'(module (func (export "_start") (export "_start")))'
  refused "invalid module: duplicate export name" "_start"
  assemble <<<'(module (func $f (param i32)) (start $f) (func (export "_start")))'
  refused "invalid module: the start function"
}

@test "limits that are wrong, constant expressions that are none" {
  assemble <<<'(module (memory 2 1) (func (export "_start")))'
  refused "invalid module: memory size"
  assemble <<<'(module (memory 65537) (func (export "_start")))'
  refused "invalid module: memory size"
  assemble <<<'(module (global i32 (i64.const 0)) (func (export "_start")))'
  refused "invalid module: type mismatch"
  assemble <<<'(module (func $f (result i32) (i32.const 0)) (global i32 (call $f)))'
  refused "invalid module: constant expression required"
}

@test "sections out of order, twice, unknown, with a wrong length" {
  local header='\0asm\1\0\0\0' type='\1\4\1\140\0\0'
  printf "$header$type$type" >"$module"
  refused "not a WebAssembly module: unexpected content"
  printf "$header"'\3\2\1\0'"$type" >"$module"
  refused
  printf "$header"'\77\1\0' >"$module"
  refused "not a WebAssembly module: malformed section id"
  printf "$header"'\1\5\1\140\0\0' >"$module"
  refused "not a WebAssembly module: unexpected end"
  printf "$header"'\1\377\377\377\377\17' >"$module"
  refused "not a WebAssembly module: unexpected end"
  printf "$header$type"'\3\2\1\0' >"$module"
  refused "not a WebAssembly module: function and code section"
}

@test "an unknown instruction" {
  printf '\0asm\1\0\0\0\1\4\1\140\0\0\3\2\1\0\12\5\1\3\0\377\13' >"$module"
  refused "not a WebAssembly module: illegal opcode 0xff"
}

@test "what this version does not support is named" {
  assemble <<<'(module (func (export "_start") try catch_all end))'
  refused "not supported" "legacy exception handling"
  assemble <<<'(module (memory 1 1 shared) (func (export "_start")))'
  refused "shared memories are not supported"
}

@test "a missing import is refused by name, unless it may trap" {
  expect 125 vm missing-import
  said "missing-import.wasm" "elsewhere" "no_such_function"
  expect 134 vm_with --unknown-imports=trap -- missing-import
  mentioned "unknown import called: \"elsewhere\" \"no_such_function\"" "_start"
  expect 125 vm_with --unknown-imports=refuse -- missing-import
  said "no_such_function"
  expect 0 vm_with --unknown-imports=trap --invoke quiet -- missing-import
  printed 7
}

@test "an import with another type than ours is refused by name" {
  expect 125 vm wrong-import
  said "fd_close"
}

@test "a module that needs more memory than --memory" {
  expect 125 vm_with --memory 64M -- large-memory
  said "large-memory.wasm" "memory"
}

@test "nothing of a hostile name reaches the terminal raw" {
  local name=$BATS_TEST_TMPDIR/$'evil\e[2Jname.wasm'
  : >"$name"
  run --separate-stderr hermit run "$name"
  [ "$status" -eq 125 ]
  [[ $stderr != *$'\e'* ]]
}
