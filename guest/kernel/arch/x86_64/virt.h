/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* x86_64 under QEMU: what the kernel itself uses of the board. */
#ifndef GUEST_KERNEL_ARCH_X86_64_VIRT_H
#define GUEST_KERNEL_ARCH_X86_64_VIRT_H

#include "abi/arch/x86_64/descriptors.h"

/* Behind boot_scratch: first page tables, the boot path's stack, its plan. */
#define BOOT_STACK_TOP 0x1c000
#define BOOT_SCRATCH_SIZE 0x20000

/* The local APIC (AMD64 manual, volume 2, section 16.3.1), on the last page of the kernel's window.
 */
#define VIRT_APIC_PHYSICAL 0xfee00000
#define VIRT_APIC 0x7ffff000
#define APIC_END_OF_INTERRUPT 0x0b0
#define APIC_SPURIOUS 0x0f0
#define APIC_LVT_TIMER 0x320
#define APIC_LVT_LINT0 0x350
#define APIC_LVT_LINT1 0x360
#define APIC_INITIAL_COUNT 0x380
#define APIC_CURRENT_COUNT 0x390
#define APIC_DIVIDE 0x3e0

/* The two interrupts there are. Everything else of the IDT is the monitor's part. */
#define VIRT_VECTOR_TIMER 32
#define VIRT_VECTOR_SPURIOUS 47
#define VIRT_IDT_LIMIT ((VIRT_VECTOR_SPURIOUS + 1) * 16 - 1)

#ifndef __ASSEMBLER__
#include <stdint.h>

/* Calls of abi/kernel.h that only this machine has; `apic`: where the local APIC is mapped now. */
uint64_t virt_serve_call(uint64_t number, uint64_t address, uint64_t count);
void virt_start_timer(uint64_t apic);
void virt_put(char character);
_Noreturn void virt_end(uint32_t status);

static inline void port_write8(uint16_t port, uint8_t value) {
  __asm__ volatile("outb %0, %1" : : "a"(value), "d"(port));
}
static inline uint8_t port_read8(uint16_t port) {
  uint8_t value;
  __asm__ volatile("inb %1, %0" : "=a"(value) : "d"(port));
  return value;
}
static inline void port_write32(uint16_t port, uint32_t value) {
  __asm__ volatile("outl %0, %1" : : "a"(value), "d"(port));
}
static inline uint32_t port_read32(uint16_t port) {
  uint32_t value;
  __asm__ volatile("inl %1, %0" : "=a"(value) : "d"(port));
  return value;
}
static inline uint64_t read_counter(void) {
  uint32_t low, high;
  __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
  return (uint64_t)high << 32 | low;
}
#endif

#endif
