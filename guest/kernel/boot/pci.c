/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* virtio over PCI (virtio 1.2, section 4.1), on the first bus, without interrupts. Registers that
 * no firmware has placed get their place here. */
#include "abi/virtqueue.h"
#include "guest/kernel/boot/boot.h"

/* PCI Local Bus 3.0, chapter 6. */
#define PCI_ID 0x00
#define PCI_COMMAND 0x04 /* and, in the upper half, the status */
#define PCI_HEADER 0x0c
#define PCI_BAR 0x10
#define PCI_CAPABILITIES 0x34
#define PCI_COMMAND_MEMORY 0x2u
#define PCI_COMMAND_MASTER 0x4u
#define PCI_COMMAND_NO_INTERRUPT 0x400u
#define PCI_CAPABILITY_VENDOR 9u
#define PCI_BAR_PORT 1u
#define PCI_BAR_64 4u
#define PCI_BARS 6u

#define VIRTIO_VENDOR 0x1af4u
#define VIRTIO_MODERN 0x1040u /* device ids are this plus the type (4.1.2.1) */
/* Transitional devices have ids of their own. */
#define VIRTIO_OLD_CONSOLE 0x1003u
#define VIRTIO_OLD_RNG 0x1005u

/* Section 4.1.4: kinds of structures that capabilities point at. */
#define STRUCTURE_COMMON 1u
#define STRUCTURE_NOTIFY 2u
#define STRUCTURE_DEVICE 4u

/* Section 4.1.4.3. */
struct common_config {
  uint32_t device_features_word;
  uint32_t device_features;
  uint32_t driver_features_word;
  uint32_t driver_features;
  uint16_t msix;
  uint16_t queues;
  uint8_t status;
  uint8_t generation;
  uint16_t queue;
  uint16_t queue_size;
  uint16_t queue_msix;
  uint16_t queue_enable;
  uint16_t queue_notify_offset;
  uint32_t desc[2];
  uint32_t avail[2];
  uint32_t used[2];
};
_Static_assert(sizeof(struct common_config) == 56, "virtio's common configuration");

static volatile struct common_config *common_of(const struct boot_device *device) {
  return (volatile struct common_config *)(uintptr_t)device->common;
}

static void set_status(const struct boot_device *device, uint8_t status) {
  common_of(device)->status = status;
}

static uint8_t get_status(const struct boot_device *device) {
  return common_of(device)->status;
}

static uint32_t features(const struct boot_device *device, uint32_t word) {
  common_of(device)->device_features_word = word;
  return common_of(device)->device_features;
}

static void accept(const struct boot_device *device, uint32_t word, uint32_t accepted) {
  common_of(device)->driver_features_word = word;
  common_of(device)->driver_features = accepted;
}

static uint32_t select(const struct boot_device *device, uint32_t queue) {
  if (queue >= common_of(device)->queues)
    return 0;
  common_of(device)->queue = (uint16_t)queue;
  /* The runtime counts on queue q's register being the q-th; every device of QEMU's has it so. */
  if (common_of(device)->queue_notify_offset != queue)
    boot_fail("a virtio device on PCI has its notify registers in an unusual order", "");
  return common_of(device)->queue_size;
}

static void set_address(volatile uint32_t words[2], uint64_t value) {
  words[0] = (uint32_t)value;
  words[1] = (uint32_t)(value >> 32);
}

static void enable(const struct boot_device *device, uint32_t size, uint64_t rings) {
  common_of(device)->queue_size = (uint16_t)size;
  set_address(common_of(device)->desc, rings + ABI_QUEUE_DESC);
  set_address(common_of(device)->avail, rings + ABI_QUEUE_AVAIL);
  set_address(common_of(device)->used, rings + ABI_QUEUE_USED);
  common_of(device)->queue_enable = 1;
}

static const struct boot_transport transport = {.set_status = set_status,
                                                .status = get_status,
                                                .features = features,
                                                .accept = accept,
                                                .select = select,
                                                .enable = enable};

/* ---- Finding ---- */

struct pci_bus {
  const struct boot_board *board;
  struct boot_range window; /* what is left of it */
};

static uint32_t type_of(uint32_t id) {
  if ((id & 0xffff) != VIRTIO_VENDOR)
    return 0;
  switch (id >> 16) {
  case VIRTIO_OLD_CONSOLE:
    return ABI_DEVICE_CONSOLE;
  case VIRTIO_OLD_RNG:
    return ABI_DEVICE_RNG;
  default:
    return id >> 16 > VIRTIO_MODERN ? (id >> 16) - VIRTIO_MODERN : 0;
  }
}

