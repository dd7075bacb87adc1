/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Attacks with instructions of aarch64 that user mode must not get away with. */
#include "tests/hostile/hostile.h"

#include "abi/arch/aarch64/kernel.h"

/* An attack that is one instruction; what comes after it must never run. x0: `address`. */
#define ATTACK_AT(name, instruction, address)                                                      \
  void attack_##name(struct machine *m) {                                                          \
    register uint64_t at __asm__("x0") = (uint64_t)(uintptr_t)(address);                           \
    __asm__ volatile(instruction : "+r"(at) : : "memory", "x1", "x2", "v0");                       \
    give_up(m, instruction);                                                                       \
  }
#define ATTACK_WITH(name, instruction) ATTACK_AT(name, instruction, buffer)

/* ---- Privileged instructions ---- */

ATTACK_WITH(mask_interrupts, "msr daifset, #15")
ATTACK_WITH(load_page_table_root, "msr ttbr0_el1, x0")
ATTACK_WITH(switch_translation_off, "msr sctlr_el1, xzr")
ATTACK_WITH(move_vectors, "msr vbar_el1, x0")
ATTACK_WITH(flush_translations, "tlbi vmalle1")
ATTACK_WITH(invalidate_cache, "dc isw, x0")
ATTACK_WITH(return_from_exception, "eret")
ATTACK_WITH(run_hvc, "hvc #0")
ATTACK_WITH(run_smc, "smc #0")
ATTACK_WITH(run_hlt, "hlt #0xf000")
ATTACK_WITH(run_brk, "brk #0")
ATTACK_WITH(run_stray_svc, "svc #0")
ATTACK_WITH(set_timer, "msr cntv_ctl_el0, x0")
ATTACK_WITH(read_physical_counter, "mrs x0, cntpct_el0")

/* Nothing ever interrupts this guest. */
void attack_wait_for_interrupts(struct machine *m) {
  (void)m;
  for (;;)
    __asm__ volatile("wfi");
}

/* ---- Doorbells rung with other instructions than a store of 32 bits ---- */

#define DOORBELLS (ABI_USER_WINDOW + ABI_DOORBELL_MMIO)
#define CLOCK_BELL (DOORBELLS + 4 * ABI_DOORBELL_CLOCK)

ATTACK_AT(doorbell_byte, "strb wzr, [x0]", CLOCK_BELL)
ATTACK_AT(doorbell_half, "strh wzr, [x0]", CLOCK_BELL)
ATTACK_AT(doorbell_double, "str xzr, [x0]", DOORBELLS)
ATTACK_AT(doorbell_read, "ldr w1, [x0]", CLOCK_BELL)
ATTACK_AT(doorbell_pair, "stp wzr, wzr, [x0]", CLOCK_BELL)
ATTACK_AT(doorbell_moving, "str wzr, [x0], #4", CLOCK_BELL)
ATTACK_AT(doorbell_vector, "str q0, [x0]", DOORBELLS)
ATTACK_AT(doorbell_exclusive, "ldxr w1, [x0]; stxr w2, wzr, [x0]", CLOCK_BELL)
/* The processor itself refuses it as misaligned; emulated ones may not. */
ATTACK_AT(doorbell_between, "str wzr, [x0]", CLOCK_BELL + 2)
ATTACK_AT(doorbell_run, "br x0", DOORBELLS)
ATTACK_AT(doorbell_last, "str wzr, [x0]", DOORBELLS + 0xffc)

/* There is nothing behind these registers that a cache could hold. */
void attack_doorbell_cleaned(struct machine *m) {
  (void)m;
  __asm__ volatile("dc cvau, %0" : : "r"(CLOCK_BELL) : "memory");
  __asm__ volatile("dc civac, %0" : : "r"(CLOCK_BELL) : "memory");
}

/* ---- The kernel's memory ---- */

ATTACK_AT(kernel_registers, "str wzr, [x0]", ABI_KERNEL_REGISTERS)
ATTACK_AT(read_kernel_window, "ldr x1, [x0]", ABI_KERNEL_WINDOW)
ATTACK_AT(read_kernel_text, "ldr x1, [x0]", ABI_KERNEL_BASE)
ATTACK_AT(write_kernel_text, "str xzr, [x0]", ABI_KERNEL_BASE)
ATTACK_AT(call_kernel_text, "br x0", ABI_KERNEL_BASE)

/* ---- Bad states to take a fault in ---- */

ATTACK_AT(jump_not_canonical, "br x0", 0x8000000000000000)
ATTACK_AT(jump_misaligned, "br x0", 0x40200002)
ATTACK_AT(stack_gone, "mov sp, x0; str x0, [sp, #-16]!", 0)
