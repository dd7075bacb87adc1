/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Shuffles as functions, and the table of all functions that wasm_vector_call (enter.S) calls by
 * their numbers (enum vector_operation). */
#include "engine/stencils/vector.h"

/* Lanes at the places that 16 bytes of the image say; 0 for a place beyond. */
static u8x16 pick_lanes(v4 x, u64 places) {
  return vec_swizzle((u8x16)x, *(const u8x16 *)places);
}
VECTOR_FUNCTION(shuffle_one) {
  (void)other;
  v[0] = (v4)pick_lanes(v[0], number);
  return 0;
}
VECTOR_FUNCTION(shuffle_two) {
  v[0] = (v4)(pick_lanes(v[0], number) | pick_lanes(v[1], other));
  return 0;
}

typedef u64 vector_function(v4 *v, u64 number, u64 other);
#define FAMILY(name, shape) vector_function wasm_vector_##name;
#include "engine/stencils/vector_arithmetic.def"
#undef FAMILY

extern vector_function *const wasm_vector_functions[];
vector_function *const wasm_vector_functions[] = {
#define FAMILY(name, shape) wasm_vector_##name,
#include "engine/stencils/vector_arithmetic.def"
#undef FAMILY
};
