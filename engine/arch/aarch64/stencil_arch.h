/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Stencils on aarch64: preserve_none passes every argument in a register of its own. A hole that
 * may be any 32-bit number is two instructions, which make it in a scratch register; constants are
 * holes like others. The assembler's relocations for undefined symbols tell the extraction tool
 * which bits of which instruction they are. */
#ifndef ENGINE_STENCIL_ARCH_H
#define ENGINE_STENCIL_ARCH_H

#include "engine/stencils/vector_pool.h"

#define STENCIL_CALL __attribute__((preserve_none))
#define STENCIL_FIXED_PARAMS u64 inst, u64 mem, u64 fp
#define STENCIL_FIXED_ARGS inst, mem, fp
#define STENCIL_PARAMS                                                                             \
  STENCIL_FIXED_PARAMS, u64 r0, u64 r1, u64 r2, u64 r3, u64 r4, u64 r5, u64 r6, u64 r7, v4 x0,     \
      v4 x1, v4 x2, v4 x3, v4 x4, v4 x5, v4 x6, v4 x7
#define STENCIL_ARGS                                                                               \
  STENCIL_FIXED_ARGS, r0, r1, r2, r3, r4, r5, r6, r7, x0, x1, x2, x3, x4, x5, x6, x7

/* abs_g1_s: the tool's form HIGH; movz becomes movn for negative numbers. */
#define HOLE_(symbol)                                                                              \
  static inline __attribute__((always_inline)) u64 stencil_##symbol(void) {                        \
    u64 value;                                                                                     \
    __asm__("movz %0, #:abs_g1_s:" #symbol "\n\tmovk %0, #:abs_g0_nc:" #symbol : "=r"(value));     \
    return value;                                                                                  \
  }
HOLE_(hole_a)
HOLE_(hole_b)
HOLE_(hole_c)
HOLE_(hole_d)
HOLE_(hole_e)
HOLE_(imm)
#ifdef STENCIL_SMALL /* the builds that tell what clang makes of small constants */
#define HOLE_A ((u64)STENCIL_SMALL_A)
#define IMM32 ((i64)STENCIL_SMALL_IMM)
#define IMMU32 ((u32)STENCIL_SMALL_IMM)
#else
#define HOLE_A stencil_hole_a()
#define IMM32 ((i64)stencil_imm())
#define IMMU32 stencil_immu32()
#endif
#define HOLE_B stencil_hole_b()
#define HOLE_C stencil_hole_c()
#define HOLE_D stencil_hole_d()
#define HOLE_E stencil_hole_e()

/* Zero extended. */
static inline __attribute__((always_inline)) u32 stencil_immu32(void) {
  u32 value;
  __asm__("movz %w0, #:abs_g1_s:imm\n\tmovk %w0, #:abs_g0_nc:imm" : "=r"(value));
  return value;
}
static inline __attribute__((always_inline)) u32 stencil_imm16(void) {
  u32 value;
  __asm__("movz %w0, #:abs_g0_nc:imm" : "=r"(value));
  return value;
}
#define IMM16 stencil_imm16()
#define IMM8 stencil_imm16()
static inline __attribute__((always_inline)) u64 stencil_imm64(void) {
  u64 value;
  __asm__("movz %0, #:abs_g0_nc:imm\n\tmovk %0, #:abs_g1_nc:imm\n\t"
          "movk %0, #:abs_g2_nc:imm\n\tmovk %0, #:abs_g3:imm"
          : "=r"(value));
  return value;
}
#define IMM64 stencil_imm64()

#define IMM_SHIFT 29 /* a literal, too */

#define ROUND_f32(x, how) __builtin_##how##f(x)
#define ROUND_f64(x, how) __builtin_##how(x)
#define CTZ32(x) ((u32)__builtin_ctz(x))
#define CTZ64(x) ((u32)__builtin_ctzll(x))

/* Scalar instructions write whole registers: nothing of the old value is kept. */
#define PUT_f32(v, value) ((v) = vec_f32(value))
#define PUT_f64(v, value) ((v) = vec_f64(value))

/* From linear memory, sign extended to 32 bits with zeros above. */
#define LOAD_SIGNED_i8(to, address) ((to) = (u32)AT(i8, address))
#define LOAD_SIGNED_i16(to, address) ((to) = (u32)AT(i16, address))

/* Whether two registers, or one and a constant, are equal. Where clang knows that they are it would
 * copy one into the other before it goes on: `opaque` keeps it from knowing, for a move. */
#define SAME_u32(a, b) ((a) == (b))
#define SAME_u64(a, b) (opaque(a) == (b))
#define ZERO_u32(a) ((a) == 0)
#define ZERO_u64(a) (opaque(a) == 0)
/* Whether a register is less than a constant, or so. */
#define ORDERED(a, condition, op, b) ((a)op(b))

/* A compare's flags, and a move that happens if they say so. */
#define FLAGS_u32(a, b) __asm__ volatile("cmp %w0, %w1" : : "r"(a), "rI"((u32)(b)))
#define FLAGS_u64(a, b) __asm__ volatile("cmp %0, %1" : : "r"(a), "rI"((u64)(b)))
#define FLAGS_ZERO_u32(a) __asm__ volatile("cmp %w0, #0" : : "r"(a))
#define FLAGS_ZERO_u64(a) __asm__ volatile("cmp %0, #0" : : "r"(a))
#define FLAG_eq "eq"
#define FLAG_ne "ne"
#define FLAG_lt_s "lt"
#define FLAG_ge_s "ge"
#define FLAG_gt_s "gt"
#define FLAG_le_s "le"
#define FLAG_lt_u "lo"
#define FLAG_ge_u "hs"
#define FLAG_gt_u "hi"
#define FLAG_le_u "ls"
#define MOVE_IF(condition, to, from)                                                               \
  __asm__ volatile("csel %0, %1, %0, " FLAG_##condition : "+r"(to) : "r"(from))

/* The function that call_held and held_callee find, in a register that clang leaves alone. */
#define HOLD_CALLEE(func) __asm__ volatile("mov x15, %0" : : "r"(func))

#endif
