/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The image's entry and header, and entry into the kernel: exceptions of user mode become an upcall,
 * ecall is the call gate. The fault's description travels in registers and nothing is saved, because
 * the runtime never goes on where a fault happened (a WebAssembly trap unwinds). */
#include "abi/arch/riscv64/kernel.h"

#define CAUSE_CALL 8
#define STATUS_FROM_KERNEL 0x100        /* sstatus.SPP */

        .section .kernel.header, "ax"
        j boot_entry
        .balign 8
        .quad 0x4c4e524b4d575248
        .long 1
        .long 0
        .quad guest_user_base
        .quad _start

        .section .kernel.text, "ax"

/* In user mode sscratch holds the kernel's stack. */
        .balign 4
        .globl kernel_trap
kernel_trap:
        csrrw sp, sscratch, sp
        beqz sp, panic                  /* from the kernel itself, before there was a stack */
        addi sp, sp, -32
        sd t0, 0(sp)
        sd t1, 8(sp)
        csrr t0, sstatus
        andi t0, t0, STATUS_FROM_KERNEL
        bnez t0, panic
        csrr t0, scause
        li t1, CAUSE_CALL
        bne t0, t1, fault
        /* Only the runtime's one ecall is a call. */
        csrr t0, sepc
        la t1, kernel_call
        bne t0, t1, fault
        addi t0, t0, 4
        csrw sepc, t0
        ld t0, 0(sp)
        ld t1, 8(sp)
        sd ra, 16(sp)
        call kernel_serve_call
        ld ra, 16(sp)
        addi sp, sp, 32
        csrrw sp, sscratch, sp
        sret

fault:
        addi sp, sp, 32
        csrr a0, scause                 /* stands for a vector */
        li a1, 0
        csrr a2, stval
        csrr a3, sepc
        csrr a4, sscratch               /* user mode's stack */
        csrw sscratch, sp
        la t0, runtime_upcall
        csrw sepc, t0
        la sp, runtime_upcall_stack_top
        sret

panic:
        li sp, ABI_KERNEL_STACK_TOP
        csrr a0, satp
        bnez a0, 1f
        la sp, boot_scratch + 0x1c000
1:      csrr a0, scause
        csrr a1, sepc
        csrr a2, stval
        tail virt_panic

        .section .note.GNU-stack, "", @progbits
