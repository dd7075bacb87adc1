/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The kernel's calls: changes to page tables, under the rules of abi/kernel.h.
 *
 * Runs with interrupts off on the kernel's one stack page, with general registers only. Tables are
 * reached through the kernel's window; nothing here touches memory that user mode can. Where KVM
 * has no hardware below it, each instruction here takes more than a microsecond: checks are folded
 * together, the last table is remembered, and the monitor fills new tables. */
#include "abi/kernel.h"
#include "tables_arch.h"

#define ENTRY_DATA (pages_leaf(0, ABI_MAP_USER | ABI_MAP_WRITE, false))
#define BLOCK_DATA (pages_leaf(0, ABI_MAP_USER | ABI_MAP_WRITE, true))
#define BLOCK_CODE (pages_leaf(0, ABI_MAP_USER | ABI_MAP_EXECUTE, true))

#define TABLE_ENTRIES 512u
#define BLOCK_MASK (ABI_BLOCK_SIZE - 1)
#define PAGE_MASK (ABI_PAGE_SIZE - 1)
/* From here on asking the monitor is cheaper than writing. */
#define FILL_MIN 8u

/* Keeps what one call needs (registers saved on the stack) out of the others. */
#define CALL static __attribute__((noinline)) uint64_t

#define KERNEL_STATE ((volatile struct abi_kernel_state *)ABI_KERNEL_WINDOW)

/* ---- Tables ---- */

/* The word that says what the block at a physical address is used for. */
static uint64_t *block_type(uint64_t physical) {
  return (uint64_t *)ABI_KERNEL_BLOCKS + physical / ABI_BLOCK_SIZE;
}

static volatile uint64_t *table_at(uint64_t physical) {
  return (volatile uint64_t *)(physical + KERNEL_STATE->window_distance);
}

static volatile uint64_t *table_of(uint64_t entry) {
  return table_at(pages_address(entry));
}

/* Physical address of a zero page for a table, or 0. */
static __attribute__((noinline)) uint64_t take_table(void) {
  uint64_t table = KERNEL_STATE->next_table;
  if (table < KERNEL_STATE->tables_end) {
    KERNEL_STATE->next_table = table + ABI_PAGE_SIZE;
    return table;
  }
  table = KERNEL_STATE->spare_table;
  if (table) {
    volatile uint64_t *words = table_at(table);
    KERNEL_STATE->spare_table = words[0];
    for (uint32_t i = 0; i < TABLE_ENTRIES; i++)
      words[i] = 0;
  }
  return table;
}

/* A table of pages is no longer linked; its translations have been flushed. */
static void give_table(uint64_t entry) {
  KERNEL_STATE->tail_left = 0; /* it may have been the tail's */
  table_of(entry)[0] = KERNEL_STATE->spare_table;
  KERNEL_STATE->spare_table = pages_address(entry);
}

/* The table that `entry` points at, made when there is none. NULL: no memory for tables. */
static volatile uint64_t *descend(volatile uint64_t *entry) {
  if (!pages_is_present(*entry)) {
    uint64_t table = take_table();
    if (!table)
      return 0;
    *entry = pages_table(table);
  }
  return table_of(*entry);
}

/* Walks to the directory of a group and remembers it. Directories are never given up. */
static __attribute__((noinline)) volatile uint64_t *find_directory(uint64_t address) {
  volatile uint64_t *table = table_at(KERNEL_STATE->root);
  if (PAGES_ROOT_SHIFT == 39)
    table = descend(&table[address >> 39 & 511]);
  if (table)
    table = descend(&table[address >> 30 & 511]);
  if (table) {
    KERNEL_STATE->last_group = address / ABI_GROUP_SIZE;
    KERNEL_STATE->last_directory = (uintptr_t)table;
  }
  return table;
}

/* The entry that maps the block around an address. NULL: no memory for tables. */
static inline volatile uint64_t *block_entry(uint64_t address) {
  volatile uint64_t *directory = (volatile uint64_t *)KERNEL_STATE->last_directory;
  if (address / ABI_GROUP_SIZE != KERNEL_STATE->last_group)
    directory = find_directory(address);
  return directory ? &directory[address >> 21 & 511] : 0;
}

/* Replaces the entry of a block. What was there leaves the TLB at once. */
static inline void replace_entry(volatile uint64_t *entry, uint64_t address, uint64_t value) {
  uint64_t old = *entry;
  tables_replace(entry, address, value);
  if (pages_is_present(old) && !pages_is_block(old))
    give_table(old);
}

