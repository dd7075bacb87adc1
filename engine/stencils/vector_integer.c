/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Stencils of vector instructions on bits and on integer lanes (core spec 4.3.2, 4.3.5). */
#include "engine/stencils/vector.h"

/* ---- Bits ---------------------------------------------------------------------------------- */

EACH(UNARY, v128_not, i32x4, ~x)
PAIRS(BINARY, v128_and, i32x4, x &y)
PAIRS(BINARY, v128_andnot, i32x4, x & ~y)
PAIRS(BINARY, v128_or, i32x4, x | y)
PAIRS(BINARY, v128_xor, i32x4, x ^ y)
PAIRS(TERNARY, v128_bitselect, i32x4, (x & z) | (y & ~z))

PAIRS(TEST, v128_any_true, i32x4, vec_any(x))

/* ---- Lanes of every width ------------------------------------------------------------------ */

#define LANES(s, u, bits)                                                                          \
  PAIRS(BINARY, s##_add, u, x + y)                                                                 \
  PAIRS(BINARY, s##_sub, u, x - y)                                                                 \
  PAIRS(BINARY, s##_eq, u, x == y)                                                                 \
  PAIRS(BINARY, s##_ne, u, x != y)                                                                 \
  PAIRS(BINARY, s##_lt_s, s, x < y)                                                                \
  PAIRS(BINARY, s##_gt_s, s, x > y)                                                                \
  PAIRS(BINARY, s##_le_s, s, x <= y)                                                               \
  PAIRS(BINARY, s##_ge_s, s, x >= y)                                                               \
  EACH(UNARY, s##_abs, s, __builtin_elementwise_abs(x))                                            \
  EACH(UNARY, s##_neg, u, -x)                                                                      \
  PAIRS(TEST, s##_all_true, s, !vec_any((i32x4)(x == 0)))                                          \
  PAIRS(TEST, s##_bitmask, s, vec_bitmask##bits(x))
LANES(i8x16, u8x16, 8)
LANES(i16x8, u16x8, 16)
LANES(i32x4, u32x4, 32)
LANES(i64x2, u64x2, 64)

#define NOT_64(s, u)                                                                               \
  PAIRS(BINARY, s##_lt_u, u, x < y)                                                                \
  PAIRS(BINARY, s##_gt_u, u, x > y)                                                                \
  PAIRS(BINARY, s##_le_u, u, x <= y)                                                               \
  PAIRS(BINARY, s##_ge_u, u, x >= y)                                                               \
  PAIRS(BINARY, s##_min_s, s, __builtin_elementwise_min(x, y))                                     \
  PAIRS(BINARY, s##_min_u, u, __builtin_elementwise_min(x, y))                                     \
  PAIRS(BINARY, s##_max_s, s, __builtin_elementwise_max(x, y))                                     \
  PAIRS(BINARY, s##_max_u, u, __builtin_elementwise_max(x, y))
NOT_64(i8x16, u8x16)
NOT_64(i16x8, u16x8)
NOT_64(i32x4, u32x4)

#define SATURATING(s, u, bits)                                                                     \
  PAIRS(BINARY, s##_add_sat_s, s, __builtin_elementwise_add_sat(x, y))                             \
  PAIRS(BINARY, s##_add_sat_u, u, __builtin_elementwise_add_sat(x, y))                             \
  PAIRS(BINARY, s##_sub_sat_s, s, __builtin_elementwise_sub_sat(x, y))                             \
  PAIRS(BINARY, s##_sub_sat_u, u, __builtin_elementwise_sub_sat(x, y))                             \
  PAIRS(BINARY, s##_avgr_u, u, vec_average##bits(x, y))
SATURATING(i8x16, u8x16, 8)
SATURATING(i16x8, u16x8, 16)

PAIRS(BINARY, i16x8_mul, u16x8, x *y)
PAIRS(BINARY, i32x4_mul, u32x4, x *y)
PAIRS(BINARY, i64x2_mul, u64x2, x *y)

EACH(UNARY, i8x16_popcnt, u8x16, vec_popcnt8(x))

/* ---- Shifts -------------------------------------------------------------------------------- */

#define SHIFTS(s, u, lane, ulane, width)                                                           \
  PAIRS(SHIFT, s##_shl_rr, u, width, x << (ulane)n)                                                \
  PAIRS(SHIFT, s##_shr_u_rr, u, width, x >> (ulane)n)                                              \
  EACH(SHIFT_BY, s##_shl_ri, u, width, x << (ulane)n)                                              \
  EACH(SHIFT_BY, s##_shr_u_ri, u, width, x >> (ulane)n)
SHIFTS(i16x8, u16x8, i16, u16, 16)
SHIFTS(i32x4, u32x4, i32, u32, 32)
SHIFTS(i64x2, u64x2, i64, u64, 64)
PAIRS(SHIFT, i16x8_shr_s_rr, i16x8, 16, x >> (i16)n)
PAIRS(SHIFT, i32x4_shr_s_rr, i32x4, 32, x >> (i32)n)
EACH(SHIFT_BY, i16x8_shr_s_ri, i16x8, 16, x >> (i16)n)
EACH(SHIFT_BY, i32x4_shr_s_ri, i32x4, 32, x >> (i32)n)

PAIRS(SHIFT, i8x16_shl, u8x16, 8, vec_shl8(x, n))
PAIRS(SHIFT, i8x16_shr_u, u8x16, 8, vec_shr8_u(x, n))
PAIRS(SHIFT, i8x16_shr_s, i8x16, 8, vec_shr8_s(x, n))

PAIRS(SHIFT, i64x2_shr_s, i64x2, 64, vec_shr64_s(x, n))

/* ---- Between widths ------------------------------------------------------------------------ */

PAIRS(BINARY, i8x16_narrow_i16x8_s, i16x8, vec_narrow16_s(x, y))
PAIRS(BINARY, i8x16_narrow_i16x8_u, i16x8, vec_narrow16_u(x, y))
PAIRS(BINARY, i16x8_narrow_i32x4_s, i32x4, vec_narrow32_s(x, y))
PAIRS(BINARY, i16x8_narrow_i32x4_u, i32x4, vec_narrow32_u(x, y))

#define LOW8(x) __builtin_shufflevector(x, x, 0, 1, 2, 3, 4, 5, 6, 7)
#define HIGH8(x) __builtin_shufflevector(x, x, 8, 9, 10, 11, 12, 13, 14, 15)
#define LOW16(x) __builtin_shufflevector(x, x, 0, 1, 2, 3)
#define HIGH16(x) __builtin_shufflevector(x, x, 4, 5, 6, 7)
#define LOW32(x) __builtin_shufflevector(x, x, 0, 1)
#define HIGH32(x) __builtin_shufflevector(x, x, 2, 3)
#define WIDEN(x, type) __builtin_convertvector(x, type)

#define EXTEND(name, from, to, HALF, half)                                                         \
  EACH(UNARY, name##_extend_##half, from, WIDEN(HALF(x), to))                                      \
  PAIRS(BINARY, name##_extmul_##half, from, WIDEN(HALF(x), to) * WIDEN(HALF(y), to))
#define EXTENDS(to, uto, from, ufrom, bits)                                                        \
  EXTEND(to, from, to, LOW##bits, low_s)                                                           \
  EXTEND(to, from, to, HIGH##bits, high_s)                                                         \
  EXTEND(to, ufrom, uto, LOW##bits, low_u)                                                         \
  EXTEND(to, ufrom, uto, HIGH##bits, high_u)
EXTENDS(i16x8, u16x8, i8x16, u8x16, 8)
EXTENDS(i32x4, u32x4, i16x8, u16x8, 16)
EXTENDS(i64x2, u64x2, i32x4, u32x4, 32)

/* Neighbours are the halves of a wider lane. */
EACH(UNARY, i16x8_extadd_pairwise_s, u16x8, ((i16x8)x >> 8) + ((i16x8)(x << 8) >> 8))
EACH(UNARY, i16x8_extadd_pairwise_u, u16x8, (x >> 8) + (x & (u16x8)vec_ones() >> 8))
EACH(UNARY, i32x4_extadd_pairwise_s, u32x4, ((i32x4)x >> 16) + ((i32x4)(x << 16) >> 16))
EACH(UNARY, i32x4_extadd_pairwise_u, u32x4, (x >> 16) + (x & (u32x4)vec_ones() >> 16))

PAIRS(BINARY, i32x4_dot_i16x8_s, i16x8, vec_dot16(x, y))

PAIRS(BINARY, i16x8_q15mulr_sat_s, i16x8, vec_q15mulr_sat(x, y))

PAIRS(BINARY, i8x16_swizzle, u8x16, vec_swizzle(x, y))

/* ---- Relaxed (WebAssembly 3.0): what this machine does at once, among the results allowed -- */

PAIRS(BINARY, i8x16_relaxed_swizzle, u8x16, vec_relaxed_swizzle(x, y))
PAIRS(BINARY, i16x8_relaxed_q15mulr_s, i16x8, vec_relaxed_q15mulr(x, y))
PAIRS(BINARY, i16x8_relaxed_dot_s, i8x16, vec_relaxed_dot8(x, y))
PAIRS(TERNARY, i32x4_relaxed_dot_add_s, i8x16,
      (u32x4)vec_dot16(vec_relaxed_dot8(x, y), (i16x8)((u16x8)vec_ones() >> 15)) + (u32x4)z)
