/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Vectors in registers: for the vector_arch.h of machines that have them so. */
#ifndef ENGINE_STENCIL_VECTOR_REGISTERS_H
#define ENGINE_STENCIL_VECTOR_REGISTERS_H

/* dst = e(dst, y) */
#define BINARY(b, a, name, type, e)                                                                \
  STENCIL(name##__##a##b) {                                                                        \
    type x = (type)x##a, y = (type)x##b;                                                           \
    x##a = (v4)(e);                                                                                \
    NEXT;                                                                                          \
  }
/* dst = e(dst) */
#define UNARY(a, name, type, e)                                                                    \
  STENCIL(name##__##a) {                                                                           \
    type x = (type)x##a;                                                                           \
    x##a = (v4)(e);                                                                                \
    NEXT;                                                                                          \
  }
/* dst = e(dst, y, z) with z in the last register of the pool */
#define TERNARY(b, a, name, type, e)                                                               \
  STENCIL(name##__##a##b) {                                                                        \
    type x = (type)x##a, y = (type)x##b, z = (type)x7;                                             \
    x##a = (v4)(e);                                                                                \
    NEXT;                                                                                          \
  }
/* Vectors to a number, by way of a scratch register: conditions are bytes, and not every register
 * of the pool has its low byte at the same price. */
#define TEST(b, a, name, type, e)                                                                  \
  STENCIL(name##__##a##b) {                                                                        \
    type x = (type)x##b;                                                                           \
    r##a = opaque(e);                                                                              \
    NEXT;                                                                                          \
  }
/* The count is taken modulo the width. _ri: by a constant. */
#define SHIFT(b, a, name, type, width, e)                                                          \
  STENCIL(name##__##a##b) {                                                                        \
    type x = (type)x##a;                                                                           \
    u32 n = (u32)r##b % width;                                                                     \
    x##a = (v4)(e);                                                                                \
    NEXT;                                                                                          \
  }
#define SHIFT_BY(a, name, type, width, e)                                                          \
  STENCIL(name##__##a) {                                                                           \
    type x = (type)x##a;                                                                           \
    const u32 n = IMM_VECTOR_SHIFT;                                                                \
    x##a = (v4)(e);                                                                                \
    NEXT;                                                                                          \
  }
/* The nearest integers in one direction: ceil, floor, trunc, roundeven. */
#define ROUND_LANES(w, how, x) __builtin_elementwise_##how(x)

#endif
