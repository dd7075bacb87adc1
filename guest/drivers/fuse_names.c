/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* FUSE operations on names and attributes, as wasi_fs_ops wants them. */
#include "guest/drivers/fuse.h"
#include <string.h>

/* ---- Entries --------------------------------------------------------------------------------- */

/* Node 0 says that there is no such name. */
int fuse_take_entry(struct fuse *fuse, wasi_node dir, const char *name, size_t length,
                    const struct fuse_entry_out *entry, struct fuse_node **node) {
  if (entry->nodeid == 0)
    return LINUX_ENOENT;
  *node = fuse_node_take(fuse, entry);
  if (!*node)
    return LINUX_ENOMEM;
  fuse_name_keep(fuse, dir, name, length, *node,
                 fuse_ttl(entry->entry_valid, entry->entry_valid_nsec));
  return 0;
}

/* We changed what stands in a directory. */
static void touch_dir(struct fuse *fuse, wasi_node dir) {
  fuse_node_touch(fuse_node_find(fuse, dir));
}

/* Sends a request that makes an entry nobody wants to hold. */
static int call_entry_unheld(struct fuse *fuse, wasi_node dir, const char *name, size_t length) {
  int error = fuse_call(fuse, sizeof(struct fuse_entry_out));
  if (error)
    return error;
  touch_dir(fuse, dir);
  struct fuse_node *node;
  if (fuse_take_entry(fuse, dir, name, length, fuse_reply(fuse), &node) == 0)
    fuse_node_drop(fuse, node);
  return 0;
}

/* What a lookup tells of a node that is known. */
static void give_attr(const struct fuse *fuse, const struct fuse_node *node,
                      struct wasi_attr *attr) {
  *attr = node->attr;
  attr->in_doubt = !fuse_node_is_exact(fuse, node);
}

static int send_lookup(struct fuse *fuse, wasi_node dir, const char *name, size_t length,
                       struct fuse_node **node) {
  fuse_begin(fuse, FUSE_LOOKUP, dir, 0);
  int error = fuse_add_name(fuse, name, length);
  if (!error)
    error = fuse_call(fuse, sizeof(struct fuse_entry_out));
  return error ? error : fuse_take_entry(fuse, dir, name, length, fuse_reply(fuse), node);
}

int fuse_lookup(struct wasi_fs *fs, wasi_node dir, const char *name, size_t length, wasi_node *node,
                struct wasi_attr *attr) {
  struct fuse *fuse = to_fuse(fs);
  int error = fuse_start(fuse);
  if (error)
    return error;
  struct fuse_name *known = fuse_name_find(fuse, dir, name, length);
  if (known && fuse_node_is_known(fuse, known->node)) {
    known->node->users++;
    *node = known->node->id;
    give_attr(fuse, known->node, attr);
    return 0;
  }
  struct fuse_node *found;
  error = send_lookup(fuse, dir, name, length, &found);
  if (error)
    return error;
  if (fuse_node_find(fuse, dir)->listed)
    fuse->wants_plus = true;
  *node = found->id;
  *attr = found->attr;
  return 0;
}

/* ---- Attributes ------------------------------------------------------------------------------ */

/* With a handle the server asks the open file, which may have lost its last name. */
static int send_getattr(struct fuse *fuse, struct fuse_node *node, wasi_handle handle) {
  struct fuse_getattr_in *in = fuse_begin(fuse, FUSE_GETATTR, node->id, sizeof *in);
  if (handle) {
    in->getattr_flags = FUSE_GETATTR_FH;
    in->fh = to_handle(handle)->fh;
  }
  int error = fuse_call(fuse, sizeof(struct fuse_attr_out));
  if (error)
    return error;
  const struct fuse_attr_out *out = fuse_reply(fuse);
  fuse_node_learn(fuse, node, &out->attr, out->attr_valid, out->attr_valid_nsec);
  return 0;
}

int fuse_getattr(struct wasi_fs *fs, wasi_node node, wasi_handle handle, struct wasi_attr *attr) {
  struct fuse *fuse = to_fuse(fs);
  struct fuse_node *file = fuse_node_find(fuse, node);
  int error = fuse_node_is_exact(fuse, file) ? 0 : send_getattr(fuse, file, handle);
  if (!error)
    *attr = file->attr;
  return error;
}

