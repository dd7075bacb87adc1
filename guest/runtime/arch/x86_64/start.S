/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The runtime's entry, its upcall for faults, the kernel's call gate and the doorbells. */
#include "abi/arch/x86_64/kernel.h"

        .text

/* The first instruction of the VM, in user mode. rdi: struct abi_boot; rsp: top of the stack.
 * x87 and SSE state are what the System V ABI wants at a process's start (section 3.4.1). */
        .globl _start
_start:
        fninit
        movl $0x1f80, -8(%rsp)
        ldmxcsr -8(%rsp)
        xorl %ebp, %ebp
        call runtime_start
        ud2

/* A fault of user mode, as guest/kernel/arch/x86_64/traps.S passes it: rdi vector, rsi error code,
 * rdx address, rcx program counter, r8 stack pointer; all other registers as they were. Frames of
 * generated code hang on r14 (engine/arch/x86_64). We are on the upcall stack; a fault while an earlier one is still being handled has nowhere to go. */
        .globl runtime_upcall
runtime_upcall:
        lock btsl $0, upcall_busy(%rip)
        jc upcall_nested
        cld
        movq %r14, %r9
        xorl %ebp, %ebp
        call runtime_fault
        ud2
upcall_nested:
        leaq runtime_upcall_stack_top(%rip), %rsp
        call runtime_fault_nested
        ud2

/* Ends the handling of a fault by going on somewhere else. rdi: program counter, rsi: stack
 * pointer, rdx: what the frames of generated code hang on. */
        .globl runtime_resume
runtime_resume:
        movq %rsi, %rsp
        movq %rdx, %r14
        movl $0, upcall_busy(%rip)
        jmp *%rdi

/* Calls the kernel: rdi number, rsi address, rdx physical, rcx count. This int3 is the only one
 * that the kernel takes for a call. */
        .globl kernel_call
        .globl kernel_call_return
kernel_call:
        int3
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
