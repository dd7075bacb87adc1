/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Running modules: calls in both directions, traps with their backtraces, growth of what instances
 * share. */
#include "tests/engine/support.h"

#include <stdlib.h>
#include <string.h>

enum { WAY_UNREACHABLE, WAY_MEMORY, WAY_DIVIDE, WAY_TABLE, WAY_RECURSE, WAY_HOST };

static enum wasm_status call_top(struct world *world, uint32_t way, uint32_t *result) {
  union wasm_value values[1] = {{.i32 = way}};
  enum wasm_status status = world_call(world, "top", values, values);
  *result = values[0].i32;
  return status;
}

static bool frame_is(const struct world *world, uint32_t index, const char *name,
                     struct bytes module, int opcode) {
  if (index >= world->trap.frame_count)
    return false;
  const struct wasm_frame *frame = &world->trap.frames[index];
  return frame->instance == world->instance &&
         names_equal(wasm_module_function_name(world->module, frame->function), name) &&
         frame->code_offset < module.length && module.at[frame->code_offset] == opcode;
}

/* The chain top, second, third with the trapping instruction in third. */
static void check_chain(struct world *world, struct bytes module, uint32_t way,
                        enum wasm_trap_kind kind, int opcode, const char *test) {
  uint32_t result;
  bool trapped = call_top(world, way, &result) == WASM_TRAPPED && world->trap.kind == kind;
  check(trapped && world->trap.frame_count == 3 && world->trap.frames_total == 3 &&
            frame_is(world, 0, "third", module, opcode) &&
            frame_is(world, 1, "second", module, 0x11) && frame_is(world, 2, "top", module, 0x10),
        test);
}

static void test_backtraces(struct world *world, struct bytes module) {
  check_chain(world, module, WAY_UNREACHABLE, WASM_TRAP_UNREACHABLE, 0x00,
              "unreachable, with functions and offsets of the whole chain");
  check_chain(world, module, WAY_MEMORY, WASM_TRAP_MEMORY_OUT_OF_BOUNDS, 0x28,
              "a load far outside memory, the same");
  check_chain(world, module, WAY_DIVIDE, WASM_TRAP_INTEGER_DIVIDE_BY_ZERO, 0x6d,
              "division by zero, the same");
  check_chain(world, module, WAY_TABLE, WASM_TRAP_TABLE_OUT_OF_BOUNDS, 0x25,
              "table.get outside the table, the same");

  uint32_t result;
  bool trapped = call_top(world, WAY_RECURSE, &result) == WASM_TRAPPED;
  check(trapped && world->trap.kind == WASM_TRAP_STACK_EXHAUSTED &&
            world->trap.frame_count == WASM_BACKTRACE_MAX && world->trap.frames_total > 1000 &&
            frame_is(world, 5, "forever", module, 0x10),
        "endless recursion is a trap, its backtrace is cut and counted");
  check(call_top(world, WAY_UNREACHABLE, &result) == WASM_TRAPPED && world->trap.frames_total == 3,
        "the stack is whole again after a trap");
}

/* ---- Calls through the host ---------------------------------------------------------------- */

static uint32_t depth;
static struct wasm_trap inner_trap;

static enum wasm_trap_kind back_answers(void *context, struct wasm_instance *caller,
                                        const union wasm_value *args, union wasm_value *results) {
  struct world *world = context;
  bool right = caller == world->instance && args[0].i32 == 5;
  results[0].i32 = right ? 100 : 0;
  return WASM_TRAP_NONE;
}

static enum wasm_trap_kind back_fails(void *context, struct wasm_instance *caller,
                                      const union wasm_value *args, union wasm_value *results) {
  (void)context, (void)caller, (void)args, (void)results;
  return WASM_TRAP_HOST;
}

static enum wasm_trap_kind back_exits(void *context, struct wasm_instance *caller,
                                      const union wasm_value *args, union wasm_value *results) {
  (void)caller, (void)args, (void)results;
  return wasm_trap_exit(((struct world *)context)->store, 77);
}

