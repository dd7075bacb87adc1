/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Exceptions: what they bring to handlers, what they leave behind, how they pass through the host.
 * The module is written byte by byte, as assemblers that know try_table are not everywhere. */
#include "tests/engine/support.h"

#include <stdlib.h>
#include <string.h>

/* Many times what the engine keeps before it looks for what is not needed any more. */
#define THROWS 4000u

/* ---- The module ---------------------------------------------------------------------------- */

struct buffer {
  uint8_t at[4096];
  size_t length;
};

static void put(struct buffer *buffer, const uint8_t *bytes, size_t length) {
  memcpy(buffer->at + buffer->length, bytes, length);
  buffer->length += length;
}

/* Behind their length, as LEB128 of two bytes. */
static void put_sized(struct buffer *buffer, const uint8_t *bytes, size_t length) {
  put(buffer, (const uint8_t[]){(uint8_t)(length | 0x80), (uint8_t)(length >> 7)}, 2);
  put(buffer, bytes, length);
}

#define SIZED(buffer, ...)                                                                         \
  put_sized(buffer, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))
#define SECTION(buffer, id, ...)                                                                   \
  put(buffer, (const uint8_t[]){id}, 1);                                                           \
  SIZED(buffer, __VA_ARGS__)

enum { I32 = 0x7f, I64 = 0x7e, F32 = 0x7d, F64 = 0x7c, EXN = 0x69, EMPTY = 0x40, FUNC = 0x60 };
enum { UNREACHABLE = 0, BLOCK = 2, LOOP = 3, THROW = 8, THROW_REF = 10, END = 11, BR_IF = 13 };
enum { CALL = 0x10, RETURN_CALL = 0x12, DROP = 0x1a, TRY_TABLE = 0x1f, GET = 0x20, SET, TEE };
enum { GLOBAL_SET = 0x24, TABLE_GET, TABLE_SET, CONST = 0x41, ADD = 0x6a, SUB, NULL_REF = 0xd0 };
enum { CATCH, CATCH_REF, CATCH_ALL, CATCH_ALL_REF };
enum { TAKES_I32, I32_TO_I32, TAKES_FOUR, GIVES_FOUR, GIVES_EXN, TAKES_EXN, GIVES_BOTH };
/* Functions; BACK is the host's. The others are exported by the letters a, b, c and so on. */
enum { BACK, THROWER, MANY, RETHROWN, KEEP, THROW_KEPT, FOUR, THROUGH, GIVE, TAKE, TAIL, HELD };

#define EXPORT(function) 1, (function)-1 + 'a', 0, function
/* Adds what is on the stack to local 1, subtracts 1 from local 0, and again until that is 0. */
#define NEXT_ROUND GET, 1, ADD, SET, 1, GET, 0, CONST, 1, SUB, TEE, 0, BR_IF, 0

