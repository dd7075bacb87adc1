/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* x86_64: GDT, IDT and TSS, on the kernel's descriptor page. */
#include "abi/prepare.h"
#include "abi/arch/x86_64/descriptors.h"
#include <stdbool.h>
#include <string.h>

/* A code or data segment of long mode: base and limit mean nothing, rights do (section 4.8). */
static uint64_t segment(bool code, unsigned privilege) {
  uint64_t rights = code ? 0x9b : 0x93; /* present, S, accessed; code: execute + read */
  return (rights | privilege << 5) << 40 | (code ? 1ull << 53 : 0) | 0xf00000000ffffull |
         1ull << 55;
}

static void write_tss(uint8_t *page) {
  uint8_t *tss = page + TSS_OFFSET;
  uint64_t stack = ABI_KERNEL_STACK_TOP;
  uint64_t ist = ABI_KERNEL_IST_TOP;
  uint16_t bitmap = TSS_FIXED_SIZE;
  memcpy(tss + 4, &stack, sizeof(stack)); /* RSP0 */
  memcpy(tss + 36, &ist, sizeof(ist));    /* IST1 */
  memcpy(tss + 102, &bitmap, sizeof(bitmap));
  /* A clear bit opens a port for user mode. */
  memset(tss + bitmap, 0xff, TSS_PORT_LAST / 8 + 2);
  for (unsigned port = ABI_DOORBELL_PORT; port <= TSS_PORT_LAST; port++)
    tss[bitmap + port / 8] &= (uint8_t) ~(1u << port % 8);
}

static void write_gdt(uint8_t *page) {
  uint64_t address = ABI_KERNEL_DESCRIPTORS + TSS_OFFSET;
  uint64_t gdt[] = {
      0,
      segment(true, 0),
      segment(false, 0),
      segment(false, 3),
      segment(true, 3),
      (address & 0xffffff) << 16 | (address >> 24 & 0xff) << 56 | TSS_LIMIT | 0x8bull << 40,
      address >> 32,
  };
  memcpy(page + GDT_OFFSET, gdt, sizeof(gdt));
}

/* Interrupt gates to the kernel's code segment (section 4.8.4). */
static void write_idt(uint8_t *page, const struct abi_kernel_header *header) {
  for (unsigned vector = 0; vector < ABI_VECTOR_COUNT; vector++) {
    uint64_t target = header->vectors[vector];
    uint64_t privilege = vector == ABI_VECTOR_CALL ? 3 : 0;
    uint64_t ist = vector == ABI_VECTOR_NMI || vector == ABI_VECTOR_DOUBLE_FAULT ||
                   vector == ABI_VECTOR_MACHINE_CHECK;
    uint64_t gate[2] = {(target & 0xffff) | ABI_SELECTOR_KERNEL_CODE << 16 | ist << 32 |
                            0x8eull << 40 | privilege << 45 | (target >> 16 & 0xffff) << 48,
                        target >> 32};
    memcpy(page + IDT_OFFSET + vector * sizeof(gate), gate, sizeof(gate));
  }
}

void abi_prepare_processor(uint8_t *kernel, const void *header) {
  uint8_t *page = kernel + ABI_KERNEL_DESCRIPTORS - ABI_KERNEL_WINDOW;
  write_tss(page);
  write_gdt(page);
  write_idt(page, header);
}
