/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The image's header, and entry into the kernel: exceptions of user mode become an upcall, svc is the
 * call gate. The fault's description travels in registers and nothing is saved, because the runtime
 * never goes on where a fault happened (a WebAssembly trap unwinds). */
#include "abi/arch/aarch64/kernel.h"
#include "abi/arch/aarch64/registers.h"

#define CLASS_SVC 0x15

/* ---- The header: Linux's, so that boot loaders take the image for one, then ours ---- */

        .section .kernel.header, "a"
        b boot_entry
        .long 0
        .quad 0                         /* from a multiple of 2 MiB on: QEMU adds 2 MiB */
        .quad boot_image_size
        .quad 0xa                       /* little endian, 4 KiB pages, anywhere */
        .quad 0, 0, 0
        .ascii "ARM\x64"
        .long 0
        .quad 0x4c4e524b4d575248
        .long ABI_KERNEL_VERSION
        .long 0
        .quad guest_user_base
        .quad _start
        .quad kernel_vectors

        .section .kernel.text, "ax"

/* Vectors (Arm ARM, table D1-5): 128 bytes each. */
        .macro vector target
        .balign 0x80
        b \target
        .endm

        .balign 0x800
        .globl kernel_vectors
kernel_vectors:
        .rept 8                         /* from the kernel itself */
        vector panic
        .endr
        vector from_user
        .rept 3                         /* interrupts and errors that nobody asked for */
        vector panic
        .endr
        .rept 4                         /* AArch32 */
        vector panic
        .endr

        .balign 0x80
from_user:
        sub sp, sp, #32
        stp x0, x1, [sp]
        mrs x0, esr_el1
        lsr x0, x0, #26
        cmp x0, #CLASS_SVC
        b.ne fault
        /* Only the runtime's one svc is a call. */
        mrs x0, elr_el1
        ldr x1, =kernel_call_return
        cmp x0, x1
        b.ne fault
        ldp x0, x1, [sp]
        str x30, [sp, #16]
        bl kernel_serve_call
        ldr x30, [sp, #16]
        add sp, sp, #32
        eret

fault:
        add sp, sp, #32
        mrs x1, esr_el1                 /* error code */
        lsr x0, x1, #26                 /* the class stands for a vector */
        mrs x2, far_el1
        mrs x3, elr_el1
        mrs x4, sp_el0
        ldr x6, =runtime_upcall
        msr elr_el1, x6
        ldr x6, =runtime_upcall_stack_top
        msr sp_el0, x6
        mov x6, #ABI_PSTATE_USER
        msr spsr_el1, x6
        eret

/* Who is told depends on the machine. While the MMU is off it is QEMU's. */
panic:
        mrs x0, esr_el1
        mrs x1, elr_el1
        mrs x2, far_el1
        ldr x3, =ABI_KERNEL_STACK_TOP
        mov sp, x3
        mrs x3, sctlr_el1
        tbz x3, #0, 1f
        ldr x3, =ABI_KERNEL_WINDOW
        ldr x3, [x3, #ABI_KERNEL_STATE_IS_VIRT]
        cbnz x3, 1f
        lsr x0, x0, #26
        ldr x3, =ABI_KERNEL_REGISTERS
        str w0, [x3]
        b .
1:      b virt_panic

        .ltorg
        .section .note.GNU-stack, "", @progbits
