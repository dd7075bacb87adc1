/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Stencils that move values: registers, frame slots, constants, globals; and the jump. */
#include "engine/stencils/stencil.h"

#define MOVE(b, a, _)                                                                              \
  STENCIL(move32__##a##b) {                                                                        \
    r##a = (u32)r##b;                                                                              \
    NEXT;                                                                                          \
  }                                                                                                \
  STENCIL(move64__##a##b) {                                                                        \
    r##a = r##b;                                                                                   \
    NEXT;                                                                                          \
  }                                                                                                \
  STENCIL(movef__##a##b) {                                                                         \
    x##a = x##b;                                                                                   \
    NEXT;                                                                                          \
  }                                                                                                \
  STENCIL(movev__##a##b) {                                                                         \
    FLOAT_COPY(a, b);                                                                              \
    NEXT;                                                                                          \
  }                                                                                                \
  STENCIL(swap__##a##b) {                                                                          \
    u64 old = r##a;                                                                                \
    r##a = r##b;                                                                                   \
    r##b = old;                                                                                    \
    NEXT;                                                                                          \
  }                                                                                                \
  STENCIL(swapf__##a##b) {                                                                         \
    FLOAT_SWAP(a, b);                                                                              \
    NEXT;                                                                                          \
  }
PAIRS(MOVE, 0)