/* Bytes that a base register decodes; how its upper word is written. */
static uint64_t bar_size(struct pci_bus *bus, uint32_t function, uint32_t bar) {
  uint32_t offset = PCI_BAR + 4 * bar;
  uint32_t before = arch_pci_read(bus->board, function, offset);
  arch_pci_write(bus->board, function, offset, UINT32_MAX);
  uint32_t mask = arch_pci_read(bus->board, function, offset) & ~15u;
  arch_pci_write(bus->board, function, offset, before);
  return mask ? (uint64_t)(~mask) + 1 : 0;
}

/* Physical address of a memory base register, given a place in the window when it has none. */
static uint64_t bar_address(struct pci_bus *bus, uint32_t function, uint32_t bar) {
  uint32_t offset = PCI_BAR + 4 * bar;
  uint32_t low = arch_pci_read(bus->board, function, offset);
  bool wide = (low & 6) == PCI_BAR_64;
  uint64_t address = low & ~15u;
  if (wide)
    address |= (uint64_t)arch_pci_read(bus->board, function, offset + 4) << 32;
  if (address)
    return address;
  uint64_t size = bar_size(bus, function, bar);
  uint64_t start = size ? boot_round_up(bus->window.base, size) : 0;
  if (!size || start - bus->window.base + size > bus->window.size)
    boot_fail("there is no place for a PCI device's registers", "");
  bus->window.size -= start - bus->window.base + size;
  bus->window.base = start + size;
  arch_pci_write(bus->board, function, offset, (uint32_t)start);
  if (wide)
    arch_pci_write(bus->board, function, offset + 4, (uint32_t)(start >> 32));
  return start;
}

/* Section 4.1.4: each structure is described by a capability of the vendor's kind. */
static void read_capability(uint32_t function, uint32_t at, struct boot_device *device,
                            struct pci_bus *bus) {
  uint32_t kind = arch_pci_read(bus->board, function, at) >> 24;
  uint32_t bar = arch_pci_read(bus->board, function, at + 4) & 0xff;
  if (bar >= PCI_BARS || arch_pci_read(bus->board, function, PCI_BAR + 4 * bar) & PCI_BAR_PORT)
    return;
  if (kind != STRUCTURE_COMMON && kind != STRUCTURE_NOTIFY && kind != STRUCTURE_DEVICE)
    return;
  uint64_t address = bar_address(bus, function, bar) + arch_pci_read(bus->board, function, at + 8);
  if (kind == STRUCTURE_COMMON)
    device->common = address;
  if (kind == STRUCTURE_DEVICE)
    device->config = address;
  if (kind == STRUCTURE_NOTIFY) {
    device->notify = address;
    device->notify_stride = arch_pci_read(bus->board, function, at + 16);
  }
}

static bool open_function(uint32_t function, struct boot_device *device, struct pci_bus *bus) {
  uint32_t id = arch_pci_read(bus->board, function, PCI_ID);
  *device = (struct boot_device){.transport = &transport, .type = type_of(id)};
  if (id == UINT32_MAX || boot_queue_count(device->type) == 0)
    return false;
  uint32_t at = arch_pci_read(bus->board, function, PCI_CAPABILITIES) & 0xfc;
  for (uint32_t steps = 0; at && steps < 64; steps++) {
    uint32_t head = arch_pci_read(bus->board, function, at);
    if ((head & 0xff) == PCI_CAPABILITY_VENDOR)
      read_capability(function, at, device, bus);
    at = head >> 8 & 0xfc;
  }
  if (!device->common || !device->notify || !device->notify_stride)
    boot_fail("a virtio device on PCI is of the legacy kind", "; add disable-legacy=on");
  uint32_t command = arch_pci_read(bus->board, function, PCI_COMMAND) & 0xffff;
  arch_pci_write(bus->board, function, PCI_COMMAND,
                 command | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER | PCI_COMMAND_NO_INTERRUPT);
  return true;
}

/* All functions of the first bus. */
uint32_t boot_find_pci(const struct boot_board *board, struct boot_device *devices, uint32_t most) {
  struct pci_bus bus = {.board = board, .window = board->pci_window};
  uint32_t count = 0;
  if (!board->has_pci)
    return 0;
  for (uint32_t slot = 0; slot < 32; slot++) {
    uint32_t functions = arch_pci_read(board, slot << 3, PCI_HEADER) & 1u << 23 ? 8 : 1;
    for (uint32_t i = 0; i < functions && count < most; i++)
      if (open_function(slot << 3 | i, &devices[count], &bus))
        count++;
  }
  return count;
}
