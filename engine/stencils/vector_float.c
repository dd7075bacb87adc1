/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Stencils of vector instructions on floating-point lanes and of their conversions (core spec 4.3.3
 * to 4.3.5). */
#include "engine/stencils/vector.h"

#define SIGN32 ((u32x4)vec_ones() << 31)
#define SIGN64 ((u64x2)vec_ones() << 63)
#define MAGNITUDE32 ((u32x4)vec_ones() >> 1)
#define MAGNITUDE64 ((u64x2)vec_ones() >> 1)

/* The two orders of operands differ only where the lanes are zeros of unlike signs or one is NaN:
 * min takes the bits of both, so that -0 wins, max those in common; NaN gives the sum, a quiet NaN
 * (core spec 4.3.3, fmin and fmax). */
#define MINMAX(w, bits, name, pick, op)                                                            \
  static inline __attribute__((always_inline)) bits name(w x, w y) {                               \
    bits nan = (bits)((x != x) | (y != y));                                                        \
    bits both = (bits)pick(x, y) op(bits) pick(y, x);                                              \
    return ((bits)(x + y) & nan) | (both & ~nan);                                                  \
  }
MINMAX(f32x4, u32x4, min32, vec_lesser32, |)
MINMAX(f32x4, u32x4, max32, vec_greater32, &)
MINMAX(f64x2, u64x2, min64, vec_lesser64, |)
MINMAX(f64x2, u64x2, max64, vec_greater64, &)

