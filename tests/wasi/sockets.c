/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The socket functions and polls over sockets, called directly over real connections. Prints TAP.
 */
#include "tests/wasi/world.h"
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define LISTENER 3u

/* Where things lie in the module's memory. */
enum { LIST = 64, OUT = 80, FLAGS = 84, BYTES = 128, IN = 4096, EVENTS = 32768 };

static struct sockaddr_in address;

/* A world whose descriptor 3 listens; the directory is 4. */
static void open_world(struct world *world) {
  socklen_t length = sizeof address;
  world_open(world);
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  if (fd < 0 || bind(fd, (struct sockaddr *)&address, length) || listen(fd, 100) ||
      getsockname(fd, (struct sockaddr *)&address, &length))
    abort();
  world->host.sockets[0] = fd;
  world->config.listener_count = 1;
  world->wasi = wasi_new(&world->store, &world->config);
  wasi_put32(world->memory.base + LIST, BYTES);
  wasi_put32(world->memory.base + LIST + 4, 8);
}

/* WASI must have closed every socket. */
static bool close_world(struct world *world) {
  bool balanced = world_close(world);
  for (uint32_t i = 0; i < WASI_POSIX_SOCKETS; i++)
    balanced &= world->host.sockets[i] < 0;
  return balanced;
}

static int connect_peer(void) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address))
    abort();
  return fd;
}

static uint32_t accept_peer(struct world *world, uint32_t flags, uint32_t *fd) {
  uint32_t error = CALL(world, sock_accept, N(LISTENER), N(flags), N(OUT));
  *fd = wasi_get32(world->memory.base + OUT);
  return error;
}

static void test_connection(void) {
  bool good = true;
  struct world world;
  uint32_t fd;
  char text[8];
  open_world(&world);
  uint8_t *memory = world.memory.base;
  int peer = connect_peer();
  CHECK(!accept_peer(&world, WASI_FDFLAG_NONBLOCK, &fd) && fd == 5);
  CHECK(CALL(&world, sock_recv, N(fd), N(LIST), N(1), N(0), N(OUT), N(FLAGS)) == WASI_ERRNO_AGAIN);
  CHECK(CALL(&world, fd_read, N(fd), N(LIST), N(1), N(OUT)) == WASI_ERRNO_AGAIN);
  CHECK(!CALL(&world, fd_fdstat_set_flags, N(fd), N(0)));
  CHECK(write(peer, "abcdefghij", 10) == 10);
  wasi_put16(memory + FLAGS, 0xffff);
  CHECK(!CALL(&world, sock_recv, N(fd), N(LIST), N(1), N(WASI_RIFLAG_PEEK), N(OUT), N(FLAGS)));
  CHECK(wasi_get32(memory + OUT) == 8 && !memcmp(memory + BYTES, "abcdefgh", 8));
  CHECK(wasi_get16(memory + FLAGS) == 0);
  CHECK(!CALL(&world, fd_read, N(fd), N(LIST), N(1), N(OUT)) && wasi_get32(memory + OUT) == 8);
  CHECK(!CALL(&world, fd_write, N(fd), N(LIST), N(1), N(OUT)) && wasi_get32(memory + OUT) == 8);
  CHECK(read(peer, text, 8) == 8 && !memcmp(text, "abcdefgh", 8));
  CHECK(!CALL(&world, sock_send, N(fd), N(LIST), N(1), N(0), N(OUT)));
  CHECK(wasi_get32(memory + OUT) == 8 && read(peer, text, 8) == 8);
  CHECK(CALL(&world, fd_pread, N(fd), N(LIST), N(1), N(0), N(OUT)) == WASI_ERRNO_SPIPE);
  CHECK(!CALL(&world, sock_shutdown, N(fd), N(WASI_SDFLAG_RD | WASI_SDFLAG_WR)));
  CHECK(read(peer, text, 1) == 0);
  close(peer);
  CHECK(CALL(&world, sock_send, N(fd), N(LIST), N(1), N(0), N(OUT)) == WASI_ERRNO_PIPE);
  CHECK(!CALL(&world, fd_close, N(fd)));
  CHECK(CALL(&world, sock_send, N(fd), N(LIST), N(1), N(0), N(OUT)) == WASI_ERRNO_BADF);
  CHECK(close_world(&world));
  report(good, "a connection: flags, bytes, its end");
}