/* Calls back into WebAssembly, which traps; then answers as if nothing had been. */
static enum wasm_trap_kind back_catches(void *context, struct wasm_instance *caller,
                                        const union wasm_value *args, union wasm_value *results) {
  struct world *world = context;
  (void)args;
  struct wasm_extern top = wasm_instance_export(caller, name_of("top"));
  union wasm_value values[1] = {{.i32 = WAY_UNREACHABLE}};
  enum wasm_status status = wasm_func_call(world->store, top.func, values, values, &inner_trap);
  results[0].i32 = status == WASM_TRAPPED ? 500 : 0;
  return WASM_TRAP_NONE;
}

/* Host and WebAssembly call each other until the stack ends. */
static enum wasm_trap_kind back_recurses(void *context, struct wasm_instance *caller,
                                         const union wasm_value *args, union wasm_value *results) {
  struct world *world = context;
  (void)args;
  struct wasm_extern top = wasm_instance_export(caller, name_of("top"));
  union wasm_value values[1] = {{.i32 = WAY_HOST}};
  depth++;
  enum wasm_status status = wasm_func_call(world->store, top.func, values, values, &inner_trap);
  results[0].i32 = 0;
  return status == WASM_TRAPPED ? inner_trap.kind : WASM_TRAP_NONE;
}

static void test_host_calls(struct bytes module) {
  struct world world;
  uint32_t result;
  static wasm_host_function *const ways[] = {back_answers, back_fails, back_exits, back_catches,
                                             back_recurses};
  for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
    world_open(&world, 0);
    world.back = ways[i];
    world_load(&world, module, true);
    world_instantiate(&world);
    enum wasm_status status = call_top(&world, WAY_HOST, &result);
    enum wasm_trap_kind kind = world.trap.kind;
    if (ways[i] == back_answers)
      check(status == WASM_OK && result == 102, "a host function's result comes back");
    if (ways[i] == back_fails)
      check(status == WASM_TRAPPED && kind == WASM_TRAP_HOST && world.trap.frames_total == 3 &&
                frame_is(&world, 0, "third", module, 0x10) &&
                frame_is(&world, 2, "top", module, 0x10),
            "a host function's trap has the backtrace of its caller");
    if (ways[i] == back_exits)
      check(status == WASM_TRAPPED && kind == WASM_TRAP_EXIT && world.trap.exit_status == 77,
            "an exit carries its status");
    if (ways[i] == back_catches)
      check(status == WASM_OK && result == 502 && inner_trap.kind == WASM_TRAP_UNREACHABLE &&
                inner_trap.frames_total == 6,
            "a trap under a host function ends only the inner call, and names the outer frames");
    if (ways[i] == back_recurses)
      check(status == WASM_TRAPPED && kind == WASM_TRAP_STACK_EXHAUSTED && depth > 50,
            "recursion through the host is a trap, too");
    world_close(&world);
  }
}

/* ---- Instances ----------------------------------------------------------------------------- */

static void test_everything(void) {
  struct bytes module = read_module("everything");
  struct world world;
  world_open(&world, 0);
  check(world_load(&world, module, true) == WASM_OK && world_instantiate(&world) == WASM_OK,
        "a module with everything runs its start function");

  union wasm_value sum[2] = {{.i32 = 7}, {.i32 = 6}};
  check(world_call(&world, "sum", sum, sum) == WASM_OK && sum[0].i32 == 42,
        "a loop that calls the host");
  sum[0].i32 = 3, sum[1].i32 = 4;
  check(world_call(&world, "\xc3\xa9t\xc3\xa9", sum, sum) == WASM_OK && sum[0].i32 == 12,
        "an export with a name outside ASCII");

  union wasm_value many[6] = {{.i32 = 1}, {.i64 = 2}, {.f32 = 3.5f}, {.f64 = 4.25}, {0}, {0}};
  check(world_call(&world, "swap", many, many) == WASM_OK && many[0].f64 == 4.25 &&
            many[1].f32 == 3.5f && many[2].i64 == 2 && many[3].i32 == 1,
        "arguments and results of every type");

  union wasm_value fill[1] = {{.i32 = 5}};
  check(world_call(&world, "fill", fill, fill) == WASM_OK && fill[0].i32 == 7 &&
            memcmp(wasm_memory_base(world.memory) + 200, "passive", 7) == 0 &&
            memcmp(wasm_memory_base(world.memory) + 8, "active", 6) == 0,
        "memory.fill, init and copy");
  fill[0].i32 = 5;
  check(world_call(&world, "fill", fill, fill) == WASM_TRAPPED &&
            world.trap.kind == WASM_TRAP_MEMORY_OUT_OF_BOUNDS,
        "memory.init from a dropped segment traps");

  struct wasm_extern functions = wasm_instance_export(world.instance, name_of("functions"));
  union wasm_value way[1] = {{.i32 = 0}};
  check(world_call(&world, "indirect", way, way) == WASM_OK && way[0].i32 == 30 &&
            wasm_table_size(functions.table) == 14,
        "table.grow and an indirect call");
  way[0].i32 = 1;
  check(world_call(&world, "indirect", way, way) == WASM_TRAPPED &&
            world.trap.kind == WASM_TRAP_INDIRECT_CALL_TYPE,
        "an indirect call of another type traps");
  way[0].i32 = 4;
  check(world_call(&world, "indirect", way, way) == WASM_TRAPPED &&
            world.trap.kind == WASM_TRAP_UNINITIALIZED_ELEMENT,
        "an indirect call of null traps");
  check(world_close(&world), "the store leaves nothing behind");
  free(module.at);
}

