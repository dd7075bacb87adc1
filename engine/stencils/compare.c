/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Stencils of integer compares: to a register, and fused with a conditional jump. */
#include "engine/stencils/stencil.h"

#define RR(b, a, n, cond, s, op, hide)                                                             \
  STENCIL(n##_##cond##_rr__##a##b) {                                                               \
    r##a = (s)r##a op(s) r##b;                                                                     \
    NEXT;                                                                                          \
  }                                                                                                \
  STENCIL(n##_br_##cond##_rr__##a##b) {                                                            \
    if ((s)hide(r##a) op(s) r##b)                                                                  \
      GO(target);                                                                                  \
    NEXT;                                                                                          \
  }
#define RI(a, n, cond, s, op, hide)                                                                \
  STENCIL(n##_##cond##_ri__##a) {                                                                  \
    r##a = (s)r##a op(s) IMM32;                                                                    \
    NEXT;                                                                                          \
  }                                                                                                \
  STENCIL(n##_br_##cond##_ri__##a) {                                                               \
    if ((s)hide(r##a) op(s) IMM32)                                                                 \
      GO(target);                                                                                  \
    NEXT;                                                                                          \
  }
/* Where two registers are known to be equal clang would copy one into the other before it goes on:
 * `hide` keeps it from knowing, at the price of a move in the stencil. */
#define CONDITION_(n, cond, s, op, hide)                                                           \
  PAIRS(RR, n, cond, s, op, hide)                                                                  \
  EACH(RI, n, cond, s, op, hide)

#define INTEGER(n, w, s, hide)                                                                     \
  CONDITION_(n, eq, w, ==, hide)                                                                   \
  CONDITION_(n, ne, w, !=, hide)                                                                   \
  CONDITION_(n, lt_s, s, <, )                                                                      \
  CONDITION_(n, ge_s, s, >=, )                                                                     \
  CONDITION_(n, gt_s, s, >, )                                                                      \
  CONDITION_(n, le_s, s, <=, )                                                                     \
  CONDITION_(n, lt_u, w, <, )                                                                      \
  CONDITION_(n, ge_u, w, >=, )                                                                     \
  CONDITION_(n, gt_u, w, >, )                                                                      \
  CONDITION_(n, le_u, w, <=, )                                                                     \
  EACH(ZERO, n, w, hide)

#define ZERO(a, n, w, hide)                                                                        \
  STENCIL(n##_br_zero__##a) {                                                                      \
    if ((w)hide(r##a) == 0)                                                                        \
      GO(target);                                                                                  \
    NEXT;                                                                                          \
  }                                                                                                \
  STENCIL(n##_br_nonzero__##a) {                                                                   \
    if ((w)hide(r##a) != 0)                                                                        \
      GO(target);                                                                                  \
    NEXT;                                                                                          \
  }

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

BITS(i32, u32)
BITS(i64, u64)
INTEGER(i32, u32, i32, )
INTEGER(i64, u64, i64, opaque)
