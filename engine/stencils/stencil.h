/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* How stencils are written: small functions whose arguments are the machine's state.
 *
 * preserve_none passes every argument in a register of its own, and a tail call hands them on, so
 * an argument's position *is* its register from one stencil to the next. What the compiler knows
 * only when it copies a stencil is a hole:
 * - hole_a..hole_d: undefined symbols, whose addresses become 32-bit displacements (sign extended);
 * - IMM32, IMM64, IMM_SHIFT, LANE...: literals, found by their value. clang is given literals and
 * not symbols here because only those become immediate operands of every instruction;
 * - target, trap_a..trap_c: where a conditional jump goes; next: what follows.
 * The tool tools/stencils refuses what does not come out in that form. */
#ifndef ENGINE_STENCIL_H
#define ENGINE_STENCIL_H

#include "engine/vm.h"

typedef uint64_t u64;
typedef uint32_t u32;
typedef uint16_t u16;
typedef uint8_t u8;
typedef int64_t i64;
typedef int32_t i32;
typedef int16_t i16;
typedef int8_t i8;
typedef float f32;
typedef double f64;
typedef float v4 __attribute__((vector_size(16)));
typedef double v2 __attribute__((vector_size(16)));
/* Any alignment, any aliasing: linear memory and frame slots. */
#define MEMORY_TYPE(t) typedef t m_##t __attribute__((aligned(1), may_alias))
MEMORY_TYPE(u64);
MEMORY_TYPE(u32);
MEMORY_TYPE(u16);
MEMORY_TYPE(u8);
MEMORY_TYPE(i64);
MEMORY_TYPE(i32);
MEMORY_TYPE(i16);
MEMORY_TYPE(i8);
MEMORY_TYPE(f32);
MEMORY_TYPE(f64);
MEMORY_TYPE(v4);

/* Instance, base of memory 0, frame, the integer pool, the floating-point pool. i32 values are kept
 * zero extended in their registers. A file may have fewer. */
#ifndef PARAMS
#define PARAMS                                                                                     \
  u64 inst, u64 mem, u64 fp, u64 r0, u64 r1, u64 r2, u64 r3, u64 r4, u64 r5, u64 r6, u64 r7,       \
      v4 x0, v4 x1, v4 x2, v4 x3, v4 x4, v4 x5, v4 x6, v4 x7
#define ARGS inst, mem, fp, r0, r1, r2, r3, r4, r5, r6, r7, x0, x1, x2, x3, x4, x5, x6, x7
#endif
#define CONDITION r7 /* holds select's condition and the result of floating-point compares */

#define STENCIL(name)                                                                              \
  __attribute__((preserve_none)) void s_##name(PARAMS);                                            \
  __attribute__((preserve_none)) void s_##name(PARAMS)
#define GO(to) __attribute__((musttail)) return to(ARGS)
#define NEXT GO(next)
__attribute__((preserve_none)) void next(PARAMS);
__attribute__((preserve_none)) void target(PARAMS);
__attribute__((preserve_none)) void trap_a(PARAMS);
__attribute__((preserve_none)) void trap_b(PARAMS);
__attribute__((preserve_none)) void trap_c(PARAMS);

extern char hole_a[], hole_b[], hole_c[], hole_d[], hole_e[];
#define HOLE_A ((u64)hole_a)
#define HOLE_B ((u64)hole_b)
#define HOLE_C ((u64)hole_c)
#define HOLE_D ((u64)hole_d)
#define HOLE_E ((u64)hole_e)
#define IMM32 ((i32)0x8a5b6c7d) /* negative: so that nothing shorter than a sign extension does */
#define IMM16 ((i16)0x8c7d)
#define IMM8 ((i8)0x9d)
#define IMM64 0x8a5b6c7d9b4c3d2eull
#define IMM_SHIFT 29
#define IMM_VECTOR_SHIFT 13
#define LANE 3

#define SLOT(type, hole) (*(m_##type *)(fp + (hole)))
#define INSTANCE ((struct wasm_instance *)inst)
/* Linear memory; hole_a: the access's offset. */
#define AT(type, address) (*(volatile m_##type *)(mem + HOLE_A + (address)))

/* A constant that clang must not move into a constant pool. */
static inline __attribute__((always_inline)) u64 opaque(u64 bits) {
  __asm__("" : "+r"(bits));
  return bits;
}
static inline __attribute__((always_inline)) f32 f32_bits(u32 bits) {
  return __builtin_bit_cast(f32, (u32)opaque(bits));
}
static inline __attribute__((always_inline)) f64 f64_bits(u64 bits) {
  return __builtin_bit_cast(f64, opaque(bits));
}

#define GET_f32(v) ((v)[0])
#define GET_f64(v) (((v2)(v))[0])
/* Into the low element, keeping the others: so clang takes scalar instructions. */
#define PUT_f32(v, value) ((v)[0] = (value))
#define PUT_f64(v, value)                                                                          \
  do {                                                                                             \
    v2 pair_ = (v2)(v);                                                                            \
    pair_[0] = (value);                                                                            \
    (v) = (v4)pair_;                                                                               \
  } while (0)
/* The upper elements of a register mean nothing: left undefined, nothing is done to them. */
static inline __attribute__((always_inline)) v4 vec_f32(f32 value) {
  v4 v;
  v[0] = value;
  return v;
}
static inline __attribute__((always_inline)) v4 vec_f64(f64 value) {
  v2 v;
  v[0] = value;
  return (v4)v;
}

/* M(a, ...) for each register; M(b, a, ...) for each pair. */
#define EACH(M, ...)                                                                               \
  M(0, __VA_ARGS__)                                                                                \
  M(1, __VA_ARGS__)                                                                                \
  M(2, __VA_ARGS__)                                                                                \
  M(3, __VA_ARGS__) M(4, __VA_ARGS__) M(5, __VA_ARGS__) M(6, __VA_ARGS__) M(7, __VA_ARGS__)
#define EACH_INNER(M, ...)                                                                         \
  M(0, __VA_ARGS__)                                                                                \
  M(1, __VA_ARGS__)                                                                                \
  M(2, __VA_ARGS__)                                                                                \
  M(3, __VA_ARGS__) M(4, __VA_ARGS__) M(5, __VA_ARGS__) M(6, __VA_ARGS__) M(7, __VA_ARGS__)
#define PAIRS_ROW(a, M, ...) EACH_INNER(M, a, __VA_ARGS__)
#define PAIRS(M, ...) EACH(PAIRS_ROW, M, __VA_ARGS__)

#endif
