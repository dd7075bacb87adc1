/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* riscv64 under QEMU: what the kernel itself uses of the board, and of the firmware below. */
#ifndef GUEST_KERNEL_ARCH_RISCV64_VIRT_H
#define GUEST_KERNEL_ARCH_RISCV64_VIRT_H

#include "abi/arch/riscv64/kernel.h"

/* Behind boot_scratch: the boot path's stack, its plan. */
#define BOOT_STACK_TOP 0x1c000
#define BOOT_SCRATCH_SIZE 0x20000

/* The device that ends the machine, on the last page of the kernel's window. */
#define VIRT_FINISHER 0x803ffff000
#define VIRT_FINISHER_PHYSICAL 0x100000

#ifndef __ASSEMBLER__
#include <stdint.h>

/* Calls of abi/kernel.h that only this machine has. */
uint64_t virt_serve_call(uint64_t number, uint64_t address, uint64_t count);
void virt_put(char character);
/* `finisher`: where that device is mapped now. */
_Noreturn void virt_end(uint64_t finisher, uint32_t status);
/* What traps.S calls when the kernel itself meets an exception. */
_Noreturn void virt_panic(uint64_t cause, uint64_t pc, uint64_t address);
#endif

#endif
