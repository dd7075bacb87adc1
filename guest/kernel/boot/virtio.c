/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Starts virtio devices (virtio 1.2, section 3.1): status, features, queues. Only VERSION_1 is
 * accepted, and several ports of the console. */
#include "abi/virtqueue.h"
#include "guest/kernel/boot/boot.h"

/* Section 2.1. */
#define STATUS_ACKNOWLEDGE 1u
#define STATUS_DRIVER 2u
#define STATUS_DRIVER_OK 4u
#define STATUS_FEATURES_OK 8u

/* Section 2.7.6: whoever polls wants no interrupts. */
#define AVAIL_NO_INTERRUPT 1u

uint32_t boot_queue_count(uint32_t type) {
  switch (type) {
  case ABI_DEVICE_CONSOLE:
    return 2 * ABI_VIRT_PORTS + 2;
  case ABI_DEVICE_RNG:
    return ABI_RNG_QUEUES;
  case ABI_DEVICE_FS:
    return ABI_FS_QUEUES;
  default:
    return 0;
  }
}

static uint64_t wanted_features(uint32_t type) {
  return ABI_FEATURE_VERSION_1 | (type == ABI_DEVICE_CONSOLE ? ABI_FEATURE_CONSOLE_MULTIPORT : 0);
}

static uint64_t negotiate(const struct boot_device *device) {
  const struct boot_transport *transport = device->transport;
  transport->set_status(device, 0);
  while (transport->status(device) != 0) {
  }
  transport->set_status(device, STATUS_ACKNOWLEDGE | STATUS_DRIVER);
  uint64_t offered = transport->features(device, 0) | (uint64_t)transport->features(device, 1)
                                                          << 32;
  uint64_t features = offered & wanted_features(device->type);
  if (!(features & ABI_FEATURE_VERSION_1))
    boot_fail("a virtio device is of the legacy kind",
              "; add -global virtio-mmio.force-legacy=false or disable-legacy=on");
  transport->accept(device, 0, (uint32_t)features);
  transport->accept(device, 1, (uint32_t)(features >> 32));
  transport->set_status(device, STATUS_ACKNOWLEDGE | STATUS_DRIVER | STATUS_FEATURES_OK);
  if (!(transport->status(device) & STATUS_FEATURES_OK))
    boot_fail("a virtio device does not accept our features", "");
  return features;
}

/* Queues that the device lacks have size 0 in its own terms: 1 here, which no request fits. */
static void start_queue(const struct boot_device *device, struct abi_device *abi, uint32_t queue) {
  uint64_t rings = abi->rings + queue * ABI_QUEUE_STRIDE;
  uint32_t size = device->transport->select(device, queue);
  if (size > ABI_QUEUE_SIZE)
    size = ABI_QUEUE_SIZE;
  abi->queue_sizes[queue] = size ? (uint16_t)size : 1;
  if (!size)
    return;
  struct abi_virtq_avail *avail = (struct abi_virtq_avail *)(uintptr_t)(rings + ABI_QUEUE_AVAIL);
  avail->flags = AVAIL_NO_INTERRUPT;
  device->transport->enable(device, size, rings);
}

void boot_start_device(const struct boot_device *device, struct abi_device *abi) {
  abi->type = device->type;
  abi->features = negotiate(device);
  for (uint32_t queue = 0; queue < abi->queue_count; queue++)
    start_queue(device, abi, queue);
  device->transport->set_status(device, STATUS_ACKNOWLEDGE | STATUS_DRIVER | STATUS_FEATURES_OK |
                                            STATUS_DRIVER_OK);
}
