/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* No attack: every kind of request that the file server knows, once and well-formed. It shows that
 * the server can do its work in the jail. */
#include "tests/hostile/fuse.h"

static void *clear_body(size_t size) {
  return memset(fuse_body(), 0, size);
}

/* Names that follow a body of `size` bytes, each with its NUL; asks. */
static int32_t ask_with_names(struct machine *m, uint32_t opcode, size_t size, const char *names,
                              size_t names_size) {
  memcpy((uint8_t *)fuse_body() + size, names, names_size);
  return fuse_ask(m, opcode, FUSE_ROOT_ID, (uint32_t)(size + names_size));
}

#define ASK_WITH_NAMES(m, opcode, type, names)                                                     \
  ask_with_names(m, opcode, sizeof(type), names, sizeof names)

static int32_t set_attributes(struct machine *m, uint64_t node, uint32_t valid, uint64_t size) {
  struct fuse_setattr_in *in = clear_body(sizeof *in);
  in->valid = valid;
  in->size = size;
  return fuse_ask(m, FUSE_SETATTR, node, sizeof *in);
}

static void use_content(struct machine *m, uint64_t node, uint64_t handle) {
  struct fuse_write_in *write = clear_body(sizeof *write);
  *write = (struct fuse_write_in){.fh = handle, .offset = 3, .size = 4};
  memcpy(write + 1, "word", 4);
  REQUIRE(m, fuse_ask(m, FUSE_WRITE, node, sizeof *write + 4) == 0);
  struct fuse_read_in *read = clear_body(sizeof *read);
  *read = (struct fuse_read_in){.fh = handle, .offset = 3, .size = 100};
  REQUIRE(m, fuse_ask(m, FUSE_READ, node, sizeof *read) == 0);
  REQUIRE(m, memcmp(fuse_reply(), "word", 4) == 0);
  struct fuse_fallocate_in *allocate = clear_body(sizeof *allocate);
  *allocate = (struct fuse_fallocate_in){.fh = handle, .length = 8192};
  REQUIRE(m, fuse_ask(m, FUSE_FALLOCATE, node, sizeof *allocate) == 0);
  for (uint32_t flags = 0; flags < 2; flags++) {
    struct fuse_fsync_in *sync = clear_body(sizeof *sync);
    *sync = (struct fuse_fsync_in){.fh = handle, .fsync_flags = flags};
    REQUIRE(m, fuse_ask(m, FUSE_FSYNC, node, sizeof *sync) == 0);
  }
  struct fuse_flush_in *flush = clear_body(sizeof *flush);
  flush->fh = handle;
  REQUIRE(m, fuse_ask(m, FUSE_FLUSH, node, sizeof *flush) == 0);
}

static void release(struct machine *m, uint32_t opcode, uint64_t node, uint64_t handle) {
  struct fuse_release_in *in = clear_body(sizeof *in);
  in->fh = handle;
  REQUIRE(m, fuse_ask(m, opcode, node, sizeof *in) == 0);
}

static void use_file(struct machine *m) {
  REQUIRE(m, fuse_create(m, "new") == 0);
  const struct fuse_entry_out *entry = fuse_reply();
  uint64_t node = entry->nodeid, handle = ((const struct fuse_open_out *)(entry + 1))->fh;
  use_content(m, node, handle);
  release(m, FUSE_RELEASE, node, handle);
  REQUIRE(m, fuse_open(m, node, OPEN_BOTH | OPEN_TRUNCATE) == 0);
  release(m, FUSE_RELEASE, node, ((const struct fuse_open_out *)fuse_reply())->fh);
  REQUIRE(m, set_attributes(m, node, FATTR_SIZE, 5000) == 0);
  REQUIRE(m, set_attributes(m, node, FATTR_ATIME | FATTR_MTIME_NOW | FATTR_MTIME, 0) == 0);
  struct fuse_link_in *link = clear_body(sizeof *link);
  link->oldnodeid = node;
  REQUIRE(m, ASK_WITH_NAMES(m, FUSE_LINK, struct fuse_link_in, "again") == 0);
  struct fuse_forget_in *forget = clear_body(sizeof *forget);
  forget->nlookup = 2; /* CREATE's and LINK's */
  fuse_ask(m, FUSE_FORGET, node, sizeof *forget);
}

