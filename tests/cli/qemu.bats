#!/usr/bin/env bats
# SPDX-License-Identifier: MIT OR Apache-2.0
# --monitor=qemu: the same programs, streams, files and exit statuses under QEMU's emulation.
load common

setup() {
  command -v qemu-system-x86_64 >/dev/null || skip "QEMU is not installed"
}

# hermit-wasm run under QEMU: `emulated OPTION... -- NAME ARGUMENT...`.
emulated() {
  vm_with --monitor=qemu "$@"
}

@test "a program's output and status" {
  expect 0 hermit run --monitor=qemu "$examples/hello-c.wasm"
  printed "Hello from C"
  [ -z "$stderr" ]
  for status_wanted in 1 124 134 200 255; do
    expect "$status_wanted" emulated -- exit "$status_wanted"
  done
}

@test "arguments and variables arrive as they are" {
  expect 0 emulated --env "A=b c" -- show one "" "two words" '"quoted"' $'a\nline'
  [[ $output == *"two words"* && $output == *'"quoted"'* && $output == *"A=b c"* ]]
}

@test "streams: input, its end, both outputs, a pipe that closes" {
  run --separate-stderr bash -c "seq 100000 | '$hermit_wasm' run --monitor=qemu '$modules/cat.wasm' | cksum"
  [ "$output" = "$(seq 100000 | cksum)" ]
  expect 0 emulated -- streams both OUT ERR
  printed OUT
  [ "$stderr" = ERR ]
  expect 0 emulated -- cat </dev/null
  run --separate-stderr bash -c "timeout 60 '$hermit_wasm' run --monitor=qemu '$modules/streams.wasm' spew | head -c 2; echo \${PIPESTATUS[0]}"
  [[ $output == *3 && $stderr == *"roken pipe"* ]]
}

@test "what a program does not read of a file stays there" {
  seq 1 50000 >"$BATS_TEST_TMPDIR/input"
  run --separate-stderr bash -c "{ '$hermit_wasm' run --monitor=qemu '$modules/exit.wasm' 0; head -n 1; } <'$BATS_TEST_TMPDIR/input'"
  printed 1
}

@test "traps" {
  expect 134 emulated --invoke unreachable -- traps
  [[ $stderr == *"trap: unreachable"* && $stderr == *"0: "* ]]
}

@test "modules that are none are refused" {
  echo nothing >"$BATS_TEST_TMPDIR/none.wasm"
  expect 125 hermit run --monitor=qemu "$BATS_TEST_TMPDIR/none.wasm"
  said "not a WebAssembly module"
}

@test "inspect" {
  expect 0 hermit inspect --monitor=qemu "$modules/exit.wasm"
  [[ $output == "module: "*"imports:"* ]]
}

@test "directories, to read and write" {
  mkdir "$BATS_TEST_TMPDIR/a,b"
  cd "$BATS_TEST_TMPDIR"
  expect 0 emulated --dir "a,b::/d" -- files write /d/new "some text"
  [ "$(cat "a,b/new")" = "some text" ]
  expect 0 emulated --dir "a,b::/d" -- files fill /d/large 8
  expect 0 emulated --dir "a,b::/d" -- files check /d/large 8
  expect 0 emulated --dir "a,b::/d" --dir /etc::/e:ro -- files mv /d/new /d/newer
  expect 0 emulated --dir "a,b::/d" -- files rm /d/large
  [ "$(ls "a,b")" = newer ]
  expect 1 emulated --dir "a,b::/d" -- files cat /d/../../etc/passwd
}

@test "a read-only directory is so for the host's server too" {
  mkdir "$BATS_TEST_TMPDIR/d"
  echo old >"$BATS_TEST_TMPDIR/d/file"
  expect 1 emulated --dir "$BATS_TEST_TMPDIR/d::/d:ro" -- files write /d/file new
  expect 0 emulated --dir "$BATS_TEST_TMPDIR/d::/d:ro" -- files cat /d/file
  printed old
}

@test "directories for another user than root" {
  need_root "becoming another user"
  setpriv --reuid 65534 --clear-groups unshare -Ur true 2>/dev/null ||
    skip "user namespaces are not permitted here"
  mkdir -m 777 "$BATS_TEST_TMPDIR/d"
  chmod 755 "$BATS_TEST_TMPDIR" "$BATS_RUN_TMPDIR" "$BATS_SUITE_TMPDIR" "$BATS_FILE_TMPDIR" || true
  cp "$modules/files.wasm" "$hermit_wasm" "$BATS_TEST_TMPDIR"
  setpriv --reuid 65534 --clear-groups test -r "$BATS_TEST_TMPDIR/files.wasm" || skip "the tests' folder is root's alone"
  cd "$BATS_TEST_TMPDIR"
  expect 0 setpriv --reuid 65534 --clear-groups timeout 60 ./hermit-wasm run --monitor=qemu --dir d files.wasm -- write d/file text
  [ "$(cat d/file)" = text ]
  expect 1 setpriv --reuid 65534 --clear-groups timeout 60 ./hermit-wasm run --monitor=qemu --dir d:ro files.wasm -- write d/file more
}

