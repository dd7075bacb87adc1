/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* select behind a compare, which makes no value then: the same as with the compare's outcome kept
 * in a local, for all compares, wherever their operands and select's are. */
#include "tests/engine/builder.h"
#include "tests/engine/support.h"

#include <stdio.h>
#include <stdlib.h>

enum { I32 = 0x7f, I64 = 0x7e, F32 = 0x7d, F64 = 0x7c };
/* Locals: x and y are the compare's operands, a and b select's; the outcome; select's result. */
enum { X, Y, A, B, OUTCOME, RESULT };

static void put_local(struct builder *b, char op, uint32_t index) {
  put_byte(b, (uint32_t)(op == 'g' ? 0x20 : op == 's' ? 0x21 : 0x22));
  put_byte(b, index);
}

/* A number of a type, small enough for all. */
static void put_number(struct builder *b, uint8_t type, int32_t number) {
  float f32 = (float)number;
  double f64 = number;
  put_byte(b, 0x40u + (0x80u - type)); /* the order of types and of their constants is the same */
  if (type == F32)
    put(b, (const char *)&f32, sizeof f32);
  else if (type == F64)
    put(b, (const char *)&f64, sizeof f64);
  else
    put_signed(b, number);
}

static void put_add(struct builder *b, uint8_t type) {
  put_byte(b, type == I32 ? 0x6a : type == I64 ? 0x7c : type == F32 ? 0x92 : 0xa0);
}

static void put_differ(struct builder *b, uint8_t type) {
  put_byte(b, type == I32 ? 0x47 : type == I64 ? 0x52 : type == F32 ? 0x5c : 0x62);
}

/* ---- Compares ------------------------------------------------------------------------------ */

/* What of the compare's operands is constant. */
enum form { LOCALS, RIGHT, LEFT, FORMS };

static uint32_t compare_count(uint8_t type) {
  return type == I32 || type == I64 ? 11 : 6; /* eqz comes first */
}

/* A compare of x and y, negated some times. */
static void put_compare(struct builder *b, uint8_t type, uint32_t compare, enum form form,
                        uint32_t negations) {
  static const uint8_t firsts[] = {0x61, 0x5b, 0x50, 0x45}; /* by type, from F64 on */
  if (form == LEFT)
    put_number(b, type, -3);
  else
    put_local(b, 'g', X);
  bool is_zero_test = compare == 0 && (type == I32 || type == I64);
  if (!is_zero_test && form == RIGHT)
    put_number(b, type, 5);
  else if (!is_zero_test)
    put_local(b, 'g', Y);
  put_byte(b, firsts[type - F64] + compare);
  for (uint32_t i = 0; i < negations; i++)
    put_byte(b, 0x45);
}

/* ---- Operands of select -------------------------------------------------------------------- */

enum shape {
  TWO_LOCALS,
  TO_FIRST, /* assigned to the local that is the first operand */
  TO_SECOND,
  FIRST_CONSTANT,
  SECOND_CONSTANT,
  COMPUTED,
  TWICE,    /* the same local */
  COMPARED, /* x and y, where they have the type */
  SHAPES
};
static const int32_t first_number = 1000, second_number = -7;

static void put_operand(struct builder *b, uint8_t type, enum shape shape, bool second) {
  bool constant = shape == (second ? SECOND_CONSTANT : FIRST_CONSTANT);
  if (constant)
    put_number(b, type, second ? second_number : first_number);
  else if (shape == COMPARED)
    put_local(b, 'g', second ? Y : X);
  else
    put_local(b, 'g', second && shape != TWICE ? B : A);
  if (shape == COMPUTED) {
    put_number(b, type, 1);
    put_add(b, type);
  }
}

