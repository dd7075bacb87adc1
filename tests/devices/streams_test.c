/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Console and entropy: drivers against devices, over pipes, files and terminals of the host. */
#include "abi/doorbell.h"
#include "tests/devices/harness.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

/* A console on three descriptors. */
struct streams {
  struct harness h;
  struct console *console;
  uint8_t *buffer;
};

static void streams_open(struct streams *s, int in, int out, int err) {
  const char *error;
  int stdio[3] = {in, out, err};
  harness_open(&s->h);
  harness_scatter(&s->h);
  struct device *device = console_create(&s->h.host, stdio, &error);
  s->console = console_open(&s->h.machine, &s->h.boot, harness_add(&s->h, device));
  s->buffer = s->h.linear + 16 * PAGE; /* where pages are scattered */
}

static void streams_close(struct streams *s) {
  harness_close(&s->h);
}

static void make_pipe(int ends[2]) {
  if (pipe2(ends, O_CLOEXEC) < 0)
    exit(99);
}

static int read_some(struct streams *s, size_t size, size_t *count) {
  struct wasi_slice slice = {s->buffer, size};
  return console_read(s->console, &slice, 1, count);
}

static int write_text(struct streams *s, uint32_t stream, const char *text, size_t *count) {
  struct wasi_slice slice = {s->buffer, strlen(text)};
  memcpy(s->buffer, text, slice.length);
  return console_write(s->console, stream, &slice, 1, count);
}

/* Doorbell WAIT, as far as it concerns streams. */
static enum device_result wait_for(struct device *console, uint64_t timeout_ns, uint32_t watch,
                                   uint32_t *ready, uint64_t *bytes) {
  struct guest_fault fault;
  struct device_wait wait = {.deadline_ns = device_deadline(timeout_ns), .streams = watch};
  enum device_result result = device_wait(console, NULL, &wait, &fault);
  *ready = wait.ready;
  *bytes = wait.bytes;
  return result;
}

/* ---- Reading -----------------------------------------------------------------------------------
 */

static void test_stdin(void) {
  struct streams s;
  int ends[2];
  size_t count;
  make_pipe(ends);
  streams_open(&s, ends[0], -1, -1);
  test("stdin from a pipe: what is there, then the end");
  EXPECT_EQUAL(write(ends[1], "first", 5), 5);
  EXPECT_EQUAL(read_some(&s, 3, &count), 0);
  EXPECT_EQUAL(count, 3);
  EXPECT_EQUAL(memcmp(s.buffer, "fir", 3), 0);
  EXPECT_EQUAL(read_some(&s, 100, &count), 0);
  EXPECT_EQUAL(count, 2);
  EXPECT_EQUAL(read_some(&s, 0, &count), 0);
  EXPECT_EQUAL(count, 0);
  struct wasi_slice slices[3] = {{s.buffer + 5, 2}, {s.buffer + 10000, 0}, {s.buffer + 4094, 4}};
  EXPECT_EQUAL(write(ends[1], "abcdef", 6), 6);
  EXPECT_EQUAL(console_read(s.console, slices, 3, &count), 0);
  EXPECT_EQUAL(count, 6);
  EXPECT_EQUAL(memcmp(s.buffer + 5, "ab", 2), 0);
  EXPECT_EQUAL(memcmp(s.buffer + 4094, "cdef", 4), 0);
  close(ends[1]);
  EXPECT_EQUAL(read_some(&s, 100, &count), 0);
  EXPECT_EQUAL(count, 0);
  EXPECT_EQUAL(read_some(&s, 100, &count), 0);
  EXPECT_EQUAL(count, 0);
  streams_close(&s);
  close(ends[0]);

  test("stdin that is closed, a directory, a non-blocking pipe");
  streams_open(&s, -1, -1, -1);
  EXPECT_EQUAL(read_some(&s, 100, &count), EBADF);
  streams_close(&s);
  int fd = open("/tmp", O_RDONLY | O_DIRECTORY);
  streams_open(&s, fd, -1, -1);
  EXPECT_EQUAL(read_some(&s, 100, &count), EISDIR);
  streams_close(&s);
  close(fd);
  if (pipe2(ends, O_NONBLOCK) < 0 || write(ends[1], "x", 1) != 1)
    exit(99);
  streams_open(&s, ends[0], -1, -1);
  EXPECT_EQUAL(read_some(&s, 100, &count), 0);
  EXPECT_EQUAL(count, 1);
  streams_close(&s);
  close(ends[0]), close(ends[1]);
}

