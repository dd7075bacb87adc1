/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* aarch64: entries of page tables with a granule of 4 KiB, of four levels (Arm Architecture
 * Reference Manual for A-profile, section D8.3). */
#ifndef ABI_ARCH_AARCH64_PAGES_H
#define ABI_ARCH_AARCH64_PAGES_H

#include "abi/arch/aarch64/kernel.h"
#include "abi/prepare.h"
#include <stdbool.h>

#define PAGES_VALID 0x1ull
#define PAGES_TABLE 0x2ull       /* of the last level: a page; of others: a table, not a block */
#define PAGES_DEVICE (1ull << 2) /* attribute 1 of ABI_MAIR; 0 is ordinary memory */
#define PAGES_USER (1ull << 6)
#define PAGES_READ_ONLY (1ull << 7)
#define PAGES_INNER_SHAREABLE (3ull << 8)
#define PAGES_ACCESSED (1ull << 10)
#define PAGES_KERNEL_NO_EXECUTE (1ull << 53)
#define PAGES_USER_NO_EXECUTE (1ull << 54)
#define PAGES_ADDRESS 0x0000fffffffff000ull

/* The level that the root is at: log2 of what one of its entries covers. */
#define PAGES_ROOT_SHIFT 39u

/* The part of an entry that is the address. */
static inline uint64_t pages_at(uint64_t physical) {
  return physical;
}

static inline uint64_t pages_table(uint64_t physical) {
  return physical | PAGES_VALID | PAGES_TABLE;
}

/* A page, or a block of 2 MiB, with rights ABI_MAP_*. */
static inline uint64_t pages_leaf(uint64_t physical, uint32_t rights, bool block) {
  bool user = rights & ABI_MAP_USER;
  bool execute = rights & ABI_MAP_EXECUTE;
  return physical | PAGES_VALID | PAGES_ACCESSED | PAGES_INNER_SHAREABLE |
         (block ? 0 : PAGES_TABLE) | (user ? PAGES_USER : 0) |
         (rights & ABI_MAP_WRITE ? 0 : PAGES_READ_ONLY) |
         (execute && user ? 0 : PAGES_USER_NO_EXECUTE) |
         (execute && !user ? 0 : PAGES_KERNEL_NO_EXECUTE) |
         (rights & ABI_MAP_DEVICE ? PAGES_DEVICE : 0);
}

static inline bool pages_is_present(uint64_t entry) {
  return entry & PAGES_VALID;
}
/* Of an entry of the last level but one: a block, not a table of pages, and not nothing? */
static inline bool pages_is_block(uint64_t entry) {
  return (entry & (PAGES_VALID | PAGES_TABLE)) == PAGES_VALID;
}
static inline uint64_t pages_address(uint64_t entry) {
  return entry & PAGES_ADDRESS;
}

#endif
