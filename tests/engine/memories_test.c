/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Several memories, 64-bit ones, and the ends of each: once with guards, once where there is too
 * little address space for them. Also the limits of memories and of constant expressions. */
#include "tests/engine/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SMALL (1ull << 30) /* the largest reservation, where there is little address space */
#define PAGE ((uint64_t)WASM_PAGE_SIZE)

/* ---- Ends ---------------------------------------------------------------------------------- */

/* Whether loading 8 bytes from `address` works exactly if it should. */
static bool load_is(struct world *world, const char *name, uint64_t address, bool inside) {
  union wasm_value value[1] = {{.i64 = address}};
  enum wasm_status status = world_call(world, name, value, value);
  return inside ? status == WASM_OK
                : status == WASM_TRAPPED && world->trap.kind == WASM_TRAP_MEMORY_OUT_OF_BOUNDS;
}

/* A load at `offset` from a memory of `size` bytes: the last place inside, and those outside. */
static bool ends_right(struct world *world, const char *name, uint64_t offset, uint64_t size,
                       bool is_64) {
  bool ok = true;
  if (offset + 8 <= size)
    ok &= load_is(world, name, 0, true) && load_is(world, name, size - offset - 8, true) &&
          load_is(world, name, size - offset - 7, false);
  ok &= load_is(world, name, size, false) && load_is(world, name, 0x7fffffff, false) &&
        load_is(world, name, 0x80000000, false) && load_is(world, name, 0xffffffff, false);
  for (uint64_t below = 1; is_64 && below <= 24; below++)
    ok &= load_is(world, name, -below, false) && load_is(world, name, -offset - below, false);
  return ok;
}

static void test_ends(struct world *world) {
  check(ends_right(world, "first", 8, PAGE, false), "the end of the first memory");
  check(ends_right(world, "first_far", 1ull << 31, PAGE, false), "the same with a large offset");
  union wasm_value none[1];
  check(world_call(world, "first_constant", none, none) == WASM_OK &&
            world_call(world, "first_outside", none, none) == WASM_TRAPPED,
        "the same for constant addresses");
  check(ends_right(world, "named", 8, PAGE, false), "the end of another memory");
  check(ends_right(world, "named_far", 0xfffffff8, PAGE, false), "the same with a large offset");
  check(ends_right(world, "wide", 0, 2 * PAGE, true) &&
            ends_right(world, "wide_offset", 8, 2 * PAGE, true),
        "the end of a 64-bit memory");
  check(ends_right(world, "wide_far", 1ull << 31, 2 * PAGE, true), "the same with a large offset");
  check(load_is(world, "wide_offset", (1ull << 32) + 8, false) &&
            load_is(world, "wide_offset", 1ull << 63, false),
        "addresses beyond 32 bits are not cut");
}

/* ---- Values -------------------------------------------------------------------------------- */

/* What "many" in memories.wat calculates. Memories are words here: each has only one place. */
static uint64_t many(uint64_t first, uint64_t wide, uint64_t named) {
  uint64_t j = 0, k = 0, l = 0, m = 0, n = 0;
  for (int i = 0; i < 100; i++) {
    named = wide + j;
    wide = first + named;
    first = named + 3;
    k += (uint8_t)(named >> 8);
    l += (uint64_t)(int16_t)(wide >> 16);
    m ^= first;
    n += m * k;
    j++;
  }
  return n + l + j;
}

static void test_values(struct world *world) {
  union wasm_value value[3] = {{.i64 = 0}};
  check(world_call(world, "wide_constant", value, value) == WASM_OK &&
            memcmp(&value[0], "end of 2", 8) == 0,
        "a data segment for a 64-bit memory");
  struct wasm_memory *memory = wasm_instance_memory(world->instance);
  check(memcmp(wasm_memory_base(memory) + 40, "named", 5) == 0,
        "hosts get the memory of that name, though it is not the first");

  value[0].i32 = 1000;
  value[1].i64 = 70000;
  check(world_call(world, "twice", value, value) == WASM_OK && value[0].i64 == 2 * 1000 + 3 * 70000,
        "addresses that are used again");
  value[0].i32 = 2000;
  value[1].i64 = 131064;
  uint64_t end_of_2;
  memcpy(&end_of_2, "end of 2", 8);
  check(world_call(world, "many", value, value) == WASM_OK && value[0].i64 == many(0, end_of_2, 0),
        "many values and three memories");
  value[0].i64 = 50000;
  check(world_call(world, "between", value, value) == WASM_OK && value[0].i32 == 'd',
        "copies and fills between memories");
  value[0].i64 = 50001;
  check(world_call(world, "wide", value, value) == WASM_OK && memcmp(&value[0], "apassive", 8) == 0,
        "what came out of them");
  value[0].i64 = (1ull << 32) + 16;
  check(world_call(world, "between", value, value) == WASM_TRAPPED, "a copy beyond 32 bits traps");
}

static bool grow_is(struct world *world, uint64_t pages, int64_t wide, int64_t named, int64_t sum) {
  union wasm_value value[3] = {{.i64 = pages}};
  return world_call(world, "grow", value, value) == WASM_OK && value[0].i64 == (uint64_t)wide &&
         value[1].i64 == (uint64_t)named && value[2].i64 == (uint64_t)sum;
}

