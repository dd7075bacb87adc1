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

/* Vectors to a number, by way of a scratch register: conditions are bytes, and not every register
 * of the pool has its low byte at the same price. */
#define TEST(b, a, name, type, e)                                                                  \
  STENCIL(name##__##a##b) {                                                                        \
    type x = (type)x##b;                                                                           \
    r##a = opaque(e);                                                                              \
    NEXT;                                                                                          \
  }
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

/* Bits counted in pairs, fours and eights at once. */
static inline __attribute__((always_inline)) u8x16 popcnt8(u8x16 x) {
  u64x2 v = (u64x2)x, pairs = (u64x2)vec_splat32(0x55555555),
        fours = (u64x2)vec_splat32(0x33333333), eights = (u64x2)vec_splat32(0x0f0f0f0f);
  v = (u64x2)((u8x16)v - (u8x16)(v >> 1 & pairs));
  v = (u64x2)((u8x16)(v & fours) + (u8x16)(v >> 2 & fours));
  return (u8x16)(((u64x2)((u8x16)v + (u8x16)(v >> 4))) & eights);
}
EACH(UNARY, i8x16_popcnt, u8x16, popcnt8(x))

/* ---- Shifts -------------------------------------------------------------------------------- */

/* The count is taken modulo the width. _ri: by a constant. */
#define SHIFT(b, a, name, type, width, e)                                                          \
  STENCIL(name##__##a##b) {                                                                        \
    type x = (type)x##a;                                                                           \
    u32 n = (u32)r##b % width;                                                                     \
    x##a = (v4)(e);                                                                                \
    NEXT;                                                                                          \
  }
#define SHIFTS(s, u, lane, ulane, width)                                                           \
  PAIRS(SHIFT, s##_shl_rr, u, width, x << (ulane)n)                                                \
  PAIRS(SHIFT, s##_shr_u_rr, u, width, x >> (ulane)n)                                              \
  EACH(UNARY, s##_shl_ri, u, x << IMM_VECTOR_SHIFT)                                                \
  EACH(UNARY, s##_shr_u_ri, u, x >> IMM_VECTOR_SHIFT)
SHIFTS(i16x8, u16x8, i16, u16, 16)
SHIFTS(i32x4, u32x4, i32, u32, 32)
SHIFTS(i64x2, u64x2, i64, u64, 64)
PAIRS(SHIFT, i16x8_shr_s_rr, i16x8, 16, x >> (i16)n)
PAIRS(SHIFT, i32x4_shr_s_rr, i32x4, 32, x >> (i32)n)
EACH(UNARY, i16x8_shr_s_ri, i16x8, x >> IMM_VECTOR_SHIFT)
EACH(UNARY, i32x4_shr_s_ri, i32x4, x >> IMM_VECTOR_SHIFT)

/* The machine does not shift bytes: they go in pairs, and what crosses over is masked off. */
static inline __attribute__((always_inline)) u8x16 shl8(u8x16 x, u32 n) {
  u8x16 mask = (u8x16)((u16x8)vec_ones() << (u16)n);
  mask = (u8x16)((u16x8)mask << 8 | ((u16x8)mask & (u16x8)vec_ones() >> 8));
  return (u8x16)((u16x8)x << (u16)n) & mask;
}
static inline __attribute__((always_inline)) u8x16 shr8(u8x16 x, u32 n) {
  u16x8 even = (u16x8)x << 8 >> (u16)n, odd = (u16x8)x >> (u16)n;
  u16x8 high = (u16x8)vec_ones() << 8;
  return (u8x16)((even >> 8) | (odd & high));
}
static inline __attribute__((always_inline)) i8x16 sar8(i8x16 x, u32 n) {
  i16x8 even = (i16x8)((u16x8)x << 8) >> (i16)n, odd = (i16x8)x >> (i16)n;
  u16x8 high = (u16x8)vec_ones() << 8;
  return (i8x16)(((u16x8)even >> 8) | ((u16x8)odd & high));
}
PAIRS(SHIFT, i8x16_shl, u8x16, 8, shl8(x, n))
PAIRS(SHIFT, i8x16_shr_u, u8x16, 8, shr8(x, n))
PAIRS(SHIFT, i8x16_shr_s, i8x16, 8, sar8(x, n))

/* Nor 64-bit lanes with their sign: it is moved to where it belongs afterwards. */
static inline __attribute__((always_inline)) u64x2 sar64(u64x2 x, u32 n) {
  u64x2 sign = (u64x2)vec_ones() << 63 >> (u64)n;
  return ((x >> (u64)n) ^ sign) - sign;
}
PAIRS(SHIFT, i64x2_shr_s, u64x2, 64, sar64(x, n))

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

/* -1 * -1 is out of range by one: INT16_MIN, which nothing else gives, becomes INT16_MAX. */
static inline __attribute__((always_inline)) i16x8 q15mulr_sat(i16x8 x, i16x8 y) {
  i16x8 product = vec_q15mulr(x, y);
  return product ^ (product == (i16x8)((u16x8)vec_ones() << 15));
}
PAIRS(BINARY, i16x8_q15mulr_sat_s, i16x8, q15mulr_sat(x, y))

/* An index beyond the lanes gets its highest bit, which means 0. */
PAIRS(BINARY, i8x16_swizzle, u8x16,
      vec_permute(x, __builtin_elementwise_add_sat(y, (u8x16)vec_splat32(0x70707070))))

/* ---- Relaxed (WebAssembly 3.0): what this machine does at once, among the results allowed -- */

PAIRS(BINARY, i8x16_relaxed_swizzle, u8x16, vec_permute(x, y))
PAIRS(BINARY, i16x8_relaxed_q15mulr_s, i16x8, vec_q15mulr(x, y))
PAIRS(BINARY, i16x8_relaxed_dot_s, i8x16, vec_dot8_us((u8x16)y, x))
PAIRS(TERNARY, i32x4_relaxed_dot_add_s, i8x16,
      (u32x4)vec_dot16(vec_dot8_us((u8x16)y, x), (i16x8)((u16x8)vec_ones() >> 15)) + (u32x4)z)