/* ---- Checks ---- */

static inline int in_arena(uint64_t address) {
  return address - ABI_ARENA_BASE < ABI_ARENA_END - ABI_ARENA_BASE;
}

/* Blocks [address, + count) lie in the arena and in one group. */
static inline int blocks_fit(uint64_t address, uint64_t count) {
  return in_arena(address) && !(address & BLOCK_MASK) &&
         count - 1 <= TABLE_ENTRIES - 1 - (address >> 21 & 511);
}

/* Blocks [physical, + count) may be mapped at all; count was checked by blocks_fit. */
static inline int blocks_free(uint64_t physical, uint64_t count) {
  return !(physical & BLOCK_MASK) && physical >= KERNEL_STATE->free_base &&
         physical < KERNEL_STATE->memory_max &&
         count * ABI_BLOCK_SIZE <= KERNEL_STATE->memory_max - physical;
}

/* ---- Calls ---- */

/* A fresh table with its entries, filled by the monitor, which writes natively. No translation can
 * exist for it before it is linked. */
static int fill_table(volatile uint64_t *entry, uint64_t first, uint64_t value, uint64_t count) {
  uint64_t table = KERNEL_STATE->next_table;
  if (!KERNEL_STATE->can_fill || table >= KERNEL_STATE->tables_end)
    return 0;
  KERNEL_STATE->next_table = table + ABI_PAGE_SIZE;
  KERNEL_STATE->fill_table = table;
  KERNEL_STATE->fill_value = value;
  tables_ask_to_fill(first, count);
  *entry = pages_table(table);
  return 1;
}

static void write_pages(volatile uint64_t *page, uint64_t value, uint64_t count) {
#pragma clang loop unroll_count(16)
  for (uint64_t i = 0; i < count; i++) {
    page[i] = value;
    value += pages_at(ABI_PAGE_SIZE);
  }
}

/* The next call may go on behind these pages: see map_pages. */
static void remember_tail(volatile uint64_t *page, uint64_t address, uint64_t physical,
                          uint64_t left) {
  KERNEL_STATE->tail_page = (uintptr_t)page;
  KERNEL_STATE->tail_address = address;
  KERNEL_STATE->tail_physical = physical;
  KERNEL_STATE->tail_left = left;
}

CALL map_pages_checked(uint64_t address, uint64_t physical, uint64_t count) {
  uint64_t first = address >> 12 & 511;
  if (!in_arena(address) || address & PAGE_MASK || count - 1 > TABLE_ENTRIES - 1 - first)
    return ABI_KERNEL_BAD_ADDRESS;
  if ((address ^ physical) & BLOCK_MASK || physical < KERNEL_STATE->free_base ||
      physical >= KERNEL_STATE->memory_max)
    return ABI_KERNEL_BAD_MEMORY;
  uint64_t *type = block_type(physical);
  if (*type & ABI_BLOCK_CODE)
    return ABI_KERNEL_BAD_MEMORY;
  volatile uint64_t *entry = block_entry(address);
  if (!entry)
    return ABI_KERNEL_NO_TABLES;
  uint64_t old = *entry;
  if (pages_is_block(old))
    return ABI_KERNEL_BAD_ADDRESS;
  *type = ABI_BLOCK_DATA;
  uint64_t value = pages_at(physical) | ENTRY_DATA;
  int filled = !old && count >= FILL_MIN && fill_table(entry, first, value, count);
  volatile uint64_t *table = descend(entry);
  if (!table)
    return ABI_KERNEL_NO_TABLES;
  if (!filled)
    write_pages(table + first, value, count);
  remember_tail(table + first + count, address + count * ABI_PAGE_SIZE,
                physical + count * ABI_PAGE_SIZE, TABLE_ENTRIES - first - count);
  return ABI_KERNEL_OK;
}

/* A linear memory that grows goes on where it ended, in the same table and block: then all checks
 * have been made for its first pages. */
CALL map_pages(uint64_t address, uint64_t physical, uint64_t count) {
  if (address != KERNEL_STATE->tail_address || physical != KERNEL_STATE->tail_physical ||
      count > KERNEL_STATE->tail_left || count == 0)
    return map_pages_checked(address, physical, count);
  volatile uint64_t *page = (volatile uint64_t *)KERNEL_STATE->tail_page;
  write_pages(page, pages_at(physical) | ENTRY_DATA, count);
  remember_tail(page + count, address + count * ABI_PAGE_SIZE, physical + count * ABI_PAGE_SIZE,
                KERNEL_STATE->tail_left - count);
  return ABI_KERNEL_OK;
}

