/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* FUSE requests made by hand. The request lies at the start of `buffer`, the reply behind it. */
#ifndef TESTS_HOSTILE_FUSE_H
#define TESTS_HOSTILE_FUSE_H

#include "tests/hostile/hostile.h"
#include <linux/fuse.h>

#define FUSE_REPLY_OFFSET 8192u

/* Flags of open as Linux has them on x86_64, aarch64 and riscv64 (asm-generic/fcntl.h). */
#define OPEN_READ 0u
#define OPEN_WRITE 1u
#define OPEN_BOTH 2u
#define OPEN_CREATE 0100u
#define OPEN_TRUNCATE 01000u

/* The nth virtio-fs device. */
enum share { SHARED, READ_ONLY };

static inline struct fuse_in_header *fuse_header(void) {
  return (struct fuse_in_header *)buffer;
}

static inline void *fuse_body(void) {
  return buffer + sizeof(struct fuse_in_header);
}

static inline const void *fuse_reply(void) {
  return buffer + FUSE_REPLY_OFFSET + sizeof(struct fuse_out_header);
}

/* All return the errno of the answer, 0 for success. */

/* Sends `length` bytes as they lie in the buffer, with `room` bytes for the reply. */
int32_t fuse_send(struct machine *m, uint32_t length, uint32_t room);
/* Fills in the header for a body of `size` bytes and sends all. */
int32_t fuse_ask(struct machine *m, uint32_t opcode, uint64_t node, uint32_t size);
/* The same for a body of these bytes; of a name with its NUL. */
int32_t fuse_ask_bytes(struct machine *m, uint32_t opcode, uint64_t node, const char *bytes,
                       size_t size);
int32_t fuse_ask_name(struct machine *m, uint32_t opcode, uint64_t node, const char *name);
int32_t fuse_open(struct machine *m, uint64_t node, uint32_t flags);
int32_t fuse_create(struct machine *m, const char *name);

/* INIT, on this share from now on. Must succeed. */
void fuse_start(struct machine *m, enum share share);
/* The node of a name in the share's root. Must succeed. */
uint64_t fuse_look_up(struct machine *m, const char *name);

#endif
