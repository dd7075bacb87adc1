/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The engine's calling convention on top of engine/arch/<a>/target.h: where arguments and results
 * go. Shared by the compiler and the glue between C and generated code. */
#ifndef ENGINE_CALLING_H
#define ENGINE_CALLING_H

#include "engine/engine.h"

#include "target.h" /* of engine/arch/<a> */

/* Whether its values live in the floating-point pool: f32, f64, v128, whose numbers are neighbours.
 */
static inline bool is_float_type(uint8_t type) {
  return (uint8_t)(type - WASM_V128) <= WASM_F32 - WASM_V128;
}
/* Slots and outgoing words that a value takes. */
static inline uint32_t type_words(uint8_t type) {
  return type == WASM_V128 ? 2 : 1;
}
static inline bool is_wide_type(uint8_t type) {
  return type != WASM_I32 && type != WASM_F32;
}

/* Where an argument goes, and what is used up so far (all 0 at first). */
struct placement {
  bool on_stack;
  uint32_t place; /* first outgoing word, or register of the pool its type belongs to */
};
struct placing {
  uint32_t ints, floats, words;
};

static inline struct placement place_argument(uint8_t type, struct placing *placing) {
  bool is_float = is_float_type(type);
  uint32_t *used = is_float ? &placing->floats : &placing->ints;
  if (*used == (is_float ? TARGET_FLOAT_ARGS : TARGET_INT_ARGS)) {
    uint32_t word = placing->words;
    placing->words += type_words(type);
    return (struct placement){.on_stack = true, .place = word};
  }
  uint32_t first = is_float ? TARGET_FLOAT_ARG_FIRST : TARGET_INT_ARG_FIRST;
  return (struct placement){.place = first + (*used)++};
}

/* Outgoing words taken by arguments; results after the first follow. The callee takes these words
 * off the stack when it returns: they are an even number, so that alignment stays as it is. */
static inline uint32_t argument_words(const struct wasm_functype *type) {
  struct placing placing = {0};
  if (type->param_count <= TARGET_INT_ARGS && type->param_count <= TARGET_FLOAT_ARGS)
    return 0; /* whatever they are, they are in registers */
  for (uint32_t i = 0; i < type->param_count; i++)
    place_argument(type->params[i], &placing);
  return (placing.words + 1) & ~1u;
}

/* Outgoing words of the results up to number `count`, of which the first is in a register. */
static inline uint32_t result_words(const struct wasm_functype *type, uint32_t count) {
  uint32_t words = 0;
  for (uint32_t i = 1; i < count; i++)
    words += type_words(type->results[i]);
  return words;
}

#endif
