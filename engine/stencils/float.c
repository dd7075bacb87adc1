/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Stencils of floating-point arithmetic and compares (core spec 4.3.3). */
#include "engine/stencils/stencil.h"

#define RR(b, a, name, w, e)                                                                       \
  STENCIL_F(w, name##__##a##b) {                                                                   \
    w x = GET_##w(x##a), y = GET_##w(x##b);                                                        \
    PUT_##w(x##a, e);                                                                              \
    NEXT_F(w);                                                                                     \
  }
#define RS(a, name, w, e)                                                                          \
  STENCIL_F(w, name##_rs__##a) {                                                                   \
    w x = GET_##w(x##a), y = SLOT(w, HOLE_A);                                                      \
    PUT_##w(x##a, e);                                                                              \
    NEXT_F(w);                                                                                     \
  }
#define UNARY(a, name, w, e)                                                                       \
  STENCIL_F(w, name##__##a) {                                                                      \
    w x = GET_##w(x##a);                                                                           \
    PUT_##w(x##a, e);                                                                              \
    NEXT_F(w);                                                                                     \
  }
#define BINARY(name, w, e) PAIRS(RR, name##_rr, w, e) EACH(RS, name, w, e)

/* Bits of floats, because sign operations hold for NaN too (4.3.3, fabs fneg fcopysign). */
#define BITS(name, u, w)                                                                           \
  static inline __attribute__((always_inline)) u bits_##w(w x) {                                   \
    return __builtin_bit_cast(u, x);                                                               \
  }
BITS(bits, u32, f32)
BITS(bits, u64, f64)

/* A NaN operand gives a quiet NaN (its sum), equal ones differ at most in the sign of zero. */
#define MINMAX(w, name, op, zeros)                                                                 \
  static inline __attribute__((always_inline)) w w##_##name(w x, w y) {                            \
    if (__builtin_expect(x != x || y != y, 0))                                                     \
      return x + y;                                                                                \
    if (x == y)                                                                                    \
      return w##_bits(bits_##w(x) zeros bits_##w(y));                                              \
    return x op y ? x : y;                                                                         \
  }
MINMAX(f32, min, <, |)
MINMAX(f32, max, >, &)
MINMAX(f64, min, <, |)
MINMAX(f64, max, >, &)

#define COMPARE(b, a, n, cond, e)                                                                  \
  STENCIL_F(n, n##_##cond##__##a##b) {                                                             \
    n x = GET_##n(x##a), y = GET_##n(x##b);                                                        \
    CONDITION = e;                                                                                 \
    NEXT_F(n);                                                                                     \
  }
#define BRANCH(b, a, n, cond, e)                                                                   \
  STENCIL_F(n, n##_br_##cond##__##a##b) {                                                          \
    n x = GET_##n(x##a), y = GET_##n(x##b);                                                        \
    if (e)                                                                                         \
      GO_F(n, target);                                                                             \
    NEXT_F(n);                                                                                     \
  }

#define FLOAT(w, u, sign, c)                                                                       \
  BINARY(w##_add, w, x + y)                                                                        \
  BINARY(w##_sub, w, x - y)                                                                        \
  BINARY(w##_mul, w, x *y)                                                                         \
  BINARY(w##_div, w, x / y)                                                                        \
  PAIRS(RR, w##_min, w, w##_min(x, y))                                                             \
  PAIRS(RR, w##_max, w, w##_max(x, y))                                                             \
  PAIRS(RR, w##_copysign, w, w##_bits((bits_##w(x) & ~sign) | (bits_##w(y) & sign)))               \
  EACH(UNARY, w##_abs, w, w##_bits(bits_##w(x) & ~sign))                                           \
  EACH(UNARY, w##_neg, w, w##_bits(bits_##w(x) ^ sign))                                            \
  EACH(UNARY, w##_sqrt, w, __builtin_sqrt##c(x))                                                   \
  EACH(UNARY, w##_ceil, w, ROUND_##w(x, ceil))                                                     \
  EACH(UNARY, w##_floor, w, ROUND_##w(x, floor))                                                   \
  EACH(UNARY, w##_trunc, w, ROUND_##w(x, trunc))                                                   \
  EACH(UNARY, w##_nearest, w, ROUND_##w(x, roundeven))                                             \
  PAIRS(COMPARE, w, eq, x == y)                                                                    \
  PAIRS(COMPARE, w, ne, x != y)                                                                    \
  PAIRS(COMPARE, w, lt, x < y)                                                                     \
  PAIRS(COMPARE, w, le, x <= y)                                                                    \
  PAIRS(BRANCH, w, eq, x == y)                                                                     \
  PAIRS(BRANCH, w, ne, x != y)                                                                     \
  PAIRS(BRANCH, w, lt, x < y)                                                                      \
  PAIRS(BRANCH, w, nlt, !(x < y))                                                                  \
  PAIRS(BRANCH, w, le, x <= y)                                                                     \
  PAIRS(BRANCH, w, nle, !(x <= y))

FLOAT(f32, u32, 0x80000000u, f)
FLOAT(f64, u64, 0x8000000000000000ull, )
