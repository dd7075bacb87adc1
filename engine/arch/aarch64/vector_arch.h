/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the stencils of vector instructions need beyond what C's vector extensions say: operations
 * that this machine (Advanced SIMD of Armv8.0) has as single instructions. */
#ifndef ENGINE_VECTOR_ARCH_H
#define ENGINE_VECTOR_ARCH_H

#include "engine/stencils/vector_registers.h"
#include "engine/stencils/vector_types.h"

#include <arm_neon.h>

#define VEC static inline __attribute__((always_inline))

/* All bits set, made in a register. */
VEC i32x4 vec_ones(void) {
  i32x4 ones = ~(i32x4){0};
  __asm__("" : "+w"(ones));
  return ones;
}

/* x[index] for each byte; 0 for an index beyond. */
VEC u8x16 vec_swizzle(u8x16 x, u8x16 index) {
  return (u8x16)vqtbl1q_u8((uint8x16_t)x, (uint8x16_t)index);
}
VEC u8x16 vec_relaxed_swizzle(u8x16 x, u8x16 index) {
  return vec_swizzle(x, index);
}

/* Whether any bit is set. */
VEC u32 vec_any(i32x4 x) {
  return vmaxvq_u32((uint32x4_t)x) != 0;
}

/* The highest bits of the elements, element 0's in bit 0: each has its weight, and they are added.
 */
VEC u32 vec_bitmask8(i8x16 x) {
  u8x16 bits = (u8x16)(x >> 7) & (u8x16)vec_splat64(0x8040201008040201);
  uint8x16_t sums = (uint8x16_t)bits;
  return vaddv_u8(vget_low_u8(sums)) | (u32)vaddv_u8(vget_high_u8(sums)) << 8;
}
VEC u32 vec_bitmask16(i16x8 x) {
  u64x2 weights = {opaque(0x0008000400020001), opaque(0x0080004000200010)};
  return vaddvq_u16((uint16x8_t)((u16x8)(x >> 15) & (u16x8)weights));
}
VEC u32 vec_bitmask32(i32x4 x) {
  u64x2 weights = {opaque(0x0000000200000001), opaque(0x0000000800000004)};
  return vaddvq_u32((uint32x4_t)((u32x4)(x >> 31) & (u32x4)weights));
}
VEC u32 vec_bitmask64(i64x2 x) {
  return (u32)((u64)x[0] >> 63 | (u64)x[1] >> 63 << 1);
}

/* Both operands' elements at half their width, saturated to signed or to unsigned numbers. */
VEC i8x16 vec_narrow16_s(i16x8 x, i16x8 y) {
  return (i8x16)vqmovn_high_s16(vqmovn_s16((int16x8_t)x), (int16x8_t)y);
}
VEC i8x16 vec_narrow16_u(i16x8 x, i16x8 y) {
  return (i8x16)vqmovun_high_s16(vqmovun_s16((int16x8_t)x), (int16x8_t)y);
}
VEC i16x8 vec_narrow32_s(i32x4 x, i32x4 y) {
  return (i16x8)vqmovn_high_s32(vqmovn_s32((int32x4_t)x), (int32x4_t)y);
}
VEC i16x8 vec_narrow32_u(i32x4 x, i32x4 y) {
  return (i16x8)vqmovun_high_s32(vqmovun_s32((int32x4_t)x), (int32x4_t)y);
}

/* (x + y + 1) / 2 */
VEC u8x16 vec_average8(u8x16 x, u8x16 y) {
  return (u8x16)vrhaddq_u8((uint8x16_t)x, (uint8x16_t)y);
}
VEC u16x8 vec_average16(u16x8 x, u16x8 y) {
  return (u16x8)vrhaddq_u16((uint16x8_t)x, (uint16x8_t)y);
}

/* (x * y + 2^14) >> 15, saturating for -1 * -1. */
VEC i16x8 vec_q15mulr_sat(i16x8 x, i16x8 y) {
  return (i16x8)vqrdmulhq_s16((int16x8_t)x, (int16x8_t)y);
}
VEC i16x8 vec_relaxed_q15mulr(i16x8 x, i16x8 y) {
  return vec_q15mulr_sat(x, y);
}

