/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The Mandelbrot set: a tight loop on doubles whose end depends on them. */
#include "bench.h"

#define ITERATIONS 200

const struct bench_cases bench_cases = {{1400, 0xfdaabe7c5ab62a0b}, {40, 0x18180ecfde199d17}};

/* How often z = z * z + c stays within 2, up to a limit. */
static uint32_t escape_time(double cx, double cy) {
  double x = 0, y = 0;
  uint32_t count = 0;
  while (count < ITERATIONS && x * x + y * y <= 4) {
    double next = x * x - y * y + cx;
    y = 2 * x * y + cy;
    x = next;
    count++;
  }
  return count;
}

uint64_t bench_run(uint32_t size) {
  uint64_t sum = 0;
  for (uint32_t row = 0; row < size; row++) {
    uint32_t total = 0;
    for (uint32_t column = 0; column < size; column++)
      total += escape_time(3.0 * column / size - 2.2, 3.0 * row / size - 1.5);
    sum = bench_mix(sum, total);
  }
  return sum;
}
