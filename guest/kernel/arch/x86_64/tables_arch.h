/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* x86_64: what changing page tables takes beside writing them. */
#ifndef GUEST_KERNEL_ARCH_X86_64_TABLES_ARCH_H
#define GUEST_KERNEL_ARCH_X86_64_TABLES_ARCH_H

#include "abi/arch/x86_64/pages.h"
#include "guest/kernel/arch/x86_64/virt.h"

/* invlpg removes a large page with all its parts; for a table of pages everything goes (no global
 * pages are used; AMD64 manual, volume 2, section 5.5.2). */
static inline void tables_replace(volatile uint64_t *entry, uint64_t address, uint64_t value) {
  uint64_t old = *entry;
  *entry = value;
  if (!pages_is_present(old))
    return;
  if (pages_is_block(old)) {
    __asm__ volatile("invlpg (%0)" : : "r"(address) : "memory");
    return;
  }
  uint64_t root;
  __asm__ volatile("mov %%cr3, %0\n\tmov %0, %%cr3" : "=r"(root) : : "memory");
}

/* Entries that were not present need nothing. */
static inline uint64_t tables_changed(uint64_t result) {
  return result;
}

/* The kernel's port FILL. */
static inline void tables_ask_to_fill(uint64_t first, uint64_t count) {
  __asm__ volatile("outl %0, %1"
                   :
                   : "a"((uint32_t)(first << 16 | count)), "d"((uint16_t)ABI_KERNEL_FILL_PORT)
                   : "memory");
}

#endif
