/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* riscv64: what a monitor that prepares the kernel's memory and the kernel agree on. One set of
 * page tables (satp, Sv48) for kernel and user mode. */
#ifndef ABI_ARCH_RISCV64_KERNEL_H
#define ABI_ARCH_RISCV64_KERNEL_H

/* Where a monitor of ours would put memory, as QEMU's board does: the first physical address. */
#define ABI_MEMORY_BASE 0x80000000ull

/* Where the image starts, virtual and physical: struct abi_kernel_header. */
#define ABI_KERNEL_BASE 0x80200000

/* The kernel's own memory, for it alone, at one place of the address space: state page, an unused
 * one, two stack pages, types of blocks (abi/kernel.h), page tables. */
#define ABI_KERNEL_WINDOW 0x8000000000
#define ABI_KERNEL_WINDOW_SIZE 0x40000000
#define ABI_KERNEL_STACK_TOP 0x8000004000
#define ABI_KERNEL_BLOCKS 0x8000004000

/* User mode's part: abi_boot.window, arena_base and arena_end. */
#define ABI_USER_WINDOW 0x10000000000
#define ABI_ARENA_BASE 0x20000000000
#define ABI_ARENA_END 0x7fff00000000

#ifndef __ASSEMBLER__
#include <stdint.h>

#define ABI_KERNEL_MAGIC 0x4c4e524b4d575248ull /* "HRMWKRNL" */
#define ABI_KERNEL_VERSION 1

/* The first bytes of a guest image. Addresses are virtual. */
struct abi_kernel_header {
  uint64_t jump; /* boot loaders enter images at their first byte */
  uint64_t magic;
  uint32_t version;
  uint32_t reserved;
  uint64_t user_base;  /* segments below belong to the kernel, the others to user mode */
  uint64_t user_entry; /* a0 = address of struct abi_boot, sp = top of the stack */
};
_Static_assert(sizeof(struct abi_kernel_header) == 40, "kernel header");
#endif

#endif
