/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the stencils of vector instructions need beyond what C's vector extensions say: operations
 * that this machine (SSE4.1 to AVX2) has as single instructions. */
#ifndef ENGINE_VECTOR_ARCH_H
#define ENGINE_VECTOR_ARCH_H

#include "engine/stencils/vector_registers.h"
#include "engine/stencils/vector_types.h"

#include <immintrin.h>

/* All bits set, made in a register: clang must not know, or it would load constants derived from
 * it from memory, which a stencil does not have. */
static inline __attribute__((always_inline)) i32x4 vec_ones(void) {
  i32x4 ones = ~(i32x4){0};
  __asm__("" : "+x"(ones));
  return ones;
}

/* x[index] for each byte. Indices with their highest bit set give 0, others count modulo 16. */
static inline __attribute__((always_inline)) u8x16 vec_relaxed_swizzle(u8x16 x, u8x16 index) {
  return (u8x16)_mm_shuffle_epi8((__m128i)x, (__m128i)index);
}
/* An index beyond the lanes gets its highest bit. */
static inline __attribute__((always_inline)) u8x16 vec_swizzle(u8x16 x, u8x16 index) {
  u8x16 beyond = (u8x16)vec_splat32(0x70707070);
  return vec_relaxed_swizzle(x, __builtin_elementwise_add_sat(index, beyond));
}

/* Whether any bit is set. */
static inline __attribute__((always_inline)) u32 vec_any(i32x4 x) {
  return !_mm_testz_si128((__m128i)x, (__m128i)x);
}

/* The highest bits of the elements, element 0's in bit 0. */
static inline __attribute__((always_inline)) u32 vec_bitmask8(i8x16 x) {
  return (u32)_mm_movemask_epi8((__m128i)x);
}
static inline __attribute__((always_inline)) u32 vec_bitmask16(i16x8 x) {
  return (u32)_mm_movemask_epi8(_mm_packs_epi16((__m128i)x, (__m128i)(i16x8){0}));
}
static inline __attribute__((always_inline)) u32 vec_bitmask32(i32x4 x) {
  return (u32)_mm_movemask_ps((__m128)x);
}
static inline __attribute__((always_inline)) u32 vec_bitmask64(i64x2 x) {
  return (u32)_mm_movemask_pd((__m128d)x);
}

/* Both operands' elements at half their width, saturated to signed or to unsigned numbers. */
static inline __attribute__((always_inline)) i8x16 vec_narrow16_s(i16x8 x, i16x8 y) {
  return (i8x16)_mm_packs_epi16((__m128i)x, (__m128i)y);
}
static inline __attribute__((always_inline)) i8x16 vec_narrow16_u(i16x8 x, i16x8 y) {
  return (i8x16)_mm_packus_epi16((__m128i)x, (__m128i)y);
}
static inline __attribute__((always_inline)) i16x8 vec_narrow32_s(i32x4 x, i32x4 y) {
  return (i16x8)_mm_packs_epi32((__m128i)x, (__m128i)y);
}
static inline __attribute__((always_inline)) i16x8 vec_narrow32_u(i32x4 x, i32x4 y) {
  return (i16x8)_mm_packus_epi32((__m128i)x, (__m128i)y);
}

/* (x + y + 1) / 2 */
static inline __attribute__((always_inline)) u8x16 vec_average8(u8x16 x, u8x16 y) {
  return (u8x16)_mm_avg_epu8((__m128i)x, (__m128i)y);
}
static inline __attribute__((always_inline)) u16x8 vec_average16(u16x8 x, u16x8 y) {
  return (u16x8)_mm_avg_epu16((__m128i)x, (__m128i)y);
}

/* (x * y + 2^14) >> 15, wrapping for -1 * -1, */
static inline __attribute__((always_inline)) i16x8 vec_relaxed_q15mulr(i16x8 x, i16x8 y) {
  return (i16x8)_mm_mulhrs_epi16((__m128i)x, (__m128i)y);
}
/* which is out of range by one: INT16_MIN, which nothing else gives, becomes INT16_MAX. */
static inline __attribute__((always_inline)) i16x8 vec_q15mulr_sat(i16x8 x, i16x8 y) {
  i16x8 product = vec_relaxed_q15mulr(x, y);
  return product ^ (product == (i16x8)((u16x8)vec_ones() << 15));
}

