/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The runtime's entry, its upcall for faults, and the kernel's call gate. */

        .text

/* The first instruction of user mode. x0: struct abi_boot; sp: top of the stack. */
        .globl _start
_start:
        msr fpcr, xzr
        msr fpsr, xzr
        mov x29, xzr
        mov x30, xzr
        bl runtime_start
        udf #0

/* A fault of user mode, as guest/kernel/arch/aarch64/traps.S passes it: x0 class, x1 syndrome, x2
 * address, x3 program counter, x4 stack pointer; x6 and x0 to x4 are lost, all others as they were.
 * Frames of generated code hang on x22 (engine/arch/aarch64). We are on the upcall stack; a fault
 * while an earlier one is still being handled has nowhere to go. */
        .globl runtime_upcall
runtime_upcall:
        adrp x6, upcall_busy
        ldr w7, [x6, :lo12:upcall_busy]
        cbnz w7, upcall_nested
        mov w7, #1
        str w7, [x6, :lo12:upcall_busy]
        mov x5, x22
        mov x29, xzr
        mov x30, xzr
        bl runtime_fault
        udf #0
upcall_nested:
        bl runtime_fault_nested
        udf #0

/* Ends the handling of a fault by going on somewhere else. x0: program counter, x1: stack pointer,
 * x2: what the frames of generated code hang on. */
        .globl runtime_resume
runtime_resume:
        mov sp, x1
        mov x22, x2
        adrp x6, upcall_busy
        str wzr, [x6, :lo12:upcall_busy]
        br x0

/* Calls the kernel: x0 number, x1 address, x2 physical, x3 count. This svc is the only one that the
 * kernel takes for a call. */
        .globl kernel_call
        .globl kernel_call_return
kernel_call:
        svc #0
kernel_call_return:
        ret

        .bss
        .balign 4
upcall_busy:
        .long 0
        .balign 4096
        .skip 65536
        .globl runtime_upcall_stack_top
runtime_upcall_stack_top:

        .section .note.GNU-stack, "", @progbits
