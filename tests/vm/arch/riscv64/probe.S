/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* probe_try: calls try(operand); a fault in it comes back here. a0: struct expected_fault, a1: try,
 * a2: operand. What a fault does not preserve is kept on the stack. */
        .text
        .globl probe_try
probe_try:
        addi sp, sp, -128
        sd ra, 0(sp)
        sd s0, 8(sp)
        sd s1, 16(sp)
        sd s2, 24(sp)
        sd s3, 32(sp)
        sd s4, 40(sp)
        sd s5, 48(sp)
        sd s6, 56(sp)
        sd s7, 64(sp)
        sd s8, 72(sp)
        sd s9, 80(sp)
        sd s10, 88(sp)
        sd s11, 96(sp)
        sd a0, 104(sp)
        la t0, back
        sd t0, 0(a0)                    /* resume_pc */
        sd sp, 8(a0)                    /* resume_sp */
        mv a0, a2
        jalr a1
back:   ld a0, 104(sp)
        sd zero, 0(a0)
        ld ra, 0(sp)
        ld s0, 8(sp)
        ld s1, 16(sp)
        ld s2, 24(sp)
        ld s3, 32(sp)
        ld s4, 40(sp)
        ld s5, 48(sp)
        ld s6, 56(sp)
        ld s7, 64(sp)
        ld s8, 72(sp)
        ld s9, 80(sp)
        ld s10, 88(sp)
        ld s11, 96(sp)
        addi sp, sp, 128
        ret

        .globl probe_read, probe_write, probe_execute, probe_divide, probe_invalid
probe_read:
        lb a0, 0(a0)
        ret
probe_write:
        sb zero, 0(a0)
        ret
probe_execute:
        jr a0
/* Division by zero gives -1 here: a breakpoint, which has an address of its own, does not stand in
 * for it; an invalid instruction does. */
probe_divide:
probe_invalid:
        unimp

/* Instructions that user mode must not have; the table ends with 0. */
        .macro try name, instruction:vararg
        .text
\name:  \instruction
        ret
        .section .rodata
        .quad \name
        .endm

        .section .rodata
        .globl probe_privileged
        .balign 8
probe_privileged:
        try try_satp, csrr a0, satp
        try try_set_satp, csrw satp, zero
        try try_status, csrr a0, sstatus
        try try_stvec, csrw stvec, a0
        try try_sie, csrw sie, a0
        try try_fence, sfence.vma
        try try_sret, sret
        try try_stray_call, ecall
        try try_machine, csrr a0, mstatus
        .quad 0

        .section .note.GNU-stack, "", @progbits
