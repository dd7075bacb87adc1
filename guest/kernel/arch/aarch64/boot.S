/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The way in as Linux has it (Documentation/arm64/booting.rst): x0: device tree; MMU and caches off;
 * EL1, or EL2, which is left at once. And the way to user mode. */
#include "abi/arch/aarch64/registers.h"
#include "guest/kernel/arch/aarch64/virt.h"

#define SPSR_EL1H 0x3c5
#define HCR_EL2_RW (1 << 31)

        .section .kernel.text, "ax"
        .globl boot_entry
boot_entry:
        mrs x1, CurrentEL
        cmp x1, #(2 << 2)
        b.ne 1f
        mov x1, #HCR_EL2_RW
        msr hcr_el2, x1
        mov x1, #SPSR_EL1H
        msr spsr_el2, x1
        adr x1, 1f
        msr elr_el2, x1
        eret
1:      msr spsel, #1
        ldr x1, =boot_scratch + BOOT_STACK_TOP
        mov sp, x1
        mov x1, #ABI_CPACR
        msr cpacr_el1, x1
        mov x1, #ABI_CNTKCTL
        msr cntkctl_el1, x1
        ldr x1, =kernel_vectors
        msr vbar_el1, x1
        isb
        mov x29, xzr
        mov x30, xzr
        bl board_start
        b .

/* x0: the root of the page tables, x1: user mode's entry, x2: its stack, x3: struct abi_boot,
 * x4: TCR_EL1, x5: MAIR_EL1, x6: SCTLR_EL1. This text lies at the same place with the MMU on. */
        .globl enter_user
enter_user:
        msr mair_el1, x5
        msr tcr_el1, x4
        msr ttbr0_el1, x0
        dsb sy
        tlbi vmalle1
        ic iallu
        dsb sy
        isb
        msr sctlr_el1, x6
        isb
        ldr x7, =ABI_KERNEL_STACK_TOP
        mov sp, x7
        msr elr_el1, x1
        msr sp_el0, x2
        mov x7, #ABI_PSTATE_USER
        msr spsr_el1, x7
        mov x0, x3
        eret

        .ltorg
        .section .note.GNU-stack, "", @progbits