static void put_code(struct buffer *module) {
  struct buffer code = {{11}, 1};
  SIZED(&code, 0, GET, 0, THROW, 0, END); /* THROWER */
  /* MANY: the sum of what was caught, without references */
  SIZED(&code, 1, 1, I32, LOOP, EMPTY, BLOCK, I32, TRY_TABLE, EMPTY, 1, CATCH, 0, 0, GET, 0, CALL,
        THROWER, END, UNREACHABLE, END, NEXT_ROUND, END, GET, 1, END);
  /* RETHROWN: the same through a block that catches all and throws again, as destructors do */
  SIZED(&code, 1, 1, I32, LOOP, EMPTY, BLOCK, I32, TRY_TABLE, EMPTY, 1, CATCH, 0, 0, BLOCK, EXN,
        TRY_TABLE, EMPTY, 1, CATCH_ALL_REF, 0, GET, 0, CALL, THROWER, END, UNREACHABLE, END,
        THROW_REF, END, UNREACHABLE, END, NEXT_ROUND, END, GET, 1, END);
  /* KEEP: throws its argument and puts the reference to that place of the table, and in the global
   */
  SIZED(&code, 1, 1, EXN, BLOCK, EXN, TRY_TABLE, EMPTY, 1, CATCH_ALL_REF, 0, GET, 0, CALL, THROWER,
        END, UNREACHABLE, END, SET, 1, GET, 0, GET, 1, TABLE_SET, 0, GET, 1, GLOBAL_SET, 0, END);
  /* THROW_KEPT: what the table's element carries */
  SIZED(&code, 0, BLOCK, I32, TRY_TABLE, EMPTY, 1, CATCH, 0, 0, GET, 0, TABLE_GET, 0, THROW_REF,
        END, UNREACHABLE, END, END);
  /* FOUR: 5, that lies below, plus the first value plus a local as it was before the throw; then
   * the others. The clause for the other tag comes first, an inner block ends before. */
  SIZED(&code, 4, 1, I32, 1, F64, 1, F32, 1, I64, CONST, 5, BLOCK, I32, BLOCK, GIVES_FOUR,
        TRY_TABLE, EMPTY, 2, CATCH, 0, 1, CATCH, 1, 0, BLOCK, EMPTY, TRY_TABLE, EMPTY, 1, CATCH_ALL,
        0, END, END, CONST, 7, SET, 0, CONST, 1, 0x42, 2, 0x43, 0, 0, 0x40, 0x40, 0x44, 0, 0, 0, 0,
        0, 0, 0x10, 0x40, THROW, 1, END, UNREACHABLE, END, SET, 1, SET, 2, SET, 3, GET, 0, ADD, END,
        ADD, GET, 3, GET, 2, GET, 1, END);
  /* THROUGH: what the host's function gives, or what it throws */
  SIZED(&code, 0, BLOCK, I32, TRY_TABLE, I32, 1, CATCH, 0, 0, GET, 0, CALL, BACK, END, END, END);
  /* GIVE: a reference to the host; TAKE: one from there, whose value goes there */
  SIZED(&code, 1, 1, EXN, BLOCK, GIVES_BOTH, TRY_TABLE, EMPTY, 1, CATCH_REF, 0, 0, CONST, 33, CALL,
        THROWER, END, UNREACHABLE, END, SET, 0, DROP, GET, 0, END);
  SIZED(&code, 0, BLOCK, I32, TRY_TABLE, EMPTY, 1, CATCH, 0, 0, GET, 0, THROW_REF, END, UNREACHABLE,
        END, CALL, BACK, DROP, END);
  /* TAIL: the handler goes with the frame */
  SIZED(&code, 0, BLOCK, EMPTY, TRY_TABLE, EMPTY, 1, CATCH_ALL, 0, GET, 0, RETURN_CALL, THROWER,
        END, END, END);
  /* HELD: only a local has a reference while RETHROWN makes many */
  SIZED(&code, 1, 1, EXN, BLOCK, EXN, TRY_TABLE, EMPTY, 1, CATCH_ALL_REF, 0, CONST, 42, CALL,
        THROWER, END, UNREACHABLE, END, SET, 1, GET, 0, CALL, RETHROWN, DROP, BLOCK, I32, TRY_TABLE,
        EMPTY, 1, CATCH, 0, 0, GET, 1, THROW_REF, END, UNREACHABLE, END, END);
  put(module, (const uint8_t[]){10}, 1);
  put_sized(module, code.at, code.length);
}

static struct bytes make_module(void) {
  struct buffer module = {"\0asm\1\0\0", 8};
  SECTION(&module, 1, 7, FUNC, 1, I32, 0, FUNC, 1, I32, 1, I32, FUNC, 4, I32, I64, F32, F64, 0,
          FUNC, 0, 4, I32, I64, F32, F64, FUNC, 0, 1, EXN, FUNC, 1, EXN, 0, FUNC, 0, 2, I32, EXN);
  SECTION(&module, 2, 1, 4, 'h', 'o', 's', 't', 4, 'b', 'a', 'c', 'k', 0, I32_TO_I32);
  SECTION(&module, 3, 11, TAKES_I32, I32_TO_I32, I32_TO_I32, TAKES_I32, I32_TO_I32, GIVES_FOUR,
          I32_TO_I32, GIVES_EXN, TAKES_EXN, TAKES_I32, I32_TO_I32);
  SECTION(&module, 4, 1, EXN, 0, 4);
  SECTION(&module, 13, 2, 0, TAKES_I32, 0, TAKES_FOUR);
  SECTION(&module, 6, 1, EXN, 1, NULL_REF, EXN, END);
  SECTION(&module, 7, 11, EXPORT(THROWER), EXPORT(MANY), EXPORT(RETHROWN), EXPORT(KEEP),
          EXPORT(THROW_KEPT), EXPORT(FOUR), EXPORT(THROUGH), EXPORT(GIVE), EXPORT(TAKE),
          EXPORT(TAIL), EXPORT(HELD));
  put_code(&module);
  return copy_bytes(module.at, module.length);
}

/* ---- Tests --------------------------------------------------------------------------------- */

