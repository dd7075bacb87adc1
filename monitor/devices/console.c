/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* virtio-console with three ports (virtio 1.2, section 5.3): the module's standard streams.
 *
 * Bytes pass through untouched; a terminal keeps the modes it has. The descriptors are shared with
 * other processes, so they are never made non-blocking; a terminal is opened once more. Blocking is
 * done in ppoll only, where the signals that must be looked at are let in. The process ignores
 * SIGPIPE and SIGXFSZ. */
#include "monitor/devices/console.h"
#include "abi/doorbell.h"
#include "abi/virtqueue.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

/* Moved by one system call, so that a signal never waits long. */
#define STEP_BYTES (1u << 20)

static struct console *to_console(struct device *device) {
  return (struct console *)device;
}

/* Sleeps until the stream can be read or written. False: a signal came. Errors of the stream end
 * the wait too; the read or write that follows names them. */
static bool wait_ready(const struct console *console, const struct stream *stream, short events) {
  return device_wait_ready(console->device.host, stream->fd, events);
}

/* One read or write that never blocks for long: bytes moved, -1 with errno, EAGAIN when it would
 * block. Regular files do not block, and terminals are non-blocking where they could be opened once
 * more. Pipes and sockets know RWF_NOWAIT (pipes since Linux 6.4). What is left, older kernels, is
 * moved only when ppoll says it is ready, and written in portions that a ready pipe takes whole
 * (pipe(7), PIPE_BUF). */
static ssize_t move_now(struct stream *stream, bool write, struct iovec *pieces, int count) {
  if (stream->has_nowait) {
    ssize_t moved = write ? pwritev2(stream->fd, pieces, count, -1, RWF_NOWAIT)
                          : preadv2(stream->fd, pieces, count, -1, RWF_NOWAIT);
    if (moved >= 0 || (errno != EOPNOTSUPP && errno != ENOSYS))
      return moved;
    stream->has_nowait = false;
  }
  if (!stream->is_file && !stream->is_own) {
    struct pollfd poll = {.fd = stream->fd, .events = write ? POLLOUT : POLLIN};
    struct timespec none = {0, 0};
    if (ppoll(&poll, 1, &none, NULL) == 0) {
      errno = EAGAIN;
      return -1;
    }
    if (write) {
      count = 1;
      if (pieces->iov_len > PIPE_BUF)
        pieces->iov_len = PIPE_BUF;
    }
  }
  return write ? writev(stream->fd, pieces, count) : readv(stream->fd, pieces, count);
}

/* move_now, but waits while it would block, unless the guest does not want to. EINTR: a signal
 * came. */
static ssize_t move_bytes(struct console *console, struct stream *stream, bool write,
                          struct iovec *pieces, int count) {
  if (stream->fd < 0) {
    errno = EBADF;
    return -1;
  }
  if (count > IOV_MAX)
    count = IOV_MAX;
  for (;;) {
    ssize_t moved = move_now(stream, write, pieces, count);
    if (moved >= 0 || errno != EAGAIN || stream->nowait)
      return moved;
    if (console->device.hurried || !wait_ready(console, stream, write ? POLLOUT : POLLIN)) {
      errno = EINTR;
      return -1;
    }
  }
}

static enum device_result receive(struct device *device, uint32_t queue,
                                  const struct virtqueue_chain *chain, uint32_t *used,
                                  struct guest_fault *fault) {
  if (chain->readable_count > 0)
    return device_fault(fault, "virtio-console queue %u: a receive buffer is not writable", queue);
  struct console *console = to_console(device);
  struct iovec pieces[VIRTQUEUE_PIECES_MAX];
  int count = virtqueue_window(chain, true, 0, STEP_BYTES, pieces);
  ssize_t got = move_bytes(console, &console->streams[0], false, pieces, count);
  if (got < 0 && errno == EINTR)
    return DEVICE_INTERRUPTED;
  *used = got < 0 ? ABI_CONSOLE_ERROR | (uint32_t)errno : (uint32_t)got;
  return DEVICE_OK;
}

/* Sends one buffer whole, or what fits of it if the guest does not want to wait, going on where an
 * interruption stopped. */
static enum device_result transmit(struct console *console, struct stream *stream,
                                   const struct virtqueue_chain *chain, uint32_t *used) {
  while (stream->sent < chain->readable_bytes) {
    struct iovec pieces[VIRTQUEUE_PIECES_MAX];
    int count = virtqueue_window(chain, false, stream->sent, STEP_BYTES, pieces);
    ssize_t moved = move_bytes(console, stream, true, pieces, count);
    if (moved < 0 && errno == EINTR)
      return DEVICE_INTERRUPTED;
    if (moved < 0) {
      *used =
          stream->sent > 0 ? ABI_CONSOLE_SHORT | stream->sent : ABI_CONSOLE_ERROR | (uint32_t)errno;
      break;
    }
    stream->sent += (uint32_t)moved;
    if (stream->sent < chain->readable_bytes && device_interrupted(console->device.host))
      return DEVICE_INTERRUPTED;
  }
  stream->sent = 0;
  return DEVICE_OK;
}

