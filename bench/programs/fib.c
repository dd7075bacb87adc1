/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Recursion: Fibonacci numbers, Ackermann's and Takeuchi's functions. */
#include "bench.h"

const struct bench_cases bench_cases = {{39, 0x928c7a033feae81c}, {18, 0x7bdd7a9d2de1625c}};

__attribute__((noinline)) static uint32_t fibonacci(uint32_t n) {
  return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
}

__attribute__((noinline)) static uint32_t ackermann(uint32_t m, uint32_t n) {
  if (m == 0)
    return n + 1;
  return ackermann(m - 1, n == 0 ? 1 : ackermann(m, n - 1));
}

__attribute__((noinline)) static int takeuchi(int x, int y, int z) {
  if (y >= x)
    return z;
  return takeuchi(takeuchi(x - 1, y, z), takeuchi(y - 1, z, x), takeuchi(z - 1, x, y));
}

uint64_t bench_run(uint32_t size) {
  uint64_t sum = bench_mix(0, fibonacci(size));
  sum = bench_mix(sum, ackermann(3, size / 4));
  return bench_mix(sum, (uint64_t)takeuchi((int)size / 2, (int)size / 4, (int)size / 8));
}
