#!/usr/bin/env bats
# SPDX-License-Identifier: MIT OR Apache-2.0
# Files in shared directories.
load common

setup() {
  need_vm
  share=$BATS_TEST_TMPDIR/share
  mkdir "$share"
}

# One operation of the files module on the shared directory.
files() { vm_with --dir "$share::." -- files "$@"; }
files_read_only() { vm_with --dir "$share::.:ro" -- files "$@"; }

@test "write, append, read, size, rename, link, delete" {
  expect 0 files write a "one "
  expect 0 files append a "two"
  [ "$(cat "$share/a")" = "one two" ]
  expect 0 files cat a
  printed "one two"
  expect 0 files size a
  printed 7
  expect 0 files mv a b
  expect 0 files ln b c
  [ "$(stat -c %h "$share/b")" -eq 2 ]
  expect 0 files rm b
  [ "$(ls "$share")" = c ]
}

@test "directories: make, list, remove" {
  expect 0 files mkdir sub
  expect 0 files write sub/x 1
  expect 1 files rmdir sub
  mentioned "rmdir: Directory not empty"
  expect 0 files ls sub
  [ "$(sort <<<"$output")" = $'.\n..\nx' ]
  expect 0 files rm sub/x
  expect 0 files rmdir sub
  [ ! -e "$share/sub" ]
}

@test "three thousand entries are listed, each once" {
  (cd "$share" && seq -f 'entry-%05.0f' 3000 | xargs touch)
  run --separate-stderr files ls .
  [ "$status" -eq 0 ]
  [ "$(printf '%s\n' "${lines[@]}" | sort | grep entry)" = "$(ls "$share")" ]
}

@test "symbolic links inside work, links that lead out do not" {
  expect 0 files write target inside
  expect 0 files link target name
  expect 0 files readlink name
  printed target
  expect 0 files cat name
  printed inside
  echo secret >"$BATS_TEST_TMPDIR/secret"
  ln -s "$BATS_TEST_TMPDIR/secret" "$share/absolute"
  ln -s ../secret "$share/relative"
  local name
  for name in absolute relative ../secret "$BATS_TEST_TMPDIR/secret"; do
    expect 1 files cat "$name"
    [ -z "$output" ]
  done
}

@test "errors have their own names" {
  expect 1 files cat nothing
  mentioned "cat: No such file or directory"
  expect 0 files mkdir d
  expect 1 files mkdir d
  mentioned "mkdir: File exists"
  expect 1 files write d text
  mentioned "write: Is a directory"
  touch "$share/plain"
  expect 1 files cat plain/below
  mentioned "cat: Not a directory"
  expect 1 files write "$(printf 'n%.0s' $(seq 256))" text
  mentioned "write: "
}

@test "writing under :ro is refused as a read-only file system" {
  echo kept >"$share/file"
  local operation
  for operation in "write new x" "append file x" "rm file" "mkdir d" "mv file other" \
    "ln file other" "link file other"; do
    expect 1 files_read_only $operation
    mentioned "${operation%% *}: "
  done
  expect 1 files_read_only write new x
  mentioned "Read-only file system" || mentioned "Capabilities insufficient"
  expect 0 files_read_only cat file
  printed kept
  [ "$(ls "$share")" = file ]
}

@test "several directories, by their guest names" {
  mkdir "$share/one" "$share/two"
  echo 1 >"$share/one/x"
  echo 2 >"$share/two/x"
  local both=(--dir "$share/one::/one" --dir "$share/two::/deep/two:ro")
  expect 0 vm_with "${both[@]}" -- files cat /one/x
  printed 1
  expect 0 vm_with "${both[@]}" -- files cat /deep/two/x
  printed 2
  expect 0 vm_with "${both[@]}" -- files write /one/y 3
  expect 1 vm_with "${both[@]}" -- files write /deep/two/y 3
  cd "$share"
  expect 0 vm_with --dir one -- files cat one/x
  printed 1
}

@test "options of a directory stand behind it in any order; other colons are its own" {
  mkdir "$share/a:b"
  echo 1 >"$share/a:b/x"
  local form
  for form in :ro:cache=none :cache=always:ro :cache=auto::ro; do
    form=${form/::/:}
    expect 0 vm_with --dir "$share/a:b::/d$form" -- files cat /d/x
    printed 1
    expect 1 vm_with --dir "$share/a:b::/d:ro$form" -- files write /d/x 2
  done
  cd "$share"
  expect 0 vm_with --dir "a:b" -- files cat a:b/x
}

@test "without --dir a module sees no file" {
  expect 1 vm files cat "$root/README.md"
  [ -z "$output" ]
}

@test "a --dir that is missing, a file, or closed to us is refused" {
  expect 125 hermit run --dir "$share/missing" "$modules/exit.wasm"
  said "$share/missing" "No such file or directory"
  touch "$share/plain"
  expect 125 hermit run --dir "$share/plain" "$modules/exit.wasm"
  said "$share/plain" "Not a directory"
  mkdir -m 0 "$share/closed"
  local without=()
  # Root passes by permissions; take that away.
  [ "$(id -u)" -ne 0 ] || without=(setpriv --bounding-set "-dac_override,-dac_read_search")
  expect 125 timeout -s KILL 120 "${without[@]}" "$hermit_wasm" run --dir "$share/closed" "$modules/exit.wasm"
  said "$share/closed" "Permission denied"
}

@test "a full disk: the module learns of it, the run goes on" {
  need_root "mounting a small file system"
  mount -t tmpfs -o size=1m none "$share" 2>/dev/null || skip "mounting is not permitted here"
  run --separate-stderr files fill big 4
  umount "$share"
  [ "$status" -eq 1 ]
  mentioned "fill: No space left on device"
}

@test "a named pipe does not hang the module" {
  mkfifo "$share/pipe"
  expect 1 files cat pipe
  mentioned "cat: "
}

@test "200 MiB are written and read back intact" {
  expect 0 files fill big 200
  [ "$(stat -c %s "$share/big")" -eq $((200 * 1048576)) ]
  expect 0 files check big 200
}