static void test_growth(void) {
  struct bytes module = read_module("everything");
  struct world world;
  world_open(&world, 0);
  world_load(&world, module, true);
  world_instantiate(&world);
  union wasm_value fill[1] = {{.i32 = WASM_PAGE_SIZE + 1000}};
  check(world_call(&world, "fill", fill, fill) == WASM_TRAPPED, "memory.fill beyond the memory");
  check(wasm_memory_grow(world.memory, 1) == 1, "the host grows the memory");
  struct wasm_instance *first = world.instance;
  struct wasm_memory *memory = world.memory;
  check(wasm_instance_memory(first) == memory && wasm_memory_bytes(memory) == 2 * WASM_PAGE_SIZE,
        "the instance sees the new size");
  fill[0].i32 = 0;
  uint64_t before = world.platform.calls;
  check(wasm_memory_grow(memory, 9) == UINT64_MAX &&
            wasm_memory_grow(memory, 1ull << 60) == UINT64_MAX && world.platform.calls == before,
        "growing beyond the maximum is refused without asking the platform");
  world.platform.fail_at = world.platform.calls + 1;
  check(wasm_memory_grow(memory, 1) == UINT64_MAX &&
            wasm_memory_bytes(memory) == 2 * WASM_PAGE_SIZE,
        "a platform without memory: the size stays");
  check(wasm_memory_grow(memory, 8) == 2, "up to the maximum");
  world_close(&world);
  free(module.at);
}

static void test_limits(void) {
  struct world world;
  world_open(&world, 0);
  struct wasm_limits huge = {.min = 10000001};
  struct wasm_limits large = {.min = 0};
  check(wasm_table_new(world.store, WASM_FUNCREF, &huge, 0) == NULL, "a table above the limit");
  struct wasm_table *table = wasm_table_new(world.store, WASM_EXTERNREF, &large, 1);
  check(table != NULL && wasm_table_size(table) == 0, "an empty table");
  struct wasm_limits pages = {.min = 65537};
  check(wasm_memory_new(world.store, &pages) == NULL, "a memory above 4 GiB");
  world_close(&world);
}

static void test_linking(struct bytes module) {
  struct world world;
  world_open(&world, 0);
  world_load(&world, module, true);
  struct wasm_extern import = {.kind = WASM_EXTERN_FUNC, .func = NULL};
  check(wasm_instance_new(world.store, world.module, &import, &world.instance, &world.trap,
                          &world.error) == WASM_UNLINKABLE &&
            strcmp(world.error.text, "unknown import: function \"host\" \"back\"") == 0,
        "a missing import is named");
  struct wasm_functype type = {0, 0, NULL, NULL};
  import.func = wasm_func_new(world.store, &type, back_fails, NULL);
  check(wasm_instance_new(world.store, world.module, &import, &world.instance, &world.trap,
                          &world.error) == WASM_UNLINKABLE,
        "an import of another type is refused");
  union wasm_value none;
  check(wasm_func_call(world.store, import.func, &none, &none, &world.trap) == WASM_TRAPPED &&
            world.trap.kind == WASM_TRAP_HOST && world.trap.frame_count == 0,
        "a host function can be called directly");
  world_close(&world);
}

