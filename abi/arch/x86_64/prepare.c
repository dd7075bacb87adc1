/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* x86_64: the kernel's own memory as it stands before the first instruction: its variables, GDT,
 * IDT, TSS and the first page tables. Under our monitor all is written natively on the host,
 * because every privileged instruction of a guest that would do it may be emulated. */
#include "abi/prepare.h"
#include "abi/arch/x86_64/descriptors.h"
#include "abi/arch/x86_64/kernel.h"
#include "abi/boot.h"
#include "abi/kernel.h"
#include <stdbool.h>
#include <string.h>

/* Parts of the kernel's memory, from its start; abi/arch/x86_64/kernel.h has the same as virtual
 * addresses. */
#define OFFSET(address) ((address)-ABI_KERNEL_WINDOW)

static uint64_t round_up(uint64_t size, uint64_t unit) {
  return (size + unit - 1) / unit * unit;
}

static uint64_t block_types_size(uint64_t memory_max) {
  return round_up(memory_max / ABI_BLOCK_SIZE * sizeof(uint64_t), ABI_PAGE_SIZE);
}

/* Words of block types up to memory_max, then page tables: enough to map all memory by pages
 * (1/512), and 1 MiB for tables that are mostly empty. */
uint64_t abi_kernel_memory(uint64_t memory_max) {
  uint64_t tables = memory_max / 512 + (1u << 20);
  uint64_t size =
      round_up(OFFSET(ABI_KERNEL_BLOCKS) + block_types_size(memory_max) + tables, ABI_BLOCK_SIZE);
  /* The user window, too, ends somewhere: at the arena. */
  return size <= ABI_KERNEL_WINDOW_SIZE && memory_max <= ABI_ARENA_BASE - ABI_USER_WINDOW ? size
                                                                                          : 0;
}

uint64_t abi_block_types(const struct abi_layout *layout) {
  return layout->kernel + OFFSET(ABI_KERNEL_BLOCKS);
}

/* ---- Descriptors ---- */

/* A code or data segment of long mode: base and limit mean nothing, rights do (section 4.8). */
static uint64_t segment(bool code, unsigned privilege) {
  uint64_t rights = code ? 0x9b : 0x93; /* present, S, accessed; code: execute + read */
  return (rights | privilege << 5) << 40 | (code ? 1ull << 53 : 0) | 0xf00000000ffffull |
         1ull << 55;
}

static void write_tss(uint8_t *page) {
  uint8_t *tss = page + TSS_OFFSET;
  uint64_t stack = ABI_KERNEL_STACK_TOP;
  uint64_t ist = ABI_KERNEL_IST_TOP;
  uint16_t bitmap = TSS_FIXED_SIZE;
  memcpy(tss + 4, &stack, sizeof(stack)); /* RSP0 */
  memcpy(tss + 36, &ist, sizeof(ist));    /* IST1 */
  memcpy(tss + 102, &bitmap, sizeof(bitmap));
  /* A clear bit opens a port for user mode. */
  memset(tss + bitmap, 0xff, TSS_PORT_LAST / 8 + 2);
  for (unsigned port = ABI_DOORBELL_PORT; port <= TSS_PORT_LAST; port++)
    tss[bitmap + port / 8] &= (uint8_t) ~(1u << port % 8);
}

static void write_gdt(uint8_t *page) {
  uint64_t address = ABI_KERNEL_DESCRIPTORS + TSS_OFFSET;
  uint64_t gdt[] = {
      0,
      segment(true, 0),
      segment(false, 0),
      segment(false, 3),
      segment(true, 3),
      (address & 0xffffff) << 16 | (address >> 24 & 0xff) << 56 | TSS_LIMIT | 0x8bull << 40,
      address >> 32,
  };
  memcpy(page + GDT_OFFSET, gdt, sizeof(gdt));
}

