/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Reads a flattened device tree, and PCI's configuration where the tree says it is. */
#include "guest/kernel/boot/fdt.h"

#define FDT_MAGIC 0xd00dfeedu

enum fdt_token {
  FDT_BEGIN_NODE = 1,
  FDT_END_NODE = 2,
  FDT_PROPERTY = 3,
  FDT_NOTHING = 4,
};

#define DEPTH_MAX 16u
#define PCI_RANGE_MEMORY 0x02000000u /* 32-bit memory space */
#define PCI_RANGE_CELLS 7u

static uint32_t cell(const uint8_t *bytes) {
  return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static uint64_t cells(const uint8_t *bytes) {
  return (uint64_t)cell(bytes) << 32 | cell(bytes + 4);
}

static bool text_is(const char *a, const char *b) {
  return boot_length(a) == boot_length(b) && boot_same(a, b, boot_length(b));
}

bool fdt_is(const struct fdt_node *node, const char *compatible) {
  const char *at = (const char *)node->compatible.bytes;
  const char *end = at + node->compatible.length;
  while (at < end) {
    if (text_is(at, compatible))
      return true;
    at += boot_length(at) + 1;
  }
  return false;
}

/* ---- What all boards have ---- */

static void see_pci(struct boot_board *board, const struct fdt_node *node) {
  board->has_pci = true;
  board->pci_config = node->reg[0].base;
  for (uint32_t at = 0; at + 4 * PCI_RANGE_CELLS <= node->ranges.length;
       at += 4 * PCI_RANGE_CELLS) {
    const uint8_t *range = node->ranges.bytes + at;
    if ((cell(range) & 0x03000000u) == PCI_RANGE_MEMORY)
      board->pci_window = (struct boot_range){cells(range + 12), cells(range + 20)};
  }
}

static void see_common(struct boot_board *board, const struct fdt_node *node) {
  if (fdt_is(node, "virtio,mmio") && board->mmio_count < BOOT_MMIO_MAX)
    board->mmio[board->mmio_count++] = node->reg[0].base;
  else if (fdt_is(node, "pci-host-ecam-generic"))
    see_pci(board, node);
  else if (boot_length(node->name) >= 7 && boot_same(node->name, "memory@", 7) &&
           !board->memory.size)
    board->memory = node->reg[0];
}

/* ---- Properties ---- */

struct reader {
  struct boot_board *board;
  const char *strings;
  uint64_t initrd_end;
};

static uint64_t number(const uint8_t *bytes, uint32_t length) {
  return length >= 8 ? cells(bytes) : length >= 4 ? cell(bytes) : 0;
}

static void see_chosen(struct reader *reader, const char *name, const uint8_t *bytes,
                       uint32_t length) {
  if (text_is(name, "bootargs"))
    reader->board->words = (const char *)bytes;
  else if (text_is(name, "linux,initrd-start"))
    reader->board->initrd.base = number(bytes, length);
  else if (text_is(name, "linux,initrd-end"))
    reader->initrd_end = number(bytes, length);
}

static void see_property(struct reader *reader, struct fdt_node *node, const char *name,
                         const uint8_t *bytes, uint32_t length) {
  if (text_is(node->name, "chosen"))
    see_chosen(reader, name, bytes, length);
  else if (text_is(name, "compatible"))
    node->compatible = (struct fdt_bytes){bytes, length};
  else if (text_is(name, "ranges"))
    node->ranges = (struct fdt_bytes){bytes, length};
  else if (text_is(name, "timebase-frequency"))
    node->timebase_hz = (uint32_t)number(bytes, length);
  else if (text_is(name, "mmu-type"))
    node->mmu = (struct fdt_bytes){bytes, length};
  else if (text_is(name, "reg"))
    for (uint32_t i = 0; i < 2 && 16 * (i + 1) <= length; i++)
      node->reg[i] = (struct boot_range){cells(bytes + 16 * i), cells(bytes + 16 * i + 8)};
}

/* ---- The tree ---- */

/* One token; returns where the next one is. Properties come before the nodes inside (5.4.2), so a
 * node is complete when another begins, or when it ends. */
static const uint8_t *read_token(struct reader *reader, const uint8_t *at, struct fdt_node *nodes,
                                 uint32_t *depth) {
  uint32_t token = cell(at);
  at += 4;
  struct fdt_node *node = &nodes[*depth];
  if (token == FDT_BEGIN_NODE) {
    if (*depth + 1 == DEPTH_MAX)
      boot_fail("the device tree is too deep", "");
    node = &nodes[++*depth];
    *node = (struct fdt_node){.name = (const char *)at};
    return at + boot_round_up(boot_length(node->name) + 1, 4);
  }
  if (token == FDT_PROPERTY) {
    uint32_t length = cell(at);
    see_property(reader, node, reader->strings + cell(at + 4), at + 8, length);
    return at + 8 + boot_round_up(length, 4);
  }
  return token == FDT_END_NODE || token == FDT_NOTHING ? at : NULL;
}

void fdt_read(struct boot_board *board, uint64_t tree,
              void (*see)(void *context, const struct fdt_node *node), void *context) {
  const uint8_t *header = (const uint8_t *)(uintptr_t)tree;
  struct fdt_node nodes[DEPTH_MAX] = {{.name = ""}};
  struct reader reader = {.board = board};
  board->words = "";
  if (!tree || cell(header) != FDT_MAGIC)
    boot_fail("there is no device tree", "");
  board->scratch = (struct boot_range){tree, cell(header + 4)};
  reader.strings = (const char *)header + cell(header + 12);
  uint32_t depth = 0;
  for (const uint8_t *at = header + cell(header + 8); at;) {
    bool ends = cell(at) == FDT_END_NODE;
    at = read_token(&reader, at, nodes, &depth);
    if (ends && depth > 0) {
      see_common(board, &nodes[depth]);
      see(context, &nodes[depth]);
      depth--;
    }
  }
  if (board->initrd.base)
    board->initrd.size = reader.initrd_end - board->initrd.base;
}

/* ---- PCI's configuration in memory (PCI Express, section 7.2.2) ---- */

static volatile uint32_t *configuration(const struct boot_board *board, uint32_t function,
                                        uint32_t offset) {
  return (volatile uint32_t *)(uintptr_t)(board->pci_config + ((uint64_t)function << 12) +
                                          (offset & 0xffc));
}

uint32_t arch_pci_read(const struct boot_board *board, uint32_t function, uint32_t offset) {
  return *configuration(board, function, offset);
}

void arch_pci_write(const struct boot_board *board, uint32_t function, uint32_t offset,
                    uint32_t value) {
  *configuration(board, function, offset) = value;
}
