/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Vector operations with one outcome: NaNs have the same bits everywhere, and what the relaxed ones
 * may choose (WebAssembly 3.0, 4.3.2 and 4.3.3: NaNs, signs of zeros, what is out of range,
 * rounding once or twice, lanes that are neither all ones nor zeros) does not come up. */
#include "tests/fuzz/operations.h"

enum {
  SHUFFLE = 0x0d,
  BITSELECT = 0x52,
  AND = 0x4e,
  SHR_S = 0xac, /* of i32x4 */
  SHR_U = 0xad,
  TO_F32_S = 0xfa, /* from i32x4 */
  TO_F32_U = 0xfb,
  TO_F64_S = 0xfe,
  TO_F64_U = 0xff,
  I16_MAX_S = 0x98,
};

static void put_vector_code(struct plan *p, uint32_t code) {
  put(p, PREFIX_VECTOR);
  put_unsigned(&p->code, code);
}

static void put_vector(struct plan *p, uint64_t low, uint64_t high) {
  put_vector_code(p, 0x0c);
  put_bytes(&p->code, &low, sizeof low);
  put_bytes(&p->code, &high, sizeof high);
}

void vector_put_immediate(struct plan *p, const struct operation *op) {
  if (op->code == SHUFFLE)
    for (uint32_t i = 0; i < 16; i++)
      put(p, (uint8_t)random_below(p, 32));
  else if (op->detail != 0)
    put(p, (uint8_t)random_below(p, op->detail));
}

/* ---- NaNs --------------------------------------------------------------------------------------
 */

/* What sets NaNs' bits; abs, neg, pmin and pmax only pass bits on. Lanes of 32 bits; else 0. */
static bool makes_f32_nans(uint32_t code) {
  return code == 0x5e || (code >= 0x67 && code <= 0x6a) || code == 0xe3 ||
         (code >= 0xe4 && code <= 0xe9);
}
static bool makes_f64_nans(uint32_t code) {
  return code == 0x5f || code == 0x74 || code == 0x75 || code == 0x7a || code == 0x94 ||
         code == 0xef || (code >= 0xf0 && code <= 0xf5);
}

/* x == x ? x : NaN, in each lane. */
void vector_canonicalise(struct plan *p, const struct operation *op) {
  bool is_f32 = makes_f32_nans(op->code);
  if (!is_f32 && !makes_f64_nans(op->code))
    return;
  uint64_t nan = is_f32 ? 0x7fc000007fc00000 : 0x7ff8000000000000;
  put_indexed(p, 0x22, p->scratch_vectors);
  put_vector(p, nan, nan);
  put_indexed(p, 0x20, p->scratch_vectors);
  put_indexed(p, 0x20, p->scratch_vectors);
  put_vector_code(p, is_f32 ? 0x41 : 0x47); /* eq */
  put_vector_code(p, BITSELECT);
}

/* ---- Relaxed operations ------------------------------------------------------------------------
 */

/* Small enough numbers, made of the lanes' upper bits. */
static void tame_number(struct plan *p, uint32_t bits, uint32_t shift, uint32_t convert) {
  put_constant(&p->code, WASM_I32, bits);
  put_vector_code(p, shift);
  put_vector_code(p, convert);
}

static void tame_with(struct plan *p, uint64_t pattern, uint32_t code) {
  put_vector(p, pattern, pattern);
  put_vector_code(p, code);
}

/* A compare's outcome. */
static void tame_mask(struct plan *p, uint32_t less_than) {
  put_vector(p, random_bits(p), random_bits(p));
  put_vector_code(p, less_than);
}

/* The operand on top is the operation's number `index`. */
static void tame_operand(struct plan *p, uint32_t code, uint32_t index) {
  static const uint8_t less_than[] = {0x25, 0x2f, 0x39, 0xd8};
  if (code == 0x100 && index == 1) /* swizzle: a lane, or surely none */
    tame_with(p, 0x8f8f8f8f8f8f8f8f, AND);
  else if (code == 0x101 || code == 0x10d || code == 0x10e) /* trunc to signed, min, max */
    tame_number(p, 2, SHR_S, TO_F32_S);
  else if (code == 0x102)
    tame_number(p, 1, SHR_U, TO_F32_U);
  else if (code == 0x103 || code == 0x10f || code == 0x110)
    tame_number(p, 2, SHR_S, TO_F64_S);
  else if (code == 0x104)
    tame_number(p, 1, SHR_U, TO_F64_U);
  else if (code == 0x105 || code == 0x106) /* a * b + c is exact */
    tame_number(p, 21, SHR_S, TO_F32_S);
  else if (code == 0x107 || code == 0x108)
    tame_number(p, 8, SHR_S, TO_F64_S);
  else if (code >= 0x109 && code <= 0x10c && index == 2) /* laneselect */
    tame_mask(p, less_than[code - 0x109]);
  else if (code == 0x111) /* q15mulr: not the least number */
    tame_with(p, 0x8001800180018001, I16_MAX_S);
  else if ((code == 0x112 || code == 0x113) && index == 1) /* dot: 7 bits */
    tame_with(p, 0x7f7f7f7f7f7f7f7f, AND);
}

void vector_tame(struct plan *p, const struct operation *op) {
  uint8_t types[OPERANDS_MAX];
  uint32_t count = operation_operands(op, types);
  if (op->code < 0x100)
    return;
  for (uint32_t i = count; i-- > 1;)
    put_indexed(p, 0x21, p->scratch_vectors + i);
  tame_operand(p, op->code, 0);
  for (uint32_t i = 1; i < count; i++) {
    put_indexed(p, 0x20, p->scratch_vectors + i);
    tame_operand(p, op->code, i);
  }
}
