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

/* READDIRPLUS costs the server a lookup for each entry. It pays where a program asks about the
 * names it was told, and is given up when a listing begins and nobody has asked about those of the
 * latest one. A listing goes on with it only as it is used. */
static bool choose_plus(struct fuse *fuse, bool keeps, bool begins) {
  if (begins) {
    if (fuse->tried_plus && !fuse->used_plus)
      fuse->wants_plus = false;
    fuse->tried_plus = fuse->used_plus = false;
  }
  bool plus = keeps && fuse->can_plus && fuse->wants_plus && (!fuse->tried_plus || fuse->used_plus);
  fuse->tried_plus |= plus;
  return plus;
}

/* Where the entry at `at` has its dirent, and how long all of it is; NULL: the rest is no entry. */
static const struct fuse_dirent *entry_at(const struct fuse_portion *portion, uint32_t at,
                                          uint32_t *size) {
  size_t skip = portion->plus ? offsetof(struct fuse_direntplus, dirent) : 0;
  uint32_t left = portion->length - at;
  if (left < skip + FUSE_NAME_OFFSET)
    return NULL;
  const struct fuse_dirent *entry = (const struct fuse_dirent *)(portion->bytes + at + skip);
  if (entry->namelen == 0 || entry->namelen > left - skip - FUSE_NAME_OFFSET)
    return NULL;
  uint64_t record = FUSE_DIRENT_ALIGN(skip + FUSE_NAME_OFFSET + entry->namelen);
  *size = record < left ? (uint32_t)record : left;
  return entry;
}

/* Remembers the nodes that came along; each counts as a lookup. */
static void take_nodes(struct fuse *fuse, struct fuse_handle *handle) {
  const struct fuse_portion *portion = handle->portion;
  const struct fuse_dirent *entry;
  uint32_t size;
  for (uint32_t at = 0; (entry = entry_at(portion, at, &size)); at += size) {
    const struct fuse_direntplus *plus = (const struct fuse_direntplus *)(portion->bytes + at);
    struct fuse_node *node;
    if (entry->namelen > FUSE_NAME_BYTES_MAX ||
        fuse_take_entry(fuse, handle->node->id, entry->name, entry->namelen, &plus->entry_out,
                        &node) != 0)
      continue;
    fuse_name_mark_unused(fuse, handle->node->id, entry->name, entry->namelen);
    fuse_node_drop(fuse, node);
  }
}

/* READDIR or READDIRPLUS from `offset` on into the handle's portion. */
static int fetch(struct fuse *fuse, struct fuse_handle *handle, uint64_t offset) {
  struct fuse_portion *portion = handle->portion;
  bool keeps = handle->cached && handle->node->ttl_ns > 0;
  struct wasi_slice slice = {portion->bytes, keeps ? PORTION_BYTES : UNCACHED_BYTES};
  struct fuse_data data = {.slices = &slice, .slice_count = 1, .to_guest = true};
  portion->plus = choose_plus(fuse, keeps, offset == 0);
  struct fuse_read_in *in = fuse_begin(fuse, portion->plus ? FUSE_READDIRPLUS : FUSE_READDIR,
                                       handle->node->id, sizeof *in);
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
  handle->node->listed = !portion->plus;
  if (portion->plus)
    take_nodes(fuse, handle);
  portion->version = handle->node->version;
  portion->until_ns = keeps ? fuse_deadline(fuse, handle->node->ttl_ns) : 0;
  return 0;
}

enum given { GIVEN_ALL, GIVEN_STOPPED, GIVEN_NONSENSE };

/* Gives out the rest of the portion. Every entry is checked: the bytes are the server's. */
static enum given give_entries(struct fuse_portion *portion, wasi_dirent_callback *callback,
                               void *context) {
  uint32_t begin = portion->at, size;
  const struct fuse_dirent *from;
  while ((from = entry_at(portion, portion->at, &size))) {
    struct wasi_dirent entry = {.ino = from->ino,
                                .next = from->off,
                                .type = from->type,
                                .name_length = from->namelen,
                                .name = from->name};
    if (!callback(context, &entry))
      return GIVEN_STOPPED;
    portion->offset = from->off;
    portion->at += size;
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
