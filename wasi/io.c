/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Reading, writing and seeking. Offsets are kept here, one per descriptor; hosts get them with
 * every transfer. Buffers go to the host as slices of linear memory. */
#include "wasi/call.h"

/* Checks the scatter/gather list in arguments `index` and `index` + 1 as a whole, before any byte
 * moves, and turns it into wasi->slices. */
static enum wasi_errno take_slices(struct wasi_call *call, uint32_t index, size_t *count,
                                   uint64_t *total) {
  uint32_t n = wasi_arg32(call, index + 1);
  const uint8_t *list =
      wasi_memory_range(&call->memory, wasi_arg32(call, index), (uint64_t)n * WASI_IOVEC_SIZE);
  if (!list)
    return WASI_ERRNO_FAULT;
  if (n > WASI_SLICES_MAX)
    return WASI_ERRNO_INVAL;
  *count = n;
  *total = 0;
  for (uint32_t i = 0; i < n; i++, list += WASI_IOVEC_SIZE) {
    uint32_t length = wasi_get32(list + WASI_IOVEC_LENGTH);
    uint8_t *bytes = wasi_memory_range(&call->memory, wasi_get32(list), length);
    if (!bytes)
      return WASI_ERRNO_FAULT;
    call->wasi->slices[i] = (struct wasi_slice){bytes, length};
    *total += length;
  }
  /* The result is 32 bits; POSIX has EINVAL for a sum that does not fit. */
  return *total > UINT32_MAX ? WASI_ERRNO_INVAL : WASI_ERRNO_SUCCESS;
}

/* Reading or writing without the right is BADF, as in POSIX, not NOTCAPABLE: that is what programs
 * know. A directory is one that cannot be written; reading it says why it cannot be read, as Linux
 * does. */
enum wasi_errno wasi_take_transfer(struct wasi_call *call, uint64_t right, uint32_t out_index,
                                   struct wasi_transfer *transfer) {
  transfer->out = wasi_out(call, out_index, 4);
  if (!transfer->out)
    return WASI_ERRNO_FAULT;
  enum wasi_errno status = wasi_use_any(call, 0, 0, &transfer->descriptor);
  if (status)
    return status;
  if (transfer->descriptor->kind == WASI_KIND_DIRECTORY)
    return right == WASI_RIGHT_FD_READ ? WASI_ERRNO_ISDIR : WASI_ERRNO_BADF;
  if (!(transfer->descriptor->rights & right))
    return WASI_ERRNO_BADF;
  return take_slices(call, 1, &transfer->slice_count, &transfer->total);
}

static enum wasi_errno transfer_stream(struct wasi_call *call, struct wasi_transfer *transfer,
                                       bool write, size_t *moved) {
  struct wasi_host *host = call->wasi->host;
  *moved = 0;
  /* Nothing to move must not block, nor look like the end of the input. */
  if (!transfer->total)
    return WASI_ERRNO_SUCCESS;
  uint32_t stream = transfer->descriptor->stream;
  return wasi_errno_of(
      write
          ? host->ops->stream_write(host, stream, call->wasi->slices, transfer->slice_count, moved)
          : host->ops->stream_read(host, stream, call->wasi->slices, transfer->slice_count, moved));
}

static enum wasi_errno transfer_stream_at(struct wasi_call *call, struct wasi_transfer *transfer,
                                          bool write, uint64_t offset, size_t *moved) {
  struct wasi_host *host = call->wasi->host;
  return wasi_errno_of((write ? host->ops->stream_write_at : host->ops->stream_read_at)(
      host, transfer->descriptor->stream, offset, call->wasi->slices, transfer->slice_count,
      moved));
}

/* Offsets are signed on every host, so half of the 64-bit ones are INVAL. */
static enum wasi_errno transfer_file(struct wasi_call *call, struct wasi_transfer *transfer,
                                     bool write, uint64_t offset, size_t *moved) {
  const struct wasi_descriptor *file = transfer->descriptor;
  *moved = 0;
  if (offset > INT64_MAX)
    return WASI_ERRNO_INVAL;
  if (!transfer->total)
    return WASI_ERRNO_SUCCESS;
  if (file->kind == WASI_KIND_STREAM)
    return transfer_stream_at(call, transfer, write, offset, moved);
  struct wasi_fs *fs = file->hold->fs;
  return wasi_errno_of((write ? fs->ops->write : fs->ops->read)(fs, file->hold->node, file->handle,
                                                                offset, call->wasi->slices,
                                                                transfer->slice_count, moved));
}

static enum wasi_errno get_size(const struct wasi_descriptor *file, uint64_t *size) {
  struct wasi_fs *fs = file->hold->fs;
  return wasi_errno_of(fs->ops->size(fs, file->hold->node, file->handle, size));
}

enum wasi_errno wasi_fd_read(struct wasi_call *call) {
  struct wasi_transfer transfer;
  size_t moved;
  enum wasi_errno status = wasi_take_transfer(call, WASI_RIGHT_FD_READ, 3, &transfer);
  if (status)
    return status;
  if (transfer.descriptor->kind == WASI_KIND_STREAM)
    status = transfer_stream(call, &transfer, false, &moved);
  else if (wasi_is_socket(transfer.descriptor))
    status = wasi_transfer_socket(call, &transfer, false, 0, &moved);
  else
    status = transfer_file(call, &transfer, false, transfer.descriptor->offset, &moved);
  if (status)
    return status;
  transfer.descriptor->offset += moved;
  wasi_put32(transfer.out, (uint32_t)moved);
  return WASI_ERRNO_SUCCESS;
}

