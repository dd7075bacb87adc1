/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The driver side of a split virtqueue. Requests take descriptors in ascending order, and begin at
 * 0 again once none is on its way. */
#include "guest/drivers/virtqueue.h"

void *virtqueue_map(const struct driver_machine *machine, const struct abi_boot *boot,
                    uint32_t device, uint32_t type, uint32_t queues) {
  if (device >= boot->device_count || boot->devices[device].type != type ||
      boot->devices[device].queue_count < queues)
    return NULL;
  const struct abi_device *abi = &boot->devices[device];
  return machine->map(machine->context, abi->rings, (size_t)abi->queue_count * ABI_QUEUE_STRIDE);
}

void virtqueue_open(struct virtqueue *queue, const struct driver_machine *machine,
                    const struct abi_boot *boot, void *rings, uint32_t device, uint32_t index) {
  uint16_t size = boot->devices[device].queue_sizes[index];
  uint8_t *base = (uint8_t *)rings + (size_t)index * ABI_QUEUE_STRIDE;
  *queue = (struct virtqueue){.machine = machine,
                              .device = device,
                              .index = index,
                              .size = size ? size : ABI_QUEUE_SIZE,
                              .in_order = boot->devices[device].features & ABI_FEATURE_IN_ORDER,
                              .desc = (void *)(base + ABI_QUEUE_DESC),
                              .avail = (void *)(base + ABI_QUEUE_AVAIL),
                              .used = (void *)(base + ABI_QUEUE_USED)};
}

bool virtqueue_idle(const struct virtqueue *queue) {
  return __atomic_load_n(&queue->used->index, __ATOMIC_ACQUIRE) == queue->submitted;
}

bool virtqueue_polled(const struct virtqueue *queue) {
  return queue->in_order && (queue->used->flags & ABI_VIRTQ_NO_NOTIFY);
}

void virtqueue_begin(struct virtqueue *queue, uint32_t room) {
  queue->segments = 0;
  if (queue->first + room >= queue->size)
    virtqueue_flush(queue);
  if (virtqueue_idle(queue))
    queue->first = 0;
}

/* Lengthens the last descriptor when the new bytes follow it in memory, and in direction. */
static bool extend_last(struct virtqueue *queue, uint64_t address, size_t length, uint16_t flags) {
  if (queue->segments == 0)
    return false;
  volatile struct abi_virtq_desc *last = &queue->desc[queue->first + queue->segments - 1];
  if ((last->flags & ABI_VIRTQ_WRITE) != flags || last->address + last->length != address)
    return false;
  last->length += (uint32_t)length;
  return true;
}

/* Only now does the one before get its successor, so the chain ends right whenever it is sent. */
static void append_descriptor(struct virtqueue *queue, uint64_t address, size_t length,
                              uint16_t flags) {
  if (queue->segments > 0) {
    volatile struct abi_virtq_desc *last = &queue->desc[queue->first + queue->segments - 1];
    last->flags |= ABI_VIRTQ_NEXT;
    last->next = queue->first + queue->segments;
  }
  volatile struct abi_virtq_desc *desc = &queue->desc[queue->first + queue->segments++];
  desc->address = address;
  desc->length = (uint32_t)length;
  desc->flags = flags;
  desc->next = 0;
}

size_t virtqueue_add(struct virtqueue *queue, const void *bytes, size_t length, bool writable,
                     uint32_t keep) {
  const struct driver_machine *machine = queue->machine;
  uint16_t flags = writable ? ABI_VIRTQ_WRITE : 0;
  size_t done = 0;
  while (done < length) {
    size_t piece = 0;
    uint64_t address =
        machine->physical(machine->context, (const uint8_t *)bytes + done, length - done, &piece);
    if (address == UINT64_MAX || piece == 0)
      break;
    if (!extend_last(queue, address, piece, flags)) {
      if (queue->first + queue->segments + keep >= queue->size)
        break;
      append_descriptor(queue, address, piece, flags);
    }
    done += piece;
  }
  return done;
}

size_t virtqueue_add_slices(struct virtqueue *queue, const struct wasi_slice *slices, size_t count,
                            size_t skip, size_t limit, bool writable, uint32_t keep) {
  size_t done = 0;
  for (size_t i = 0; i < count && done < limit; i++) {
    if (skip >= slices[i].length) {
      skip -= slices[i].length;
      continue;
    }
    size_t length = slices[i].length - skip;
    if (length > limit - done)
      length = limit - done;
    size_t added =
        virtqueue_add(queue, (const uint8_t *)slices[i].bytes + skip, length, writable, keep);
    done += added;
    skip = 0;
    if (added < length)
      break;
  }
  return done;
}

/* Rounds of looking before the CPU is given away, and for how long then. A server beside the vCPU
 * answers most requests in less. */
#define PAUSE_ROUNDS 20000u
#define PAUSE_NS 500000u

void virtqueue_pause(const struct driver_machine *machine, uint64_t round) {
  if (round >= PAUSE_ROUNDS && machine->idle)
    machine->idle(machine->context, PAUSE_NS);
}

/* The only place that waits for a device. Under our monitor the requests were served while the
 * guest stood still in the notification, so this never loops; a device beside the vCPU takes its
 * time. Notified whatever used.flags says: those who wait want no delay. */
static void notify_and_wait(const struct virtqueue *queue) {
  queue->machine->notify(queue->machine->context, queue->device, queue->index);
  for (uint64_t round = 0; !virtqueue_idle(queue); round++)
    virtqueue_pause(queue->machine, round);
}

/* Makes the request available; returns its place in the rings. */
static uint16_t make_available(struct virtqueue *queue) {
  uint16_t place = queue->submitted++ % queue->size;
  queue->avail->ring[place] = queue->first;
  queue->first += queue->segments;
  queue->segments = 0;
  /* The descriptors must be visible before the index is (2.7.13.3). */
  __atomic_store_n(&queue->avail->index, queue->submitted, __ATOMIC_RELEASE);
  /* And the index before the notification, or before used.flags is looked at (2.7.13.4). */
  __atomic_thread_fence(__ATOMIC_SEQ_CST);
  return place;
}

/* In order or one at a time: the used entry has the available one's place, and its id tells nothing
 * new. */
uint32_t virtqueue_submit(struct virtqueue *queue) {
  uint16_t place = make_available(queue);
  notify_and_wait(queue);
  return queue->used->ring[place].length;
}

void virtqueue_send(struct virtqueue *queue) {
  make_available(queue);
  queue->machine->notify(queue->machine->context, queue->device, queue->index);
}

uint32_t virtqueue_used(const struct virtqueue *queue) {
  return queue->used->ring[(uint16_t)(queue->submitted - 1) % queue->size].length;
}

void virtqueue_post(struct virtqueue *queue) {
  make_available(queue);
  if (!virtqueue_polled(queue))
    notify_and_wait(queue);
}

void virtqueue_flush(struct virtqueue *queue) {
  if (!virtqueue_idle(queue))
    notify_and_wait(queue);
}

size_t slices_length(const struct wasi_slice *slices, size_t count) {
  size_t length = 0;
  for (size_t i = 0; i < count; i++)
    length += slices[i].length;
  return length;
}
