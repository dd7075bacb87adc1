/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Sockets: the driver against the device over connections of the loopback, and guests that break
 * the rules of abi/sockets.h. */
#include "abi/doorbell.h"
#include "abi/sockets.h"
#include "tests/devices/harness.h"
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

/* A guest with one listener, which is socket 0. */
struct guest {
  struct harness h;
  struct sockets *sockets;
  struct device *console;
  struct sockaddr_in address;
  uint8_t *buffer; /* where pages are scattered */
  struct guest_fault fault;
};

enum { CONSOLE, SOCKETS };

static void need(bool works, const char *what) {
  if (works)
    return;
  perror(what);
  exit(99);
}

static void guest_open(struct guest *g) {
  const char *error;
  int stdio[3] = {-1, -1, -1};
  socklen_t length = sizeof g->address;
  g->address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  need(listener >= 0 && bind(listener, (struct sockaddr *)&g->address, length) == 0 &&
           listen(listener, 1024) == 0 &&
           getsockname(listener, (struct sockaddr *)&g->address, &length) == 0,
       "listen");
  harness_open(&g->h);
  harness_scatter(&g->h);
  g->console = console_create(&g->h.host, stdio, &error);
  harness_add(&g->h, g->console);
  struct device *device = sockets_create(&g->h.host, &listener, 1, &error);
  g->sockets = sockets_open(&g->h.machine, &g->h.boot, harness_add(&g->h, device));
  g->buffer = g->h.linear + 16 * PAGE + 13;
  g->fault.text[0] = 0;
}

static void guest_close(struct guest *g) {
  harness_close(&g->h);
}

static int connect_to(const struct guest *g) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  need(fd >= 0 && connect(fd, (const struct sockaddr *)&g->address, sizeof g->address) == 0,
       "connect");
  return fd;
}

/* A connection: the guest's number, and the peer's descriptor. */
static uint32_t connect_guest(struct guest *g, int *peer) {
  uint32_t number = UINT32_MAX;
  *peer = connect_to(g);
  EXPECT_EQUAL(sockets_accept(g->sockets, 0, 0, &number), 0);
  return number;
}

static int receive(struct guest *g, uint32_t socket, uint32_t flags, size_t room, size_t *count) {
  struct wasi_slice slice = {g->buffer, room};
  return sockets_receive(g->sockets, socket, flags, &slice, 1, count);
}

static int send_text(struct guest *g, uint32_t socket, uint32_t flags, const char *text,
                     size_t *count) {
  struct wasi_slice slice = {g->buffer, strlen(text)};
  memcpy(g->buffer, text, slice.length);
  return sockets_send(g->sockets, socket, flags, &slice, 1, count);
}

static bool holds(const struct guest *g, const char *text) {
  return memcmp(g->buffer, text, strlen(text)) == 0;
}

/* ---- What a server does ---------------------------------------------------------------------- */

