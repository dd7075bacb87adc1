/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* More things with standard streams, as the first argument says; a failed check ends with status 1.
 *   copy N         reads N bytes from stdin and writes them to stdout at once
 *   large N        writes N MiB of a pattern with one call
 *   again          what non-blocking streams answer: stdin is a pipe or terminal that stays empty
 *                  until "again" was printed on stderr, stdout one that nobody reads until then
 *   seek           stdin is a file: its size, end, start and middle
 *   place          reads 4 bytes of stdin, leaves the rest to whoever comes next
 *   overwrite      stdout is a file for reading and writing, which is rewound and cut
 *   polls          stdin, a file and clocks in one poll, until stdin has ended
 *   keep           writes "kept" to eight files and keeps them open, for ever
 *   nap MS         sleeps so long
 *   clocks         deadlines on clocks that stand still */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <wasi/api.h>

#define CHECK(condition)                                                                           \
  do {                                                                                             \
    if (!(condition)) {                                                                            \
      fprintf(stderr, "line %d: not so: %s (errno %d)\n", __LINE__, #condition, errno);            \
      exit(1);                                                                                     \
    }                                                                                              \
  } while (0)

static int copy(size_t length) {
  char *bytes = malloc(length);
  for (size_t done = 0; done < length;) {
    ssize_t got = read(0, bytes + done, length - done);
    CHECK(got > 0);
    done += (size_t)got;
  }
  CHECK(write(1, bytes, length) == (ssize_t)length);
  return 0;
}

static int write_large(size_t length) {
  char *bytes = malloc(length);
  for (size_t i = 0; i < length; i++)
    bytes[i] = (char)(i % 251);
  CHECK(write(1, bytes, length) == (ssize_t)length);
  return 0;
}

static void set_nonblocking(int fd) {
  int flags = fcntl(fd, F_GETFL);
  CHECK(flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0);
  CHECK(fcntl(fd, F_GETFL) & O_NONBLOCK);
}

static int test_again(void) {
  static char bytes[1 << 20];
  size_t total = 0;
  ssize_t moved;
  set_nonblocking(0);
  set_nonblocking(1);
  CHECK(read(0, bytes, sizeof bytes) < 0 && errno == EAGAIN);
  memset(bytes, '.', sizeof bytes);
  struct pollfd polls[2] = {{.fd = 0, .events = POLLIN}, {.fd = 1, .events = POLLOUT}};
  do { /* a terminal moves bytes on by itself for a while */
    while ((moved = write(1, bytes, sizeof bytes)) > 0)
      total += (size_t)moved;
    CHECK(errno == EAGAIN && total > 0);
  } while (poll(polls, 2, 50) > 0 && !polls[0].revents);
  CHECK(!polls[0].revents);
  fprintf(stderr, "again %zu\n", total);
  CHECK(poll(polls, 1, -1) == 1 && polls[0].revents & POLLIN);
  CHECK(read(0, bytes, sizeof bytes) > 0);
  CHECK(poll(polls + 1, 1, -1) == 1 && polls[1].revents & POLLOUT);
  CHECK(write(1, "!", 1) == 1);
  return 0;
}

static int test_seek(void) {
  char text[8] = "";
  struct stat status;
  CHECK(!isatty(0) && fstat(0, &status) == 0 && S_ISREG(status.st_mode));
  CHECK(status.st_size == 1000000 && status.st_mtim.tv_sec > 0);
  CHECK(lseek(0, 0, SEEK_CUR) == 0 && lseek(0, -5, SEEK_END) == 999995);
  CHECK(read(0, text, 8) == 5 && memcmp(text, "tail\n", 5) == 0 && read(0, text, 8) == 0);
  CHECK(fseek(stdin, 0, SEEK_SET) == 0 && fread(text, 1, 5, stdin) == 5);
  CHECK(memcmp(text, "head\n", 5) == 0 && ftell(stdin) == 5);
  CHECK(pread(0, text, 5, 500000) == 5 && memcmp(text, "body\n", 5) == 0);
  CHECK(pread(0, text, 5, 1000000) == 0 && ftell(stdin) == 5);
  CHECK(lseek(0, -1, SEEK_SET) < 0 && errno == EINVAL);
  CHECK(ftruncate(0, 0) < 0);
  return 0;
}

static int test_place(void) {
  char text[4];
  CHECK(read(0, text, 4) == 4);
  CHECK(lseek(0, 2, SEEK_CUR) == 6);
  return write(1, text, 4) != 4;
}

static int test_overwrite(void) {
  CHECK(write(1, "0123456789", 10) == 10);
  CHECK(lseek(1, 2, SEEK_SET) == 2 && write(1, "ab", 2) == 2);
  CHECK(pwrite(1, "yz", 2, 6) == 2);
  CHECK(fsync(1) == 0 && ftruncate(1, 9) == 0);
  CHECK(lseek(1, 0, SEEK_END) == 9);
  return 0;
}

static int test_polls(void) {
  int file = open("file", O_RDWR | O_CREAT, 0666);
  CHECK(file >= 0 && write(file, "12345", 5) == 5 && lseek(file, 2, SEEK_SET) == 2);
  for (bool ended = false; !ended;) {
    /* Alone, stdin and a deadline; with the file, which never waits, at once. */
    struct pollfd polls[2] = {{.fd = 0, .events = POLLIN},
                              {.fd = file, .events = POLLIN | POLLOUT}};
    CHECK(poll(polls, 1, 3600 * 1000) == 1);
    CHECK(poll(polls, 2, 3600 * 1000) == 2 && polls[1].revents == (POLLIN | POLLOUT));
    char text[64];
    ssize_t got = read(0, text, sizeof text);
    CHECK(got >= 0);
    ended = got == 0;
    CHECK(!ended == !(polls[0].revents & POLLHUP));
    CHECK(printf("%.*s", (int)got, text) >= 0 && fflush(stdout) == 0);
  }
  return 0;
}

static int keep_files(void) {
  for (char name[] = "kept0"; name[4] < '8'; name[4]++) {
    int fd = open(name, O_WRONLY | O_CREAT, 0666);
    CHECK(fd >= 0 && write(fd, "kept", 4) == 4 && fsync(fd) == 0);
  }
  for (volatile unsigned turn = 0;; turn++)
    continue;
}

static int nap(long ms) {
  struct timespec time = {ms / 1000, ms % 1000 * 1000000};
  return nanosleep(&time, NULL) != 0;
}

/* POSIX has ENOTSUP for sleeping on a CPU-time clock (clock_nanosleep): while one sleeps, it does
 * not get on. Other subscriptions beside are not disturbed. */
static int test_clocks(void) {
  for (unsigned id = 2; id < 4; id++) {
    __wasi_subscription_t in[2] = {{.userdata = 1}, {.userdata = 2}};
    __wasi_event_t out[2];
    __wasi_size_t count;
    in[0].u.tag = in[1].u.tag = __WASI_EVENTTYPE_CLOCK;
    in[0].u.u.clock.id = id;
    in[1].u.u.clock.id = __WASI_CLOCKID_MONOTONIC;
    in[1].u.u.clock.timeout = 3600 * UINT64_C(1000000000);
    CHECK(__wasi_poll_oneoff(in, out, 2, &count) == 0 && count == 1);
    CHECK(out[0].userdata == 1 && out[0].error == __WASI_ERRNO_NOTSUP);
  }
  return 0;
}

int main(int argc, char **argv) {
  const char *what = argc > 1 ? argv[1] : "";
  size_t number = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;
  if (strcmp(what, "copy") == 0)
    return copy(number);
  if (strcmp(what, "large") == 0)
    return write_large(number << 20);
  if (strcmp(what, "again") == 0)
    return test_again();
  if (strcmp(what, "seek") == 0)
    return test_seek();
  if (strcmp(what, "place") == 0)
    return test_place();
  if (strcmp(what, "overwrite") == 0)
    return test_overwrite();
  if (strcmp(what, "polls") == 0)
    return test_polls();
  if (strcmp(what, "keep") == 0)
    return keep_files();
  if (strcmp(what, "nap") == 0)
    return nap((long)number);
  if (strcmp(what, "clocks") == 0)
    return test_clocks();
  return 2;
}
