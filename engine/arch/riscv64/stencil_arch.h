/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Stencils on riscv64: C's convention passes the pools' registers; the fixed ones are global
 * register variables (target.h). A hole is two instructions, which make its number in a scratch
 * register: lui, and addiw and not addi, for the sum is one of 32 bits. Constants are holes like
 * others. The assembler's relocations for undefined symbols tell the extraction tool where they
 * are. */
#ifndef ENGINE_STENCIL_ARCH_H
#define ENGINE_STENCIL_ARCH_H

#include "engine/arch/riscv64/rounding.h"

register u64 inst __asm__("s1");
register u64 mem __asm__("s2");
register u64 fp __asm__("s3");

#define STENCIL_CALL
#define STENCIL_FIXED_PARAMS void
#define STENCIL_FIXED_ARGS
#define STENCIL_PARAMS_OF(w)                                                                       \
  u64 r0, u64 r1, u64 r2, u64 r3, u64 r4, u64 r5, u64 r6, u64 r7, w x0, w x1, w x2, w x3, w x4,    \
      w x5, w x6, w x7
#define STENCIL_PARAMS STENCIL_PARAMS_OF(f64)
#define STENCIL_ARGS r0, r1, r2, r3, r4, r5, r6, r7, x0, x1, x2, x3, x4, x5, x6, x7

#define HOLE_(symbol)                                                                              \
  static inline __attribute__((always_inline)) u64 stencil_##symbol(void) {                        \
    u64 value;                                                                                     \
    __asm__("lui %0, %%hi(" #symbol ")\n\taddiw %0, %0, %%lo(" #symbol ")" : "=r"(value));         \
    return value;                                                                                  \
  }
HOLE_(hole_a)
HOLE_(hole_b)
HOLE_(hole_c)
HOLE_(hole_d)
HOLE_(hole_e)
HOLE_(imm)
HOLE_(imm_upper)
#ifdef STENCIL_SMALL /* the builds that tell what clang makes of small constants */
#define HOLE_A ((u64)STENCIL_SMALL_A)
#define IMM32 ((i64)STENCIL_SMALL_IMM)
#define IMMU32 ((u32)STENCIL_SMALL_IMM)
#else
#define HOLE_A stencil_hole_a()
#define IMM32 ((i64)stencil_imm())
#define IMMU32 ((u32)stencil_imm())
#endif
#define HOLE_B stencil_hole_b()
#define HOLE_C stencil_hole_c()
#define HOLE_D stencil_hole_d()
#define HOLE_E stencil_hole_e()
#define IMM16 stencil_imm()
#define IMM8 stencil_imm()
#define IMM64 ((stencil_imm_upper() << 32) + stencil_imm())

/* Instructions that shift by a constant have no relocation. */
static inline __attribute__((always_inline)) u32 stencil_shift(void) {
  u64 value;
  __asm__("addi %0, zero, %%lo(imm)" : "=r"(value));
  return (u32)value;
}
#define IMM_SHIFT stencil_shift()
static inline __attribute__((always_inline)) u64 stencil_lane(void) {
  u64 value;
  __asm__("addi %0, zero, %%lo(lane)" : "=r"(value));
  return value;
}

/* ---- Floats -------------------------------------------------------------------------------- */

/* A register of the pool is an f64 to clang, but in stencils on f32 alone, where all are f32: clang
 * boxes such. */
typedef f64 pool_float;
#define vec_f32(value) (value)
#define vec_f64(value) (value)
#define GET_f32(v) (v)
#define GET_f64(v) (v)
#define PUT_f32(v, value) ((v) = (value))
#define PUT_f64(v, value) ((v) = (value))
static inline __attribute__((always_inline)) f64 stencil_demote(f64 v) {
  __asm__("fcvt.s.d %0, %0" : "+f"(v));
  return v;
}
static inline __attribute__((always_inline)) f64 stencil_promote(f64 v) {
  __asm__("fcvt.d.s %0, %0" : "+f"(v));
  return v;
}
#define DEMOTE_f64(v) stencil_demote(v)
#define PROMOTE_f32(v) stencil_promote(v)

/* Registers of the pool as a whole: vectors have their upper halves in others (target.h), which
 * clang does not know of. It leaves them alone, for it would have to save them. */