/* Interrupt gates to the kernel's code segment (section 4.8.4). */
static void write_idt(uint8_t *page, const struct abi_kernel_header *header) {
  for (unsigned vector = 0; vector < ABI_VECTOR_COUNT; vector++) {
    uint64_t target = header->vectors[vector];
    uint64_t privilege = vector == ABI_VECTOR_CALL ? 3 : 0;
    uint64_t ist = vector == ABI_VECTOR_NMI || vector == ABI_VECTOR_DOUBLE_FAULT ||
                   vector == ABI_VECTOR_MACHINE_CHECK;
    uint64_t gate[2] = {(target & 0xffff) | ABI_SELECTOR_KERNEL_CODE << 16 | ist << 32 |
                            0x8eull << 40 | privilege << 45 | (target >> 16 & 0xffff) << 48,
                        target >> 32};
    memcpy(page + IDT_OFFSET + vector * sizeof(gate), gate, sizeof(gate));
  }
}

/* ---- Page tables ---- */

#define ENTRY_TABLE (ABI_PTE_PRESENT | ABI_PTE_WRITE | ABI_PTE_USER | ABI_PTE_ACCESSED)
#define ENTRY_LEAF (ABI_PTE_PRESENT | ABI_PTE_ACCESSED | ABI_PTE_DIRTY)
#define RIGHTS_READ ABI_MAP_USER
#define RIGHTS_WRITE (ABI_MAP_USER | ABI_MAP_WRITE)

static uint64_t entry_bits(uint32_t rights) {
  return ENTRY_LEAF | (rights & ABI_MAP_USER ? ABI_PTE_USER : 0) |
         (rights & ABI_MAP_WRITE ? ABI_PTE_WRITE : 0) |
         (rights & ABI_MAP_EXECUTE ? 0 : ABI_PTE_NO_EXECUTE) |
         (rights & ABI_MAP_DEVICE ? ABI_PTE_UNCACHED : 0);
}

/* The table below `entry`, made when there is none. */
static uint64_t *descend(struct abi_tables *tables, uint64_t *entry) {
  if (!*entry) {
    *entry = tables->next | ENTRY_TABLE;
    tables->next += ABI_PAGE_SIZE;
  }
  return (uint64_t *)(tables->memory + (*entry & ABI_PTE_ADDRESS));
}

static uint64_t *block_entry(struct abi_tables *tables, uint64_t address) {
  uint64_t *table = (uint64_t *)(tables->memory + tables->root);
  table = descend(tables, &table[address >> 39 & 511]);
  table = descend(tables, &table[address >> 30 & 511]);
  return &table[address >> 21 & 511];
}

static void map_blocks(struct abi_tables *tables, uint64_t address, uint64_t physical,
                       uint64_t size, uint32_t rights) {
  for (uint64_t done = 0; done < size; done += ABI_BLOCK_SIZE)
    *block_entry(tables, address + done) = (physical + done) | entry_bits(rights) | ABI_PTE_LARGE;
}

void abi_map(struct abi_tables *tables, uint64_t address, uint64_t physical, uint64_t size,
             uint32_t rights) {
  for (uint64_t done = 0; done < size; done += ABI_PAGE_SIZE) {
    uint64_t *table = descend(tables, block_entry(tables, address + done));
    table[(address + done) >> 12 & 511] = (physical + done) | entry_bits(rights);
  }
}

static void map_image(struct abi_tables *tables, const struct abi_segment *segments, uint32_t count,
                      uint64_t user_base) {
  for (uint32_t i = 0; i < count; i++) {
    const struct abi_segment *segment = &segments[i];
    uint32_t rights = (segment->address >= user_base ? ABI_MAP_USER : 0) |
                      (segment->writable ? ABI_MAP_WRITE : 0) |
                      (segment->executable ? ABI_MAP_EXECUTE : 0);
    abi_map(tables, segment->address, segment->address, round_up(segment->size, ABI_PAGE_SIZE),
            rights);
  }
}

