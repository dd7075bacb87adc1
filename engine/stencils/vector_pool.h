/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Floats in registers of vectors: for the stencil_arch.h of machines that have them so. */
#ifndef ENGINE_STENCIL_VECTOR_POOL_H
#define ENGINE_STENCIL_VECTOR_POOL_H

typedef v4 pool_float;

#define GET_f32(v) ((v)[0])
#define GET_f64(v) (((v2)(v))[0])
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

/* Registers of the pool as a whole, whatever is in them. */
#define FLOAT_COPY(a, b) x##a = x##b
#define FLOAT_SWAP(a, b)                                                                           \
  v4 old = x##a;                                                                                   \
  x##a = x##b;                                                                                     \
  x##b = old
#define FLOAT_ZERO(a) x##a = ((v4){0})

#define STENCIL_FLOAT(w, name) STENCIL(name)
#define GO_FLOAT(w, to) GO(to)
#define DEMOTE_f64(v) vec_f32((f32)GET_f64(v))
#define PROMOTE_f32(v) vec_f64((f64)GET_f32(v))

#endif
