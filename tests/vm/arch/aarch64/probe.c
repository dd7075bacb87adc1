/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* aarch64: code for the tests of machine code, and what user mode may expect of the CPU. */
#include "tests/vm/guest.h"

void write_function(void *at, uint32_t value) {
  uint32_t code[] = {0x52800000u | (value & 0xffff) << 5,  /* mov w0, #low */
                     0x72a00000u | (value >> 16) << 5,     /* movk w0, #high, lsl #16 */
                     0xd65f03c0u};                         /* ret */
  memcpy(at, code, sizeof(code));
}

/* AAPCS64, section 6.1.2: rounding to nearest, no traps; and vectors work. */
bool processor_is_sane(void) {
  uint64_t control, status;
  __asm__ volatile("mrs %0, fpcr\n\tmrs %1, fpsr" : "=r"(control), "=r"(status));
  uint32_t sum;
  __asm__ volatile("dup v0.4s, %w1\n\taddv s0, v0.4s\n\tfmov %w0, s0" : "=r"(sum) : "r"(21) : "v0");
  return control == 0 && sum == 84;
}