/* Our own writes leave the size known, but for an append that others may have come before. */
int fuse_size(struct wasi_fs *fs, wasi_node node, wasi_handle handle, uint64_t *size) {
  struct fuse *fuse = to_fuse(fs);
  struct fuse_node *file = fuse_node_find(fuse, node);
  bool known = !file->size_unknown && fuse_node_is_known(fuse, file);
  int error = known ? 0 : send_getattr(fuse, file, handle);
  if (!error)
    *size = file->attr.size;
  return error;
}

int fuse_setattr(struct wasi_fs *fs, wasi_node node, wasi_handle handle,
                 const struct wasi_setattr *set) {
  /* WASI_SET_* to FATTR_*; NOW comes with the plain bit, as Linux sends it. */
  static const uint32_t bits[][2] = {
      {WASI_SET_SIZE, FATTR_SIZE},
      {WASI_SET_ATIME, FATTR_ATIME},
      {WASI_SET_MTIME, FATTR_MTIME},
      {WASI_SET_ATIME_NOW, FATTR_ATIME | FATTR_ATIME_NOW},
      {WASI_SET_MTIME_NOW, FATTR_MTIME | FATTR_MTIME_NOW},
  };
  struct fuse *fuse = to_fuse(fs);
  struct fuse_setattr_in *in = fuse_begin(fuse, FUSE_SETATTR, node, sizeof *in);
  for (size_t i = 0; i < sizeof bits / sizeof bits[0]; i++)
    if (set->valid & bits[i][0])
      in->valid |= bits[i][1];
  if (handle) {
    in->valid |= FATTR_FH;
    in->fh = to_handle(handle)->fh;
  }
  in->size = set->size;
  in->atime = set->atime_ns / 1000000000u;
  in->atimensec = (uint32_t)(set->atime_ns % 1000000000u);
  in->mtime = set->mtime_ns / 1000000000u;
  in->mtimensec = (uint32_t)(set->mtime_ns % 1000000000u);
  int error = fuse_call(fuse, sizeof(struct fuse_attr_out));
  if (error)
    return error;
  const struct fuse_attr_out *out = fuse_reply(fuse);
  struct fuse_node *file = fuse_node_find(fuse, node);
  fuse_node_touch(file);
  fuse_node_learn(fuse, file, &out->attr, out->attr_valid, out->attr_valid_nsec);
  return 0;
}

/* As readlink(2): what does not fit is cut off. */
int fuse_readlink(struct wasi_fs *fs, wasi_node node, char *buffer, size_t size, size_t *length) {
  struct fuse *fuse = to_fuse(fs);
  struct wasi_slice slice = {fuse->target, sizeof fuse->target};
  struct fuse_data data = {.slices = &slice, .slice_count = 1, .to_guest = true};
  fuse_begin(fuse, FUSE_READLINK, node, 0);
  int error = fuse_call_data(fuse, 0, &data);
  if (error)
    return error;
  *length = data.moved < size ? data.moved : size;
  memcpy(buffer, fuse->target, *length);
  return 0;
}

int fuse_symlink(struct wasi_fs *fs, wasi_node dir, const char *name, size_t length,
                 const char *target, size_t target_length) {
  struct fuse *fuse = to_fuse(fs);
  fuse_begin(fuse, FUSE_SYMLINK, dir, 0);
  int error = fuse_add_name(fuse, name, length);
  if (error)
    return error;
  if (target_length == 0)
    return LINUX_ENOENT;
  if (target_length > FUSE_TARGET_BYTES_MAX)
    return LINUX_ENAMETOOLONG;
  fuse_add_string(fuse, target, target_length);
  return call_entry_unheld(fuse, dir, name, length);
}

int fuse_mkdir(struct wasi_fs *fs, wasi_node dir, const char *name, size_t length, uint32_t mode) {
  struct fuse *fuse = to_fuse(fs);
  struct fuse_mkdir_in *in = fuse_begin(fuse, FUSE_MKDIR, dir, sizeof *in);
  in->mode = mode;
  int error = fuse_add_name(fuse, name, length);
  return error ? error : call_entry_unheld(fuse, dir, name, length);
}

