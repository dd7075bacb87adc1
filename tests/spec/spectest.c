/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The module "spectest": functions that print (here: nothing), globals of 666, tables and a
 * memory. */
#include "tests/spec/spectest.h"

#include <string.h>

static enum wasm_trap_kind print(void *context, struct wasm_instance *caller,
                                 const union wasm_value *args, union wasm_value *results) {
  (void)context, (void)caller, (void)args, (void)results;
  return WASM_TRAP_NONE;
}

static bool add(struct spectest *spectest, const char *name, enum wasm_externkind kind,
                void *external) {
  struct wasm_name key = {name, (uint32_t)strlen(name)};
  spectest->exports[spectest->count].name = key;
  spectest->exports[spectest->count].external = (struct wasm_extern){.kind = kind, .any = external};
  spectest->count++;
  return external != NULL;
}

static bool add_functions(struct spectest *spectest, struct wasm_store *store) {
  static const uint8_t i32[] = {WASM_I32}, i64[] = {WASM_I64}, f32[] = {WASM_F32},
                       f64[] = {WASM_F64}, i32_f32[] = {WASM_I32, WASM_F32},
                       f64_f64[] = {WASM_F64, WASM_F64};
  static const struct {
    const char *name;
    struct wasm_functype type;
  } functions[] = {
      {"print", {0, 0, NULL, NULL}},
      {"print_i32", {1, 0, i32, NULL}},
      {"print_i64", {1, 0, i64, NULL}},
      {"print_f32", {1, 0, f32, NULL}},
      {"print_f64", {1, 0, f64, NULL}},
      {"print_i32_f32", {2, 0, i32_f32, NULL}},
      {"print_f64_f64", {2, 0, f64_f64, NULL}},
  };
  bool ok = true;
  for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++)
    ok &= add(spectest, functions[i].name, WASM_EXTERN_FUNC,
              wasm_func_new(store, &functions[i].type, print, NULL));
  return ok;
}

static bool add_globals(struct spectest *spectest, struct wasm_store *store) {
  static const struct {
    const char *name;
    uint8_t type;
    union wasm_value value;
  } globals[] = {
      {"global_i32", WASM_I32, {.i32 = 666}},
      {"global_i64", WASM_I64, {.i64 = 666}},
      {"global_f32", WASM_F32, {.f32 = 666.6f}},
      {"global_f64", WASM_F64, {.f64 = 666.6}},
  };
  bool ok = true;
  for (size_t i = 0; i < sizeof globals / sizeof globals[0]; i++)
    ok &= add(spectest, globals[i].name, WASM_EXTERN_GLOBAL,
              wasm_global_new(store, globals[i].type, false, globals[i].value));
  return ok;
}

bool spectest_make(struct spectest *spectest, struct wasm_store *store) {
  struct wasm_limits table = {.min = 10, .max = 20, .has_max = true};
  struct wasm_limits table64 = {.min = 10, .max = 20, .has_max = true, .is_64 = true};
  struct wasm_limits memory = {.min = 1, .max = 2, .has_max = true};
  spectest->count = 0;
  bool ok = add_functions(spectest, store);
  ok &= add_globals(spectest, store);
  ok &= add(spectest, "table", WASM_EXTERN_TABLE, wasm_table_new(store, WASM_FUNCREF, &table, 0));
  ok &=
      add(spectest, "table64", WASM_EXTERN_TABLE, wasm_table_new(store, WASM_FUNCREF, &table64, 0));
  ok &= add(spectest, "memory", WASM_EXTERN_MEMORY, wasm_memory_new(store, &memory));
  return ok;
}

struct wasm_extern spectest_find(const struct spectest *spectest, struct wasm_name name) {
  for (uint32_t i = 0; i < spectest->count; i++) {
    struct wasm_name known = spectest->exports[i].name;
    if (known.length == name.length && memcmp(known.bytes, name.bytes, name.length) == 0)
      return spectest->exports[i].external;
  }
  return (struct wasm_extern){.any = NULL};
}
