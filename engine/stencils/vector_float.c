/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Stencils of vector instructions on floating-point lanes and of their conversions (core spec 4.3.3
 * to 4.3.5). */
#include "engine/stencils/vector.h"

#define SIGN32 ((u32x4)vec_ones() << 31)
#define SIGN64 ((u64x2)vec_ones() << 63)
#define MAGNITUDE32 ((u32x4)vec_ones() >> 1)
#define MAGNITUDE64 ((u64x2)vec_ones() >> 1)

/* pmin is y < x ? y : x, pmax x < y ? y : x. */
#define FLOAT(w, u, bits)                                                                          \
  PAIRS(BINARY, w##_add, w, x + y)                                                                 \
  PAIRS(BINARY, w##_sub, w, x - y)                                                                 \
  PAIRS(BINARY, w##_mul, w, x *y)                                                                  \
  PAIRS(BINARY, w##_div, w, x / y)                                                                 \
  PAIRS(BINARY, w##_min, w, vec_min##bits(x, y))                                                   \
  PAIRS(BINARY, w##_max, w, vec_max##bits(x, y))                                                   \
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
  EACH(UNARY, w##_ceil, w, ROUND_LANES(w, ceil, x))                                                \
  EACH(UNARY, w##_floor, w, ROUND_LANES(w, floor, x))                                              \
  EACH(UNARY, w##_trunc, w, ROUND_LANES(w, trunc, x))                                              \
  EACH(UNARY, w##_nearest, w, ROUND_LANES(w, roundeven, x))                                        \
  PAIRS(BINARY, w##_relaxed_min, w, vec_lesser##bits(x, y))                                        \
  PAIRS(BINARY, w##_relaxed_max, w, vec_greater##bits(x, y))                                       \
  PAIRS(TERNARY, w##_relaxed_madd, w, __builtin_elementwise_fma(x, y, z))                          \
  PAIRS(TERNARY, w##_relaxed_nmadd, w, __builtin_elementwise_fma(-x, y, z))
FLOAT(f32x4, u32x4, 32)
FLOAT(f64x2, u64x2, 64)

/* ---- Conversions --------------------------------------------------------------------------- */

EACH(UNARY, i32x4_trunc_sat_f32x4_s, f32x4, vec_truncate_sat32_s(x))
EACH(UNARY, i32x4_trunc_sat_f32x4_u, f32x4, vec_truncate_sat32_u(x))
EACH(UNARY, i32x4_trunc_sat_f64x2_s_zero, f64x2, vec_truncate_sat64_s(x))
EACH(UNARY, i32x4_trunc_sat_f64x2_u_zero, f64x2, vec_truncate_sat64_u(x))
EACH(UNARY, f32x4_convert_i32x4_s, i32x4, __builtin_convertvector(x, f32x4))
EACH(UNARY, f32x4_convert_i32x4_u, u32x4, vec_convert32_u(x))
EACH(UNARY, f64x2_convert_low_i32x4_s, i32x4,
     __builtin_convertvector(__builtin_shufflevector(x, x, 0, 1), f64x2))
EACH(UNARY, f64x2_convert_low_i32x4_u, i32x4, vec_convert64_u(x))
EACH(UNARY, f32x4_demote_f64x2_zero, f64x2, vec_demote(x))
EACH(UNARY, f64x2_promote_low_f32x4, f32x4,
     __builtin_convertvector(__builtin_shufflevector(x, x, 0, 1), f64x2))

/* Relaxed: what does not fit becomes what this machine makes of it. */
EACH(UNARY, i32x4_relaxed_trunc_f32x4_s, f32x4, vec_truncate32(x))
EACH(UNARY, i32x4_relaxed_trunc_f64x2_s_zero, f64x2, vec_truncate64(x))
