/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* riscv64: code for the tests of machine code, and what user mode may expect of the CPU. */
#include "tests/vm/guest.h"

/* The constant stands behind the code. */
void write_function(void *at, uint32_t value) {
  uint32_t code[] = {0x00000517u, /* auipc a0, 0 */
                     0x00c52503u, /* lw a0, 12(a0) */
                     0x00008067u, /* ret */
                     value};
  memcpy(at, code, sizeof(code));
}

/* Rounding to nearest, no flags; and floating point works. */
bool processor_is_sane(void) {
  uint64_t control;
  double sum;
  __asm__ volatile("frcsr %0" : "=r"(control));
  __asm__ volatile("fcvt.d.w %0, %1\n\tfadd.d %0, %0, %0" : "=f"(sum) : "r"(21));
  return control == 0 && sum == 42.0;
}
