/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Doorbells, the counter and fault names of x86_64. */
#include "guest/runtime/arch.h"

#define VECTOR_PAGE_FAULT 14u

/* `out` to one of the ports that the TSS's I/O bitmap opens for user mode. */
void arch_ring(enum abi_doorbell doorbell, uint32_t value) {
  uint16_t port = (uint16_t)(ABI_DOORBELL_PORT + 4u * doorbell);
  __asm__ volatile("outl %0, %1" : : "a"(value), "d"(port) : "memory");
}

/* Stores are seen in their order; the compiler must keep it (AMD64 manual, volume 2, 7.2). */
void arch_device_barrier(void) {
  __asm__ volatile("" : : : "memory");
}

/* Instruction caches see every store (AMD64 manual, volume 2, section 7.6.1). */
void arch_publish(const void *address, size_t size) {
  (void)address, (void)size;
}

uint64_t arch_counter(void) {
  uint32_t low, high;
  __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
  return (uint64_t)high << 32 | low;
}

const char *arch_fault_name(uint64_t vector) {
  static const char names[][28] = {
      [0] = "division error",      [1] = "debug exception",     [3] = "stray int3",
      [6] = "invalid instruction", [12] = "stack fault",        [13] = "general protection fault",
      [14] = "page fault",         [16] = "x87 floating point", [17] = "alignment check",
      [19] = "SIMD floating point"};
  if (vector >= sizeof(names) / sizeof(names[0]) || !names[vector][0])
    return "exception";
  return names[vector];
}

bool arch_fault_has_address(uint64_t vector) {
  return vector == VECTOR_PAGE_FAULT;
}