@test "directories that cannot be shared are refused" {
  expect 125 emulated --dir /nonexistent -- exit
  said "/nonexistent: No such file"
  expect 125 emulated --dir /etc/passwd -- exit
  said "/etc/passwd: Not a directory"
  expect 125 emulated --dir / -- exit
  said "cannot share /"
}

@test "too many directories are refused" {
  local options=()
  for i in $(seq 40); do options+=(--dir "/etc::/$i"); done
  expect 125 emulated "${options[@]}" -- exit
  said "40 directories are too many"
}

@test "a deadline" {
  expect 124 emulated --timeout 1s -- loop
  said "timed out"
}

@test "SIGTERM" {
  "$hermit_wasm" run --monitor=qemu "$modules/streams.wasm" ready >"$BATS_TEST_TMPDIR/out" &
  local pid=$!
  wait_for_line "$BATS_TEST_TMPDIR/out" ready
  kill "$pid"
  local status=0
  wait "$pid" || status=$?
  [ "$status" -eq 143 ]
}

# Kills one process of a run with a share, and wants all others gone soon.
kill_one() {
  local wanted=$1 victim=$2
  mkdir -p "$BATS_TEST_TMPDIR/d"
  "$hermit_wasm" run --monitor=qemu --dir "$BATS_TEST_TMPDIR/d::/d" "$modules/streams.wasm" ready \
    >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" &
  local command=$! status=0
  wait_for_line "$BATS_TEST_TMPDIR/out" ready
  local children=$(pgrep -P "$command" | tr '\n' ' ')
  case $victim in
    command) kill -9 "$command" ;;
    *) kill -9 $(pgrep -P "$command" "$victim") ;;
  esac
  wait "$command" || status=$?
  [ "$status" -eq "$wanted" ]
  for child in $children; do
    for _ in $(seq 100); do
      [[ -d /proc/$child && $(sed 's/.*) //' "/proc/$child/stat" 2>/dev/null) != Z* ]] || break
      sleep 0.05
    done
    [[ ! -d /proc/$child || $(sed 's/.*) //' "/proc/$child/stat" 2>/dev/null) == Z* ]] || { echo "process $child is left"; return 1; }
  done
}

@test "whatever dies first, nothing is left" {
  kill_one 125 qemu-system
  grep -q "QEMU was killed by signal 9" "$BATS_TEST_TMPDIR/err"
  kill_one 125 virtiofsd
  grep -q "virtiofsd ended while it served" "$BATS_TEST_TMPDIR/err"
  kill_one 137 command
}

@test "QEMU or virtiofsd missing: one line that names the package" {
  expect 125 env PATH=/nowhere "$hermit_wasm" run --monitor=qemu "$modules/exit.wasm"
  said "qemu-system-x86_64 is not installed" "apt-get install qemu-system-x86"
  need_root "hiding virtiofsd"
  unshare -m true 2>/dev/null || skip "mount namespaces are not permitted here"
  expect 125 unshare -m sh -c 'for d in /usr/lib/qemu /usr/libexec; do mount -t tmpfs none $d; done; exec "$@"' sh \
    "$hermit_wasm" run --monitor=qemu --dir / "$modules/exit.wasm"
  said "virtiofsd" "apt-get install"
}

@test "auto falls back to QEMU with a note, or says what to install" {
  need_root "replacing /dev/kvm"
  [ -e /dev/kvm ] || skip "there is no /dev/kvm here"
  unshare -m true 2>/dev/null || skip "mount namespaces are not permitted here"
  without_kvm() {
    unshare -m sh -c 'mount --bind /dev/null /dev/kvm && exec "$@"' sh "$@"
  }
  expect 7 without_kvm "$hermit_wasm" run "$modules/exit.wasm" 7
  said "KVM" "QEMU"
  expect 125 without_kvm env PATH=/nowhere "$hermit_wasm" run "$modules/exit.wasm" 7
  said "KVM" "apt-get install qemu-system-x86"
  expect 0 without_kvm "$hermit_wasm" doctor
  [[ $output == *"under QEMU's emulation" ]]
}

@test "other architectures" {
  local arch
  for arch in aarch64 riscv64; do
    [ -e "$root/build/hermit-$arch.elf" ] && command -v "qemu-system-$arch" >/dev/null ||
      skip "there is no image or no QEMU for $arch"
    expect 0 hermit run --arch "$arch" "$examples/hello-c.wasm"
    printed "Hello from C"
    expect 200 hermit run --arch "$arch" "$modules/exit.wasm" 200
    expect 134 hermit run --arch "$arch" --invoke unreachable "$modules/traps.wasm"
    mentioned "trap: unreachable" "0: "
    mkdir -p "$BATS_TEST_TMPDIR/d"
    expect 0 hermit run --arch "$arch" --dir "$BATS_TEST_TMPDIR/d::/d" "$modules/files.wasm" -- write "/d/$arch" text
    [ "$(cat "$BATS_TEST_TMPDIR/d/$arch")" = text ]
  done
}

@test "an architecture whose image is missing" {
  cp "$hermit_wasm" "$BATS_TEST_TMPDIR/hermit-wasm"
  expect 125 "$BATS_TEST_TMPDIR/hermit-wasm" run --arch riscv64 "$modules/exit.wasm"
  said "no guest image for riscv64" "make image"
}
