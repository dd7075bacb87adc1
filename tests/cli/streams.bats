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

@test "a closed stream's number is not another file's: what we say goes nowhere else" {
  cd "$BATS_TEST_TMPDIR"
  mkdir shared
  local status_of_vm=0
  "$hermit_wasm" run --dir shared::. --timeout 300ms "$modules/stdio.wasm" keep <&- 2>&- ||
    status_of_vm=$?
  [ "$status_of_vm" -eq 124 ]
  for file in shared/*; do
    [ "$(cat "$file")" = kept ]
  done
}

@test "a file as stdin can be sought, measured and read in any order" {
  cd "$BATS_TEST_TMPDIR"
  { echo head; head -c 499995 /dev/zero; echo body; head -c 499990 /dev/zero; echo tail; } >input
  expect 0 vm stdio seek <input
}

@test "the place in a file is shared with whoever reads it next" {
  cd "$BATS_TEST_TMPDIR"
  echo 0123456789 >input
  [ "$({ vm stdio place; cat; } <input)" = 01236789 ]
}

@test "a file as stdout can be sought, overwritten, cut and synchronised" {
  cd "$BATS_TEST_TMPDIR"
  { vm stdio overwrite; echo " end"; } >output
  [ "$(cat output)" = "01ab45yz8 end" ]
  : >output
  vm stdio overwrite <>output 1<>output
  [ "$(cat output)" = "01ab45yz8" ]
}

@test "streams that must not wait say so" {
  cd "$BATS_TEST_TMPDIR"
  mkfifo in out
  exec 7<>in 8<>out
  vm stdio again <in >out 2>err &
  local pid=$!
  for _ in $(seq 400); do
    grep -q again err && break
    sleep 0.05
  done
  grep -q "^again [0-9]*$" err
  local total
  total=$(sed -n 's/^again //p' err)
  echo x >&7
  head -c "$((total + 1))" <&8 | tail -c 1 | grep -q '!'
  exec 7>&- 8>&-
  wait "$pid"
}

@test "a large write is one exit" {
  cd "$BATS_TEST_TMPDIR"
  local mib exits
  for mib in 1 32; do
    vm_with --stats=json:stats -- stdio large $mib | cmp -n $((mib << 20)) - \
      <(perl -e 'my $p = join "", map { chr } 0 .. 250; print $p x 140000')
    exits[mib]=$(sed 's/.*"notify":\([0-9]*\).*/\1/' stats)
  done
  [ "${exits[32]}" -eq "${exits[1]}" ]
}

@test "stdin, files and clocks in one poll" {
  cd "$BATS_TEST_TMPDIR"
  mkdir shared
  [ "$({ echo one; sleep 0.2; echo two; } | vm_with --dir shared::. -- stdio polls)" = $'one\ntwo' ]
  echo three >input
  [ "$(vm_with --dir shared::. -- stdio polls <input)" = three ]
}

@test "deadlines on clocks of CPU time are refused one by one" {
  expect 0 vm stdio clocks
}

@test "signals that mean nothing do not lengthen a wait" {
  # Without --timeout nobody handles SIGALRM, but it interrupts. As often as here, a wait that starts
  # anew each time would never end.
  "$hermit_wasm" run "$modules/stdio.wasm" nap 1000 &
  local pid=$!
  for _ in $(seq 600); do
    sleep 0.1
    kill -ALRM "$pid" 2>/dev/null || break
  done
  wait "$pid"
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

# on_terminal CODE MODULE ARGUMENT...: see tests/cli/pty.
on_terminal() {
  local code=$1 name=$2
  shift 2
  "$root/tests/cli/pty" "$code" "$hermit_wasm" run "${options[@]}" "$modules/$name.wasm" "$@"
}

@test "a terminal gives lines, takes bytes, and ends with ^D" {
  need_terminal
  options=()
  expect 0 on_terminal 'hear "ready"; type "a lin\x7fne\n"; hear "a lin\b \bne"; hear "\na line\r\n"' \
    streams wait
  expect 4 on_terminal 'hear "ready"; type "\x04"' streams wait
}

@test "a raw terminal passes every byte" {
  need_terminal
  options=()
  expect 0 on_terminal 'raw
---
my $all = join "", map { chr } 0 .. 255; type $all; hear $all eq $all ? $all : ""' stdio copy 256
}

@test "resizing a terminal is harmless, ^C is not" {
  need_terminal
  options=()
  expect 0 on_terminal 'hear "ready"; for (1 .. 5) { resize; kill WINCH => $pid; select undef, undef, undef, 0.02 }
    type "still here\n"; hear "\nstill here"' streams wait
  expect 130 on_terminal 'hear "ready"; type "\x03"' streams wait
}

@test "a terminal that nobody reads: deadlines strike, and who must not wait does not" {
  need_terminal
  options=(--timeout 500ms)
  expect 124 on_terminal '1' streams spew
  # Nor does anybody read why it ended, which is long.
  local directory=$BATS_TEST_TMPDIR/$(printf '/%0200d' {1..10})
  mkdir -p "$directory"
  cp "$modules/streams.wasm" "$directory"
  local modules=$directory
  expect 124 on_terminal '1' streams spew
  options=(--timeout 500ms "--stats=json:$BATS_TEST_TMPDIR/stats")
  expect 124 on_terminal '1' streams spew
  modules=$root/build/tests/modules
  options=()
  expect 0 on_terminal 'raw
---
select undef, undef, undef, 0.5; hear "again"; type "x"; hear "!"' stdio again
}
