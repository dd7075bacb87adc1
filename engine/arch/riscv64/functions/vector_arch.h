/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The stencils of vector instructions as functions, with the same expressions: one for each of
 * vector_arithmetic.def, in C that clang does lane by lane. wasm_vector_call (enter.S) calls them.
 */
#ifndef ENGINE_VECTOR_ARCH_H
#define ENGINE_VECTOR_ARCH_H

#include "engine/arch/riscv64/rounding.h"
#include "engine/stencils/vector_types.h"

/* The operands, whose first takes the result, and a number or two; a result that is a number. */
#define VECTOR_FUNCTION(name)                                                                      \
  u64 wasm_vector_##name(v4 *v, u64 number, u64 other);                                            \
  u64 wasm_vector_##name(v4 *v, u64 number, u64 other)
#define VECTOR_UNUSED (void)number, (void)other

/* Registers do not matter. */
#undef EACH
#undef PAIRS
#define EACH(M, ...) M(0, __VA_ARGS__)
#define PAIRS(M, ...) M(0, 0, __VA_ARGS__)

#define UNARY(a, name, type, e)                                                                    \
  VECTOR_FUNCTION(name) {                                                                          \
    type x = (type)v[0];                                                                           \
    VECTOR_UNUSED;                                                                                 \
    v[0] = (v4)(e);                                                                                \
    return 0;                                                                                      \
  }
#define BINARY(b, a, name, type, e)                                                                \
  VECTOR_FUNCTION(name) {                                                                          \
    type x = (type)v[0], y = (type)v[1];                                                           \
    VECTOR_UNUSED;                                                                                 \
    v[0] = (v4)(e);                                                                                \
    return 0;                                                                                      \
  }
#define TERNARY(b, a, name, type, e)                                                               \
  VECTOR_FUNCTION(name) {                                                                          \
    type x = (type)v[0], y = (type)v[1], z = (type)v[2];                                           \
    VECTOR_UNUSED;                                                                                 \
    v[0] = (v4)(e);                                                                                \
    return 0;                                                                                      \
  }
#define TEST(b, a, name, type, e)                                                                  \
  VECTOR_FUNCTION(name) {                                                                          \
    type x = (type)v[0];                                                                           \
    VECTOR_UNUSED;                                                                                 \
    return (u32)(e);                                                                               \
  }
#define SHIFT(b, a, name, type, width, e)                                                          \
  VECTOR_FUNCTION(name) {                                                                          \
    type x = (type)v[0];                                                                           \
    u32 n = (u32)number % width;                                                                   \
    VECTOR_UNUSED;                                                                                 \
    v[0] = (v4)(e);                                                                                \
    return 0;                                                                                      \
  }
#define SHIFT_BY(a, name, type, width, e) SHIFT(0, a, name, type, width, e)

#define VEC static inline __attribute__((always_inline, unused))
/* A vector whose lanes are what e says of i. */
#define LANEWISE(result, e)                                                                        \
  ({                                                                                               \
    result lanes_;                                                                                 \
    for (unsigned i = 0; i < sizeof lanes_ / sizeof lanes_[0]; i++)                                \
      lanes_[i] = (e);                                                                             \
    lanes_;                                                                                        \
  })

VEC i32x4 vec_ones(void) {
  return ~(i32x4){0};
}

/* ---- Integers ------------------------------------------------------------------------------ */

/* x[index] for each byte; 0 for an index beyond. */
VEC u8x16 vec_swizzle(u8x16 x, u8x16 index) {
  return LANEWISE(u8x16, index[i] < 16 ? x[index[i] % 16] : 0);
}
VEC u8x16 vec_relaxed_swizzle(u8x16 x, u8x16 index) {
  return vec_swizzle(x, index);
}

/* Whether any bit is set. */
VEC u32 vec_any(i32x4 x) {
  return (x[0] | x[1] | x[2] | x[3]) != 0;
}

/* The highest bits of the elements, element 0's in bit 0. */
#define BITMASK(bits, type)                                                                        \
  VEC u32 vec_bitmask##bits(type x) {                                                              \
    u32 mask = 0;                                                                                  \
    for (unsigned i = 0; i < 128 / bits; i++)                                                      \
      mask |= (u32)(x[i] < 0) << i;                                                                \
    return mask;                                                                                   \
  }
BITMASK(8, i8x16)
BITMASK(16, i16x8)
BITMASK(32, i32x4)
BITMASK(64, i64x2)
#undef BITMASK

VEC i32 vec_clamp(i64 value, i64 least, i64 most) {
  return (i32)(value < least ? least : value > most ? most : value);
}

/* Both operands' elements at half their width, saturated to signed or to unsigned numbers. */
VEC i8x16 vec_narrow16_s(i16x8 x, i16x8 y) {
  return LANEWISE(i8x16, (i8)vec_clamp(i < 8 ? x[i % 8] : y[i % 8], -0x80, 0x7f));
}
VEC i8x16 vec_narrow16_u(i16x8 x, i16x8 y) {
  return LANEWISE(i8x16, (i8)vec_clamp(i < 8 ? x[i % 8] : y[i % 8], 0, 0xff));
}
VEC i16x8 vec_narrow32_s(i32x4 x, i32x4 y) {
  return LANEWISE(i16x8, (i16)vec_clamp(i < 4 ? x[i % 4] : y[i % 4], -0x8000, 0x7fff));
}
VEC i16x8 vec_narrow32_u(i32x4 x, i32x4 y) {
  return LANEWISE(i16x8, (i16)vec_clamp(i < 4 ? x[i % 4] : y[i % 4], 0, 0xffff));
}

