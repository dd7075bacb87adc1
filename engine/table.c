/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Tables of references. Address space is reserved for all a table may become, so growing never
 * moves its elements. */
#include "engine/store.h"
#include "engine/types.h"

/* The limit holds for growth, too, however large a maximum is declared. */
static uint64_t max_elements(const struct wasm_limits *limits) {
  bool bounded = limits->has_max && limits->max < WASM_LIMIT_TABLE_ELEMENTS;
  return bounded ? limits->max : WASM_LIMIT_TABLE_ELEMENTS;
}

/* Elements are at most ten million: no overflow. */
static size_t round_to_pages(const struct wasm_store *store, uint64_t elements) {
  size_t page = store->platform.page_size;
  return (elements * sizeof(uint64_t) + page - 1) / page * page;
}

/* Even a table that stays empty has an address. */
size_t wasm_table_reservation(const struct wasm_store *store, const struct wasm_limits *limits) {
  uint64_t elements = max_elements(limits);
  return round_to_pages(store, elements > 0 ? elements : 1);
}

struct wasm_table *wasm_table_new(struct wasm_store *store, uint8_t type,
                                  const struct wasm_limits *limits, uint64_t init) {
  const struct wasm_platform *platform = &store->platform;
  if (limits->min > max_elements(limits))
    return NULL;
  struct wasm_table *table = wasm_arena_array(&store->arena, 1, sizeof *table);
  if (table == NULL)
    return NULL;
  size_t reservation = wasm_table_reservation(store, limits);
  table->elements = platform->reserve(platform->context, reservation);
  if (table->elements == NULL)
    return NULL;
  table->limits = *limits;
  table->type = type;
  table->store = store;
  if (wasm_table_grow(table, init, limits->min) == UINT64_MAX) {
    platform->release(platform->context, table->elements, reservation);
    return NULL;
  }
  table->next = store->tables;
  store->tables = table;
  return table;
}

uint64_t wasm_table_size(const struct wasm_table *table) {
  return table->size;
}

/* Commits pages until `elements` fit. New elements are zero, that is null. */
static bool commit_elements(struct wasm_table *table, uint64_t elements) {
  const struct wasm_platform *platform = &table->store->platform;
  if (elements <= table->capacity)
    return true;
  size_t old_bytes = table->capacity * sizeof *table->elements;
  size_t new_bytes = round_to_pages(table->store, elements);
  if (!platform->commit(platform->context, (uint8_t *)table->elements + old_bytes,
                        new_bytes - old_bytes))
    return false;
  table->capacity = new_bytes / sizeof *table->elements;
  return true;
}

/* Null needs no writing: committed pages are zero. */
uint64_t wasm_table_grow(struct wasm_table *table, uint64_t value, uint64_t count) {
  uint64_t old = table->size;
  if (count > max_elements(&table->limits) - old || !commit_elements(table, old + count))
    return UINT64_MAX;
  for (uint64_t i = 0; value != 0 && i < count; i++)
    table->elements[old + i] = value;
  table->size += count;
  return old;
}