static void test_growth(struct world *world) {
  check(grow_is(world, 0, 2, 1, 4), "the sizes");
  check(grow_is(world, 1, 2, 1, 6), "both grow");
  check(grow_is(world, 2, -1, 2, 8), "one cannot, the other grows");
  check(grow_is(world, (1ull << 32) + 1, -1, 4, 9), "numbers of pages have their memory's width");
  check(ends_right(world, "wide", 0, 3 * PAGE, true) &&
            ends_right(world, "named", 8, 5 * PAGE, false),
        "the new ends");
}

static void test_world(uint64_t largest) {
  printf("# %s\n", largest == 0 ? "with guards" : "without");
  struct bytes module = read_module("memories");
  struct world world;
  world_open(&world, 0);
  world.platform.largest = largest;
  bool made = world_load(&world, module, true) == WASM_OK && world_instantiate(&world) == WASM_OK;
  if (check(made, "the module")) {
    test_ends(&world);
    test_values(&world);
    test_growth(&world);
  }
  check(world_close(&world), "the store leaves nothing behind");
  free(module.at);
}

/* ---- Sizes --------------------------------------------------------------------------------- */

static struct wasm_memory *memory_of(struct world *world, uint64_t min, bool is_64) {
  return wasm_memory_new(world->store, &(struct wasm_limits){.min = min, .is_64 = is_64});
}

static void test_sizes(void) {
  struct world world;
  world_open(&world, 0);
  check(memory_of(&world, 262145, true) == NULL, "a 64-bit memory above the limit");
  struct wasm_memory *wide = memory_of(&world, 0, true);
  check(wide != NULL && wasm_memory_grow(wide, 262145) == UINT64_MAX &&
            wasm_memory_grow(wide, 1ull << 48) == UINT64_MAX && wasm_memory_grow(wide, 1) == 0,
        "one without a maximum grows up to the limit only");
  world_close(&world);

  world_open(&world, 0);
  world.platform.largest = SMALL;
  struct wasm_memory *memory = memory_of(&world, 1, false);
  check(memory != NULL && wasm_memory_grow(memory, SMALL / PAGE) == UINT64_MAX &&
            wasm_memory_grow(memory, SMALL / PAGE - 1) == 1,
        "where address space is small, a memory grows as far as that goes");
  check(memory_of(&world, SMALL / PAGE + 1, false) == NULL &&
            memory_of(&world, SMALL / PAGE, true) != NULL,
        "and has its first size or is not made");
  check(world_close(&world), "the store leaves nothing behind");
}

/* An offset so large that adding it alone wraps. */
static void test_wrapping_offset(void) {
  static const char text[] = "\0asm\1\0\0\0\1\6\1\x60\1\x7e\1\x7e\3\2\1\0\5\3\1\4\1\7\5\1\1f\0\0"
                             "\x0a\x12\1\x10\0\x20\0\x29\3"
                             "\xf8\xff\xff\xff\xff\xff\xff\xff\xff\1\x0b";
  struct world world;
  world_open(&world, 0);
  struct bytes module = copy_bytes((const uint8_t *)text, sizeof text - 1);
  bool made = world_load(&world, module, true) == WASM_OK && world_instantiate(&world) == WASM_OK;
  check(made && load_is(&world, "f", 0, false) && load_is(&world, "f", 7, false) &&
            load_is(&world, "f", 8, false) && load_is(&world, "f", 16, false) &&
            load_is(&world, "f", UINT64_MAX, false),
        "an offset of 2^64 - 8 reaches nothing");
  world_close(&world);
  free(module.at);
}

/* ---- Limits -------------------------------------------------------------------------------- */

static enum wasm_status load_section(uint8_t id, const uint8_t *content, size_t length,
                                     struct wasm_error *error) {
  uint8_t bytes[1024] = "\0asm\1\0\0\0";
  bytes[8] = id;
  bytes[9] = (uint8_t)(length | 0x80);
  bytes[10] = (uint8_t)(length >> 7);
  memcpy(bytes + 11, content, length);
  struct bytes module = copy_bytes(bytes, 11 + length);
  struct world world;
  world_open(&world, 0);
  enum wasm_status status = world_load(&world, module, true);
  *error = world.error;
  world_close(&world);
  free(module.at);
  return status;
}

/* A global whose value is the sum of `count` numbers, all of them there before the first addition.
 */
static enum wasm_status load_sum(uint32_t count, struct wasm_error *error) {
  uint8_t content[1024] = {1, WASM_I32, 0};
  size_t length = 3;
  for (uint32_t i = 0; i < count; i++) {
    content[length++] = 0x41; /* i32.const */
    content[length++] = 1;
  }
  for (uint32_t i = 1; i < count; i++)
    content[length++] = 0x6a; /* i32.add */
  content[length++] = 0x0b;
  return load_section(6, content, length, error);
}

static enum wasm_status load_memories(uint8_t count, struct wasm_error *error) {
  uint8_t content[512] = {count}; /* and no minimum of any */
  return load_section(5, content, 1 + 2u * count, error);
}

static void test_limits(void) {
  struct wasm_error error;
  check(load_sum(100, &error) == WASM_OK, "as many values in a constant expression as may be");
  check(load_sum(101, &error) == WASM_UNSUPPORTED &&
            strstr(error.text, "101 values at once in a constant expression; the limit is 100"),
        "one more");
  check(load_memories(100, &error) == WASM_OK, "as many memories as may be");
  check(load_memories(101, &error) == WASM_UNSUPPORTED &&
            strstr(error.text, "101 memories; the limit is 100"),
        "one more");
}

int main(void) {
  test_world(0);
  test_world(SMALL);
  test_sizes();
  test_wrapping_offset();
  test_limits();
  return finish();
}
