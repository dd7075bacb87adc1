/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Vectors in calls, branches, frames and at the boundary to the host. */
#include "tests/engine/support.h"

#include <stdio.h>
#include <stdlib.h>

static union wasm_value vector(uint64_t low, uint64_t high) {
  return (union wasm_value){.v128 = {low, high}};
}

static union wasm_value lanes(uint32_t a, uint32_t b, uint32_t c, uint32_t d) {
  return vector(a | (uint64_t)b << 32, c | (uint64_t)d << 32);
}

static bool is(union wasm_value value, union wasm_value wanted) {
  return value.v128[0] == wanted.v128[0] && value.v128[1] == wanted.v128[1];
}

/* Arguments and result must come through as they are: each has bits of its own. */
static enum wasm_trap_kind back(void *context, struct wasm_instance *caller,
                                const union wasm_value *args, union wasm_value *results) {
  struct world *world = context;
  bool right = caller == world->instance && args[0].i32 == 3 && args[2].f64 == 0.5;
  union wasm_value first = args[1], last = args[3];
  results[0] = last;
  results[1].i64 = right ? 1234567890123 : 0;
  results[2] = first;
  return WASM_TRAP_NONE;
}

static void fill_many(union wasm_value many[13]) {
  for (uint32_t i = 0; i < 8; i++)
    many[i] = vector(1 << i, 100 << i);
  many[8].i32 = 42;
  many[9] = vector(1, 2);
  many[10].i64 = 1ull << 40;
  many[11] = vector(3, 4);
  many[12].f32 = 2.5f;
}

static void test_calls(struct world *world) {
  union wasm_value many[13];
  fill_many(many);
  check(world_call(world, "many", many, many) == WASM_OK && is(many[0], vector(3, 4)) &&
            many[1].i32 == 42 && is(many[2], vector(1, 2)) && many[3].f32 == 2.5f &&
            many[4].i64 == 1ull << 40 && is(many[5], vector(255, 25500)),
        "vectors in registers and on the stack, in and out");
  fill_many(many);
  check(world_call(world, "many_tail", many, many) == WASM_OK && is(many[0], vector(1, 2)) &&
            many[1].i32 == 42 && is(many[2], vector(3, 4)) && many[3].f32 == 2.5f &&
            many[4].i64 == 1ull << 40 && is(many[5], vector(255, 25500)),
        "a tail call");

  /* Lanes of 64 bits: x + splat32(77 + 23) + splat64(-1) + splat32(1) + 0 - x */
  union wasm_value called[2] = {vector(10, 1000), {.i32 = 23}};
  check(world_call(world, "many_called", called, called) == WASM_OK &&
            is(called[0], vector(0x6500000064, 0x6500000064)) &&
            is(called[1], vector(7 * 10 + 5, 7 * 1000 + 6)),
        "the same from WebAssembly");

  union wasm_value indirect[3] = {vector(1, 2), vector(3, 4), {.i32 = 1}};
  check(world_call(world, "indirect", indirect, indirect) == WASM_OK &&
            is(indirect[0], vector(3, 4)),
        "an indirect call");

  union wasm_value host[3] = {vector(5, 6)};
  check(world_call(world, "host", host, host) == WASM_OK && is(host[0], vector(~0ull, 1)) &&
            host[1].i64 == 1234567890123 && is(host[2], vector(5, 6)),
        "a host function takes and gives vectors");
}

static void test_frames(struct world *world) {
  /* x * 2^10 - (x * 2^9 + (x * 2^8 - ... (x0 * 4 - x1))) in each lane; the call gives its third
   * operand back. */
  union wasm_value value[1] = {lanes(3, 5, 7, 11)};
  uint32_t x[4] = {3, 5, 7, 11}, y[4];
  for (int i = 0; i < 4; i++) {
    y[i] = 4 * x[0] - x[1];
    for (int shift = 10; shift > 0; shift--)
      y[i] = shift % 2 == 0 ? (x[i] << shift) - y[i] : (x[i] << shift) + y[i];
  }
  enum wasm_status status = world_call(world, "pressure", value, value);
  check(status == WASM_OK && is(value[0], lanes(y[0], y[1], y[2], y[3])),
        "more vectors on the stack than there are registers, around a call");
  check(world_call(world, "zero", value, value) == WASM_OK && value[0].i32 == 0,
        "declared vectors are zero");
  value[0] = vector(33, 44);
  check(world_call(world, "swap_global", value, value) == WASM_OK && is(value[0], vector(11, 22)) &&
            world_call(world, "swap_global", value, value) == WASM_OK &&
            is(value[0], vector(33, 44)),
        "a global keeps a vector");
}

static bool branch_gives(struct world *world, uint32_t way, union wasm_value first, uint64_t number,
                         union wasm_value last) {
  union wasm_value values[4] = {{.i32 = way}, lanes(1, 10, 100, 1000)};
  return world_call(world, "branches", values, values) == WASM_OK && values[0].i32 == 1000 &&
         is(values[1], first) && values[2].i64 == number && is(values[3], last);
}

