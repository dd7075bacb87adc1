/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The spectral norm of the matrix a(i,j) = 1 / ((i+j)(i+j+1)/2 + i + 1) by the power method. */
#include "bench.h"

const struct bench_cases bench_cases = {{2200, 0x3ff46338dd639ea4}, {60, 0x3ff46325edc8754f}};

static double element(uint32_t i, uint32_t j) {
  return 1.0 / ((i + j) * (i + j + 1) / 2 + i + 1);
}

/* The elements are computed anew each time: divisions are what is measured. */
static void multiply(uint32_t n, const double *vector, double *product) {
  for (uint32_t i = 0; i < n; i++) {
    double sum = 0;
    for (uint32_t j = 0; j < n; j++)
      sum += element(i, j) * vector[j];
    product[i] = sum;
  }
}

static void multiply_transposed(uint32_t n, const double *vector, double *product) {
  for (uint32_t i = 0; i < n; i++) {
    double sum = 0;
    for (uint32_t j = 0; j < n; j++)
      sum += element(j, i) * vector[j];
    product[i] = sum;
  }
}

uint64_t bench_run(uint32_t size) {
  double *u = bench_allocate((uint64_t)size * 8), *v = bench_allocate((uint64_t)size * 8);
  double *between = bench_allocate((uint64_t)size * 8);
  for (uint32_t i = 0; i < size; i++)
    u[i] = 1;
  for (int i = 0; i < 10; i++) {
    multiply(size, u, between);
    multiply_transposed(size, between, v);
    multiply(size, v, between);
    multiply_transposed(size, between, u);
  }
  double product = 0, square = 0;
  for (uint32_t i = 0; i < size; i++) {
    product += u[i] * v[i];
    square += v[i] * v[i];
  }
  return bench_bits(__builtin_sqrt(product / square));
}
