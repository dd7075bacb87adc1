/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The store: its life, its table of function types, and loading modules into it. */
#include "engine/store.h"
#include "engine/types.h"

static void *allocate(struct wasm_store *store, size_t size) {
  return store->platform.allocate(store->platform.context, size);
}

static void release(struct wasm_store *store, void *address, size_t size) {
  if (address != NULL)
    store->platform.free(store->platform.context, address, size);
}

/* The platform's hooks are copied: the caller's struct may go away, its context may not. */
struct wasm_store *wasm_store_new(const struct wasm_platform *platform) {
  struct wasm_store *store = platform->allocate(platform->context, sizeof *store);
  if (store == NULL)
    return NULL;
  memset(store, 0, sizeof *store);
  store->platform = *platform;
  wasm_arena_init(&store->arena, &store->platform);
  return store;
}

/* Also for a module that was refused: nothing of it is known elsewhere. */
static void delete_module(struct wasm_module *module) {
  struct wasm_store *store = module->store;
  if (module->image != NULL)
    store->platform.release(store->platform.context, module->image, module->image_reserved);
  wasm_arena_release(&module->arena);
  release(store, module, sizeof *module);
}

void wasm_store_delete(struct wasm_store *store) {
  if (store == NULL)
    return;
  /* Reservations first: the structs that know of them lie in the arena. */
  for (struct wasm_memory *memory = store->memories; memory != NULL; memory = memory->next)
    store->platform.release(store->platform.context, memory->base, memory->reserved);
  if (store->spare != NULL)
    store->platform.release(store->platform.context, store->spare, WASM_MEMORY_RESERVATION);
  for (struct wasm_table *table = store->tables; table != NULL; table = table->next)
    store->platform.release(store->platform.context, table->elements,
                            wasm_table_reservation(store, &table->limits));
  while (store->modules != NULL) {
    struct wasm_module *module = store->modules;
    store->modules = module->next;
    delete_module(module);
  }
  wasm_exceptions_release(store);
  release(store, store->types.types, store->types.capacity * sizeof *store->types.types);
  release(store, store->types.slots, store->types.capacity * 2 * sizeof *store->types.slots);
  wasm_arena_release(&store->arena);
  release(store, store, sizeof *store);
}

/* ---- Function types ------------------------------------------------------------------------ */

/* FNV-1a, and a last mix so that the low bits depend on all. */
static uint64_t hash_type(const struct wasm_functype *type) {
  uint64_t hash = 0xcbf29ce484222325ull ^ type->param_count;
  for (uint32_t i = 0; i < type->param_count; i++)
    hash = (hash ^ type->params[i]) * 0x100000001b3ull;
  for (uint32_t i = 0; i < type->result_count; i++)
    hash = (hash ^ type->results[i]) * 0x100000001b3ull;
  return hash ^ hash >> 32;
}

/* Equal types have equal parameters and results, whatever module they come from:
 * without the recursive types of WebAssembly 3.0 equality is structural. */
static bool types_equal(const struct wasm_functype *a, const struct wasm_functype *b) {
  return a->param_count == b->param_count && a->result_count == b->result_count &&
         memcmp(a->params, b->params, a->param_count) == 0 &&
         memcmp(a->results, b->results, a->result_count) == 0;
}

/* The slot that holds the type, or the free one where it belongs. Half the slots are free. */
static uint32_t *find_slot(const struct wasm_type_table *table, const struct wasm_functype *type) {
  uint32_t mask = table->capacity * 2 - 1;
  uint32_t at = (uint32_t)hash_type(type) & mask;
  while (table->slots[at] != 0 && !types_equal(&table->types[table->slots[at] - 1], type))
    at = (at + 1) & mask;
  return &table->slots[at];
}

/* Doubles the table; on failure it stays as it was. */
static bool grow_types(struct wasm_store *store) {
  struct wasm_type_table *old = &store->types;
  struct wasm_type_table grown = {.count = old->count,
                                  .capacity = old->capacity == 0 ? 64 : old->capacity * 2};
  size_t type_bytes = grown.capacity * sizeof *grown.types;
  size_t slot_bytes = grown.capacity * 2 * sizeof *grown.slots;
  grown.types = allocate(store, type_bytes);
  grown.slots = allocate(store, slot_bytes);
  if (grown.types == NULL || grown.slots == NULL) {
    release(store, grown.types, type_bytes);
    release(store, grown.slots, slot_bytes);
    return false;
  }
  memset(grown.slots, 0, slot_bytes);
  for (uint32_t i = 0; i < old->count; i++) {
    grown.types[i] = old->types[i];
    *find_slot(&grown, &grown.types[i]) = i + 1;
  }
  release(store, old->types, old->capacity * sizeof *old->types);
  release(store, old->slots, old->capacity * 2 * sizeof *old->slots);
  *old = grown;
  return true;
}

bool wasm_store_type_number(struct wasm_store *store, const struct wasm_functype *type,
                            uint32_t *number) {
  struct wasm_type_table *table = &store->types;
  if (table->count == table->capacity && !grow_types(store))
    return false;
  uint32_t *slot = find_slot(table, type);
  if (*slot == 0) {
    table->types[table->count++] = *type;
    *slot = table->count;
  }
  *number = *slot - 1;
  return true;
}

/* NULL: no memory. */
static const uint8_t *copy_types(struct wasm_store *store, const uint8_t *types, uint32_t count) {
  uint8_t *copy = wasm_arena_array(&store->arena, count, 1);
  if (copy != NULL && count > 0)
    memcpy(copy, types, count);
  return copy;
}

bool wasm_store_keep_type(struct wasm_store *store, const struct wasm_functype *type,
                          uint32_t *number) {
  if (type->param_count > WASM_LIMIT_PARAMS || type->result_count > WASM_LIMIT_RESULTS)
    return false;
  struct wasm_functype kept = *type;
  kept.params = copy_types(store, type->params, type->param_count);
  kept.results = copy_types(store, type->results, type->result_count);
  return kept.params != NULL && kept.results != NULL &&
         wasm_store_type_number(store, &kept, number);
}

/* ---- Modules ------------------------------------------------------------------------------- */

/* Decoding and compiling take from the module's own arena, so that a refused module costs nothing
 * afterwards; only its function types stay in the store's table. */
enum wasm_status wasm_module_load(struct wasm_store *store, const uint8_t *bytes, size_t length,
                                  bool compile, struct wasm_module **result,
                                  struct wasm_error *error) {
  *result = NULL;
  wasm_error_clear(error);
  struct wasm_module *module = allocate(store, sizeof *module);
  if (module == NULL)
    return wasm_error_set(error, WASM_NO_MEMORY, 0, "no memory for a module");
  memset(module, 0, sizeof *module);
  module->store = store;
  module->bytes = bytes;
  module->length = length;
  module->data_bytes = bytes; /* without a data section: an empty run */
  wasm_arena_init(&module->arena, &store->platform);

  enum wasm_status status = wasm_module_decode(module, error);
  if (status == WASM_OK)
    status = wasm_compile_module(module, compile, error);
  if (status != WASM_OK) {
    delete_module(module);
    return status;
  }
  module->next = store->modules;
  store->modules = module;
  *result = module;
  return WASM_OK;
}

struct wasm_module_sizes wasm_module_sizes(const struct wasm_module *module) {
  return (struct wasm_module_sizes){
      .code_section_bytes = module->code_section_bytes,
      .code_bytes = module->image != NULL ? module->image->size : 0,
      .functions = module->func_count - module->func_import_count,
  };
}
