/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Attacks on the file server: FUSE requests (linux/fuse.h) that our driver never makes. */
#include "tests/hostile/hostile.h"
#include <linux/fuse.h>

#define OPEN_CREATE 0100 /* O_CREAT of Linux on x86_64, aarch64 and riscv64 */
#define REPLY_OFFSET 8192u

/* The shared directory and the one that is read-only: the nth virtio-fs device. */
enum share { SHARED, READ_ONLY };

static enum share current_share;
static struct queue requests;

/* ---- Requests ---- */

/* The request lies at the start of `buffer`, the reply at REPLY_OFFSET. */
static struct fuse_in_header *header(void) {
  return (struct fuse_in_header *)buffer;
}

static void *body(void) {
  return buffer + sizeof(struct fuse_in_header);
}

static void *reply(void) {
  return buffer + REPLY_OFFSET + sizeof(struct fuse_out_header);
}

/* Sends `length` bytes as they lie in the buffer, with `room` bytes for the reply. Returns the
 * errno of the answer, 0 for success. */
static int32_t send(struct machine *m, uint32_t length, uint32_t room) {
  uint64_t physical = buffer_physical(m);
  uint16_t more = room ? ABI_VIRTQ_NEXT : 0;
  if (requests.desc == NULL)
    requests = open_queue(m, ABI_DEVICE_FS, current_share, ABI_FS_REQUEST_QUEUE);
  requests.desc[0] = (struct abi_virtq_desc){physical, length, more, 1};
  requests.desc[1] = (struct abi_virtq_desc){physical + REPLY_OFFSET, room, ABI_VIRTQ_WRITE, 0};
  offer(m, &requests, 0);
  return -((struct fuse_out_header *)(buffer + REPLY_OFFSET))->error;
}

/* Fills in the header for a body of `size` bytes and sends all. */
static int32_t ask(struct machine *m, uint32_t opcode, uint64_t node, uint32_t size) {
  uint32_t length = (uint32_t)sizeof(struct fuse_in_header) + size;
  *header() = (struct fuse_in_header){.len = length, .opcode = opcode, .unique = 1, .nodeid = node};
  return send(m, length, BUFFER_SIZE - REPLY_OFFSET);
}

/* A body that is one name, `size` bytes of it. */
static int32_t ask_name(struct machine *m, uint32_t opcode, uint64_t node, const char *name,
                        size_t size) {
  memcpy(body(), name, size);
  return ask(m, opcode, node, (uint32_t)size);
}

/* As a name wants it: with its NUL. */
static int32_t ask_text(struct machine *m, uint32_t opcode, uint64_t node, const char *name) {
  return ask_name(m, opcode, node, name, strlen(name) + 1);
}

static void start(struct machine *m, enum share share) {
  current_share = share;
  *(struct fuse_init_in *)body() =
      (struct fuse_init_in){.major = FUSE_KERNEL_VERSION, .minor = FUSE_KERNEL_MINOR_VERSION};
  REQUIRE(m, ask(m, FUSE_INIT, 0, sizeof(struct fuse_init_in)) == 0);
}

static uint64_t look_up(struct machine *m, const char *name) {
  REQUIRE(m, ask_text(m, FUSE_LOOKUP, FUSE_ROOT_ID, name) == 0);
  return ((struct fuse_entry_out *)reply())->nodeid;
}

static int32_t open_node(struct machine *m, uint64_t node, uint32_t flags) {
  *(struct fuse_open_in *)body() = (struct fuse_open_in){.flags = flags};
  return ask(m, FUSE_OPEN, node, sizeof(struct fuse_open_in));
}

static int32_t create(struct machine *m, const char *name) {
  *(struct fuse_create_in *)body() =
      (struct fuse_create_in){.flags = 2 | OPEN_CREATE, .mode = 0644};
  size_t size = strlen(name) + 1;
  memcpy((uint8_t *)body() + sizeof(struct fuse_create_in), name, size);
  return ask(m, FUSE_CREATE, FUSE_ROOT_ID, (uint32_t)(sizeof(struct fuse_create_in) + size));
}

/* ---- Framing ---- */

void attack_fuse_header_truncated(struct machine *m) {
  send(m, sizeof(struct fuse_in_header) - 1, 256);
}

void attack_fuse_header_length_too_long(struct machine *m) {
  *header() = (struct fuse_in_header){.len = UINT32_MAX, .opcode = FUSE_GETATTR, .nodeid = 1};
  send(m, 56, 256);
}

void attack_fuse_header_length_too_short(struct machine *m) {
  *header() = (struct fuse_in_header){.len = 0, .opcode = FUSE_GETATTR, .nodeid = 1};
  send(m, 56, 256);
}

void attack_fuse_body_truncated(struct machine *m) {
  start(m, SHARED);
  ask(m, FUSE_OPEN, FUSE_ROOT_ID, 3);
}

