/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the stencils of vector instructions need beyond what C's vector extensions say: operations
 * that this machine (SSE4.1 to AVX2) has as single instructions. */
#ifndef ENGINE_VECTOR_ARCH_H
#define ENGINE_VECTOR_ARCH_H

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
static inline __attribute__((always_inline)) u8x16 vec_permute(u8x16 x, u8x16 index) {
  return (u8x16)_mm_shuffle_epi8((__m128i)x, (__m128i)index);
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

/* (x * y + 2^14) >> 15, wrapping for -1 * -1. */
static inline __attribute__((always_inline)) i16x8 vec_q15mulr(i16x8 x, i16x8 y) {
  return (i16x8)_mm_mulhrs_epi16((__m128i)x, (__m128i)y);
}

/* Sums of neighbours' products: signed by signed; unsigned x by signed y, saturating. */
static inline __attribute__((always_inline)) i32x4 vec_dot16(i16x8 x, i16x8 y) {
  return (i32x4)_mm_madd_epi16((__m128i)x, (__m128i)y);
}
static inline __attribute__((always_inline)) i16x8 vec_dot8_us(u8x16 x, i8x16 y) {
  return (i16x8)_mm_maddubs_epi16((__m128i)x, (__m128i)y);
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

#endif