/* What user mode finds in its window: virtual = physical + window. */
static void map_window(struct abi_tables *tables, const struct abi_layout *at) {
  uint64_t window = ABI_USER_WINDOW;
  uint64_t boot_size = round_up(at->boot_size, ABI_PAGE_SIZE);
  map_blocks(tables, window + at->stack, at->stack, at->stack_size, RIGHTS_WRITE);
  abi_map(tables, window + at->shared, at->shared, at->boot - at->shared, RIGHTS_WRITE);
  abi_map(tables, window + at->boot, at->boot, boot_size, RIGHTS_READ);
  abi_map(tables, window + at->rings, at->rings, at->shared + at->shared_size - at->rings,
          RIGHTS_WRITE);
  map_blocks(tables, window + at->module, at->module, at->module_size, RIGHTS_READ);
  map_blocks(tables, window + at->free_base, at->free_base, at->heap_end - at->free_base,
             RIGHTS_WRITE);
}

/* The first areas of the arena, and the types of their blocks. The code's are bound to their
 * addresses as if the guest had asked. */
static void map_areas(struct abi_tables *tables, const struct abi_layout *at, uint64_t *types) {
  uint64_t address = ABI_ARENA_BASE;
  uint64_t physical = at->heap_end;
  for (uint32_t i = 0; i < at->data_areas; i++) {
    map_blocks(tables, address, physical, ABI_BLOCK_SIZE, RIGHTS_WRITE);
    types[physical / ABI_BLOCK_SIZE] = ABI_BLOCK_DATA;
    address += ABI_AREA_SIZE;
    physical += ABI_BLOCK_SIZE;
  }
  for (uint32_t i = 0; i < at->code_blocks; i++) {
    map_blocks(tables, address, physical, ABI_BLOCK_SIZE, RIGHTS_WRITE);
    types[physical / ABI_BLOCK_SIZE] = address | ABI_BLOCK_CODE;
    address += ABI_BLOCK_SIZE;
    physical += ABI_BLOCK_SIZE;
  }
}

/* ---- The kernel's memory ---- */

static void write_state(const struct abi_tables *tables, const struct abi_layout *at,
                        uint64_t directory) {
  struct abi_kernel_state *state = (struct abi_kernel_state *)(tables->memory + at->kernel);
  *state = (struct abi_kernel_state){.window_distance = ABI_KERNEL_WINDOW - at->kernel,
                                     .root = tables->root,
                                     .next_table = tables->next,
                                     .tables_end = tables->end,
                                     .free_base = at->free_base,
                                     .memory_max = at->memory_max,
                                     .last_group = ABI_ARENA_BASE / ABI_GROUP_SIZE,
                                     .last_directory = directory - at->kernel + ABI_KERNEL_WINDOW};
}

void abi_prepare_kernel(struct abi_tables *tables, const struct abi_layout *at,
                        const struct abi_segment *segments, uint32_t segment_count) {
  uint8_t *memory = tables->memory;
  const struct abi_kernel_header *header =
      (const struct abi_kernel_header *)(memory + ABI_KERNEL_BASE);
  uint8_t *descriptors = memory + at->kernel + OFFSET(ABI_KERNEL_DESCRIPTORS);
  write_tss(descriptors);
  write_gdt(descriptors);
  write_idt(descriptors, header);

  tables->root = abi_block_types(at) + block_types_size(at->memory_max);
  tables->next = tables->root + ABI_PAGE_SIZE;
  tables->end = at->kernel + at->kernel_size;
  map_image(tables, segments, segment_count, header->user_base);
  map_blocks(tables, ABI_KERNEL_WINDOW, at->kernel, at->kernel_size, ABI_MAP_WRITE);
  map_window(tables, at);
  uint64_t *types = (uint64_t *)(memory + abi_block_types(at));
  for (uint64_t block = at->free_base; block < at->heap_end; block += ABI_BLOCK_SIZE)
    types[block / ABI_BLOCK_SIZE] = ABI_BLOCK_DATA;
  map_areas(tables, at, types);
  /* The arena's first directory: every guest needs it. */
  uint64_t directory = (uint64_t)((uint8_t *)block_entry(tables, ABI_ARENA_BASE) - memory);
  write_state(tables, at, directory);
}
