/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The runtime's entry, its upcall for faults, and the kernel's call gate. */

        .text

/* The first instruction of user mode. a0: struct abi_boot; sp: top of the stack. */
        .globl _start
_start:
        fscsr zero
        li s0, 0
        li ra, 0
        call runtime_start
        unimp

/* A fault of user mode, as guest/kernel/arch/riscv64/traps.S passes it: a0 cause, a1 0, a2 address,
 * a3 program counter, a4 stack pointer; these and t0 are lost, all others as they were. Frames of
 * generated code hang on s3 (engine/arch/riscv64). We are on the upcall stack; a fault while an
 * earlier one is still being handled has nowhere to go. */
        .globl runtime_upcall
runtime_upcall:
        la t0, upcall_busy
        lw t1, 0(t0)
        bnez t1, upcall_nested
        li t1, 1
        sw t1, 0(t0)
        mv a5, s3
        li s0, 0
        li ra, 0
        call runtime_fault
        unimp
upcall_nested:
        call runtime_fault_nested
        unimp

/* Ends the handling of a fault by going on somewhere else. a0: program counter, a1: stack pointer,
 * a2: what the frames of generated code hang on. */
        .globl runtime_resume
runtime_resume:
        mv sp, a1
        mv s3, a2
        la t0, upcall_busy
        sw zero, 0(t0)
        jr a0

/* Calls the kernel: a0 number, a1 address, a2 physical, a3 count. This ecall is the only one that
 * the kernel takes for a call. */
        .globl kernel_call
kernel_call:
        ecall
        ret

        .bss
        .balign 4
upcall_busy:
        .word 0
        .balign 4096
        .skip 65536
        .globl runtime_upcall_stack_top
runtime_upcall_stack_top:

        .section .note.GNU-stack, "", @progbits
