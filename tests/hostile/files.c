/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Attacks on the file server: FUSE requests (linux/fuse.h) that our driver never makes. */
#include "tests/hostile/fuse.h"

/* ---- Framing ---- */

void attack_fuse_header_truncated(struct machine *m) {
  fuse_send(m, sizeof(struct fuse_in_header) - 1, 256);
}

void attack_fuse_header_length_too_long(struct machine *m) {
  *fuse_header() = (struct fuse_in_header){.len = UINT32_MAX, .opcode = FUSE_GETATTR, .nodeid = 1};
  fuse_send(m, 56, 256);
}

void attack_fuse_header_length_too_short(struct machine *m) {
  *fuse_header() = (struct fuse_in_header){.len = 0, .opcode = FUSE_GETATTR, .nodeid = 1};
  fuse_send(m, 56, 256);
}

void attack_fuse_body_truncated(struct machine *m) {
  fuse_start(m, SHARED);
  fuse_ask(m, FUSE_OPEN, FUSE_ROOT_ID, 3);
}

void attack_fuse_no_room_for_reply(struct machine *m) {
  *fuse_header() = (struct fuse_in_header){.len = 56, .opcode = FUSE_GETATTR, .nodeid = 1};
  fuse_send(m, 56, 0);
}

void attack_fuse_unknown_request(struct machine *m) {
  fuse_start(m, SHARED);
  REQUIRE(m, fuse_ask(m, 0xdeadbeef, FUSE_ROOT_ID, 64) != 0);
  REQUIRE(m, fuse_ask(m, FUSE_IOCTL, FUSE_ROOT_ID, 64) != 0);
  REQUIRE(m, fuse_ask(m, 0, FUSE_ROOT_ID, 64) != 0);
}

void attack_fuse_before_init(struct machine *m) {
  REQUIRE(m, fuse_ask_name(m, FUSE_LOOKUP, FUSE_ROOT_ID, "inside.txt") != 0);
}

/* ---- Names ---- */

void attack_fuse_name_dot_dot(struct machine *m) {
  fuse_start(m, SHARED);
  fuse_ask_name(m, FUSE_LOOKUP, FUSE_ROOT_ID, "..");
}

void attack_fuse_name_with_slash(struct machine *m) {
  fuse_start(m, SHARED);
  fuse_ask_name(m, FUSE_LOOKUP, FUSE_ROOT_ID, "sub/../../outside.txt");
}

void attack_fuse_name_absolute(struct machine *m) {
  fuse_start(m, SHARED);
  fuse_ask_name(m, FUSE_LOOKUP, FUSE_ROOT_ID, "/etc/passwd");
}

void attack_fuse_name_empty(struct machine *m) {
  fuse_start(m, SHARED);
  fuse_ask_name(m, FUSE_LOOKUP, FUSE_ROOT_ID, "");
}

void attack_fuse_name_without_end(struct machine *m) {
  fuse_start(m, SHARED);
  fuse_ask_bytes(m, FUSE_LOOKUP, FUSE_ROOT_ID, "inside.txt", 10);
}

void attack_fuse_name_then_more(struct machine *m) {
  fuse_start(m, SHARED);
  fuse_ask_bytes(m, FUSE_LOOKUP, FUSE_ROOT_ID, "sub\0/../..", 11);
}

void attack_fuse_name_too_long(struct machine *m) {
  fuse_start(m, SHARED);
  memset(fuse_body(), 'n', 5000);
  ((char *)fuse_body())[5000] = 0;
  REQUIRE(m, fuse_ask(m, FUSE_LOOKUP, FUSE_ROOT_ID, 5001) != 0);
}

void attack_fuse_create_dot_dot(struct machine *m) {
  fuse_start(m, SHARED);
  fuse_create(m, "..");
}

