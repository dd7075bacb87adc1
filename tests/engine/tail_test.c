/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Tail calls: in constant stack, whatever room the arguments take, between instances, to the host.
 */
#include "tests/engine/support.h"

#include <stdlib.h>

/* Far more than the stack has room for, were each a call; a multiple of 2 and 3. */
#define STEPS 999996u

static enum wasm_trap_kind tells_caller(void *context, struct wasm_instance *caller,
                                        const union wasm_value *args, union wasm_value *results) {
  struct world *world = context;
  uint32_t number = args[0].i32;
  results[0].i32 = caller == world->instance ? number * 2 : 0;
  return number == 13 ? WASM_TRAP_HOST : WASM_TRAP_NONE;
}

static struct wasm_func *exported(struct wasm_instance *instance, const char *name) {
  return wasm_instance_export(instance, name_of(name)).func;
}

static void test_room(struct world *world) {
  union wasm_value values[3];
  for (uint32_t i = 0; i < 3; i++) {
    values[0].i32 = STEPS + i;
    values[1].i64 = 10;
    check(world_call(world, "few", values, values) == WASM_OK && values[0].i64 == STEPS + i + 10 &&
              values[1].i32 == 7 + i && values[2].f64 == 0.5 + i,
          "round and round through functions with other arguments, results in their places");
  }
  for (uint32_t i = 0; i < 2; i++) {
    values[0].i32 = STEPS + i;
    check(world_call(world, "swapped", values, values) == WASM_OK &&
              values[0].i64 == (i == 0 ? 42 : 24),
          "stack arguments that swap places");
  }
}

/* Both instances' functions return to the caller of the first. */
static void test_instances(struct world *world, struct wasm_instance *other) {
  union wasm_value values[4] = {{.i32 = 0}};
  struct wasm_instance *instances[] = {world->instance, other};
  for (uint32_t i = 0; i < 2; i++) {
    values[0].i32 = i;
    wasm_func_call(world->store, exported(instances[i], "join"), values, values, &world->trap);
  }
  for (uint32_t i = 0; i < 4; i++) {
    uint32_t me = i & 1;
    values[0].i32 = STEPS + (i >> 1);
    enum wasm_status status =
        wasm_func_call(world->store, exported(instances[me], "hops"), values, values, &world->trap);
    /* The last step, counted 1, goes to the second; none at all stays here. */
    check(status == WASM_OK && values[0].i64 == STEPS + (i >> 1) && values[1].i32 == 1 &&
              values[2].i32 == me && values[3].i32 == me * 100,
          "back and forth between two instances; the caller is itself again afterwards");
  }
}

static void test_host(struct world *world, struct wasm_instance *other) {
  union wasm_value values[1] = {{.i32 = 21}};
  check(world_call(world, "to_host", values, values) == WASM_OK && values[0].i32 == 42,
        "a host function that ends the outermost function");
  values[0].i32 = 21;
  check(world_call(world, "through_host", values, values) == WASM_OK && values[0].i32 == 42,
        "a host function that ends an inner one sees its instance");
  values[0].i32 = 21;
  check(wasm_func_call(world->store, exported(other, "through_host"), values, values,
                       &world->trap) == WASM_OK &&
            values[0].i32 == 1,
        "and not another one");
  values[0].i32 = 13;
  check(world_call(world, "to_host", values, values) == WASM_TRAPPED &&
            world->trap.kind == WASM_TRAP_HOST && world->trap.frames_total == 0,
        "its trap has no frames where there are none");
  values[0].i32 = 13;
  check(world_call(world, "through_host", values, values) == WASM_TRAPPED &&
            world->trap.kind == WASM_TRAP_HOST && world->trap.frames_total == 1,
        "its trap has the frame of the caller's caller");
  values[0].i32 = 0;
  check(world_call(world, "trap", values, values) == WASM_TRAPPED &&
            world->trap.kind == WASM_TRAP_INTEGER_DIVIDE_BY_ZERO && world->trap.frames_total == 1 &&
            names_equal(wasm_module_function_name(world->module, world->trap.frames[0].function),
                        "divide"),
        "a trap after a tail call names the last function alone");
}

int main(void) {
  struct bytes module = read_module("tail");
  struct world world;
  world_open(&world, 0);
  if (world_load(&world, module, true) != WASM_OK) {
    check(false, world.error.text);
    return finish();
  }
  static const uint8_t i32 = WASM_I32;
  struct wasm_functype type = {1, 1, &i32, &i32};
  struct wasm_limits two = {.min = 2};
  struct wasm_extern imports[] = {
      {.kind = WASM_EXTERN_FUNC, .func = wasm_func_new(world.store, &type, tells_caller, &world)},
      {.kind = WASM_EXTERN_TABLE, .table = wasm_table_new(world.store, WASM_FUNCREF, &two, 0)},
  };
  struct wasm_instance *instances[2];
  for (uint32_t i = 0; i < 2; i++)
    check(wasm_instance_new(world.store, world.module, imports, &instances[i], &world.trap,
                            &world.error) == WASM_OK,
          "an instance");
  world.instance = instances[0];
  test_room(&world);
  test_instances(&world, instances[1]);
  test_host(&world, instances[1]);
  check(world_close(&world), "nothing is left");
  free(module.at);
  return finish();
}
