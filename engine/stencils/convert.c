/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Stencils of conversions between integers and floats (core spec 4.3.4). */
#include "engine/stencils/stencil.h"

/* A value truncates into range exactly when low < value < high; both limits are floats. */
#define F32_2P31 0x4f000000u
#define F32_2P32 0x4f800000u
#define F32_2P63 0x5f000000u
#define F32_2P64 0x5f800000u
#define F32_BELOW_M2P31 0xcf000001u /* the greatest float below -2^31 */
#define F32_BELOW_M2P63 0xdf000001u
#define F32_M1 0xbf800000u
#define F64_2P31 0x41e0000000000000ull
#define F64_2P32 0x41f0000000000000ull
#define F64_2P63 0x43e0000000000000ull
#define F64_2P64 0x43f0000000000000ull
#define F64_BELOW_M2P31 0xc1e0000000200000ull /* -2^31 - 1 */
#define F64_BELOW_M2P63 0xc3e0000000000001ull
#define F64_M1 0xbff0000000000000ull

/* The machine truncates to signed 64 bits only. */
#define TO_U64(w, W)                                                                               \
  static inline __attribute__((always_inline)) u64 u64_of_##w(w x) {                               \
    w half = w##_bits(W##_2P63);                                                                   \
    if (x < half)                                                                                  \
      return (u64)(i64)x;                                                                          \
    return (u64)(i64)(x - half) ^ (1ull << 63);                                                    \
  }                                                                                                \
  static inline __attribute__((always_inline)) w w##_of_u64(u64 x) {                               \
    if ((i64)x >= 0)                                                                               \
      return (w)(i64)x;                                                                            \
    /* Halve, keeping the lost bit sticky so that rounding sees it. */                             \
    w half = (w)(i64)(x >> 1 | (x & 1));                                                           \
    return half + half;                                                                            \
  }
TO_U64(f32, F32)
TO_U64(f64, F64)

/* trap_a: NaN; trap_b: out of range. */
#define TRUNC(b, a, name, w, low, high, e)                                                         \
  STENCIL_F(w, name##__##a##b) {                                                                   \
    w x = GET_##w(x##b);                                                                           \
    if (__builtin_expect(x != x, 0))                                                               \
      GO_F(w, trap_a);                                                                             \
    if (!__builtin_expect(x > w##_bits(low), 1))                                                   \
      GO_F(w, trap_b);                                                                             \
    if (!__builtin_expect(x < w##_bits(high), 1))                                                  \
      GO_F(w, trap_b);                                                                             \
    r##a = e;                                                                                      \
    NEXT_F(w);                                                                                     \
  }
#define TRUNC_SAT(b, a, name, w, low, high, min, max, e)                                           \
  STENCIL_F(w, name##__##a##b) {                                                                   \
    w x = GET_##w(x##b);                                                                           \
    if (x != x)                                                                                    \
      r##a = 0;                                                                                    \
    else if (!(x > w##_bits(low)))                                                                 \
      r##a = min;                                                                                  \
    else if (!(x < w##_bits(high)))                                                                \
      r##a = max;                                                                                  \
    else                                                                                           \
      r##a = e;                                                                                    \
    NEXT_F(w);                                                                                     \
  }
#define CONVERT(b, a, name, w, e)                                                                  \
  STENCIL_F(w, name##__##a##b) {                                                                   \
    u64 x = r##b;                                                                                  \
    x##a = vec_##w(e);                                                                             \
    NEXT_F(w);                                                                                     \
  }

#define FLOAT(w, W)                                                                                \
  PAIRS(TRUNC, i32_trunc_##w##_s, w, W##_BELOW_M2P31, W##_2P31, (u32)(i32)x)                       \
  PAIRS(TRUNC, i32_trunc_##w##_u, w, W##_M1, W##_2P32, (u32)(i64)x)                                \
  PAIRS(TRUNC, i64_trunc_##w##_s, w, W##_BELOW_M2P63, W##_2P63, (u64)(i64)x)                       \
  PAIRS(TRUNC, i64_trunc_##w##_u, w, W##_M1, W##_2P64, u64_of_##w(x))                              \
  PAIRS(TRUNC_SAT, i32_trunc_sat_##w##_s, w, W##_BELOW_M2P31, W##_2P31, 0x80000000u, 0x7fffffffu,  \
        (u32)(i32)x)                                                                               \
  PAIRS(TRUNC_SAT, i32_trunc_sat_##w##_u, w, W##_M1, W##_2P32, 0, 0xffffffffu, (u32)(i64)x)        \
  PAIRS(TRUNC_SAT, i64_trunc_sat_##w##_s, w, W##_BELOW_M2P63, W##_2P63, 1ull << 63, ~0ull >> 1,    \
        (u64)(i64)x)                                                                               \
  PAIRS(TRUNC_SAT, i64_trunc_sat_##w##_u, w, W##_M1, W##_2P64, 0, ~0ull, u64_of_##w(x))            \
  PAIRS(CONVERT, w##_convert_i32_s, w, (w)(i32)x)                                                  \
  PAIRS(CONVERT, w##_convert_i32_u, w, (w)(i64)(u32)x)                                             \
  PAIRS(CONVERT, w##_convert_i64_s, w, (w)(i64)x)                                                  \
  PAIRS(CONVERT, w##_convert_i64_u, w, w##_of_u64(x))

FLOAT(f32, F32)
FLOAT(f64, F64)

#define RESIZE(a, _)                                                                               \
  STENCIL(f32_demote_f64__##a) {                                                                   \
    x##a = DEMOTE_f64(x##a);                                                                       \
    NEXT;                                                                                          \
  }                                                                                                \
  STENCIL(f64_promote_f32__##a) {                                                                  \
    x##a = PROMOTE_f32(x##a);                                                                      \
    NEXT;                                                                                          \
  }
EACH(RESIZE, 0)

#define REINTERPRET(b, a, _)                                                                       \
  STENCIL_F(f32, i32_reinterpret_f32__##a##b) {                                                    \
    r##a = __builtin_bit_cast(u32, GET_f32(x##b));                                                 \
    NEXT_F(f32);                                                                                   \
  }                                                                                                \
  STENCIL_F(f64, i64_reinterpret_f64__##a##b) {                                                    \
    r##a = __builtin_bit_cast(u64, GET_f64(x##b));                                                 \
    NEXT_F(f64);                                                                                   \
  }                                                                                                \
  STENCIL_F(f32, f32_reinterpret_i32__##a##b) {                                                    \
    x##a = vec_f32(__builtin_bit_cast(f32, (u32)r##b));                                            \
    NEXT_F(f32);                                                                                   \
  }                                                                                                \
  STENCIL_F(f64, f64_reinterpret_i64__##a##b) {                                                    \
    x##a = vec_f64(__builtin_bit_cast(f64, r##b));                                                 \
    NEXT_F(f64);                                                                                   \
  }
PAIRS(REINTERPRET, 0)
