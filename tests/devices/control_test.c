/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What standard streams do beside reading and writing (abi/streams.h): the driver against the
 * device, and guests that break the rules. */
#include "abi/streams.h"
#include "tests/devices/harness.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* A console on three descriptors. */
struct streams {
  struct harness h;
  struct console *console;
  uint8_t *buffer; /* where pages are scattered */
};

static void streams_open(struct streams *s, int in, int out, int err) {
  const char *error;
  int stdio[3] = {in, out, err};
  harness_open(&s->h);
  harness_scatter(&s->h);
  struct device *device = console_create(&s->h.host, stdio, &error);
  s->console = console_open(&s->h.machine, &s->h.boot, harness_add(&s->h, device));
  s->buffer = s->h.linear + 16 * PAGE + 7;
}

static struct wasi_slice text_at(struct streams *s, const char *text) {
  memcpy(s->buffer, text, strlen(text));
  return (struct wasi_slice){s->buffer, strlen(text)};
}

static int make_file(const char *text) {
  int fd = memfd_create("file", MFD_CLOEXEC);
  if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
    exit(99);
  lseek(fd, 0, SEEK_SET);
  return fd;
}

static void test_file(void) {
  struct streams s;
  int in = make_file("0123456789"), out = make_file("");
  uint64_t place;
  size_t count;
  struct wasi_attr attr;
  streams_open(&s, in, out, -1);
  test("a file's place: moved, asked for, shared with the host");
  EXPECT_EQUAL(console_seek(s.console, 0, -3, 2, &place), 0);
  EXPECT_EQUAL(place, 7);
  EXPECT_EQUAL(lseek(in, 0, SEEK_CUR), 7);
  struct wasi_slice slice = {s.buffer, 100};
  EXPECT_EQUAL(console_read(s.console, &slice, 1, &count), 0);
  EXPECT_EQUAL(count, 3);
  EXPECT_EQUAL(console_seek(s.console, 0, 0, 1, &place), 0);
  EXPECT_EQUAL(place, 10);
  EXPECT_EQUAL(console_seek(s.console, 0, -1, 0, &place), EINVAL);
  EXPECT_EQUAL(console_seek(s.console, 0, INT64_MIN, 1, &place), EINVAL);

  test("attributes, and reading at a place");
  EXPECT_EQUAL(console_stat(s.console, 0, &attr), 0);
  EXPECT_EQUAL(attr.size, 10);
  EXPECT_EQUAL(attr.mode & 0170000, 0100000);
  EXPECT_EQUAL(console_read_at(s.console, 0, 4, &slice, 1, &count), 0);
  EXPECT_EQUAL(count, 6);
  EXPECT_EQUAL(memcmp(s.buffer, "456789", 6), 0);
  EXPECT_EQUAL(console_read_at(s.console, 0, 1ull << 63, &slice, 1, &count), EINVAL);
  EXPECT_EQUAL(console_read_at(s.console, 1, 0, &slice, 1, &count), 0);
  EXPECT_EQUAL(count, 0);

  test("writing at a place, cutting, synchronising");
  slice = text_at(&s, "abcdef");
  EXPECT_EQUAL(console_write(s.console, 1, &slice, 1, &count), 0);
  slice = text_at(&s, "xy");
  EXPECT_EQUAL(console_write_at(s.console, 1, 2, &slice, 1, &count), 0);
  EXPECT_EQUAL(count, 2);
  EXPECT_EQUAL(console_set_size(s.console, 1, 5), 0);
  EXPECT_EQUAL(console_set_size(s.console, 1, UINT64_MAX), EINVAL);
  EXPECT_EQUAL(console_sync(s.console, 1, false), 0);
  EXPECT_EQUAL(console_sync(s.console, 1, true), 0);
  char text[16] = "";
  EXPECT_EQUAL(pread(out, text, sizeof text, 0), 5);
  EXPECT_EQUAL(memcmp(text, "abxye", 5), 0);

  test("3 MiB at a place, through scattered memory");
  const size_t size = 3u << 20;
  for (size_t i = 0; i < size; i++)
    s.buffer[i] = (uint8_t)(i % 251);
  slice = (struct wasi_slice){s.buffer, size};
  EXPECT_EQUAL(console_write_at(s.console, 1, 100, &slice, 1, &count), 0);
  EXPECT_EQUAL(count, size);
  memset(s.buffer, 0xff, size);
  EXPECT_EQUAL(console_read_at(s.console, 1, 100, &slice, 1, &count), 0);
  EXPECT_EQUAL(count, size);
  uint64_t wrong = 0;
  for (size_t i = 0; i < size; i++)
    wrong += s.buffer[i] != (uint8_t)(i % 251);
  EXPECT_EQUAL(wrong, 0);

  test("a closed stream has nothing of this");
  EXPECT_EQUAL(console_seek(s.console, 2, 0, 0, &place), EBADF);
  harness_close(&s.h);
  close(in), close(out);
}