/* ---- Removing and renaming ------------------------------------------------------------------- */

/* A file has lost a name, by us. */
static void forget_name(struct fuse *fuse, wasi_node dir, const char *name, size_t length) {
  fuse->unlinks++;
  touch_dir(fuse, dir);
  struct fuse_name *known = fuse_name_find(fuse, dir, name, length);
  if (!known)
    return;
  known->node->changed = true;
  fuse_name_drop(fuse, dir, name, length);
}

/* QEMU's virtiofsd answers EIO when a name goes whose node it does not know (Linux has always
 * looked it up before). Then the name is looked up and the request made once more. */
static bool wants_lookup(int error) {
  return error == LINUX_EIO;
}

static int request_removal(struct fuse *fuse, uint32_t opcode, wasi_node dir, const char *name,
                           size_t length) {
  fuse_begin(fuse, opcode, dir, 0);
  int error = fuse_add_name(fuse, name, length);
  if (!error)
    error = fuse_call(fuse, 0);
  if (!error || (error == LINUX_ENOENT && !fuse->failed))
    forget_name(fuse, dir, name, length);
  return error;
}

static int remove_name(struct wasi_fs *fs, uint32_t opcode, wasi_node dir, const char *name,
                       size_t length) {
  struct fuse *fuse = to_fuse(fs);
  struct fuse_node *node;
  int error = request_removal(fuse, opcode, dir, name, length);
  if (!wants_lookup(error))
    return error;
  error = send_lookup(fuse, dir, name, length, &node);
  if (error)
    return error;
  error = request_removal(fuse, opcode, dir, name, length);
  fuse_node_drop(fuse, node);
  return error;
}

int fuse_unlink(struct wasi_fs *fs, wasi_node dir, const char *name, size_t length) {
  return remove_name(fs, FUSE_UNLINK, dir, name, length);
}

int fuse_rmdir(struct wasi_fs *fs, wasi_node dir, const char *name, size_t length) {
  return remove_name(fs, FUSE_RMDIR, dir, name, length);
}

/* Plain RENAME: replaces what is there, as WASI wants it. */
static int request_rename(struct fuse *fuse, wasi_node from_dir, const char *from,
                          size_t from_length, wasi_node to_dir, const char *to, size_t to_length) {
  struct fuse_rename_in *in = fuse_begin(fuse, FUSE_RENAME, from_dir, sizeof *in);
  in->newdir = to_dir;
  int error = fuse_add_name(fuse, from, from_length);
  if (!error)
    error = fuse_add_name(fuse, to, to_length);
  if (!error)
    error = fuse_call(fuse, 0);
  if (error)
    return error;
  forget_name(fuse, from_dir, from, from_length);
  forget_name(fuse, to_dir, to, to_length);
  return 0;
}

int fuse_rename(struct wasi_fs *fs, wasi_node from_dir, const char *from, size_t from_length,
                wasi_node to_dir, const char *to, size_t to_length) {
  struct fuse *fuse = to_fuse(fs);
  struct fuse_node *node;
  int error = request_rename(fuse, from_dir, from, from_length, to_dir, to, to_length);
  if (!wants_lookup(error))
    return error;
  error = send_lookup(fuse, from_dir, from, from_length, &node);
  if (error)
    return error;
  error = request_rename(fuse, from_dir, from, from_length, to_dir, to, to_length);
  fuse_node_drop(fuse, node);
  return error;
}

/* The header names the directory, the body the file. */
int fuse_link(struct wasi_fs *fs, wasi_node node, wasi_node dir, const char *name, size_t length) {
  struct fuse *fuse = to_fuse(fs);
  struct fuse_link_in *in = fuse_begin(fuse, FUSE_LINK, dir, sizeof *in);
  in->oldnodeid = node;
  int error = fuse_add_name(fuse, name, length);
  return error ? error : call_entry_unheld(fuse, dir, name, length);
}