/* Sums of neighbours' products: signed by signed; of y taken as unsigned by x, saturating. */
static inline __attribute__((always_inline)) i32x4 vec_dot16(i16x8 x, i16x8 y) {
  return (i32x4)_mm_madd_epi16((__m128i)x, (__m128i)y);
}
static inline __attribute__((always_inline)) i16x8 vec_relaxed_dot8(i8x16 x, i8x16 y) {
  return (i16x8)_mm_maddubs_epi16((__m128i)y, (__m128i)x);
}

/* x < y ? x : y and x > y ? x : y, where a compare with NaN is false. */
static inline __attribute__((always_inline)) f32x4 vec_lesser32(f32x4 x, f32x4 y) {
  return _mm_min_ps(x, y);
}
static inline __attribute__((always_inline)) f32x4 vec_greater32(f32x4 x, f32x4 y) {
  return _mm_max_ps(x, y);
}
static inline __attribute__((always_inline)) f64x2 vec_lesser64(f64x2 x, f64x2 y) {
  return _mm_min_pd(x, y);
}
static inline __attribute__((always_inline)) f64x2 vec_greater64(f64x2 x, f64x2 y) {
  return _mm_max_pd(x, y);
}

/* Truncation to 32 bits: INT32_MIN for what does not fit. From two elements: the others zero. */
static inline __attribute__((always_inline)) i32x4 vec_truncate32(f32x4 x) {
  return (i32x4)_mm_cvttps_epi32(x);
}
static inline __attribute__((always_inline)) i32x4 vec_truncate64(f64x2 x) {
  return (i32x4)_mm_cvttpd_epi32(x);
}
/* To two elements, the others zero. */
static inline __attribute__((always_inline)) f32x4 vec_demote(f64x2 x) {
  return _mm_cvtpd_ps(x);
}

/* Bits counted in pairs, fours and eights at once. */
static inline __attribute__((always_inline)) u8x16 vec_popcnt8(u8x16 x) {
  u64x2 v = (u64x2)x, pairs = (u64x2)vec_splat32(0x55555555),
        fours = (u64x2)vec_splat32(0x33333333), eights = (u64x2)vec_splat32(0x0f0f0f0f);
  v = (u64x2)((u8x16)v - (u8x16)(v >> 1 & pairs));
  v = (u64x2)((u8x16)(v & fours) + (u8x16)(v >> 2 & fours));
  return (u8x16)(((u64x2)((u8x16)v + (u8x16)(v >> 4))) & eights);
}

/* The machine does not shift bytes: they go in pairs, and what crosses over is masked off. */
static inline __attribute__((always_inline)) u8x16 vec_shl8(u8x16 x, u32 n) {
  u8x16 mask = (u8x16)((u16x8)vec_ones() << (u16)n);
  mask = (u8x16)((u16x8)mask << 8 | ((u16x8)mask & (u16x8)vec_ones() >> 8));
  return (u8x16)((u16x8)x << (u16)n) & mask;
}
static inline __attribute__((always_inline)) u8x16 vec_shr8_u(u8x16 x, u32 n) {
  u16x8 even = (u16x8)x << 8 >> (u16)n, odd = (u16x8)x >> (u16)n;
  u16x8 high = (u16x8)vec_ones() << 8;
  return (u8x16)((even >> 8) | (odd & high));
}
static inline __attribute__((always_inline)) i8x16 vec_shr8_s(i8x16 x, u32 n) {
  i16x8 even = (i16x8)((u16x8)x << 8) >> (i16)n, odd = (i16x8)x >> (i16)n;
  u16x8 high = (u16x8)vec_ones() << 8;
  return (i8x16)(((u16x8)even >> 8) | ((u16x8)odd & high));
}
/* Nor 64-bit lanes with their sign: it is moved to where it belongs afterwards. */
static inline __attribute__((always_inline)) i64x2 vec_shr64_s(i64x2 x, u32 n) {
  u64x2 sign = (u64x2)vec_ones() << 63 >> (u64)n;
  return (i64x2)((((u64x2)x >> (u64)n) ^ sign) - sign);
}