/* If the flags say so. */
#define MOVE_FLAGGED(b, a, condition)                                                              \
  STENCIL(move_##condition##__##a##b) {                                                            \
    MOVE_IF(condition, r##a, r##b);                                                                \
    NEXT;                                                                                          \
  }
PAIRS(MOVE_FLAGGED, eq)
PAIRS(MOVE_FLAGGED, ne)
PAIRS(MOVE_FLAGGED, lt_s)
PAIRS(MOVE_FLAGGED, ge_s)
PAIRS(MOVE_FLAGGED, gt_s)
PAIRS(MOVE_FLAGGED, le_s)
PAIRS(MOVE_FLAGGED, lt_u)
PAIRS(MOVE_FLAGGED, ge_u)
PAIRS(MOVE_FLAGGED, gt_u)
PAIRS(MOVE_FLAGGED, le_u)

#define SLOTS(a, _)                                                                                \
  STENCIL(slot_get32__##a) {                                                                       \
    r##a = SLOT(u32, HOLE_A);                                                                      \
    NEXT;                                                                                          \
  }                                                                                                \
  STENCIL(slot_get64__##a) {                                                                       \
    r##a = SLOT(u64, HOLE_A);                                                                      \
    NEXT;                                                                                          \
  }                                                                                                \
  STENCIL_F(f32, slot_getf32__##a) {                                                               \
    x##a = vec_f32(SLOT(f32, HOLE_A));                                                             \
    NEXT_F(f32);                                                                                   \
  }                                                                                                \
  STENCIL_F(f64, slot_getf64__##a) {                                                               \
    x##a = vec_f64(SLOT(f64, HOLE_A));                                                             \
    NEXT_F(f64);                                                                                   \
  }                                                                                                \
  STENCIL(slot_set32__##a) {                                                                       \
    SLOT(u32, HOLE_A) = (u32)r##a;                                                                 \
    NEXT;                                                                                          \
  }                                                                                                \
  STENCIL(slot_set64__##a) {                                                                       \
    SLOT(u64, HOLE_A) = r##a;                                                                      \
    NEXT;                                                                                          \
  }                                                                                                \
  STENCIL_F(f32, slot_setf32__##a) {                                                               \
    SLOT(f32, HOLE_A) = GET_f32(x##a);                                                             \
    NEXT_F(f32);                                                                                   \
  }                                                                                                \
  STENCIL_F(f64, slot_setf64__##a) {                                                               \
    SLOT(f64, HOLE_A) = GET_f64(x##a);                                                             \
    NEXT_F(f64);                                                                                   \
  }                                                                                                \
  STENCIL(const_zero__##a) {                                                                       \
    r##a = 0;                                                                                      \
    NEXT;                                                                                          \
  }                                                                                                \
  STENCIL(const32__##a) {                                                                          \
    r##a = IMMU32;                                                                                 \
    NEXT;                                                                                          \
  }                                                                                                \
  STENCIL(const64__##a) {                                                                          \
    r##a = IMM64;                                                                                  \
    NEXT;                                                                                          \
  }                                                                                                \
  STENCIL(constf_zero__##a) {                                                                      \
    FLOAT_ZERO(a);                                                                                 \
    NEXT;                                                                                          \
  }                                                                                                \
  STENCIL_F(f32, constf32__##a) {                                                                  \
    x##a = vec_f32(f32_bits(IMMU32));                                                              \
    NEXT_F(f32);                                                                                   \
  }                                                                                                \
  STENCIL_F(f64, constf64__##a) {                                                                  \
    x##a = vec_f64(f64_bits(IMM64));                                                               \
    NEXT_F(f64);                                                                                   \
  }
EACH(SLOTS, 0)

STENCIL(slot_const32) {
  SLOT(u32, HOLE_A) = (u32)IMM32;
  NEXT;
}
STENCIL(slot_const64) {
  SLOT(i64, HOLE_A) = (i64)IMM32;
  NEXT;
}
STENCIL(slot_constw) {
  SLOT(u64, HOLE_A) = IMM64;
  NEXT;
}
STENCIL(slot_copy) {
  SLOT(u64, HOLE_A) = SLOT(u64, HOLE_B);
  NEXT;
}
STENCIL(slot_zero2) {
  SLOT(v4, HOLE_A) = (v4){0, 0, 0, 0};
  NEXT;
}
/* Zeroes pairs of slots from hole_a up to hole_b, at least one. */
STENCIL(slot_zero_many) {
  u64 at = fp + HOLE_A, end = fp + HOLE_B;
  do {
    *(m_v4 *)at = (v4){0, 0, 0, 0};
    at += 16;
    __asm__("" : "+r"(at)); /* no call of memset */
  } while (at != end);
  NEXT;
}
STENCIL(jump) {
  GO(target);
}

#define GLOBALS(a, name, PLACE)                                                                    \
  STENCIL(name##_get32__##a) {                                                                     \
    r##a = PLACE(u32);                                                                             \
    NEXT;                                                                                          \
  }                                                                                                \
  STENCIL(name##_get64__##a) {                                                                     \
    r##a = PLACE(u64);                                                                             \
    NEXT;                                                                                          \
  }                                                                                                \
  STENCIL_F(f32, name##_getf32__##a) {                                                             \
    x##a = vec_f32(PLACE(f32));                                                                    \
    NEXT_F(f32);                                                                                   \
  }                                                                                                \
  STENCIL_F(f64, name##_getf64__##a) {                                                             \
    x##a = vec_f64(PLACE(f64));                                                                    \
    NEXT_F(f64);                                                                                   \
  }                                                                                                \
  STENCIL(name##_set32__##a) {                                                                     \
    PLACE(u32) = (u32)r##a;                                                                        \
    NEXT;                                                                                          \
  }                                                                                                \
  STENCIL(name##_set64__##a) {                                                                     \
    PLACE(u64) = r##a;                                                                             \
    NEXT;                                                                                          \
  }                                                                                                \
  STENCIL_F(f32, name##_setf32__##a) {                                                             \
    PLACE(f32) = GET_f32(x##a);                                                                    \
    NEXT_F(f32);                                                                                   \
  }                                                                                                \
  STENCIL_F(f64, name##_setf64__##a) {                                                             \
    PLACE(f64) = GET_f64(x##a);                                                                    \
    NEXT_F(f64);                                                                                   \
  }
EACH(GLOBALS, global, GLOBAL)
EACH(GLOBALS, own, OWN)
