/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Stencils that move vectors and their lanes: frame slots, linear memory, splats. */
#include "engine/stencils/vector.h"

/* ---- Slots and globals ---------------------------------------------------------------------- */

#define SLOTS(a, _)                                                                                \
  STENCIL(slot_getv__##a) {                                                                        \
    x##a = SLOT(v4, HOLE_A);                                                                       \
    NEXT;                                                                                          \
  }                                                                                                \
  STENCIL(slot_setv__##a) {                                                                        \
    SLOT(v4, HOLE_A) = x##a;                                                                       \
    NEXT;                                                                                          \
  }
EACH(SLOTS, 0)

#define GLOBALS(a, name, PLACE)                                                                    \
  STENCIL(name##_getv__##a) {                                                                      \
    x##a = PLACE(v4);                                                                              \
    NEXT;                                                                                          \
  }                                                                                                \
  STENCIL(name##_setv__##a) {                                                                      \
    PLACE(v4) = x##a;                                                                              \
    NEXT;                                                                                          \
  }
EACH(GLOBALS, global, GLOBAL)
EACH(GLOBALS, own, OWN)

STENCIL(slot_copyv) {
  SLOT(v4, HOLE_A) = SLOT(v4, HOLE_B);
  NEXT;
}

/* ---- Linear memory: as in memory.c ----------------------------------------------------------- */

#define LOAD(b, a, name, e)                                                                        \
  STENCIL(name##__##a##b) {                                                                        \
    u64 address = r##b;                                                                            \
    x##a = (v4)(e);                                                                                \
    NEXT;                                                                                          \
  }
#define LOAD_CONST(a, name, e)                                                                     \
  STENCIL(name##_c__##a) {                                                                         \
    u64 address = 0;                                                                               \
    x##a = (v4)(e);                                                                                \
    NEXT;                                                                                          \
  }
#define LOADS(name, e) PAIRS(LOAD, name, e) EACH(LOAD_CONST, name, e)
#define WIDEN(half, type) __builtin_convertvector(AT(half, address), type)
LOADS(loadv, AT(v4, address))
LOADS(load8x8_s, WIDEN(i8x8, i16x8))
LOADS(load8x8_u, WIDEN(u8x8, u16x8))
LOADS(load16x4_s, WIDEN(i16x4, i32x4))
LOADS(load16x4_u, WIDEN(u16x4, u32x4))
LOADS(load32x2_s, WIDEN(i32x2, i64x2))
LOADS(load32x2_u, WIDEN(u32x2, u64x2))
LOADS(load8_splat, (u8x16){0} + AT(u8, address))
LOADS(load16_splat, (u16x8){0} + AT(u16, address))
LOADS(load32_splat, (u32x4){0} + AT(u32, address))
LOADS(load64_splat, (u64x2){0} + AT(u64, address))
LOADS(load32_zero, ((u32x4){AT(u32, address), 0, 0, 0}))
LOADS(load64_zero, ((u64x2){AT(u64, address), 0}))

