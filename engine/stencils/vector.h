/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* How stencils of vector instructions (core spec 4.3.5, 4.4.3) are written, besides stencil.h. An
 * expression says what is done to x and y, vectors of the type named with it. */
#ifndef ENGINE_STENCIL_VECTOR_H
#define ENGINE_STENCIL_VECTOR_H

#include "engine/stencils/vector_types.h"

#include "vector_arch.h" /* of engine/arch/<a> */

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

#endif
