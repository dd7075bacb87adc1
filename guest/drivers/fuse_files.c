/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* FUSE operations on open files and directories, as wasi_fs_ops wants them. */
#include "guest/drivers/fuse.h"
#include <string.h>

static struct fuse *to_fuse(struct wasi_fs *fs) {
  return (struct fuse *)fs;
}

/* ---- Opening and closing --------------------------------------------------------------------- */

/* FOPEN_NOFLUSH is a property of the server rather than of a file, so one answer without it
 * decides for all. */
static void take_handle(struct fuse *fuse, const struct fuse_open_out *out, wasi_handle *handle) {
  *handle = handle_of(out->fh);
  if (!(out->open_flags & FOPEN_NOFLUSH))
    fuse->flush_before_release = true;
}

int fuse_open_file(struct wasi_fs *fs, wasi_node node, uint32_t flags, wasi_handle *handle) {
  struct fuse *fuse = to_fuse(fs);
  struct fuse_open_in *in = fuse_begin(fuse, FUSE_OPEN, node, sizeof *in);
  bool truncate = (flags & WASI_O_TRUNC) && !fuse->server_truncates;
  in->flags = flags & ~(WASI_O_CREAT | WASI_O_EXCL | (truncate ? WASI_O_TRUNC : 0));
  int error = fuse_call(fuse, sizeof(struct fuse_open_out));
  if (error)
    return error;
  take_handle(fuse, fuse_reply(fuse), handle);
  if (truncate) {
    struct wasi_setattr empty = {.valid = WASI_SET_SIZE};
    error = fuse_setattr(fs, node, 0, &empty);
    if (error)
      fuse_release(fs, node, *handle);
  }
  return error;
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
  const struct fuse_entry_out *entry = fuse_reply(fuse);
  if (entry->nodeid == 0)
    return LINUX_EIO;
  *node = entry->nodeid;
  fuse_fill_attr(fuse, &entry->attr, attr);
  take_handle(fuse, (const struct fuse_open_out *)(entry + 1), handle);
  return 0;
}

static int send_release(struct fuse *fuse, uint32_t opcode, wasi_node node, wasi_handle handle) {
  struct fuse_release_in *in = fuse_begin(fuse, opcode, node, sizeof *in);
  in->fh = fh_of(handle);
  return fuse_call(fuse, 0);
}

/* The first error counts: it may mean lost data. */
int fuse_release(struct wasi_fs *fs, wasi_node node, wasi_handle handle) {
  struct fuse *fuse = to_fuse(fs);
  int flushed = 0;
  if (fuse->flush_before_release) {
    struct fuse_flush_in *in = fuse_begin(fuse, FUSE_FLUSH, node, sizeof *in);
    in->fh = fh_of(handle);
    flushed = fuse_call(fuse, 0);
  }
  int released = send_release(fuse, FUSE_RELEASE, node, handle);
  return flushed ? flushed : released;
}

/* ---- Data ------------------------------------------------------------------------------------ */

/* One READ. Asks for as much as one request can carry. */
static int read_once(struct fuse *fuse, wasi_node node, wasi_handle handle, uint64_t offset,
                     struct fuse_data *data) {
  struct fuse_read_in *in = fuse_begin(fuse, FUSE_READ, node, sizeof *in);
  in->fh = fh_of(handle);
  in->offset = offset;
  data->size = &in->size;
  return fuse_call_data(fuse, 0, data);
}

static int write_once(struct fuse *fuse, wasi_node node, wasi_handle handle, uint64_t offset,
                      struct fuse_data *data) {
  struct fuse_write_in *in = fuse_begin(fuse, FUSE_WRITE, node, sizeof *in);
  in->fh = fh_of(handle);
  in->offset = offset;
  data->size = &in->size;
  int error = fuse_call_data(fuse, sizeof(struct fuse_write_out), data);
  if (error)
    return error;
  const struct fuse_write_out *out = fuse_reply(fuse);
  data->moved = out->size;
  return out->size <= data->added ? 0 : LINUX_EIO;
}

/* Moves all slices in as many requests as it takes; ends early when one moves less than it could.
 * After the first bytes an error is left for the next operation to meet, as in read(2). */
static int move_slices(struct fuse *fuse, wasi_node node, wasi_handle handle, uint64_t offset,
                       struct fuse_data *data, size_t *count) {
  size_t total = slices_length(data->slices, data->slice_count);
  *count = 0;
  while (*count < total) {
    data->skip = *count;
    int error = data->to_guest ? read_once(fuse, node, handle, offset + *count, data)
                               : write_once(fuse, node, handle, offset + *count, data);
    if (error)
      return *count > 0 ? 0 : error;
    *count += data->moved;
    if (data->moved < data->added)
      break;
  }
  return 0;
}

