/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* 128-bit vectors of the compiler: floats scaled and summed, bytes blended, integers mixed. */
#include "bench.h"

#include <string.h>

#define VECTORS 4096

const struct bench_cases bench_cases = {{10000, 0xf96837f2e5b0888e}, {20, 0xdc39ce6cce773f4f}};

typedef float floats __attribute__((vector_size(16)));
typedef uint32_t words __attribute__((vector_size(16)));
typedef uint16_t halves __attribute__((vector_size(16)));
typedef uint8_t bytes __attribute__((vector_size(16)));

/* Each kernel walks over arrays that fit the first caches. */
static void scale(floats *values, const floats *others) {
  floats factor = {0.5f, 0.25f, 0.75f, 0.125f};
  for (int i = 0; i < VECTORS; i++)
    values[i] = values[i] * factor + others[i];
}

/* Compares give lanes of ones or zeros, which choose. */
static void blend(bytes *to, const bytes *from) {
  for (int i = 0; i < VECTORS; i++) {
    bytes is_larger = (bytes)(to[i] > from[i]);
    to[i] = (to[i] & is_larger) | ((from[i] + 3) & ~is_larger);
  }
}

static words mix(words sum, const words *values, const halves *others) {
  for (int i = 0; i < VECTORS; i++) {
    sum = (sum ^ values[i]) * 0x9e3779b1u;
    sum ^= sum >> 15;
    sum += (words)(others[i] * (halves)values[i]);
    sum = __builtin_shufflevector(sum, sum, 1, 2, 3, 0);
  }
  return sum;
}

uint64_t bench_run(uint32_t size) {
  static floats a[VECTORS], b[VECTORS];
  static bytes c[VECTORS], d[VECTORS];
  uint32_t seed = 41;
  for (int i = 0; i < VECTORS; i++)
    for (int j = 0; j < 4; j++)
      a[i][j] = b[i][j] = (float)(bench_random(&seed) % 1000);
  for (int i = 0; i < VECTORS; i++)
    for (int j = 0; j < 16; j++) {
      c[i][j] = (uint8_t)bench_random(&seed);
      d[i][j] = (uint8_t)bench_random(&seed);
    }
  words sum = {1, 2, 3, 4};
  for (uint32_t i = 0; i < size; i++) {
    scale(a, b);
    blend(c, d);
    sum = mix(sum, (const words *)c, (const halves *)a);
  }
  uint64_t parts[2];
  memcpy(parts, &sum, sizeof parts);
  return bench_mix(parts[0], parts[1]);
}
