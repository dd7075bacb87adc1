/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Vectors as the stencils see them: the interpretations of a v128 (core spec 2.3.2). */
#ifndef ENGINE_STENCIL_VECTOR_TYPES_H
#define ENGINE_STENCIL_VECTOR_TYPES_H

#include "engine/stencils/stencil.h"

#define VECTOR_TYPE(lane, count) typedef lane lane##x##count __attribute__((vector_size(16)))
VECTOR_TYPE(i8, 16);
VECTOR_TYPE(u8, 16);
VECTOR_TYPE(i16, 8);
VECTOR_TYPE(u16, 8);
VECTOR_TYPE(i32, 4);
VECTOR_TYPE(u32, 4);
VECTOR_TYPE(i64, 2);
VECTOR_TYPE(u64, 2);
VECTOR_TYPE(f32, 4);
VECTOR_TYPE(f64, 2);

/* Halves of vectors, which widen to whole ones. */
#define HALF_TYPE(lane, count)                                                                     \
  typedef lane lane##x##count __attribute__((vector_size(8)));                                     \
  MEMORY_TYPE(lane##x##count)
HALF_TYPE(i8, 8);
HALF_TYPE(u8, 8);
HALF_TYPE(i16, 4);
HALF_TYPE(u16, 4);
HALF_TYPE(i32, 2);
HALF_TYPE(u32, 2);

/* A number that clang must not move into a constant pool, in all lanes. */
static inline __attribute__((always_inline)) i32x4 vec_splat32(u32 bits) {
  i32 lane = (i32)opaque(bits);
  return (i32x4){lane, lane, lane, lane};
}
static inline __attribute__((always_inline)) i64x2 vec_splat64(u64 bits) {
  i64 lane = (i64)opaque(bits);
  return (i64x2){lane, lane};
}

#endif
