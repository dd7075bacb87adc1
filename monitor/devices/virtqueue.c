/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The device side of a split virtqueue. Every byte of the rings is hostile. */
#include "monitor/devices/virtqueue.h"
#include "abi/virtqueue.h"
#include <inttypes.h>
#include <string.h>

/* Where in a queue something is wrong. */
#define FAULT(fault, device, queue, format, ...)                                                   \
  device_fault(fault, "%s queue %u: " format, device_name(device), queue, __VA_ARGS__)

/* The rings of one queue in host memory. volatile: the guest may write at any time, and each field
 * is to be read exactly once. */
struct rings {
  const volatile struct abi_virtq_desc *desc;
  const volatile struct abi_virtq_avail *avail;
  volatile struct abi_virtq_used *used;
};

static enum device_result find_rings(const struct device *device, uint32_t queue,
                                     struct rings *rings, struct guest_fault *fault) {
  struct gpa at = {device->abi.rings + (uint64_t)queue * ABI_QUEUE_STRIDE};
  uint8_t *base = guest_memory_range(device->host->memory, at, ABI_QUEUE_STRIDE);
  if (!base)
    return FAULT(fault, device, queue, "rings at 0x%" PRIx64 " are outside memory", at.value);
  rings->desc = (const volatile void *)(base + ABI_QUEUE_DESC);
  rings->avail = (const volatile void *)(base + ABI_QUEUE_AVAIL);
  rings->used = (volatile void *)(base + ABI_QUEUE_USED);
  return DEVICE_OK;
}

/* One copy, checked and used from then on: what the guest does to the original is too late. */
static struct abi_virtq_desc read_descriptor(const volatile struct abi_virtq_desc *desc) {
  return (struct abi_virtq_desc){desc->address, desc->length, desc->flags, desc->next};
}

/* The rules for one descriptor of a chain, whatever its address. */
static enum device_result check_descriptor(const struct device *device, uint32_t queue,
                                           const struct virtqueue_chain *chain, uint16_t index,
                                           const struct abi_virtq_desc *desc,
                                           struct guest_fault *fault) {
  if (desc->flags & ABI_VIRTQ_INDIRECT)
    return FAULT(fault, device, queue, "descriptor %u is indirect, which was not offered", index);
  if (desc->flags & ~(ABI_VIRTQ_NEXT | ABI_VIRTQ_WRITE))
    return FAULT(fault, device, queue, "descriptor %u has unknown flags 0x%x", index, desc->flags);
  if (desc->length == 0)
    return FAULT(fault, device, queue, "descriptor %u has length 0", index);
  /* 2.7.4.2: device-readable parts come first. */
  if (!(desc->flags & ABI_VIRTQ_WRITE) && chain->writable_count > 0)
    return FAULT(fault, device, queue, "descriptor %u is readable after a writable one", index);
  /* 2.7.4.1: at most 2^32 bytes; the used length could not even say that many. */
  if (chain->readable_bytes + chain->writable_bytes + desc->length > UINT32_MAX)
    return FAULT(fault, device, queue, "chain %u is longer than 2^32 - 1 bytes", chain->head);
  return DEVICE_OK;
}

/* Adds a checked descriptor's memory to the chain, piece by piece. */
static enum device_result add_pieces(const struct device *device, uint32_t queue,
                                     struct virtqueue_chain *chain, uint16_t index,
                                     const struct abi_virtq_desc *desc, struct guest_fault *fault) {
  bool writable = desc->flags & ABI_VIRTQ_WRITE;
  uint64_t done = 0;
  while (done < desc->length) {
    uint32_t count = chain->readable_count + chain->writable_count;
    if (count == VIRTQUEUE_PIECES_MAX)
      return FAULT(fault, device, queue, "chain %u has too many pieces", chain->head);
    uint64_t piece;
    struct gpa at = {desc->address + done};
    void *host = guest_memory_piece(device->host->memory, at, desc->length - done, &piece);
    if (!host)
      return FAULT(fault, device, queue,
                   "descriptor %u: 0x%" PRIx32 " bytes at 0x%" PRIx64 " are outside memory", index,
                   desc->length, desc->address);
    if (writable && !guest_memory_is_writable(device->host->memory, at, piece))
      return FAULT(fault, device, queue,
                   "descriptor %u: 0x%" PRIx32 " bytes at 0x%" PRIx64
                   " are not the guest's to be written",
                   index, desc->length, desc->address);
    chain->pieces[count] = (struct iovec){host, piece};
    *(writable ? &chain->writable_count : &chain->readable_count) += 1;
    done += piece;
  }
  *(writable ? &chain->writable_bytes : &chain->readable_bytes) += desc->length;
  return DEVICE_OK;
}

/* Walks the chain that starts at `head`. The walk is bounded by the size of the table (2.7.5: a
 * chain is never longer than the queue), which is also what finds loops. */