static enum wasm_status call(struct world *world, int function, union wasm_value *values) {
  char name[] = {(char)(function - 1 + 'a'), 0};
  return world_call(world, name, values, values);
}

/* Throws in WebAssembly again: 0 to 9 are thrown and passed on, 10 to 19 are thrown and stopped
 * here; others are the answer. */
static enum wasm_trap_kind back(void *context, struct wasm_instance *caller,
                                const union wasm_value *args, union wasm_value *results) {
  struct world *world = context;
  struct wasm_trap trap = {.kind = WASM_TRAP_NONE};
  union wasm_value values[1] = {args[0]};
  (void)caller;
  if (args[0].i32 < 20)
    wasm_func_call(world->store, wasm_instance_export(world->instance, name_of("a")).func, values,
                   values, &trap);
  bool passes_on = args[0].i32 < 10;
  results[0].i32 = args[0].i32 + 1000;
  return passes_on ? trap.kind : WASM_TRAP_NONE;
}

static void test_values(struct world *world) {
  union wasm_value values[4];
  check(call(world, FOUR, values) == WASM_OK && values[0].i32 == 13 && values[1].i64 == 2 &&
            values[2].f32 == 3.0f && values[3].f64 == 4.0,
        "a handler gets all values, finds locals and operands below");
  values[0].i32 = 5;
  check(call(world, THROWER, values) == WASM_TRAPPED &&
            world->trap.kind == WASM_TRAP_UNCAUGHT_EXCEPTION && world->trap.frame_count == 1 &&
            world->trap.frames[0].function == THROWER,
        "uncaught, with the frame that threw");
  check(call(world, TAIL, values) == WASM_TRAPPED &&
            world->trap.kind == WASM_TRAP_UNCAUGHT_EXCEPTION && world->trap.frames_total == 1,
        "a tail call leaves its handlers behind");
}

static uint32_t sum_down(uint32_t n) {
  uint32_t sum = 0;
  for (; n > 0; n--)
    sum += n;
  return sum;
}

static void test_memory(struct world *world) {
  union wasm_value values[1] = {{.i32 = 10}};
  bool ok = call(world, MANY, values) == WASM_OK;
  uint64_t before = world->platform.allocated;
  values[0].i32 = THROWS;
  ok &= call(world, MANY, values) == WASM_OK && values[0].i32 == sum_down(THROWS);
  check(ok && world->platform.allocated == before, "what is caught for good leaves nothing behind");
  for (uint32_t i = 0; i < 3; i++) {
    values[0].i32 = i;
    ok &= call(world, KEEP, values) == WASM_OK;
  }
  values[0].i32 = THROWS;
  ok &= call(world, RETHROWN, values) == WASM_OK && values[0].i32 == sum_down(THROWS);
  check(ok && world->platform.allocated < before + (1 << 16), "references do not pile up");
  for (uint32_t i = 0; i < 3; i++) {
    values[0].i32 = i;
    check(call(world, THROW_KEPT, values) == WASM_OK && values[0].i32 == i,
          "one that a table holds is still there");
  }
  values[0].i32 = THROWS;
  check(call(world, HELD, values) == WASM_OK && values[0].i32 == 42,
        "one that a local of a caller holds, too");
  values[0].i32 = 3;
  check(call(world, THROW_KEPT, values) == WASM_TRAPPED &&
            world->trap.kind == WASM_TRAP_NULL_EXCEPTION,
        "null cannot be thrown");
}

static void test_host(struct world *world) {
  union wasm_value values[1] = {{.i32 = 5}};
  check(call(world, THROUGH, values) == WASM_OK && values[0].i32 == 5,
        "a host function that passes it on throws it");
  values[0].i32 = 15;
  check(call(world, THROUGH, values) == WASM_OK && values[0].i32 == 1015,
        "one that stops it does not");
  check(call(world, GIVE, values) == WASM_OK && values[0].ref != 0, "the host gets a reference");
  union wasm_value kept = values[0];
  values[0].i32 = THROWS;
  check(call(world, RETHROWN, values) == WASM_OK && call(world, TAKE, &kept) == WASM_OK,
        "and it stays good");
}

int main(void) {
  struct bytes module = make_module();
  struct world world;
  world_open(&world, 0);
  world.back = back;
  if (world_load(&world, module, true) != WASM_OK || world_instantiate(&world) != WASM_OK) {
    check(false, world.error.text);
    return finish();
  }
  test_values(&world);
  test_memory(&world);
  test_host(&world);
  check(world_close(&world), "nothing is left");
  free(module.at);
  return finish();
}
