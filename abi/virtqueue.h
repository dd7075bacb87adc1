/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The split virtqueue (virtio 1.2, section 2.7) as both sides see it in guest memory, and what our
 * console says in its used ring beyond the specification.
 *
 * Where the three parts of a queue lie is said in boot.h. Indirect descriptors, event indexes and
 * packed rings are not offered. */
#ifndef ABI_VIRTQUEUE_H
#define ABI_VIRTQUEUE_H

#include "abi/boot.h"
#include <stddef.h>
#include <stdint.h>

#define ABI_FEATURE_VERSION_1 (1ull << 32)        /* VIRTIO_F_VERSION_1, section 6 */
#define ABI_FEATURE_CONSOLE_MULTIPORT (1ull << 1) /* VIRTIO_CONSOLE_F_MULTIPORT, section 5.3.3 */
/* VIRTIO_F_IN_ORDER (section 6): buffers are served in the order they were made available. Our
 * monitor writes a used entry for each. */
#define ABI_FEATURE_IN_ORDER (1ull << 35)

#define ABI_VIRTQ_NEXT 0x1u     /* the chain goes on at `next` */
#define ABI_VIRTQ_WRITE 0x2u    /* the device writes this buffer; without: it reads */
#define ABI_VIRTQ_INDIRECT 0x4u /* not offered */

struct abi_virtq_desc {
  uint64_t address; /* physical */
  uint32_t length;  /* bytes, never 0 */
  uint16_t flags;   /* ABI_VIRTQ_* */
  uint16_t next;
};

struct abi_virtq_avail {
  uint16_t flags;
  uint16_t index; /* where the driver puts the next entry, modulo 2^16 */
  uint16_t ring[ABI_QUEUE_SIZE];
};

struct abi_virtq_used_entry {
  uint32_t id;     /* head of the finished chain */
  uint32_t length; /* bytes the device wrote */
};

/* used.flags: VIRTQ_USED_F_NO_NOTIFY (2.7.7), the device looks by itself. Our monitor says so of
 * the queues of a device that was notified a moment ago: it serves them at every exit, whatever the
 * reason, and at the latest ABI_POLL_MS after they were filled. */
#define ABI_VIRTQ_NO_NOTIFY 0x1u
#define ABI_POLL_MS 10u

struct abi_virtq_used {
  uint16_t flags;
  uint16_t index; /* where the device puts the next entry, modulo 2^16 */
  struct abi_virtq_used_entry ring[ABI_QUEUE_SIZE];
};

_Static_assert(sizeof(struct abi_virtq_desc) == 16, "virtq descriptor layout");
_Static_assert(sizeof(struct abi_virtq_desc) * ABI_QUEUE_SIZE == ABI_QUEUE_AVAIL,
               "desc table fits");
_Static_assert(offsetof(struct abi_virtq_avail, ring) == 4, "virtq avail layout");
_Static_assert(ABI_QUEUE_AVAIL + sizeof(struct abi_virtq_avail) <= ABI_QUEUE_USED, "avail fits");
_Static_assert(offsetof(struct abi_virtq_used, ring) == 4, "virtq used layout");
_Static_assert(ABI_QUEUE_USED + sizeof(struct abi_virtq_used) <= ABI_QUEUE_STRIDE, "used fits");

/* virtio-fs queues (section 5.11.2) without the notification queue: FORGETs go to the first,
 * everything else to the second. */
#define ABI_FS_QUEUES 2u
#define ABI_FS_HIPRIO_QUEUE 0u
#define ABI_FS_REQUEST_QUEUE 1u

#define ABI_RNG_QUEUES 1u

/* virtio-console has no place for the outcome of a write. Under our monitor the `length` of a used
 * entry carries it; a device that knows nothing of this always says the right thing.
 * Transmit queue: 0: all bytes went out. ABI_CONSOLE_SHORT | n: n bytes (fewer than given) went
 * out, the reason will meet the next write. ABI_CONSOLE_ERROR | e: none did, Linux errno e.
 * Receive queue: bytes put into the buffer, 0 at the stream's end, or ABI_CONSOLE_ERROR | e. */
#define ABI_CONSOLE_ERROR 0x80000000u
#define ABI_CONSOLE_SHORT 0x40000000u
#define ABI_CONSOLE_LENGTH 0x3fffffffu /* mask of n and e; also the longest buffer allowed */

#endif
