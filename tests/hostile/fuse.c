/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* FUSE requests made by hand. */
#include "tests/hostile/fuse.h"

static enum share current_share;
static struct queue requests;

int32_t fuse_send(struct machine *m, uint32_t length, uint32_t room) {
  uint64_t physical = buffer_physical(m);
  uint16_t more = room ? ABI_VIRTQ_NEXT : 0;
  if (requests.desc == NULL)
    requests = open_queue(m, ABI_DEVICE_FS, current_share, ABI_FS_REQUEST_QUEUE);
  requests.desc[0] = (struct abi_virtq_desc){physical, length, more, 1};
  requests.desc[1] =
      (struct abi_virtq_desc){physical + FUSE_REPLY_OFFSET, room, ABI_VIRTQ_WRITE, 0};
  offer(m, &requests, 0);
  return -((struct fuse_out_header *)(buffer + FUSE_REPLY_OFFSET))->error;
}

int32_t fuse_ask(struct machine *m, uint32_t opcode, uint64_t node, uint32_t size) {
  uint32_t length = (uint32_t)sizeof(struct fuse_in_header) + size;
  *fuse_header() =
      (struct fuse_in_header){.len = length, .opcode = opcode, .unique = 1, .nodeid = node};
  return fuse_send(m, length, BUFFER_SIZE - FUSE_REPLY_OFFSET);
}

int32_t fuse_ask_bytes(struct machine *m, uint32_t opcode, uint64_t node, const char *bytes,
                       size_t size) {
  memcpy(fuse_body(), bytes, size);
  return fuse_ask(m, opcode, node, (uint32_t)size);
}

int32_t fuse_ask_name(struct machine *m, uint32_t opcode, uint64_t node, const char *name) {
  return fuse_ask_bytes(m, opcode, node, name, strlen(name) + 1);
}

int32_t fuse_open(struct machine *m, uint64_t node, uint32_t flags) {
  *(struct fuse_open_in *)fuse_body() = (struct fuse_open_in){.flags = flags};
  return fuse_ask(m, FUSE_OPEN, node, sizeof(struct fuse_open_in));
}

int32_t fuse_create(struct machine *m, const char *name) {
  *(struct fuse_create_in *)fuse_body() =
      (struct fuse_create_in){.flags = OPEN_BOTH | OPEN_CREATE, .mode = 0644};
  size_t size = strlen(name) + 1;
  memcpy((uint8_t *)fuse_body() + sizeof(struct fuse_create_in), name, size);
  return fuse_ask(m, FUSE_CREATE, FUSE_ROOT_ID, (uint32_t)(sizeof(struct fuse_create_in) + size));
}

void fuse_start(struct machine *m, enum share share) {
  current_share = share;
  *(struct fuse_init_in *)fuse_body() =
      (struct fuse_init_in){.major = FUSE_KERNEL_VERSION, .minor = FUSE_KERNEL_MINOR_VERSION};
  REQUIRE(m, fuse_ask(m, FUSE_INIT, 0, sizeof(struct fuse_init_in)) == 0);
}

uint64_t fuse_look_up(struct machine *m, const char *name) {
  REQUIRE(m, fuse_ask_name(m, FUSE_LOOKUP, FUSE_ROOT_ID, name) == 0);
  return ((const struct fuse_entry_out *)fuse_reply())->nodeid;
}
