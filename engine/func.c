/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Functions as the host sees them: making host functions, calling any function. */
#include "engine/store.h"
#include "engine/types.h"

/* Native stack left below the limit for helpers and host functions, which check nothing. */
#define HOST_STACK ((size_t)64 << 10)
/* Values that a call keeps on its own stack; calls with more take a bigger frame. */
#define FEW_VALUES 16
#define MANY_VALUES                                                                                \
  (WASM_LIMIT_PARAMS > WASM_LIMIT_RESULTS ? WASM_LIMIT_PARAMS : WASM_LIMIT_RESULTS)

/* A host function: the engine sees its func, whose instance is not a module's. */
struct host_func {
  struct wasm_func func;
  struct wasm_instance instance;
};

struct wasm_func *wasm_func_new(struct wasm_store *store, const struct wasm_functype *type,
                                wasm_host_function *function, void *context) {
  struct host_func *host = wasm_arena_array(&store->arena, 1, sizeof *host);
  uint32_t number;
  if (host == NULL || !wasm_store_keep_type(store, type, &number))
    return NULL;
  host->instance.helpers = &wasm_helpers;
  host->instance.store = store;
  host->instance.host = function;
  host->instance.host_context = context;
  host->instance.host_type = number;
  host->func = (struct wasm_func){wasm_host_entry, &host->instance, number, 0};
  return &host->func;
}

struct wasm_functype wasm_func_type(const struct wasm_func *func) {
  return func->instance->store->types.types[func->type];
}

uint32_t wasm_host_call(struct wasm_instance *host, struct wasm_instance *caller,
                        union wasm_value *values) {
  struct wasm_store *store = host->store;
  /* WebAssembly checks the stack before its frames; a host function in between must not be the
   * way around: it gets all of HOST_STACK or is not called. */
  if ((uintptr_t)__builtin_frame_address(0) < store->stack_limit)
    return WASM_TRAP_STACK_EXHAUSTED;
  return host->host(host->host_context, caller, values, values);
}

/* The limit hangs on where WebAssembly is entered first. Each instance has a copy, because its code
 * compares with it in every function; most entries are from the same depth and change nothing. */
static void set_stack_limit(struct wasm_store *store, uintptr_t here) {
  size_t size = store->platform.stack_size;
  size_t usable = size > 2 * HOST_STACK ? size - HOST_STACK : size / 2;
  uintptr_t limit = here > usable ? here - usable : 0;
  if (limit == store->stack_limit)
    return;
  store->stack_limit = limit;
  for (struct wasm_instance *i = store->instances; i != NULL; i = i->next)
    i->stack_limit = limit;
}

/* Runs the function in an activation of its own. Returns the kind of trap; *trap is filled by who
 * raised it, while the stack was still there to be walked. */
static uint32_t run(struct wasm_store *store, struct wasm_func *func,
                    const struct wasm_functype *type, union wasm_value *values) {
  struct wasm_activation activation = {.outer = store->activation};
  uintptr_t here = (uintptr_t)__builtin_frame_address(0);
  if (activation.outer == NULL) {
    set_stack_limit(store, here);
    store->exception = NULL;
  }
  store->activation = &activation;
  uint32_t kind;
  if (here < store->stack_limit)
    kind = WASM_TRAP_STACK_EXHAUSTED;
  else if (func->instance->module == NULL)
    kind = wasm_host_call(func->instance, NULL, values);
  else
    kind = wasm_enter(&activation, func, type, values);
  store->activation = activation.outer;
  return kind;
}

/* The trap goes to the innermost call: a host function that calls again has a struct of its own. */
static enum wasm_status call(struct wasm_store *store, struct wasm_func *func,
                             const struct wasm_functype *type, const union wasm_value *args,
                             union wasm_value *results, union wasm_value *values,
                             struct wasm_trap *trap) {
  struct wasm_trap *outer_trap = store->trap;
  store->trap = trap;
  trap->kind = WASM_TRAP_NONE;
  if (type->param_count > 0)
    memcpy(values, args, type->param_count * sizeof *values);
  uint32_t kind = run(store, func, type, values);
  /* Nobody has raised it where frames could be seen: a direct call of a host function, or no stack
   * to begin with. */
  if (kind != WASM_TRAP_NONE && trap->kind != kind)
    wasm_trap_record(store, kind, 0, 0);
  store->trap = outer_trap;
  if (kind != WASM_TRAP_NONE)
    return WASM_TRAPPED;
  if (type->result_count > 0)
    memcpy(results, values, type->result_count * sizeof *values);
  return WASM_OK;
}

/* A function of its own, so that only these calls have the big frame. */
__attribute__((noinline)) static enum wasm_status
call_with_many(struct wasm_store *store, struct wasm_func *func, const struct wasm_functype *type,
               const union wasm_value *args, union wasm_value *results, struct wasm_trap *trap) {
  union wasm_value values[MANY_VALUES];
  return call(store, func, type, args, results, values, trap);
}

enum wasm_status wasm_func_call(struct wasm_store *store, struct wasm_func *func,
                                const union wasm_value *args, union wasm_value *results,
                                struct wasm_trap *trap) {
  struct wasm_functype type = wasm_func_type(func);
  if (type.param_count > FEW_VALUES || type.result_count > FEW_VALUES)
    return call_with_many(store, func, &type, args, results, trap);
  union wasm_value values[FEW_VALUES];
  return call(store, func, &type, args, results, values, trap);
}

enum wasm_trap_kind wasm_trap_exit(struct wasm_store *store, uint32_t status) {
  store->exit_status = status;
  return WASM_TRAP_EXIT;
}
