/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Digits of pi by Machin's formula, in fixed point of many 32-bit limbs; then the square of the
 * result by long multiplication. */
#include "bench.h"

#include <string.h>

const struct bench_cases bench_cases = {{20000, 0x1306c6fef3c120e3}, {300, 0x7da6dbe2bd618398}};

/* limbs[0] holds the integer part, the others the fraction, most significant first. */
struct number {
  uint32_t count;
  uint32_t *limbs;
};

static struct number make_number(uint32_t count) {
  struct number number = {count, bench_allocate((uint64_t)count * 4)};
  memset(number.limbs, 0, (size_t)count * 4);
  return number;
}

/* Both leave alone the limbs before `first`, which are zero; return the first that is not. */
static uint32_t divide(struct number number, uint32_t first, uint32_t divisor) {
  uint64_t rest = 0;
  for (uint32_t i = first; i < number.count; i++) {
    rest = rest << 32 | number.limbs[i];
    number.limbs[i] = (uint32_t)(rest / divisor);
    rest %= divisor;
  }
  while (first < number.count && number.limbs[first] == 0)
    first++;
  return first;
}

static void divide_into(struct number quotient, struct number number, uint32_t first,
                        uint32_t divisor) {
  uint64_t rest = 0;
  for (uint32_t i = first; i < number.count; i++) {
    rest = rest << 32 | number.limbs[i];
    quotient.limbs[i] = (uint32_t)(rest / divisor);
    rest %= divisor;
  }
}

/* sum += or -= term, whose limbs before `first` do not count. */
static void add(struct number sum, struct number term, uint32_t first, int is_minus) {
  uint64_t carry = 0;
  for (uint32_t i = sum.count; i-- > 0;) {
    if (i < first && carry == 0)
      break;
    uint64_t value = i < first ? 0 : term.limbs[i];
    uint64_t next =
        is_minus ? (uint64_t)sum.limbs[i] - value - carry : (uint64_t)sum.limbs[i] + value + carry;
    sum.limbs[i] = (uint32_t)next;
    carry = next >> 32 & 1;
  }
}

/* sum += factor * atan(1 / x), or -= . */
static void add_arctangent(struct number sum, uint32_t factor, uint32_t x, int is_minus) {
  struct number power = make_number(sum.count), term = make_number(sum.count);
  power.limbs[0] = factor;
  uint32_t first = divide(power, 0, x);
  for (uint32_t n = 1; first < sum.count; n += 2) {
    divide_into(term, power, first, n);
    add(sum, term, first, is_minus);
    first = divide(power, first, x * x);
    is_minus = !is_minus;
  }
}

/* The low half is dropped but for its carries. */
static struct number square(struct number a) {
  struct number wide = make_number(2 * a.count);
  for (uint32_t i = a.count; i-- > 0;) {
    uint64_t carry = 0;
    for (uint32_t j = a.count; j-- > 0;) {
      uint64_t next = (uint64_t)a.limbs[i] * a.limbs[j] + wide.limbs[i + j + 1] + carry;
      wide.limbs[i + j + 1] = (uint32_t)next;
      carry = next >> 32;
    }
    wide.limbs[i] = (uint32_t)carry;
  }
  return wide;
}

/* pi = 16 atan(1/5) - 4 atan(1/239); its fraction begins with 243f6a88 in base 16. */
uint64_t bench_run(uint32_t size) {
  struct number pi = make_number(size / 9 + 3); /* 9.6 digits a limb, and two to round in */
  add_arctangent(pi, 16, 5, 0);
  add_arctangent(pi, 4, 239, 1);
  if (pi.limbs[0] != 3 || pi.limbs[1] != 0x243f6a88)
    bench_fail("not pi");
  struct number squared = square(pi);
  uint64_t sum = 0;
  for (uint32_t i = 0; i < pi.count - 2; i++)
    sum = bench_mix(sum, (uint64_t)pi.limbs[i] << 32 | squared.limbs[i]);
  return sum;
}
