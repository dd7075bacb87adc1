/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The way in under QEMU: PVH (Xen's x86/HVM direct boot ABI). 32-bit protected mode, paging off,
 * ebx: struct hvm_start_info. Goes to long mode with the first 4 GiB mapped one to one, and, when
 * all is prepared, to user mode. */
#include "abi/arch/x86_64/descriptors.h"
#include "guest/kernel/arch/x86_64/virt.h"

#define CR0_PE 0x1
#define CR0_MP 0x2
#define CR0_NE 0x20
#define CR0_WP 0x10000
#define CR0_PG 0x80000000
#define CR4_PAE 0x20
#define CR4_OSFXSR 0x200
#define CR4_OSXMMEXCPT 0x400
#define MSR_EFER 0xc0000080
#define EFER_LME 0x100
#define EFER_NXE 0x800

/* The ELF note by which QEMU finds the entry: XEN_ELFNOTE_PHYS32_ENTRY. */
        .section .note.pvh, "a", @note
        .balign 4
        .long 4, 4, 18
        .asciz "Xen"
        .long boot_entry

        .section .kernel.text, "ax"
        .code32
        .globl boot_entry
boot_entry:
        cli
        cld
        movl %ebx, %ebp
        /* Tables: one of level 4, one of level 3, four of level 2. */
        movl $boot_scratch, %edi
        xorl %eax, %eax
        movl $(6 * 0x1000 / 4), %ecx
        rep stosl
        movl $boot_scratch, %edi
        leal 0x1003(%edi), %eax
        movl %eax, (%edi)
        leal 0x2003(%edi), %eax
        xorl %ecx, %ecx
1:      movl %eax, 0x1000(%edi,%ecx,8)
        addl $0x1000, %eax
        incl %ecx
        cmpl $4, %ecx
        jne 1b
        movl $0x83, %eax                /* present, writable, 2 MiB */
        xorl %ecx, %ecx
2:      movl %eax, 0x2000(%edi,%ecx,8)
        addl $0x200000, %eax
        incl %ecx
        cmpl $2048, %ecx
        jne 2b
        movl %edi, %cr3
        movl $(CR4_PAE | CR4_OSFXSR | CR4_OSXMMEXCPT), %eax
        movl %eax, %cr4
        movl $MSR_EFER, %ecx
        movl $(EFER_LME | EFER_NXE), %eax
        xorl %edx, %edx
        wrmsr
        movl $(CR0_PE | CR0_MP | CR0_NE | CR0_WP | CR0_PG), %eax
        movl %eax, %cr0
        lgdt first_gdt_pointer
        ljmp $ABI_SELECTOR_KERNEL_CODE, $in_long_mode

        .code64
in_long_mode:
        movl $ABI_SELECTOR_KERNEL_DATA, %eax
        movl %eax, %ss
        movl %eax, %ds
        movl %eax, %es
        xorl %eax, %eax
        movl %eax, %fs
        movl %eax, %gs
        leaq boot_scratch + BOOT_STACK_TOP, %rsp
        movl %ebp, %edi
        xorl %ebp, %ebp
        call pvh_start
        ud2

/* rdi: the root of the page tables, rsi: user mode's entry, rdx: its stack, rcx: struct abi_boot,
 * r8: CR4. This text lies at the same place in both address spaces; the stack does not. */
        .globl enter_user
enter_user:
        movq %rdi, %cr3
        movq $ABI_KERNEL_STACK_TOP, %rsp
        lgdt gdt_pointer
        lidt idt_pointer
        movl $ABI_SELECTOR_TSS, %eax
        ltr %ax
        movq %r8, %cr4
        movl $ABI_SELECTOR_USER_DATA, %eax
        movl %eax, %ds
        movl %eax, %es
        movl %eax, %fs
        movl %eax, %gs
        pushq %rax
        pushq %rdx
        pushq $2
        pushq $ABI_SELECTOR_USER_CODE
        pushq %rsi
        movq %rcx, %rdi
        xorl %eax, %eax
        xorl %ecx, %ecx
        xorl %edx, %edx
        xorl %esi, %esi
        xorl %r8d, %r8d
        iretq

/* The timer's interrupt ends IDLE; it can come there only, with the kernel's stack. */
        .globl vector_timer
vector_timer:
        pushq %rax
        movq $VIRT_APIC, %rax
        movl $0, APIC_END_OF_INTERRUPT(%rax)
        popq %rax
        iretq

        .balign 8
gdt_pointer:
        .word GDT_LIMIT
        .quad ABI_KERNEL_DESCRIPTORS + GDT_OFFSET
idt_pointer:
        .word VIRT_IDT_LIMIT
        .quad ABI_KERNEL_DESCRIPTORS + IDT_OFFSET
        .balign 8
first_gdt:
        .quad 0
        .quad 0x00af9b000000ffff
        .quad 0x00cf93000000ffff
first_gdt_pointer:
        .word 23
        .long first_gdt

        .section .note.GNU-stack, "", @progbits