static void test_branches(struct world *world) {
  check(branch_gives(world, 0, lanes(1, 2, 3, 4), 7, lanes(1, 10, 100, 1000)),
        "a conditional branch with vectors and numbers");
  check(branch_gives(world, 1, lanes(5, 6, 7, 8), 9, lanes(2, 20, 200, 2000)) &&
            branch_gives(world, 3, lanes(5, 6, 7, 8), 9, lanes(2, 20, 200, 2000)),
        "a table's branch over operands that stay behind");
  check(branch_gives(world, 2, lanes(5, 6, 7, 8), 8 + (2 | 20ull << 32) + 100, lanes(9, 9, 9, 9)),
        "a table's branch to the nearest end");
  union wasm_value value[3] = {{.i32 = 100}};
  check(world_call(world, "loop", value, value) == WASM_OK &&
            is(value[0], lanes(5050, 5050, 5050, 5050)),
        "a loop with a vector as parameter");
  value[0] = vector(1, 2), value[1] = vector(3, 4), value[2].i32 = 0;
  check(world_call(world, "select", value, value) == WASM_OK && is(value[0], vector(3, 4)) &&
            is(value[1], vector(1, 2)),
        "select with and without a type");
  for (uint32_t way = 0; way < 2; way++) {
    uint64_t more = (way ? 3 : 1) * 0x0101010101010101;
    value[0].i32 = way;
    check(world_call(world, "constants", value, value) == WASM_OK &&
              is(value[0], vector(0x0e0c0a0806040200 + more, 0x1e1c1a1816141210 + more)),
          "constants wait while control flow goes on");
  }
}

static void test_lanes(struct world *world) {
  union wasm_value value[4] = {vector(0x0706050403020100, 0x0f0e0d0c0b0a0908),
                               vector(0x1716151413121110, 0x1f1e1d1c1b1a1918)};
  check(world_call(world, "shuffles", value, value) == WASM_OK &&
            is(value[0], vector(0x08090a0b0c0d0e0f, 0x0001020304050607)) &&
            is(value[1], vector(0x18191a1b1c1d1e1f, 0x1011121314151617)) &&
            is(value[2], vector(0x0706050403020100, 0x0f0e0d0c0b0a0908)) &&
            is(value[3], vector(0x1303120211011000, 0x1707160615051404)),
        "shuffles of either operand, of one twice, of both");
  value[0].i32 = WASM_PAGE_SIZE - 5;
  check(world_call(world, "lane_end", value, value) == WASM_OK, "a lane at the memory's end");
  value[0].i32 = WASM_PAGE_SIZE - 4;
  check(world_call(world, "lane_end", value, value) == WASM_TRAPPED &&
            world->trap.kind == WASM_TRAP_MEMORY_OUT_OF_BOUNDS,
        "a lane beyond the memory's end traps");
  value[0].i32 = 0;
  check(world_call(world, "lane_far", value, value) == WASM_TRAPPED &&
            world_call(world, "store_far", value, value) == WASM_TRAPPED,
        "offsets of more than 31 bits trap");
  value[0].i32 = 0xffffffff;
  check(world_call(world, "store_far", value, value) == WASM_TRAPPED, "the highest address, too");
}

/* (func (param v128 v128) (result v128 i32 v128)) throws its arguments with 7 between them, through
 * a call, and gives back what is caught. Written byte by byte: not every assembler has try_table.
 */
static void test_exception(void) {
  static const uint8_t bytes[] = {
      0,    'a', 's',  'm',  1,    0,    0,    0,                   /* header */
      1,    21,  3,    0x60, 3,    0x7b, 0x7f, 0x7b, 0,             /* type 0 */
      0x60, 0,   3,    0x7b, 0x7f, 0x7b,                            /* type 1 */
      0x60, 2,   0x7b, 0x7b, 3,    0x7b, 0x7f, 0x7b,                /* type 2 */
      3,    3,   2,    0,    2,                                     /* functions */
      13,   3,   1,    0,    0,                                     /* tag 0 */
      7,    9,   1,    5,    'c',  'a',  't',  'c',  'h',  0, 1,    /* exports */
      10,   34,  2,                                                 /* code */
      10,   0,   0x20, 0,    0x20, 1,    0x20, 2,    8,    0, 0x0b, /* throws */
      21,   0,   2,    1,    0x1f, 0x40, 1,    0,    0,    0,       /* try_table */
      0x20, 0,   0x41, 7,    0x20, 1,    0x10, 0,    0x0b, 0, 0x0b, 0x0b,
  };
  struct bytes module = copy_bytes(bytes, sizeof bytes);
  struct world world;
  union wasm_value values[3] = {vector(1, 2), vector(3, 4)};
  world_open(&world, 0);
  check(world_load(&world, module, false) == WASM_OK, "a module with vectors is valid");
  bool ready = world_load(&world, module, true) == WASM_OK && world_instantiate(&world) == WASM_OK;
  check(ready && world_call(&world, "catch", values, values) == WASM_OK &&
            is(values[0], vector(1, 2)) && values[1].i32 == 7 && is(values[2], vector(3, 4)),
        "an exception carries vectors");
  if (!ready)
    printf("# %s\n", world.error.text);
  world_close(&world);
  free(module.at);
}

static void test_stored_lanes(struct world *world) {
  union wasm_value values[2] = {{.i32 = 1024}, lanes(10, 11, 12, 13)};
  check(world_call(world, "store_lanes", values, values) == WASM_OK &&
            values[0].i64 == (11ull << 32 | 13),
        "lanes are stored, and what is not reached is not");
}

int main(void) {
  struct bytes module = read_module("vector");
  struct world world;
  world_open(&world, 0);
  world.back = back;
  check(world_load(&world, module, false) == WASM_OK, "a module with vectors is valid");
  bool ready = world_load(&world, module, true) == WASM_OK && world_instantiate(&world) == WASM_OK;
  if (check(ready, "a module with vectors is loaded")) {
    test_calls(&world);
    test_frames(&world);
    test_branches(&world);
    test_lanes(&world);
    test_stored_lanes(&world);
  }
  check(world_close(&world), "the store leaves nothing behind");
  free(module.at);
  test_exception();
  return finish();
}