#define STORE(b, a, _)                                                                             \
  STENCIL(storev__##a##b) {                                                                        \
    AT(v4, r##a) = x##b;                                                                           \
    NEXT;                                                                                          \
  }
#define STORE_CONST(a, _)                                                                          \
  STENCIL(storev_c__##a) {                                                                         \
    AT(v4, 0) = x##a;                                                                              \
    NEXT;                                                                                          \
  }
PAIRS(STORE, 0)
EACH(STORE_CONST, 0)

/* ---- Lanes ---------------------------------------------------------------------------------- */

/* LANE stands for the lane's number; of two lanes each has its own family. */
#define WITH_LANE(type, x, n, value)                                                               \
  ({                                                                                               \
    type v_ = (type)(x);                                                                           \
    v_[n] = (value);                                                                               \
    (v4) v_;                                                                                       \
  })

#define LANES(b, a, _)                                                                             \
  STENCIL(i8x16_splat__##a##b) {                                                                   \
    x##a = (v4)((u8x16){0} + (u8)r##b);                                                            \
    NEXT;                                                                                          \
  }                                                                                                \
  STENCIL(i16x8_splat__##a##b) {                                                                   \
    x##a = (v4)((u16x8){0} + (u16)r##b);                                                           \
    NEXT;                                                                                          \
  }                                                                                                \
  STENCIL(i32x4_splat__##a##b) {                                                                   \
    x##a = (v4)((u32x4){0} + (u32)r##b);                                                           \
    NEXT;                                                                                          \
  }                                                                                                \
  STENCIL(i64x2_splat__##a##b) {                                                                   \
    x##a = (v4)((u64x2){0} + r##b);                                                                \
    NEXT;                                                                                          \
  }                                                                                                \
  STENCIL(f32x4_splat__##a##b) {                                                                   \
    x##a = __builtin_shufflevector(x##b, x##b, 0, 0, 0, 0);                                        \
    NEXT;                                                                                          \
  }                                                                                                \
  STENCIL(f64x2_splat__##a##b) {                                                                   \
    x##a = (v4)__builtin_shufflevector((f64x2)x##b, (f64x2)x##b, 0, 0);                            \
    NEXT;                                                                                          \
  }                                                                                                \
  STENCIL(i8x16_extract_lane__##a##b) {                                                            \
    r##a = ((u8x16)x##b)[LANE];                                                                    \
    NEXT;                                                                                          \
  }                                                                                                \
  STENCIL(i16x8_extract_lane__##a##b) {                                                            \
    r##a = ((u16x8)x##b)[LANE];                                                                    \
    NEXT;                                                                                          \
  }                                                                                                \
  STENCIL(i32x4_extract_lane__##a##b) {                                                            \
    r##a = ((u32x4)x##b)[LANE];                                                                    \
    NEXT;                                                                                          \
  }                                                                                                \
  STENCIL(i64x2_extract_low__##a##b) {                                                             \
    r##a = ((u64x2)x##b)[0];                                                                       \
    NEXT;                                                                                          \
  }                                                                                                \
  STENCIL(i64x2_extract_high__##a##b) {                                                            \
    r##a = ((u64x2)x##b)[1];                                                                       \
    NEXT;                                                                                          \
  }                                                                                                \
  STENCIL(f32x4_extract_lane__##a##b) {                                                            \
    x##a = __builtin_shufflevector(x##b, x##b, LANE, LANE, LANE, LANE);                            \
    NEXT;                                                                                          \
  }                                                                                                \
  STENCIL(f64x2_extract_low__##a##b) {                                                             \
    x##a = x##b;                                                                                   \
    NEXT;                                                                                          \
  }                                                                                                \
  STENCIL(f64x2_extract_high__##a##b) {                                                            \
    x##a = (v4)__builtin_shufflevector((f64x2)x##b, (f64x2)x##b, 1, 1);                            \
    NEXT;                                                                                          \
  }                                                                                                \
  STENCIL(i8x16_replace_lane__##a##b) {                                                            \
    x##a = WITH_LANE(u8x16, x##a, LANE, (u8)r##b);                                                 \
    NEXT;                                                                                          \
  }                                                                                                \
  STENCIL(i16x8_replace_lane__##a##b) {                                                            \
    x##a = WITH_LANE(u16x8, x##a, LANE, (u16)r##b);                                                \
    NEXT;                                                                                          \
  }                                                                                                \
  STENCIL(i32x4_replace_lane__##a##b) {                                                            \
    x##a = WITH_LANE(u32x4, x##a, LANE, (u32)r##b);                                                \
    NEXT;                                                                                          \
  }                                                                                                \
  STENCIL(i64x2_replace_low__##a##b) {                                                             \
    x##a = WITH_LANE(u64x2, x##a, 0, r##b);                                                        \
    NEXT;                                                                                          \
  }                                                                                                \
  STENCIL(i64x2_replace_high__##a##b) {                                                            \
    x##a = WITH_LANE(u64x2, x##a, 1, r##b);                                                        \
    NEXT;                                                                                          \
  }                                                                                                \
  STENCIL(f32x4_replace_lane__##a##b) {                                                            \
    x##a = WITH_LANE(f32x4, x##a, LANE, x##b[0]);                                                  \
    NEXT;                                                                                          \
  }                                                                                                \
  STENCIL(f64x2_replace_low__##a##b) {                                                             \
    x##a = (v4)__builtin_shufflevector((f64x2)x##a, (f64x2)x##b, 2, 1);                            \
    NEXT;                                                                                          \
  }                                                                                                \
  STENCIL(f64x2_replace_high__##a##b) {                                                            \
    x##a = (v4)__builtin_shufflevector((f64x2)x##a, (f64x2)x##b, 0, 2);                            \
    NEXT;                                                                                          \
  }                                                                                                \
  STENCIL(load8_lane__##a##b) {                                                                    \
    x##a = WITH_LANE(u8x16, x##a, LANE, AT(u8, r##b));                                             \
    NEXT;                                                                                          \
  }                                                                                                \
  STENCIL(load16_lane__##a##b) {                                                                   \
    x##a = WITH_LANE(u16x8, x##a, LANE, AT(u16, r##b));                                            \
    NEXT;                                                                                          \
  }                                                                                                \
  STENCIL(load32_lane__##a##b) {                                                                   \
    x##a = WITH_LANE(u32x4, x##a, LANE, AT(u32, r##b));                                            \
    NEXT;                                                                                          \
  }                                                                                                \
  STENCIL(load64_low__##a##b) {                                                                    \
    x##a = WITH_LANE(u64x2, x##a, 0, AT(u64, r##b));                                               \
    NEXT;                                                                                          \
  }                                                                                                \
  STENCIL(load64_high__##a##b) {                                                                   \
    x##a = WITH_LANE(u64x2, x##a, 1, AT(u64, r##b));                                               \
    NEXT;                                                                                          \
  }                                                                                                \
  STENCIL(store8_lane__##a##b) {                                                                   \
    AT(u8, r##a) = ((u8x16)x##b)[LANE];                                                            \
    NEXT;                                                                                          \
  }                                                                                                \
  STENCIL(store16_lane__##a##b) {                                                                  \
    AT(u16, r##a) = ((u16x8)x##b)[LANE];                                                           \
    NEXT;                                                                                          \
  }                                                                                                \
  STENCIL(store32_lane__##a##b) {                                                                  \
    AT(u32, r##a) = ((u32x4)x##b)[LANE];                                                           \
    NEXT;                                                                                          \
  }                                                                                                \
  STENCIL(store64_low__##a##b) {                                                                   \
    AT(u64, r##a) = ((u64x2)x##b)[0];                                                              \
    NEXT;                                                                                          \
  }                                                                                                \
  STENCIL(store64_high__##a##b) {                                                                  \
    AT(u64, r##a) = ((u64x2)x##b)[1];                                                              \
    NEXT;                                                                                          \
  }
PAIRS(LANES, 0)