static void test_stdin_file(void) {
  struct streams s;
  size_t count, total = 0;
  uint64_t sum = 0;
  test("stdin from a file of 3 MiB");
  int fd = memfd_create("input", MFD_CLOEXEC);
  for (unsigned i = 0; i < 3u << 20; i += 4)
    if (write(fd, &i, 4) != 4)
      exit(99);
  lseek(fd, 0, SEEK_SET);
  streams_open(&s, fd, -1, -1);
  for (;;) {
    EXPECT_EQUAL(read_some(&s, 1u << 20, &count), 0);
    if (count == 0)
      break;
    for (size_t i = 0; i < count; i += 4)
      sum += *(uint32_t *)(s.buffer + i) != total + i;
    total += count;
  }
  EXPECT_EQUAL(total, 3u << 20);
  EXPECT_EQUAL(sum, 0);
  streams_close(&s);
  close(fd);
}

/* ---- Writing -----------------------------------------------------------------------------------
 */

struct drain {
  int fd;
  size_t total;
  uint64_t wrong;
};

static void *drain_pipe(void *context) {
  struct drain *drain = context;
  uint8_t bytes[10007];
  ssize_t got;
  while ((got = read(drain->fd, bytes, sizeof bytes)) > 0) {
    for (ssize_t i = 0; i < got; i++)
      drain->wrong += bytes[i] != (uint8_t)((drain->total + (size_t)i) % 251);
    drain->total += (size_t)got;
  }
  return NULL;
}

static void test_stdout(void) {
  struct streams s;
  int out[2], err[2];
  size_t count;
  char text[16] = "";
  make_pipe(out);
  make_pipe(err);
  streams_open(&s, -1, out[1], err[1]);
  test("stdout and stderr go their own ways");
  EXPECT_EQUAL(write_text(&s, 1, "to out", &count), 0);
  EXPECT_EQUAL(count, 6);
  EXPECT_EQUAL(write_text(&s, 2, "to err", &count), 0);
  EXPECT_EQUAL(read(out[0], text, sizeof text), 6);
  EXPECT_EQUAL(memcmp(text, "to out", 6), 0);
  EXPECT_EQUAL(read(err[0], text, sizeof text), 6);
  EXPECT_EQUAL(memcmp(text, "to err", 6), 0);
  EXPECT_EQUAL(write_text(&s, 1, "", &count), 0);
  EXPECT_EQUAL(count, 0);
  EXPECT_EQUAL(write_text(&s, 0, "x", &count), EINVAL);
  EXPECT_EQUAL(write_text(&s, 3, "x", &count), EINVAL);

  test("4 MiB of scattered memory through a pipe, whole and in order");
  struct drain drain = {.fd = out[0]};
  pthread_t thread;
  const size_t size = 4u << 20;
  for (size_t i = 0; i < size; i++)
    s.buffer[i] = (uint8_t)(i % 251);
  pthread_create(&thread, NULL, drain_pipe, &drain);
  struct wasi_slice slices[2] = {{s.buffer, 1234567}, {s.buffer + 1234567, size - 1234567}};
  EXPECT_EQUAL(console_write(s.console, 1, slices, 2, &count), 0);
  EXPECT_EQUAL(count, size);
  close(out[1]);
  pthread_join(thread, NULL);
  EXPECT_EQUAL(drain.total, size);
  EXPECT_EQUAL(drain.wrong, 0);
  streams_close(&s);
  close(out[0]);

  test("nobody reads: EPIPE");
  close(err[0]);
  streams_open(&s, -1, -1, err[1]);
  EXPECT_EQUAL(write_text(&s, 2, "x", &count), EPIPE);
  EXPECT_EQUAL(write_text(&s, 2, "x", &count), EPIPE);
  test("a closed stream: EBADF");
  EXPECT_EQUAL(write_text(&s, 1, "x", &count), EBADF);
  streams_close(&s);
  close(err[1]);
}

