/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* aarch64: system registers as the kernel wants them, for those who start it (Arm Architecture
 * Reference Manual for A-profile, section D17.2). */
#ifndef ABI_ARCH_AARCH64_REGISTERS_H
#define ABI_ARCH_AARCH64_REGISTERS_H

/* SPSR_EL1, PSTATE: user mode; all interrupts masked. */
#define ABI_PSTATE_USER 0x3c0

/* CPACR_EL1: floating point and vectors for everybody. */
#define ABI_CPACR (3 << 20)

/* CNTKCTL_EL1: user mode reads the virtual counter; timers are the kernel's. */
#define ABI_CNTKCTL 2

/* MAIR_EL1: write-back memory, device registers; pages.h says which is which. */
#define ABI_MAIR 0x04ff

/* TCR_EL1: 48 bits below, nothing above; tables in write-back, inner shareable memory. The size of
 * physical addresses is added: the processor's (ID_AA64MMFR0_EL1, lowest four bits), 48 bits at
 * most. */
#define ABI_TCR (16 | 1 << 8 | 1 << 10 | 3 << 12 | 1 << 23)
#define ABI_TCR_PHYSICAL_SHIFT 32
#define ABI_TCR_PHYSICAL_MAX 5

/* SCTLR_EL1: MMU, caches, aligned stacks; user mode may clean caches; what is writable is not
 * executed; exceptions set PAN. The rest are bits that must be 1. */
#define ABI_SCTLR                                                                                  \
  (1 << 0 | 1 << 2 | 1 << 3 | 1 << 4 | 1 << 11 | 1 << 12 | 1 << 14 | 1 << 15 | 1 << 16 | 1 << 18 | \
   1 << 19 | 1 << 20 | 1 << 22 | 1 << 26 | 1 << 28 | 1 << 29)

#ifndef __ASSEMBLER__
#include <stdint.h>

static inline uint64_t abi_tcr(uint64_t mmfr0) {
  uint64_t physical = mmfr0 & 15;
  if (physical > ABI_TCR_PHYSICAL_MAX)
    physical = ABI_TCR_PHYSICAL_MAX;
  return ABI_TCR | physical << ABI_TCR_PHYSICAL_SHIFT;
}
#endif

#endif