CALL map_blocks(uint64_t address, uint64_t physical, uint64_t count) {
  if (!blocks_fit(address, count))
    return ABI_KERNEL_BAD_ADDRESS;
  if (!blocks_free(physical, count))
    return ABI_KERNEL_BAD_MEMORY;
  volatile uint64_t *entry = block_entry(address);
  if (!entry)
    return ABI_KERNEL_NO_TABLES;
  uint64_t *type = block_type(physical);
  uint64_t value = pages_at(physical) | BLOCK_DATA;
  for (; count; count--) {
    if (*type & ABI_BLOCK_CODE)
      return ABI_KERNEL_BAD_MEMORY;
    *type++ = ABI_BLOCK_DATA;
    replace_entry(entry++, address, value);
    address += ABI_BLOCK_SIZE;
    value += pages_at(ABI_BLOCK_SIZE);
  }
  return ABI_KERNEL_OK;
}

CALL map_code(uint64_t address, uint64_t physical, uint64_t count) {
  if (!blocks_fit(address, count))
    return ABI_KERNEL_BAD_ADDRESS;
  if (!blocks_free(physical, count))
    return ABI_KERNEL_BAD_MEMORY;
  volatile uint64_t *entry = block_entry(address);
  if (!entry)
    return ABI_KERNEL_NO_TABLES;
  uint64_t *type = block_type(physical);
  uint64_t value = pages_at(physical) | BLOCK_DATA;
  for (; count; count--) {
    if (*type != ABI_BLOCK_FREE && *type != (address | ABI_BLOCK_CODE))
      return ABI_KERNEL_BAD_MEMORY;
    *type++ = address | ABI_BLOCK_CODE;
    replace_entry(entry++, address, value);
    address += ABI_BLOCK_SIZE;
    value += pages_at(ABI_BLOCK_SIZE);
  }
  return ABI_KERNEL_OK;
}

CALL publish_code(uint64_t address, uint64_t count) {
  if (!blocks_fit(address, count))
    return ABI_KERNEL_BAD_ADDRESS;
  volatile uint64_t *entry = block_entry(address);
  if (!entry)
    return ABI_KERNEL_NO_TABLES;
  for (; count; count--) {
    uint64_t old = *entry;
    uint64_t physical = pages_address(old);
    if (!pages_is_block(old) || *block_type(physical) != (address | ABI_BLOCK_CODE))
      return ABI_KERNEL_BAD_MEMORY;
    replace_entry(entry++, address, pages_at(physical) | BLOCK_CODE);
    address += ABI_BLOCK_SIZE;
  }
  return ABI_KERNEL_OK;
}

CALL unmap(uint64_t address, uint64_t count) {
  if (!blocks_fit(address, count))
    return ABI_KERNEL_BAD_ADDRESS;
  volatile uint64_t *entry = block_entry(address);
  if (!entry)
    return ABI_KERNEL_NO_TABLES;
  for (; count; count--) {
    replace_entry(entry++, address, 0);
    address += ABI_BLOCK_SIZE;
  }
  return ABI_KERNEL_OK;
}

/* Called by traps.S with the runtime's registers. */
uint64_t kernel_serve_call(uint64_t number, uint64_t address, uint64_t physical, uint64_t count);

uint64_t kernel_serve_call(uint64_t number, uint64_t address, uint64_t physical, uint64_t count) {
  switch (number) {
  case ABI_KERNEL_MAP_PAGES:
    return tables_changed(map_pages(address, physical, count));
  case ABI_KERNEL_MAP_BLOCKS:
    return tables_changed(map_blocks(address, physical, count));
  case ABI_KERNEL_MAP_CODE:
    return tables_changed(map_code(address, physical, count));
  case ABI_KERNEL_PUBLISH_CODE:
    return tables_changed(publish_code(address, count));
  case ABI_KERNEL_UNMAP:
    return tables_changed(unmap(address, count));
  default:
    return KERNEL_STATE->is_virt ? virt_serve_call(number, address, count) : ABI_KERNEL_BAD_CALL;
  }
}
