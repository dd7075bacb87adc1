#!/usr/bin/env bats
# SPDX-License-Identifier: MIT OR Apache-2.0
# Real programs: the examples in C, C++ and Rust.
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
