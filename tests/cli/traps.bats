#!/usr/bin/env bats
# SPDX-License-Identifier: MIT OR Apache-2.0
# Traps: status 134, the reason, a backtrace with names.
load common

setup() { need_vm; }

# trapped EXPORT REASON [ARGUMENT...]
trapped() {
  local export=$1 reason=$2
  shift 2
  expect 134 vm_with --invoke "$export" -- traps "$@"
  [ -z "$output" ]
  [[ ${stderr_lines[0]} == *"trap: $reason" ]] || { show_run "$export"; return 1; }
  [[ ${stderr_lines[1]} == *"0: "* ]] || { show_run "$export"; return 1; }
}

@test "unreachable" {
  trapped unreachable "unreachable"
}

@test "memory accesses out of bounds" {
  local export
  for export in load load8 load64 store fill copy init; do
    trapped "$export" "out of bounds memory access"
  done
}

@test "table accesses out of bounds" {
  local export
  for export in table_get table_set table_fill table_copy table_init; do
    trapped "$export" "out of bounds table access"
  done
}

@test "indirect calls" {
  trapped call_past_end "undefined element"
  trapped call_null "uninitialized element"
  trapped call_other_type "indirect call type mismatch"
}

@test "divisions" {
  trapped div_zero "integer divide by zero"
  trapped div_zero_unsigned "integer divide by zero"
  trapped rem_zero "integer divide by zero"
  trapped rem_zero_unsigned "integer divide by zero"
  trapped div_overflow "integer overflow"
  trapped div_overflow64 "integer overflow"
  expect 0 vm_with --invoke rem_overflow -- traps
  printed 0
}

@test "conversions" {
  trapped truncate_large "integer overflow"
  trapped truncate_negative "integer overflow"
  trapped truncate_nan "invalid conversion to integer"
}

@test "infinite recursion" {
  trapped recursion "call stack exhausted"
  mentioned "forever" "more"
  trapped recursion_with_frame "call stack exhausted" 1 2
}

@test "a trap deep in a chain shows the chain by name" {
  expect 134 vm deep
  mentioned "unreachable"
  local order
  order=$(grep -oE 'innermost|countdown|through_table|_start' <<<"$stderr" | tr '\n' ' ')
  [ "$order" = "innermost countdown countdown countdown countdown through_table _start " ] || {
    echo "order: $order"
    show_run
    return 1
  }
}

@test "a trap in the start function" {
  expect 134 vm start-trap
  mentioned "integer divide by zero" "begin"
}

@test "an exception that nobody catches" {
  # _start throws; assemblers of this form of exceptions are not everywhere
  local module=$BATS_TEST_TMPDIR/throw.wasm
  printf '\0asm\1\0\0\0\1\4\1\140\0\0\3\2\1\0\15\3\1\0\0' >"$module"
  printf '\7\12\1\6_start\0\0\12\6\1\4\0\10\0\13' >>"$module"
  expect 134 hermit run "$module"
  [[ ${stderr_lines[0]} == *"trap: uncaught exception" ]]
  [[ ${stderr_lines[1]} == *"0: "*"_start"* ]]
}
