#!/usr/bin/env bats
# SPDX-License-Identifier: MIT OR Apache-2.0
# Limits and ends from outside: --timeout, --memory, signals.
load common

setup() { need_vm; }

@test "--timeout ends a loop, a start function's too, and one that waits" {
  expect 124 vm_with --timeout 300ms -- loop
  said "loop.wasm" "timed out"
  expect 124 vm_with --timeout 300ms -- start-loop
  said "timed out"
  local pipe=$BATS_TEST_TMPDIR/pipe
  mkfifo "$pipe"
  exec 7<>"$pipe"
  expect 124 vm_with --timeout 3s -- streams wait <&7
  printed ready
  exec 7>&-
}

@test "--timeout leaves a quick program alone" {
  expect 9 vm_with --timeout 1m -- exit 9
}

@test "memory.grow answers -1 at the bound of --memory" {
  expect 0 vm_with --memory 256M --invoke grow -- grow
  # What the VM needs itself is inside the bound; what is left is most of it.
  [ "$output" -gt $((96 * 16)) ]
  [ "$output" -le $((256 * 16)) ]
  expect 0 vm_with --memory 64M --invoke grow_by -- grow 65535
  printed -1
  expect 0 vm_with --invoke grow_by -- grow 16
  printed 1
}

@test "the smallest --memory either runs or is refused clearly" {
  local size
  for size in 1 4K 1M 8M 16M 32M; do
    run --separate-stderr vm_with --memory $size -- exit 3
    [ "$status" -eq 3 ] || [ "$status" -eq 125 ] || { show_run $size; return 1; }
    [ "$status" -eq 3 ] || said "memory"
  done
}

# A module that computes, ended by a signal; bash starts background jobs with SIGINT ignored.
end_by() {
  local signal=$1 wanted=$2 what=$3 status=0
  local out=$BATS_TEST_TMPDIR/out.$signal.$what
  local pipe=$BATS_TEST_TMPDIR/pipe.$signal.$what
  mkfifo "$pipe"
  exec 7<>"$pipe"
  env --default-signal=INT "$hermit_wasm" run "$modules/streams.wasm" "$what" <&7 >"$out" &
  local pid=$!
  wait_for_line "$out" ready
  kill -"$signal" "$pid"
  wait "$pid" || status=$?
  exec 7>&-
  [ "$status" -eq "$wanted" ] || { echo "$what, SIG$signal: status $status"; return 1; }
}

@test "SIGINT ends the VM with 130" {
  end_by INT 130 ready
  end_by INT 130 wait
}

@test "SIGTERM ends the VM with 143" {
  end_by TERM 143 ready
  end_by TERM 143 wait
}

@test "SIGTERM on a terminal leaves it as it was" {
  need_terminal
  cd "$BATS_TEST_TMPDIR"
  cat >on-terminal <<END
stty -g >before
sh -c 'echo \$\$ >pid; exec "$hermit_wasm" run "$modules/streams.wasm" wait >out'
echo \$? >status
stty -g >after
END
  mkfifo keyboard
  exec 7<>keyboard
  script -qec "sh ./on-terminal" /dev/null >screen <&7 &
  local terminal=$!
  wait_for_line out ready
  kill -TERM "$(cat pid)"
  wait "$terminal"
  exec 7>&-
  [ "$(cat status)" -eq 143 ]
  cmp before after
}
