#!/usr/bin/env bats
# SPDX-License-Identifier: MIT OR Apache-2.0
# Files that others change, remove or fill up while a module uses them, and ends at bad moments.
load common

setup() {
  need_vm
  share=$BATS_TEST_TMPDIR/share
  mkdir "$share"
}

teardown() {
  local name
  for name in A B; do
    [ -n "${pids[$name]-}" ] || continue
    pkill -KILL -P "${pids[$name]}" || true
    wait "${pids[$name]}" 2>/dev/null || true
  done
  umount "$share" 2>/dev/null || true
}

declare -gA pids requests answers

# start NAME OPTIONS...: a module that waits for commands. NAME is A or B.
start() {
  local name=$1 to from
  shift
  mkfifo "$BATS_TEST_TMPDIR/$name.in" "$BATS_TEST_TMPDIR/$name.out"
  timeout -s KILL 120 "$hermit_wasm" run "$@" "$modules/share.wasm" \
    <"$BATS_TEST_TMPDIR/$name.in" >"$BATS_TEST_TMPDIR/$name.out" 2>"$BATS_TEST_TMPDIR/$name.err" 3>&- &
  pids[$name]=$!
  exec {to}>"$BATS_TEST_TMPDIR/$name.in" {from}<"$BATS_TEST_TMPDIR/$name.out"
  requests[$name]=$to
  answers[$name]=$from
}

# ask NAME COMMAND...: its answer is in $answer.
ask() {
  local name=$1
  shift
  echo "$*" >&"${requests[$name]}"
  read -r -t 60 answer <&"${answers[$name]}" || { echo "no answer to: $*"; cat "$BATS_TEST_TMPDIR/$name.err"; return 1; }
}

# wants NAME COMMAND... = ANSWER
wants() {
  local words=()
  while [ "$1" != = ]; do
    words+=("$1")
    shift
  done
  ask "${words[@]}" || return 1
  [ "$answer" = "$2" ] || { echo "${words[*]}: $answer, wanted $2"; return 1; }
}

# Ends the module, with status 0 or the one given.
stop() {
  local name=$1 status=0
  echo end >&"${requests[$name]}"
  wait "${pids[$name]}" || status=$?
  unset "pids[$name]"
  [ "$status" -eq "${2:-0}" ] || { echo "status $status"; cat "$BATS_TEST_TMPDIR/$name.err"; return 1; }
}

# The process that is the VM, below timeout(1).
monitor_of() { pgrep -P "${pids[$1]}"; }

@test "cache=none: what the host changes is seen at once" {
  start A --dir "$share::.:cache=none"
  echo -n one >"$share/f"
  wants A open f r = ok
  wants A read 0 100 = one
  echo -n two >"$share/f"
  wants A read 0 100 = two
  echo -n three >"$share/f"
  wants A size f = 5
  rm "$share/f"
  wants A size f = "error: No such file or directory"
  wants A read 0 100 = three
  stop A
}

@test "cache=auto: what the host changes is seen after a second, and when a file is opened" {
  start A --dir "$share::."
  echo -n one >"$share/f"
  wants A open f r = ok
  wants A read 0 1 = o
  wants A size f = 3
  echo -n ThreeFour >"$share/f"
  wants A cat f = ThreeFour
  sleep 1.1
  wants A read 0 100 = ThreeFour
  wants A size f = 9
  truncate -s 5 "$share/f"
  sleep 1.1
  wants A read 0 100 = Three
  wants A read 5 100 = ""
  stop A
}

@test "cache=always: what the host changes is not seen, own changes are" {
  start A --dir "$share::.:cache=always"
  echo -n one >"$share/f"
  wants A size f = 3
  echo -n three >"$share/f"
  sleep 1.1
  wants A size f = 3
  wants A open f a = ok
  wants A write four = ok
  wants A cat f = threefour
  stop A
}

@test "two guests in one directory" {
  start A --dir "$share::."
  start B --dir "$share::.:cache=none"
  wants A open f w = ok
  wants A write one = ok
  wants B cat f = one
  wants A write two = ok
  wants B cat f = onetwo
  wants B open f a = ok
  wants B write three = ok
  wants A cat f = onetwothree
  wants A close = ok
  wants B mkdir d = ok
  wants A count d = 2
  wants A mkdir d = "error: File exists"
  stop A
  stop B
}

@test "small writes reach the host while the module computes" {
  start A --dir "$share::."
  wants A open f w = ok
  wants A write before, = ok
  wants A spin after = after
  for _ in $(seq 400); do
    [ "$(cat "$share/f")" = "before,after" ] && break
    sleep 0.05
  done
  [ "$(cat "$share/f")" = "before,after" ]
}

