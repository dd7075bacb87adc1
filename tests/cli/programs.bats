#!/usr/bin/env bats
# SPDX-License-Identifier: MIT OR Apache-2.0
# Programs in C, C++ and Rust: the examples, and what their standard libraries ask of WASI.
load common

setup() { need_vm; }

@test "hello in C, C++ and Rust" {
  expect 0 hermit run "$examples/hello-c.wasm"
  printed "Hello from C"
  expect 0 hermit run "$examples/hello-cc.wasm"
  printed "Hello from C++"
  expect 0 hermit run "$examples/hello-rs.wasm" you "all of you"
  printed "Hello from Rust to you, all of you"
}

@test "the demo" {
  expect 0 hermit run --dir "$BATS_TEST_TMPDIR::." --env GREETING=hello "$examples/wasm-test.wasm" a "b c"
  [ "${lines[0]}" = "Arguments:" ]
  [ "${lines[3]}" = "  2: b c" ]
  [ "${lines[5]}" = "  GREETING=hello" ]
  [ "${lines[-1]}" = "All is well." ]
  [ -z "$(ls -A "$BATS_TEST_TMPDIR" | grep wasm-test.tmp)" ]
}

@test "the demo says what is wrong without a directory" {
  expect 1 hermit run "$examples/wasm-test.wasm"
  [ "${lines[-1]}" = "Something is wrong." ]
}

@test "C++: streams, files, containers, regular expressions, static objects" {
  expect 3 vm_with --dir "$BATS_TEST_TMPDIR::." -- iostreams <<<"a b a c"
  printed "first made
second made
a         2
b         1
c         1
1000 numbers, sum 499500, 10
missing: 0
removed: 1
7 1 995
22.11.2026
second destroyed
first destroyed"
  [ "$stderr" = "to standard error" ]
}

@test "Rust's standard library: files, maps, time, environment" {
  expect 0 vm_with --dir "$BATS_TEST_TMPDIR::." --env COLOUR=red -- std x "y z" <<<"a b a c"
  printed '["x", "y z"] Ok("red") true
"two\nthree\nfour\n" 19
["a", "linked", "moved"] one
two true
NotFound
true
true
{"a": 2, "b": 1, "c": 1}
100000 199999
true
true
true'
  expect 134 vm_with --dir "$BATS_TEST_TMPDIR::." -- std panic
  mentioned "index out of bounds" "trap: unreachable" "rust_panic"
}
