/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the standard streams can do beside reading and writing (abi/streams.h): not wait, and what
 * regular files can. */
#include "abi/streams.h"
#include "monitor/devices/console.h"
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Moved by one request; the guest asks again for the rest. */
#define MOVE_BYTES (1u << 20)

#define FAULT(fault, ...) device_fault(fault, "virtio-console control: " __VA_ARGS__)

static const char *const operation_names[ABI_STREAM_OPERATION_COUNT] = {
#define X(number, name) [number] = #name,
    ABI_STREAM_OPERATIONS(X)
#undef X
};

/* A request whose framing has been checked. */
struct control {
  struct abi_stream_request said;
  const struct virtqueue_chain *chain;
  struct stream *stream;
};

static uint64_t nanoseconds(struct timespec time) {
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static int describe(const struct control *control, struct abi_stream_attributes *attributes) {
  struct stat status;
  if (fstat(control->stream->fd, &status) < 0)
    return -1;
  *attributes = (struct abi_stream_attributes){.dev = status.st_dev,
                                               .ino = status.st_ino,
                                               .size = (uint64_t)status.st_size,
                                               .nlink = status.st_nlink,
                                               .atime_ns = nanoseconds(status.st_atim),
                                               .mtime_ns = nanoseconds(status.st_mtim),
                                               .ctime_ns = nanoseconds(status.st_ctim),
                                               .mode = status.st_mode};
  return 0;
}

/* Regular files do not block, so no signal waits for long. */
static int64_t move_at(const struct control *control) {
  bool write = control->said.operation == ABI_STREAM_WRITE_AT;
  uint64_t before = write ? sizeof(struct abi_stream_request) : sizeof(struct abi_stream_reply);
  struct iovec pieces[VIRTQUEUE_PIECES_MAX];
  int count = virtqueue_window(control->chain, !write, before, MOVE_BYTES, pieces);
  if (count > IOV_MAX)
    count = IOV_MAX;
  int fd = control->stream->fd;
  off_t offset = (off_t)control->said.offset;
  return write ? pwritev(fd, pieces, count, offset) : preadv(fd, pieces, count, offset);
}

/* The operation's value, or -1 with errno. */
static int64_t serve_control(struct control *control, struct abi_stream_reply *reply) {
  struct stream *stream = control->stream;
  const struct abi_stream_request *said = &control->said;
  if (said->operation == ABI_STREAM_NOWAIT) {
    stream->nowait = said->argument;
    return 0;
  }
  if (!stream->is_file) {
    errno = stream->fd < 0 ? EBADF : ESPIPE;
    return -1;
  }
  switch (said->operation) {
  case ABI_STREAM_SEEK:
    return lseek(stream->fd, (off_t)said->offset, (int)said->argument);
  case ABI_STREAM_STAT:
    return describe(control, &reply->attributes);
  case ABI_STREAM_SYNC:
    return said->argument ? fdatasync(stream->fd) : fsync(stream->fd);
  case ABI_STREAM_SET_SIZE:
    return ftruncate(stream->fd, (off_t)said->offset);
  default:
    return move_at(control);
  }
}

/* The largest argument of each operation; whence: SEEK_SET, SEEK_CUR, SEEK_END. */
static const uint32_t largest_argument[ABI_STREAM_OPERATION_COUNT] = {
    [ABI_STREAM_NOWAIT] = 1, [ABI_STREAM_SEEK] = SEEK_END, [ABI_STREAM_SYNC] = 1};

/* Copies the request out and checks its framing as a whole. */
static enum device_result read_control(struct console *console, const struct virtqueue_chain *chain,
                                       struct control *control, struct guest_fault *fault) {
  struct abi_stream_request *said = &control->said;
  if (virtqueue_copy_in(chain, 0, said, sizeof *said) != sizeof *said)
    return FAULT(fault, "%llu bytes are no request", (unsigned long long)chain->readable_bytes);
  if (said->operation >= ABI_STREAM_OPERATION_COUNT)
    return FAULT(fault, "operation %u does not exist", said->operation);
  const char *name = operation_names[said->operation];
  if (chain->writable_bytes < sizeof(struct abi_stream_reply))
    return FAULT(fault, "%s: no room for the reply", name);
  if (said->stream >= CONSOLE_STREAMS)
    return FAULT(fault, "%s: stream %u does not exist", name, said->stream);
  if (said->argument > largest_argument[said->operation] || said->reserved)
    return FAULT(fault, "%s: unknown argument %u, %u", name, said->argument, said->reserved);
  uint64_t behind = chain->readable_bytes - sizeof *said;
  uint64_t room = chain->writable_bytes - sizeof(struct abi_stream_reply);
  if ((behind && said->operation != ABI_STREAM_WRITE_AT) ||
      (room && said->operation != ABI_STREAM_READ_AT))
    return FAULT(fault, "%s: with %llu bytes to write and room for %llu", name,
                 (unsigned long long)behind, (unsigned long long)room);
  control->chain = chain;
  control->stream = &console->streams[said->stream];
  return DEVICE_OK;
}

enum device_result console_control(struct device *device, uint32_t queue,
                                   const struct virtqueue_chain *chain, uint32_t *used,
                                   struct guest_fault *fault) {
  (void)queue;
  struct control control;
  struct abi_stream_reply reply = {0};
  enum device_result result = read_control((struct console *)device, chain, &control, fault);
  if (result != DEVICE_OK)
    return result;
  int64_t value = serve_control(&control, &reply);
  if (value < 0)
    reply.error = (uint32_t)errno;
  else
    reply.value = (uint64_t)value;
  virtqueue_copy_out(chain, 0, &reply, sizeof reply);
  *used = sizeof reply + (control.said.operation == ABI_STREAM_READ_AT ? (uint32_t)reply.value : 0);
  return DEVICE_OK;
}