void attack_fuse_no_room_for_reply(struct machine *m) {
  *header() = (struct fuse_in_header){.len = 56, .opcode = FUSE_GETATTR, .nodeid = 1};
  send(m, 56, 0);
}

void attack_fuse_unknown_request(struct machine *m) {
  start(m, SHARED);
  REQUIRE(m, ask(m, 0xdeadbeef, FUSE_ROOT_ID, 64) != 0);
  REQUIRE(m, ask(m, FUSE_IOCTL, FUSE_ROOT_ID, 64) != 0);
  REQUIRE(m, ask(m, 0, FUSE_ROOT_ID, 64) != 0);
}

void attack_fuse_before_init(struct machine *m) {
  REQUIRE(m, ask_text(m, FUSE_LOOKUP, FUSE_ROOT_ID, "inside.txt") != 0);
}

/* ---- Names ---- */

void attack_fuse_name_dot_dot(struct machine *m) {
  start(m, SHARED);
  ask_text(m, FUSE_LOOKUP, FUSE_ROOT_ID, "..");
}

void attack_fuse_name_with_slash(struct machine *m) {
  start(m, SHARED);
  ask_text(m, FUSE_LOOKUP, FUSE_ROOT_ID, "sub/../../outside.txt");
}

void attack_fuse_name_absolute(struct machine *m) {
  start(m, SHARED);
  ask_text(m, FUSE_LOOKUP, FUSE_ROOT_ID, "/etc/passwd");
}

void attack_fuse_name_empty(struct machine *m) {
  start(m, SHARED);
  ask_text(m, FUSE_LOOKUP, FUSE_ROOT_ID, "");
}

void attack_fuse_name_without_end(struct machine *m) {
  start(m, SHARED);
  ask_name(m, FUSE_LOOKUP, FUSE_ROOT_ID, "inside.txt", 10);
}

void attack_fuse_name_then_more(struct machine *m) {
  start(m, SHARED);
  ask_name(m, FUSE_LOOKUP, FUSE_ROOT_ID, "sub\0/../..", 11);
}

void attack_fuse_name_too_long(struct machine *m) {
  start(m, SHARED);
  memset(body(), 'n', 5000);
  ((char *)body())[5000] = 0;
  REQUIRE(m, ask(m, FUSE_LOOKUP, FUSE_ROOT_ID, 5001) != 0);
}

void attack_fuse_create_dot_dot(struct machine *m) {
  start(m, SHARED);
  create(m, "..");
}

void attack_fuse_rename_to_dot_dot(struct machine *m) {
  static const char names[] = "inside.txt\0..";
  start(m, SHARED);
  *(struct fuse_rename_in *)body() = (struct fuse_rename_in){.newdir = FUSE_ROOT_ID};
  memcpy((uint8_t *)body() + sizeof(struct fuse_rename_in), names, sizeof names);
  ask(m, FUSE_RENAME, FUSE_ROOT_ID, sizeof(struct fuse_rename_in) + sizeof names);
}

void attack_fuse_unlink_with_slash(struct machine *m) {
  start(m, SHARED);
  ask_text(m, FUSE_UNLINK, FUSE_ROOT_ID, "../outside.txt");
}

/* ---- Nodes and handles ---- */

void attack_fuse_unknown_node(struct machine *m) {
  start(m, SHARED);
  ask_text(m, FUSE_LOOKUP, 0xffffffffffffffff, "inside.txt");
}

static void forget(struct machine *m, uint64_t node, uint64_t times) {
  *(struct fuse_forget_in *)body() = (struct fuse_forget_in){.nlookup = times};
  ask(m, FUSE_FORGET, node, sizeof(struct fuse_forget_in));
}

void attack_fuse_forgotten_node(struct machine *m) {
  start(m, SHARED);
  uint64_t node = look_up(m, "inside.txt");
  forget(m, node, 1);
  open_node(m, node, 0);
}

void attack_fuse_forgets_too_often(struct machine *m) {
  start(m, SHARED);
  forget(m, look_up(m, "inside.txt"), UINT64_MAX);
}

/* The count says more than the request holds. */
void attack_fuse_forgets_a_thousand(struct machine *m) {
  start(m, SHARED);
  *(struct fuse_batch_forget_in *)body() = (struct fuse_batch_forget_in){.count = 0x10000001};
  ask(m, FUSE_BATCH_FORGET, 0,
      sizeof(struct fuse_batch_forget_in) + sizeof(struct fuse_forget_one));
}

static int32_t read_handle(struct machine *m, uint64_t node, uint64_t handle, uint64_t offset,
                           uint32_t size) {
  *(struct fuse_read_in *)body() =
      (struct fuse_read_in){.fh = handle, .offset = offset, .size = size};
  return ask(m, FUSE_READ, node, sizeof(struct fuse_read_in));
}

void attack_fuse_unknown_handle(struct machine *m) {
  start(m, SHARED);
  read_handle(m, look_up(m, "inside.txt"), 0x123456789, 0, 16);
}

