/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Stencils on x86_64: preserve_none passes every argument in a register of its own. Holes are
 * undefined symbols, whose addresses become 32-bit displacements. Constants are literals, found by
 * their value: only those become immediate operands of every instruction. */
#ifndef ENGINE_STENCIL_ARCH_H
#define ENGINE_STENCIL_ARCH_H

#include "engine/stencils/vector_pool.h"

#define STENCIL_CALL __attribute__((preserve_none))
#define STENCIL_FIXED_PARAMS u64 mem, u64 inst, u64 fp
#define STENCIL_FIXED_ARGS mem, inst, fp
#define STENCIL_PARAMS                                                                             \
  STENCIL_FIXED_PARAMS, u64 r0, u64 r1, u64 r2, u64 r3, u64 r4, u64 r5, u64 r6, u64 r7, v4 x0,     \
      v4 x1, v4 x2, v4 x3, v4 x4, v4 x5, v4 x6, v4 x7
#define STENCIL_ARGS                                                                               \
  STENCIL_FIXED_ARGS, r0, r1, r2, r3, r4, r5, r6, r7, x0, x1, x2, x3, x4, x5, x6, x7

extern char hole_a[], hole_b[], hole_c[], hole_d[], hole_e[];
#ifdef STENCIL_SMALL /* the build that tells what clang makes of small constants */
#define HOLE_A ((u64)STENCIL_SMALL_A)
#define IMM32 ((i32)STENCIL_SMALL_IMM)
#else
#define HOLE_A ((u64)hole_a)
#define IMM32 ((i32)0x8a5b6c7d) /* negative: so that nothing shorter than a sign extension does */
#endif
#define HOLE_B ((u64)hole_b)
#define HOLE_C ((u64)hole_c)
#define HOLE_D ((u64)hole_d)
#define HOLE_E ((u64)hole_e)
#define IMM16 ((i16)0x8c7d)
#define IMM8 ((i8)0x9d)
#define IMM64 0x8a5b6c7d9b4c3d2eull
/* IMM32 zero extended */
#define IMMU32 ((u32)IMM32)

#define IMM_SHIFT 29

#define ROUND_f32(x, how) __builtin_##how##f(x)
#define ROUND_f64(x, how) __builtin_##how(x)
#define CTZ32(x) ((u32)__builtin_ctz(x))
#define CTZ64(x) ((u32)__builtin_ctzll(x))

/* Into the low element, keeping the others: so clang takes scalar instructions. */
#define PUT_f32(v, value) ((v)[0] = (value))
#define PUT_f64(v, value)                                                                          \
  do {                                                                                             \
    v2 pair_ = (v2)(v);                                                                            \
    pair_[0] = (value);                                                                            \
    (v) = (v4)pair_;                                                                               \
  } while (0)

/* From linear memory, sign extended to 32 bits with zeros above: clang takes two instructions. */
#define LOAD_SIGNED_i8(to, address)                                                                \
  __asm__ volatile("movsbl %1, %k0" : "=r"(to) : "m"(AT(i8, address)))
#define LOAD_SIGNED_i16(to, address)                                                               \
  __asm__ volatile("movswl %1, %k0" : "=r"(to) : "m"(AT(i16, address)))

/* Whether two registers, or one and a constant, are equal. Where clang knows that they are it would
 * copy one into the other before it goes on; flags tell it nothing. */
#define SAME_u32(a, b) ((a) == (b))
#define SAME_u64(a, b)                                                                             \
  ({                                                                                               \
    bool same_;                                                                                    \
    __asm__("cmp %2, %1" : "=@cce"(same_) : "r"(a), "re"(b));                                      \
    same_;                                                                                         \
  })
#define ZERO_u32(a) ((a) == 0)
#define ZERO_u64(a)                                                                                \
  ({                                                                                               \
    bool zero_;                                                                                    \
    __asm__("test %1, %1" : "=@ccz"(zero_) : "r"(a));                                              \
    zero_;                                                                                         \
  })

/* Whether a register is less than a constant, or so. clang would compare with the constant's
 * neighbour instead, which is not what goes into a hole. */
#define ORDERED(a, condition, op, b)                                                               \
  ({                                                                                               \
    bool ordered_;                                                                                 \
    __asm__("cmp %2, %1" : "=@cc" FLAG_##condition(ordered_) : "r"(a), "re"(b));                   \
    ordered_;                                                                                      \
  })

/* A compare's flags, and a move that happens if they say so. */
#define FLAGS_u32(a, b) __asm__ volatile("cmp %1, %0" : : "r"((u32)(a)), "ri"((u32)(b)))
#define FLAGS_u64(a, b) __asm__ volatile("cmp %1, %0" : : "r"(a), "re"((u64)(b)))
#define FLAGS_ZERO_u32(a) __asm__ volatile("test %0, %0" : : "r"((u32)(a)))
#define FLAGS_ZERO_u64(a) __asm__ volatile("test %0, %0" : : "r"(a))
#define FLAG_eq "e"
#define FLAG_ne "ne"
#define FLAG_lt_s "l"
#define FLAG_ge_s "ge"
#define FLAG_gt_s "g"
#define FLAG_le_s "le"
#define FLAG_lt_u "b"
#define FLAG_ge_u "ae"
#define FLAG_gt_u "a"
#define FLAG_le_u "be"
#define MOVE_IF(condition, to, from)                                                               \
  __asm__ volatile("cmov" FLAG_##condition " %1, %0" : "+r"(to) : "r"(from))

/* The function that call_held and held_callee find. */
#define HOLD_CALLEE(func) __asm__ volatile("mov %0, %%r10" : : "r"(func) : "r10")

#endif
