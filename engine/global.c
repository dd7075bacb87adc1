/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Globals, tags, and the types of what can be imported. */
#include "engine/store.h"

/* Reference globals hold what a table's element would. */
struct wasm_global *wasm_global_new(struct wasm_store *store, uint8_t type, bool is_mutable,
                                    union wasm_value value) {
  struct wasm_global *global = wasm_arena_array(&store->arena, 1, sizeof *global);
  if (global == NULL)
    return NULL;
  global->type = type;
  global->is_mutable = is_mutable;
  global->value = value;
  return global;
}

union wasm_value wasm_global_get(const struct wasm_global *global) {
  return global->value;
}

struct wasm_tag *wasm_tag_new(struct wasm_store *store, const struct wasm_functype *type) {
  uint32_t number;
  if (type->result_count > 0 || !wasm_store_keep_type(store, type, &number))
    return NULL;
  struct wasm_tag *tag = wasm_arena_array(&store->arena, 1, sizeof *tag);
  if (tag != NULL)
    *tag = (struct wasm_tag){number, store};
  return tag;
}

/* The present size takes the place of the first one: what is imported is the table or memory as it
 * is now (core spec 4.5.1). */
void wasm_extern_type(const struct wasm_extern *external, struct wasm_externtype *type) {
  memset(type, 0, sizeof *type);
  type->kind = external->kind;
  switch (external->kind) {
  case WASM_EXTERN_FUNC:
    type->func = wasm_func_type(external->func);
    break;
  case WASM_EXTERN_TABLE:
    type->valtype = external->table->type;
    type->limits = external->table->limits;
    type->limits.min = external->table->size;
    break;
  case WASM_EXTERN_MEMORY:
    type->limits = external->memory->limits;
    type->limits.min = external->memory->pages;
    break;
  case WASM_EXTERN_GLOBAL:
    type->valtype = external->global->type;
    type->is_mutable = external->global->is_mutable;
    break;
  case WASM_EXTERN_TAG:
    type->func = external->tag->store->types.types[external->tag->type];
    break;
  }
}
