/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Descriptors themselves: finding, closing, renumbering, their rights, flags and attributes. */
#include "wasi/call.h"

/* ---- Finding the descriptor of a call -------------------------------------------------------- */

enum wasi_errno wasi_use_any(struct wasi_call *call, uint32_t index, uint64_t rights,
                             struct wasi_descriptor **descriptor) {
  *descriptor = wasi_table_get(&call->wasi->table, wasi_arg32(call, index));
  if (!*descriptor)
    return WASI_ERRNO_BADF;
  return rights & ~(*descriptor)->rights ? WASI_ERRNO_NOTCAPABLE : WASI_ERRNO_SUCCESS;
}

/* The kind is looked at before the rights: a wrong kind never has them, and says more. */
enum wasi_errno wasi_use_file(struct wasi_call *call, uint32_t index, uint64_t rights,
                              struct wasi_descriptor **descriptor) {
  enum wasi_errno status = wasi_use_any(call, index, 0, descriptor);
  if (status)
    return status;
  if ((*descriptor)->kind == WASI_KIND_DIRECTORY)
    return WASI_ERRNO_BADF;
  if (wasi_is_streaming(*descriptor))
    return WASI_ERRNO_SPIPE;
  return wasi_use_any(call, index, rights, descriptor);
}

enum wasi_errno wasi_use_directory(struct wasi_call *call, uint32_t index, uint64_t rights,
                                   struct wasi_descriptor **descriptor) {
  enum wasi_errno status = wasi_use_any(call, index, 0, descriptor);
  if (status)
    return status;
  if ((*descriptor)->kind != WASI_KIND_DIRECTORY)
    return WASI_ERRNO_NOTDIR;
  return wasi_use_any(call, index, rights, descriptor);
}

enum wasi_errno wasi_open_directory_handle(struct wasi_descriptor *directory) {
  if (directory->is_open)
    return WASI_ERRNO_SUCCESS;
  struct wasi_fs *fs = directory->hold->fs;
  int error = fs->ops->opendir(fs, directory->hold->node, &directory->handle);
  directory->is_open = !error;
  return wasi_errno_of(error);
}

/* ---- Closing, renumbering, preopens ---------------------------------------------------------- */

enum wasi_errno wasi_fd_close(struct wasi_call *call) {
  struct wasi_descriptor *descriptor;
  enum wasi_errno status = wasi_use_any(call, 0, 0, &descriptor);
  return status ? status : wasi_table_close(&call->wasi->table, descriptor);
}

/* Both must be open: this overwrites, it does not allocate. What overwriting loses is not told, as
 * with dup2. */
enum wasi_errno wasi_fd_renumber(struct wasi_call *call) {
  struct wasi_descriptor *from, *to;
  enum wasi_errno status = wasi_use_any(call, 0, 0, &from);
  if (!status)
    status = wasi_use_any(call, 1, 0, &to);
  if (status || from == to)
    return status;
  wasi_table_move(&call->wasi->table, from, to);
  return WASI_ERRNO_SUCCESS;
}

/* Programs look for preopens from 3 on until BADF. */
static enum wasi_errno use_preopen(struct wasi_call *call, struct wasi_descriptor **descriptor) {
  enum wasi_errno status = wasi_use_any(call, 0, 0, descriptor);
  return !status && !(*descriptor)->preopen ? WASI_ERRNO_BADF : status;
}

/* A listening socket stands before the directories, and BADF for it would end the search. The
 * specification has no other kind of preopen, but leaves room for them in the tag, and the C
 * libraries (and Go's runtime) pass over kinds that they do not know. */
enum wasi_errno wasi_fd_prestat_get(struct wasi_call *call) {
  uint8_t *out = wasi_out(call, 1, WASI_PRESTAT_SIZE);
  if (!out)
    return WASI_ERRNO_FAULT;
  struct wasi_descriptor *descriptor;
  enum wasi_errno status = use_preopen(call, &descriptor);
  bool listens = status && descriptor && descriptor->kind == WASI_KIND_LISTENER;
  if (status && !listens)
    return status;
  memset(out, 0, WASI_PRESTAT_SIZE);
  out[0] = listens ? WASI_PREOPEN_OTHER : WASI_PREOPEN_DIRECTORY;
  if (listens)
    return WASI_ERRNO_SUCCESS;
  wasi_put32(out + WASI_PRESTAT_NAME_LENGTH, (uint32_t)strlen(descriptor->preopen));
  return WASI_ERRNO_SUCCESS;
}

