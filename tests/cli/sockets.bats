#!/usr/bin/env bats
# SPDX-License-Identifier: MIT OR Apache-2.0
# --listen: modules that accept connections.
load common

setup() { need_vm; }

# Starts `hermit-wasm run --listen 127.0.0.1:0 OPTION... -- FILE ARGUMENT...` in the background; its
# process is $server, its port $port, its streams go to out and err.
serve() {
  cd "$BATS_TEST_TMPDIR"
  hermit run -v --listen 127.0.0.1:0 "$@" >out 2>err &
  server=$!
  find_port
}

find_port() {
  for _ in $(seq 400); do
    port=$(sed -n 's/^hermit-wasm: listening on .*:\([0-9]*\)$/\1/p' err 2>/dev/null) || true
    [ -n "$port" ] && return 0
    sleep 0.05
  done
  cat err
  return 1
}

# The monitor's own process, below the shell and timeout(1).
find_monitor() {
  monitor=$server
  while [ "$(cat "/proc/$monitor/comm")" != "$(basename "$hermit_wasm" | cut -c -15)" ]; do
    monitor=$(pgrep -P "$monitor")
  done
}

serve_module() {
  local what=$1
  shift
  serve "$@" -- "$modules/sockets.wasm" $what
}

# The server has ended by itself, with status 0.
ended() {
  local status_of_vm=0
  wait "$server" || status_of_vm=$?
  [ "$status_of_vm" -eq 0 ] || { cat err; return 1; }
}

# Perl with a connection as $s.
client() {
  timeout 60 perl -MIO::Socket::INET -e '
    my ($port, $code) = splice @ARGV, 0, 2;
    sub connected { IO::Socket::INET->new("127.0.0.1:$port") or die "connect: $!" }
    my $s = connected(); $s->autoflush(1); binmode $s; $| = 1;
    eval "$code; 1" or die $@;' "$port" "$@"
}

@test "an HTTP server answers curl" {
  serve "$examples/http-server.wasm"
  local url=http://127.0.0.1:$port
  [ "$(curl -sS "$url/")" = "hello from WebAssembly" ]
  head -c 300000 /dev/urandom >body
  curl -sS --data-binary @body "$url/echo" | cmp - body
  curl -sS "$url/bytes/5000000" | perl -0777 -ne '
    my $want = join("", map { chr(97 + $_ % 26) } 0 .. 25) x 192308; exit($_ ne substr $want, 0, 5000000)'
  [ "$(curl -sS -o /dev/null -w '%{http_code}' "$url/nothing")" = 404 ]
  # Two answers over one connection, then four connections at a time.
  [ "$(curl -sS -w '%{num_connects}' "$url/" "$url/")" = $'hello from WebAssembly\n1hello from WebAssembly\n0' ]
  seq 40 | xargs -P 4 -I '{}' curl -sS "$url/bytes/{}" >all
  [ "$(wc -c <all)" -eq 820 ]
  [ "$(curl -sS "$url/quit")" = bye ]
  ended
}

@test "an HTTP server under load: every answer right, no descriptor left behind" {
  serve "$examples/http-server.wasm"
  local before after
  find_monitor
  before=$(ls "/proc/$monitor/fd" 2>/dev/null | wc -l)
  "$root/build/tests/http_load" "$port" 20 2000 >load
  grep -qx "2000 answers, 0 errors" load
  after=$before
  for _ in $(seq 100); do # the server sees the ends of connections one after the other
    after=$(ls "/proc/$monitor/fd" 2>/dev/null | wc -l)
    [ "$after" -le "$before" ] && break
    sleep 0.05
  done
  [ "$after" -le "$before" ]
  [ "$(id -u)" -ne 0 ] || [ "$before" -gt 4 ] # others cannot look
  curl -sS "http://127.0.0.1:$port/quit"
  ended
}

@test "listeners are descriptors 3 and up, directories follow, and what cannot be done is refused" {
  cd "$BATS_TEST_TMPDIR"
  mkdir shared
  touch shared/file
  serve_module kinds --listen '[::1]:0' --dir shared::.
  ended
}

