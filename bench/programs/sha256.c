/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* SHA-256 (FIPS 180-4) of a buffer, again and again: 32-bit arithmetic, rotations, a table. */
#include "bench.h"

#include <string.h>

#define BLOCK 64
#define BUFFER (256 * BLOCK)

const struct bench_cases bench_cases = {{3000, 0x28c06c5b00d45a71}, {20, 0x5a2388f86ce65153}};

struct tables {
  uint32_t rounds[64]; /* the first 32 bits of the fractions of cube roots of 64 primes */
  uint32_t start[8];   /* the same of square roots of 8 primes */
};

/* The first 32 bits of the fraction of the root of a prime below 2^9, of the degree given. */
static uint32_t root_fraction(uint32_t prime, int degree) {
  uint64_t root = 0;
  for (int bit = 36; bit >= 0; bit--) {
    uint64_t more = root | (uint64_t)1 << bit;
    unsigned __int128 power = more, limit = prime;
    for (int i = 1; i < degree; i++)
      power *= more;
    if (power <= limit << 32 * degree)
      root = more;
  }
  return (uint32_t)root;
}

/* The constants of FIPS 180-4, 4.2.2 and 5.3.3, from their definition. */
static void make_tables(struct tables *tables) {
  uint32_t count = 0;
  for (uint32_t n = 2; count < 64; n++) {
    uint32_t divisor = 2;
    while (n % divisor != 0)
      divisor++;
    if (divisor != n)
      continue;
    if (count < 8)
      tables->start[count] = root_fraction(n, 2);
    tables->rounds[count++] = root_fraction(n, 3);
  }
}

static inline uint32_t rotate_right(uint32_t x, int count) {
  return x >> count | x << (32 - count);
}

/* The message schedule: 6.2.2 step 1. */
static void extend(const uint8_t *block, uint32_t *words) {
  for (int i = 0; i < 16; i++)
    words[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 |
               (uint32_t)block[4 * i + 2] << 8 | block[4 * i + 3];
  for (int i = 16; i < 64; i++) {
    uint32_t a = words[i - 15], b = words[i - 2];
    uint32_t low = rotate_right(a, 7) ^ rotate_right(a, 18) ^ a >> 3;
    uint32_t high = rotate_right(b, 17) ^ rotate_right(b, 19) ^ b >> 10;
    words[i] = words[i - 16] + low + words[i - 7] + high;
  }
}

/* 6.2.2 steps 2 to 4; s holds a to h. */
static void hash_block(const struct tables *tables, uint32_t *state, const uint8_t *block) {
  uint32_t words[64], s[8];
  extend(block, words);
  memcpy(s, state, sizeof s);
  for (int i = 0; i < 64; i++) {
    uint32_t e = s[4], a = s[0];
    uint32_t sum1 = rotate_right(e, 6) ^ rotate_right(e, 11) ^ rotate_right(e, 25);
    uint32_t choice = (e & s[5]) ^ (~e & s[6]);
    uint32_t t1 = s[7] + sum1 + choice + tables->rounds[i] + words[i];
    uint32_t sum0 = rotate_right(a, 2) ^ rotate_right(a, 13) ^ rotate_right(a, 22);
    uint32_t majority = (a & s[1]) ^ (a & s[2]) ^ (s[1] & s[2]);
    s[7] = s[6], s[6] = s[5], s[5] = e, s[4] = s[3] + t1;
    s[3] = s[2], s[2] = s[1], s[1] = a, s[0] = t1 + sum0 + majority;
  }
  for (int i = 0; i < 8; i++)
    state[i] += s[i];
}

/* The digest of whole blocks: with the block that ends the message behind them (5.1.1). */
static void hash_blocks(const struct tables *tables, const uint8_t *bytes, uint32_t size,
                        uint32_t *state) {
  uint8_t last[BLOCK] = {0x80};
  memcpy(state, tables->start, sizeof tables->start);
  for (uint32_t at = 0; at < size; at += BLOCK)
    hash_block(tables, state, bytes + at);
  for (int i = 0; i < 8; i++)
    last[BLOCK - 1 - i] = (uint8_t)((uint64_t)size * 8 >> 8 * i);
  hash_block(tables, state, last);
}

uint64_t bench_run(uint32_t size) {
  struct tables tables;
  uint32_t state[8], seed = 5;
  static uint8_t buffer[BUFFER];
  make_tables(&tables);
  hash_blocks(&tables, buffer, 0, state);
  if (state[0] != 0xe3b0c442 || state[7] != 0x7852b855) /* the well-known digest of nothing */
    bench_fail("not SHA-256");
  for (uint32_t i = 0; i < BUFFER; i++)
    buffer[i] = (uint8_t)bench_random(&seed);
  uint64_t sum = 0;
  for (uint32_t i = 0; i < size; i++) {
    hash_blocks(&tables, buffer, BUFFER, state);
    memcpy(buffer, state, sizeof state);
    sum = bench_mix(sum, state[7]);
  }
  return sum;
}