enum wasi_errno wasi_fd_prestat_dir_name(struct wasi_call *call) {
  uint32_t room = wasi_arg32(call, 2);
  uint8_t *out = wasi_out(call, 1, room);
  if (!out)
    return WASI_ERRNO_FAULT;
  struct wasi_descriptor *descriptor;
  enum wasi_errno status = use_preopen(call, &descriptor);
  if (status)
    return status;
  size_t length = strlen(descriptor->preopen);
  if (length > room)
    return WASI_ERRNO_NAMETOOLONG;
  memcpy(out, descriptor->preopen, length);
  return WASI_ERRNO_SUCCESS;
}

/* ---- Rights and flags ------------------------------------------------------------------------ */

enum wasi_errno wasi_fd_fdstat_get(struct wasi_call *call) {
  uint8_t *out = wasi_out(call, 1, WASI_FDSTAT_SIZE);
  if (!out)
    return WASI_ERRNO_FAULT;
  struct wasi_descriptor *descriptor;
  enum wasi_errno status = wasi_use_any(call, 0, 0, &descriptor);
  if (status)
    return status;
  memset(out, 0, WASI_FDSTAT_SIZE);
  out[0] = (uint8_t)descriptor->filetype;
  wasi_put16(out + WASI_FDSTAT_FLAGS, (uint16_t)descriptor->flags);
  wasi_put64(out + WASI_FDSTAT_RIGHTS, descriptor->rights);
  wasi_put64(out + WASI_FDSTAT_INHERITING, descriptor->inheriting);
  return WASI_ERRNO_SUCCESS;
}

/* Rights narrow, they never widen. */
enum wasi_errno wasi_fd_fdstat_set_rights(struct wasi_call *call) {
  struct wasi_descriptor *descriptor;
  enum wasi_errno status = wasi_use_any(call, 0, wasi_arg64(call, 1), &descriptor);
  if (status)
    return status;
  if (wasi_arg64(call, 2) & ~descriptor->inheriting)
    return WASI_ERRNO_NOTCAPABLE;
  descriptor->rights = wasi_arg64(call, 1);
  descriptor->inheriting = wasi_arg64(call, 2);
  return WASI_ERRNO_SUCCESS;
}

/* The right to set the size does not ask for a writable handle: Go's runtime wants it for files it
 * only reads, which may be read-only. */
uint32_t wasi_host_flags(uint64_t rights, uint32_t fdflags) {
  bool write = rights & (WASI_RIGHT_FD_WRITE | WASI_RIGHT_FD_ALLOCATE);
  uint32_t flags = WASI_O_RDONLY;
  if (write)
    flags = rights & WASI_RIGHT_FD_READ ? WASI_O_RDWR : WASI_O_WRONLY;
  if (fdflags & WASI_FDFLAG_APPEND)
    flags |= WASI_O_APPEND;
  if (fdflags & WASI_FDFLAG_DSYNC)
    flags |= WASI_O_DSYNC;
  if (fdflags & (WASI_FDFLAG_SYNC | WASI_FDFLAG_RSYNC))
    flags |= WASI_O_SYNC;
  return flags;
}

/* The host's handle has its flags for good, so others need another handle. */
static enum wasi_errno reopen_file(struct wasi_descriptor *file, uint32_t flags) {
  struct wasi_fs *fs = file->hold->fs;
  wasi_handle handle;
  int error = fs->ops->open(fs, file->hold->node, wasi_host_flags(file->rights, flags), &handle);
  if (error)
    return wasi_errno_of(error);
  error = fs->ops->release(fs, file->hold->node, file->handle);
  file->handle = handle;
  return wasi_errno_of(error);
}

static enum wasi_errno set_nowait(struct wasi_call *call, const struct wasi_descriptor *stream,
                                  bool nowait) {
  struct wasi_host *host = call->wasi->host;
  return wasi_errno_of(host->ops->stream_nowait(host, stream->stream, nowait));
}

/* NONBLOCK means something to streams and sockets only, append and synchronous writes to files
 * only, and to a directory no flag does: BADF, as for what else is asked of a directory as if it
 * were a file. */
enum wasi_errno wasi_fd_fdstat_set_flags(struct wasi_call *call) {
  uint32_t flags = wasi_arg32(call, 1);
  const uint32_t file_flags = WASI_FDFLAG_ALL & ~WASI_FDFLAG_NONBLOCK;
  if (flags & ~WASI_FDFLAG_ALL)
    return WASI_ERRNO_INVAL;
  struct wasi_descriptor *descriptor;
  enum wasi_errno status = wasi_use_any(call, 0, WASI_RIGHT_FD_FDSTAT_SET_FLAGS, &descriptor);
  if (status)
    return status;
  if (descriptor->kind == WASI_KIND_DIRECTORY)
    return WASI_ERRNO_BADF;
  if (descriptor->kind == WASI_KIND_STREAM && flags & file_flags & ~WASI_FDFLAG_APPEND)
    return WASI_ERRNO_NOTSUP;
  if (wasi_is_socket(descriptor) && flags & file_flags)
    return WASI_ERRNO_NOTSUP;
  if (descriptor->kind == WASI_KIND_STREAM)
    status = set_nowait(call, descriptor, flags & WASI_FDFLAG_NONBLOCK);
  if (descriptor->kind == WASI_KIND_FILE && (flags ^ descriptor->flags) & file_flags)
    status = reopen_file(descriptor, flags);
  if (!status)
    descriptor->flags = flags;
  return status;
}

