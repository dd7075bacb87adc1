/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The n-th request for memory fails, for every n until nothing fails any more: each time something
 * is refused cleanly, or done without, and the store gives back all it had. */
#include "tests/engine/support.h"

#include <stdio.h>
#include <stdlib.h>

#define GUARDED (8ull << 30) /* bytes that only the guards of a memory want */

enum outcome { REFUSED, DONE, WRONG };

/* Loads, instantiates, calls and grows; what fails must say that there was no memory. */
static enum outcome live(struct world *world, struct bytes module) {
  if (world->store == NULL)
    return REFUSED;
  enum wasm_status status = world_load(world, module, true);
  if (status == WASM_OK)
    status = world_instantiate(world);
  if (status != WASM_OK)
    return status == WASM_NO_MEMORY ? REFUSED : WRONG;
  union wasm_value sum[2] = {{.i32 = 7}, {.i32 = 6}};
  if (world_call(world, "sum", sum, sum) != WASM_OK || sum[0].i32 != 42)
    return WRONG;
  struct wasm_extern wide = wasm_instance_export(world->instance, name_of("wide"));
  if (wasm_global_get(wide.global).i64 != (uint64_t)-123456789012)
    return WRONG;
  /* memory.grow answers the old size or -1, and nothing else. */
  union wasm_value grow[1] = {{.i32 = 0}};
  if (world_call(world, "fill", grow, grow) != WASM_OK)
    return WRONG;
  return grow[0].i32 == 1 ? DONE : grow[0].i32 == UINT32_MAX ? REFUSED : WRONG;
}

int main(void) {
  struct bytes module = read_module("everything");
  bool clean = true, right = true, unguarded = false;
  enum outcome outcome = REFUSED;
  uint64_t n = 0;
  while (outcome == REFUSED && n < 100000) {
    struct world world;
    world_open(&world, ++n);
    outcome = live(&world, module);
    bool failed = world.platform.calls >= n;
    if (outcome == DONE && failed && world.platform.refused >= GUARDED) {
      outcome = REFUSED;
      unguarded = true;
    }
    /* What failed was noticed, and nothing fails that was not made to. */
    right &= outcome != WRONG && (outcome == REFUSED) == failed;
    clean &= world_close(&world);
  }
  printf("# %llu requests\n", (unsigned long long)n - 1);
  check(n > 10 && outcome == DONE, "with enough memory it works in the end");
  check(unguarded, "without room for guards accesses are checked");
  check(right, "each request that failed was answered by a refusal");
  check(clean, "nothing was left behind");
  free(module.at);
  return finish();
}
