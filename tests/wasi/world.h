/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* One program's world without an engine: WASI's functions are called directly, through the public
 * interface, with a stand-in for the engine behind it. */
#ifndef TESTS_WASI_WORLD_H
#define TESTS_WASI_WORLD_H

#include "wasi/call.h"
#include "wasi/posix/posix.h"

#define MODULE_BYTES 65536u /* of the module's memory */

struct wasm_memory {
  uint8_t *base;
  uint64_t bytes;
};
struct wasm_instance {
  struct wasm_memory *memory;
};
struct wasm_func {
  wasm_host_function *function;
  void *context;
};
struct wasm_store {
  struct wasm_func funcs[WASI_FUNCTION_COUNT];
  uint32_t count;
  uint32_t exit_status;
};

struct world {
  char sandbox[64]; /* holds "scratch", the preopen, and "outside", which nobody may touch */
  char scratch[128];
  struct wasm_store store;
  struct wasm_memory memory;
  struct wasm_instance instance;
  struct wasi_posix_host host;
  struct wasi_fs *posix_fs; /* unless another one was put into the preopen */
  struct wasi_preopen preopen;
  struct wasi_config config;
  struct wasi *wasi;        /* made by the test from `config` */
  enum wasm_trap_kind trap; /* of the last call */
  int input[2];             /* a pipe for standard input */
};

/* Makes everything but the wasi. The preopen is the POSIX host's. */
void world_open(struct world *world);
/* True if WASI gave back all it took and touched nothing outside. */
bool world_close(struct world *world);
/* Standard input is at its end from now on. */
void world_end_input(struct world *world);

struct signature {
  const char *name, *params, *results;
};
extern const struct signature SIGNATURES[WASI_FUNCTION_COUNT];

struct wasm_func *world_import(struct world *world, const char *space,
                               const struct signature *signature, bool *mismatch);
/* Calls a function as a module would; 32-bit arguments use the low half. Returns the errno. */
uint32_t world_call(struct world *world, enum wasi_function_number number,
                    const union wasm_value args[9]);
#define CALL(world, name, ...)                                                                     \
  world_call(world, WASI_FUNCTION_##name, (const union wasm_value[9]){__VA_ARGS__})
#define N(value)                                                                                   \
  { .i64 = (uint64_t)(value) }

/* A storm: random calls that make, find and break things in a small world. Two storms of the same
 * seed make the same calls whatever comes of them. */
struct storm {
  uint64_t state;
};
struct step {
  enum wasi_function_number number;
  union wasm_value args[9];
  uint32_t result;
};
void storm_step(struct storm *storm, struct world *world, struct step *step);
/* For the sake of the disk. */
void storm_limit_file_sizes(void);

/* ---- TAP ---- */

/* The running test has failed if `good` is false, and says so. */
#define CHECK(condition) (good &= check_at(condition, __FILE__, __LINE__, #condition))
bool check_at(bool good, const char *file, int line, const char *what);
void report(bool good, const char *name);
int failures(void);

#endif
