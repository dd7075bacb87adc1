/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Reading and writing over FUSE. Large transfers go straight from and to their place. Small reads
 * in a row are served from a window that is read ahead, small writes are posted (fuse_post.c), both
 * only as far as the server lets answers be relied on. */
#include "guest/drivers/fuse.h"
#include <string.h>

/* From here on a read is a request of its own. */
#define LARGE_READ (128u << 10)
/* The first window of a file is small: most files are. */
#define FIRST_WINDOW (128u << 10)

/* ---- Straight -------------------------------------------------------------------------------- */

static int read_once(struct fuse *fuse, const struct fuse_handle *handle, uint64_t offset,
                     struct fuse_data *data) {
  struct fuse_read_in *in = fuse_begin(fuse, FUSE_READ, handle->node->id, sizeof *in);
  in->fh = handle->fh;
  in->offset = offset;
  data->size = &in->size;
  return fuse_call_data(fuse, 0, data);
}

static int write_once(struct fuse *fuse, const struct fuse_handle *handle, uint64_t offset,
                      struct fuse_data *data) {
  struct fuse_write_in *in = fuse_begin(fuse, FUSE_WRITE, handle->node->id, sizeof *in);
  in->fh = handle->fh;
  in->offset = offset;
  data->size = &in->size;
  int error = fuse_call_data(fuse, sizeof(struct fuse_write_out), data);
  if (error)
    return error;
  const struct fuse_write_out *out = fuse_reply(fuse);
  data->moved = out->size;
  return out->size <= data->added ? 0 : LINUX_EIO;
}

/* Moves the slices from *count on in as many requests as it takes; ends early when one moves less
 * than it could. After the first bytes an error is left for the next operation to meet, as in
 * read(2). */
static int move_slices(struct fuse *fuse, const struct fuse_handle *handle, uint64_t offset,
                       struct fuse_data *data, size_t *count) {
  size_t total = slices_length(data->slices, data->slice_count);
  while (*count < total) {
    data->skip = *count;
    int error = data->to_guest ? read_once(fuse, handle, offset + *count, data)
                               : write_once(fuse, handle, offset + *count, data);
    if (error)
      return *count > 0 ? 0 : error;
    *count += data->moved;
    if (data->moved < data->added)
      break;
  }
  return 0;
}

/* ---- Windows --------------------------------------------------------------------------------- */

static bool may_cache(const struct fuse_handle *handle) {
  return handle->cached && handle->node->ttl_ns > 0;
}

/* The window, if it holds the byte at `offset` as far as we may know. */
static struct fuse_window *window_at(const struct fuse *fuse, const struct fuse_handle *handle,
                                     uint64_t offset) {
  struct fuse_window *window = handle->window;
  if (!window || offset < window->start || offset - window->start >= window->length ||
      window->version != handle->node->version || fuse_expired(fuse, window->until_ns))
    return NULL;
  return window;
}

/* A window for a handle that has none: a free one or the one that was not used for longest. NULL:
 * no memory. */
static struct fuse_window *take_window(struct fuse *fuse, struct fuse_handle *handle) {
  struct fuse_window *best = &fuse->windows[0];
  for (uint32_t i = 1; i < FUSE_WINDOWS_MAX && best->owner; i++) {
    struct fuse_window *window = &fuse->windows[i];
    if (!window->owner || window->used < best->used)
      best = window;
  }
  if (!best->bytes)
    best->bytes = fuse->machine->allocate(fuse->machine->context, FUSE_WINDOW_BYTES);
  if (!best->bytes)
    return NULL;
  if (best->owner)
    best->owner->window = NULL;
  best->owner = handle;
  best->length = 0;
  return handle->window = best;
}

/* Remembers that the file ended at `offset`, so that the read that programs make to find the end
 * costs nothing. It is good for one answer: who asks again wants to see the file grow. */
static void remember_end(const struct fuse *fuse, struct fuse_handle *handle, uint64_t offset) {
  handle->end = offset;
  handle->end_seen = handle->node->version;
  handle->end_until_ns = fuse_deadline(fuse, handle->node->ttl_ns);
}

static bool take_end(const struct fuse *fuse, struct fuse_handle *handle, uint64_t offset) {
  if (handle->end != offset || handle->end_seen != handle->node->version ||
      fuse_expired(fuse, handle->end_until_ns))
    return false;
  handle->end_until_ns = 0;
  return true;
}

/* Reads a window from `offset` on; the next one after a window that was read to its end is larger.
 * False: it could not be filled, and the read is tried without. */
