/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Entry into the kernel: exceptions of user mode become an upcall, int3 is the call gate.
 *
 * Under software KVM each instruction here costs more than a microsecond, so there are few: the
 * fault's description travels in registers and nothing is saved, because the runtime never goes on
 * where a fault happened (a WebAssembly trap unwinds). */
#include "abi/arch/x86_64/kernel.h"

/* ---- The header that a monitor reads ---- */

        .section .kernel.header, "a"
        .quad 0x4c4e524b4d575248
        .long 1
        .long ABI_VECTOR_COUNT
        .quad guest_user_base
        .quad _start
        .irp vector, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
        .quad vector_\vector
        .endr

        .section .kernel.text, "ax"

/* Exceptions with an error code have pushed it (AMD64 manual, volume 2, table 8-1). */
        .macro with_code vector
vector_\vector:
        pushq $\vector
        jmp fault
        .endm
        .macro without_code vector
vector_\vector:
        pushq $0
        pushq $\vector
        jmp fault
        .endm

        .irp vector, 0,1,2,4,5,6,7,9,15,16,18,19,20,22,23,24,25,26,27,28,31
        without_code \vector
        .endr
        .irp vector, 8,10,11,12,13,14,17,21,29,30
        with_code \vector
        .endr

/* The stack: vector, error code, then what the CPU pushed: rip, cs, rflags, rsp, ss.
 * NMI, double fault and machine check are nobody's fault but end the VM in any mode. */
fault:
        testb $3, 24(%rsp)
        jz panic
        popq %rdi                       /* vector */
        popq %rsi                       /* error code */
        movq %cr2, %rdx                 /* address, of a page fault */
        movq (%rsp), %rcx               /* program counter */
        movq 24(%rsp), %r8              /* stack pointer */
        movq $runtime_upcall, (%rsp)
        movq $2, 16(%rsp)               /* rflags: all clear, whatever user mode had set */
        movq $runtime_upcall_stack_top, 24(%rsp)
        iretq

/* The call gate. Only the runtime's one int3 is a call: padding bytes of text are int3 too, and
 * running into them is a fault. */
vector_3:
        cmpq $kernel_call_return, (%rsp)
        jne stray_int3
        call kernel_serve_call
        iretq
stray_int3:
        pushq $0
        pushq $3
        jmp fault

panic:
        popq %rax
        movl $ABI_KERNEL_PANIC_PORT, %edx
        outl %eax, %dx
halt:   hlt
        jmp halt

        .section .note.GNU-stack, "", @progbits