static void test_full(void) {
  struct streams s;
  size_t count;
  test("a full device: ENOSPC");
  int fd = open("/dev/full", O_WRONLY);
  streams_open(&s, -1, fd, -1);
  EXPECT_EQUAL(write_text(&s, 1, "x", &count), ENOSPC);
  streams_close(&s);
  close(fd);

  test("a write that fits in part says so, the next one says why");
  struct rlimit old, limit;
  getrlimit(RLIMIT_FSIZE, &old);
  limit = old;
  limit.rlim_cur = 100000;
  fd = memfd_create("output", MFD_CLOEXEC);
  streams_open(&s, -1, fd, -1);
  struct wasi_slice slice = {s.buffer, 150000};
  setrlimit(RLIMIT_FSIZE, &limit);
  EXPECT_EQUAL(console_write(s.console, 1, &slice, 1, &count), 0);
  EXPECT_EQUAL(count, 100000);
  EXPECT_EQUAL(console_write(s.console, 1, &slice, 1, &count), EFBIG);
  setrlimit(RLIMIT_FSIZE, &old);
  streams_close(&s);
  close(fd);
}

static void test_terminal(void) {
  struct streams s;
  size_t count;
  char text[64] = "";
  test("a terminal: lines in, bytes out");
  int master = posix_openpt(O_RDWR | O_NOCTTY);
  if (master < 0 || grantpt(master) < 0 || unlockpt(master) < 0) {
    skip("this host gives no pseudo-terminals");
    return;
  }
  int slave = open(ptsname(master), O_RDWR | O_NOCTTY);
  streams_open(&s, slave, slave, -1);
  EXPECT_EQUAL(s.h.boot.devices[0].flags,
               ABI_STREAM_TERMINAL | ABI_STREAM_TERMINAL << 8 | ABI_STREAM_CLOSED << 16);
  EXPECT_EQUAL(write(master, "a line\nand", 10), 10);
  EXPECT_EQUAL(read_some(&s, 100, &count), 0);
  EXPECT_EQUAL(count, 7);
  EXPECT_EQUAL(memcmp(s.buffer, "a line\n", 7), 0);
  EXPECT(read(master, text, sizeof text) > 0); /* the echo */
  EXPECT_EQUAL(write_text(&s, 1, "prompt", &count), 0);
  EXPECT_EQUAL(count, 6);
  EXPECT_EQUAL(read(master, text, sizeof text), 6);
  EXPECT_EQUAL(memcmp(text, "prompt", 6), 0);
  streams_close(&s);
  close(slave);
  close(master);
}

static void test_kinds(void) {
  struct streams s;
  int ends[2];
  test("what the guest is told of its streams");
  make_pipe(ends);
  int file = memfd_create("f", MFD_CLOEXEC), null = open("/dev/null", O_RDWR);
  streams_open(&s, file, ends[1], null);
  EXPECT_EQUAL(s.h.boot.devices[0].flags,
               ABI_STREAM_FILE | ABI_STREAM_PIPE << 8 | ABI_STREAM_OTHER << 16);
  EXPECT_EQUAL(s.h.boot.devices[0].queue_count, ABI_CONSOLE_QUEUES);
  size_t count;
  EXPECT_EQUAL(write_text(&s, 2, "into the void", &count), 0);
  EXPECT_EQUAL(count, 13);
  streams_close(&s);
  close(file), close(null), close(ends[0]);
  streams_open(&s, file, ends[1], null);
  EXPECT_EQUAL(s.h.boot.devices[0].flags & 0xff00ff, 0);
  streams_close(&s);
  close(ends[1]);
}

/* ---- Signals -----------------------------------------------------------------------------------
 */

static volatile sig_atomic_t alarms;

static void count_alarm(int signal) {
  (void)signal;
  alarms++;
}