static bool fill_window(struct fuse *fuse, struct fuse_handle *handle, uint64_t offset) {
  struct fuse_window *window = handle->window ? handle->window : take_window(fuse, handle);
  if (!window)
    return false;
  bool goes_on = window->length > 0 && window->start + window->length == offset;
  struct wasi_slice slice = {window->bytes, goes_on ? FUSE_WINDOW_BYTES : FIRST_WINDOW};
  struct fuse_data data = {.slices = &slice, .slice_count = 1, .to_guest = true};
  window->length = 0;
  if (read_once(fuse, handle, offset, &data) != 0)
    return false;
  window->start = offset;
  window->length = (uint32_t)data.moved;
  window->version = handle->node->version;
  window->until_ns = fuse_deadline(fuse, handle->node->ttl_ns);
  window->used = ++fuse->ticks;
  if (data.moved < data.added)
    remember_end(fuse, handle, offset + data.moved);
  return true;
}

/* Copies into the slices from `skip` on; returns what fitted. */
static size_t put_bytes(const struct wasi_slice *slices, size_t slice_count, size_t skip,
                        const uint8_t *bytes, size_t length) {
  size_t done = 0;
  for (size_t i = 0; i < slice_count && done < length; i++) {
    if (skip >= slices[i].length) {
      skip -= slices[i].length;
      continue;
    }
    size_t piece = slices[i].length - skip;
    if (piece > length - done)
      piece = length - done;
    memcpy((uint8_t *)slices[i].bytes + skip, bytes + done, piece);
    done += piece;
    skip = 0;
  }
  return done;
}

/* What windows have or can get: nothing for large reads and those here and there. Stops at the
 * file's end, which *at_end tells. */
static void read_windows(struct fuse *fuse, struct fuse_handle *handle, uint64_t offset,
                         struct fuse_data *data, size_t total, size_t *count, bool *at_end) {
  /* After a write of ours the first read is not in a row: it may be one of many in turn. */
  bool in_a_row = offset == handle->next && handle->seen == handle->node->version;
  while (*count < total && !*at_end) {
    uint64_t at = offset + *count;
    struct fuse_window *window = window_at(fuse, handle, at);
    if (window) {
      size_t skip = (size_t)(at - window->start);
      *count += put_bytes(data->slices, data->slice_count, *count, window->bytes + skip,
                          window->length - skip);
      window->used = ++fuse->ticks;
    } else if (take_end(fuse, handle, at)) {
      *at_end = true;
    } else if (!in_a_row || total >= LARGE_READ || !fill_window(fuse, handle, at)) {
      return;
    }
  }
}

int fuse_read(struct wasi_fs *fs, wasi_node node, wasi_handle number, uint64_t offset,
              const struct wasi_slice *slices, size_t slice_count, size_t *count) {
  (void)node;
  struct fuse *fuse = to_fuse(fs);
  struct fuse_handle *handle = to_handle(number);
  struct fuse_data data = {.slices = slices, .slice_count = slice_count, .to_guest = true};
  size_t total = slices_length(slices, slice_count);
  bool caches = may_cache(handle) && offset <= INT64_MAX - total;
  bool at_end = false;
  *count = 0;
  if (caches)
    read_windows(fuse, handle, offset, &data, total, count, &at_end);
  int error = 0;
  if (*count < total && !at_end) {
    error = move_slices(fuse, handle, offset, &data, count);
    if (!error && *count < total && caches)
      remember_end(fuse, handle, offset + *count);
  }
  handle->next = offset + *count;
  handle->seen = handle->node->version;
  return error;
}

/* ---- Writing --------------------------------------------------------------------------------- */

/* What a write of ours leaves known. */
static void note_write(struct fuse_handle *handle, uint64_t offset, size_t count) {
  struct fuse_node *node = handle->node;
  fuse_node_touch(node);
  uint64_t end = handle->append ? node->attr.size + count : offset + count;
  if (node->attr.size < end)
    node->attr.size = end;
}

int fuse_write(struct wasi_fs *fs, wasi_node node, wasi_handle number, uint64_t offset,
               const struct wasi_slice *slices, size_t slice_count, size_t *count) {
  (void)node;
  struct fuse *fuse = to_fuse(fs);
  struct fuse_handle *handle = to_handle(number);
  struct fuse_data data = {.slices = slices, .slice_count = slice_count};
  *count = 0;
  int error = fuse_take_error(fuse, handle);
  if (error)
    return error;
  handle->written = true;
  size_t total = slices_length(slices, slice_count);
  if (may_cache(handle) && fuse_post_write(fuse, handle, offset, slices, slice_count, total))
    *count = total;
  else if ((error = fuse_take_error(fuse, handle)) == 0)
    error = move_slices(fuse, handle, offset, &data, count);
  if (*count > 0)
    note_write(handle, offset, *count);
  return error;
}
