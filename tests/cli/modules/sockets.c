/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Sockets of --listen, as the first argument says; failed checks end with their line as status.
 *   kinds     what descriptors 3 and 4 are, and what cannot be done with them
 *   echo      accepts one connection, sends back what comes until its end
 *   lines     accepts one connection, repeats what stdin and the peer say, as either says it, until
 *             both have ended
 *   peek      receives "hello" in several ways
 *   flood     sends 1 MiB pieces, never blocking, until the peer took 32 MiB
 *   hangup    waits for a connection to be reset
 *   many N    accepts N connections and holds them, then answers each with its turn */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <wasi/api.h>

#define CHECK(condition)                                                                           \
  do {                                                                                             \
    if (!(condition)) {                                                                            \
      fprintf(stderr, "line %d: not so: %s (errno %d)\n", __LINE__, #condition, errno);            \
      exit(1);                                                                                     \
    }                                                                                              \
  } while (0)

#define LISTENER 3

static int test_kinds(void) {
  __wasi_fdstat_t stat;
  __wasi_filestat_t file;
  __wasi_filesize_t place;
  __wasi_size_t moved;
  __wasi_roflags_t flags;
  __wasi_fd_t fd;
  char byte;
  __wasi_iovec_t in = {(uint8_t *)&byte, 1};
  __wasi_ciovec_t out = {(uint8_t *)&byte, 1};
  CHECK(__wasi_fd_fdstat_get(LISTENER, &stat) == 0);
  CHECK(stat.fs_filetype == __WASI_FILETYPE_SOCKET_STREAM && stat.fs_flags == 0);
  CHECK(stat.fs_rights_base & __WASI_RIGHTS_SOCK_ACCEPT);
  CHECK(stat.fs_rights_inheriting & __WASI_RIGHTS_FD_WRITE);
  CHECK(__wasi_fd_filestat_get(LISTENER, &file) == 0);
  CHECK(file.filetype == __WASI_FILETYPE_SOCKET_STREAM);
  CHECK(!isatty(LISTENER));
  CHECK(__wasi_fd_seek(LISTENER, 0, __WASI_WHENCE_CUR, &place) == __WASI_ERRNO_SPIPE);
  CHECK(__wasi_fd_read(LISTENER, &in, 1, &moved) == __WASI_ERRNO_NOTCONN);
  CHECK(__wasi_fd_write(LISTENER, &out, 1, &moved) == __WASI_ERRNO_BADF);
  CHECK(__wasi_sock_recv(LISTENER, &in, 1, 0, &moved, &flags) == __WASI_ERRNO_NOTCONN);
  CHECK(__wasi_sock_send(LISTENER, &out, 1, 0, &moved) == __WASI_ERRNO_NOTCONN);
  CHECK(__wasi_sock_shutdown(LISTENER, __WASI_SDFLAGS_WR) == __WASI_ERRNO_NOTCONN);
  CHECK(__wasi_fd_sync(LISTENER) == __WASI_ERRNO_NOTCAPABLE);
  CHECK(__wasi_sock_accept(LISTENER, __WASI_FDFLAGS_APPEND, &fd) == __WASI_ERRNO_INVAL);
  CHECK(__wasi_sock_accept(0, 0, &fd) == __WASI_ERRNO_NOTSOCK);
  /* Behind the sockets stand the directories. */
  __wasi_prestat_t prestat;
  CHECK(__wasi_fd_prestat_get(LISTENER, &prestat) == 0);
  CHECK(prestat.tag != __WASI_PREOPENTYPE_DIR);
  CHECK(__wasi_fd_prestat_dir_name(LISTENER, (uint8_t *)&byte, 1) == __WASI_ERRNO_BADF);
  CHECK(__wasi_fd_fdstat_get(4, &stat) == 0);
  CHECK(stat.fs_filetype == __WASI_FILETYPE_SOCKET_STREAM);
  CHECK(__wasi_fd_prestat_get(5, &prestat) == 0);
  CHECK(access("file", F_OK) == 0);
  /* Nobody has come: a socket that must not wait says so, and a poll ends with its time. */
  CHECK(fcntl(LISTENER, F_SETFL, O_NONBLOCK) == 0);
  CHECK(accept(LISTENER, NULL, NULL) < 0 && errno == EAGAIN);
  struct pollfd polls[2] = {{.fd = LISTENER, .events = POLLIN}, {.fd = 4, .events = POLLIN}};
  CHECK(poll(polls, 2, 20) == 0);
  CHECK(__wasi_fd_fdstat_set_flags(LISTENER, __WASI_FDFLAGS_SYNC) == __WASI_ERRNO_NOTSUP);
  /* A right given away is gone, and what a listener does not pass on a connection does not have. */
  CHECK(__wasi_fd_fdstat_set_rights(4, 0, 0) == 0);
  CHECK(__wasi_sock_accept(4, 0, &fd) == __WASI_ERRNO_NOTCAPABLE);
  CHECK(close(LISTENER) == 0 && __wasi_sock_accept(LISTENER, 0, &fd) == __WASI_ERRNO_BADF);
  return 0;
}

static int accept_one(void) {
  int fd = accept(LISTENER, NULL, NULL);
  CHECK(fd > LISTENER);
  return fd;
}

static void send_all(int fd, const char *bytes, size_t length) {
  ssize_t sent = send(fd, bytes, length, 0);
  CHECK(sent == (ssize_t)length);
}

static int test_echo(void) {
  static char bytes[100000];
  int fd = accept_one();
  ssize_t got;
  while ((got = read(fd, bytes, sizeof bytes)) > 0)
    send_all(fd, bytes, (size_t)got);
  CHECK(got == 0);
  CHECK(shutdown(fd, SHUT_WR) == 0);
  CHECK(send(fd, "x", 1, 0) < 0 && errno == EPIPE);
  CHECK(close(fd) == 0);
  return 0;
}

static int test_lines(void) {
  const char *names[2] = {"stdin", "peer"};
  struct pollfd polls[2] = {{.fd = 0, .events = POLLIN}, {.fd = accept_one(), .events = POLLIN}};
  for (nfds_t open = 2; open > 0;) {
    CHECK(poll(polls, open, -1) > 0);
    for (nfds_t i = open; i-- > 0;) {
      char line[256];
      if (!polls[i].revents)
        continue;
      ssize_t got = read(polls[i].fd, line, sizeof line);
      CHECK(got >= 0 && (got > 0 || polls[i].revents & POLLHUP));
      printf("%s: %.*s", names[i], got ? (int)got : 4, got ? line : "end\n");
      fflush(stdout);
      if (got == 0) {
        polls[i] = polls[--open];
        names[i] = names[open];
      }
    }
  }
  return 0;
}

static int test_peek(void) {
  char text[16] = "";
  __wasi_size_t moved;
  __wasi_roflags_t flags = 77;
  int fd = accept_one();
  CHECK(recv(fd, text, 2, MSG_PEEK) == 2 && memcmp(text, "he", 2) == 0);
  CHECK(recv(fd, text, 3, MSG_WAITALL) == 3 && memcmp(text, "hel", 3) == 0);
  __wasi_iovec_t pieces[2] = {{(uint8_t *)text, 1}, {(uint8_t *)text + 1, 1}};
  CHECK(__wasi_sock_recv(fd, pieces, 2, __WASI_RIFLAGS_RECV_WAITALL, &moved, &flags) == 0);
  CHECK(moved == 2 && flags == 0 && memcmp(text, "lo", 2) == 0);
  CHECK(__wasi_sock_recv(fd, pieces, 2, 4, &moved, &flags) == __WASI_ERRNO_INVAL);
  __wasi_ciovec_t out = {(uint8_t *)text, 2};
  CHECK(__wasi_sock_send(fd, &out, 1, 1, &moved) == __WASI_ERRNO_INVAL);
  CHECK(__wasi_sock_shutdown(fd, 0) == __WASI_ERRNO_INVAL);
  CHECK(__wasi_sock_shutdown(fd, 4) == __WASI_ERRNO_INVAL);
  CHECK(fcntl(fd, F_SETFL, O_NONBLOCK) == 0);
  CHECK(recv(fd, text, 1, 0) < 0 && errno == EAGAIN);
  CHECK(recv(fd, text, 0, 0) == 0);
  /* Another number for the same connection; the old one is free. */
  CHECK(__wasi_fd_renumber(fd, 0) == 0);
  send_all(0, "seen", 4);
  CHECK(send(fd, "x", 1, 0) < 0 && errno == EBADF);
  return 0;
}

static int test_flood(void) {
  static char bytes[1 << 20];
  size_t total = 0, short_ones = 0;
  int fd = accept4(LISTENER, NULL, NULL, SOCK_NONBLOCK);
  CHECK(fd > LISTENER);
  while (total < 32u << 20) {
    struct pollfd wait = {.fd = fd, .events = POLLOUT};
    size_t left = (32u << 20) - total;
    for (size_t i = 0; i < sizeof bytes; i++)
      bytes[i] = (char)('a' + (total + i) % 26);
    ssize_t sent = send(fd, bytes, left < sizeof bytes ? left : sizeof bytes, 0);
    if (sent < 0) {
      CHECK(errno == EAGAIN && poll(&wait, 1, -1) == 1 && wait.revents & POLLOUT);
      continue;
    }
    short_ones += sent < (ssize_t)sizeof bytes;
    total += (size_t)sent;
  }
  CHECK(short_ones > 0);
  return 0;
}

static int test_hangup(void) {
  char byte;
  int fd = accept_one();
  puts("accepted");
  fflush(stdout);
  struct pollfd wait = {.fd = fd, .events = POLLIN};
  CHECK(poll(&wait, 1, -1) == 1);
  CHECK(wait.revents & POLLHUP);
  CHECK(recv(fd, &byte, 1, 0) < 0 && errno == ECONNRESET);
  return 0;
}

static int test_many(int count) {
  int *fds = calloc((size_t)count, sizeof *fds);
  for (int i = 0; i < count; i++) {
    fds[i] = accept_one();
    CHECK(fds[i] == LISTENER + 1 + i);
  }
  for (int i = 0; i < count; i++) {
    char text[16];
    send_all(fds[i], text, (size_t)snprintf(text, sizeof text, "%d\n", i));
    close(fds[i]);
  }
  return 0;
}

int main(int argc, char **argv) {
  const char *what = argc > 1 ? argv[1] : "";
  if (strcmp(what, "kinds") == 0)
    return test_kinds();
  if (strcmp(what, "echo") == 0)
    return test_echo();
  if (strcmp(what, "lines") == 0)
    return test_lines();
  if (strcmp(what, "peek") == 0)
    return test_peek();
  if (strcmp(what, "flood") == 0)
    return test_flood();
  if (strcmp(what, "hangup") == 0)
    return test_hangup();
  if (strcmp(what, "many") == 0 && argc == 3)
    return test_many(atoi(argv[2]));
  return 2;
}
