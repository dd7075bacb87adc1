/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* probe_try: calls try(operand); a fault in it comes back here. x0: struct expected_fault, x1: try,
 * x2: operand. What a fault does not preserve is kept on the stack. */
        .text
        .globl probe_try
probe_try:
        stp x29, x30, [sp, #-112]!
        stp x19, x20, [sp, #16]
        stp x21, x22, [sp, #32]
        stp x23, x24, [sp, #48]
        stp x25, x26, [sp, #64]
        stp x27, x28, [sp, #80]
        str x0, [sp, #96]
        adr x3, back
        mov x4, sp
        stp x3, x4, [x0]                /* resume_pc, resume_sp */
        mov x0, x2
        blr x1
back:   ldr x0, [sp, #96]
        str xzr, [x0]
        ldp x19, x20, [sp, #16]
        ldp x21, x22, [sp, #32]
        ldp x23, x24, [sp, #48]
        ldp x25, x26, [sp, #64]
        ldp x27, x28, [sp, #80]
        ldp x29, x30, [sp], #112
        ret

        .globl probe_read, probe_write, probe_execute, probe_divide, probe_invalid
probe_read:
        ldrb w0, [x0]
        ret
probe_write:
        strb wzr, [x0]
        ret
probe_execute:
        br x0
/* Division by zero gives 0 here: a breakpoint stands in for it. */
probe_divide:
        brk #0
probe_invalid:
        udf #0

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
        try try_vbar, mrs x0, vbar_el1
        try try_set_vbar, msr vbar_el1, x0
        try try_ttbr, msr ttbr0_el1, x0
        try try_sctlr, mrs x0, sctlr_el1
        try try_daif, msr daifset, #2
        try try_tlbi, tlbi vmalle1
        try try_timer, msr cntv_ctl_el0, x0
        try try_hvc, hvc #0
        try try_smc, smc #0
        try try_stray_call, svc #0
        try try_eret, eret
        try try_hlt, hlt #0
        .quad 0

        .section .note.GNU-stack, "", @progbits
