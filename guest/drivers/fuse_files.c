/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* FUSE operations on files as a whole: opening, making, closing, synchronising. */
#include "guest/drivers/fuse.h"
#include <string.h>

/* ---- Handles --------------------------------------------------------------------------------- */

struct fuse_handle *fuse_handle_new(struct fuse *fuse, struct fuse_node *node) {
  struct fuse_handle *handle = fuse->machine->allocate(fuse->machine->context, sizeof *handle);
  if (!handle)
    return NULL;
  *handle = (struct fuse_handle){.node = node, .seen = node->version};
  node->users++;
  return handle;
}

void fuse_handle_free(struct fuse *fuse, struct fuse_handle *handle) {
  if (handle->window)
    handle->window->owner = NULL;
  fuse_node_drop(fuse, handle->node);
  fuse->machine->free(fuse->machine->context, handle, sizeof *handle);
}

static void set_flags(struct fuse_handle *handle, uint32_t flags) {
  handle->append = flags & WASI_O_APPEND;
  handle->synchronous = flags & (WASI_O_SYNC | WASI_O_DSYNC);
}

/* FOPEN_NOFLUSH is a property of the server rather than of a file, so one answer without it
 * decides for all. */
static void take_handle(struct fuse *fuse, const struct fuse_open_out *out,
                        struct fuse_handle *handle) {
  handle->fh = out->fh;
  handle->cached = !(out->open_flags & FOPEN_DIRECT_IO);
  if (!(out->open_flags & FOPEN_NOFLUSH))
    fuse->flush_before_release = true;
}

/* ---- Opening and closing --------------------------------------------------------------------- */

/* Some servers cannot truncate while they open. */
static int truncate_opened(struct wasi_fs *fs, wasi_node node, wasi_handle handle) {
  struct wasi_setattr empty = {.valid = WASI_SET_SIZE};
  int error = fuse_setattr(fs, node, 0, &empty);
  if (error)
    fuse_release(fs, node, handle);
  return error;
}

/* Bytes read ahead belong to a handle, so what is opened is read as the host has it now. */
int fuse_open_file(struct wasi_fs *fs, wasi_node node, uint32_t flags, wasi_handle *handle) {
  struct fuse *fuse = to_fuse(fs);
  struct fuse_open_in *in = fuse_begin(fuse, FUSE_OPEN, node, sizeof *in);
  bool truncate = (flags & WASI_O_TRUNC) && !fuse->server_truncates;
  in->flags = flags & ~(WASI_O_CREAT | WASI_O_EXCL | (truncate ? WASI_O_TRUNC : 0));
  struct fuse_node *file = fuse_node_find(fuse, node);
  struct fuse_handle *opened = fuse_handle_new(fuse, file);
  if (!opened)
    return LINUX_ENOMEM;
  set_flags(opened, flags);
  int error = fuse_call(fuse, sizeof(struct fuse_open_out));
  if (error) {
    fuse_handle_free(fuse, opened);
    return error;
  }
  take_handle(fuse, fuse_reply(fuse), opened);
  *handle = (uintptr_t)opened;
  if (flags & WASI_O_TRUNC) {
    fuse_node_touch(file);
    file->size_unknown = true;
  }
  return truncate ? truncate_opened(fs, node, *handle) : 0;
}

/* A node and a handle were made or there is no memory for them: then the server's go too. */
static int take_created(struct fuse *fuse, wasi_node dir, const char *name, size_t length,
                        const struct fuse_entry_out *entry, struct fuse_node **node,
                        struct fuse_handle **handle) {
  struct fuse_open_out open = *(const struct fuse_open_out *)(entry + 1);
  int error = fuse_take_entry(fuse, dir, name, length, entry, node);
  if (error)
    return error == LINUX_ENOENT ? LINUX_EIO : error;
  *handle = fuse_handle_new(fuse, *node);
  if (*handle) {
    take_handle(fuse, &open, *handle);
    return 0;
  }
  struct fuse_release_in *in = fuse_begin(fuse, FUSE_RELEASE, (*node)->id, sizeof *in);
  in->fh = open.fh;
  fuse_call(fuse, 0);
  fuse_node_drop(fuse, *node);
  return LINUX_ENOMEM;
}