static void test_arguments(void) {
  bool good = true;
  struct world world;
  uint32_t fd;
  open_world(&world);
  int peer = connect_peer();
  const uint32_t end = MODULE_BYTES;
  CHECK(CALL(&world, sock_accept, N(LISTENER), N(0), N(end - 3)) == WASI_ERRNO_FAULT);
  CHECK(CALL(&world, sock_accept, N(LISTENER), N(0x10000), N(OUT)) == WASI_ERRNO_INVAL);
  CHECK(CALL(&world, sock_accept, N(4), N(0), N(OUT)) == WASI_ERRNO_NOTSOCK);
  CHECK(!accept_peer(&world, 0, &fd)); /* none of these has taken it */
  CHECK(close_world(&world));
  close(peer);

  open_world(&world);
  peer = connect_peer();
  CHECK(!accept_peer(&world, 0, &fd));
  CHECK(CALL(&world, sock_accept, N(fd), N(0), N(OUT)) == WASI_ERRNO_INVAL);
  CHECK(CALL(&world, sock_recv, N(fd), N(LIST), N(1), N(0), N(end), N(FLAGS)) == WASI_ERRNO_FAULT);
  CHECK(CALL(&world, sock_recv, N(fd), N(LIST), N(1), N(0), N(OUT), N(end - 1)) ==
        WASI_ERRNO_FAULT);
  CHECK(CALL(&world, sock_recv, N(fd), N(end - 4), N(1), N(0), N(OUT), N(FLAGS)) ==
        WASI_ERRNO_FAULT);
  CHECK(CALL(&world, sock_send, N(fd), N(LIST), N(1), N(0), N(end)) == WASI_ERRNO_FAULT);
  wasi_put32(world.memory.base + LIST + 4, MODULE_BYTES);
  CHECK(CALL(&world, sock_send, N(fd), N(LIST), N(1), N(0), N(OUT)) == WASI_ERRNO_FAULT);
  /* Rights given away: reading by either name, then everything. */
  CHECK(!CALL(&world, fd_fdstat_set_rights, N(fd), N(WASI_RIGHT_FD_WRITE), N(0)));
  CHECK(CALL(&world, sock_recv, N(fd), N(LIST), N(1), N(0), N(OUT), N(FLAGS)) ==
        WASI_ERRNO_NOTCAPABLE);
  CHECK(CALL(&world, fd_read, N(fd), N(LIST), N(1), N(OUT)) == WASI_ERRNO_BADF);
  CHECK(CALL(&world, sock_shutdown, N(fd), N(WASI_SDFLAG_RD)) == WASI_ERRNO_NOTCAPABLE);
  CHECK(CALL(&world, fd_fdstat_set_flags, N(fd), N(0)) == WASI_ERRNO_NOTCAPABLE);
  close(peer);
  CHECK(close_world(&world));
  report(good, "arguments and rights");
}

