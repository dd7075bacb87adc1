/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* x86_64: entries of page tables, of four levels with 512 entries each. */
#ifndef ABI_ARCH_X86_64_PAGES_H
#define ABI_ARCH_X86_64_PAGES_H

#include "abi/arch/x86_64/kernel.h"
#include "abi/prepare.h"
#include <stdbool.h>

/* Page table entries (AMD64 Architecture Programmer's Manual, volume 2, section 5.3). */
#define ABI_PTE_PRESENT 0x1
#define ABI_PTE_WRITE 0x2
#define ABI_PTE_USER 0x4
#define ABI_PTE_UNCACHED 0x10
#define ABI_PTE_ACCESSED 0x20
#define ABI_PTE_DIRTY 0x40
#define ABI_PTE_LARGE 0x80
#define ABI_PTE_NO_EXECUTE 0x8000000000000000
#define ABI_PTE_ADDRESS 0x000ffffffffff000

/* The level that the root is at: log2 of what one of its entries covers. */
#define PAGES_ROOT_SHIFT 39u

/* The part of an entry that is the address. */
static inline uint64_t pages_at(uint64_t physical) {
  return physical;
}

/* Accessed and dirty are set from the start: nobody reads them, and the CPU need not write. */
static inline uint64_t pages_table(uint64_t physical) {
  return physical | ABI_PTE_PRESENT | ABI_PTE_WRITE | ABI_PTE_USER | ABI_PTE_ACCESSED;
}

/* A page, or a block of 2 MiB, with rights ABI_MAP_*. */
static inline uint64_t pages_leaf(uint64_t physical, uint32_t rights, bool block) {
  return physical | ABI_PTE_PRESENT | ABI_PTE_ACCESSED | ABI_PTE_DIRTY |
         (block ? ABI_PTE_LARGE : 0) | (rights & ABI_MAP_USER ? ABI_PTE_USER : 0) |
         (rights & ABI_MAP_WRITE ? ABI_PTE_WRITE : 0) |
         (rights & ABI_MAP_EXECUTE ? 0 : ABI_PTE_NO_EXECUTE) |
         (rights & ABI_MAP_DEVICE ? ABI_PTE_UNCACHED : 0);
}

static inline bool pages_is_present(uint64_t entry) {
  return entry & ABI_PTE_PRESENT;
}
/* Of an entry of the last level but one: a block, not a table of pages, and not nothing? */
static inline bool pages_is_block(uint64_t entry) {
  return entry & ABI_PTE_LARGE;
}
static inline uint64_t pages_address(uint64_t entry) {
  return entry & ABI_PTE_ADDRESS;
}

#endif
