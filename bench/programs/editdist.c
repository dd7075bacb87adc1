/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Dynamic programming: the edit distance of two strings, one row kept. */
#include "bench.h"

const struct bench_cases bench_cases = {{10000, 0xb888fe17af674fa3}, {300, 0x2ea88b12a6f79f71}};

/* Four letters only, so that much is equal by chance. */
static char *make_string(uint32_t length, uint32_t seed) {
  char *string = bench_allocate(length);
  for (uint32_t i = 0; i < length; i++)
    string[i] = (char)('a' + (bench_random(&seed) >> 9) % 4);
  return string;
}

static inline uint32_t smaller(uint32_t a, uint32_t b) {
  return a < b ? a : b;
}

/* row[j] is the distance of the first i characters of a and the first j of b (Wagner and Fischer,
 * 1974); before column j is done it still holds that of i - 1. */
static uint32_t edit_distance(const char *a, uint32_t a_length, const char *b, uint32_t b_length,
                              uint32_t *row) {
  for (uint32_t j = 0; j <= b_length; j++)
    row[j] = j;
  for (uint32_t i = 1; i <= a_length; i++) {
    uint32_t diagonal = row[0];
    row[0] = i;
    for (uint32_t j = 1; j <= b_length; j++) {
      uint32_t replaced = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      row[j] = smaller(replaced, smaller(diagonal, row[j - 1]) + 1);
    }
  }
  return row[b_length];
}

uint64_t bench_run(uint32_t size) {
  uint32_t *row = bench_allocate(((uint64_t)size + 1) * 4);
  const char *a = make_string(size, 21), *b = make_string(size, 22);
  uint64_t sum = edit_distance(a, size, b, size, row);
  return bench_mix(sum, edit_distance(b, size / 2, a + size / 2, size / 2, row));
}
