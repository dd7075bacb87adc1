#!/usr/bin/env bats
# SPDX-License-Identifier: MIT OR Apache-2.0
# Standard streams pass through untouched: pipes, files, terminals, closed ends.
load common

setup() { need_vm; }

@test "stdout and stderr are apart" {
  expect 0 vm streams both "to out" "to err"
  printed "to out"
  [ "$stderr" = "to err" ]
}

@test "stdin from a pipe, a file and nothing" {
  [ "$(printf 'one\ntwo\n\0bytes' | vm cat | od -c)" = "$(printf 'one\ntwo\n\0bytes' | od -c)" ]
  [ "$(vm cat <"$root/LICENSE-MIT")" = "$(cat "$root/LICENSE-MIT")" ]
  [ -z "$(vm cat </dev/null)" ]
}

@test "stdin from a slow writer arrives piece by piece" {
  local pipe=$BATS_TEST_TMPDIR/pipe
  mkfifo "$pipe"
  vm streams wait <"$pipe" >"$BATS_TEST_TMPDIR/out" &
  local pid=$!
  exec 7>"$pipe"
  wait_for_line "$BATS_TEST_TMPDIR/out" ready
  echo "a line" >&7
  exec 7>&-
  wait "$pid"
  [ "$(cat "$BATS_TEST_TMPDIR/out")" = $'ready\na line' ]
}

@test "stdout appended to a file stays in order with other writers" {
  local file=$BATS_TEST_TMPDIR/log
  {
    echo before
    vm streams both "from the module" ""
    echo " after"
  } >>"$file"
  [ "$(cat "$file")" = $'before\nfrom the module after' ]
}

@test "stdout closed early: the module learns of it" {
  local status_of_vm
  set +e
  vm streams spew 2>"$BATS_TEST_TMPDIR/err" | head -n 1 >"$BATS_TEST_TMPDIR/out"
  status_of_vm=${PIPESTATUS[0]}
  set -e
  [ "$(cat "$BATS_TEST_TMPDIR/out")" = y ]
  [ "$status_of_vm" -eq 3 ]
  [[ $(cat "$BATS_TEST_TMPDIR/err") == "stdout: Broken pipe" ]]
}

@test "stdout written while the module computes, and in order with stderr" {
  mkfifo "$BATS_TEST_TMPDIR/pipe"
  vm streams burst >"$BATS_TEST_TMPDIR/out" &
  local job=$!
  wait_for_line "$BATS_TEST_TMPDIR/out" "line 100"
  pkill -TERM -P "$job" || kill "$job"
  wait "$job" || true
  diff "$BATS_TEST_TMPDIR/out" <(seq -f 'line %.0f' 100)
  expect 0 vm streams turns
  vm streams turns >"$BATS_TEST_TMPDIR/both" 2>&1
  diff "$BATS_TEST_TMPDIR/both" <(for i in $(seq 50); do echo "out $i"; echo "err $i"; done)
}

@test "stdout that is lost at the very end: the run does not look well" {
  local status_of_vm=0
  vm streams last >/dev/full 2>"$BATS_TEST_TMPDIR/err" || status_of_vm=$?
  [ "$status_of_vm" -eq 125 ]
  [[ $(cat "$BATS_TEST_TMPDIR/err") == *"could not write everything"* ]]
}

@test "stdout on a full device: the module learns of it" {
  local status_of_vm=0
  vm streams spew >/dev/full 2>"$BATS_TEST_TMPDIR/err" || status_of_vm=$?
  [ "$status_of_vm" -eq 3 ]
  [[ $(cat "$BATS_TEST_TMPDIR/err") == "stdout: No space left on device" ]]
}

@test "streams that are closed do not break the run" {
  local status_of_vm=0
  vm exit 5 <&- || status_of_vm=$?
  [ "$status_of_vm" -eq 5 ]
  status_of_vm=0
  vm exit 6 >&- || status_of_vm=$?
  [ "$status_of_vm" -eq 6 ]
  status_of_vm=0
  vm exit 7 <&- >&- 2>&- || status_of_vm=$?
  [ "$status_of_vm" -eq 7 ]
  [ "$(vm cat <&-)" = "" ]
}

@test "pipes are no terminals" {
  expect 0 vm streams tty </dev/null
  printed "000"
}

@test "a terminal is one, and is left as it was" {
  need_terminal
  cd "$BATS_TEST_TMPDIR"
  script -qec "stty -g >before; '$hermit_wasm' run '$modules/streams.wasm' tty >tty.out
    '$hermit_wasm' run '$modules/streams.wasm' tty; stty -g >after" /dev/null >screen </dev/null
  [ "$(cat tty.out)" = 101 ]
  grep -q 111 screen
  cmp before after
}
