/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the programs share: each defines `bench_cases` and `bench_run`, bench.c holds main.
 *
 * The same sources are built natively and to WebAssembly. No libm beyond square roots, which are
 * exact everywhere, no time or input: results are the same bits on every engine. The size comes
 * from another file, so that no compiler computes the result while it compiles.
 */
#ifndef BENCH_PROGRAMS_BENCH_H
#define BENCH_PROGRAMS_BENCH_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A size in the program's own unit, and the checksum it must give. */
struct bench_case {
  uint32_t size;
  uint64_t checksum;
};

/* full: some tenths of a second natively; small: milliseconds, for tests. */
struct bench_cases {
  struct bench_case full, small;
};
extern const struct bench_cases bench_cases;

/* Does the work and returns its checksum; the whole call is timed. */
uint64_t bench_run(uint32_t size);

/* Ends the program with status 1 and a line that names what went wrong. */
#ifdef __cplusplus
[[noreturn]]
#else
_Noreturn
#endif
void bench_fail(const char *what);

/* Allocates; fails instead of returning NULL. */
void *bench_allocate(uint64_t size);

/* A xorshift generator (Marsaglia, 2003); the state must not be 0. */
static inline uint32_t bench_random(uint32_t *state) {
  uint32_t x = *state;
  x ^= x << 13;
  x ^= x >> 17;
  x ^= x << 5;
  return *state = x;
}

/* Folds a value into a checksum; the order of values matters. */
static inline uint64_t bench_mix(uint64_t sum, uint64_t value) {
  sum = (sum ^ value) * 0x9e3779b97f4a7c15u;
  return sum ^ sum >> 29;
}

/* The bits of a double, for checksums. */
static inline uint64_t bench_bits(double value) {
  uint64_t bits;
  __builtin_memcpy(&bits, &value, sizeof bits);
  return bits;
}

#ifdef __cplusplus
}
#endif

#endif
