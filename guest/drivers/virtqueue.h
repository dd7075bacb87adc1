/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The driver side of a split virtqueue (virtio 1.2, section 2.7), one request at a time. */
#ifndef GUEST_DRIVERS_VIRTQUEUE_H
#define GUEST_DRIVERS_VIRTQUEUE_H

#include "abi/virtqueue.h"
#include "guest/drivers/drivers.h"

/* The most data bytes of one request; whoever has more makes several. */
#define VIRTQUEUE_BYTES_MAX (1u << 20)

struct virtqueue {
  const struct driver_machine *machine;
  uint32_t device;
  uint32_t index;
  uint16_t size; /* entries */
  volatile struct abi_virtq_desc *desc;
  volatile struct abi_virtq_avail *avail;
  const volatile struct abi_virtq_used *used;
  uint16_t submitted; /* requests so far; also the available index */
  uint16_t segments;  /* descriptors in the request being built, from 0 on */
};

/* The device's rings, mapped; NULL: they cannot be, or the device is none of `type` with at least
 * `queues` queues. */
void *virtqueue_map(const struct driver_machine *machine, const struct abi_boot *boot,
                    uint32_t device, uint32_t type, uint32_t queues);
void virtqueue_open(struct virtqueue *queue, const struct driver_machine *machine,
                    const struct abi_boot *boot, void *rings, uint32_t device, uint32_t index);

/* Builds a request: begin, then add what the device reads, then what it writes. Adding returns the
 * bytes added, fewer when descriptors run out: physically scattered memory needs one a page.
 * `keep` descriptors are left for what is added afterwards. */
void virtqueue_begin(struct virtqueue *queue);
size_t virtqueue_add(struct virtqueue *queue, const void *bytes, size_t length, bool writable,
                     uint32_t keep);
/* The same with the bytes of the slices from `skip` on, at most `limit`. */
size_t virtqueue_add_slices(struct virtqueue *queue, const struct wasi_slice *slices, size_t count,
                            size_t skip, size_t limit, bool writable, uint32_t keep);
/* Hands the request to the device and waits until it is done. Returns the used length. */
uint32_t virtqueue_submit(struct virtqueue *queue);
/* The two halves of it, for requests that may take for ever. */
void virtqueue_send(struct virtqueue *queue);
bool virtqueue_is_done(const struct virtqueue *queue);
uint32_t virtqueue_used(const struct virtqueue *queue); /* once it is done */

/* Lets a device have time while somebody looks at it again and again; `round` counts from 0. */
void virtqueue_pause(const struct driver_machine *machine, uint64_t round);

/* Bytes of all slices. */
size_t slices_length(const struct wasi_slice *slices, size_t count);

#endif
