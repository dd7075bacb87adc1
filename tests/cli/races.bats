#!/usr/bin/env bats
# SPDX-License-Identifier: MIT OR Apache-2.0
# Confinement while names change: somebody turns a directory into a link that leads out of the shared
# directory, and back, as fast as it can, while a module works below that name.
load common

setup() {
  need_vm
  world=$BATS_TEST_TMPDIR
  mkdir -p "$world/shared/d" "$world/outside"
  printf inside >"$world/shared/d/secret"
  printf outside >"$world/outside/secret"
}

teardown() {
  touch "$BATS_TEST_TMPDIR/shared/stop"
  wait
}

outside_is_untouched() {
  [ "$(ls -A "$world/outside")" = secret ]
  [ "$(cat "$world/outside/secret")" = outside ]
}

@test "another guest swaps a directory for a link that leads out" {
  hermit run --dir "$world/shared::." -- "$modules/race.wasm" swap 3>&- &
  expect 0 hermit run --dir "$world/shared::." -- "$modules/race.wasm" look
  touch "$world/shared/stop"
  wait $!
  outside_is_untouched
}

@test "a program of the host swaps a directory for an absolute link" {
  OUTSIDE=$world/outside perl -e 'chdir shift or die; until (-e "stop") {
    rename "d", "aside" and symlink "$ENV{OUTSIDE}", "d" or die $!;
    unlink "d" and rename "aside", "d" or die $!;
  }' "$world/shared" 3>&- &
  expect 0 hermit run --dir "$world/shared::." -- "$modules/race.wasm" look
  touch "$world/shared/stop"
  wait $!
  outside_is_untouched
}
