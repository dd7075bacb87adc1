/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* virtio-rng (virtio 1.2, section 5.4): random bytes of the host. */
#include "guest/drivers/errors.h"
#include "guest/drivers/virtqueue.h"

struct rng {
  struct virtqueue queue;
};

struct rng *rng_open(const struct driver_machine *machine, const struct abi_boot *boot,
                     uint32_t device) {
  void *rings = virtqueue_map(machine, boot, device, ABI_DEVICE_RNG, ABI_RNG_QUEUES);
  if (!rings)
    return NULL;
  struct rng *rng = machine->allocate(machine->context, sizeof *rng);
  if (rng)
    virtqueue_open(&rng->queue, machine, boot, rings, device, 0);
  return rng;
}

int rng_read(struct rng *rng, void *bytes, size_t length) {
  size_t done = 0;
  while (done < length) {
    size_t left = length - done;
    virtqueue_begin(&rng->queue, 0);
    size_t added = virtqueue_add(&rng->queue, (uint8_t *)bytes + done,
                                 left < VIRTQUEUE_BYTES_MAX ? left : VIRTQUEUE_BYTES_MAX, true, 0);
    if (added == 0)
      return LINUX_EFAULT;
    /* The device may fill less than it was given (5.4.6.1), but not nothing. */
    uint32_t used = virtqueue_submit(&rng->queue);
    if (used == 0 || used > added)
      return LINUX_EIO;
    done += used;
  }
  return 0;
}