/* ---- Locals in loops ----------------------------------------------------------------------- */

static uint64_t carried(uint32_t n) {
  uint64_t t = 0, u = 7, v = 3, s = 0;
  do {
    t = s * 3;
    s = t + u;
    if (n & 1)
      u += t;
    if (!(n & 2))
      v = s;
  } while (--n);
  return (t + u) ^ (s + v);
}

static double nested(uint32_t n) {
  double t = 0, a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0;
  do {
    a += t;
    for (uint32_t i = n; i > 0; i--) {
      t = i;
      b += t;
      c += b;
      d = t - d;
      e = d + c;
      f = e - f;
      g = f + g;
      h = g - h;
    }
  } while (--n);
  return (a + c) + (h + t);
}

static uint32_t in_place(uint32_t x) {
  uint32_t first = x - (x + 5);
  x = (x + 5) * (x + 5);
  first ^= x;
  uint32_t second = x;
  x = 1 - (x << 3);
  x = x >> 7 | x << 25;
  return (first + (second - x)) * x;
}

static void test_loops(void) {
  struct bytes module = read_module("loops");
  struct world world;
  world_open(&world, 0);
  world_load(&world, module, true);
  world_instantiate(&world);
  bool right[3] = {true, true, true};
  for (uint32_t n = 1; n < 40; n++) {
    union wasm_value value = {.i32 = n};
    world_call(&world, "carried", &value, &value);
    right[0] &= value.i64 == carried(n);
    value.i32 = n;
    world_call(&world, "nested", &value, &value);
    right[1] &= value.f64 == nested(n);
    value.i32 = n;
    world_call(&world, "in_place", &value, &value);
    right[2] &= value.i32 == in_place(n);
  }
  check(right[0], "a loop's locals, some set before they are read, some on one way only");
  check(right[1], "nested loops with more of them than registers");
  check(right[2], "locals that change while older values of them wait");
  world_close(&world);
  free(module.at);
}

/* ---- Sums of constants --------------------------------------------------------------------- */

static uint64_t call_sum(struct world *world, const char *name, uint64_t x) {
  union wasm_value value = {.i64 = x};
  return world_call(world, name, &value, &value) == WASM_OK ? value.i64 : ~x;
}

static uint64_t expected_spilled(uint64_t x) {
  return 3 * x + 7 + (uint32_t)((uint32_t)(3 * x) * 2 + 7);
}

static void test_sums(void) {
  static const uint64_t samples[] = {0,          1,           7999,       8000,
                                     0x7fffffff, 0x80000000,  0xfffffff0, 0xffffffff,
                                     1ull << 32, 0x123456789, 1ull << 63, UINT64_MAX};
  struct bytes module = read_module("sums");
  struct world world;
  world_open(&world, 0);
  world_load(&world, module, true);
  world_instantiate(&world);
  bool narrow = true, wide = true;
  for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
    uint64_t x = samples[i];
    uint32_t low = (uint32_t)x;
    narrow &= (uint32_t)call_sum(&world, "near", low) == low + 24 &&
              (uint32_t)call_sum(&world, "below", low) == low - 8000 &&
              (uint32_t)call_sum(&world, "kept", low) == (low - 1) * (low + 1000) * low;
    wide &= call_sum(&world, "far", low) == (uint64_t)low + 0x7fffffff &&
            (uint32_t)call_sum(&world, "product", low) ==
                (uint32_t)((uint64_t)low * 0xfffffffd >> 30) &&
            call_sum(&world, "halves", x) == ((x + 1) ^ 5ull * low) &&
            call_sum(&world, "spilled", x) == expected_spilled(x);
  }
  check(narrow, "sums of 32 bits, also those that are written as sums of 64");
  check(wide, "sums of 64 bits, also of values that were 32 bits wide");
  check(call_sum(&world, "constants", 0) == 0xfffffffeull + 8, "sums of constants alone");
  world_close(&world);
  free(module.at);
}

/* ---- Edges of eight bits ------------------------------------------------------------------- */

