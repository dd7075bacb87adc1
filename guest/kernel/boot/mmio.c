/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* virtio over MMIO (virtio 1.2, section 4.2). */
#include "abi/virtqueue.h"
#include "guest/kernel/boot/boot.h"

/* Section 4.2.2: offsets of registers, 32 bits each. */
enum mmio_register {
  MMIO_MAGIC = 0x000,
  MMIO_VERSION = 0x004,
  MMIO_DEVICE_ID = 0x008,
  MMIO_DEVICE_FEATURES = 0x010,
  MMIO_DEVICE_FEATURES_WORD = 0x014,
  MMIO_DRIVER_FEATURES = 0x020,
  MMIO_DRIVER_FEATURES_WORD = 0x024,
  MMIO_QUEUE = 0x030,
  MMIO_QUEUE_SIZE_MAX = 0x034,
  MMIO_QUEUE_SIZE = 0x038,
  MMIO_QUEUE_READY = 0x044,
  MMIO_NOTIFY = 0x050,
  MMIO_STATUS = 0x070,
  MMIO_DESC = 0x080, /* low word, high word */
  MMIO_AVAIL = 0x090,
  MMIO_USED = 0x0a0,
  MMIO_CONFIG = 0x100,
};

#define MMIO_MAGIC_VALUE 0x74726976u /* "virt" */

static volatile uint32_t *register_of(const struct boot_device *device, enum mmio_register offset) {
  return (volatile uint32_t *)(uintptr_t)(device->common + offset);
}

static void set_status(const struct boot_device *device, uint8_t status) {
  *register_of(device, MMIO_STATUS) = status;
}

static uint8_t get_status(const struct boot_device *device) {
  return (uint8_t)*register_of(device, MMIO_STATUS);
}

static uint32_t features(const struct boot_device *device, uint32_t word) {
  *register_of(device, MMIO_DEVICE_FEATURES_WORD) = word;
  return *register_of(device, MMIO_DEVICE_FEATURES);
}

static void accept(const struct boot_device *device, uint32_t word, uint32_t accepted) {
  *register_of(device, MMIO_DRIVER_FEATURES_WORD) = word;
  *register_of(device, MMIO_DRIVER_FEATURES) = accepted;
}

static uint32_t select(const struct boot_device *device, uint32_t queue) {
  *register_of(device, MMIO_QUEUE) = queue;
  return *register_of(device, MMIO_QUEUE_SIZE_MAX);
}

static void set_address(const struct boot_device *device, enum mmio_register low, uint64_t value) {
  register_of(device, low)[0] = (uint32_t)value;
  register_of(device, low)[1] = (uint32_t)(value >> 32);
}

static void enable(const struct boot_device *device, uint32_t size, uint64_t rings) {
  *register_of(device, MMIO_QUEUE_SIZE) = size;
  set_address(device, MMIO_DESC, rings + ABI_QUEUE_DESC);
  set_address(device, MMIO_AVAIL, rings + ABI_QUEUE_AVAIL);
  set_address(device, MMIO_USED, rings + ABI_QUEUE_USED);
  *register_of(device, MMIO_QUEUE_READY) = 1;
}

static const struct boot_transport transport = {.set_status = set_status,
                                                .status = get_status,
                                                .features = features,
                                                .accept = accept,
                                                .select = select,
                                                .enable = enable};

uint32_t boot_find_mmio(const struct boot_board *board, struct boot_device *devices,
                        uint32_t most) {
  uint32_t count = 0;
  for (uint32_t i = 0; i < board->mmio_count && count < most; i++) {
    struct boot_device device = {.transport = &transport,
                                 .common = board->mmio[i],
                                 .config = board->mmio[i] + MMIO_CONFIG,
                                 .notify = board->mmio[i] + MMIO_NOTIFY};
    if (*register_of(&device, MMIO_MAGIC) != MMIO_MAGIC_VALUE)
      continue;
    device.type = *register_of(&device, MMIO_DEVICE_ID);
    if (boot_queue_count(device.type) == 0)
      continue;
    if (*register_of(&device, MMIO_VERSION) != 2)
      boot_fail("a virtio-mmio device is of the legacy kind",
                "; add -global virtio-mmio.force-legacy=false");
    devices[count++] = device;
  }
  return count;
}
