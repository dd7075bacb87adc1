/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Streams, clocks, random bytes and memory of an ordinary process. */
#include "wasi/posix/posix.h"
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S 1000000000ull

static struct wasi_posix_host *host_of(struct wasi_host *host) {
  return (struct wasi_posix_host *)host;
}

/* As the monitor tells the guest at the start (ABI_STREAM_*). */
static enum wasi_stream_kind stream_kind(struct wasi_host *host, uint32_t stream) {
  int fd = host_of(host)->stdio[stream];
  struct stat status;
  if (fd < 0 || fstat(fd, &status))
    return WASI_STREAM_CLOSED;
  if (S_ISREG(status.st_mode))
    return WASI_STREAM_FILE;
  if (S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode))
    return WASI_STREAM_PIPE;
  return isatty(fd) ? WASI_STREAM_TERMINAL : WASI_STREAM_OTHER;
}

static int transfer_stream(struct wasi_host *host, uint32_t stream, const struct wasi_slice *slices,
                           size_t slice_count, size_t *count,
                           ssize_t (*transfer)(int, const struct iovec *, int)) {
  /* struct wasi_slice is struct iovec by another name. */
  _Static_assert(sizeof(struct wasi_slice) == sizeof(struct iovec), "slice layout");
  if (slice_count > IOV_MAX)
    return EINVAL;
  ssize_t moved;
  struct pollfd ready = {.fd = host_of(host)->stdio[stream], .events = stream ? POLLOUT : POLLIN};
  if (host_of(host)->nowait[stream] && poll(&ready, 1, 0) == 0)
    return EAGAIN;
  do
    moved = transfer(host_of(host)->stdio[stream], (const struct iovec *)slices, (int)slice_count);
  while (moved < 0 && errno == EINTR);
  if (moved < 0)
    return errno;
  *count = (size_t)moved;
  return 0;
}

static int stream_read(struct wasi_host *host, uint32_t stream, const struct wasi_slice *slices,
                       size_t slice_count, size_t *count) {
  return transfer_stream(host, stream, slices, slice_count, count, readv);
}

static int stream_write(struct wasi_host *host, uint32_t stream, const struct wasi_slice *slices,
                        size_t slice_count, size_t *count) {
  return transfer_stream(host, stream, slices, slice_count, count, writev);
}

static int stream_nowait(struct wasi_host *host, uint32_t stream, bool nowait) {
  host_of(host)->nowait[stream] = nowait;
  return 0;
}

/* ---- Streams that are files: by descriptor, as files are ---- */

static int stream_seek(struct wasi_host *host, uint32_t stream, int64_t offset, uint32_t whence,
                       uint64_t *place) {
  off_t at = lseek(host_of(host)->stdio[stream], offset, (int)whence);
  *place = (uint64_t)at;
  return at < 0 ? errno : 0;
}

static int stream_attr(struct wasi_host *host, uint32_t stream, struct wasi_attr *attr) {
  struct stat status;
  if (fstat(host_of(host)->stdio[stream], &status))
    return errno;
  wasi_posix_set_attr(attr, &status);
  return 0;
}

static int stream_sync(struct wasi_host *host, uint32_t stream, bool data_only) {
  int fd = host_of(host)->stdio[stream];
  return (data_only ? fdatasync(fd) : fsync(fd)) ? errno : 0;
}

static int stream_set_size(struct wasi_host *host, uint32_t stream, uint64_t size) {
  return ftruncate(host_of(host)->stdio[stream], (off_t)size) ? errno : 0;
}

static int stream_read_at(struct wasi_host *host, uint32_t stream, uint64_t offset,
                          const struct wasi_slice *slices, size_t slice_count, size_t *count) {
  ssize_t moved = preadv(host_of(host)->stdio[stream], (const struct iovec *)slices,
                         (int)slice_count, (off_t)offset);
  *count = (size_t)moved;
  return moved < 0 ? errno : 0;
}

static int stream_write_at(struct wasi_host *host, uint32_t stream, uint64_t offset,
                           const struct wasi_slice *slices, size_t slice_count, size_t *count) {
  ssize_t moved = pwritev(host_of(host)->stdio[stream], (const struct iovec *)slices,
                          (int)slice_count, (off_t)offset);
  *count = (size_t)moved;
  return moved < 0 ? errno : 0;
}