static void test_bytes(void) {
  struct guest g;
  int peer;
  size_t count;
  uint32_t number = 7;
  char text[16] = "";
  guest_open(&g);
  test("accept: none yet, then the lowest free number");
  EXPECT_EQUAL(sockets_listeners(g.sockets), 1);
  EXPECT_EQUAL(sockets_accept(g.sockets, 0, ABI_SOCKET_NOWAIT, &number), EAGAIN);
  number = connect_guest(&g, &peer);
  EXPECT_EQUAL(number, 1);

  test("receive and send: small pieces, both ways");
  EXPECT_EQUAL(receive(&g, number, ABI_SOCKET_NOWAIT, 10, &count), EAGAIN);
  EXPECT_EQUAL(write(peer, "hello", 5), 5);
  EXPECT_EQUAL(receive(&g, number, ABI_SOCKET_PEEK, 3, &count), 0);
  EXPECT_EQUAL(count, 3);
  EXPECT_EQUAL(receive(&g, number, 0, 100, &count), 0);
  EXPECT_EQUAL(count, 5);
  EXPECT(holds(&g, "hello"));
  EXPECT_EQUAL(send_text(&g, number, 0, "good day", &count), 0);
  EXPECT_EQUAL(count, 8);
  EXPECT_EQUAL(read(peer, text, sizeof text), 8);
  EXPECT_EQUAL(memcmp(text, "good day", 8), 0);

  test("shutdown and the peer's end");
  EXPECT_EQUAL(sockets_shutdown(g.sockets, number, ABI_SOCKET_WRITE), 0);
  EXPECT_EQUAL(read(peer, text, sizeof text), 0);
  EXPECT_EQUAL(send_text(&g, number, 0, "x", &count), EPIPE);
  EXPECT_EQUAL(write(peer, "late", 4), 4);
  close(peer);
  EXPECT_EQUAL(receive(&g, number, ABI_SOCKET_WAITALL, 100, &count), 0);
  EXPECT_EQUAL(count, 4);
  EXPECT_EQUAL(receive(&g, number, 0, 100, &count), 0);
  EXPECT_EQUAL(count, 0);

  test("what is not connected, what does not listen");
  EXPECT_EQUAL(receive(&g, 0, 0, 100, &count), ENOTCONN);
  EXPECT_EQUAL(sockets_accept(g.sockets, number, 0, &number), EINVAL);
  EXPECT_EQUAL(sockets_close(g.sockets, 1), 0);
  EXPECT_EQUAL(connect_guest(&g, &peer), 1);

  test("a reset connection");
  struct linger at_once = {1, 0};
  setsockopt(peer, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  close(peer);
  EXPECT_EQUAL(receive(&g, 1, 0, 100, &count), ECONNRESET);
  guest_close(&g);
}

struct pump {
  int fd;
  size_t total;
  uint64_t wrong;
};

/* Sends everything back. */
static void *echo(void *context) {
  struct pump *pump = context;
  uint8_t bytes[30011];
  ssize_t got;
  while ((got = read(pump->fd, bytes, sizeof bytes)) > 0) {
    for (ssize_t i = 0; i < got; i++)
      pump->wrong += bytes[i] != (uint8_t)((pump->total + (size_t)i) % 251);
    pump->total += (size_t)got;
  }
  return NULL;
}

static void *feed(void *context) {
  struct pump *pump = context;
  uint8_t bytes[30011];
  for (size_t done = 0; done < pump->total;) {
    size_t size = pump->total - done < sizeof bytes ? pump->total - done : sizeof bytes;
    for (size_t i = 0; i < size; i++)
      bytes[i] = (uint8_t)((done + i) % 251);
    ssize_t sent = write(pump->fd, bytes, size);
    if (sent <= 0)
      break;
    done += (size_t)sent;
  }
  return NULL;
}

static void test_large(void) {
  struct guest g;
  int peer;
  size_t count;
  pthread_t thread;
  guest_open(&g);
  const size_t size = 4u << 20;
  uint32_t number = connect_guest(&g, &peer);
  test("send 4 MiB of scattered memory, whole and in order");
  for (size_t i = 0; i < size; i++)
    g.buffer[i] = (uint8_t)(i % 251);
  struct pump pump = {.fd = peer};
  pthread_create(&thread, NULL, echo, &pump);
  struct wasi_slice slices[2] = {{g.buffer, 1234567}, {g.buffer + 1234567, size - 1234567}};
  EXPECT_EQUAL(sockets_send(g.sockets, number, 0, slices, 2, &count), 0);
  EXPECT_EQUAL(count, size);
  EXPECT_EQUAL(sockets_shutdown(g.sockets, number, ABI_SOCKET_WRITE), 0);
  pthread_join(thread, NULL);
  EXPECT_EQUAL(pump.total, size);
  EXPECT_EQUAL(pump.wrong, 0);

  test("receive 4 MiB with WAITALL");
  memset(g.buffer, 0xff, size);
  pump = (struct pump){.fd = peer, .total = size};
  pthread_create(&thread, NULL, feed, &pump);
  EXPECT_EQUAL(sockets_receive(g.sockets, number, ABI_SOCKET_WAITALL, slices, 2, &count), 0);
  EXPECT_EQUAL(count, size);
  pthread_join(thread, NULL);
  uint64_t wrong = 0;
  for (size_t i = 0; i < size; i++)
    wrong += g.buffer[i] != (uint8_t)(i % 251);
  EXPECT_EQUAL(wrong, 0);
  close(peer);
  sockets_close(g.sockets, number);

  test("a peer that does not read: what fits, then EAGAIN; nothing is lost");
  number = connect_guest(&g, &peer);
  struct wasi_slice all = {g.buffer, 7u << 20};
  for (size_t i = 0; i < all.length; i++)
    g.buffer[i] = (uint8_t)(i % 251);
  size_t sent = 0;
  int error;
  while ((error = sockets_send(g.sockets, number, ABI_SOCKET_NOWAIT, &all, 1, &count)) == 0 &&
         count < all.length) {
    sent += count;
    all = (struct wasi_slice){(uint8_t *)all.bytes + count, all.length - count};
  }
  EXPECT_EQUAL(error, EAGAIN);
  EXPECT(sent > 0);
  pump = (struct pump){.fd = peer};
  pthread_create(&thread, NULL, echo, &pump);
  sockets_close(g.sockets, number);
  pthread_join(thread, NULL);
  EXPECT_EQUAL(pump.total, sent);
  EXPECT_EQUAL(pump.wrong, 0);
  close(peer);
  guest_close(&g);
}

/* ---- Bounds ---------------------------------------------------------------------------------- */

static void test_bounds(void) {
  struct guest g;
  static int peers[ABI_SOCKETS_MAX];
  uint32_t number = 0, made = 0;
  test("as many connections as there may be, and no leak of descriptors");
  struct rlimit limit, old;
  getrlimit(RLIMIT_NOFILE, &old);
  limit = (struct rlimit){4 * ABI_SOCKETS_MAX, old.rlim_max};
  if (old.rlim_cur < limit.rlim_cur && setrlimit(RLIMIT_NOFILE, &limit) < 0) {
    skip("this host allows too few descriptors");
    return;
  }
  unsigned before = count_descriptors();
  guest_open(&g);
  for (; made < ABI_SOCKETS_MAX; made++) {
    peers[made] = connect_to(&g);
    if (sockets_accept(g.sockets, 0, 0, &number))
      break;
    EXPECT_EQUAL(number, made + 1);
  }
  EXPECT_EQUAL(made, ABI_SOCKETS_MAX - 1);
  EXPECT_EQUAL(sockets_accept(g.sockets, 0, 0, &number), EMFILE);
  EXPECT_EQUAL(sockets_close(g.sockets, 500), 0);
  EXPECT_EQUAL(sockets_accept(g.sockets, 0, 0, &number), 0); /* it waited in the kernel's queue */
  EXPECT_EQUAL(number, 500);
  for (uint32_t i = 0; i <= made; i++)
    close(peers[i]);
  guest_close(&g);
  EXPECT_EQUAL(count_descriptors(), before);
  setrlimit(RLIMIT_NOFILE, &old);

  test("the host's limit of descriptors is answered with its errno");
  guest_open(&g);
  int peer = connect_to(&g);
  int lowest = dup(peer); /* what the next descriptor would be */
  close(lowest);
  limit.rlim_cur = (rlim_t)lowest;
  setrlimit(RLIMIT_NOFILE, &limit);
  EXPECT_EQUAL(sockets_accept(g.sockets, 0, 0, &number), EMFILE);
  setrlimit(RLIMIT_NOFILE, &old);
  EXPECT_EQUAL(sockets_accept(g.sockets, 0, 0, &number), 0);
  close(peer);
  guest_close(&g);
}

/* ---- Waiting --------------------------------------------------------------------------------- */

static struct abi_wait_socket wait_one(struct guest *g, uint32_t socket, uint8_t events,
                                       uint64_t timeout_ns) {
  struct device_wait wait = {.deadline_ns = device_deadline(timeout_ns),
                             .socket_count = 1,
                             .sockets = {{.socket = (uint16_t)socket, .events = events}}};
  EXPECT_EQUAL(device_wait(g->console, g->h.devices[SOCKETS], &wait, &g->fault), DEVICE_OK);
  return wait.sockets[0];
}

static void test_wait(void) {
  struct guest g;
  int peer;
  struct abi_wait_socket seen;
  const uint8_t both = ABI_SOCKET_READ | ABI_SOCKET_WRITE;
  guest_open(&g);
  test("wait: a listener, with a connection and without");
  seen = wait_one(&g, 0, ABI_SOCKET_READ, 0);
  EXPECT_EQUAL(seen.ready, 0);
  peer = connect_to(&g);
  seen = wait_one(&g, 0, ABI_SOCKET_READ, UINT64_MAX);
  EXPECT_EQUAL(seen.ready, ABI_SOCKET_READ);
  EXPECT_EQUAL(seen.bytes, 1);
  uint32_t number;
  EXPECT_EQUAL(sockets_accept(g.sockets, 0, 0, &number), 0);

  test("wait: a connection that can be written, read, and has ended");
  seen = wait_one(&g, number, ABI_SOCKET_READ, 1000000);
  EXPECT_EQUAL(seen.ready, 0);
  seen = wait_one(&g, number, both, UINT64_MAX);
  EXPECT_EQUAL(seen.ready, ABI_SOCKET_WRITE);
  EXPECT_EQUAL(write(peer, "12345", 5), 5);
  seen = wait_one(&g, number, ABI_SOCKET_READ, UINT64_MAX);
  EXPECT_EQUAL(seen.ready, ABI_SOCKET_READ);
  EXPECT_EQUAL(seen.bytes, 5);
  shutdown(peer, SHUT_WR);
  seen = wait_one(&g, number, both, UINT64_MAX);
  EXPECT_EQUAL(seen.ready, both); /* not hung up: there are bytes yet */
  size_t count;
  EXPECT_EQUAL(receive(&g, number, 0, 100, &count), 0);
  seen = wait_one(&g, number, ABI_SOCKET_READ, UINT64_MAX);
  EXPECT_EQUAL(seen.ready, ABI_SOCKET_READ | ABI_SOCKET_HANGUP);
  EXPECT_EQUAL(seen.bytes, 0);

  test("wait: a reset connection is ready for everything");
  close(peer);
  sockets_close(g.sockets, number);
  number = connect_guest(&g, &peer);
  struct linger at_once = {1, 0};
  setsockopt(peer, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  close(peer);
  seen = wait_one(&g, number, ABI_SOCKET_READ, UINT64_MAX);
  EXPECT_EQUAL(seen.ready, ABI_SOCKET_READ | ABI_SOCKET_HANGUP);
  seen = wait_one(&g, number, both, UINT64_MAX);
  EXPECT_EQUAL(seen.ready, both | ABI_SOCKET_HANGUP);

  test("wait: a socket that is not open");
  for (uint32_t bad = 5; bad <= 65535; bad += 65530) {
    struct device_wait wait = {.socket_count = 1, .sockets = {{.socket = (uint16_t)bad}}};
    EXPECT_EQUAL(device_wait(g.console, g.h.devices[SOCKETS], &wait, &g.fault), DEVICE_GUEST_FAULT);
    EXPECT(strstr(g.fault.text, "not open") != NULL);
    EXPECT_EQUAL(device_wait(g.console, NULL, &wait, &g.fault), DEVICE_GUEST_FAULT);
  }
  guest_close(&g);
}

static volatile sig_atomic_t alarms;

static void count_alarm(int signal) {
  (void)signal;
  alarms++;
}

/* Requests by hand lie behind what the driver has of the heap. */
#define RAW_AT (HEAP_AT + (1u << 20))
#define RAW_REPLY_AT (HEAP_AT + (2u << 20) + (1u << 19))

/* A request that stays in the queue when it is interrupted. */
static void offer_request(struct guest *g, uint32_t operation, uint32_t socket, uint32_t flags,
                          uint32_t bytes, uint32_t room) {
  struct abi_socket_request request = {operation, socket, flags, 0};
  memcpy(physical_bytes(&g->h, RAW_AT, sizeof request), &request, sizeof request);
  raw_set(&g->h, SOCKETS, 0, 0, RAW_AT, (uint32_t)sizeof request + bytes, ABI_VIRTQ_NEXT, 1);
  raw_set(&g->h, SOCKETS, 0, 1, RAW_REPLY_AT, (uint32_t)sizeof(struct abi_socket_reply) + room,
          ABI_VIRTQ_WRITE, 0);
  raw_offer(&g->h, SOCKETS, 0, 0);
}

static const struct abi_socket_reply *reply_of(struct guest *g) {
  return (const void *)physical_bytes(&g->h, RAW_REPLY_AT, sizeof(struct abi_socket_reply));
}

/* Bytes of a request by hand, continuing a stream's pattern at `from`. */
static void fill_request(struct guest *g, size_t from, uint32_t size) {
  uint8_t *bytes = physical_bytes(&g->h, RAW_AT + sizeof(struct abi_socket_request), size);
  for (uint32_t i = 0; i < size; i++)
    bytes[i] = (uint8_t)((from + i) % 251);
}

/* Sends until the host's buffers are full. Returns how much. */
static size_t fill_buffers(struct guest *g, uint32_t number, uint32_t size) {
  size_t sent = 0;
  for (;;) {
    fill_request(g, sent, size);
    offer_request(g, ABI_SOCKET_SEND, number, ABI_SOCKET_NOWAIT, size, 0);
    EXPECT_EQUAL(raw_notify(&g->h, SOCKETS, 0, &g->fault), DEVICE_OK);
    if (reply_of(g)->error)
      return sent;
    sent += reply_of(g)->value;
  }
}

/* The signal is blocked and pending before the device blocks, as a deadline's would be. */
static void test_interrupted(void) {
  struct guest g;
  int peer;
  guest_open(&g);
  test("a signal interrupts accept, receive and send; each goes on");
  offer_request(&g, ABI_SOCKET_ACCEPT, 0, 0, 0, 0);
  raise(SIGALRM);
  EXPECT_EQUAL(raw_notify(&g.h, SOCKETS, 0, &g.fault), DEVICE_INTERRUPTED);
  peer = connect_to(&g);
  EXPECT_EQUAL(raw_notify(&g.h, SOCKETS, 0, &g.fault), DEVICE_OK);
  uint32_t number = reply_of(&g)->value;
  EXPECT_EQUAL(reply_of(&g)->error, 0);

  offer_request(&g, ABI_SOCKET_RECEIVE, number, ABI_SOCKET_WAITALL, 0, 6);
  EXPECT_EQUAL(write(peer, "abc", 3), 3);
  raise(SIGALRM);
  EXPECT_EQUAL(raw_notify(&g.h, SOCKETS, 0, &g.fault), DEVICE_INTERRUPTED);
  EXPECT_EQUAL(write(peer, "def", 3), 3);
  EXPECT_EQUAL(raw_notify(&g.h, SOCKETS, 0, &g.fault), DEVICE_OK);
  EXPECT_EQUAL(reply_of(&g)->value, 6);
  EXPECT_EQUAL(memcmp(reply_of(&g) + 1, "abcdef", 6), 0);

  const uint32_t size = (1u << 20) - 100;
  struct pump pump = {.fd = peer};
  pthread_t thread;
  size_t before = fill_buffers(&g, number, size);
  fill_request(&g, before, size);
  offer_request(&g, ABI_SOCKET_SEND, number, 0, size, 0);
  raise(SIGALRM);
  EXPECT_EQUAL(raw_notify(&g.h, SOCKETS, 0, &g.fault), DEVICE_INTERRUPTED);
  pthread_create(&thread, NULL, echo, &pump);
  EXPECT_EQUAL(raw_notify(&g.h, SOCKETS, 0, &g.fault), DEVICE_OK);
  EXPECT_EQUAL(reply_of(&g)->error, 0);
  EXPECT_EQUAL(reply_of(&g)->value, size);
  offer_request(&g, ABI_SOCKET_CLOSE, number, 0, 0, 0);
  EXPECT_EQUAL(raw_notify(&g.h, SOCKETS, 0, &g.fault), DEVICE_OK);
  pthread_join(thread, NULL);
  EXPECT_EQUAL(pump.total, before + size);
  EXPECT_EQUAL(pump.wrong, 0);
  EXPECT_EQUAL(alarms, 3);
  close(peer);

  test("a signal interrupts a wait, which keeps its deadline");
  struct device_wait wait = {.deadline_ns = device_deadline(1),
                             .socket_count = 1,
                             .sockets = {{.events = ABI_SOCKET_READ}}};
  EXPECT_EQUAL(device_deadline(0), 0);
  EXPECT_EQUAL(device_deadline(UINT64_MAX), UINT64_MAX);
  EXPECT_EQUAL(device_deadline(UINT64_MAX - 1), UINT64_MAX);
  EXPECT_EQUAL(device_wait(g.console, g.h.devices[SOCKETS], &wait, &g.fault), DEVICE_OK);
  wait.deadline_ns = UINT64_MAX;
  raise(SIGALRM);
  EXPECT_EQUAL(device_wait(g.console, g.h.devices[SOCKETS], &wait, &g.fault), DEVICE_INTERRUPTED);
  guest_close(&g);
}

/* A listener of this family that was shut down is always ready and never has a connection. */
static void test_ready_in_vain(void) {
  struct guest g;
  const char *error;
  struct sockaddr name = {.sa_family = AF_UNIX}; /* the kernel chooses one */
  test("a socket that is ready in vain does not shut signals out");
  int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  need(listener >= 0 && bind(listener, &name, sizeof name.sa_family) == 0 &&
           listen(listener, 1) == 0,
       "listen");
  harness_open(&g.h);
  int stdio[3] = {-1, -1, -1};
  harness_add(&g.h, console_create(&g.h.host, stdio, &error));
  harness_add(&g.h, sockets_create(&g.h.host, &listener, 1, &error));
  offer_request(&g, ABI_SOCKET_SHUTDOWN, 0, ABI_SOCKET_READ | ABI_SOCKET_WRITE, 0, 0);
  EXPECT_EQUAL(raw_notify(&g.h, SOCKETS, 0, &g.fault), DEVICE_OK);
  offer_request(&g, ABI_SOCKET_ACCEPT, 0, 0, 0, 0);
  raise(SIGALRM);
  EXPECT_EQUAL(raw_notify(&g.h, SOCKETS, 0, &g.fault), DEVICE_INTERRUPTED);
  guest_close(&g);
}

/* ---- Hostile --------------------------------------------------------------------------------- */

struct hostile_case {
  const char *name;
  struct abi_socket_request request;
  struct abi_virtq_desc desc[2]; /* the first begins with the request */
  const char *reason;
};

#define REPLY_AT (RAW_AT + 4096)
#define REPLY                                                                                      \
  { REPLY_AT, 8, ABI_VIRTQ_WRITE, 0 }
#define REQUEST(size)                                                                              \
  { RAW_AT, size, ABI_VIRTQ_NEXT, 1 }

static const struct hostile_case hostile_cases[] = {
    {"no request at all", {0}, {{REPLY_AT, 8, ABI_VIRTQ_WRITE, 0}}, "0 bytes are no request"},
    {"a request cut short", {0}, {REQUEST(15), REPLY}, "15 bytes are no request"},
    {"an unknown operation", {.operation = 5}, {REQUEST(16), REPLY}, "operation 5 does not exist"},
    {"an absurd operation",
     {.operation = UINT32_MAX},
     {REQUEST(16), REPLY},
     "operation 4294967295 does not exist"},
    {"no room for a reply", {0}, {{RAW_AT, 16, 0, 0}}, "no room for the reply"},
    {"a reply cut short",
     {0},
     {REQUEST(16), {REPLY_AT, 7, ABI_VIRTQ_WRITE, 0}},
     "no room for the reply"},
    {"flags of another operation",
     {.operation = ABI_SOCKET_ACCEPT, .flags = ABI_SOCKET_PEEK},
     {REQUEST(16), REPLY},
     "ACCEPT: unknown flags 0x2"},
    {"unknown flags",
     {.operation = ABI_SOCKET_RECEIVE, .flags = 0x80000000u},
     {REQUEST(16), {REPLY_AT, 16, ABI_VIRTQ_WRITE, 0}},
     "RECEIVE: unknown flags"},
    {"a reserved field", {.reserved = 1}, {REQUEST(16), REPLY}, "unknown flags 0x0, 0x1"},
    {"shutdown of no direction",
     {.operation = ABI_SOCKET_SHUTDOWN},
     {REQUEST(16), REPLY},
     "of no direction"},
    {"bytes behind a request that sends none",
     {.operation = ABI_SOCKET_CLOSE},
     {REQUEST(17), REPLY},
     "CLOSE: with 1 bytes to send"},
    {"room behind a reply that brings none",
     {.operation = ABI_SOCKET_SEND},
     {REQUEST(20), {REPLY_AT, 9, ABI_VIRTQ_WRITE, 0}},
     "SEND: with 4 bytes to send and room for 1"},
    {"a socket that is not open",
     {.operation = ABI_SOCKET_SEND, .socket = 1},
     {REQUEST(20), REPLY},
     "socket 1 is not open"},
    {"a socket behind the last",
     {.operation = ABI_SOCKET_CLOSE, .socket = ABI_SOCKETS_MAX},
     {REQUEST(16), REPLY},
     "socket 1024 is not open"},
    {"an absurd socket",
     {.operation = ABI_SOCKET_ACCEPT, .socket = UINT32_MAX},
     {REQUEST(16), REPLY},
     "socket 4294967295 is not open"},
    {"bytes to send outside memory",
     {.operation = ABI_SOCKET_SEND},
     {{RAW_AT, MEMORY_BYTES, ABI_VIRTQ_NEXT, 1}, REPLY},
     "outside memory"},
    {"room outside memory",
     {.operation = ABI_SOCKET_RECEIVE},
     {REQUEST(16), {REPLY_AT, UINT32_MAX - 64, ABI_VIRTQ_WRITE, 0}},
     "outside memory"},
};

static void test_hostile(void) {
  for (size_t i = 0; i < sizeof hostile_cases / sizeof hostile_cases[0]; i++) {
    const struct hostile_case *c = &hostile_cases[i];
    struct guest g;
    test(c->name);
    guest_open(&g);
    memcpy(physical_bytes(&g.h, RAW_AT, 16), &c->request, sizeof c->request);
    memcpy(raw_desc(&g.h, SOCKETS, 0), c->desc, sizeof c->desc);
    raw_offer(&g.h, SOCKETS, 0, 0);
    EXPECT_EQUAL(raw_notify(&g.h, SOCKETS, 0, &g.fault), DEVICE_GUEST_FAULT);
    EXPECT(strstr(g.fault.text, c->reason) != NULL);
    if (!strstr(g.fault.text, c->reason))
      printf("# the reason is: %s\n", g.fault.text);
    EXPECT_EQUAL(raw_used(&g.h, SOCKETS, 0)->index, 0);
    guest_close(&g);
  }
}

int main(void) {
  sigset_t alarm;
  signal(SIGPIPE, SIG_IGN);
  struct sigaction action = {.sa_handler = count_alarm};
  sigaction(SIGALRM, &action, NULL);
  sigemptyset(&alarm);
  sigaddset(&alarm, SIGALRM);
  sigprocmask(SIG_BLOCK, &alarm, NULL);
  test_bytes();
  test_large();
  test_bounds();
  test_wait();
  test_interrupted();
  test_ready_in_vain();
  test_hostile();
  return finish();
}