/* A listener has no peer; flags that do not exist; what would have to wait. */
static void test_refused(void) {
  bool good = true;
  struct world world;
  uint32_t fd;
  open_world(&world);
  CHECK(CALL(&world, sock_recv, N(LISTENER), N(LIST), N(1), N(0), N(OUT), N(FLAGS)) ==
        WASI_ERRNO_NOTCONN);
  CHECK(CALL(&world, sock_send, N(LISTENER), N(LIST), N(1), N(0), N(OUT)) == WASI_ERRNO_NOTCONN);
  CHECK(CALL(&world, sock_shutdown, N(LISTENER), N(WASI_SDFLAG_WR)) == WASI_ERRNO_NOTCONN);
  CHECK(CALL(&world, fd_read, N(LISTENER), N(LIST), N(1), N(OUT)) == WASI_ERRNO_NOTCONN);
  CHECK(CALL(&world, fd_fdstat_set_flags, N(LISTENER), N(WASI_FDFLAG_SYNC)) == WASI_ERRNO_NOTSUP);
  CHECK(!CALL(&world, fd_fdstat_set_flags, N(LISTENER), N(WASI_FDFLAG_NONBLOCK)));
  CHECK(CALL(&world, sock_accept, N(LISTENER), N(0), N(OUT)) == WASI_ERRNO_AGAIN);
  int peer = connect_peer();
  CHECK(!accept_peer(&world, WASI_FDFLAG_NONBLOCK, &fd));
  CHECK(CALL(&world, sock_recv, N(fd), N(LIST), N(1), N(4), N(OUT), N(FLAGS)) == WASI_ERRNO_INVAL);
  CHECK(CALL(&world, sock_send, N(fd), N(LIST), N(1), N(1), N(OUT)) == WASI_ERRNO_INVAL);
  CHECK(CALL(&world, sock_shutdown, N(fd), N(0)) == WASI_ERRNO_INVAL);
  CHECK(CALL(&world, sock_shutdown, N(fd), N(4)) == WASI_ERRNO_INVAL);
  uint32_t error = 0;
  wasi_put32(world.memory.base + LIST + 4, 32768);
  while (!error)
    error = CALL(&world, sock_send, N(fd), N(LIST), N(1), N(0), N(OUT));
  CHECK(error == WASI_ERRNO_AGAIN);
  CHECK(CALL(&world, sock_send, N(fd), N(LIST), N(1), N(0), N(OUT)) == WASI_ERRNO_AGAIN);
  /* The other side breaks the connection off. */
  struct linger at_once = {1, 0};
  setsockopt(peer, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  close(peer);
  CHECK(!CALL(&world, fd_fdstat_set_flags, N(fd), N(0)));
  CHECK(CALL(&world, sock_recv, N(fd), N(LIST), N(1), N(0), N(OUT), N(FLAGS)) ==
        WASI_ERRNO_CONNRESET);
  CHECK(CALL(&world, fd_fdstat_set_rights, N(LISTENER), N(0), N(0)) == WASI_ERRNO_SUCCESS);
  CHECK(CALL(&world, sock_accept, N(LISTENER), N(0), N(OUT)) == WASI_ERRNO_NOTCAPABLE);
  CHECK(close_world(&world));
  report(good, "what is refused, and what would have to wait");
}

/* What the listener passes on is all that a connection gets. */
static void test_inheriting(void) {
  bool good = true;
  struct world world;
  uint32_t fd;
  open_world(&world);
  int peer = connect_peer();
  CHECK(!CALL(&world, fd_fdstat_set_rights, N(LISTENER), N(WASI_RIGHT_SOCK_ACCEPT),
              N(WASI_RIGHT_FD_READ)));
  CHECK(!accept_peer(&world, 0, &fd));
  CHECK(!CALL(&world, fd_fdstat_get, N(fd), N(BYTES)));
  CHECK(world.memory.base[BYTES] == WASI_FILETYPE_SOCKET_STREAM);
  CHECK(wasi_get64(world.memory.base + BYTES + WASI_FDSTAT_RIGHTS) == WASI_RIGHT_FD_READ);
  CHECK(wasi_get64(world.memory.base + BYTES + WASI_FDSTAT_INHERITING) == 0);
  CHECK(CALL(&world, sock_send, N(fd), N(LIST), N(1), N(0), N(OUT)) == WASI_ERRNO_NOTCAPABLE);
  close(peer);
  CHECK(close_world(&world));
  report(good, "a connection inherits what its listener passes on");
}

/* ---- Polls ----------------------------------------------------------------------------------- */

static void subscribe(struct world *world, uint32_t i, uint64_t userdata, uint8_t type,
                      uint32_t fd) {
  uint8_t *at = world->memory.base + IN + i * WASI_SUBSCRIPTION_SIZE;
  memset(at, 0, WASI_SUBSCRIPTION_SIZE);
  wasi_put64(at, userdata);
  at[WASI_SUBSCRIPTION_TAG] = type;
  wasi_put32(at + WASI_SUBSCRIPTION_FD, fd);
}

static uint32_t poll_all(struct world *world, uint32_t count) {
  return CALL(world, poll_oneoff, N(IN), N(EVENTS), N(count), N(OUT))
             ? UINT32_MAX
             : wasi_get32(world->memory.base + OUT);
}

static bool event_is(const struct world *world, uint32_t i, uint64_t userdata, uint64_t bytes,
                     uint16_t flags) {
  const uint8_t *at = world->memory.base + EVENTS + i * WASI_EVENT_SIZE;
  return wasi_get64(at) == userdata && !wasi_get16(at + WASI_EVENT_ERROR) &&
         wasi_get64(at + WASI_EVENT_BYTES) == bytes && wasi_get16(at + WASI_EVENT_FLAGS) == flags;
}

static void test_poll(void) {
  bool good = true;
  struct world world;
  uint32_t fds[2];
  int peers[2];
  open_world(&world);
  for (int i = 0; i < 2; i++) {
    peers[i] = connect_peer();
    CHECK(!accept_peer(&world, 0, &fds[i]));
  }
  /* The same connection often, in both directions, between others: each has its own event. */
  CHECK(write(peers[0], "12345", 5) == 5);
  for (uint32_t i = 0; i < 300; i += 3) {
    subscribe(&world, i, i, WASI_EVENT_FD_READ, fds[0]);
    subscribe(&world, i + 1, i + 1, WASI_EVENT_FD_READ, i % 2 ? fds[1] : LISTENER);
    subscribe(&world, i + 2, i + 2, WASI_EVENT_FD_WRITE, fds[1]);
  }
  CHECK(poll_all(&world, 300) == 200);
  for (uint32_t i = 0; i < 100; i++)
    CHECK(event_is(&world, 2 * i, 3 * i, 5, 0) && event_is(&world, 2 * i + 1, 3 * i + 2, 4096, 0));
  /* A listener with a connection; one that has ended; a stream and a deadline beside. */
  int third = connect_peer();
  close(peers[1]);
  subscribe(&world, 0, 10, WASI_EVENT_FD_READ, LISTENER);
  subscribe(&world, 1, 11, WASI_EVENT_FD_READ, fds[1]);
  subscribe(&world, 2, 12, WASI_EVENT_FD_READ, 0);
  subscribe(&world, 3, 13, WASI_EVENT_CLOCK, 0);
  wasi_put64(world.memory.base + IN + 3 * WASI_SUBSCRIPTION_SIZE + WASI_SUBSCRIPTION_TIMEOUT,
             UINT64_MAX);
  CHECK(poll_all(&world, 4) == 2);
  CHECK(event_is(&world, 0, 10, 1, 0) && event_is(&world, 1, 11, 0, WASI_EVENT_HANGUP));
  CHECK(write(world.input[1], "x", 1) == 1);
  CHECK(poll_all(&world, 4) == 3 && event_is(&world, 2, 12, 1, 0));
  /* A listener cannot be written to. */
  subscribe(&world, 0, 20, WASI_EVENT_FD_WRITE, LISTENER);
  CHECK(poll_all(&world, 1) == 1);
  CHECK(wasi_get16(world.memory.base + EVENTS + WASI_EVENT_ERROR) == WASI_ERRNO_BADF);
  close(peers[0]);
  close(third);
  CHECK(close_world(&world));
  report(good, "polls over listeners, connections, streams and clocks");
}

/* ---- Running out ----------------------------------------------------------------------------- */

/* The host has room for so many; then for memory that WASI does not get. */
static void test_exhausted(void) {
  bool good = true;
  struct world world;
  uint32_t fd, error = 0;
  int peers[WASI_POSIX_SOCKETS], made = 0;
  open_world(&world);
  while (!error) {
    peers[made++] = connect_peer();
    error = accept_peer(&world, 0, &fd);
  }
  CHECK(error == WASI_ERRNO_MFILE && made == WASI_POSIX_SOCKETS);
  CHECK(CALL(&world, sock_accept, N(LISTENER), N(0), N(OUT)) == WASI_ERRNO_MFILE);
  CHECK(!CALL(&world, fd_close, N(7)));
  CHECK(!accept_peer(&world, 0, &fd) && fd == 7); /* the last one was not lost */
  CHECK(write(peers[made - 1], "late", 4) == 4);
  CHECK(!CALL(&world, sock_recv, N(fd), N(LIST), N(1), N(0), N(OUT), N(FLAGS)));
  CHECK(!memcmp(world.memory.base + BYTES, "late", 4));
  while (made > 0)
    close(peers[--made]);
  CHECK(close_world(&world));

  open_world(&world);
  for (error = 0; !error; made++) { /* until the table would have to grow, and cannot */
    world.host.allocations_left = 0;
    peers[made] = connect_peer();
    error = accept_peer(&world, 0, &fd);
  }
  CHECK(error == WASI_ERRNO_NOMEM);
  CHECK(CALL(&world, sock_accept, N(LISTENER), N(0), N(OUT)) == WASI_ERRNO_NOMEM);
  world.host.allocations_left = -1;
  CHECK(!accept_peer(&world, 0, &fd));
  while (made > 0)
    close(peers[--made]);
  CHECK(close_world(&world));
  report(good, "nothing is lost when descriptors or memory run out");
}

int main(void) {
  printf("1..6\n");
  test_connection();
  test_arguments();
  test_refused();
  test_inheriting();
  test_poll();
  test_exhausted();
  return failures() != 0;
}