static uint64_t expected_wide(uint64_t x) {
  x = ((x + 127) * 127 + 128) * 128 | -128ull;
  x = ((x * -129ull & -129ull) - 128) ^ 128;
  return (x - 129) ^ 127;
}

static uint32_t expected_compare(int32_t x) {
  uint32_t bits = (uint32_t)(x < -128) << 3 | (x == 127) << 2 | (x > 128) << 1 | (x != -129);
  return bits | (x >= 128) << 4 | (x == -128) << 5 | (x >= 0 && x <= 127) << 6 | (x > -129) << 7;
}

static void put_word(uint8_t *at, uint64_t word, size_t size) {
  memcpy(at, &word, size);
}

static uint64_t get_word(const uint8_t *at, size_t size) {
  uint64_t word = 0;
  memcpy(&word, at, size);
  return word;
}

static uint64_t expected_memory(uint32_t at) {
  static uint8_t memory[65536];
  memset(memory, 0, sizeof memory);
  uint8_t *m = memory + at;
  put_word(m + 127, 0x11, 1);
  put_word(m + 128, 0x22, 1);
  put_word(m + 3 + 126, 0x3344, 2);
  put_word(m + 131, 0x5566, 2);
  put_word(m + 8 + 127, 0x778899aa, 4);
  put_word(m + 16 + 128, (uint64_t)-2, 8);
  put_word(memory + 1 + 127, get_word(m + 127, 8), 8);
  put_word(memory + 8 + 128, get_word(m + 8 + 127, 8), 8);
  put_word(m + 100 + 127, get_word(m + 16 + 128, 4), 4);
  uint64_t product = get_word(memory + 128, 8) * 31 ^ get_word(memory + 8 + 128, 8);
  return product + get_word(m + 100 + 127, 4) + (uint64_t)(int8_t)m[20 + 127];
}

static uint64_t expected_frame(uint64_t x) {
  uint64_t a = x + 1, c = a + x, e = c * a, g = e - c, i = g ^ e, l = i | g, n = l + i;
  uint32_t b = (uint32_t)(a * 3), d = b + 7, f = d * b, h = f - d, m = h ^ f, o = m + h;
  double q = (double)(int32_t)h + 0.5;
  uint64_t sum = (n + o) * 3 + (uint64_t)(int64_t)q;
  return sum + (uint32_t)((h & 255) + 1) + ((o ^ m) - ((n ^ l) + x));
}

static void test_edges(void) {
  static const int32_t samples[] = {-130, -129, -128, -127, -1,        0,        1,
                                    126,  127,  128,  129,  INT32_MIN, INT32_MAX};
  struct bytes module = read_module("edges");
  struct world world;
  world_open(&world, 0);
  world_load(&world, module, true);
  world_instantiate(&world);
  bool sums = true, compares = true, frames = true;
  uint64_t seed = 1;
  for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
    uint64_t x = (uint64_t)(int64_t)samples[i], random = next_random(&seed);
    sums &= call_sum(&world, "wide", x) == expected_wide(x) &&
            call_sum(&world, "wide", random) == expected_wide(random) &&
            (uint32_t)call_sum(&world, "narrow", (uint32_t)x) == (uint32_t)expected_wide(x);
    compares &= (uint32_t)call_sum(&world, "compare", x) == expected_compare(samples[i]);
    frames &= call_sum(&world, "frame", x) == expected_frame(x) &&
              call_sum(&world, "frame", random) == expected_frame(random);
  }
  check(sums, "constants at the edges of eight bits");
  check(compares, "the same in compares");
  check(frames, "frames beyond what eight bits reach");
  check(call_sum(&world, "memory", 1000) == expected_memory(1000), "displacements at the edges");
  world_close(&world);
  free(module.at);
}

int main(void) {
  struct bytes module = read_module("chain");
  struct world world;
  world_open(&world, 0);
  world_load(&world, module, true);
  world_instantiate(&world);
  /* A second instance of the same code: frames must name the first. */
  struct wasm_instance *first = world.instance;
  world_instantiate(&world);
  world.instance = first;
  test_backtraces(&world, module);
  world_close(&world);
  test_host_calls(module);
  test_linking(module);
  test_everything();
  test_growth();
  test_limits();
  test_loops();
  test_sums();
  test_edges();
  free(module.at);
  return finish();
}