static uint64_t open_inside(struct machine *m, uint64_t node) {
  REQUIRE(m, open_node(m, node, 2) == 0);
  return ((struct fuse_open_out *)reply())->fh;
}

void attack_fuse_handle_of_other_node(struct machine *m) {
  start(m, SHARED);
  uint64_t handle = open_inside(m, look_up(m, "inside.txt"));
  read_handle(m, look_up(m, "sub"), handle, 0, 16);
}

void attack_fuse_write_says_more(struct machine *m) {
  start(m, SHARED);
  uint64_t node = look_up(m, "inside.txt");
  uint64_t handle = open_inside(m, node);
  *(struct fuse_write_in *)body() = (struct fuse_write_in){.fh = handle, .size = 0x40000000};
  ask(m, FUSE_WRITE, node, sizeof(struct fuse_write_in) + 16);
}

/* More than there is room for, from beyond every file: an error or nothing, never too much. */
void attack_fuse_read_absurd(struct machine *m) {
  start(m, SHARED);
  uint64_t node = look_up(m, "inside.txt");
  uint64_t handle = open_inside(m, node);
  const struct fuse_out_header *answer = (struct fuse_out_header *)(buffer + REPLY_OFFSET);
  REQUIRE(m, read_handle(m, node, handle, UINT64_MAX, 4096) != 0);
  REQUIRE(m, read_handle(m, node, handle, INT64_MAX, 4096) != 0 || answer->len == sizeof *answer);
}

/* ---- Ways out ---- */

static void make_link(struct machine *m, const char *texts, uint32_t size) {
  REQUIRE(m, ask_name(m, FUSE_SYMLINK, FUSE_ROOT_ID, texts, size) == 0);
}

/* The server may show a link and what it says; it must not go where it leads. */
static void use_link(struct machine *m, const char *name) {
  uint64_t node = look_up(m, name);
  REQUIRE(m, ask_text(m, FUSE_LOOKUP, node, "outside.txt") != 0);
  REQUIRE(m, open_node(m, node, 0) != 0);
  REQUIRE(m, create(m, name) != 0);
  *(struct fuse_open_in *)body() = (struct fuse_open_in){0};
  REQUIRE(m, ask(m, FUSE_OPENDIR, node, sizeof(struct fuse_open_in)) != 0);
  REQUIRE(m, ask_text(m, FUSE_UNLINK, FUSE_ROOT_ID, name) == 0);
}

void attack_fuse_link_leads_out(struct machine *m) {
  static const char texts[] = "up\0..";
  start(m, SHARED);
  make_link(m, texts, sizeof texts);
  use_link(m, "up");
}

void attack_fuse_absolute_link_leads_out(struct machine *m) {
  static const char texts[] = "root\0/";
  start(m, SHARED);
  make_link(m, texts, sizeof texts);
  use_link(m, "root");
}

void attack_fuse_read_only_is_kept(struct machine *m) {
  start(m, READ_ONLY);
  uint64_t node = look_up(m, "inside.txt");
  REQUIRE(m, open_node(m, node, 1) != 0);
  REQUIRE(m, open_node(m, node, 01000) != 0); /* O_RDONLY | O_TRUNC */
  REQUIRE(m, create(m, "new") != 0);
  REQUIRE(m, ask_text(m, FUSE_UNLINK, FUSE_ROOT_ID, "inside.txt") != 0);
  *(struct fuse_setattr_in *)body() = (struct fuse_setattr_in){.valid = FATTR_SIZE, .size = 0};
  REQUIRE(m, ask(m, FUSE_SETATTR, node, sizeof(struct fuse_setattr_in)) != 0);
}

void attack_fuse_makes_no_device(struct machine *m) {
  start(m, SHARED);
  *(struct fuse_mknod_in *)body() = (struct fuse_mknod_in){.mode = 0020666, .rdev = 0x103};
  memcpy((uint8_t *)body() + sizeof(struct fuse_mknod_in), "null", 5);
  REQUIRE(m, ask(m, FUSE_MKNOD, FUSE_ROOT_ID, sizeof(struct fuse_mknod_in) + 5) != 0);
  uint64_t node = look_up(m, "inside.txt");
  *(struct fuse_setattr_in *)body() = (struct fuse_setattr_in){.valid = FATTR_MODE, .mode = 04777};
  REQUIRE(m, ask(m, FUSE_SETATTR, node, sizeof(struct fuse_setattr_in)) != 0);
}

/* Every descriptor the host has for us: the answer is an error, and the server still works. */
void attack_fuse_opens_until_refused(struct machine *m) {
  start(m, SHARED);
  uint64_t node = look_up(m, "inside.txt");
  uint64_t handle = open_inside(m, node);
  uint32_t opened = 0;
  while (opened < 2000000 && open_node(m, node, 0) == 0)
    opened++;
  REQUIRE(m, opened < 2000000);
  REQUIRE(m, read_handle(m, node, handle, 0, 16) == 0);
}
