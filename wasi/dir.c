/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Listing directories. The host's offsets are the cookies, so they stay valid as long as the
 * host's file system keeps them valid while entries come and go. */
#include "wasi/call.h"

/* The module's buffer while it fills. */
struct listing {
  uint8_t *bytes;
  uint32_t room, used;
  uint64_t parent; /* number to give for "..", 0: the host's */
};

static void put_bytes(struct listing *listing, const void *bytes, uint32_t length) {
  uint32_t left = listing->room - listing->used;
  if (length > left)
    length = left;
  memcpy(listing->bytes + listing->used, bytes, length);
  listing->used += length;
}

/* An entry that does not fit is cut at the buffer's end: a full buffer means "ask again", with the
 * cookie of the last whole entry. */
static bool list_entry(void *context, const struct wasi_dirent *entry) {
  struct listing *listing = context;
  uint64_t needed = (uint64_t)WASI_DIRENT_SIZE + entry->name_length;
  bool fits = needed <= listing->room - listing->used;
  uint8_t head[WASI_DIRENT_SIZE] = {0};
  wasi_put64(head, entry->next);
  bool is_parent = entry->name_length == 2 && !memcmp(entry->name, "..", 2);
  wasi_put64(head + WASI_DIRENT_INO, is_parent && listing->parent ? listing->parent : entry->ino);
  wasi_put32(head + WASI_DIRENT_NAME_LENGTH, entry->name_length);
  head[WASI_DIRENT_FILETYPE] = (uint8_t)wasi_filetype_of_dirent(entry->type);
  put_bytes(listing, head, sizeof head);
  put_bytes(listing, entry->name, entry->name_length);
  return fits;
}

/* What is above a preopened directory is none of the module's business, not even its number: like
 * "/", such a directory is its own parent. The number is asked for once. */
static enum wasi_errno find_parent(struct wasi_hold *hold, uint64_t *parent) {
  struct wasi_attr attr;
  if (hold->node == WASI_ROOT_NODE && !hold->root_ino) {
    int error = hold->fs->ops->getattr(hold->fs, hold->node, 0, &attr);
    if (error)
      return wasi_errno_of(error);
    hold->root_ino = attr.ino;
  }
  *parent = hold->root_ino;
  return WASI_ERRNO_SUCCESS;
}

enum wasi_errno wasi_fd_readdir(struct wasi_call *call) {
  struct listing listing = {.room = wasi_arg32(call, 2)};
  listing.bytes = wasi_out(call, 1, listing.room);
  uint64_t cookie = wasi_arg64(call, 3);
  uint8_t *out = wasi_out(call, 4, 4);
  if (!listing.bytes || !out)
    return WASI_ERRNO_FAULT;
  struct wasi_descriptor *directory;
  enum wasi_errno status = wasi_use_directory(call, 0, WASI_RIGHT_FD_READDIR, &directory);
  if (!status)
    status = wasi_open_directory_handle(directory);
  if (!status)
    status = find_parent(directory->hold, &listing.parent);
  if (status)
    return status;
  struct wasi_fs *fs = directory->hold->fs;
  int error =
      fs->ops->readdir(fs, directory->hold->node, directory->handle, cookie, list_entry, &listing);
  if (!error)
    wasi_put32(out, listing.used);
  return wasi_errno_of(error);
}
