/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* aarch64: what changing page tables takes beside writing them (Arm ARM, section D8.14). */
#ifndef GUEST_KERNEL_ARCH_AARCH64_TABLES_ARCH_H
#define GUEST_KERNEL_ARCH_AARCH64_TABLES_ARCH_H

#include "abi/arch/aarch64/pages.h"
#include "guest/kernel/arch/aarch64/virt.h"

/* Break before make (D8.14.1): the old translation is gone everywhere before a new one is there. A
 * block is one entry of the TLB; for a table of pages everything goes. */
static inline void tables_replace(volatile uint64_t *entry, uint64_t address, uint64_t value) {
  uint64_t old = *entry;
  if (pages_is_present(old)) {
    *entry = 0;
    __asm__ volatile("dsb ishst" : : : "memory");
    if (pages_is_block(old))
      __asm__ volatile("tlbi vaae1is, %0" : : "r"(address >> 12) : "memory");
    else
      __asm__ volatile("tlbi vmalle1is" : : : "memory");
    __asm__ volatile("dsb ish\n\tisb" : : : "memory");
  }
  *entry = value;
}

/* The walker sees new entries from here on. */
static inline uint64_t tables_changed(uint64_t result) {
  __asm__ volatile("dsb ishst\n\tisb" : : : "memory");
  return result;
}

/* Not wanted here: kernels run at full speed. state.can_fill is 0. */
static inline void tables_ask_to_fill(uint64_t first, uint64_t count) {
  (void)first, (void)count;
}

#endif
