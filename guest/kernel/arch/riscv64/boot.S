/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The way in, from OpenSBI to supervisor mode (Linux, Documentation/riscv/boot.rst): a0: hart, a1:
 * device tree; no translation. And the way to user mode. */
#include "guest/kernel/arch/riscv64/virt.h"

#define STATUS_INTERRUPTS 0x2           /* sstatus.SIE */
#define STATUS_KERNEL 0x100             /* SPP: what sret returns to */
#define STATUS_FLOAT_INITIAL 0x2000     /* FS: floating point may be used */
#define COUNTERS 7                      /* scounteren: cycle, time, instret for user mode */

        .section .kernel.text, "ax"
        .globl boot_entry
boot_entry:
        csrci sstatus, STATUS_INTERRUPTS
        csrw sie, zero
        csrw sscratch, zero
        la t0, kernel_trap
        csrw stvec, t0
        la sp, boot_scratch + BOOT_STACK_TOP
        li t0, STATUS_FLOAT_INITIAL
        csrs sstatus, t0
        li t0, COUNTERS
        csrw scounteren, t0
        mv a0, a1
        call board_start
1:      j 1b

/* a0: satp, a1: user mode's entry, a2: its stack, a3: struct abi_boot. This text lies at the same
 * place in both address spaces. Returns when the machine does not have this kind of translation. */
        .globl enter_user
enter_user:
        csrw satp, a0
        csrr t0, satp
        bne t0, a0, 1f
        sfence.vma
        li t0, ABI_KERNEL_STACK_TOP
        csrw sscratch, t0
        csrw sepc, a1
        li t0, STATUS_KERNEL
        csrc sstatus, t0
        mv sp, a2
        mv a0, a3
        sret
1:      ret

        .section .note.GNU-stack, "", @progbits