/* The two orders of operands differ only where the lanes are zeros of unlike signs or one is NaN:
 * min takes the bits of both, so that -0 wins, max those in common; NaN gives the sum, a quiet NaN
 * (core spec 4.3.3, fmin and fmax). */
#define MINMAX(w, bits, name, pick, op)                                                            \
  static inline __attribute__((always_inline)) bits name(w x, w y) {                               \
    bits nan = (bits)((x != x) | (y != y));                                                        \
    bits both = (bits)pick(x, y) op(bits) pick(y, x);                                              \
    return ((bits)(x + y) & nan) | (both & ~nan);                                                  \
  }
MINMAX(f32x4, u32x4, vec_min32, vec_lesser32, |)
MINMAX(f32x4, u32x4, vec_max32, vec_greater32, &)
MINMAX(f64x2, u64x2, vec_min64, vec_lesser64, |)
MINMAX(f64x2, u64x2, vec_max64, vec_greater64, &)
#undef MINMAX

#define F32_2P16 ((f32x4)vec_splat32(0x47800000))
#define F32_2P31 ((f32x4)vec_splat32(0x4f000000))
#define F32_2P32 ((f32x4)vec_splat32(0x4f800000))
#define F64_2P52 ((f64x2)vec_splat64(0x4330000000000000))
#define F64_I32_MAX ((f64x2)vec_splat64(0x41dfffffffc00000))
#define F64_U32_MAX ((f64x2)vec_splat64(0x41efffffffe00000))

/* What is too great comes out as INT32_MIN, whose complement is wanted. NaN is made 0 before. */
static inline __attribute__((always_inline)) i32x4 vec_truncate_sat32_s(f32x4 x) {
  i32x4 great = x >= F32_2P31;
  return vec_truncate32((f32x4)((i32x4)x & (x == x))) ^ great;
}

/* From 2^31 on in two parts: INT32_MIN plus the rest. vec_greater takes the 0 for NaN. */
static inline __attribute__((always_inline)) u32x4 vec_truncate_sat32_u(f32x4 x) {
  x = vec_greater32(x, (f32x4){0});
  f32x4 rest = x - F32_2P31;
  u32x4 high = (u32x4)vec_truncate32(rest) & (u32x4)(rest >= 0);
  return ((u32x4)vec_truncate32(x) + high) | (u32x4)(x >= F32_2P32);
}

static inline __attribute__((always_inline)) i32x4 vec_truncate_sat64_s(f64x2 x) {
  return vec_truncate64(vec_lesser64((f64x2)((i64x2)x & (x == x)), F64_I32_MAX));
}

/* An integer below 2^32 stands in the low half of what it makes with 2^52. */
static inline __attribute__((always_inline)) i32x4 vec_truncate_sat64_u(f64x2 x) {
  x = vec_lesser64(vec_greater64(x, (f64x2){0}), F64_U32_MAX);
  i32x4 sum = (i32x4)(__builtin_elementwise_trunc(x) + F64_2P52);
  return __builtin_shufflevector(sum, (i32x4){0}, 0, 2, 4, 5);
}

/* Both halves of the number are exact as floats: only the last sum rounds. */
static inline __attribute__((always_inline)) f32x4 vec_convert32_u(u32x4 x) {
  i32x4 low = (i32x4)(x & (u32x4)vec_ones() >> 16), high = (i32x4)(x >> 16);
  return __builtin_convertvector(high, f32x4) * F32_2P16 + __builtin_convertvector(low, f32x4);
}
static inline __attribute__((always_inline)) f64x2 vec_convert64_u(i32x4 x) {
  f64x2 big = F64_2P52;
  return (f64x2)__builtin_shufflevector(x, (i32x4)big, 0, 5, 1, 5) - big;
}

#endif
