/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Instructions that take and give values. NaNs' bits may differ between engines (core spec 4.3.3),
 * so they are made canonical where a program could see them: before reinterpretation, as copysign's
 * sign, where they get into a vector, and in vectors as soon as there can be some. */
#include "tests/fuzz/operations.h"

#define N 0
#define I32 WASM_I32
#define I64 WASM_I64
#define F32 WASM_F32
#define F64 WASM_F64
#define V128 WASM_V128
#define FUNCREF WASM_FUNCREF
#define F(family) 0
#define LOAD(family, align) align
#define LANE(family, lanes) lanes
static const struct operation operations[] = {
#define OP(code, name, handler, in1, in2, out, argument) {code, 0, {in1, in2}, out, argument},
#define OP_FC(code, name, handler, in1, in2, out, argument)                                        \
  {code, PREFIX_MISC, {in1, in2}, out, argument},
#define OP_FD(code, name, handler, in1, in2, out, argument)                                        \
  {code, PREFIX_VECTOR, {in1, in2}, out, argument},
#include "engine/opcodes.def"
#undef OP
#undef OP_FC
#undef OP_FD
};
#undef N
enum { OPERATIONS = sizeof operations / sizeof operations[0] };

/* ---- Kinds -------------------------------------------------------------------------------------
 */

bool operation_is_vector(const struct operation *op) {
  return op->prefix == PREFIX_VECTOR;
}
bool operation_is_lane_access(const struct operation *op) {
  return operation_is_vector(op) && op->code >= 0x54 && op->code <= 0x5b;
}
bool operation_is_load(const struct operation *op) {
  return operation_is_vector(op) ? op->code <= 0x0a || op->code == 0x5c || op->code == 0x5d
                                 : !op->prefix && op->code >= 0x28 && op->code <= 0x35;
}
bool operation_is_store(const struct operation *op) {
  return operation_is_vector(op) ? op->code == 0x0b
                                 : !op->prefix && op->code >= 0x36 && op->code <= 0x3e;
}
bool operation_is_numeric(const struct operation *op) {
  if (operation_is_vector(op))
    return op->code >= 0x0d && !operation_is_lane_access(op) && !operation_is_load(op);
  return op->prefix ? op->code <= 0x07 : op->code >= 0x45 && op->code <= 0xc4;
}
bool operation_is_condition(const struct operation *op) {
  return !op->prefix && op->code >= 0x45 && op->code <= 0x66;
}
static bool is_division(const struct operation *op) {
  return !op->prefix &&
         ((op->code >= 0x6d && op->code <= 0x70) || (op->code >= 0x7f && op->code <= 0x82));
}
static bool is_truncation(const struct operation *op) {
  return !op->prefix &&
         ((op->code >= 0xa8 && op->code <= 0xab) || (op->code >= 0xae && op->code <= 0xb1));
}
/* Shows the bits, or the sign, of the float on top. */
static bool shows_bits(const struct operation *op) {
  uint8_t last = op->in[op->in[1] != 0];
  if (operation_is_vector(op))
    return last == WASM_F32 || last == WASM_F64; /* splat, replace_lane */
  return !op->prefix &&
         (op->code == 0xbc || op->code == 0xbd || op->code == 0x98 || op->code == 0xa6);
}

/* i32x4.relaxed_dot_i8x16_i7x16_add_s: Node 20's Liftoff is wrong now and then where its optimising
 * compiler agrees with us. */
static bool is_known_wrong(const struct plan *p, const struct operation *op) {
  return !p->own && operation_is_vector(op) && op->code == 0x113;
}

const struct operation *operation_pick(struct plan *p, wanted *kind, uint8_t out) {
  for (;;) {
    const struct operation *op = &operations[random_below(p, OPERATIONS)];
    if (kind(op) && (out == 0 || op->out == out) && (p->vectors || !operation_is_vector(op)) &&
        !is_known_wrong(p, op) && (!is_truncation(op) || chance(p, 8)))
      return op;
  }
}

/* ---- Code --------------------------------------------------------------------------------------
 */

uint32_t operation_operands(const struct operation *op, uint8_t types[OPERANDS_MAX]) {
  for (uint32_t i = 0; i < OPERANDS_MAX; i++)
    types[i] = i < 2 && op->in[0] ? op->in[i] : WASM_V128; /* three vectors are left out there */
  return op->in[0] == 0 ? 3 : op->in[1] == 0 ? 1 : 2;
}

void operation_put_code(struct plan *p, const struct operation *op) {
  if (op->prefix) {
    put(p, op->prefix);
    put_unsigned(&p->code, op->code);
  } else {
    put(p, (uint8_t)op->code);
  }
}

void operation_finish(struct plan *p, const struct operation *op) {
  uint8_t types[OPERANDS_MAX];
  uint32_t count = operation_operands(op, types);
  if (is_division(op) && chance(p, 85)) { /* not by zero */
    put_constant(&p->code, op->in[1], 1);
    put(p, op->in[1] == WASM_I32 ? 0x72 : 0x84);
  }
  if (shows_bits(op))
    canonicalise(p, types[count - 1]);
  if (operation_is_vector(op))
    vector_tame(p, op);
  operation_put_code(p, op);
  if (operation_is_vector(op)) {
    vector_put_immediate(p, op);
    vector_canonicalise(p, op);
  }
  consume(p, count);
  push(p, op->out);
}
