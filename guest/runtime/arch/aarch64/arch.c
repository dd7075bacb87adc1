/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Doorbells, the counter, caches and fault names of aarch64. */
#include "guest/runtime/arch.h"
#include "abi/arch/aarch64/kernel.h"

/* Classes of exceptions (Arm ARM, ESR_EL1.EC). */
enum fault_class {
  CLASS_UNKNOWN = 0x00,
  CLASS_SVC = 0x15,
  CLASS_SYSTEM = 0x18,
  CLASS_FETCH = 0x20,
  CLASS_PC = 0x22,
  CLASS_ACCESS = 0x24,
  CLASS_SP = 0x26,
  CLASS_FLOAT = 0x2c,
  CLASS_BREAK = 0x3c,
};

/* A store to the page that the monitor listens to: of a plain form, because the processor describes
 * no other to it (Arm ARM, ESR_EL2.ISS.ISV). */
void arch_ring(enum abi_doorbell doorbell, uint32_t value) {
  uintptr_t address = ABI_USER_WINDOW + ABI_DOORBELL_MMIO + 4u * doorbell;
  __asm__ volatile("str %w0, [%1]" : : "r"(value), "r"(address) : "memory");
}

void arch_device_barrier(void) {
  __asm__ volatile("dmb oshst" : : : "memory");
}

uint64_t arch_counter(void) {
  uint64_t counter;
  __asm__ volatile("isb\n\tmrs %0, cntvct_el0" : "=r"(counter) : : "memory");
  return counter;
}

/* Data caches to the point where instruction caches read, then these (Arm ARM, section B2.7.4).
 * The lines' sizes are in CTR_EL0. */
void arch_publish(const void *address, size_t size) {
  uint64_t types;
  __asm__("mrs %0, ctr_el0" : "=r"(types));
  uintptr_t data = 4u << (types >> 16 & 15), text = 4u << (types & 15);
  uintptr_t start = (uintptr_t)address, end = start + size;
  for (uintptr_t at = start & -data; at < end; at += data)
    __asm__ volatile("dc cvau, %0" : : "r"(at) : "memory");
  __asm__ volatile("dsb ish" : : : "memory");
  for (uintptr_t at = start & -text; at < end; at += text)
    __asm__ volatile("ic ivau, %0" : : "r"(at) : "memory");
  __asm__ volatile("dsb ish\n\tisb" : : : "memory");
}

const char *arch_fault_name(uint64_t vector) {
  switch (vector) {
  case CLASS_UNKNOWN:
    return "invalid instruction";
  case CLASS_SVC:
    return "stray svc";
  case CLASS_SYSTEM:
    return "privileged instruction";
  case CLASS_FETCH:
    return "instruction abort";
  case CLASS_PC:
    return "misaligned program counter";
  case CLASS_ACCESS:
    return "data abort";
  case CLASS_SP:
    return "misaligned stack pointer";
  case CLASS_FLOAT:
    return "floating point exception";
  case CLASS_BREAK:
    return "breakpoint";
  default:
    return "exception";
  }
}

bool arch_fault_has_address(uint64_t vector) {
  return vector == CLASS_FETCH || vector == CLASS_ACCESS || vector == CLASS_PC;
}
