/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Stencils of integer arithmetic (core spec 4.3.2): the result replaces the left operand. */
#include "engine/stencils/stencil.h"

#define RR(b, a, name, w, e)                                                                       \
  STENCIL(name##_rr__##a##b) {                                                                     \
    w x = (w)r##a, y = (w)r##b;                                                                    \
    r##a = (w)(e);                                                                                 \
    NEXT;                                                                                          \
  }
#define RS(a, name, w, e)                                                                          \
  STENCIL(name##_rs__##a) {                                                                        \
    w x = (w)r##a, y = SLOT(w, HOLE_A);                                                            \
    r##a = (w)(e);                                                                                 \
    NEXT;                                                                                          \
  }
#define RI(a, name, w, imm, e)                                                                     \
  STENCIL(name##_ri__##a) {                                                                        \
    w x = (w)r##a, y = (w)imm;                                                                     \
    r##a = (w)(e);                                                                                 \
    NEXT;                                                                                          \
  }
/* Those that leave their operand where it is: r##b to r##a. */
#define KEEP_RI(b, a, name, w, imm, e)                                                             \
  STENCIL(name##_ri__##a##b) {                                                                     \
    w x = (w)r##b, y = (w)imm;                                                                     \
    r##a = (w)(e);                                                                                 \
    NEXT;                                                                                          \
  }
#define KEEP(b, a, name, w, e)                                                                     \
  STENCIL(name##__##a##b) {                                                                        \
    w x = (w)r##b;                                                                                 \
    r##a = (w)(e);                                                                                 \
    NEXT;                                                                                          \
  }
#define UNARY(a, name, w, e)                                                                       \
  STENCIL(name##__##a) {                                                                           \
    w x = (w)r##a;                                                                                 \
    r##a = (w)(e);                                                                                 \
    NEXT;                                                                                          \
  }

#define BINARY(name, w, e)                                                                         \
  PAIRS(RR, name, w, e)                                                                            \
  EACH(RS, name, w, e)                                                                             \
  EACH(RI, name, w, IMM32, e)
#define SHIFT(name, w, e) PAIRS(RR, name, w, e) EACH(RI, name, w, IMM_SHIFT, e)

#define INTEGER(n, w, s, bits)                                                                     \
  PAIRS(RR, n##_add, w, x + y)                                                                     \
  EACH(RS, n##_add, w, x + y)                                                                      \
  PAIRS(KEEP_RI, n##_add, w, IMM32, x + y)                                                         \
  PAIRS(RR, n##_sub, w, x - y)                                                                     \
  EACH(RS, n##_sub, w, x - y)                                                                      \
  PAIRS(RR, n##_mul, w, x *y)                                                                      \
  EACH(RS, n##_mul, w, x *y)                                                                       \
  PAIRS(KEEP_RI, n##_mul, w, IMM32, x *y)                                                          \
  BINARY(n##_and, w, x &y)                                                                         \
  BINARY(n##_or, w, x | y)                                                                         \
  PAIRS(RR, n##_xor, w, x ^ y)                                                                     \
  EACH(RS, n##_xor, w, x ^ y)                                                                      \
  SHIFT(n##_shl, w, x << (y & (bits - 1)))                                                         \
  SHIFT(n##_shr_s, w, (s)x >> (y & (bits - 1)))                                                    \
  SHIFT(n##_shr_u, w, x >> (y & (bits - 1)))                                                       \
  PAIRS(RR, n##_rotl, w, __builtin_rotateleft##bits(x, y))                                         \
  PAIRS(RR, n##_rotr, w, __builtin_rotateright##bits(x, y))                                        \
  PAIRS(KEEP_RI, n##_rotr, w, IMM_SHIFT, __builtin_rotateright##bits(x, y))                        \
  PAIRS(KEEP, n##_extend8_s, w, (s)(i8)x)                                                          \
  PAIRS(KEEP, n##_extend16_s, w, (s)(i16)x)

INTEGER(i32, u32, i32, 32)
INTEGER(i64, u64, i64, 64)
EACH(RI, i64_xor, u64, IMM32, x ^ y) /* i32.xor: clang extends the constant, see stencils.S */
PAIRS(KEEP, i64_extend32_s, u64, (i64)(i32)x)
PAIRS(KEEP, i32_clz, u32, x ? (u32)__builtin_clz(x) : 32u)
PAIRS(KEEP, i32_ctz, u32, x ? CTZ32(x) : 32u)
PAIRS(KEEP, i32_popcnt, u32, __builtin_popcount(x))
PAIRS(KEEP, i64_clz, u64, x ? (u64)__builtin_clzll(x) : 64u)
PAIRS(KEEP, i64_ctz, u64, x ? CTZ64(x) : 64u)
PAIRS(KEEP, i64_popcnt, u64, __builtin_popcountll(x))
EACH(UNARY, i32_eqz, u32, x == 0)
EACH(UNARY, i64_eqz, u64, x == 0)

/* trap_a: division by zero, trap_b: the quotient does not fit. The remainder of the smallest number
 * and -1 is 0, but the machine's instruction would fault on it. */
#define DIVISION(b, a, n, w, s, min)                                                               \
  STENCIL(n##_div_s__##a##b) {                                                                     \
    if (__builtin_expect((w)r##b == 0, 0))                                                         \
      GO(trap_a);                                                                                  \
    if (__builtin_expect((s)r##b == -1, 0) && (w)r##a == min)                                      \
      GO(trap_b);                                                                                  \
    r##a = (w)((s)r##a / (s)r##b);                                                                 \
    NEXT;                                                                                          \
  }                                                                                                \
  STENCIL(n##_div_u__##a##b) {                                                                     \
    if (__builtin_expect((w)r##b == 0, 0))                                                         \
      GO(trap_a);                                                                                  \
    r##a = (w)r##a / (w)r##b;                                                                      \
    NEXT;                                                                                          \
  }                                                                                                \
  STENCIL(n##_rem_s__##a##b) {                                                                     \
    if (__builtin_expect((w)r##b == 0, 0))                                                         \
      GO(trap_a);                                                                                  \
    if ((s)r##b == -1)                                                                             \
      r##a = 0;                                                                                    \
    else                                                                                           \
      r##a = (w)((s)r##a % (s)r##b);                                                               \
    NEXT;                                                                                          \
  }                                                                                                \
  STENCIL(n##_rem_u__##a##b) {                                                                     \
    if (__builtin_expect((w)r##b == 0, 0))                                                         \
      GO(trap_a);                                                                                  \
    r##a = (w)r##a % (w)r##b;                                                                      \
    NEXT;                                                                                          \
  }
PAIRS(DIVISION, i32, u32, i32, 0x80000000u)
PAIRS(DIVISION, i64, u64, i64, 0x8000000000000000ull)
