/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The driver side of a split virtqueue (virtio 1.2, section 2.7). One request is built at a time. A
 * request that nobody waits for may be posted: it is on its way while the next ones are built. */
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
  bool in_order;      /* ABI_FEATURE_IN_ORDER */
  uint16_t submitted; /* requests so far; also the available index */
  uint16_t first;     /* descriptor where the request being built begins; those on their way have
                         the ones below */
  uint16_t segments;  /* its descriptors */
};

/* The device's rings, mapped; NULL: they cannot be, or the device is none of `type` with at least
 * `queues` queues. */
void *virtqueue_map(const struct driver_machine *machine, const struct abi_boot *boot,
                    uint32_t device, uint32_t type, uint32_t queues);
void virtqueue_open(struct virtqueue *queue, const struct driver_machine *machine,
                    const struct abi_boot *boot, void *rings, uint32_t device, uint32_t index);

/* Builds a request: begin, then add what the device reads, then what it writes. Adding returns the
 * bytes added, fewer when descriptors run out: physically scattered memory needs one a page.
 * `keep` descriptors are left for what is added afterwards. With `room` descriptors or fewer left,
 * begin waits for the requests on their way. */
void virtqueue_begin(struct virtqueue *queue, uint32_t room);
size_t virtqueue_add(struct virtqueue *queue, const void *bytes, size_t length, bool writable,
                     uint32_t keep);
/* The same with the bytes of the slices from `skip` on, at most `limit`. */
size_t virtqueue_add_slices(struct virtqueue *queue, const struct wasi_slice *slices, size_t count,
                            size_t skip, size_t limit, bool writable, uint32_t keep);
/* Hands the request to the device and waits until it and all posted before it are done. Returns the
 * used length. */
uint32_t virtqueue_submit(struct virtqueue *queue);
/* Hands the request to the device and does not wait, where virtqueue_polled holds; else as submit.
 */
void virtqueue_post(struct virtqueue *queue);
/* The device looks at the queue by itself, and serves requests in order: one that is posted costs
 * no exit. */
bool virtqueue_polled(const struct virtqueue *queue);
/* Nothing is on its way. */
bool virtqueue_idle(const struct virtqueue *queue);
/* Waits until nothing is. */
void virtqueue_flush(struct virtqueue *queue);
/* The two halves of submit, for a request that may take for ever: between them virtqueue_idle says
 * whether it is done. */
void virtqueue_send(struct virtqueue *queue);
uint32_t virtqueue_used(const struct virtqueue *queue);

/* Lets a device have time while somebody looks at it again and again; `round` counts from 0. */
void virtqueue_pause(const struct driver_machine *machine, uint64_t round);

/* Bytes of all slices. */
size_t slices_length(const struct wasi_slice *slices, size_t count);

#endif