/* Returns `number` if select gives what `if` does not. Under the operands lie others. */
static void put_check(struct builder *b, uint8_t type, uint8_t values, uint32_t compare,
                      enum form form, uint32_t negations, enum shape shape, uint32_t number) {
  put_number(b, values, first_number);
  put_local(b, 's', A);
  put_number(b, values, second_number);
  put_local(b, 's', B);
  put_compare(b, type, compare, form, negations);
  put_local(b, 's', OUTCOME);
  /* what it shall be, before select changes anything */
  put_local(b, 'g', OUTCOME);
  put_byte(b, 0x04);
  put_byte(b, values);
  put_operand(b, values, shape, false);
  put_byte(b, 0x05);
  put_operand(b, values, shape, true);
  put_byte(b, 0x0b);
  put_operand(b, values, shape, false);
  put_operand(b, values, shape, true);
  put_compare(b, type, compare, form, negations);
  put_byte(b, 0x1b);
  uint32_t to = shape == TO_FIRST ? A : shape == TO_SECOND ? B : RESULT;
  put_local(b, 's', to);
  put_local(b, 'g', to);
  put_differ(b, values);
  PUT(b, "\x04\x40\x41");
  put_signed(b, number);
  PUT(b, "\x0f\x0b");
}

/* ---- Modules ------------------------------------------------------------------------------- */

static const int32_t numbers[] = {0, 1, -1, -2, -3, -4, 4, 5, 6, INT32_MAX, INT32_MIN};
enum { COUNT = sizeof numbers / sizeof numbers[0] };

/* (func (export "f") (param type type) (result i32)): -1 if all checks are well. */
static uint32_t make_module(struct builder *b, uint8_t type, uint8_t values) {
  b->length = 0;
  PUT(b, "\0asm\1\0\0\0\1\7\1\x60\2");
  put_byte(b, type);
  put_byte(b, type);
  PUT(b, "\1\x7f\3\2\1\0\7\5\1\1f\0\0\12");
  size_t section = begin(b);
  PUT(b, "\1");
  size_t body = begin(b);
  PUT(b, "\3\2");
  put_byte(b, values);
  PUT(b, "\1\x7f\1");
  put_byte(b, values);
  uint32_t number = 0;
  for (uint32_t compare = 0; compare < compare_count(type); compare++)
    for (int form = 0; form < FORMS; form++)
      for (uint32_t negations = 0; negations < 3; negations++)
        for (int shape = 0; shape < SHAPES; shape++)
          if (shape != COMPARED || type == values)
            put_check(b, type, values, compare, (enum form)form, negations, (enum shape)shape,
                      number++);
  PUT(b, "\x41\x7f\x0b");
  end(b, body);
  end(b, section);
  return number;
}

static union wasm_value value_of(uint8_t type, int32_t number) {
  union wasm_value value = {.i64 = 0};
  if (type == F32)
    value.f32 = (float)number;
  else if (type == F64)
    value.f64 = number;
  else if (type == I64)
    value.i64 = (uint64_t)(int64_t)number;
  else
    value.i32 = (uint32_t)number;
  return value;
}

static void test_types(uint8_t type, uint8_t values) {
  static const char *const names[] = {"f64", "f32", "i64", "i32"};
  static struct builder b;
  uint32_t count = make_module(&b, type, values);
  struct bytes module = copy_bytes(b.at, b.length);
  struct world world;
  world_open(&world, 0);
  bool ok = world_load(&world, module, true) == WASM_OK && world_instantiate(&world) == WASM_OK;
  if (!ok)
    printf("# %s\n", world.error.text);
  for (uint32_t i = 0; ok && i < COUNT * COUNT; i++) {
    union wasm_value x[2] = {value_of(type, numbers[i / COUNT]),
                             value_of(type, numbers[i % COUNT])};
    ok = world_call(&world, "f", x, x) == WASM_OK && (int32_t)x[0].i32 == -1;
    if (!ok)
      printf("# %d and %d: check %d\n", numbers[i / COUNT], numbers[i % COUNT], (int32_t)x[0].i32);
  }
  world_close(&world);
  free(module.at);
  char title[96];
  snprintf(title, sizeof title, "%u selects of %s by compares of %s", count, names[values - F64],
           names[type - F64]);
  check(ok, title);
}

int main(void) {
  for (uint8_t type = F64; type <= I32; type++)
    for (uint8_t values = F64; values <= I32; values++)
      test_types(type, values);
  return finish();
}