@test "everything comes back, whatever the pieces" {
  serve_module echo
  client 'my $data = join "", map { pack "N", $_ * 2654435761 } 1 .. 200000;
    if (fork) { print $s $data; shutdown $s, 1; wait; exit($? >> 8) }
    local $/; my $got = <$s>; exit($got ne $data)' 
  ended
}

@test "bytes can be looked at, and waited for" {
  serve_module peek
  [ "$(client 'syswrite $s, $_ for "he", "l"; select undef, undef, undef, 0.05; syswrite $s, "lo";
    local $/; print scalar <$s>')" = seen ]
  ended
}

@test "a peer that reads slowly: the server never blocks, and nothing is lost" {
  serve_module flood
  client 'sleep 1; my ($total, $wrong) = (0, 0);
    my $pattern = join("", "a" .. "z") x 5000;
    while (my $got = sysread $s, my $bytes, 104000) {
      $wrong++ if $bytes ne substr $pattern, $total % 26, $got; $total += $got }
    exit($wrong || $total != 32 << 20)'
  ended
}

@test "a reset connection hangs up" {
  serve_module hangup
  client 'while (!-s "out") { select undef, undef, undef, 0.02 }
    setsockopt $s, SOL_SOCKET, SO_LINGER, pack("ii", 1, 0); close $s'
  ended
}

@test "stdin and a connection in one poll" {
  cd "$BATS_TEST_TMPDIR"
  mkfifo in
  hermit run -v --listen 127.0.0.1:0 "$modules/sockets.wasm" lines <in >out 2>err &
  server=$!
  exec 7>in
  find_port
  client 'sub waitfor { my $line = shift; for (1 .. 1000) { open my $f, "<", "out"; return if grep { $_ eq "$line\n" } <$f>;
      select undef, undef, undef, 0.02 } die "no $line" }
    open my $in, ">", "in";
    syswrite $s, "one\n"; waitfor "peer: one";
    syswrite $in, "two\n"; waitfor "stdin: two";
    syswrite $s, "three\n"; waitfor "peer: three";
    close $s; waitfor "peer: end"; syswrite $in, "four\n"; waitfor "stdin: four"'
  exec 7>&-
  ended
  [ "$(tail -n 1 out)" = "stdin: end" ]
}

@test "many connections at once" {
  serve_module "many 200"
  [ "$(client 'my @all = ($s); push @all, connected() for 2 .. 200; my @answers;
    for (@all) { local $/; push @answers, scalar <$_> } print join "", sort { $a <=> $b } @answers' |
    md5sum)" = "$(seq 0 199 | md5sum)" ]
  ended
}

@test "a server that waits is ended by the deadline, and by signals" {
  expect 124 vm_with --listen 127.0.0.1:0 --timeout 300ms -- sockets echo
  serve_module echo
  find_monitor
  kill -INT "$monitor"
  local status_of_vm=0
  wait "$server" || status_of_vm=$?
  [ "$status_of_vm" -eq 130 ]
}

@test "addresses that are none, are taken or are not ours" {
  local address
  for address in "" 80 :80 localhost:80 127.0.0.1 127.0.0.1: 127.0.0.1:x 127.0.0.1:65536 \
    127.0.0.1:-1 "127.0.0.1: 80" 1.2.3:80 ::1:80 "[::1]" "[127.0.0.1]:80" "[::1]:80x" ; do
    expect 125 vm_with --listen "$address" -- cat
    said "cannot listen on $address" "in numbers"
  done
  serve_module echo
  expect 125 vm_with --listen "127.0.0.1:$port" -- cat
  said "cannot listen on 127.0.0.1:$port: Address already in use"
  expect 125 vm_with --listen 192.0.2.1:0 -- cat
  said "cannot listen on 192.0.2.1:0: Cannot assign requested address"
  expect 125 vm_with $(printf -- '--listen 127.0.0.1:0 %.0s' $(seq 33)) -- cat
  said "33 listening sockets are too many"
  client 1
  ended
}

@test "without --listen there is no socket" {
  expect 1 vm sockets echo
  mentioned "errno 8"
}
