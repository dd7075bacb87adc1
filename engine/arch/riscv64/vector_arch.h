/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Stencils of vector instructions on riscv64, whose base instructions have none: what computes is a
 * function (functions/vector_arch.h), which the stencils call by its number. The expressions are
 * for the functions.
 *
 * The operands go in ft0 and ft1 (lower and upper half), ft2 and ft3, ft4 and ft5, a number or
 * addresses in t3 and t4; the result comes back in ft0 and ft1, or in t3. t0 is the return address.
 * wasm_vector_call (enter.S) keeps the pools' registers. */
#ifndef ENGINE_VECTOR_ARCH_H
#define ENGINE_VECTOR_ARCH_H

enum vector_operation {
#define FAMILY(name, shape) VECTOR_##name,
#include "engine/stencils/vector_arithmetic.def"
#undef FAMILY
};

/* Lines of assembler around the call. */
#define VECTOR_X(a) "fmv.d ft0, %[x]\n\tfmv.d ft1, " UPPER_##a "\n\t"
#define VECTOR_Y(b) "fmv.d ft2, %[y]\n\tfmv.d ft3, " UPPER_##b "\n\t"
#define VECTOR_Z "fmv.d ft4, %[z]\n\tfmv.d ft5, " UPPER_7 "\n\t"
#define VECTOR_N "mv t3, %[n]\n\t"
#define VECTOR_CALL                                                                                \
  "ld t1, %[helpers](s1)\n\tld t1, %[call](t1)\n\tli t2, %[operation]\n\tjalr t0, t1\n\t"
#define VECTOR_RESULT(a) "fmv.d %[x], ft0\n\tfmv.d " UPPER_##a ", ft1"
/* What these name besides the operands. */
#define VECTOR_NUMBERS(name)                                                                       \
  [helpers] "i"(offsetof(struct wasm_instance, helpers)),                                          \
      [call] "i"(offsetof(struct wasm_helpers, vector_call)), [operation] "i"(VECTOR_##name)
#define VECTOR_CLOBBERS                                                                            \
  "t0", "t1", "t2", "t3", "t4", "t5", "ft0", "ft1", "ft2", "ft3", "ft4", "ft5", "ft6", "ft7",      \
      "ft8", "ft9", "ft10", "ft11"
#define VECTOR_STENCIL(suffix, name, lines, output, ...)                                           \
  STENCIL(name##__##suffix) {                                                                      \
    __asm__ volatile(lines:output                                                                  \
                     : VECTOR_NUMBERS(name) __VA_OPT__(, ) __VA_ARGS__                             \
                     : VECTOR_CLOBBERS);                                                           \
    NEXT;                                                                                          \
  }

#define UNARY(a, name, type, e)                                                                    \
  VECTOR_STENCIL(a, name, VECTOR_X(a) VECTOR_CALL VECTOR_RESULT(a), [x] "+f"(x##a))
#define BINARY(b, a, name, type, e)                                                                \
  VECTOR_STENCIL(                                                                                  \
      a##b, name,                                                                                  \
      VECTOR_X(a) VECTOR_Y(b) VECTOR_CALL VECTOR_RESULT(a), [x] "+f"(x##a), [y] "f"(x##b))
#define TERNARY(b, a, name, type, e)                                                               \
  VECTOR_STENCIL(a##b, name, VECTOR_X(a) VECTOR_Y(b) VECTOR_Z VECTOR_CALL VECTOR_RESULT(a),        \
                 [x] "+f"(x##a), [y] "f"(x##b), [z] "f"(x7))
#define TEST(b, a, name, type, e)                                                                  \
  VECTOR_STENCIL(a##b, name, VECTOR_X(b) VECTOR_CALL "mv %[n], t3", [n] "=r"(r##a), [x] "f"(x##b))
#define SHIFT(b, a, name, type, width, e)                                                          \
  VECTOR_STENCIL(a##b, name,                                                                       \
                 VECTOR_X(a) VECTOR_N VECTOR_CALL VECTOR_RESULT(a), [x] "+f"(x##a), [n] "r"(r##b))
#define SHIFT_BY(a, name, type, width, e)                                                          \
  VECTOR_STENCIL(                                                                                  \
      a, name,                                                                                     \
      VECTOR_X(a) "addi t3, zero, %%lo(imm)\n\t" VECTOR_CALL VECTOR_RESULT(a), [x] "+f"(x##a))

#endif
