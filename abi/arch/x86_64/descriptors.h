/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* x86_64: where GDT, IDT and TSS lie in the kernel's descriptor page, for those who load them. */
#ifndef ABI_ARCH_X86_64_DESCRIPTORS_H
#define ABI_ARCH_X86_64_DESCRIPTORS_H

#include "abi/arch/x86_64/kernel.h"
#ifndef __ASSEMBLER__
#include "abi/doorbell.h"
#endif

#define TSS_OFFSET 0x000
#define GDT_OFFSET 0x400
#define IDT_OFFSET 0x800

/* The TSS is its fixed part (AMD64 manual, volume 2, section 12.2.5), the I/O bitmap up to the last
 * doorbell and a byte of ones. What lies behind the limit is closed to user mode, so the limit
 * must be exact. */
#define TSS_FIXED_SIZE 104
#define TSS_PORT_LAST (ABI_DOORBELL_PORT + 4 * ABI_DOORBELL_COUNT - 1)
#define TSS_LIMIT (TSS_FIXED_SIZE + TSS_PORT_LAST / 8 + 1)

#define GDT_LIMIT (7 * 8 - 1)
#define IDT_LIMIT (ABI_VECTOR_COUNT * 16 - 1)

#endif