static enum device_result read_chain(const struct device *device, uint32_t queue,
                                     const struct rings *rings, uint16_t head,
                                     struct virtqueue_chain *chain, struct guest_fault *fault) {
  chain->head = head;
  chain->readable_count = chain->writable_count = 0;
  chain->readable_bytes = chain->writable_bytes = 0;
  uint16_t index = head;
  for (uint32_t walked = 0; walked < ABI_QUEUE_SIZE; walked++) {
    if (index >= ABI_QUEUE_SIZE)
      return FAULT(fault, device, queue, "descriptor index %u is out of range", index);
    struct abi_virtq_desc desc = read_descriptor(&rings->desc[index]);
    enum device_result result = check_descriptor(device, queue, chain, index, &desc, fault);
    if (result == DEVICE_OK)
      result = add_pieces(device, queue, chain, index, &desc, fault);
    if (result != DEVICE_OK || !(desc.flags & ABI_VIRTQ_NEXT))
      return result;
    index = desc.next;
  }
  /* More descriptors than the table has: one came twice. */
  return FAULT(fault, device, queue, "descriptor chain %u is a loop", head);
}

/* Gives the buffer back. Every buffer is finished before the next is taken, so the used index is
 * the number of those taken; what the guest may have written there does not matter. */
static void finish_chain(struct device *device, uint32_t queue, const struct rings *rings,
                         uint16_t head, uint32_t length) {
  uint16_t index = device->last_avail[queue]++;
  volatile struct abi_virtq_used_entry *entry = &rings->used->ring[index % ABI_QUEUE_SIZE];
  entry->id = head;
  entry->length = length;
  __atomic_store_n(&rings->used->index, (uint16_t)(index + 1), __ATOMIC_RELEASE);
}

enum device_result virtqueue_serve(struct device *device, uint32_t queue, virtqueue_server *server,
                                   struct guest_fault *fault) {
  struct rings rings;
  enum device_result result = find_rings(device, queue, &rings, fault);
  if (result != DEVICE_OK)
    return result;
  /* Read once: what is added while we serve has its own notification. */
  uint16_t available = __atomic_load_n(&rings.avail->index, __ATOMIC_ACQUIRE);
  uint16_t pending = (uint16_t)(available - device->last_avail[queue]);
  if (pending > ABI_QUEUE_SIZE)
    return FAULT(fault, device, queue, "available index jumped from %u to %u",
                 device->last_avail[queue], available);
  for (uint16_t i = 0; i < pending; i++) {
    /* A full queue may hold work for long; a deadline must not wait for all of it. */
    bool slow = !(device->quick >> queue & 1);
    if (i > 0 && slow && device_interrupted(device->host))
      return DEVICE_INTERRUPTED;
    uint16_t head = rings.avail->ring[device->last_avail[queue] % ABI_QUEUE_SIZE];
    struct virtqueue_chain chain;
    uint32_t used = 0;
    result = read_chain(device, queue, &rings, head, &chain, fault);
    if (result == DEVICE_OK)
      result = server(device, queue, &chain, &used, fault);
    if (result != DEVICE_OK)
      return result;
    finish_chain(device, queue, &rings, head, used);
  }
  return DEVICE_OK;
}

enum device_result virtqueue_look(const struct device *device, uint32_t queue, bool *waits,
                                  struct guest_fault *fault) {
  struct rings rings;
  enum device_result result = find_rings(device, queue, &rings, fault);
  if (result == DEVICE_OK)
    *waits = __atomic_load_n(&rings.avail->index, __ATOMIC_ACQUIRE) != device->last_avail[queue];
  return result;
}

/* The guest stands still meanwhile, so it cannot miss the change between filling the queue and
 * looking at the flag. */
enum device_result virtqueue_set_polling(const struct device *device, uint32_t queue, bool polling,
                                         struct guest_fault *fault) {
  struct rings rings;
  enum device_result result = find_rings(device, queue, &rings, fault);
  if (result == DEVICE_OK)
    rings.used->flags = polling ? ABI_VIRTQ_NO_NOTIFY : 0;
  return result;
}

/* Host pointers stay valid while the guest stands still: slots are added, never moved. */
int virtqueue_window(const struct virtqueue_chain *chain, bool writable, uint64_t offset,
                     uint64_t length, struct iovec *out) {
  const struct iovec *from = chain->pieces + (writable ? chain->readable_count : 0);
  uint32_t count = writable ? chain->writable_count : chain->readable_count;
  int made = 0;
  for (uint32_t i = 0; i < count && length > 0; i++) {
    if (offset >= from[i].iov_len) {
      offset -= from[i].iov_len;
      continue;
    }
    uint64_t left = from[i].iov_len - offset;
    uint64_t take = left < length ? left : length;
    out[made++] = (struct iovec){(uint8_t *)from[i].iov_base + offset, take};
    offset = 0;
    length -= take;
  }
  return made;
}

size_t virtqueue_copy_in(const struct virtqueue_chain *chain, uint64_t offset, void *bytes,
                         size_t size) {
  struct iovec window[VIRTQUEUE_PIECES_MAX];
  int count = virtqueue_window(chain, false, offset, size, window);
  size_t done = 0;
  for (int i = 0; i < count; i++) {
    memcpy((uint8_t *)bytes + done, window[i].iov_base, window[i].iov_len);
    done += window[i].iov_len;
  }
  return done;
}

size_t virtqueue_copy_out(const struct virtqueue_chain *chain, uint64_t offset, const void *bytes,
                          size_t size) {
  struct iovec window[VIRTQUEUE_PIECES_MAX];
  int count = virtqueue_window(chain, true, offset, size, window);
  size_t done = 0;
  for (int i = 0; i < count; i++) {
    memcpy(window[i].iov_base, (const uint8_t *)bytes + done, window[i].iov_len);
    done += window[i].iov_len;
  }
  return done;
}
