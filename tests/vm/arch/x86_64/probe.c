/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* x86_64: code for the tests of machine code, and what user mode may expect of the CPU. */
#include "tests/vm/guest.h"

void write_function(void *at, uint32_t value) {
  uint8_t code[] = {0xb8, 0, 0, 0, 0, 0xc3}; /* mov $value, %eax; ret */
  memcpy(code + 1, &value, sizeof(value));
  memcpy(at, code, sizeof(code));
}

typedef uint32_t vector4 __attribute__((vector_size(16)));

/* System V ABI 3.4.1: x87 control word 0x37f, MXCSR 0x1f80. Generated code uses AVX2, BMI2 and a
 * base in GS (FSGSBASE); XCR0 must say that the kernel below keeps AVX state. */
bool processor_is_sane(void) {
  uint16_t control;
  uint32_t mxcsr, low, high;
  __asm__ volatile("fnstcw %0" : "=m"(control));
  __asm__ volatile("stmxcsr %0" : "=m"(mxcsr));
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  if (control != 0x37f || mxcsr != 0x1f80 || (low & 7) != 7)
    return false;
  static const uint64_t words[2] = {0x1122334455667788, 42};
  uint64_t loaded;
  __asm__ volatile("wrgsbase %1\n\tmovq %%gs:8, %0" : "=r"(loaded) : "r"(words));
  uint32_t product_low, product_high, sum;
  __asm__ volatile("mulx %3, %0, %1"
                   : "=r"(product_low), "=r"(product_high)
                   : "d"(0x10000u), "r"(0x30000u));
  __asm__ volatile("vpbroadcastd %1, %%ymm1\n\tvpaddd %%ymm1, %%ymm1, %%ymm1\n\t"
                   "vextracti128 $1, %%ymm1, %%xmm1\n\tvmovd %%xmm1, %0"
                   : "=r"(sum)
                   : "x"((vector4){21})
                   : "xmm1");
  return loaded == 42 && product_high == 3 && product_low == 0 && sum == 42;
}
