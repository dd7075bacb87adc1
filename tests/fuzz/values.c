/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The generator's stack of types, and expressions: constants, variables, numeric instructions. */
#include "tests/fuzz/operations.h"

/* ---- The stack ---------------------------------------------------------------------------------
 */

void put(struct plan *p, uint8_t code) {
  put_byte(&p->code, code);
}

void put_indexed(struct plan *p, uint8_t code, uint64_t index) {
  put_byte(&p->code, code);
  put_unsigned(&p->code, index);
}

void push(struct plan *p, uint8_t type) {
  if (p->height == MAX_STACK)
    abort();
  p->stack[p->height++] = type;
}

void push_all(struct plan *p, const uint8_t *types, uint32_t count) {
  for (uint32_t i = 0; i < count; i++)
    push(p, types[i]);
}

void consume(struct plan *p, uint32_t count) {
  uint32_t there = p->height - innermost(p)->height;
  p->height -= count < there ? count : there;
}

bool top_is(struct plan *p, const uint8_t *types, uint32_t count) {
  uint32_t there = p->height - innermost(p)->height;
  if (there < count && !innermost(p)->unreachable)
    return false;
  for (uint32_t i = 0; i < count && i < there; i++)
    if (p->stack[p->height - 1 - i] != types[count - 1 - i])
      return false;
  return true;
}

void put_const(struct plan *p, uint8_t type, uint64_t bits) {
  put_constant(&p->code, type, bits);
  push(p, type);
}

uint32_t pick_local(struct plan *p, uint8_t type) {
  for (int i = 0; i < 24 && p->counter > 0; i++) {
    uint32_t index =
        chance(p, 70) ? p->popular[random_below(p, POPULAR)] : random_below(p, p->counter);
    if (p->locals[index] == type)
      return index;
  }
  return UINT32_MAX;
}

uint32_t pick_global(struct plan *p, uint8_t type, bool to_write) {
  for (int i = 0; i < 16; i++) {
    uint32_t index = 1 + random_below(p, p->global_count - 1);
    if (p->globals[index] == type && (p->global_mutable[index] || !to_write))
      return index;
  }
  return UINT32_MAX;
}

void require(struct plan *p, const uint8_t *types, uint32_t count) {
  uint32_t have = count;
  while (have > 0 && !(top_is(p, types, have) && chance(p, 75)))
    have--;
  for (uint32_t i = have; i < count; i++)
    value(p, types[i], 3);
}

void canonicalise(struct plan *p, uint8_t type) {
  uint32_t scratch = type == WASM_F32 ? p->scratch32 : p->scratch64;
  put_indexed(p, 0x22, scratch);
  put_constant(&p->code, type, type == WASM_F32 ? 0x7fc00000 : 0x7ff8000000000000);
  put_indexed(p, 0x20, scratch);
  put_indexed(p, 0x20, scratch);
  put(p, type == WASM_F32 ? 0x5b : 0x61);
  put(p, 0x1b);
}

/* ---- Numbers -----------------------------------------------------------------------------------
 */

void numeric(struct plan *p) {
  uint8_t types[OPERANDS_MAX];
  const struct operation *op = operation_pick(p, operation_is_numeric, 0);
  uint32_t count = operation_operands(op, types);
  require(p, types, count);
  operation_finish(p, op);
}

static void operation_value(struct plan *p, const struct operation *op, uint32_t depth) {
  uint8_t types[OPERANDS_MAX];
  uint32_t count = operation_operands(op, types);
  for (uint32_t i = 0; i < count; i++)
    value(p, types[i], depth);
  operation_finish(p, op);
}

void condition(struct plan *p, uint32_t depth) {
  operation_value(p, operation_pick(p, operation_is_condition, WASM_I32), depth);
  for (; chance(p, 25); put(p, 0x45))
    ;
}

void small(struct plan *p, uint32_t limit) {
  if (chance(p, 60)) {
    put_const(p, WASM_I32, random_below(p, limit + 1));
    return;
  }
  value(p, WASM_I32, 1);
  if (chance(p, 5))
    return;
  put_constant(&p->code, WASM_I32, limit + 1);
  put(p, 0x70); /* i32.rem_u */
}

/* ---- Values ------------------------------------------------------------------------------------
 */

bool variable(struct plan *p, uint8_t type) {
  bool is_local = chance(p, 85);
  uint32_t index = is_local ? pick_local(p, type) : pick_global(p, type, false);
  if (index == UINT32_MAX)
    return false;
  put_indexed(p, is_local ? 0x20 : 0x23, index);
  push(p, type);
  return true;
}

static void select_value(struct plan *p, uint8_t type, uint32_t depth) {
  value(p, type, depth);
  value(p, type, depth);
  value(p, WASM_I32, depth);
  if (is_reference(type) || chance(p, 20)) {
    put_indexed(p, 0x1c, 1);
    put(p, type);
  } else {
    put(p, 0x1b);
  }
  consume(p, 3);
  push(p, type);
}

static void tee(struct plan *p, uint8_t type) {
  uint32_t index = pick_local(p, type);
  if (index != UINT32_MAX)
    put_indexed(p, 0x22, index);
}

void value(struct plan *p, uint8_t type, uint32_t depth) {
  uint32_t way = random_below(p, 100);
  if (way < 45 && variable(p, type))
    return;
  bool reference = is_reference(type);
  if (depth == 0 || way < 65) {
    if (reference)
      reference_value(p, type, depth);
    else
      put_const(p, type, random_constant(p, type));
  } else if (way > 94) {
    select_value(p, type, depth - 1);
  } else if (reference) {
    reference_value(p, type, depth);
  } else if (way > 88) {
    load_value(p, type, depth - 1);
  } else {
    operation_value(p, operation_pick(p, operation_is_numeric, type), depth - 1);
  }
  if (chance(p, 12))
    tee(p, type);
}