/* ---- Attributes ------------------------------------------------------------------------------ */

void wasi_put_filestat(uint8_t *out, const struct wasi_attr *attr) {
  memset(out, 0, WASI_FILESTAT_SIZE);
  wasi_put64(out + WASI_FILESTAT_DEV, attr->dev);
  wasi_put64(out + WASI_FILESTAT_INO, attr->ino);
  out[WASI_FILESTAT_FILETYPE] = (uint8_t)wasi_filetype_of_mode(attr->mode);
  wasi_put64(out + WASI_FILESTAT_NLINK, attr->nlink);
  wasi_put64(out + WASI_FILESTAT_BYTES, attr->size);
  wasi_put64(out + WASI_FILESTAT_ATIM, attr->atime_ns);
  wasi_put64(out + WASI_FILESTAT_MTIM, attr->mtime_ns);
  wasi_put64(out + WASI_FILESTAT_CTIM, attr->ctime_ns);
}

/* The handle to name a descriptor's object by: a file's, which may have no name any more. */
static wasi_handle handle_of(const struct wasi_descriptor *descriptor) {
  return descriptor->kind == WASI_KIND_FILE ? descriptor->handle : 0;
}

/* Streams and sockets have a type and nothing else, but for streams that are files. */
enum wasi_errno wasi_fd_filestat_get(struct wasi_call *call) {
  uint8_t *out = wasi_out(call, 1, WASI_FILESTAT_SIZE);
  if (!out)
    return WASI_ERRNO_FAULT;
  struct wasi_descriptor *descriptor;
  enum wasi_errno status = wasi_use_any(call, 0, WASI_RIGHT_FD_FILESTAT_GET, &descriptor);
  if (status)
    return status;
  struct wasi_attr attr = {0};
  struct wasi_host *host = call->wasi->host;
  if (wasi_is_file_stream(descriptor)) {
    status = wasi_errno_of(host->ops->stream_attr(host, descriptor->stream, &attr));
  } else if (!wasi_is_streaming(descriptor)) {
    struct wasi_fs *fs = descriptor->hold->fs;
    status =
        wasi_errno_of(fs->ops->getattr(fs, descriptor->hold->node, handle_of(descriptor), &attr));
  }
  if (status)
    return status;
  wasi_put_filestat(out, &attr);
  if (wasi_is_streaming(descriptor))
    out[WASI_FILESTAT_FILETYPE] = (uint8_t)descriptor->filetype;
  return WASI_ERRNO_SUCCESS;
}

static enum wasi_errno set_attributes(const struct wasi_descriptor *descriptor, wasi_handle handle,
                                      const struct wasi_setattr *set) {
  struct wasi_fs *fs = descriptor->hold->fs;
  return wasi_errno_of(fs->ops->setattr(fs, descriptor->hold->node, handle, set));
}

/* The handle to set the size through: none if it may only read, then the host goes by the node. */
static wasi_handle handle_for_size(const struct wasi_descriptor *file) {
  const uint64_t write = WASI_RIGHT_FD_WRITE | WASI_RIGHT_FD_ALLOCATE;
  return file->rights & write ? file->handle : 0;
}

enum wasi_errno wasi_fd_filestat_set_size(struct wasi_call *call) {
  struct wasi_setattr set = {.valid = WASI_SET_SIZE, .size = wasi_arg64(call, 1)};
  struct wasi_descriptor *file;
  enum wasi_errno status = wasi_use_file(call, 0, WASI_RIGHT_FD_FILESTAT_SET_SIZE, &file);
  if (status)
    return status == WASI_ERRNO_SPIPE ? WASI_ERRNO_INVAL : status; /* as ftruncate */
  if (set.size > INT64_MAX)
    return WASI_ERRNO_INVAL;
  struct wasi_host *host = call->wasi->host;
  if (file->kind == WASI_KIND_STREAM)
    return wasi_errno_of(host->ops->stream_set_size(host, file->stream, set.size));
  return set_attributes(file, handle_for_size(file), &set);
}

