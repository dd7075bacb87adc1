/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Rounding to integers in floating-point format, for which there are no instructions. */
#ifndef ENGINE_ARCH_ROUNDING_H
#define ENGINE_ARCH_ROUNDING_H

/* Numbers from 2^23 (f32) or 2^52 (f64) on are integers; below, they are so after a conversion to
 * an integer and back, in which the sign of zero is lost. The maximum of NaN and itself is a quiet
 * NaN (unprivileged specification, 12.6: both operands NaN give the canonical one). */
#define ROUND_(w, letter, how, mode, limit)                                                        \
  static inline __attribute__((always_inline)) w round_##w##_##how(w x) {                          \
    w quiet, rounded;                                                                              \
    u64 integer;                                                                                   \
    __asm__("fmax." #letter " %0, %1, %1" : "=f"(quiet) : "f"(x));                                 \
    if (!(__builtin_fabs(quiet) < (f64)(limit)))                                                   \
      return quiet;                                                                                \
    __asm__("fcvt.l." #letter " %0, %1, " #mode : "=r"(integer) : "f"(x));                         \
    rounded = (w)(i64)integer;                                                                     \
    __asm__("fsgnj." #letter " %0, %1, %2" : "=f"(rounded) : "f"(rounded), "f"(x));                \
    return rounded;                                                                                \
  }
#define ROUNDS(w, letter, limit)                                                                   \
  ROUND_(w, letter, ceil, rup, limit)                                                              \
  ROUND_(w, letter, floor, rdn, limit)                                                             \
  ROUND_(w, letter, trunc, rtz, limit)                                                             \
  ROUND_(w, letter, roundeven, rne, limit)
ROUNDS(f32, s, f32_bits(0x4b000000))
ROUNDS(f64, d, f64_bits(0x4330000000000000))

#endif
