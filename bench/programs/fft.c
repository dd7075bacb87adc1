/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Fast Fourier transforms there and back of 2^15 complex doubles, in place. */
#include "bench.h"

#define LOG 15
#define COUNT (1u << LOG)

const struct bench_cases bench_cases = {{160, 0xa85931fe5b4b7ce5}, {2, 0x267f4e1068a4a5d6}};

struct complex {
  double re, im;
};

struct world {
  struct complex values[COUNT], twiddles[COUNT / 2]; /* twiddles: exp(-2 pi i k / COUNT) */
};

/* Each angle's half comes from the half-angle formulas, all others from products of those: square
 * roots only, which every platform rounds alike. */
static void make_twiddles(struct complex *twiddles) {
  struct complex half = {-1, 0}; /* exp(-pi i), halved LOG - 1 times */
  twiddles[0] = (struct complex){1, 0};
  for (uint32_t step = COUNT / 4; step > 0; step /= 2) {
    half = (struct complex){__builtin_sqrt((1 + half.re) / 2), -__builtin_sqrt((1 - half.re) / 2)};
    for (uint32_t k = step; k < COUNT / 2; k += 2 * step) {
      struct complex known = twiddles[k - step];
      twiddles[k].re = known.re * half.re - known.im * half.im;
      twiddles[k].im = known.re * half.im + known.im * half.re;
    }
  }
}

/* Moves each value to the index with the bits of its own in reverse; j counts that way. */
static void reverse_bits(struct complex *values) {
  for (uint32_t i = 0, j = 0; i < COUNT; i++) {
    if (i < j) {
      struct complex kept = values[i];
      values[i] = values[j];
      values[j] = kept;
    }
    uint32_t bit = COUNT / 2;
    for (; j & bit; bit /= 2)
      j ^= bit;
    j |= bit;
  }
}

/* sign 1: forward; -1: back, not scaled. */
static void transform(struct world *world, double sign) {
  reverse_bits(world->values);
  for (uint32_t length = 1; length < COUNT; length *= 2)
    /* Butterflies: pairs `length` apart, within blocks of twice that. */
    for (uint32_t start = 0; start < COUNT; start += 2 * length)
      for (uint32_t k = 0; k < length; k++) {
        struct complex *a = &world->values[start + k], *b = a + length;
        struct complex w = world->twiddles[k * (COUNT / 2 / length)];
        double im = sign * w.im;
        double re = b->re * w.re - b->im * im;
        im = b->re * im + b->im * w.re;
        *b = (struct complex){a->re - re, a->im - im};
        *a = (struct complex){a->re + re, a->im + im};
      }
}

uint64_t bench_run(uint32_t size) {
  struct world *world = bench_allocate(sizeof *world);
  uint32_t seed = 9;
  uint64_t sum = 0;
  make_twiddles(world->twiddles);
  for (uint32_t i = 0; i < COUNT; i++)
    world->values[i] = (struct complex){(double)(bench_random(&seed) % 1000) / 1000, 0};
  for (uint32_t i = 0; i < size; i++) {
    transform(world, 1);
    sum = bench_mix(sum, bench_bits(world->values[i % COUNT].re));
    transform(world, -1);
    for (uint32_t j = 0; j < COUNT; j++) {
      world->values[j].re *= 1.0 / COUNT;
      world->values[j].im *= 1.0 / COUNT;
    }
  }
  return bench_mix(sum, bench_bits(world->values[1].re));
}