int fuse_read(struct wasi_fs *fs, wasi_node node, wasi_handle handle, uint64_t offset,
              const struct wasi_slice *slices, size_t slice_count, size_t *count) {
  struct fuse_data data = {.slices = slices, .slice_count = slice_count, .to_guest = true};
  return move_slices(to_fuse(fs), node, handle, offset, &data, count);
}

int fuse_write(struct wasi_fs *fs, wasi_node node, wasi_handle handle, uint64_t offset,
               const struct wasi_slice *slices, size_t slice_count, size_t *count) {
  struct fuse_data data = {.slices = slices, .slice_count = slice_count};
  return move_slices(to_fuse(fs), node, handle, offset, &data, count);
}

int fuse_fsync(struct wasi_fs *fs, wasi_node node, wasi_handle handle, bool data_only,
               bool is_dir) {
  struct fuse *fuse = to_fuse(fs);
  struct fuse_fsync_in *in =
      fuse_begin(fuse, is_dir ? FUSE_FSYNCDIR : FUSE_FSYNC, node, sizeof *in);
  in->fh = fh_of(handle);
  in->fsync_flags = data_only ? FUSE_FSYNC_FDATASYNC : 0;
  return fuse_call(fuse, 0);
}

int fuse_allocate(struct wasi_fs *fs, wasi_node node, wasi_handle handle, uint64_t offset,
                  uint64_t length) {
  struct fuse *fuse = to_fuse(fs);
  struct fuse_fallocate_in *in = fuse_begin(fuse, FUSE_FALLOCATE, node, sizeof *in);
  in->fh = fh_of(handle);
  in->offset = offset;
  in->length = length;
  return fuse_call(fuse, 0);
}

/* ---- Directories ----------------------------------------------------------------------------- */

/* Directories have neither flags nor data to flush. */
int fuse_opendir(struct wasi_fs *fs, wasi_node node, wasi_handle *handle) {
  struct fuse *fuse = to_fuse(fs);
  fuse_begin(fuse, FUSE_OPENDIR, node, sizeof(struct fuse_open_in));
  int error = fuse_call(fuse, sizeof(struct fuse_open_out));
  if (error)
    return error;
  const struct fuse_open_out *out = fuse_reply(fuse);
  *handle = handle_of(out->fh);
  return 0;
}

int fuse_releasedir(struct wasi_fs *fs, wasi_node node, wasi_handle handle) {
  return send_release(to_fuse(fs), FUSE_RELEASEDIR, node, handle);
}

/* Gives the entries of one portion to the callback. *offset: where to go on. False: it stopped, or
 * *error is set because the server sent nonsense. */
static bool give_entries(const uint8_t *bytes, size_t length, uint64_t *offset,
                         wasi_dirent_callback *callback, void *context, int *error) {
  size_t at = 0;
  while (length - at >= FUSE_NAME_OFFSET) {
    const struct fuse_dirent *from = (const struct fuse_dirent *)(bytes + at);
    if (from->namelen == 0 || from->namelen > length - at - FUSE_NAME_OFFSET) {
      *error = LINUX_EIO;
      return false;
    }
    struct wasi_dirent entry = {.ino = from->ino,
                                .next = from->off,
                                .type = from->type,
                                .name_length = from->namelen,
                                .name = from->name};
    if (!callback(context, &entry))
      return false;
    *offset = from->off;
    size_t record = FUSE_DIRENT_SIZE(from);
    at += record < length - at ? record : length - at;
  }
  if (at == 0) /* a portion without one whole entry: asking again would not end */
    *error = LINUX_EIO;
  return at > 0;
}

/* The callback may use other operations, but not readdir or readlink: they share `data`. */
int fuse_readdir(struct wasi_fs *fs, wasi_node node, wasi_handle handle, uint64_t offset,
                 wasi_dirent_callback *callback, void *context) {
  struct fuse *fuse = to_fuse(fs);
  struct wasi_slice slice = {fuse->data, FUSE_DATA_BYTES};
  int error = 0;
  for (;;) {
    struct fuse_data data = {.slices = &slice, .slice_count = 1, .to_guest = true};
    struct fuse_read_in *in = fuse_begin(fuse, FUSE_READDIR, node, sizeof *in);
    in->fh = fh_of(handle);
    in->offset = offset;
    data.size = &in->size;
    error = fuse_call_data(fuse, 0, &data);
    if (error || data.moved == 0)
      return error;
    if (!give_entries(fuse->data, data.moved, &offset, callback, context, &error))
      return error;
  }
}