@test "what was written is with the host when the module is stopped from outside" {
  local signal status
  for signal in TERM INT; do
    start A --dir "$share::."
    wants A open "$signal" w = ok
    wants A flood 1000 = ok
    wants A spin end = end
    kill "-$signal" "$(monitor_of A)"
    status=0
    wait "${pids[A]}" || status=$?
    unset 'pids[A]'
    [ "$status" -gt 128 ]
    [ "$(stat -c %s "$share/$signal")" -eq 16003 ]
    rm "$BATS_TEST_TMPDIR"/A.*
  done
}

@test "kill -9: what fsync has acknowledged is in the file" {
  start A --dir "$share::."
  echo "journal log" >&"${requests[A]}"
  local seen=0 from=${answers[A]}
  while [ "$seen" -lt 200 ]; do read -r -t 60 seen <&"$from"; done
  kill -KILL "$(monitor_of A)"
  while read -r -t 60 answer <&"$from"; do seen=$answer; done
  local last
  last=$(tail -n 1 "$share/log")
  [ "${last#entry }" -ge "$seen" ]
  [ "$(wc -l <"$share/log")" -eq "${last#entry }" ]
  diff "$share/log" <(seq -f 'entry %.0f' "${last#entry }")
}

@test "a full disk: the error comes with a write, a sync or close, and nothing hangs" {
  need_root "mounting a small file system"
  mount -t tmpfs -o size=64k none "$share" 2>/dev/null || skip "mounting is not permitted here"
  start A --dir "$share::."
  ask A open f w
  ask A flood 100000
  local flood=$answer
  ask A sync
  local sync=$answer size
  size=$(stat -c %s "$share/f")
  rm "$share/f"
  ask A close
  wants A open g w = ok
  wants A write "room-again" = ok
  wants A sync = ok
  local text
  text=$(cat "$share/g")
  stop A
  umount "$share"
  [ "$flood" = "error: No space left on device" ]
  [ "$sync" = ok ] || [ "$sync" = "error: No space left on device" ]
  [ "$size" -eq 65536 ]
  [ "$text" = room-again ]
}

@test "a limit on file sizes: the error comes through, and a lost write is not silent" {
  (ulimit -f 8; start A --dir "$share::."
    wants A open f w = ok
    wants A flood 10000 = "error: File too large"
    stop A)
  # Nobody asks: then the run itself fails.
  (ulimit -f 8; status=0
    printf 'open g w\nflood 513\n' | hermit run --dir "$share::." "$modules/share.wasm" \
      2>"$BATS_TEST_TMPDIR/err" || status=$?
    [ "$status" -eq 125 ] || [ "$(stat -c %s "$share/g")" -eq 8208 ])
}

@test "a shared directory that is removed: every use says so" {
  mkdir "$share/gone"
  echo text >"$share/gone/f"
  start A --dir "$share/gone::."
  wants A open f r = ok
  wants A count . = 3
  rm -r "$share/gone"
  sleep 1.1
  wants A size f = "error: No such file or directory"
  wants A mkdir d = "error: No such file or directory"
  wants A open new w = "error: No such file or directory"
  ask A count .
  stop A
}

@test "more open files than the host allows: an error, and all is as before" {
  echo text >"$share/f"
  (ulimit -n 100; start A --dir "$share::."
    ask A exhaust f
    [[ $answer == *": Too many open files"* || $answer == *": No file descriptors available" ]] || { echo "$answer"; false; }
    local first=$answer
    [ "${first%%:*}" -gt 50 ]
    wants A exhaust f = "$first"
    wants A cat f = text
    stop A)
}

@test "thousands of open files" {
  [ "$(ulimit -Hn)" -ge 12000 ] || skip "the host allows fewer"
  echo text >"$share/f"
  (ulimit -n 12000; start A --dir "$share::."
    ask A exhaust f
    [ "${answer%%:*}" -gt 10000 ]
    wants A cat f = text
    stop A)
}

@test "directories deeper than any path" {
  start A --dir "$share::."
  wants A deep 5000 = ok
  stop A
  [ "$(find "$share" -name bottom 2>/dev/null | wc -l)" -eq 1 ]
}

@test "names that are not UTF-8 are listed and cannot be opened" {
  touch "$share/$(printf 'bad\xff')" "$share/good"
  start A --dir "$share::."
  wants A count . = 4
  wants A size "$(printf 'bad\xff')" = "error: Illegal byte sequence"
  stop A
}

@test "pipes, sockets and devices never hang" {
  mkfifo "$share/pipe"
  start A --dir "$share::."
  ask A open pipe r
  [[ $answer == "error: "* ]]
  ask A open pipe w
  [[ $answer == "error: "* ]]
  wants A size pipe = 0
  if mknod "$share/null" c 1 3 2>/dev/null; then
    ask A open null w
    [[ $answer == "error: "* ]]
  fi
  stop A
}