void attack_fuse_rename_to_dot_dot(struct machine *m) {
  static const char names[] = "inside.txt\0..";
  fuse_start(m, SHARED);
  *(struct fuse_rename_in *)fuse_body() = (struct fuse_rename_in){.newdir = FUSE_ROOT_ID};
  memcpy((uint8_t *)fuse_body() + sizeof(struct fuse_rename_in), names, sizeof names);
  fuse_ask(m, FUSE_RENAME, FUSE_ROOT_ID, sizeof(struct fuse_rename_in) + sizeof names);
}

void attack_fuse_unlink_with_slash(struct machine *m) {
  fuse_start(m, SHARED);
  fuse_ask_name(m, FUSE_UNLINK, FUSE_ROOT_ID, "../outside.txt");
}

/* ---- Nodes and handles ---- */

void attack_fuse_unknown_node(struct machine *m) {
  fuse_start(m, SHARED);
  fuse_ask_name(m, FUSE_LOOKUP, 0xffffffffffffffff, "inside.txt");
}

static void forget(struct machine *m, uint64_t node, uint64_t times) {
  *(struct fuse_forget_in *)fuse_body() = (struct fuse_forget_in){.nlookup = times};
  fuse_ask(m, FUSE_FORGET, node, sizeof(struct fuse_forget_in));
}

void attack_fuse_forgotten_node(struct machine *m) {
  fuse_start(m, SHARED);
  uint64_t node = fuse_look_up(m, "inside.txt");
  forget(m, node, 1);
  fuse_open(m, node, OPEN_READ);
}

void attack_fuse_forgets_too_often(struct machine *m) {
  fuse_start(m, SHARED);
  forget(m, fuse_look_up(m, "inside.txt"), UINT64_MAX);
}

/* The count says more than the request holds. */
void attack_fuse_forgets_a_thousand(struct machine *m) {
  fuse_start(m, SHARED);
  *(struct fuse_batch_forget_in *)fuse_body() = (struct fuse_batch_forget_in){.count = 0x10000001};
  fuse_ask(m, FUSE_BATCH_FORGET, 0,
           sizeof(struct fuse_batch_forget_in) + sizeof(struct fuse_forget_one));
}

static int32_t read_handle(struct machine *m, uint64_t node, uint64_t handle, uint64_t offset,
                           uint32_t size) {
  *(struct fuse_read_in *)fuse_body() =
      (struct fuse_read_in){.fh = handle, .offset = offset, .size = size};
  return fuse_ask(m, FUSE_READ, node, sizeof(struct fuse_read_in));
}

void attack_fuse_unknown_handle(struct machine *m) {
  fuse_start(m, SHARED);
  read_handle(m, fuse_look_up(m, "inside.txt"), 0x123456789, 0, 16);
}

static uint64_t open_inside(struct machine *m, uint64_t node) {
  REQUIRE(m, fuse_open(m, node, OPEN_BOTH) == 0);
  return ((struct fuse_open_out *)fuse_reply())->fh;
}

void attack_fuse_handle_of_other_node(struct machine *m) {
  fuse_start(m, SHARED);
  uint64_t handle = open_inside(m, fuse_look_up(m, "inside.txt"));
  read_handle(m, fuse_look_up(m, "sub"), handle, 0, 16);
}

void attack_fuse_write_says_more(struct machine *m) {
  fuse_start(m, SHARED);
  uint64_t node = fuse_look_up(m, "inside.txt");
  uint64_t handle = open_inside(m, node);
  *(struct fuse_write_in *)fuse_body() = (struct fuse_write_in){.fh = handle, .size = 0x40000000};
  fuse_ask(m, FUSE_WRITE, node, sizeof(struct fuse_write_in) + 16);
}

/* More than there is room for, from beyond every file: an error or nothing, never too much. */
void attack_fuse_read_absurd(struct machine *m) {
  fuse_start(m, SHARED);
  uint64_t node = fuse_look_up(m, "inside.txt");
  uint64_t handle = open_inside(m, node);
  const struct fuse_out_header *answer = (struct fuse_out_header *)(buffer + FUSE_REPLY_OFFSET);
  REQUIRE(m, read_handle(m, node, handle, UINT64_MAX, 4096) != 0);
  REQUIRE(m, read_handle(m, node, handle, INT64_MAX, 4096) != 0 || answer->len == sizeof *answer);
}

