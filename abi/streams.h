/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What our console does with the standard streams beside virtio-console's reading and writing:
 * requests on its control transmit queue (ABI_CONSOLE_CONTROL_QUEUE). Readable, a struct
 * abi_stream_request, then WRITE_AT's bytes; writable, a struct abi_stream_reply, then READ_AT's
 * room. Served synchronously.
 *
 * A stream that is a regular file (ABI_STREAM_FILE) has a place, which is the host's own: it is
 * shared with whoever else has the file open, before and after the module. Other streams answer
 * ESPIPE to all but NOWAIT. */
#ifndef ABI_STREAMS_H
#define ABI_STREAMS_H

#include <stdint.h>

/* number, name */
#define ABI_STREAM_OPERATIONS(X)                                                                   \
  X(0, NOWAIT)   /* argument 1: reads and writes that would wait answer EAGAIN; 0: they wait */    \
  X(1, SEEK)     /* to offset, counted as lseek does for whence `argument`; value: the place */    \
  X(2, STAT)     /* attributes */                                                                  \
  X(3, READ_AT)  /* value: bytes; the place stays */                                               \
  X(4, WRITE_AT) /* value: bytes */                                                                \
  X(5, SYNC)     /* argument 1: data only */                                                       \
  X(6, SET_SIZE) /* to offset */

enum abi_stream_operation {
#define X(number, name) ABI_STREAM_##name = number,
  ABI_STREAM_OPERATIONS(X)
#undef X
      ABI_STREAM_OPERATION_COUNT
};

struct abi_stream_request {
  uint32_t operation; /* enum abi_stream_operation */
  uint32_t stream;    /* 0, 1, 2 */
  uint64_t offset;
  uint32_t argument;
  uint32_t reserved; /* 0 */
};

/* STAT: as fuse_attr has it. */
struct abi_stream_attributes {
  uint64_t dev, ino, size, nlink;
  uint64_t atime_ns, mtime_ns, ctime_ns;
  uint32_t mode;
  uint32_t reserved;
};

struct abi_stream_reply {
  uint32_t error; /* 0 or a Linux errno */
  uint32_t reserved;
  uint64_t value;
  struct abi_stream_attributes attributes;
};

_Static_assert(sizeof(struct abi_stream_request) == 24, "abi_stream_request layout");
_Static_assert(sizeof(struct abi_stream_attributes) == 64, "abi_stream_attributes layout");
_Static_assert(sizeof(struct abi_stream_reply) == 80, "abi_stream_reply layout");

#endif