/* Woken by a signal: nothing is ready, and WASI waits again. */
static int wait_streams(struct wasi_host *host, uint64_t timeout_ns, uint32_t watch,
                        struct wasi_watch *sockets, size_t socket_count, uint32_t *ready,
                        uint64_t *bytes) {
  struct pollfd fds[3 + WASI_SOCKETS_MAX];
  for (uint32_t i = 0; i < 3; i++)
    fds[i] = (struct pollfd){.fd = watch >> i & 1 ? host_of(host)->stdio[i] : -1,
                             .events = i ? POLLOUT : POLLIN};
  wasi_posix_watch_sockets(host_of(host), sockets, socket_count, fds + 3);
  struct timespec timeout = {(time_t)(timeout_ns / NS_PER_S), (long)(timeout_ns % NS_PER_S)};
  *ready = 0;
  *bytes = 0;
  int count = ppoll(fds, 3 + socket_count, timeout_ns == WASI_WAIT_FOREVER ? NULL : &timeout, NULL);
  if (count < 0)
    return errno == EINTR ? 0 : errno;
  for (uint32_t i = 0; i < 3; i++)
    if (fds[i].fd >= 0 && fds[i].revents)
      *ready |= 1u << i;
  int readable = 0;
  if (*ready & 1 && !ioctl(host_of(host)->stdio[0], FIONREAD, &readable) && readable > 0)
    *bytes = (uint64_t)readable;
  wasi_posix_sockets_ready(sockets, socket_count, fds + 3);
  return 0;
}

static const clockid_t CLOCKS[] = {CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_PROCESS_CPUTIME_ID,
                                   CLOCK_THREAD_CPUTIME_ID};

static uint64_t nanoseconds(const struct timespec *time) {
  return (uint64_t)time->tv_sec * NS_PER_S + (uint64_t)time->tv_nsec;
}

static int read_clock(struct wasi_host *host, uint32_t id, uint64_t *now_ns) {
  struct timespec now;
  (void)host;
  if (clock_gettime(CLOCKS[id], &now))
    return errno;
  *now_ns = nanoseconds(&now);
  return 0;
}

static int clock_resolution(struct wasi_host *host, uint32_t id, uint64_t *ns) {
  struct timespec resolution;
  (void)host;
  if (clock_getres(CLOCKS[id], &resolution))
    return errno;
  *ns = nanoseconds(&resolution);
  return 0;
}

/* getrandom gives less than asked when interrupted or when much is asked. */
static int fill_random(struct wasi_host *host, void *bytes, size_t length) {
  (void)host;
  for (size_t done = 0; done < length;) {
    ssize_t got = getrandom((char *)bytes + done, length - done, 0);
    if (got < 0 && errno != EINTR)
      return errno;
    done += got > 0 ? (size_t)got : 0;
  }
  return 0;
}

static void *allocate(struct wasi_host *host, size_t size) {
  struct wasi_posix_host *posix = host_of(host);
  if (!posix->allocations_left)
    return NULL;
  if (posix->allocations_left > 0)
    posix->allocations_left--;
  void *address = malloc(size);
  posix->bytes_held += address ? size : 0;
  return address;
}

static void free_memory(struct wasi_host *host, void *address, size_t size) {
  host_of(host)->bytes_held -= size;
  free(address);
}

static const struct wasi_host_ops HOST_OPS = {
    .stream_kind = stream_kind,
    .stream_read = stream_read,
    .stream_write = stream_write,
    .stream_nowait = stream_nowait,
    .stream_seek = stream_seek,
    .stream_attr = stream_attr,
    .stream_sync = stream_sync,
    .stream_set_size = stream_set_size,
    .stream_read_at = stream_read_at,
    .stream_write_at = stream_write_at,
    .wait = wait_streams,
    .socket_accept = wasi_posix_accept,
    .socket_receive = wasi_posix_receive,
    .socket_send = wasi_posix_send,
    .socket_shutdown = wasi_posix_shutdown,
    .socket_close = wasi_posix_close,
    .clock = read_clock,
    .clock_resolution = clock_resolution,
    .random = fill_random,
    .allocate = allocate,
    .free = free_memory,
};

void wasi_posix_host_init(struct wasi_posix_host *host, const int stdio[3]) {
  *host = (struct wasi_posix_host){
      .host = {&HOST_OPS}, .stdio = {stdio[0], stdio[1], stdio[2]}, .allocations_left = -1};
  for (uint32_t i = 0; i < WASI_POSIX_SOCKETS; i++)
    host->sockets[i] = -1;
}
