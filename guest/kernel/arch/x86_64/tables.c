/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The kernel's calls: changes to page tables, under the rules of abi/kernel.h.
 *
 * Runs with interrupts off on the kernel's one stack page, with general registers only. Tables are
 * reached through the kernel's window; nothing here touches memory that user mode can. */
#include "abi/arch/x86_64/kernel.h"
#include "abi/kernel.h"

#define ENTRY_TABLE (ABI_PTE_PRESENT | ABI_PTE_WRITE | ABI_PTE_USER | ABI_PTE_ACCESSED)
/* Accessed and dirty are set from the start: nobody reads them, and the CPU need not write. */
#define ENTRY_DATA                                                                                 \
  (ABI_PTE_PRESENT | ABI_PTE_WRITE | ABI_PTE_USER | ABI_PTE_ACCESSED | ABI_PTE_DIRTY |             \
   ABI_PTE_NO_EXECUTE)
#define ENTRY_CODE (ABI_PTE_PRESENT | ABI_PTE_USER | ABI_PTE_ACCESSED | ABI_PTE_DIRTY)

#define TABLE_ENTRIES 512u
#define PAGES_PER_BLOCK (ABI_BLOCK_SIZE / ABI_PAGE_SIZE)

static struct abi_kernel_state *kernel_state(void) {
  return (struct abi_kernel_state *)ABI_KERNEL_WINDOW;
}

/* The word that says what the block at a physical address is used for. */
static uint64_t *block_type(uint64_t physical) {
  return (uint64_t *)ABI_KERNEL_BLOCKS + physical / ABI_BLOCK_SIZE;
}

static volatile uint64_t *table_of(uint64_t entry) {
  uint64_t physical = entry & ABI_PTE_ADDRESS;
  return (volatile uint64_t *)(physical - kernel_state()->physical + ABI_KERNEL_WINDOW);
}

/* All entries of this address space leave the TLB and the paging-structure caches (no global pages
 * are used; AMD64 manual, volume 2, section 5.5). */
static void flush_translations(void) {
  uint64_t root;
  __asm__ volatile("mov %%cr3, %0\n\tmov %0, %%cr3" : "=r"(root) : : "memory");
}

/* Physical address of a zero page for a table, or 0. */
static uint64_t take_table(void) {
  struct abi_kernel_state *state = kernel_state();
  uint64_t table = state->next_table;
  if (table < state->tables_end) {
    state->next_table = table + ABI_PAGE_SIZE;
    return table;
  }
  table = state->spare_table;
  if (table) {
    volatile uint64_t *words = table_of(table);
    state->spare_table = words[0];
    for (uint32_t i = 0; i < TABLE_ENTRIES; i++)
      words[i] = 0;
  }
  return table;
}

/* A table of pages is no longer linked; its translations have been flushed. */
static void give_table(uint64_t entry) {
  struct abi_kernel_state *state = kernel_state();
  table_of(entry)[0] = state->spare_table;
  state->spare_table = entry & ABI_PTE_ADDRESS;
}

/* The table that `entry` points at, made when there is none. NULL: no memory for tables. */
static volatile uint64_t *descend(volatile uint64_t *entry) {
  if (!(*entry & ABI_PTE_PRESENT)) {
    uint64_t table = take_table();
    if (!table)
      return 0;
    *entry = table | ENTRY_TABLE;
  }
  return table_of(*entry);
}

/* The entry of the last but one level for a user address: it maps one block. */
static volatile uint64_t *block_entry(uint64_t address) {
  volatile uint64_t *table = table_of(kernel_state()->root);
  table = descend(&table[address >> 39 & 511]);
  if (table)
    table = descend(&table[address >> 30 & 511]);
  return table ? &table[address >> 21 & 511] : 0;
}

/* Replaces the entry of a block. What was there before leaves the TLB at once. */
static void replace_entry(volatile uint64_t *entry, uint64_t value) {
  uint64_t old = *entry;
  *entry = value;
  if (!(old & ABI_PTE_PRESENT))
    return;
  flush_translations();
  if (!(old & ABI_PTE_LARGE))
    give_table(old);
}

static uint64_t map_pages(volatile uint64_t *entry, uint64_t address, uint64_t physical,
                          uint64_t count) {
  if (*entry & ABI_PTE_LARGE)
    return ABI_KERNEL_BAD_ADDRESS;
  uint64_t *type = block_type(physical);
  if (*type & ABI_BLOCK_CODE)
    return ABI_KERNEL_BAD_MEMORY;
  volatile uint64_t *page = descend(entry);
  if (!page)
    return ABI_KERNEL_NO_TABLES;
  *type = ABI_BLOCK_DATA;
  page += address / ABI_PAGE_SIZE % PAGES_PER_BLOCK;
  uint64_t value = physical | ENTRY_DATA;
  uint64_t replaced = 0;
  for (volatile uint64_t *end = page + count; page < end; page++) {
    replaced |= *page;
    *page = value;
    value += ABI_PAGE_SIZE;
  }
  if (replaced)
    flush_translations();
  return ABI_KERNEL_OK;
}

