/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* FUSE operations on directories. Programs list them with small buffers, and the server sends as
 * many entries as one request can carry, so a portion is kept with the handle and given out in
 * pieces. */
#include "guest/drivers/fuse.h"
#include <string.h>

#define PORTION_BYTES (128u << 10)
/* What is asked for where it cannot be kept: about what programs take at a time. */
#define UNCACHED_BYTES (8u << 10)

/* Directories have neither flags nor data to flush. */
int fuse_opendir(struct wasi_fs *fs, wasi_node node, wasi_handle *handle) {
  struct fuse *fuse = to_fuse(fs);
  fuse_begin(fuse, FUSE_OPENDIR, node, sizeof(struct fuse_open_in));
  struct fuse_handle *opened = fuse_handle_new(fuse, fuse_node_find(fuse, node));
  if (!opened)
    return LINUX_ENOMEM;
  int error = fuse_call(fuse, sizeof(struct fuse_open_out));
  if (error) {
    fuse_handle_free(fuse, opened);
    return error;
  }
  const struct fuse_open_out *out = fuse_reply(fuse);
  opened->fh = out->fh;
  opened->cached = !(out->open_flags & FOPEN_DIRECT_IO);
  *handle = (uintptr_t)opened;
  /* The root was never looked up: how long a portion of it is good for is not known. */
  struct wasi_attr attr;
  if (opened->cached && opened->node == &fuse->root && !fuse->root.ttl_ns)
    fuse_getattr(fs, node, 0, &attr);
  return 0;
}

int fuse_releasedir(struct wasi_fs *fs, wasi_node node, wasi_handle number) {
  struct fuse *fuse = to_fuse(fs);
  struct fuse_handle *handle = to_handle(number);
  int error = 0;
  if (!fuse_post_release(fuse, FUSE_RELEASEDIR, handle)) {
    struct fuse_release_in *in = fuse_begin(fuse, FUSE_RELEASEDIR, node, sizeof *in);
    in->fh = handle->fh;
    error = fuse_call(fuse, 0);
  }
  if (handle->portion)
    fuse->machine->free(fuse->machine->context, handle->portion,
                        sizeof *handle->portion + PORTION_BYTES);
  fuse_handle_free(fuse, handle);
  return error;
}

/* ---- Portions -------------------------------------------------------------------------------- */

/* The next listing begins where the latest one stopped, and nothing has happened since. */
static bool goes_on(const struct fuse *fuse, const struct fuse_handle *handle, uint64_t offset) {
  const struct fuse_portion *portion = handle->portion;
  return portion->offset == offset && offset != 0 && portion->at < portion->length &&
         portion->version == handle->node->version && !fuse_expired(fuse, portion->until_ns);
}

/* READDIR from `offset` on into the handle's portion. */
static int fetch(struct fuse *fuse, struct fuse_handle *handle, uint64_t offset) {
  struct fuse_portion *portion = handle->portion;
  bool keeps = handle->cached && handle->node->ttl_ns > 0;
  struct wasi_slice slice = {portion->bytes, keeps ? PORTION_BYTES : UNCACHED_BYTES};
  struct fuse_data data = {.slices = &slice, .slice_count = 1, .to_guest = true};
  struct fuse_read_in *in = fuse_begin(fuse, FUSE_READDIR, handle->node->id, sizeof *in);
  in->fh = handle->fh;
  in->offset = offset;
  data.size = &in->size;
  portion->length = 0;
  int error = fuse_call_data(fuse, 0, &data);
  if (error)
    return error;
  portion->length = (uint32_t)data.moved;
  portion->at = 0;
  portion->offset = offset;
  portion->version = handle->node->version;
  portion->until_ns = keeps ? fuse_deadline(fuse, handle->node->ttl_ns) : 0;
  return 0;
}

enum given { GIVEN_ALL, GIVEN_STOPPED, GIVEN_NONSENSE };

/* Gives out the rest of the portion. Every entry is checked: the bytes are the server's. */
static enum given give_entries(struct fuse_portion *portion, wasi_dirent_callback *callback,
                               void *context) {
  uint32_t begin = portion->at;
  while (portion->length - portion->at >= FUSE_NAME_OFFSET) {
    uint32_t left = portion->length - portion->at;
    const struct fuse_dirent *from = (const struct fuse_dirent *)(portion->bytes + portion->at);
    if (from->namelen == 0 || from->namelen > left - FUSE_NAME_OFFSET)
      return GIVEN_NONSENSE;
    struct wasi_dirent entry = {.ino = from->ino,
                                .next = from->off,
                                .type = from->type,
                                .name_length = from->namelen,
                                .name = from->name};
    if (!callback(context, &entry))
      return GIVEN_STOPPED;
    portion->offset = from->off;
    uint64_t record = FUSE_DIRENT_SIZE(from);
    portion->at += record < left ? (uint32_t)record : left;
  }
  /* A portion without one whole entry: asking again would not end. */
  if (portion->at == begin)
    return GIVEN_NONSENSE;
  portion->at = portion->length;
  return GIVEN_ALL;
}

/* The callback must not list the same handle. */
int fuse_readdir(struct wasi_fs *fs, wasi_node node, wasi_handle number, uint64_t offset,
                 wasi_dirent_callback *callback, void *context) {
  (void)node;
  struct fuse *fuse = to_fuse(fs);
  struct fuse_handle *handle = to_handle(number);
  if (!handle->portion) {
    handle->portion =
        fuse->machine->allocate(fuse->machine->context, sizeof *handle->portion + PORTION_BYTES);
    if (!handle->portion)
      return LINUX_ENOMEM;
    handle->portion->length = handle->portion->at = 0;
    handle->portion->offset = 0;
  }
  for (;;) {
    if (!goes_on(fuse, handle, offset)) {
      int error = fetch(fuse, handle, offset);
      if (error || handle->portion->length == 0)
        return error;
    }
    switch (give_entries(handle->portion, callback, context)) {
    case GIVEN_STOPPED:
      return 0;
    case GIVEN_NONSENSE:
      return LINUX_EIO;
    case GIVEN_ALL:
      offset = handle->portion->offset;
    }
  }
}
