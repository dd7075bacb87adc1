/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* probe_try: calls try(operand); a fault in it comes back here. rdi: struct expected_fault,
 * rsi: try, rdx: operand. What a fault does not preserve is kept on the stack. */
        .text
        .globl probe_try
probe_try:
        pushq %rbp
        pushq %rbx
        pushq %r12
        pushq %r13
        pushq %r14
        pushq %r15
        pushq %rdi
        movq $back, 0(%rdi)             /* resume_pc */
        movq %rsp, 8(%rdi)              /* resume_sp */
        movq %rdx, %rdi
        call *%rsi
back:   popq %rdi
        movq $0, 0(%rdi)
        popq %r15
        popq %r14
        popq %r13
        popq %r12
        popq %rbx
        popq %rbp
        ret

        .globl probe_read, probe_write, probe_execute, probe_divide, probe_invalid
probe_read:
        movb (%rdi), %al
        ret
probe_write:
        movb $1, (%rdi)
        ret
probe_execute:
        jmp *%rdi
probe_divide:
        xorl %edx, %edx
        movl $1, %eax
        divl %edx
        ret
probe_invalid:
        ud2

/* Instructions and ports that user mode must not have; the table ends with 0. */
        .macro try name, instruction:vararg
        .text
\name:  \instruction
        ret
        .section .rodata
        .quad \name
        .endm

        .macro try_port name, port, instruction:vararg
        .text
\name:  movl $\port, %edx
        \instruction
        ret
        .section .rodata
        .quad \name
        .endm

        .section .rodata
        .globl probe_privileged
        .balign 8
probe_privileged:
        try try_cli, cli
        try try_hlt, hlt
        try try_read_cr3, movq %cr3, %rax
        try try_write_cr3, movq %rax, %cr3
        try try_lgdt, lgdt -8(%rsp)
        try try_lidt, lidt -8(%rsp)
        try try_rdmsr, rdmsr
        try try_invlpg, invlpg (%rsp)
        try_port try_keyboard, 0x60, outb %al, %dx
        try_port try_kernel_port, 0x540, outl %eax, %dx
        try_port try_behind_doorbells, 0x51c, outl %eax, %dx
        try_port try_across_the_end, 0x519, outl %eax, %dx
        try_port try_before_doorbells, 0x4fc, outl %eax, %dx
        try_port try_last_port, 0xffff, inb %dx, %al
        try try_stray_int3, int3
        try try_interrupt, int $0x20
        .quad 0

        .section .note.GNU-stack, "", @progbits
