/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Random choices of the generator: numbers, types, and constants that tend to find something. */
#include "tests/fuzz/plan.h"

#include <math.h>

uint64_t random_bits(struct plan *p) {
  /* splitmix64 */
  uint64_t z = p->rng += 0x9e3779b97f4a7c15u;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
  z = (z ^ z >> 27) * 0x94d049bb133111ebu;
  return z ^ z >> 31;
}

uint32_t random_below(struct plan *p, uint32_t limit) {
  return (uint32_t)((random_bits(p) >> 32) * limit >> 32);
}

bool chance(struct plan *p, uint32_t percent) {
  return random_below(p, 100) < percent;
}

uint8_t random_type(struct plan *p) {
  static const uint8_t types[] = {WASM_I32, WASM_I32, WASM_I32,     WASM_I32,      WASM_I32,
                                  WASM_I64, WASM_I64, WASM_I64,     WASM_F32,      WASM_F32,
                                  WASM_F64, WASM_F64, WASM_FUNCREF, WASM_EXTERNREF};
  if (p->vectors && chance(p, 20))
    return WASM_V128;
  if (p->exnrefs && chance(p, 7))
    return WASM_EXNREF;
  return types[random_below(p, sizeof types)];
}

static const uint64_t integers[] = {0,
                                    1,
                                    2,
                                    3,
                                    7,
                                    8,
                                    15,
                                    16,
                                    31,
                                    32,
                                    33,
                                    63,
                                    64,
                                    65,
                                    0x7f,
                                    0x80,
                                    0xff,
                                    0x100,
                                    0x7fff,
                                    0x8000,
                                    0xffff,
                                    0x10000,
                                    0x1ffff,
                                    0x7ffffffe,
                                    0x7fffffff,
                                    0x80000000,
                                    0x80000001,
                                    0xfffffffe,
                                    0xffffffff,
                                    0x100000000,
                                    0x7fffffffffffffff,
                                    0x8000000000000000,
                                    0x5555555555555555,
                                    0xaaaaaaaaaaaaaaaa,
                                    0x0123456789abcdef,
                                    (uint64_t)-1,
                                    (uint64_t)-2,
                                    (uint64_t)-128,
                                    (uint64_t)-129,
                                    (uint64_t)-0x8000,
                                    (uint64_t)-0x80000000ll,
                                    (uint64_t)-0x80000001ll};

static const double floats[] = {0.0,
                                -0.0,
                                0.5,
                                -0.5,
                                1.0,
                                -1.0,
                                1.5,
                                -1.5,
                                2.5,
                                3.25,
                                -0.99999,
                                127.5,
                                255.0,
                                65536.0,
                                2147483647.0,
                                2147483648.0,
                                -2147483648.0,
                                -2147483649.0,
                                4294967295.0,
                                4294967296.0,
                                9007199254740993.0,
                                9223372036854774784.0,
                                9223372036854775808.0,
                                -9223372036854775808.0,
                                18446744073709549568.0,
                                18446744073709551616.0,
                                3.4028234663852886e38,
                                1e39,
                                -1e300,
                                1.401298464324817e-45,
                                5e-324,
                                1.1754943508222875e-38,
                                0x1.fffffffffffffp+1023,
                                INFINITY,
                                -INFINITY,
                                NAN,
                                2147483520.0,
                                4294967040.0,
                                1e-10};

static uint64_t float_bits(uint8_t type, double value) {
  uint64_t bits = 0;
  if (type == WASM_F32) {
    float narrow = (float)value;
    memcpy(&bits, &narrow, sizeof narrow);
  } else {
    memcpy(&bits, &value, sizeof value);
  }
  return bits;
}

/* Lanes of some type that are all the same. */
static uint64_t vector_constant(struct plan *p) {
  static const uint8_t types[] = {WASM_I32, WASM_I32, WASM_I32, WASM_F32, WASM_I64, WASM_F64};
  uint32_t way = random_below(p, sizeof types);
  uint64_t bits = random_constant(p, types[way]);
  return way == 0   ? (bits & 0xff) * 0x0101010101010101
         : way == 1 ? (bits & 0xffff) * 0x0001000100010001
         : way < 4  ? bits * 0x0000000100000001
                    : bits;
}

uint64_t random_constant(struct plan *p, uint8_t type) {
  bool wild = chance(p, 20);
  uint64_t bits = random_bits(p);
  if (is_reference(type))
    return 0;
  if (!wild && type == WASM_V128)
    return vector_constant(p);
  if (!wild && (type == WASM_F32 || type == WASM_F64))
    return float_bits(type, floats[bits % (sizeof floats / sizeof floats[0])]);
  if (!wild)
    bits = integers[bits % (sizeof integers / sizeof integers[0])];
  else if (chance(p, 50))
    bits >>= random_below(p, 64);
  return type == WASM_I32 || type == WASM_F32 ? (uint32_t)bits : bits;
}

uint32_t type_number(struct plan *p, const struct signature *type) {
  for (uint32_t i = 0; i < p->type_count; i++) {
    const struct signature *known = &p->types[i];
    if (known->param_count == type->param_count && known->result_count == type->result_count &&
        memcmp(known->params, type->params, type->param_count) == 0 &&
        memcmp(known->results, type->results, type->result_count) == 0)
      return i;
  }
  if (p->type_count == MAX_TYPES)
    abort();
  p->types[p->type_count] = *type;
  return p->type_count++;
}

/* The upper half is the lower one's, its complement, or something else. */
static void put_vector_constant(struct buffer *code, uint64_t low) {
  uint64_t high = low % 5 < 2 ? low : low % 5 == 2 ? ~low : low * 0x9e3779b97f4a7c15u;
  put_bytes(code, (const uint8_t[]){0xfd, 0x0c}, 2);
  put_bytes(code, &low, 8);
  put_bytes(code, &high, 8);
}

void put_constant(struct buffer *code, uint8_t type, uint64_t bits) {
  switch (type) {
  case WASM_I32:
    put_byte(code, 0x41);
    put_signed(code, (int32_t)bits);
    return;
  case WASM_I64:
    put_byte(code, 0x42);
    put_signed(code, (int64_t)bits);
    return;
  case WASM_F32:
    put_byte(code, 0x43);
    put_bytes(code, &bits, 4);
    return;
  case WASM_F64:
    put_byte(code, 0x44);
    put_bytes(code, &bits, 8);
    return;
  case WASM_V128:
    put_vector_constant(code, bits);
    return;
  default:
    put_byte(code, 0xd0);
    put_byte(code, type);
  }
}