/* (x + y + 1) / 2 */
VEC u8x16 vec_average8(u8x16 x, u8x16 y) {
  return LANEWISE(u8x16, (u8)((x[i] + y[i] + 1) >> 1));
}
VEC u16x8 vec_average16(u16x8 x, u16x8 y) {
  return LANEWISE(u16x8, (u16)((x[i] + y[i] + 1) >> 1));
}

/* (x * y + 2^14) >> 15, saturating for -1 * -1. */
VEC i16x8 vec_q15mulr_sat(i16x8 x, i16x8 y) {
  return LANEWISE(i16x8, (i16)vec_clamp((x[i] * y[i] + 0x4000) >> 15, -0x8000, 0x7fff));
}
VEC i16x8 vec_relaxed_q15mulr(i16x8 x, i16x8 y) {
  return vec_q15mulr_sat(x, y);
}

/* Sums of neighbours' products, signed by signed. */
VEC i32x4 vec_dot16(i16x8 x, i16x8 y) {
  return LANEWISE(i32x4, (i32)((i64)x[2 * i] * y[2 * i] + (i64)x[2 * i + 1] * y[2 * i + 1]));
}
VEC i16x8 vec_relaxed_dot8(i8x16 x, i8x16 y) {
  return LANEWISE(i16x8, (i16)(x[2 * i] * y[2 * i] + x[2 * i + 1] * y[2 * i + 1]));
}

/* Bits of each byte. */
VEC u8x16 vec_popcnt8(u8x16 x) {
  return LANEWISE(u8x16, (u8)__builtin_popcount(x[i]));
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

/* ---- Floating point ------------------------------------------------------------------------ */

/* x < y ? x : y and x > y ? x : y, where a compare with NaN is false. */
#define PICK(name, w, op)                                                                          \
  VEC w name(w x, w y) {                                                                           \
    return LANEWISE(w, x[i] op y[i] ? x[i] : y[i]);                                                \
  }
PICK(vec_lesser32, f32x4, <)
PICK(vec_greater32, f32x4, >)
PICK(vec_lesser64, f64x2, <)
PICK(vec_greater64, f64x2, >)
#undef PICK

/* The machine's instructions prefer numbers to NaN, of which the specification makes NaN (core spec
 * 4.3.3, fmin and fmax); to both -0 is below 0. */
#define EXTREME(name, lane, how)                                                                   \
  VEC lane vec_one_##name(lane x, lane y) {                                                        \
    lane result;                                                                                   \
    if (x != x || y != y)                                                                          \
      return x + y;                                                                                \
    __asm__(how " %0, %1, %2" : "=f"(result) : "f"(x), "f"(y));                                    \
    return result;                                                                                 \
  }
#define EXTREMES(bits, w, lane, letter)                                                            \
  EXTREME(min##bits, lane, "fmin." letter)                                                         \
  EXTREME(max##bits, lane, "fmax." letter)                                                         \
  VEC w vec_min##bits(w x, w y) {                                                                  \
    return LANEWISE(w, vec_one_min##bits(x[i], y[i]));                                             \
  }                                                                                                \
  VEC w vec_max##bits(w x, w y) {                                                                  \
    return LANEWISE(w, vec_one_max##bits(x[i], y[i]));                                             \
  }
EXTREMES(32, f32x4, f32, "s")
EXTREMES(64, f64x2, f64, "d")
#undef EXTREME
#undef EXTREMES

#define ROUND_LANES(w, how, x) LANEWISE(w, ROUND_##w(how, (x)[i]))
#define ROUND_f32x4(how, lane) round_f32_##how(lane)
#define ROUND_f64x2(how, lane) round_f64_##how(lane)

/* Truncation; the instructions saturate, but take NaN for a large number. */
VEC i32 vec_truncate_s(f64 x) {
  i64 result;
  __asm__("fcvt.w.d %0, %1, rtz" : "=r"(result) : "f"(x));
  return x == x ? (i32)result : 0;
}
VEC u32 vec_truncate_u(f64 x) {
  i64 result;
  __asm__("fcvt.wu.d %0, %1, rtz" : "=r"(result) : "f"(x));
  return x == x ? (u32)result : 0;
}
VEC i32x4 vec_truncate_sat32_s(f32x4 x) {
  return LANEWISE(i32x4, vec_truncate_s(x[i]));
}
VEC u32x4 vec_truncate_sat32_u(f32x4 x) {
  return LANEWISE(u32x4, vec_truncate_u(x[i]));
}
/* From two elements: the others zero. */
VEC i32x4 vec_truncate_sat64_s(f64x2 x) {
  return (i32x4){vec_truncate_s(x[0]), vec_truncate_s(x[1]), 0, 0};
}
VEC u32x4 vec_truncate_sat64_u(f64x2 x) {
  return (u32x4){vec_truncate_u(x[0]), vec_truncate_u(x[1]), 0, 0};
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
  return (f64x2){(u32)x[0], (u32)x[1]};
}
/* To two elements, the others zero. */
VEC f32x4 vec_demote(f64x2 x) {
  return (f32x4){(f32)x[0], (f32)x[1], 0, 0};
}

#undef VEC

#endif