static enum device_result send(struct device *device, uint32_t queue,
                               const struct virtqueue_chain *chain, uint32_t *used,
                               struct guest_fault *fault) {
  if (chain->writable_count > 0)
    return device_fault(fault, "virtio-console queue %u: a transmit buffer is writable", queue);
  if (chain->readable_bytes > ABI_CONSOLE_LENGTH)
    return device_fault(fault, "virtio-console queue %u: a buffer of %llu bytes is too long", queue,
                        (unsigned long long)chain->readable_bytes);
  struct console *console = to_console(device);
  return transmit(console, &console->streams[queue == ABI_CONSOLE_STDOUT_QUEUE ? 1 : 2], chain,
                  used);
}

static enum device_result notify_console(struct device *device, uint32_t queue,
                                         struct guest_fault *fault) {
  switch (queue) {
  case ABI_CONSOLE_STDIN_QUEUE:
    return virtqueue_serve(device, queue, receive, fault);
  case ABI_CONSOLE_STDOUT_QUEUE:
  case ABI_CONSOLE_STDERR_QUEUE:
    return virtqueue_serve(device, queue, send, fault);
  case ABI_CONSOLE_CONTROL_QUEUE:
    return virtqueue_serve(device, queue, console_control, fault);
  }
  return device_fault(fault, "virtio-console queue %u is not in use", queue);
}

uint64_t console_readable(struct device *console) {
  const struct stream *stream = &to_console(console)->streams[0];
  if (stream->is_file) {
    struct stat status;
    off_t at = lseek(stream->fd, 0, SEEK_CUR);
    if (at < 0 || fstat(stream->fd, &status) < 0)
      return 1;
    return status.st_size > at ? (uint64_t)(status.st_size - at) : 0;
  }
  int count;
  return ioctl(stream->fd, FIONREAD, &count) < 0 ? 1 : (uint64_t)count;
}

/* A closed stream is ready: the operation that follows says what is wrong. */
uint32_t console_watch(struct device *console, uint32_t watch,
                       struct pollfd polls[CONSOLE_STREAMS]) {
  uint32_t ready = 0;
  for (uint32_t i = 0; i < CONSOLE_STREAMS; i++) {
    bool watched = watch & (ABI_WAIT_STREAM0 << i);
    int fd = to_console(console)->streams[i].fd;
    if (watched && fd < 0)
      ready |= ABI_WAIT_STREAM0 << i;
    polls[i] = (struct pollfd){.fd = watched ? fd : -1, .events = i == 0 ? POLLIN : POLLOUT};
  }
  return ready;
}

static void destroy_console(struct device *device) {
  for (uint32_t i = 0; i < CONSOLE_STREAMS; i++)
    if (to_console(device)->streams[i].is_own)
      close(to_console(device)->streams[i].fd);
  free(device);
}

static const struct device_ops console_ops = {notify_console, destroy_console};

/* Another open file for the same terminal, whose modes are ours alone: a write to a terminal that
 * takes part of it waits for the rest otherwise, whatever ppoll said, with all signals shut out. -1
 * where that is not permitted, and for the master's side, which would become another terminal. */
static int reopen_terminal(int fd) {
  char path[32];
  unsigned number;
  int modes = fcntl(fd, F_GETFL);
  if (modes < 0 || ioctl(fd, TIOCGPTN, &number) == 0)
    return -1;
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  return open(path, (modes & O_ACCMODE) | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

/* Finds out what a stream is. A descriptor that is not open counts as closed. */
static uint32_t open_stream(struct stream *stream, int fd) {
  struct stat status;
  *stream = (struct stream){.fd = -1};
  if (fd < 0 || fstat(fd, &status) < 0)
    return ABI_STREAM_CLOSED;
  *stream = (struct stream){
      .fd = fd, .is_file = S_ISREG(status.st_mode), .has_nowait = !S_ISREG(status.st_mode)};
  if (S_ISREG(status.st_mode))
    return ABI_STREAM_FILE;
  if (S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode))
    return ABI_STREAM_PIPE;
  if (!isatty(fd))
    return ABI_STREAM_OTHER;
  int own = reopen_terminal(fd);
  if (own >= 0)
    *stream = (struct stream){.fd = own, .is_own = true};
  return ABI_STREAM_TERMINAL;
}

struct device *console_create(const struct device_host *host, const int stdio[3],
                              const char **error) {
  struct console *console = calloc(1, sizeof *console);
  if (!console) {
    *error = "no memory";
    return NULL;
  }
  console->device.ops = &console_ops;
  console->device.host = host;
  console->device.abi = (struct abi_device){
      .type = ABI_DEVICE_CONSOLE,
      .queue_count = ABI_CONSOLE_QUEUES,
      .features = ABI_FEATURE_VERSION_1 | ABI_FEATURE_CONSOLE_MULTIPORT | ABI_FEATURE_IN_ORDER};
  console->device.polled = console->device.quick = 1u << ABI_CONSOLE_STDOUT_QUEUE;
  for (uint32_t i = 0; i < CONSOLE_STREAMS; i++)
    console->device.abi.flags |= open_stream(&console->streams[i], stdio[i]) << (8 * i);
  return &console->device;
}
