/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* How stencils are written: small functions whose arguments are the machine's state.
 *
 * Every argument has a register of its own, and a tail call hands them on, so an argument's
 * position *is* its register from one stencil to the next. What the compiler knows only when it
 * copies a stencil is a hole:
 * - HOLE_A..HOLE_E: displacements and indices, 32 bits, sign extended;
 * - IMM32, IMM64, IMM_SHIFT, LANE...: the instruction's constant;
 * - target, trap_a..trap_c: where a conditional jump goes; next: what follows.
 * engine/arch/<a>/stencil_arch.h says how clang is brought to leave room for them, and which
 * arguments there are: the fixed ones are instance (inst), base of memory 0 (mem) and frame (fp);
 * the others the pools of integer (r0 to r7) and floating-point registers (x0 to x7). i32 values
 * are kept zero extended in their registers. The tool tools/stencils refuses what does not come out
 * in a form that it knows. */
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

#include "stencil_arch.h" /* of engine/arch/<a> */

/* A file's stencils may have fewer arguments. */
#ifndef PARAMS
#define PARAMS STENCIL_PARAMS
#define ARGS STENCIL_ARGS
#endif
#define CONDITION r7 /* holds the result of floating-point compares */

#define STENCIL(name)                                                                              \
  STENCIL_CALL void s_##name(PARAMS);                                                              \
  STENCIL_CALL void s_##name(PARAMS)
#define GO(to) __attribute__((musttail)) return to(ARGS)
#define NEXT GO(next)
/* A stencil on floats of type w; the same ends, for it. */
#define STENCIL_F(w, name) STENCIL_FLOAT(w, name)
#define GO_F(w, to) GO_FLOAT(w, to)
#define NEXT_F(w) GO_FLOAT(w, next)
STENCIL_CALL void next(PARAMS);
STENCIL_CALL void target(PARAMS);
STENCIL_CALL void trap_a(PARAMS);
STENCIL_CALL void trap_b(PARAMS);
STENCIL_CALL void trap_c(PARAMS);

#define IMM_VECTOR_SHIFT 13
#define LANE 3

#define SLOT(type, hole) (*(m_##type *)(fp + (hole)))
#define INSTANCE ((struct wasm_instance *)inst)
/* Linear memory; hole_a: the access's offset. */
#define AT(type, address) (*(volatile m_##type *)(mem + HOLE_A + (address)))

/* hole_a: offset of the pointer in the instance's array of globals. */
#define GLOBAL(type) (*(m_##type *)*(u64 *)((u64)INSTANCE->globals + HOLE_A))
/* hole_a: offset of the global in the instance. */
#define OWN(type) (*(m_##type *)(inst + HOLE_A))
_Static_assert(offsetof(struct wasm_global, value) == 0, "GLOBAL relies on it");

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