/* The signal is blocked and pending before the device blocks, as a deadline's would be. */
static void test_interrupted(void) {
  struct streams s;
  struct guest_fault fault;
  int in[2], out[2];
  make_pipe(in);
  make_pipe(out);
  streams_open(&s, in[0], out[1], -1);
  test("a signal interrupts a blocked read; the read goes on");
  raw_set(&s.h, 0, 0, 5, HEAP_AT, 100, ABI_VIRTQ_WRITE, 0);
  raw_offer(&s.h, 0, 0, 5);
  raise(SIGALRM);
  EXPECT_EQUAL(raw_notify(&s.h, 0, 0, &fault), DEVICE_INTERRUPTED);
  EXPECT_EQUAL(alarms, 1);
  EXPECT_EQUAL(raw_used(&s.h, 0, 0)->index, 0);
  EXPECT_EQUAL(write(in[1], "late", 4), 4);
  EXPECT_EQUAL(raw_notify(&s.h, 0, 0, &fault), DEVICE_OK);
  EXPECT_EQUAL(raw_used(&s.h, 0, 0)->index, 1);
  EXPECT_EQUAL(raw_used(&s.h, 0, 0)->ring[0].id, 5);
  EXPECT_EQUAL(raw_used(&s.h, 0, 0)->ring[0].length, 4);
  EXPECT_EQUAL(memcmp(physical_bytes(&s.h, HEAP_AT, 4), "late", 4), 0);

  test("a signal interrupts a blocked write; no byte is lost or doubled");
  const uint32_t size = 200000; /* more than a pipe holds */
  uint8_t *bytes = physical_bytes(&s.h, HEAP_AT, size);
  for (uint32_t i = 0; i < size; i++)
    bytes[i] = (uint8_t)(i % 251);
  raw_set(&s.h, 0, 5, 0, HEAP_AT, size, 0, 0);
  raw_offer(&s.h, 0, 5, 0);
  raise(SIGALRM);
  EXPECT_EQUAL(raw_notify(&s.h, 0, 5, &fault), DEVICE_INTERRUPTED);
  EXPECT_EQUAL(raw_used(&s.h, 0, 5)->index, 0);
  struct drain drain = {.fd = out[0]};
  pthread_t thread;
  pthread_create(&thread, NULL, drain_pipe, &drain);
  EXPECT_EQUAL(raw_notify(&s.h, 0, 5, &fault), DEVICE_OK);
  EXPECT_EQUAL(raw_used(&s.h, 0, 5)->ring[0].length, 0);
  close(out[1]);
  pthread_join(thread, NULL);
  EXPECT_EQUAL(drain.total, size);
  EXPECT_EQUAL(drain.wrong, 0);

  test("a signal interrupts a wait, and the work between two buffers");
  uint32_t ready;
  uint64_t available;
  raise(SIGALRM);
  EXPECT_EQUAL(wait_for(s.h.devices[0], UINT64_MAX, ABI_WAIT_STREAM0, &ready, &available),
               DEVICE_INTERRUPTED);
  EXPECT_EQUAL(write(in[1], "ab", 2), 2);
  for (uint16_t i = 0; i < 2; i++) {
    raw_set(&s.h, 0, 0, i, HEAP_AT + i, 1, ABI_VIRTQ_WRITE, 0);
    raw_offer(&s.h, 0, 0, i);
  }
  raise(SIGALRM);
  EXPECT_EQUAL(raw_notify(&s.h, 0, 0, &fault), DEVICE_INTERRUPTED);
  EXPECT_EQUAL(raw_used(&s.h, 0, 0)->index, 2);
  EXPECT_EQUAL(raw_notify(&s.h, 0, 0, &fault), DEVICE_OK);
  EXPECT_EQUAL(raw_used(&s.h, 0, 0)->index, 3);
  EXPECT_EQUAL(memcmp(physical_bytes(&s.h, HEAP_AT, 2), "ab", 2), 0);
  streams_close(&s);
  close(in[0]), close(in[1]), close(out[0]);
}

/* ---- Waiting -----------------------------------------------------------------------------------
 */

