/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* aarch64: what a monitor that prepares the kernel's memory and the kernel agree on. One set of
 * page tables (TTBR0, 48 bits) for kernel and user mode. */
#ifndef ABI_ARCH_AARCH64_KERNEL_H
#define ABI_ARCH_AARCH64_KERNEL_H

/* Where our monitor puts memory, as QEMU's board does: the first physical address. */
#define ABI_MEMORY_BASE 0x40000000ull

/* Where the image starts, virtual and physical: struct abi_kernel_header. */
#define ABI_KERNEL_BASE 0x40200000

/* The kernel's own memory, for it alone, at one place of the address space: state page, an unused
 * one, two stack pages, types of blocks (abi/kernel.h), page tables. */
#define ABI_KERNEL_WINDOW 0x8000000000
#define ABI_KERNEL_WINDOW_SIZE 0x3fe00000
#define ABI_KERNEL_STACK_TOP 0x8000004000
#define ABI_KERNEL_BLOCKS 0x8000004000

/* Behind it, for the kernel alone, one page of registers. Under our monitor a 32-bit store to the
 * first says that the kernel found itself broken; the value is the exception's class. On QEMU's
 * board it is the serial port. */
#define ABI_KERNEL_REGISTERS 0x803ffff000
#define ABI_KERNEL_PANIC_MMIO 0x09001000ull /* physical */

/* User mode's part: abi_boot.window, arena_base and arena_end. */
#define ABI_USER_WINDOW 0x10000000000
#define ABI_ARENA_BASE 0x20000000000
#define ABI_ARENA_END 0x7fff00000000

#define ABI_KERNEL_VERSION 2
#define ABI_KERNEL_STATE_IS_VIRT 128 /* where the state's is_virt is */

#ifndef __ASSEMBLER__
#include <stdint.h>

#define ABI_KERNEL_MAGIC 0x4c4e524b4d575248ull /* "HRMWKRNL" */

/* The first bytes of a guest image. Addresses are virtual. */
struct abi_kernel_header {
  uint8_t linux_image[64]; /* Linux, Documentation/arm64/booting.rst, section 4 */
  uint64_t magic;
  uint32_t version;
  uint32_t reserved;
  uint64_t user_base;  /* segments below belong to the kernel, the others to user mode */
  uint64_t user_entry; /* x0 = address of struct abi_boot, sp = top of the stack */
  uint64_t vectors;    /* VBAR_EL1 */
};
_Static_assert(sizeof(struct abi_kernel_header) == 104, "kernel header");
#endif

#endif
