/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Doorbells, the counter, caches and fault names of riscv64. */
#include "guest/runtime/arch.h"
#include "abi/arch/riscv64/kernel.h"

/* A store to the page that the monitor listens to. */
void arch_ring(enum abi_doorbell doorbell, uint32_t value) {
  *(volatile uint32_t *)(ABI_USER_WINDOW + ABI_DOORBELL_MMIO + 4u * doorbell) = value;
}

/* Memory before registers (unprivileged specification, section 2.7). */
void arch_device_barrier(void) {
  __asm__ volatile("fence w, o" : : : "memory");
}

uint64_t arch_counter(void) {
  uint64_t counter;
  __asm__ volatile("rdtime %0" : "=r"(counter));
  return counter;
}

/* This hart's fetches see its stores (Zifencei). */
void arch_publish(const void *address, size_t size) {
  (void)address, (void)size;
  __asm__ volatile("fence.i" : : : "memory");
}

/* Causes of exceptions (privileged specification, table 4.2). */
const char *arch_fault_name(uint64_t vector) {
  static const char names[][28] = {
      [0] = "misaligned fetch",  [1] = "fetch access fault", [2] = "invalid instruction",
      [3] = "breakpoint",        [4] = "misaligned load",    [5] = "load access fault",
      [6] = "misaligned store",  [7] = "store access fault", [8] = "stray ecall",
      [12] = "fetch page fault", [13] = "load page fault",   [15] = "store page fault"};
  if (vector >= sizeof(names) / sizeof(names[0]) || !names[vector][0])
    return "exception";
  return names[vector];
}

bool arch_fault_has_address(uint64_t vector) {
  return vector == 0 || vector == 1 || (vector >= 4 && vector <= 7) ||
         (vector >= 12 && vector <= 15);
}