enum wasi_errno wasi_set_times(uint64_t atime, uint64_t mtime, uint32_t flags,
                               struct wasi_setattr *set) {
  const uint32_t atime_twice = WASI_FSTFLAG_ATIM | WASI_FSTFLAG_ATIM_NOW;
  const uint32_t mtime_twice = WASI_FSTFLAG_MTIM | WASI_FSTFLAG_MTIM_NOW;
  if (flags & ~WASI_FSTFLAG_ALL || (flags & atime_twice) == atime_twice ||
      (flags & mtime_twice) == mtime_twice)
    return WASI_ERRNO_INVAL;
  *set = (struct wasi_setattr){.atime_ns = atime, .mtime_ns = mtime};
  set->valid = (flags & WASI_FSTFLAG_ATIM ? WASI_SET_ATIME : 0) |
               (flags & WASI_FSTFLAG_ATIM_NOW ? WASI_SET_ATIME_NOW : 0) |
               (flags & WASI_FSTFLAG_MTIM ? WASI_SET_MTIME : 0) |
               (flags & WASI_FSTFLAG_MTIM_NOW ? WASI_SET_MTIME_NOW : 0);
  return WASI_ERRNO_SUCCESS;
}

enum wasi_errno wasi_fd_filestat_set_times(struct wasi_call *call) {
  struct wasi_setattr set;
  enum wasi_errno status =
      wasi_set_times(wasi_arg64(call, 1), wasi_arg64(call, 2), wasi_arg32(call, 3), &set);
  struct wasi_descriptor *descriptor;
  if (!status) /* streams never have this right */
    status = wasi_use_any(call, 0, WASI_RIGHT_FD_FILESTAT_SET_TIMES, &descriptor);
  if (status || !set.valid)
    return status;
  return set_attributes(descriptor, handle_of(descriptor), &set);
}

/* ---- Storage --------------------------------------------------------------------------------- */

/* Advice may be ignored; wrong advice is still an error. */
enum wasi_errno wasi_fd_advise(struct wasi_call *call) {
  uint64_t offset = wasi_arg64(call, 1), length = wasi_arg64(call, 2);
  struct wasi_descriptor *file;
  enum wasi_errno status = wasi_use_file(call, 0, WASI_RIGHT_FD_ADVISE, &file);
  if (status)
    return status;
  if (wasi_arg32(call, 3) > WASI_ADVICE_MAX || offset > INT64_MAX || length > INT64_MAX)
    return WASI_ERRNO_INVAL;
  return WASI_ERRNO_SUCCESS;
}

enum wasi_errno wasi_fd_allocate(struct wasi_call *call) {
  uint64_t offset = wasi_arg64(call, 1), length = wasi_arg64(call, 2);
  struct wasi_descriptor *file;
  enum wasi_errno status = wasi_use_file(call, 0, WASI_RIGHT_FD_ALLOCATE, &file);
  if (status)
    return status;
  if (offset > INT64_MAX || length > INT64_MAX || !length)
    return WASI_ERRNO_INVAL;
  if (offset + length > INT64_MAX)
    return WASI_ERRNO_FBIG;
  struct wasi_fs *fs = file->hold->fs;
  return wasi_errno_of(fs->ops->allocate(fs, file->hold->node, file->handle, offset, length));
}

/* Streams that are no files cannot be synchronised: INVAL, which is what fsync says of pipes and
 * terminals and what programs know to ignore. */
static enum wasi_errno synchronise(struct wasi_call *call, uint64_t right, bool data_only) {
  struct wasi_descriptor *descriptor;
  enum wasi_errno status = wasi_use_any(call, 0, right, &descriptor);
  if (status)
    return status;
  if (wasi_is_streaming(descriptor))
    return WASI_ERRNO_INVAL;
  struct wasi_host *host = call->wasi->host;
  if (descriptor->kind == WASI_KIND_STREAM)
    return wasi_errno_of(host->ops->stream_sync(host, descriptor->stream, data_only));
  bool is_directory = descriptor->kind == WASI_KIND_DIRECTORY;
  if (is_directory)
    status = wasi_open_directory_handle(descriptor);
  if (status)
    return status;
  struct wasi_fs *fs = descriptor->hold->fs;
  return wasi_errno_of(
      fs->ops->fsync(fs, descriptor->hold->node, descriptor->handle, data_only, is_directory));
}

enum wasi_errno wasi_fd_sync(struct wasi_call *call) {
  return synchronise(call, WASI_RIGHT_FD_SYNC, false);
}

enum wasi_errno wasi_fd_datasync(struct wasi_call *call) {
  return synchronise(call, WASI_RIGHT_FD_DATASYNC, true);
}