/* Sums of neighbours' products, signed by signed. */
VEC i32x4 vec_dot16(i16x8 x, i16x8 y) {
  int16x8_t a = (int16x8_t)x, b = (int16x8_t)y;
  return (i32x4)vpaddq_s32(vmull_s16(vget_low_s16(a), vget_low_s16(b)), vmull_high_s16(a, b));
}
VEC i16x8 vec_relaxed_dot8(i8x16 x, i8x16 y) {
  int8x16_t a = (int8x16_t)x, b = (int8x16_t)y;
  return (i16x8)vpaddq_s16(vmull_s8(vget_low_s8(a), vget_low_s8(b)), vmull_high_s8(a, b));
}

/* Bits of each byte. */
VEC u8x16 vec_popcnt8(u8x16 x) {
  return (u8x16)vcntq_u8((uint8x16_t)x);
}

/* Shifts; n is below the width. */
VEC u8x16 vec_shl8(u8x16 x, u32 n) {
  return x << (u8)n;
}
VEC u8x16 vec_shr8_u(u8x16 x, u32 n) {
  return x >> (u8)n;
}
VEC i8x16 vec_shr8_s(i8x16 x, u32 n) {
  return x >> (i8)n;
}
VEC i64x2 vec_shr64_s(i64x2 x, u32 n) {
  return x >> (i64)n;
}

/* x < y ? x : y and x > y ? x : y, where a compare with NaN is false. */
#define PICK(name, w, bits, op)                                                                    \
  VEC w name(w x, w y) {                                                                           \
    bits picks_x = (bits)(x op y);                                                                 \
    return (w)(((bits)x & picks_x) | ((bits)y & ~picks_x));                                        \
  }
PICK(vec_lesser32, f32x4, u32x4, <)
PICK(vec_greater32, f32x4, u32x4, >)
PICK(vec_lesser64, f64x2, u64x2, <)
PICK(vec_greater64, f64x2, u64x2, >)
#undef PICK

/* As the specification has them (core spec 4.3.3, fmin and fmax): -0 is below 0, NaN gives NaN. */
VEC f32x4 vec_min32(f32x4 x, f32x4 y) {
  return (f32x4)vminq_f32((float32x4_t)x, (float32x4_t)y);
}
VEC f32x4 vec_max32(f32x4 x, f32x4 y) {
  return (f32x4)vmaxq_f32((float32x4_t)x, (float32x4_t)y);
}
VEC f64x2 vec_min64(f64x2 x, f64x2 y) {
  return (f64x2)vminq_f64((float64x2_t)x, (float64x2_t)y);
}
VEC f64x2 vec_max64(f64x2 x, f64x2 y) {
  return (f64x2)vmaxq_f64((float64x2_t)x, (float64x2_t)y);
}

/* Truncation: the machine saturates, and makes 0 of NaN. From two elements: the others zero. */
VEC i32x4 vec_truncate_sat32_s(f32x4 x) {
  return (i32x4)vcvtq_s32_f32((float32x4_t)x);
}
VEC u32x4 vec_truncate_sat32_u(f32x4 x) {
  return (u32x4)vcvtq_u32_f32((float32x4_t)x);
}
VEC i32x4 vec_truncate_sat64_s(f64x2 x) {
  return (i32x4)vcombine_s32(vqmovn_s64(vcvtq_s64_f64((float64x2_t)x)), vdup_n_s32(0));
}
VEC i32x4 vec_truncate_sat64_u(f64x2 x) {
  return (i32x4)vcombine_u32(vqmovn_u64(vcvtq_u64_f64((float64x2_t)x)), vdup_n_u32(0));
}
VEC i32x4 vec_truncate32(f32x4 x) {
  return vec_truncate_sat32_s(x);
}
VEC i32x4 vec_truncate64(f64x2 x) {
  return vec_truncate_sat64_s(x);
}

VEC f32x4 vec_convert32_u(u32x4 x) {
  return __builtin_convertvector(x, f32x4);
}
VEC f64x2 vec_convert64_u(i32x4 x) {
  return __builtin_convertvector(__builtin_shufflevector((u32x4)x, (u32x4)x, 0, 1), f64x2);
}
/* To two elements, the others zero. */
VEC f32x4 vec_demote(f64x2 x) {
  return (f32x4)vcombine_f32(vcvt_f32_f64((float64x2_t)x), vdup_n_f32(0));
}

#undef VEC

#endif