static void test_pipe(void) {
  struct streams s;
  int in[2], out[2];
  uint64_t place;
  size_t count;
  struct wasi_attr attr;
  if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0)
    exit(99);
  streams_open(&s, in[0], out[1], -1);
  struct wasi_slice slice = {s.buffer, 4096};
  test("a pipe has no place, attributes or size");
  EXPECT_EQUAL(console_seek(s.console, 0, 0, 1, &place), ESPIPE);
  EXPECT_EQUAL(console_stat(s.console, 1, &attr), ESPIPE);
  EXPECT_EQUAL(console_set_size(s.console, 1, 0), ESPIPE);
  EXPECT_EQUAL(console_sync(s.console, 1, false), ESPIPE);
  EXPECT_EQUAL(console_read_at(s.console, 0, 0, &slice, 1, &count), ESPIPE);

  test("nowait: a read of nothing, a write of what fits; then as before");
  EXPECT_EQUAL(console_set_nowait(s.console, 0, true), 0);
  EXPECT_EQUAL(console_read(s.console, &slice, 1, &count), EAGAIN);
  EXPECT_EQUAL(write(in[1], "abc", 3), 3);
  EXPECT_EQUAL(console_read(s.console, &slice, 1, &count), 0);
  EXPECT_EQUAL(count, 3);
  close(in[1]);
  EXPECT_EQUAL(console_read(s.console, &slice, 1, &count), 0);
  EXPECT_EQUAL(count, 0);
  EXPECT_EQUAL(console_set_nowait(s.console, 1, true), 0);
  slice.length = 1u << 20;
  EXPECT_EQUAL(console_write(s.console, 1, &slice, 1, &count), 0);
  EXPECT(count > 0 && count < slice.length);
  size_t total = count;
  while (console_write(s.console, 1, &slice, 1, &count) == 0)
    total += count;
  EXPECT_EQUAL(console_write(s.console, 1, &slice, 1, &count), EAGAIN);
  while (total > 0)
    total -= (size_t)read(out[0], s.h.linear, total);
  EXPECT_EQUAL(console_set_nowait(s.console, 1, false), 0);
  slice.length = 5;
  EXPECT_EQUAL(console_write(s.console, 1, &slice, 1, &count), 0);
  EXPECT_EQUAL(count, 5);
  EXPECT_EQUAL(fcntl(out[1], F_GETFL) & O_NONBLOCK, 0); /* others use it too */
  harness_close(&s.h);
  close(in[0]), close(out[0]), close(out[1]);
}

static void ignore_alarm(int signal) {
  (void)signal;
}

/* The signal is blocked and pending, as a deadline's would be. */
static void test_terminal(void) {
  struct streams s;
  struct guest_fault fault;
  test("a terminal that nobody reads: signals get through, no byte is lost");
  int master = posix_openpt(O_RDWR | O_NOCTTY);
  if (master < 0 || grantpt(master) < 0 || unlockpt(master) < 0) {
    skip("this host gives no pseudo-terminals");
    return;
  }
  unsigned before = count_descriptors();
  int slave = open(ptsname(master), O_RDWR | O_NOCTTY);
  streams_open(&s, slave, slave, slave);
  const uint32_t size = 300000;
  const uint64_t at = HEAP_AT + (1u << 20);
  memset(physical_bytes(&s.h, at, size), '.', size);
  raw_set(&s.h, 0, ABI_CONSOLE_STDOUT_QUEUE, 0, at, size, 0, 0);
  raw_offer(&s.h, 0, ABI_CONSOLE_STDOUT_QUEUE, 0);
  enum device_result result;
  size_t heard = 0;
  unsigned interruptions = 0;
  do {
    raise(SIGALRM);
    result = raw_notify(&s.h, 0, ABI_CONSOLE_STDOUT_QUEUE, &fault);
    interruptions += result == DEVICE_INTERRUPTED;
    static char screen[8192];
    if (result == DEVICE_INTERRUPTED)
      heard += (size_t)read(master, screen, sizeof screen);
  } while (result == DEVICE_INTERRUPTED);
  EXPECT_EQUAL(result, DEVICE_OK);
  EXPECT(interruptions > 0);
  sigset_t none; /* the last one found nothing to interrupt */
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  while (heard < size) {
    static char screen[8192];
    heard += (size_t)read(master, screen, sizeof screen);
  }
  EXPECT_EQUAL(heard, size);
  EXPECT_EQUAL(fcntl(slave, F_GETFL) & O_NONBLOCK, 0);
  harness_close(&s.h);
  close(slave);
  EXPECT_EQUAL(count_descriptors(), before);
  close(master);
}

