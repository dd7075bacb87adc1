/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The kernel's own memory as it stands before the first instruction: its variables and the first
 * page tables. Under our monitor all is written natively on the host, because every privileged
 * instruction of a guest that would do it may be emulated. The architecture's headers and
 * abi_prepare_processor are found in abi/arch/<a>/. */
#include "abi/prepare.h"
#include "abi/boot.h"
#include "abi/kernel.h"
#include "pages.h"
#include <stdbool.h>

/* Parts of the kernel's memory, from its start; abi/arch/<a>/kernel.h has the same as virtual
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

/* ---- Page tables ---- */

#define RIGHTS_READ ABI_MAP_USER
#define RIGHTS_WRITE (ABI_MAP_USER | ABI_MAP_WRITE)

/* The table below `entry`, made when there is none. */
static uint64_t *descend(struct abi_tables *tables, uint64_t *entry) {
  if (!*entry) {
    *entry = pages_table(tables->next);
    tables->next += ABI_PAGE_SIZE;
  }
  return (uint64_t *)(tables->memory + pages_address(*entry));
}

static uint64_t *block_entry(struct abi_tables *tables, uint64_t address) {
  uint64_t *table = (uint64_t *)(tables->memory + tables->root);
  if (PAGES_ROOT_SHIFT == 39)
    table = descend(tables, &table[address >> 39 & 511]);
  table = descend(tables, &table[address >> 30 & 511]);
  return &table[address >> 21 & 511];
}

static void map_blocks(struct abi_tables *tables, uint64_t address, uint64_t physical,
                       uint64_t size, uint32_t rights) {
  for (uint64_t done = 0; done < size; done += ABI_BLOCK_SIZE)
    *block_entry(tables, address + done) = pages_leaf(physical + done, rights, true);
}

void abi_map(struct abi_tables *tables, uint64_t address, uint64_t physical, uint64_t size,
             uint32_t rights) {
  for (uint64_t done = 0; done < size; done += ABI_PAGE_SIZE) {
    uint64_t *table = descend(tables, block_entry(tables, address + done));
    table[(address + done) >> 12 & 511] = pages_leaf(physical + done, rights, false);
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
  abi_prepare_processor(memory + at->kernel, header);
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