static uint64_t map_blocks(volatile uint64_t *entry, uint64_t physical, uint64_t count) {
  uint64_t *type = block_type(physical);
  for (; count; count--, entry++, type++, physical += ABI_BLOCK_SIZE) {
    if (*type & ABI_BLOCK_CODE)
      return ABI_KERNEL_BAD_MEMORY;
    *type = ABI_BLOCK_DATA;
    replace_entry(entry, physical | ENTRY_DATA | ABI_PTE_LARGE);
  }
  return ABI_KERNEL_OK;
}

static uint64_t map_code(volatile uint64_t *entry, uint64_t address, uint64_t physical,
                         uint64_t count) {
  uint64_t *type = block_type(physical);
  for (; count; count--, entry++, type++) {
    if (*type != ABI_BLOCK_FREE && *type != (address | ABI_BLOCK_CODE))
      return ABI_KERNEL_BAD_MEMORY;
    *type = address | ABI_BLOCK_CODE;
    replace_entry(entry, physical | ENTRY_DATA | ABI_PTE_LARGE);
    address += ABI_BLOCK_SIZE;
    physical += ABI_BLOCK_SIZE;
  }
  return ABI_KERNEL_OK;
}

static uint64_t publish_code(volatile uint64_t *entry, uint64_t address, uint64_t count) {
  for (; count; count--, entry++, address += ABI_BLOCK_SIZE) {
    uint64_t old = *entry;
    uint64_t physical = old & ABI_PTE_ADDRESS;
    if (!(old & ABI_PTE_PRESENT) || !(old & ABI_PTE_LARGE) ||
        *block_type(physical) != (address | ABI_BLOCK_CODE))
      return ABI_KERNEL_BAD_MEMORY;
    replace_entry(entry, physical | ENTRY_CODE | ABI_PTE_LARGE);
  }
  return ABI_KERNEL_OK;
}

static uint64_t unmap(volatile uint64_t *entry, uint64_t count) {
  for (; count; count--, entry++)
    replace_entry(entry, 0);
  return ABI_KERNEL_OK;
}

/* Whether [at, at + count * unit) is aligned and lies inside one piece of size `within`. */
static int range_fits(uint64_t at, uint64_t count, uint64_t unit, uint64_t within) {
  return at % unit == 0 && count <= within / unit && at % within + count * unit <= within;
}

/* Called by traps.S with the runtime's registers. */
uint64_t kernel_serve_call(uint64_t number, uint64_t address, uint64_t physical, uint64_t count);

uint64_t kernel_serve_call(uint64_t number, uint64_t address, uint64_t physical, uint64_t count) {
  const struct abi_kernel_state *state = kernel_state();
  if (number >= ABI_KERNEL_CALL_COUNT || count == 0)
    return ABI_KERNEL_BAD_CALL;
  uint64_t unit = number == ABI_KERNEL_MAP_PAGES ? ABI_PAGE_SIZE : ABI_BLOCK_SIZE;
  uint64_t within = number == ABI_KERNEL_MAP_PAGES ? ABI_BLOCK_SIZE : ABI_GROUP_SIZE;
  if (address < ABI_ARENA_BASE || address >= ABI_ARENA_END ||
      !range_fits(address, count, unit, within))
    return ABI_KERNEL_BAD_ADDRESS;
  if (number <= ABI_KERNEL_MAP_CODE &&
      (physical < state->free_base || physical >= state->memory_max ||
       count * unit > state->memory_max - physical || physical % unit != 0 ||
       (number == ABI_KERNEL_MAP_PAGES && !range_fits(physical, count, unit, within))))
    return ABI_KERNEL_BAD_MEMORY;

  volatile uint64_t *entry = block_entry(address);
  if (!entry)
    return ABI_KERNEL_NO_TABLES;
  switch (number) {
  case ABI_KERNEL_MAP_PAGES:
    return map_pages(entry, address, physical, count);
  case ABI_KERNEL_MAP_BLOCKS:
    return map_blocks(entry, physical, count);
  case ABI_KERNEL_MAP_CODE:
    return map_code(entry, address, physical, count);
  case ABI_KERNEL_PUBLISH_CODE:
    return publish_code(entry, address, count);
  default:
    return unmap(entry, count);
  }
}
