/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Calls through a table of function pointers, in an order that no predictor knows. */
#include "bench.h"

#define STEPS 4096

const struct bench_cases bench_cases = {{8000, 0x85227654239bcb4d}, {20, 0x4d08328cbeff4976}};

typedef uint32_t operation(uint32_t x, uint32_t y);

/* All of one type, so that a call checks the same signature each time. */
static uint32_t add(uint32_t x, uint32_t y) {
  return x + y;
}
static uint32_t subtract(uint32_t x, uint32_t y) {
  return x - y;
}
static uint32_t multiply(uint32_t x, uint32_t y) {
  return x * (y | 1);
}
static uint32_t exclude(uint32_t x, uint32_t y) {
  return x ^ y;
}
static uint32_t rotate(uint32_t x, uint32_t y) {
  return x << (y & 31) | x >> (-y & 31);
}
static uint32_t larger(uint32_t x, uint32_t y) {
  return x > y ? x : y;
}
static uint32_t merge(uint32_t x, uint32_t y) {
  return (x & 0xffff0000) | (y & 0xffff);
}
static uint32_t negate(uint32_t x, uint32_t y) {
  return ~x + (y >> 3);
}

static operation *const operations[] = {add,    subtract, multiply, exclude,
                                        rotate, larger,   merge,    negate};

uint64_t bench_run(uint32_t size) {
  uint8_t steps[STEPS];
  uint32_t seed = 11, x = 1;
  for (uint32_t i = 0; i < STEPS; i++)
    steps[i] = bench_random(&seed) >> 7 & 7;
  uint64_t sum = 0;
  for (uint32_t i = 0; i < size; i++) {
    for (uint32_t j = 0; j < STEPS; j++)
      x = operations[steps[j]](x, i + j);
    sum = bench_mix(sum, x);
  }
  return sum;
}
