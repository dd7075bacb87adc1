#!/usr/bin/env bats
# SPDX-License-Identifier: MIT OR Apache-2.0
# Hosts whose KVM cannot run a VM: one clear line, status 125. Needs no VM itself.
load common

# A command under another view of /dev.
with_dev() {
  local change=$1
  shift
  unshare -m sh -c "$change"' && shift && exec "$@"' sh x "$@"
}

@test "/dev/kvm missing: one line that says what to do" {
  need_root "hiding /dev/kvm"
  unshare -m true 2>/dev/null || skip "mount namespaces are not permitted here"
  expect 125 with_dev "mount -t tmpfs none /dev" "$hermit_wasm" run --monitor=kvm "$modules/exit.wasm"
  said "/dev/kvm"
}

@test "/dev/kvm not permitted: one line that says what to do" {
  need_root "giving up rights"
  [ -e /dev/kvm ] || skip "there is no /dev/kvm here"
  [ "$(stat -c %a /dev/kvm)" != 666 ] || skip "/dev/kvm is open to everybody here"
  chmod 755 "$BATS_TEST_TMPDIR"
  expect 125 setpriv --reuid 65534 --clear-groups "$hermit_wasm" run --monitor=kvm "$modules/exit.wasm"
  said "/dev/kvm" "ermi"
}

@test "/dev/kvm is something else: one line" {
  need_root "replacing /dev/kvm"
  [ -e /dev/kvm ] || skip "there is no /dev/kvm here"
  unshare -m true 2>/dev/null || skip "mount namespaces are not permitted here"
  expect 125 with_dev "mount --bind /dev/null /dev/kvm" "$hermit_wasm" run --monitor=kvm "$modules/exit.wasm"
  said "KVM"
}


@test "doctor says what is missing" {
  need_root "hiding /dev/kvm"
  unshare -m true 2>/dev/null || skip "mount namespaces are not permitted here"
  expect 125 with_dev "mount -t tmpfs none /dev" env PATH=/nowhere "$hermit_wasm" doctor
  [[ $output == *"KVM "*"not usable"*"/dev/kvm"* ]]
  [[ $output == *"modules cannot run here" ]]
}
