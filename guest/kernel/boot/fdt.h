/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The flattened device tree (Devicetree Specification 0.4, chapter 5), as far as boards need it. */
#ifndef GUEST_KERNEL_BOOT_FDT_H
#define GUEST_KERNEL_BOOT_FDT_H

#include "guest/kernel/boot/boot.h"

struct fdt_bytes {
  const uint8_t *bytes;
  uint32_t length;
};

/* A node with its properties; addresses and sizes have two cells, as on QEMU's boards. */
struct fdt_node {
  const char *name;
  struct fdt_bytes compatible;
  struct boot_range reg[2];
  struct fdt_bytes ranges;
  uint32_t timebase_hz;
  struct fdt_bytes mmu; /* riscv,... mmu-type */
};

bool fdt_is(const struct fdt_node *node, const char *compatible);

/* Reads what all boards have in common into *board: memory, command line, RAM disk, virtio-mmio
 * transports, PCI; every node is shown to `see` too. */
void fdt_read(struct boot_board *board, uint64_t tree,
              void (*see)(void *context, const struct fdt_node *node), void *context);

#endif