/* pmin is y < x ? y : x, pmax x < y ? y : x. */
#define FLOAT(w, u, bits)                                                                          \
  PAIRS(BINARY, w##_add, w, x + y)                                                                 \
  PAIRS(BINARY, w##_sub, w, x - y)                                                                 \
  PAIRS(BINARY, w##_mul, w, x *y)                                                                  \
  PAIRS(BINARY, w##_div, w, x / y)                                                                 \
  PAIRS(BINARY, w##_min, w, min##bits(x, y))                                                       \
  PAIRS(BINARY, w##_max, w, max##bits(x, y))                                                       \
  PAIRS(BINARY, w##_pmin, w, vec_lesser##bits(y, x))                                               \
  PAIRS(BINARY, w##_pmax, w, vec_greater##bits(y, x))                                              \
  PAIRS(BINARY, w##_eq, w, x == y)                                                                 \
  PAIRS(BINARY, w##_ne, w, x != y)                                                                 \
  PAIRS(BINARY, w##_lt, w, x < y)                                                                  \
  PAIRS(BINARY, w##_gt, w, x > y)                                                                  \
  PAIRS(BINARY, w##_le, w, x <= y)                                                                 \
  PAIRS(BINARY, w##_ge, w, x >= y)                                                                 \
  EACH(UNARY, w##_abs, u, x &MAGNITUDE##bits)                                                      \
  EACH(UNARY, w##_neg, u, x ^ SIGN##bits)                                                          \
  EACH(UNARY, w##_sqrt, w, __builtin_elementwise_sqrt(x))                                          \
  EACH(UNARY, w##_ceil, w, __builtin_elementwise_ceil(x))                                          \
  EACH(UNARY, w##_floor, w, __builtin_elementwise_floor(x))                                        \
  EACH(UNARY, w##_trunc, w, __builtin_elementwise_trunc(x))                                        \
  EACH(UNARY, w##_nearest, w, __builtin_elementwise_roundeven(x))                                  \
  PAIRS(BINARY, w##_relaxed_min, w, vec_lesser##bits(x, y))                                        \
  PAIRS(BINARY, w##_relaxed_max, w, vec_greater##bits(x, y))                                       \
  PAIRS(TERNARY, w##_relaxed_madd, w, __builtin_elementwise_fma(x, y, z))                          \
  PAIRS(TERNARY, w##_relaxed_nmadd, w, __builtin_elementwise_fma(-x, y, z))
FLOAT(f32x4, u32x4, 32)
FLOAT(f64x2, u64x2, 64)

/* ---- Conversions --------------------------------------------------------------------------- */

#define F32_2P16 ((f32x4)vec_splat32(0x47800000))
#define F32_2P31 ((f32x4)vec_splat32(0x4f000000))
#define F32_2P32 ((f32x4)vec_splat32(0x4f800000))
#define F64_2P52 ((f64x2)vec_splat64(0x4330000000000000))
#define F64_I32_MAX ((f64x2)vec_splat64(0x41dfffffffc00000))
#define F64_U32_MAX ((f64x2)vec_splat64(0x41efffffffe00000))

/* What is too great comes out as INT32_MIN, whose complement is wanted. NaN is made 0 before. */
static inline __attribute__((always_inline)) i32x4 trunc_sat32_s(f32x4 x) {
  i32x4 great = x >= F32_2P31;
  return vec_truncate32((f32x4)((i32x4)x & (x == x))) ^ great;
}

/* From 2^31 on in two parts: INT32_MIN plus the rest. vec_greater takes the 0 for NaN. */
static inline __attribute__((always_inline)) u32x4 trunc_sat32_u(f32x4 x) {
  x = vec_greater32(x, (f32x4){0});
  f32x4 rest = x - F32_2P31;
  u32x4 high = (u32x4)vec_truncate32(rest) & (u32x4)(rest >= 0);
  return ((u32x4)vec_truncate32(x) + high) | (u32x4)(x >= F32_2P32);
}

static inline __attribute__((always_inline)) i32x4 trunc_sat64_s(f64x2 x) {
  return vec_truncate64(vec_lesser64((f64x2)((i64x2)x & (x == x)), F64_I32_MAX));
}

/* An integer below 2^32 stands in the low half of what it makes with 2^52. */
static inline __attribute__((always_inline)) i32x4 trunc_sat64_u(f64x2 x) {
  x = vec_lesser64(vec_greater64(x, (f64x2){0}), F64_U32_MAX);
  i32x4 sum = (i32x4)(__builtin_elementwise_trunc(x) + F64_2P52);
  return __builtin_shufflevector(sum, (i32x4){0}, 0, 2, 4, 5);
}

/* Both halves of the number are exact as floats: only the last sum rounds. */
static inline __attribute__((always_inline)) f32x4 convert32_u(u32x4 x) {
  i32x4 low = (i32x4)(x & (u32x4)vec_ones() >> 16), high = (i32x4)(x >> 16);
  return __builtin_convertvector(high, f32x4) * F32_2P16 + __builtin_convertvector(low, f32x4);
}
static inline __attribute__((always_inline)) f64x2 convert64_u(i32x4 x) {
  f64x2 big = F64_2P52;
  return (f64x2)__builtin_shufflevector(x, (i32x4)big, 0, 5, 1, 5) - big;
}

EACH(UNARY, i32x4_trunc_sat_f32x4_s, f32x4, trunc_sat32_s(x))
EACH(UNARY, i32x4_trunc_sat_f32x4_u, f32x4, trunc_sat32_u(x))
EACH(UNARY, i32x4_trunc_sat_f64x2_s_zero, f64x2, trunc_sat64_s(x))
EACH(UNARY, i32x4_trunc_sat_f64x2_u_zero, f64x2, trunc_sat64_u(x))
EACH(UNARY, f32x4_convert_i32x4_s, i32x4, __builtin_convertvector(x, f32x4))
EACH(UNARY, f32x4_convert_i32x4_u, u32x4, convert32_u(x))
EACH(UNARY, f64x2_convert_low_i32x4_s, i32x4,
     __builtin_convertvector(__builtin_shufflevector(x, x, 0, 1), f64x2))
EACH(UNARY, f64x2_convert_low_i32x4_u, i32x4, convert64_u(x))
EACH(UNARY, f32x4_demote_f64x2_zero, f64x2, vec_demote(x))
EACH(UNARY, f64x2_promote_low_f32x4, f32x4,
     __builtin_convertvector(__builtin_shufflevector(x, x, 0, 1), f64x2))

/* Relaxed: INT32_MIN for what does not fit. */
EACH(UNARY, i32x4_relaxed_trunc_f32x4_s, f32x4, vec_truncate32(x))
EACH(UNARY, i32x4_relaxed_trunc_f64x2_s_zero, f64x2, vec_truncate64(x))
