/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Every integer compare with constants at the edges of what instructions take, on either side, as a
 * value and before a branch; and tests of bits before a branch. The modules are written here, one
 * function each, since no compiler writes most of these. */
#include "tests/engine/support.h"

#include <stdlib.h>
#include <string.h>

enum form { RIGHT, LEFT, RIGHT_BRANCH, LEFT_BRANCH, FORMS };
enum condition { EQ, NE, LT_S, LT_U, GT_S, GT_U, LE_S, LE_U, GE_S, GE_U, CONDITIONS };

static const int64_t constants[] = {0,
                                    -1,
                                    1,
                                    -2,
                                    127,
                                    128,
                                    -128,
                                    -129,
                                    INT32_MAX,
                                    INT32_MIN,
                                    (int64_t)INT32_MAX + 1,
                                    (int64_t)INT32_MIN - 1,
                                    INT64_MAX,
                                    INT64_MIN};
#define CONSTANTS (sizeof constants / sizeof constants[0])

static size_t put_sleb(uint8_t *at, int64_t value) {
  size_t length = 0;
  for (; value < -64 || value > 63; value >>= 7)
    at[length++] = (uint8_t)((value & 0x7f) | 0x80);
  at[length++] = (uint8_t)(value & 0x7f);
  return length;
}

static size_t put_local(uint8_t *at) {
  memcpy(at, "\x20\x00", 2);
  return 2;
}

static size_t put_constant(uint8_t *at, bool wide, int64_t value) {
  *at = wide ? 0x42 : 0x41;
  return 1 + put_sleb(at + 1, value);
}

/* local 0 and the constant, in the form's order, under the instruction; as a value, or as what is 1
 * if a branch is taken and else 0. */
static size_t put_body(uint8_t *at, bool wide, enum form form, int64_t constant, uint8_t opcode) {
  bool left = form == LEFT || form == LEFT_BRANCH, branch = form >= RIGHT_BRANCH;
  size_t length = 0;
  at[length++] = 0; /* locals */
  if (branch)
    memcpy(at + length, "\x02\x40", 2), length += 2; /* block */
  length += left ? put_constant(at + length, wide, constant) : put_local(at + length);
  length += left ? put_local(at + length) : put_constant(at + length, wide, constant);
  at[length++] = opcode;
  if (branch) { /* br_if 0, i32.const 0, return, end, i32.const 1 */
    memcpy(at + length, "\x0d\x00\x41\x00\x0f\x0b\x41\x01", 8);
    length += 8;
  }
  at[length++] = 0x0b;
  return length;
}

/* A module with that body as its one function "f", of one parameter. */
static struct bytes make_module(bool wide, const uint8_t *body, size_t length) {
  uint8_t bytes[128] = "\0asm\1\0\0\0"
                       "\1\6\1\x60\1\x7f\1\x7f" /* type: (i32) -> i32 */
                       "\3\2\1\0"
                       "\7\5\1\1f\0\0"
                       "\x0a";
  size_t end = 8 + 8 + 4 + 7 + 1;
  bytes[8 + 5] = wide ? 0x7e : 0x7f;
  bytes[end++] = (uint8_t)(length + 2);
  bytes[end++] = 1;
  bytes[end++] = (uint8_t)length;
  memcpy(bytes + end, body, length);
  return copy_bytes(bytes, end + length);
}

static bool compare_signed(enum condition condition, int64_t a, int64_t b) {
  return condition == LT_S   ? a < b
         : condition == GT_S ? a > b
         : condition == LE_S ? a <= b
                             : a >= b;
}

static bool compare_unsigned(enum condition condition, uint64_t a, uint64_t b) {
  return condition == LT_U   ? a < b
         : condition == GT_U ? a > b
         : condition == LE_U ? a <= b
                             : a >= b;
}

static bool expected(enum condition condition, bool wide, int64_t a, int64_t b) {
  if (!wide) {
    a = (int32_t)a;
    b = (int32_t)b;
  }
  uint64_t mask = wide ? UINT64_MAX : UINT32_MAX;
  if (condition <= NE)
    return (a == b) == (condition == EQ);
  return condition % 2 == 0 ? compare_signed(condition, a, b)
                            : compare_unsigned(condition, (uint64_t)a & mask, (uint64_t)b & mask);
}

static uint32_t call(struct world *world, bool wide, int64_t x) {
  union wasm_value argument = {.i64 = wide ? (uint64_t)x : (uint32_t)x}, result = {.i64 = 0};
  return world_call(world, "f", &argument, &result) == WASM_OK ? result.i32 : 99;
}

static bool open_module(struct world *world, struct bytes module) {
  return world_open(world, 0) && world_load(world, module, true) == WASM_OK &&
         world_instantiate(world) == WASM_OK;
}

/* The constant against its neighbours and all the others. */
static bool test_compare(bool wide, enum condition condition, enum form form, int64_t constant) {
  uint8_t body[32];
  uint8_t opcode = (uint8_t)((wide ? 0x51 : 0x46) + condition);
  struct bytes module = make_module(wide, body, put_body(body, wide, form, constant, opcode));
  bool left = form == LEFT || form == LEFT_BRANCH;
  struct world world;
  bool ok = open_module(&world, module);
  for (size_t i = 0; ok && i < 3 * CONSTANTS; i++) {
    int64_t x = (int64_t)((uint64_t)constants[i / 3] + i % 3 - 1);
    bool is =
        left ? expected(condition, wide, constant, x) : expected(condition, wide, x, constant);
    ok = call(&world, wide, x) == is;
  }
  world_close(&world);
  free(module.at);
  return ok;
}

static void test_compares(bool wide) {
  size_t count = wide ? CONSTANTS : CONSTANTS - 4;
  for (enum form form = RIGHT; form < FORMS; form++) {
    static const char *const names[] = {"a constant on the right", "a constant on the left",
                                        "a constant on the right, then a branch",
                                        "a constant on the left, then a branch"};
    bool ok = true;
    for (enum condition condition = EQ; condition < CONDITIONS; condition++)
      for (size_t i = 0; i < count; i++)
        ok &= test_compare(wide, condition, form, constants[i]);
    check(ok, names[form]);
  }
}

static void test_bits(void) {
  bool ok = true;
  for (size_t i = 0; i < CONSTANTS - 4; i++)
    for (enum form form = RIGHT_BRANCH; form < FORMS; form++) {
      uint8_t body[32];
      struct bytes module =
          make_module(false, body, put_body(body, false, form, constants[i], 0x71));
      struct world world;
      ok &= open_module(&world, module);
      for (size_t k = 0; ok && k < CONSTANTS; k++)
        ok = call(&world, false, constants[k]) ==
             (((uint32_t)constants[k] & (uint32_t)constants[i]) != 0);
      world_close(&world);
      free(module.at);
    }
  check(ok, "bits that a branch asks for");
}

int main(void) {
  test_compares(false);
  test_compares(true);
  test_bits();
  return finish();
}