static void use_names(struct machine *m) {
  struct fuse_rename_in *rename = clear_body(sizeof *rename);
  rename->newdir = FUSE_ROOT_ID;
  REQUIRE(m, ASK_WITH_NAMES(m, FUSE_RENAME, struct fuse_rename_in, "new\0moved") == 0);
  struct fuse_rename2_in *rename2 = clear_body(sizeof *rename2);
  rename2->newdir = FUSE_ROOT_ID;
  REQUIRE(m, ASK_WITH_NAMES(m, FUSE_RENAME2, struct fuse_rename2_in, "moved\0moved2") == 0);
  REQUIRE(m, fuse_ask_name(m, FUSE_UNLINK, FUSE_ROOT_ID, "moved2") == 0);
  REQUIRE(m, fuse_ask_name(m, FUSE_UNLINK, FUSE_ROOT_ID, "again") == 0);
  struct fuse_mkdir_in *mkdir = clear_body(sizeof *mkdir);
  mkdir->mode = 0755;
  REQUIRE(m, ASK_WITH_NAMES(m, FUSE_MKDIR, struct fuse_mkdir_in, "directory") == 0);
  REQUIRE(m, fuse_ask_name(m, FUSE_RMDIR, FUSE_ROOT_ID, "directory") == 0);
  static const char link[] = "link\0target";
  REQUIRE(m, fuse_ask_bytes(m, FUSE_SYMLINK, FUSE_ROOT_ID, link, sizeof link) == 0);
  REQUIRE(m, fuse_ask(m, FUSE_READLINK, fuse_look_up(m, "link"), 0) == 0);
  REQUIRE(m, memcmp(fuse_reply(), "target", 6) == 0);
  REQUIRE(m, fuse_ask_name(m, FUSE_UNLINK, FUSE_ROOT_ID, "link") == 0);
}

static void use_directory(struct machine *m) {
  clear_body(sizeof(struct fuse_open_in));
  REQUIRE(m, fuse_ask(m, FUSE_OPENDIR, FUSE_ROOT_ID, sizeof(struct fuse_open_in)) == 0);
  uint64_t handle = ((const struct fuse_open_out *)fuse_reply())->fh;
  struct fuse_read_in *read = clear_body(sizeof *read);
  *read = (struct fuse_read_in){.fh = handle, .size = 4096};
  REQUIRE(m, fuse_ask(m, FUSE_READDIR, FUSE_ROOT_ID, sizeof *read) == 0);
  struct fuse_fsync_in *sync = clear_body(sizeof *sync);
  sync->fh = handle;
  REQUIRE(m, fuse_ask(m, FUSE_FSYNCDIR, FUSE_ROOT_ID, sizeof *sync) == 0);
  release(m, FUSE_RELEASEDIR, FUSE_ROOT_ID, handle);
  clear_body(sizeof(struct fuse_getattr_in));
  REQUIRE(m, fuse_ask(m, FUSE_GETATTR, FUSE_ROOT_ID, sizeof(struct fuse_getattr_in)) == 0);
  REQUIRE(m, fuse_ask(m, FUSE_STATFS, FUSE_ROOT_ID, 0) == 0);
}

void attack_fuse_every_request(struct machine *m) {
  fuse_start(m, SHARED);
  use_file(m);
  use_names(m);
  use_directory(m);
  struct {
    struct fuse_batch_forget_in batch;
    struct fuse_forget_one one;
  } *forget = clear_body(sizeof *forget);
  uint64_t node = fuse_look_up(m, "inside.txt");
  forget->batch.count = 1;
  forget->batch.dummy = 0;
  forget->one = (struct fuse_forget_one){.nodeid = node, .nlookup = 1};
  fuse_ask(m, FUSE_BATCH_FORGET, 0, sizeof *forget);
  REQUIRE(m, fuse_ask(m, FUSE_DESTROY, 0, 0) == 0);
}
