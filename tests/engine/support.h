/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the engine's tests share: TAP, files, and a host with the imports of tests/engine/modules.
 */
#ifndef TESTS_ENGINE_SUPPORT_H
#define TESTS_ENGINE_SUPPORT_H

#include "engine/engine.h"
#include "tests/platform/posix.h"

/* Prints one TAP line. Returns `ok`. */
bool check(bool ok, const char *name);
/* Prints the plan, and gives main's result. */
int finish(void);

struct bytes {
  uint8_t *at; /* from malloc, exactly `length`: the sanitizer sees any byte read beyond */
  size_t length;
};
/* build/tests/engine/<name>.wasm; ends the program when it is not there. */
struct bytes read_module(const char *name);
struct bytes copy_bytes(const uint8_t *at, size_t length);

/* Numbers that look random and are the same in every run (xorshift64). */
uint64_t next_random(uint64_t *state);

/* A store with a host around it. */
struct world {
  struct posix_platform platform;
  struct wasm_store *store;
  struct wasm_module *module;
  struct wasm_instance *instance;
  struct wasm_memory *memory; /* the one it gave to the module, if any */
  struct wasm_trap trap;
  struct wasm_error error;
  wasm_host_function *back; /* behind the import "host" "back"; its context is the world */
};

/* An empty store whose hooks fail at the given call (0: never). False: that was too early. */
bool world_open(struct world *world, uint64_t fail_at);
enum wasm_status world_load(struct world *world, struct bytes module, bool compile);
/* Instantiates the module with imports made to fit. */
enum wasm_status world_instantiate(struct world *world);
/* Deletes the store. True: nothing was left behind. */
bool world_close(struct world *world);

struct wasm_name name_of(const char *text);
/* Calls an exported function of the instance, which must be there. */
enum wasm_status world_call(struct world *world, const char *name, const union wasm_value *args,
                            union wasm_value *results);
bool names_equal(struct wasm_name name, const char *text);

#endif