#define UPPER_0 "fs2"
#define UPPER_1 "fs3"
#define UPPER_2 "fs4"
#define UPPER_3 "fs5"
#define UPPER_4 "fs6"
#define UPPER_5 "fs7"
#define UPPER_6 "fs0"
#define UPPER_7 "fs1"
#define FLOAT_COPY(a, b)                                                                           \
  x##a = x##b;                                                                                     \
  __asm__ volatile("fmv.d " UPPER_##a ", " UPPER_##b)
#define FLOAT_SWAP(a, b)                                                                           \
  f64 old = x##a;                                                                                  \
  x##a = x##b;                                                                                     \
  x##b = old;                                                                                      \
  __asm__ volatile("fmv.d ft0, " UPPER_##a "\n\tfmv.d " UPPER_##a ", " UPPER_##b                   \
                   "\n\tfmv.d " UPPER_##b ", ft0" ::                                               \
                       : "ft0")
#define FLOAT_ZERO(a)                                                                              \
  x##a = 0;                                                                                        \
  __asm__ volatile("fmv.d.x " UPPER_##a ", zero")

#define STENCIL_FLOAT(w, name)                                                                     \
  void s_##name(STENCIL_PARAMS_OF(w));                                                             \
  void s_##name(STENCIL_PARAMS_OF(w))
#define GO_FLOAT(w, to) __attribute__((musttail)) return to##_##w(ARGS)
#define ENDS_(w, name) void name##_##w(STENCIL_PARAMS_OF(w)) __asm__(#name);
#define ENDS(w) ENDS_(w, next) ENDS_(w, target) ENDS_(w, trap_a) ENDS_(w, trap_b)
ENDS(f32)
ENDS(f64)

/* From linear memory, sign extended to 32 bits with zeros above. */
#define LOAD_SIGNED_i8(to, address) ((to) = (u32)AT(i8, address))
#define LOAD_SIGNED_i16(to, address) ((to) = (u32)AT(i16, address))

#define ROUND_f32(x, how) round_f32_##how(x)
#define ROUND_f64(x, how) round_f64_##how(x)

/* The bits below the lowest one that is set are as many as trailing zeros. clang must not know: it
 * has a table for that. */
#define CTZ32(x) ((u32)__builtin_popcount((u32)opaque(((x)-1) & ~(x))))
#define CTZ64(x) ((u32)__builtin_popcountll(opaque(((x)-1) & ~(x))))

/* Whether two registers, or one and a constant, are equal. Where clang knows that they are it would
 * copy one into the other before it goes on: `opaque` keeps it from knowing, for a move. */
#define SAME_u32(a, b) ((a) == (b))
#define SAME_u64(a, b) (opaque(a) == (b))
#define ZERO_u32(a) ((a) == 0)
#define ZERO_u64(a) (opaque(a) == 0)
/* Whether a register is less than a constant, or so. */
#define ORDERED(a, condition, op, b) ((a)op(b))

/* There are no flags: s4 and s5, which clang leaves alone, keep what was compared. Sign extended
 * 32-bit numbers are in the same order as unsigned ones, too. A move is jumped over if its
 * condition is not so. */
#define FLAGS_u32(a, b) __asm__ volatile("sext.w s4, %0\n\tsext.w s5, %1" : : "r"(a), "r"(b))
#define FLAGS_u64(a, b) __asm__ volatile("mv s4, %0\n\tmv s5, %1" : : "r"(a), "r"((u64)(b)))
#define FLAGS_ZERO_u32(a) __asm__ volatile("sext.w s4, %0\n\tli s5, 0" : : "r"(a))
#define FLAGS_ZERO_u64(a) __asm__ volatile("mv s4, %0\n\tli s5, 0" : : "r"(a))
#define UNLESS_eq "bne s4, s5"
#define UNLESS_ne "beq s4, s5"
#define UNLESS_lt_s "bge s4, s5"
#define UNLESS_ge_s "blt s4, s5"
#define UNLESS_gt_s "bge s5, s4"
#define UNLESS_le_s "blt s5, s4"
#define UNLESS_lt_u "bgeu s4, s5"
#define UNLESS_ge_u "bltu s4, s5"
#define UNLESS_gt_u "bgeu s5, s4"
#define UNLESS_le_u "bltu s5, s4"
#define MOVE_IF(condition, to, from)                                                               \
  __asm__ volatile(UNLESS_##condition ", . + 8\n\tmv %0, %1" : "+r"(to) : "r"(from))

/* The function that call_held and held_callee find, in a register that clang leaves alone. */
#define HOLD_CALLEE(func) __asm__ volatile("mv t6, %0" : : "r"(func))

#endif
