/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The device side of a split virtqueue (virtio 1.2, section 2.7): takes buffers from a hostile
 * guest and gives them back.
 *
 * A chain of descriptors is copied out of guest memory, checked as a whole and turned into host
 * pointers before a device sees it. The bytes behind the pointers stay the guest's: copy them
 * before checking them. */
#ifndef MONITOR_DEVICES_VIRTQUEUE_H
#define MONITOR_DEVICES_VIRTQUEUE_H

#include "monitor/devices/device.h"
#include <sys/uio.h>

/* A buffer that crosses memory slots falls into several pieces. A chain is at most 2^32 - 1 bytes,
 * so one whose buffers do not overlap crosses each border between slots at most once. */
#define VIRTQUEUE_PIECES_MAX (ABI_QUEUE_SIZE + GUEST_MEMORY_SLOTS_MAX)

/* One buffer offered by the guest: bytes for the device to read, then room for it to write. */
struct virtqueue_chain {
  uint16_t head; /* its first descriptor, which names it in the used ring */
  uint32_t readable_count;
  uint32_t writable_count;
  uint64_t readable_bytes;
  uint64_t writable_bytes;
  struct iovec pieces[VIRTQUEUE_PIECES_MAX]; /* the readable ones, then the writable ones */
};

/* Serves one buffer. *used: what the used ring shall say as its length. Anything else than
 * DEVICE_OK leaves the buffer with the guest. */
typedef enum device_result virtqueue_server(struct device *device, uint32_t queue,
                                            const struct virtqueue_chain *chain, uint32_t *used,
                                            struct guest_fault *fault);

/* Serves the buffers that are available now, in order; between two of them it looks out for
 * signals. */
enum device_result virtqueue_serve(struct device *device, uint32_t queue, virtqueue_server *server,
                                   struct guest_fault *fault);

/* *waits: the guest has made buffers available that were not served. */
enum device_result virtqueue_look(const struct device *device, uint32_t queue, bool *waits,
                                  struct guest_fault *fault);
/* Says in the used ring whether the guest need not notify. */
enum device_result virtqueue_set_polling(const struct device *device, uint32_t queue, bool polling,
                                         struct guest_fault *fault);

/* Copies out of the readable bytes / into the writable ones, from `offset` on. Returns the bytes
 * copied: fewer than `size` when the chain ends before. */
size_t virtqueue_copy_in(const struct virtqueue_chain *chain, uint64_t offset, void *bytes,
                         size_t size);
size_t virtqueue_copy_out(const struct virtqueue_chain *chain, uint64_t offset, const void *bytes,
                          size_t size);

/* The pieces that make up [offset, offset+length) of the readable or writable bytes, clipped to
 * what is there. Returns how many; `out` has room for VIRTQUEUE_PIECES_MAX. */
int virtqueue_window(const struct virtqueue_chain *chain, bool writable, uint64_t offset,
                     uint64_t length, struct iovec *out);

#endif
