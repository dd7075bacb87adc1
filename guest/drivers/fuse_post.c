/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* FUSE requests that nobody waits for: small writes, and closing what was only read. They go into
 * the queue and the program goes on; the device serves them with the next exit, whatever it is for,
 * and within ABI_POLL_MS if there is none. All requests are served in order, so whatever comes
 * later sees what was written.
 *
 * A write's error is kept with its handle and told by the next write, fsync or close of it. */
#include "guest/drivers/fuse.h"
#include <string.h>

/* Descriptors that one of them may take. */
#define POST_ROOM 16u

/* The answer to one of them. A file takes less than it was given only when there is no room. */
static int check_reply(const struct fuse_post *post, const struct fuse_post_reply *reply) {
  if (reply->header.unique != post->unique)
    return LINUX_EIO;
  if (reply->header.error)
    return reply->header.error < 0 && reply->header.error > -4096 ? -reply->header.error
                                                                  : LINUX_EIO;
  return reply->write.size < post->length ? LINUX_ENOSPC : 0;
}

void fuse_settle(struct fuse *fuse) {
  if (fuse->post_count == 0 || !virtqueue_idle(&fuse->requests))
    return;
  for (uint32_t i = 0; i < fuse->post_count; i++) {
    struct fuse_handle *handle = fuse->posts[i].handle;
    int error = handle ? check_reply(&fuse->posts[i], &fuse->post_replies[i]) : 0;
    if (!error)
      continue;
    handle->node->size_unknown = true;
    if (!handle->error)
      handle->error = error;
  }
  fuse->post_count = fuse->post_used = 0;
}

int fuse_take_error(struct fuse *fuse, struct fuse_handle *handle) {
  fuse_settle(fuse);
  int error = handle->error;
  handle->error = 0;
  return error;
}

/* Begins a request of `length` bytes: room for it, and descriptors. NULL: it cannot be posted. */
static uint8_t *begin_post(struct fuse *fuse, size_t length) {
  if (fuse->failed || !virtqueue_polled(&fuse->requests))
    return NULL;
  if (!fuse->post_bytes)
    fuse->post_bytes = fuse->machine->allocate(fuse->machine->context, FUSE_POST_BYTES);
  if (!fuse->post_bytes)
    return NULL;
  length = (length + 7) & ~(size_t)7;
  if (fuse->post_count == FUSE_POSTS_MAX || length > FUSE_POST_BYTES - fuse->post_used)
    virtqueue_flush(&fuse->requests);
  virtqueue_begin(&fuse->requests, POST_ROOM);
  fuse_settle(fuse); /* those that both of them may have waited for */
  uint8_t *room = fuse->post_bytes + fuse->post_used;
  fuse->post_used += (uint32_t)length;
  return room;
}

/* Posts the request at `header`. False: the queue cannot take it, and it was not sent. */
static bool post(struct fuse *fuse, struct fuse_in_header *header, struct fuse_handle *handle,
                 uint32_t length, size_t reply_size) {
  struct virtqueue *queue = &fuse->requests;
  struct fuse_post_reply *reply = &fuse->post_replies[fuse->post_count];
  header->unique = ++fuse->unique;
  *reply = (struct fuse_post_reply){0};
  if (virtqueue_add(queue, header, header->len, false, 0) < header->len ||
      virtqueue_add(queue, reply, reply_size, true, 0) < reply_size)
    return false;
  fuse->posts[fuse->post_count++] =
      (struct fuse_post){.handle = handle, .unique = header->unique, .length = length};
  fuse_post_forgets(fuse);
  virtqueue_post(queue);
  return true;
}

static void copy_slices(uint8_t *to, const struct wasi_slice *slices, size_t slice_count) {
  for (size_t i = 0; i < slice_count; i++) {
    if (slices[i].length > 0)
      memcpy(to, slices[i].bytes, slices[i].length);
    to += slices[i].length;
  }
}

bool fuse_post_write(struct fuse *fuse, struct fuse_handle *handle, uint64_t offset,
                     const struct wasi_slice *slices, size_t slice_count, size_t total) {
  if (handle->synchronous || total == 0 || total > FUSE_POST_LENGTH_MAX || total > fuse->io_max ||
      offset > INT64_MAX - total)
    return false;
  struct {
    struct fuse_in_header header;
    struct fuse_write_in body;
  } *request = (void *)begin_post(fuse, sizeof *request + total);
  if (!request)
    return false;
  memset(request, 0, sizeof *request);
  request->header.len = (uint32_t)(sizeof *request + total);
  request->header.opcode = FUSE_WRITE;
  request->header.nodeid = handle->node->id;
  request->body.fh = handle->fh;
  request->body.offset = offset;
  request->body.size = (uint32_t)total;
  copy_slices((uint8_t *)(request + 1), slices, slice_count);
  return post(fuse, &request->header, handle, (uint32_t)total, sizeof(struct fuse_post_reply));
}

bool fuse_post_release(struct fuse *fuse, uint32_t opcode, const struct fuse_handle *handle) {
  struct {
    struct fuse_in_header header;
    struct fuse_release_in body;
  } *request = (void *)begin_post(fuse, sizeof *request);
  if (!request)
    return false;
  memset(request, 0, sizeof *request);
  request->header.len = sizeof *request;
  request->header.opcode = opcode;
  request->header.nodeid = handle->node->id;
  request->body.fh = handle->fh;
  return post(fuse, &request->header, NULL, 0, sizeof(struct fuse_out_header));
}
