/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The boot path: what the kernel does where no monitor of ours has prepared the machine. It runs
 * once, with all of memory mapped one to one, fills struct abi_boot and the kernel's memory as our
 * monitor would, and drops to user mode.
 *
 * What it reads (device tree, PVH's start information, command line, RAM disk) comes from the host,
 * which it has to trust: checks are there to say what is wrong with a command line, not to resist.
 */
#ifndef GUEST_KERNEL_BOOT_BOOT_H
#define GUEST_KERNEL_BOOT_BOOT_H

#include "abi/boot.h"
#include "abi/kernel.h"
#include "abi/prepare.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct boot_range {
  uint64_t base;
  uint64_t size; /* bytes; 0: there is none */
};

#define BOOT_MMIO_MAX 64

/* What the architecture has found out about the board. */
struct boot_board {
  struct boot_range memory; /* the one that the image is in */
  struct boot_range second; /* another one, above */
  struct boot_range initrd;
  struct boot_range scratch;    /* device tree and the like: zeroed before user mode gets it */
  const char *words;            /* the kernel's command line */
  uint64_t mmio[BOOT_MMIO_MAX]; /* virtio-mmio transports; those without a device do no harm */
  uint32_t mmio_count;
  bool has_pci;
  uint64_t pci_config;          /* where configuration space is in memory, if it is */
  struct boot_range pci_window; /* for registers that no firmware has placed */
  uint64_t realtime_ns;         /* see abi_boot.virt */
  uint64_t counter;
  uint64_t counter_hz;
};

/* One virtio device, by whatever transport. */
struct boot_device {
  const struct boot_transport *transport;
  uint64_t common; /* mmio: the registers; PCI: the common configuration */
  uint64_t config; /* the device's own configuration */
  uint64_t notify; /* physical: see abi_device.notify */
  uint32_t notify_stride;
  uint32_t type; /* enum abi_device_type, or another number */
};

struct boot_transport {
  void (*set_status)(const struct boot_device *device, uint8_t status); /* 0 resets */
  uint8_t (*status)(const struct boot_device *device);
  uint32_t (*features)(const struct boot_device *device, uint32_t word);
  void (*accept)(const struct boot_device *device, uint32_t word, uint32_t features);
  /* Selects a queue for the calls behind; returns its largest size, 0: there is none. */
  uint32_t (*select)(const struct boot_device *device, uint32_t queue);
  void (*enable)(const struct boot_device *device, uint32_t size, uint64_t rings);
};

/* ---- virtio.c, mmio.c, pci.c ---- */

/* Finds devices of the types that the guest uses; returns how many. */
uint32_t boot_find_mmio(const struct boot_board *board, struct boot_device *devices, uint32_t most);
uint32_t boot_find_pci(const struct boot_board *board, struct boot_device *devices, uint32_t most);
/* Negotiates, lays `abi`'s queues out at abi->rings (zero, in reach as memory) and starts the
 * device. Sets type, features, queue sizes. */
void boot_start_device(const struct boot_device *device, struct abi_device *abi);
/* Queues that the guest uses of a device. */
uint32_t boot_queue_count(uint32_t type);

/* ---- words.c ---- */

/* Where strings of the boot block go. */
struct boot_writer {
  struct abi_boot *boot;
  uint32_t used;
};
struct abi_span boot_write(struct boot_writer *writer, const char *text, size_t length);
/* Reads the command line into the boot block. */
void boot_read_words(struct boot_writer *writer, const char *words);
/* What the words say of a virtio-fs device; the name is written to the boot block. */
void boot_name_share(struct boot_writer *writer, const char *words, const char *tag,
                     struct abi_device *abi);

/* ---- start.c ---- */

/* From here on all is the same everywhere. Does not return. */
_Noreturn void boot_start(const struct boot_board *board);

/* Ends the machine with a line on the serial console. */
_Noreturn void boot_fail(const char *what, const char *detail);
void boot_print(const char *text);

size_t boot_length(const char *text);
bool boot_same(const char *a, const char *b, size_t length);

/* ---- arch/<a>/ ---- */

/* Characters for the serial console; the machine's end: as the kernel's calls. */
void arch_boot_put(char character);
_Noreturn void arch_boot_end(uint32_t status);
/* Configuration space of PCI; `function` is bus << 8 | device << 3 | function. */
uint32_t arch_pci_read(const struct boot_board *board, uint32_t function, uint32_t offset);
void arch_pci_write(const struct boot_board *board, uint32_t function, uint32_t offset,
                    uint32_t value);
/* Switches to the tables and starts user mode. */
_Noreturn void arch_enter_user(struct abi_tables *tables, const struct abi_layout *layout,
                               const struct abi_boot *boot);
static inline uint64_t boot_round_up(uint64_t value, uint64_t unit) {
  return (value + unit - 1) / unit * unit;
}

#endif