/* CREATE truncates by itself on every server (O_TRUNC is among its flags). */
int fuse_create(struct wasi_fs *fs, wasi_node dir, const char *name, size_t length, uint32_t flags,
                uint32_t mode, wasi_node *node, wasi_handle *handle, struct wasi_attr *attr) {
  struct fuse *fuse = to_fuse(fs);
  struct fuse_create_in *in = fuse_begin(fuse, FUSE_CREATE, dir, sizeof *in);
  in->flags = flags | WASI_O_CREAT;
  in->mode = mode;
  int error = fuse_add_name(fuse, name, length);
  if (!error)
    error = fuse_call(fuse, sizeof(struct fuse_entry_out) + sizeof(struct fuse_open_out));
  if (error)
    return error;
  fuse_node_touch(fuse_node_find(fuse, dir));
  struct fuse_node *made;
  struct fuse_handle *opened;
  error = take_created(fuse, dir, name, length, fuse_reply(fuse), &made, &opened);
  if (error)
    return error;
  made->version++; /* it may have been there, and longer */
  opened->seen = made->version;
  set_flags(opened, flags);
  *node = made->id;
  *attr = made->attr;
  *handle = (uintptr_t)opened;
  return 0;
}

static int send_flush(struct fuse *fuse, const struct fuse_handle *handle) {
  struct fuse_flush_in *in = fuse_begin(fuse, FUSE_FLUSH, handle->node->id, sizeof *in);
  in->fh = handle->fh;
  return fuse_call(fuse, 0);
}

static int send_release(struct fuse *fuse, const struct fuse_handle *handle) {
  struct fuse_release_in *in = fuse_begin(fuse, FUSE_RELEASE, handle->node->id, sizeof *in);
  in->fh = handle->fh;
  return fuse_call(fuse, 0);
}

/* The first error counts: it may mean lost data. Where nothing was written there is none, and
 * nobody waits for the answer. */
int fuse_release(struct wasi_fs *fs, wasi_node node, wasi_handle number) {
  (void)node;
  struct fuse *fuse = to_fuse(fs);
  struct fuse_handle *handle = to_handle(number);
  if (!handle->written && !fuse->flush_before_release &&
      fuse_post_release(fuse, FUSE_RELEASE, handle)) {
    fuse_handle_free(fuse, handle);
    return 0;
  }
  int flushed = fuse->flush_before_release ? send_flush(fuse, handle) : 0;
  int released = send_release(fuse, handle);
  int written = fuse_take_error(fuse, handle);
  fuse_handle_free(fuse, handle);
  return written ? written : flushed ? flushed : released;
}

/* ---- Storage --------------------------------------------------------------------------------- */

/* Writes that were posted go before it in the queue; one that failed means that this failed. */
int fuse_fsync(struct wasi_fs *fs, wasi_node node, wasi_handle number, bool data_only,
               bool is_dir) {
  struct fuse *fuse = to_fuse(fs);
  struct fuse_handle *handle = to_handle(number);
  struct fuse_fsync_in *in =
      fuse_begin(fuse, is_dir ? FUSE_FSYNCDIR : FUSE_FSYNC, node, sizeof *in);
  in->fh = handle->fh;
  in->fsync_flags = data_only ? FUSE_FSYNC_FDATASYNC : 0;
  int error = fuse_call(fuse, 0);
  int written = fuse_take_error(fuse, handle);
  return written ? written : error;
}

int fuse_allocate(struct wasi_fs *fs, wasi_node node, wasi_handle handle, uint64_t offset,
                  uint64_t length) {
  struct fuse *fuse = to_fuse(fs);
  struct fuse_fallocate_in *in = fuse_begin(fuse, FUSE_FALLOCATE, node, sizeof *in);
  in->fh = to_handle(handle)->fh;
  in->offset = offset;
  in->length = length;
  int error = fuse_call(fuse, 0);
  struct fuse_node *file = fuse_node_find(fuse, node);
  fuse_node_touch(file);
  file->size_unknown = true;
  return error;
}