/* In append mode the host puts the bytes at the end whatever offset it is given, atomically; the
 * size asked for before only tells where the offset will stand afterwards. */
enum wasi_errno wasi_fd_write(struct wasi_call *call) {
  struct wasi_transfer transfer;
  size_t moved;
  enum wasi_errno status = wasi_take_transfer(call, WASI_RIGHT_FD_WRITE, 3, &transfer);
  if (status)
    return status;
  struct wasi_descriptor *descriptor = transfer.descriptor;
  uint64_t offset = descriptor->offset;
  if (descriptor->kind == WASI_KIND_STREAM) {
    status = transfer_stream(call, &transfer, true, &moved);
  } else if (wasi_is_socket(descriptor)) {
    status = wasi_transfer_socket(call, &transfer, true, 0, &moved);
  } else {
    if (descriptor->flags & WASI_FDFLAG_APPEND && transfer.total)
      status = get_size(descriptor, &offset);
    if (!status)
      status = transfer_file(call, &transfer, true, offset, &moved);
  }
  if (status)
    return status;
  descriptor->offset = offset + moved;
  wasi_put32(transfer.out, (uint32_t)moved);
  return WASI_ERRNO_SUCCESS;
}

/* pread and pwrite: the offset stays. Append mode appends here too, as Linux does. */
static enum wasi_errno transfer_at(struct wasi_call *call, uint64_t right, bool write) {
  struct wasi_transfer transfer;
  size_t moved;
  enum wasi_errno status = wasi_take_transfer(call, right, 4, &transfer);
  if (status)
    return status;
  if (wasi_is_streaming(transfer.descriptor))
    return WASI_ERRNO_SPIPE;
  if (!(transfer.descriptor->rights & WASI_RIGHT_FD_SEEK))
    return WASI_ERRNO_NOTCAPABLE;
  status = transfer_file(call, &transfer, write, wasi_arg64(call, 3), &moved);
  if (!status)
    wasi_put32(transfer.out, (uint32_t)moved);
  return status;
}

enum wasi_errno wasi_fd_pread(struct wasi_call *call) {
  return transfer_at(call, WASI_RIGHT_FD_READ, false);
}

enum wasi_errno wasi_fd_pwrite(struct wasi_call *call) {
  return transfer_at(call, WASI_RIGHT_FD_WRITE, true);
}

/* The place a seek counts from. */
static enum wasi_errno seek_base(const struct wasi_descriptor *file, uint32_t whence,
                                 uint64_t *base) {
  *base = whence == WASI_WHENCE_CUR ? file->offset : 0;
  return whence == WASI_WHENCE_END ? get_size(file, base) : WASI_ERRNO_SUCCESS;
}

/* Going past the end is fine, going before the start is not. A stream's place is the host's. */
static enum wasi_errno move_place(struct wasi_call *call, struct wasi_descriptor *file,
                                  int64_t delta, uint32_t whence, uint64_t *place) {
  struct wasi_host *host = call->wasi->host;
  if (file->kind == WASI_KIND_STREAM)
    return wasi_errno_of(host->ops->stream_seek(host, file->stream, delta, whence, place));
  uint64_t base;
  int64_t offset;
  enum wasi_errno status = seek_base(file, whence, &base);
  if (!status && (__builtin_add_overflow((int64_t)base, delta, &offset) || offset < 0))
    status = WASI_ERRNO_INVAL;
  if (!status)
    *place = file->offset = (uint64_t)offset;
  return status;
}

/* Asking where one is needs less than going somewhere. The right to seek includes it. */
static enum wasi_errno seek(struct wasi_call *call, int64_t delta, uint32_t whence, uint8_t *out) {
  struct wasi_descriptor *file;
  bool only_asks = whence == WASI_WHENCE_CUR && delta == 0;
  enum wasi_errno status = wasi_use_file(call, 0, only_asks ? 0 : WASI_RIGHT_FD_SEEK, &file);
  if (!status && only_asks && !(file->rights & (WASI_RIGHT_FD_SEEK | WASI_RIGHT_FD_TELL)))
    status = WASI_ERRNO_NOTCAPABLE;
  uint64_t place;
  if (!status)
    status = move_place(call, file, delta, whence, &place);
  if (!status)
    wasi_put64(out, place);
  return status;
}

enum wasi_errno wasi_fd_seek(struct wasi_call *call) {
  uint32_t whence = wasi_arg32(call, 2);
  uint8_t *out = wasi_out(call, 3, 8);
  if (!out)
    return WASI_ERRNO_FAULT;
  if (whence > WASI_WHENCE_END)
    return WASI_ERRNO_INVAL;
  return seek(call, (int64_t)wasi_arg64(call, 1), whence, out);
}

enum wasi_errno wasi_fd_tell(struct wasi_call *call) {
  uint8_t *out = wasi_out(call, 1, 8);
  return out ? seek(call, 0, WASI_WHENCE_CUR, out) : WASI_ERRNO_FAULT;
}