static void test_wait(void) {
  struct streams s;
  int in[2], out[2];
  uint32_t ready;
  uint64_t bytes;
  make_pipe(in);
  make_pipe(out);
  streams_open(&s, in[0], out[1], -1);
  struct device *console = s.h.devices[0];
  test("wait: nothing, a deadline, bytes, the end, a closed stream");
  EXPECT_EQUAL(wait_for(console, 0, ABI_WAIT_STREAM0, &ready, &bytes), DEVICE_OK);
  EXPECT_EQUAL(ready, 0);
  EXPECT_EQUAL(wait_for(console, 1, 0, &ready, &bytes), DEVICE_OK);
  EXPECT_EQUAL(ready, 0);
  EXPECT_EQUAL(wait_for(console, UINT64_MAX, ABI_WAIT_STREAM0 | ABI_WAIT_STREAM1, &ready, &bytes),
               DEVICE_OK);
  EXPECT_EQUAL(ready, ABI_WAIT_STREAM1);
  EXPECT_EQUAL(write(in[1], "12345", 5), 5);
  EXPECT_EQUAL(wait_for(console, UINT64_MAX, ABI_WAIT_STREAM0, &ready, &bytes), DEVICE_OK);
  EXPECT_EQUAL(ready, ABI_WAIT_STREAM0);
  EXPECT_EQUAL(bytes, 5);
  EXPECT_EQUAL(wait_for(console, UINT64_MAX, ABI_WAIT_STREAM2, &ready, &bytes), DEVICE_OK);
  EXPECT_EQUAL(ready, ABI_WAIT_STREAM2);
  char text[8];
  EXPECT_EQUAL(read(in[0], text, sizeof text), 5);
  close(in[1]);
  EXPECT_EQUAL(wait_for(console, UINT64_MAX, ABI_WAIT_STREAM0, &ready, &bytes), DEVICE_OK);
  EXPECT_EQUAL(ready, ABI_WAIT_STREAM0);
  EXPECT_EQUAL(bytes, 0);
  streams_close(&s);
  close(in[0]), close(out[0]), close(out[1]);

  test("wait on a file counts what is left");
  int fd = memfd_create("f", MFD_CLOEXEC);
  EXPECT_EQUAL(write(fd, "1234567890", 10), 10);
  lseek(fd, 4, SEEK_SET);
  streams_open(&s, fd, -1, -1);
  EXPECT_EQUAL(wait_for(s.h.devices[0], UINT64_MAX, ABI_WAIT_STREAM0, &ready, &bytes), DEVICE_OK);
  EXPECT_EQUAL(ready, ABI_WAIT_STREAM0);
  EXPECT_EQUAL(bytes, 6);
  streams_close(&s);
  close(fd);
}

/* ---- Entropy -----------------------------------------------------------------------------------
 */

static void test_rng(void) {
  struct harness h;
  const char *error;
  harness_open(&h);
  harness_scatter(&h);
  struct device *device = rng_create(&h.host, &error);
  struct rng *rng = rng_open(&h.machine, &h.boot, harness_add(&h, device));
  test("random bytes fill every length, and differ");
  uint8_t *a = h.linear + 20 * PAGE + 1, *b = h.linear + 200 * PAGE;
  const size_t size = 300001;
  memset(h.linear, 0, LINEAR_BYTES);
  EXPECT_EQUAL(rng_read(rng, a, size), 0);
  EXPECT_EQUAL(rng_read(rng, b, size), 0);
  EXPECT(memcmp(a, b, size) != 0);
  size_t zero_runs = 0;
  for (size_t i = 0; i + 16 <= size; i += 16)
    zero_runs += memcmp(a + i, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16) == 0;
  EXPECT_EQUAL(zero_runs, 0);
  EXPECT_EQUAL(a[-1] | a[size] | b[-1] | b[size], 0);
  EXPECT_EQUAL(rng_read(rng, a, 0), 0);
  EXPECT_EQUAL(rng_read(rng, &rng, 8), EFAULT);
  test("drivers refuse devices of another type");
  EXPECT(rng_open(&h.machine, &h.boot, 1) == NULL);
  EXPECT(console_open(&h.machine, &h.boot, 0) == NULL);
  EXPECT(fuse_open(&h.machine, &h.boot, 0, NULL) == NULL);
  harness_close(&h);
}

int main(void) {
  sigset_t alarm;
  signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN);
  struct sigaction action = {.sa_handler = count_alarm};
  sigaction(SIGALRM, &action, NULL);
  sigemptyset(&alarm);
  sigaddset(&alarm, SIGALRM);
  sigprocmask(SIG_BLOCK, &alarm, NULL);
  test_stdin();
  test_stdin_file();
  test_stdout();
  test_full();
  test_terminal();
  test_kinds();
  test_interrupted();
  test_wait();
  test_rng();
  return finish();
}
