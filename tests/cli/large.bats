#!/usr/bin/env bats
# SPDX-License-Identifier: MIT OR Apache-2.0
# A lot of bytes through the streams.
load common

@test "1 GiB of stdin goes through intact" {
  need_vm
  local sums=$BATS_TEST_TMPDIR/sums
  head -c 1G /dev/urandom | tee >(sha256sum >"$sums.in") | vm cat | sha256sum >"$sums.out"
  # tee's other branch may end a little later.
  for _ in $(seq 200); do [ -s "$sums.in" ] && break; sleep 0.05; done
  cmp "$sums.in" "$sums.out"
}
