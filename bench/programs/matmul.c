/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Multiplies two square matrices of doubles, rows in the inner loop. */
#include "bench.h"

const struct bench_cases bench_cases = {{900, 0x647ee7544fcd9df2}, {60, 0x25567a3b039ef8f0}};

/* Values between -1 and 1. */
static double *make_matrix(uint32_t n, uint32_t seed) {
  double *matrix = bench_allocate((uint64_t)n * n * sizeof *matrix);
  for (uint32_t i = 0; i < n * n; i++)
    matrix[i] = (double)(bench_random(&seed) % 2001) / 1000 - 1;
  return matrix;
}

/* The order i, k, j walks along rows of both matrices, so that caches and vectors help natively. */
static void multiply(uint32_t n, const double *left, const double *right, double *product) {
  for (uint32_t i = 0; i < n; i++) {
    double *row = product + i * n;
    for (uint32_t j = 0; j < n; j++)
      row[j] = 0;
    for (uint32_t k = 0; k < n; k++) {
      double factor = left[i * n + k];
      const double *other = right + k * n;
      for (uint32_t j = 0; j < n; j++)
        row[j] += factor * other[j];
    }
  }
}

uint64_t bench_run(uint32_t size) {
  double *left = make_matrix(size, 1), *right = make_matrix(size, 2);
  double *product = bench_allocate((uint64_t)size * size * sizeof *product);
  multiply(size, left, right, product);
  uint64_t sum = 0;
  for (uint32_t i = 0; i < size * size; i++)
    sum = bench_mix(sum, bench_bits(product[i]));
  return sum;
}