/* ---- Ways out ---- */

static void make_link(struct machine *m, const char *texts, uint32_t size) {
  REQUIRE(m, fuse_ask_bytes(m, FUSE_SYMLINK, FUSE_ROOT_ID, texts, size) == 0);
}

/* The server may show a link and what it says; it must not go where it leads. */
static void use_link(struct machine *m, const char *name) {
  uint64_t node = fuse_look_up(m, name);
  REQUIRE(m, fuse_ask_name(m, FUSE_LOOKUP, node, "outside.txt") != 0);
  REQUIRE(m, fuse_open(m, node, OPEN_READ) != 0);
  REQUIRE(m, fuse_create(m, name) != 0);
  *(struct fuse_open_in *)fuse_body() = (struct fuse_open_in){0};
  REQUIRE(m, fuse_ask(m, FUSE_OPENDIR, node, sizeof(struct fuse_open_in)) != 0);
  REQUIRE(m, fuse_ask_name(m, FUSE_UNLINK, FUSE_ROOT_ID, name) == 0);
}

void attack_fuse_link_leads_out(struct machine *m) {
  static const char texts[] = "up\0..";
  fuse_start(m, SHARED);
  make_link(m, texts, sizeof texts);
  use_link(m, "up");
}

void attack_fuse_absolute_link_leads_out(struct machine *m) {
  static const char texts[] = "root\0/";
  fuse_start(m, SHARED);
  make_link(m, texts, sizeof texts);
  use_link(m, "root");
}

void attack_fuse_read_only_is_kept(struct machine *m) {
  fuse_start(m, READ_ONLY);
  uint64_t node = fuse_look_up(m, "inside.txt");
  REQUIRE(m, fuse_open(m, node, OPEN_WRITE) != 0);
  REQUIRE(m, fuse_open(m, node, OPEN_READ | OPEN_TRUNCATE) != 0);
  REQUIRE(m, fuse_create(m, "new") != 0);
  REQUIRE(m, fuse_ask_name(m, FUSE_UNLINK, FUSE_ROOT_ID, "inside.txt") != 0);
  *(struct fuse_setattr_in *)fuse_body() = (struct fuse_setattr_in){.valid = FATTR_SIZE, .size = 0};
  REQUIRE(m, fuse_ask(m, FUSE_SETATTR, node, sizeof(struct fuse_setattr_in)) != 0);
}

void attack_fuse_makes_no_device(struct machine *m) {
  fuse_start(m, SHARED);
  *(struct fuse_mknod_in *)fuse_body() = (struct fuse_mknod_in){.mode = 0020666, .rdev = 0x103};
  memcpy((uint8_t *)fuse_body() + sizeof(struct fuse_mknod_in), "null", 5);
  REQUIRE(m, fuse_ask(m, FUSE_MKNOD, FUSE_ROOT_ID, sizeof(struct fuse_mknod_in) + 5) != 0);
  uint64_t node = fuse_look_up(m, "inside.txt");
  *(struct fuse_setattr_in *)fuse_body() =
      (struct fuse_setattr_in){.valid = FATTR_MODE, .mode = 04777};
  REQUIRE(m, fuse_ask(m, FUSE_SETATTR, node, sizeof(struct fuse_setattr_in)) != 0);
}

/* Every descriptor the host has for us: the answer is an error, and the server still works. */
void attack_fuse_opens_until_refused(struct machine *m) {
  fuse_start(m, SHARED);
  uint64_t node = fuse_look_up(m, "inside.txt");
  uint64_t handle = open_inside(m, node);
  uint32_t opened = 0;
  while (opened < 2000000 && fuse_open(m, node, OPEN_READ) == 0)
    opened++;
  REQUIRE(m, opened < 2000000);
  REQUIRE(m, read_handle(m, node, handle, 0, 16) == 0);
}
