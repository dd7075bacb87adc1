/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Stencils of integer compares: to a register, fused with a conditional jump, and to flags. */
#include "engine/stencils/stencil.h"

#define RR(b, a, n, cond, s, op)                                                                   \
  STENCIL(n##_##cond##_rr__##a##b) {                                                               \
    r##a = (s)r##a op(s) r##b;                                                                     \
    NEXT;                                                                                          \
  }
#define RI(a, n, cond, s, op)                                                                      \
  STENCIL(n##_##cond##_ri__##a) {                                                                  \
    r##a = (s)r##a op(s) IMM32;                                                                    \
    NEXT;                                                                                          \
  }
#define ORDERED_RI(a, n, cond, s, op)                                                              \
  STENCIL(n##_##cond##_ri__##a) {                                                                  \
    r##a = ORDERED((s)r##a, cond, op, (s)IMM32);                                                   \
    NEXT;                                                                                          \
  }
#define BRANCH(name, condition)                                                                    \
  STENCIL(name) {                                                                                  \
    if (condition)                                                                                 \
      GO(target);                                                                                  \
    NEXT;                                                                                          \
  }

#define ORDER_RR(b, a, n, cond, s, op) BRANCH(n##_br_##cond##_rr__##a##b, (s)r##a op(s) r##b)
#define ORDER_RI(a, n, cond, s, op)                                                                \
  BRANCH(n##_br_##cond##_ri__##a, ORDERED((s)r##a, cond, op, (s)IMM32))
#define ORDER(n, cond, s, op)                                                                      \
  PAIRS(RR, n, cond, s, op)                                                                        \
  PAIRS(ORDER_RR, n, cond, s, op)                                                                  \
  EACH(ORDERED_RI, n, cond, s, op)                                                                 \
  EACH(ORDER_RI, n, cond, s, op)

#define SAME_RR(b, a, n, cond, w, is)                                                              \
  BRANCH(n##_br_##cond##_rr__##a##b, is SAME_##w((w)r##a, (w)r##b))
#define SAME_RI(a, n, cond, w, is) BRANCH(n##_br_##cond##_ri__##a, is SAME_##w((w)r##a, (w)IMM32))
#define SAME(n, cond, w, op, is)                                                                   \
  PAIRS(RR, n, cond, w, op)                                                                        \
  PAIRS(SAME_RR, n, cond, w, is)                                                                   \
  EACH(RI, n, cond, w, op)                                                                         \
  EACH(SAME_RI, n, cond, w, is)

#define ZERO(a, n, w)                                                                              \
  BRANCH(n##_br_zero__##a, ZERO_##w((w)r##a))                                                      \
  BRANCH(n##_br_nonzero__##a, !ZERO_##w((w)r##a))

#define INTEGER(n, w, s)                                                                           \
  SAME(n, eq, w, ==, )                                                                             \
  SAME(n, ne, w, !=, !)                                                                            \
  ORDER(n, lt_s, s, <)                                                                             \
  ORDER(n, ge_s, s, >=)                                                                            \
  ORDER(n, gt_s, s, >)                                                                             \
  ORDER(n, le_s, s, <=)                                                                            \
  ORDER(n, lt_u, w, <)                                                                             \
  ORDER(n, ge_u, w, >=)                                                                            \
  ORDER(n, gt_u, w, >)                                                                             \
  ORDER(n, le_u, w, <=)                                                                            \
  EACH(ZERO, n, w)

/* Whether bits are clear or set. */
#define BITS_RR(b, a, n, w, name, op)                                                              \
  STENCIL(n##_br_##name##_rr__##a##b) {                                                            \
    if (((w)r##a & (w)r##b) op 0)                                                                  \
      GO(target);                                                                                  \
    NEXT;                                                                                          \
  }
#define BITS_RI(a, n, w, name, op)                                                                 \
  STENCIL(n##_br_##name##_ri__##a) {                                                               \
    if (((w)r##a & (w)IMM32) op 0)                                                                 \
      GO(target);                                                                                  \
    NEXT;                                                                                          \
  }
#define BITS(n, w)                                                                                 \
  PAIRS(BITS_RR, n, w, clear, ==)                                                                  \
  PAIRS(BITS_RR, n, w, set, !=)                                                                    \
  EACH(BITS_RI, n, w, clear, ==)                                                                   \
  EACH(BITS_RI, n, w, set, !=)

/* Flags for a MOVE_IF that follows at once. */
#define FLAGS_RR(b, a, n, w)                                                                       \
  STENCIL(n##_flags_rr__##a##b) {                                                                  \
    FLAGS_##w(r##a, r##b);                                                                         \
    NEXT;                                                                                          \
  }
#define FLAGS_RI(a, n, w)                                                                          \
  STENCIL(n##_flags_ri__##a) {                                                                     \
    FLAGS_##w(r##a, IMM32);                                                                        \
    NEXT;                                                                                          \
  }                                                                                                \
  STENCIL(n##_flags_zero__##a) {                                                                   \
    FLAGS_ZERO_##w(r##a);                                                                          \
    NEXT;                                                                                          \
  }
#define FLAGS(n, w) PAIRS(FLAGS_RR, n, w) EACH(FLAGS_RI, n, w)

BITS(i32, u32)
BITS(i64, u64)
INTEGER(i32, u32, i32)
INTEGER(i64, u64, i64)
FLAGS(i32, u32)
FLAGS(i64, u64)
