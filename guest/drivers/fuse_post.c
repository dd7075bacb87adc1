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

/* The answer to one of them. One that was done in part is finished by send_again. */
static int check_reply(const struct fuse_post *post, const struct fuse_post_reply *reply) {
  if (reply->header.unique != post->unique)
    return LINUX_EIO;
  if (reply->header.error)
    return reply->header.error < 0 && reply->header.error > -4096 ? -reply->header.error
                                                                  : LINUX_EIO;
  return reply->write.size < post->length ? LINUX_ENOSPC : 0;
}

/* Whether no later write to the same file went through: then it can still be made, in its order. */
static bool can_retry(const struct fuse *fuse, uint32_t index) {
  const struct fuse_node *node = fuse->posts[index].handle->node;
  for (uint32_t i = index + 1; i < fuse->post_count; i++)
    if (fuse->posts[i].handle && fuse->posts[i].handle->node == node &&
        fuse->post_replies[i].header.error == 0)
      return false;
  return true;
}

/* Sends what is left of a write again, and waits. */
static int send_again(struct fuse *fuse, uint32_t index) {
  struct virtqueue *queue = &fuse->requests;
  struct fuse_post *post = &fuse->posts[index];
  struct fuse_post_reply *reply = &fuse->post_replies[index];
  uint32_t done = reply->header.error ? 0 : reply->write.size;
  uint32_t left = post->length - done;
  struct fuse_write_request *request = &fuse->retry;
  memset(request, 0, sizeof *request);
  request->header = (struct fuse_in_header){.len = (uint32_t)sizeof *request + left,
                                            .opcode = FUSE_WRITE,
                                            .nodeid = post->handle->node->id,
                                            .unique = ++fuse->unique};
  request->body =
      (struct fuse_write_in){.fh = post->handle->fh, .offset = post->offset + done, .size = left};
  post->unique = request->header.unique;
  post->length = left;
  virtqueue_begin(queue, POST_ROOM);
  if (virtqueue_add(queue, request, sizeof *request, false, 0) < sizeof *request ||
      virtqueue_add(queue, post->bytes + done, left, false, 0) < left ||
      virtqueue_add(queue, reply, sizeof *reply, true, 0) < sizeof *reply)
    return LINUX_EIO;
  virtqueue_submit(queue);
  return check_reply(post, reply);
}

/* The answer to one of them. A shortage may be of our own making, as with any request. */
static int settle_post(struct fuse *fuse, uint32_t index, bool *gave_back) {
  const struct fuse_post *post = &fuse->posts[index];
  int error = post->handle ? check_reply(post, &fuse->post_replies[index]) : 0;
  if (!error || error == LINUX_EIO || !can_retry(fuse, index))
    return error;
  *gave_back |= fuse_give_back(fuse, error);
  /* Of a write that was done in part only a second one can tell why. */
  bool in_part = fuse->post_replies[index].header.error == 0;
  return *gave_back || in_part ? send_again(fuse, index) : error;
}

void fuse_settle(struct fuse *fuse) {
  if (!virtqueue_idle(&fuse->requests))
    return;
  bool gave_back = false;
  for (uint32_t i = 0; i < fuse->post_count; i++) {
    int error = settle_post(fuse, i, &gave_back);
    if (!error)
      continue;
    struct fuse_handle *handle = fuse->posts[i].handle;
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
static bool post(struct fuse *fuse, struct fuse_in_header *header, struct fuse_post what,
                 size_t reply_size) {
  struct virtqueue *queue = &fuse->requests;
  struct fuse_post_reply *reply = &fuse->post_replies[fuse->post_count];
  header->unique = ++fuse->unique;
  *reply = (struct fuse_post_reply){0};
  if (virtqueue_add(queue, header, header->len, false, 0) < header->len ||
      virtqueue_add(queue, reply, reply_size, true, 0) < reply_size)
    return false;
  what.unique = header->unique;
  fuse->posts[fuse->post_count++] = what;
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
  struct fuse_write_request *request = (void *)begin_post(fuse, sizeof *request + total);
  if (!request || handle->error) /* one before it failed: that comes first */
    return false;
  memset(request, 0, sizeof *request);
  request->header.len = (uint32_t)(sizeof *request + total);
  request->header.opcode = FUSE_WRITE;
  request->header.nodeid = handle->node->id;
  request->body.fh = handle->fh;
  request->body.offset = offset;
  request->body.size = (uint32_t)total;
  copy_slices((uint8_t *)(request + 1), slices, slice_count);
  struct fuse_post what = {.handle = handle,
                           .offset = offset,
                           .bytes = (const uint8_t *)(request + 1),
                           .length = (uint32_t)total};
  return post(fuse, &request->header, what, sizeof(struct fuse_post_reply));
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
  return post(fuse, &request->header, (struct fuse_post){0}, sizeof(struct fuse_out_header));
}