/* ---- Hostile --------------------------------------------------------------------------------- */

#define RAW_AT (HEAP_AT + (1u << 20))
#define RAW_REPLY_AT (RAW_AT + 4096)

struct hostile_case {
  const char *name;
  struct abi_stream_request request;
  uint32_t request_bytes, reply_bytes;
  const char *reason;
};

static const struct hostile_case hostile_cases[] = {
    {"a request cut short", {0}, 23, 80, "23 bytes are no request"},
    {"an unknown operation", {.operation = 7}, 24, 80, "operation 7 does not exist"},
    {"an absurd operation", {.operation = UINT32_MAX}, 24, 80, "does not exist"},
    {"a reply cut short", {0}, 24, 79, "NOWAIT: no room for the reply"},
    {"a stream that does not exist", {.stream = 3}, 24, 80, "stream 3 does not exist"},
    {"an absurd stream", {.stream = 0x80000000u}, 24, 80, "does not exist"},
    {"an unknown argument", {.argument = 2}, 24, 80, "NOWAIT: unknown argument 2"},
    {"an unknown whence", {.operation = 1, .argument = 3}, 24, 80, "SEEK: unknown argument 3"},
    {"a reserved field", {.reserved = 9}, 24, 80, "unknown argument 0, 9"},
    {"bytes behind a request without", {.operation = 2}, 25, 80, "STAT: with 1 bytes to write"},
    {"room behind a reply without", {.operation = 4}, 30, 81, "WRITE_AT: with 6 bytes to write"},
    {"room outside memory", {.operation = 3}, 24, MEMORY_BYTES, "outside memory"},
};

static void test_hostile(void) {
  for (size_t i = 0; i < sizeof hostile_cases / sizeof hostile_cases[0]; i++) {
    const struct hostile_case *c = &hostile_cases[i];
    const uint32_t queue = ABI_CONSOLE_CONTROL_QUEUE;
    struct guest_fault fault = {""};
    struct streams s;
    test(c->name);
    streams_open(&s, -1, -1, -1);
    memcpy(physical_bytes(&s.h, RAW_AT, sizeof c->request), &c->request, sizeof c->request);
    raw_set(&s.h, 0, queue, 0, RAW_AT, c->request_bytes, ABI_VIRTQ_NEXT, 1);
    raw_set(&s.h, 0, queue, 1, RAW_REPLY_AT, c->reply_bytes, ABI_VIRTQ_WRITE, 0);
    raw_offer(&s.h, 0, queue, 0);
    EXPECT_EQUAL(raw_notify(&s.h, 0, queue, &fault), DEVICE_GUEST_FAULT);
    if (!EXPECT(strstr(fault.text, c->reason) != NULL))
      printf("# the reason is: %s\n", fault.text);
    EXPECT_EQUAL(raw_used(&s.h, 0, queue)->index, 0);
    harness_close(&s.h);
  }
}

int main(void) {
  sigset_t alarm;
  signal(SIGPIPE, SIG_IGN);
  struct sigaction action = {.sa_handler = ignore_alarm};
  sigaction(SIGALRM, &action, NULL);
  sigemptyset(&alarm);
  sigaddset(&alarm, SIGALRM);
  sigprocmask(SIG_BLOCK, &alarm, NULL);
  test_file();
  test_pipe();
  test_hostile();
  test_terminal(); /* lets the signal in at its end */
  return finish();
}
