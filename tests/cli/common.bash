# SPDX-License-Identifier: MIT OR Apache-2.0
# What all tests of the command share. In a test: `expect STATUS COMMAND...`, then look at $output,
# $stderr and their lines.
bats_require_minimum_version 1.5.0
export LC_ALL=C

root=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
# HERMIT_WASM: test another executable, an installed one for example.
hermit_wasm=${HERMIT_WASM:-$root/build/hermit-wasm}
modules=$root/build/tests/modules
examples=$root/build/examples

# Skips the test where no VM can run, with the host's own reason.
need_vm() {
  local report
  if [ -n "${HERMIT_ARCH-}" ]; then
    command -v "qemu-system-$HERMIT_ARCH" >/dev/null || skip "qemu-system-$HERMIT_ARCH is not there"
    return
  fi
  report=$("$hermit_wasm" doctor) || true
  grep -q '^KVM *usable' <<<"$report" || skip "no VM can run here: $(grep '^KVM' <<<"$report" | tr -s ' ')"
}

need_root() {
  [ "$(id -u)" -eq 0 ] || skip "$1 needs root"
}

# Skips the test where no terminal can be made for it.
need_terminal() {
  command -v script >/dev/null || skip "script(1) is not installed"
  script -qec true /dev/null >/dev/null 2>&1 </dev/null || skip "this host gives no pseudo-terminals"
}

# hermit-wasm with a limit that no test comes near; 137 tells that it struck.
# HERMIT_ARCH: VMs under QEMU's emulation of that architecture, for tests that only run programs.
hermit() {
  if [ -n "${HERMIT_ARCH-}" ] && [ "$1" = run ]; then
    shift
    set -- run --monitor=qemu --arch "$HERMIT_ARCH" "$@"
  fi
  timeout -s KILL 120 "$hermit_wasm" "$@"
}

# hermit-wasm run, module first: `vm NAME ...` is `hermit-wasm run NAME.wasm ...`.
vm() {
  local name=$1
  shift
  hermit run "$modules/$name.wasm" "$@"
}

# hermit-wasm run with options: `vm_with OPTION... -- NAME ARGUMENT...`.
vm_with() {
  local options=()
  while [ "$1" != -- ]; do
    options+=("$1")
    shift
  done
  local name=$2
  shift 2
  hermit run "${options[@]}" -- "$modules/$name.wasm" "$@"
}

show_run() {
  echo "command: $*"
  echo "status: $status"
  echo "stdout: $output"
  echo "stderr: $stderr"
}

# Runs a command, keeps $output and $stderr apart, and wants its status.
expect() {
  local wanted=$1
  shift
  run --separate-stderr "$@"
  if [ "$status" -ne "$wanted" ]; then
    echo "expected status $wanted"
    show_run "$@"
    return 1
  fi
}

# The last command said one line on stderr, from us, that contains each of the words given.
said() {
  if [ "${#stderr_lines[@]}" -ne 1 ] || [[ $stderr != "hermit-wasm: "* ]]; then
    echo "expected one line of hermit-wasm on stderr"
    show_run
    return 1
  fi
  mentioned "$@"
}

# stderr contains each of the texts given, in whatever order.
mentioned() {
  local text
  for text in "$@"; do
    if [[ $stderr != *"$text"* ]]; then
      echo "expected on stderr: $text"
      show_run
      return 1
    fi
  done
}

printed() {
  if [ "$output" != "$1" ]; then
    echo "expected on stdout: $1"
    show_run
    return 1
  fi
}

# Waits until the file holds a line, for 20 seconds.
wait_for_line() {
  local file=$1 line=$2
  for _ in $(seq 400); do
    grep -qxF -- "$line" "$file" 2>/dev/null && return 0
    sleep 0.05
  done
  echo "$file never held the line $line"
  return 1
}
