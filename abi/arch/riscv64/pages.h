/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* riscv64: entries of Sv48's page tables (privileged specification, sections 4.4.1 and 4.5). */
#ifndef ABI_ARCH_RISCV64_PAGES_H
#define ABI_ARCH_RISCV64_PAGES_H

#include "abi/arch/riscv64/kernel.h"
#include "abi/prepare.h"
#include <stdbool.h>

#define PAGES_VALID 0x01ull
#define PAGES_READ 0x02ull
#define PAGES_WRITE 0x04ull
#define PAGES_EXECUTE 0x08ull
#define PAGES_USER 0x10ull
#define PAGES_ACCESSED 0x40ull
#define PAGES_DIRTY 0x80ull
#define PAGES_LEAF (PAGES_READ | PAGES_WRITE | PAGES_EXECUTE)

/* The level that the root is at: log2 of what one of its entries covers. */
#define PAGES_ROOT_SHIFT 39u

/* The part of an entry that is the address. */
static inline uint64_t pages_at(uint64_t physical) {
  return physical >> 2;
}

static inline uint64_t pages_table(uint64_t physical) {
  return pages_at(physical) | PAGES_VALID;
}

/* A page, or a block of 2 MiB, with rights ABI_MAP_*: only the level tells them apart. */
static inline uint64_t pages_leaf(uint64_t physical, uint32_t rights, bool block) {
  (void)block;
  return pages_at(physical) | PAGES_VALID | PAGES_READ | PAGES_ACCESSED | PAGES_DIRTY |
         (rights & ABI_MAP_USER ? PAGES_USER : 0) | (rights & ABI_MAP_WRITE ? PAGES_WRITE : 0) |
         (rights & ABI_MAP_EXECUTE ? PAGES_EXECUTE : 0);
}

static inline bool pages_is_present(uint64_t entry) {
  return entry & PAGES_VALID;
}
/* Of an entry of the last level but one: a block, not a table of pages, and not nothing? */
static inline bool pages_is_block(uint64_t entry) {
  return entry & PAGES_LEAF;
}
static inline uint64_t pages_address(uint64_t entry) {
  return entry >> 10 << 12;
}

#endif
