/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* riscv64: what changing page tables takes beside writing them (privileged specification, 4.2.1).
 */
#ifndef GUEST_KERNEL_ARCH_RISCV64_TABLES_ARCH_H
#define GUEST_KERNEL_ARCH_RISCV64_TABLES_ARCH_H

#include "abi/arch/riscv64/pages.h"
#include "guest/kernel/arch/riscv64/virt.h"

/* A block is one translation, whatever address inside is named; a table of pages is many. */
static inline void tables_replace(volatile uint64_t *entry, uint64_t address, uint64_t value) {
  uint64_t old = *entry;
  *entry = value;
  if (!pages_is_present(old))
    return;
  if (pages_is_block(old))
    __asm__ volatile("sfence.vma %0, zero" : : "r"(address) : "memory");
  else
    __asm__ volatile("sfence.vma" : : : "memory");
}

/* That an entry was invalid may be remembered, too. */
static inline uint64_t tables_changed(uint64_t result) {
  __asm__ volatile("sfence.vma" : : : "memory");
  return result;
}

/* No monitor offers it here: state.can_fill is 0. */
static inline void tables_ask_to_fill(uint64_t first, uint64_t count) {
  (void)first, (void)count;
}

#endif
