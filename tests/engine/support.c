/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the engine's tests share. */
#include "tests/engine/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned test_count, failure_count;

bool check(bool ok, const char *name) {
  printf("%s %u - %s\n", ok ? "ok" : "not ok", ++test_count, name);
  failure_count += !ok;
  return ok;
}

int finish(void) {
  printf("1..%u\n", test_count);
  return failure_count != 0;
}

struct bytes copy_bytes(const uint8_t *at, size_t length) {
  struct bytes copy = {malloc(length > 0 ? length : 1), length};
  if (length > 0)
    memcpy(copy.at, at, length);
  return copy;
}

struct bytes read_module(const char *name) {
  char path[200];
  static uint8_t buffer[1 << 16];
  snprintf(path, sizeof path, "build/tests/engine/%s.wasm", name);
  FILE *file = fopen(path, "rb");
  if (file == NULL) {
    printf("Bail out! %s is not there\n", path);
    exit(1);
  }
  size_t length = fread(buffer, 1, sizeof buffer, file);
  fclose(file);
  return copy_bytes(buffer, length);
}

uint64_t next_random(uint64_t *state) {
  *state ^= *state << 13;
  *state ^= *state >> 7;
  *state ^= *state << 17;
  return *state;
}

bool world_open(struct world *world, uint64_t fail_at) {
  memset(world, 0, sizeof *world);
  posix_platform_init(&world->platform);
  world->platform.fail_at = fail_at;
  world->store = wasm_store_new(&world->platform.hooks);
  posix_guard_store(world->store);
  return world->store != NULL;
}

enum wasm_status world_load(struct world *world, struct bytes module, bool compile) {
  return wasm_module_load(world->store, module.at, module.length, compile, &world->module,
                          &world->error);
}

static enum wasm_trap_kind host_add(void *context, struct wasm_instance *caller,
                                    const union wasm_value *args, union wasm_value *results) {
  (void)context, (void)caller;
  results[0].i32 = args[0].i32 + args[1].i32;
  return WASM_TRAP_NONE;
}

/* Something of the type that an import wants. */
static struct wasm_extern make_import(struct world *world, struct wasm_name name,
                                      const struct wasm_externtype *type) {
  struct wasm_extern external = {.kind = type->kind};
  struct wasm_limits limits = type->limits;
  union wasm_value value = {.i64 = 0};
  switch (type->kind) {
  case WASM_EXTERN_FUNC:
    external.func =
        wasm_func_new(world->store, &type->func,
                      names_equal(name, "back") && world->back ? world->back : host_add, world);
    break;
  case WASM_EXTERN_TABLE:
    external.table = wasm_table_new(world->store, type->valtype, &limits, 0);
    break;
  case WASM_EXTERN_MEMORY:
    world->memory = external.memory = wasm_memory_new(world->store, &limits);
    break;
  case WASM_EXTERN_GLOBAL:
    if (type->valtype == WASM_I32)
      value.i32 = 9;
    external.global = wasm_global_new(world->store, type->valtype, type->is_mutable, value);
    break;
  case WASM_EXTERN_TAG:
    external.tag = wasm_tag_new(world->store, &type->func);
    break;
  }
  return external;
}

enum wasm_status world_instantiate(struct world *world) {
  uint32_t count = wasm_module_import_count(world->module);
  struct wasm_extern *imports = calloc(count > 0 ? count : 1, sizeof *imports);
  for (uint32_t i = 0; i < count; i++) {
    struct wasm_name space, name;
    struct wasm_externtype type;
    wasm_module_import(world->module, i, &space, &name, &type);
    imports[i] = make_import(world, name, &type);
    if (imports[i].any == NULL) {
      free(imports);
      return WASM_NO_MEMORY;
    }
  }
  enum wasm_status status = wasm_instance_new(world->store, world->module, imports,
                                              &world->instance, &world->trap, &world->error);
  free(imports);
  return status;
}

bool world_close(struct world *world) {
  posix_guard_store(NULL);
  wasm_store_delete(world->store);
  return world->platform.reserved == 0 && world->platform.allocated == 0;
}

struct wasm_name name_of(const char *text) {
  return (struct wasm_name){text, (uint32_t)strlen(text)};
}

bool names_equal(struct wasm_name name, const char *text) {
  return name.length == strlen(text) && memcmp(name.bytes, text, name.length) == 0;
}

enum wasm_status world_call(struct world *world, const char *name, const union wasm_value *args,
                            union wasm_value *results) {
  struct wasm_extern external = wasm_instance_export(world->instance, name_of(name));
  if (external.any == NULL || external.kind != WASM_EXTERN_FUNC) {
    printf("Bail out! there is no function %s\n", name);
    exit(1);
  }
  return wasm_func_call(world->store, external.func, args, results, &world->trap);
}
