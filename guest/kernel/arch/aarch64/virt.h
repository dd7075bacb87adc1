/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* aarch64 under QEMU: what the kernel itself uses of the board. */
#ifndef GUEST_KERNEL_ARCH_AARCH64_VIRT_H
#define GUEST_KERNEL_ARCH_AARCH64_VIRT_H

#include "abi/arch/aarch64/kernel.h"

/* Behind boot_scratch: the boot path's stack, its plan. */
#define BOOT_STACK_TOP 0x1c000
#define BOOT_SCRATCH_SIZE 0x20000

#ifndef __ASSEMBLER__
#include <stdint.h>

/* Calls of abi/kernel.h that only this machine has. */
uint64_t virt_serve_call(uint64_t number, uint64_t address, uint64_t count);
/* A PL011 at `base`. */
void virt_put(uint64_t base, char character);
_Noreturn void virt_end(uint32_t status);
/* What traps.S calls when the kernel itself meets an exception. */
_Noreturn void virt_panic(uint64_t syndrome, uint64_t pc, uint64_t address);
#endif

#endif
