/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* x86_64: what a monitor that prepares the kernel's memory and the kernel agree on. */
#ifndef ABI_ARCH_X86_64_KERNEL_H
#define ABI_ARCH_X86_64_KERNEL_H

/* Segment selectors. The GDT: null, kernel code, kernel data, user data, user code, TSS (two). */
#define ABI_SELECTOR_KERNEL_CODE 0x08
#define ABI_SELECTOR_KERNEL_DATA 0x10
#define ABI_SELECTOR_USER_DATA 0x1b
#define ABI_SELECTOR_USER_CODE 0x23
#define ABI_SELECTOR_TSS 0x28

/* Exceptions have vectors 0 to 31; nothing else ever arrives. */
#define ABI_VECTOR_COUNT 32
#define ABI_VECTOR_NMI 2
#define ABI_VECTOR_CALL 3 /* int3: the call gate; its descriptor alone has DPL 3 */
#define ABI_VECTOR_DOUBLE_FAULT 8
#define ABI_VECTOR_MACHINE_CHECK 18

/* Where our monitor puts memory: the first physical address. */
#define ABI_MEMORY_BASE 0

/* Where the image starts, virtual and physical: struct abi_kernel_header. */
#define ABI_KERNEL_BASE 0x200000

/* The kernel's own memory, supervisor only, at one place of the address space:
 * state page, descriptor page, two stack pages, types of blocks (abi/kernel.h), page tables. */
#define ABI_KERNEL_WINDOW 0x40000000
#define ABI_KERNEL_WINDOW_SIZE 0x40000000
#define ABI_KERNEL_DESCRIPTORS (ABI_KERNEL_WINDOW + 0x1000)
#define ABI_KERNEL_STACK_TOP (ABI_KERNEL_WINDOW + 0x3000)
#define ABI_KERNEL_IST_TOP (ABI_KERNEL_WINDOW + 0x4000) /* NMI, double fault, machine check */
#define ABI_KERNEL_BLOCKS (ABI_KERNEL_WINDOW + 0x4000)

/* What the kernel itself rings, with a 32-bit `out`; user mode cannot reach these ports.
 * PANIC: it found itself broken; the value is the vector.
 * FILL: entries of a table that has never been linked are to be written: value = first << 16 |
 * count; entry first + i becomes state.fill_value + i * ABI_PAGE_SIZE in state.fill_table. */
#define ABI_KERNEL_PANIC_PORT 0x540
#define ABI_KERNEL_FILL_PORT 0x544

/* User mode's part: abi_boot.window, arena_base and arena_end. */
#define ABI_USER_WINDOW 0x80000000
#define ABI_ARENA_BASE 0x1000000000
#define ABI_ARENA_END 0x7fff00000000

#ifndef __ASSEMBLER__
#include <stddef.h>
#include <stdint.h>

#define ABI_KERNEL_MAGIC 0x4c4e524b4d575248ull /* "HRWMKRNL" */
#define ABI_KERNEL_VERSION 1

/* The first bytes of a guest image. Addresses are virtual. */
struct abi_kernel_header {
  uint64_t magic;
  uint32_t version;
  uint32_t vector_count; /* ABI_VECTOR_COUNT */
  uint64_t user_base;    /* segments below belong to the kernel, the others to user mode */
  uint64_t user_entry;   /* rdi = address of struct abi_boot, rsp = top of the stack */
  uint64_t vectors[ABI_VECTOR_COUNT];
};

_Static_assert(sizeof(struct abi_kernel_header) == 32 + 8 * ABI_VECTOR_COUNT, "kernel header");
#endif

#endif
