/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Linear memories. A guarded one is a reservation that covers every address code can form, of which
 * the current size is committed: what lies beyond faults, and so needs no check in the code. Others
 * reserve what they may grow to, or as much of that as there is; code compares with their size. */
#include "engine/store.h"
#include "engine/types.h"

/* The maximum that counts: a declared one may be above what there is room for. */
static uint64_t max_pages(const struct wasm_limits *limits) {
  uint64_t most = limits->is_64 ? WASM_LIMIT_MEMORY64_PAGES : WASM_MEMORY_MAX_PAGES;
  return limits->has_max && limits->max < most ? limits->max : most;
}

/* Tried once, for then all code and all memories of a store agree. What the try has reserved is
 * the first memory's. */
bool wasm_store_is_guarded(struct wasm_store *store) {
  if (store->guards == WASM_GUARDS_UNKNOWN) {
    const struct wasm_platform *platform = &store->platform;
    store->spare = platform->reserve(platform->context, WASM_MEMORY_RESERVATION);
    store->guards = store->spare != NULL ? WASM_GUARDS_ON : WASM_GUARDS_OFF;
  }
  return store->guards == WASM_GUARDS_ON;
}

static void reserve_guarded(struct wasm_store *store, struct wasm_memory *memory) {
  const struct wasm_platform *platform = &store->platform;
  memory->reserved = WASM_MEMORY_RESERVATION;
  memory->base = store->spare;
  store->spare = NULL;
  if (memory->base == NULL)
    memory->base = platform->reserve(platform->context, memory->reserved);
}

/* All it may grow to, else half of that and so on, but at least what it needs now. */
static void reserve_checked(struct wasm_store *store, struct wasm_memory *memory) {
  const struct wasm_platform *platform = &store->platform;
  uint64_t least = memory->limits.min > 0 ? memory->limits.min : 1;
  uint64_t pages = max_pages(&memory->limits);
  pages = pages > least ? pages : least;
  for (;;) {
    memory->reserved = pages * WASM_PAGE_SIZE;
    memory->base = platform->reserve(platform->context, memory->reserved);
    if (memory->base != NULL || pages == least)
      return;
    pages = pages / 2 > least ? pages / 2 : least;
  }
}

struct wasm_memory *wasm_memory_new(struct wasm_store *store, const struct wasm_limits *limits) {
  const struct wasm_platform *platform = &store->platform;
  if (limits->min > max_pages(limits))
    return NULL;
  struct wasm_memory *memory = wasm_arena_array(&store->arena, 1, sizeof *memory);
  if (memory == NULL)
    return NULL;
  memory->pages = limits->min;
  memory->bytes = limits->min * WASM_PAGE_SIZE;
  memory->limits = *limits;
  memory->store = store;
  if (!limits->is_64 && wasm_store_is_guarded(store))
    reserve_guarded(store, memory);
  else
    reserve_checked(store, memory);
  if (memory->base == NULL)
    return NULL;
  if (memory->bytes > 0 && !platform->commit(platform->context, memory->base, memory->bytes)) {
    platform->release(platform->context, memory->base, memory->reserved);
    return NULL;
  }
  memory->next = store->memories;
  store->memories = memory;
  return memory;
}

uint8_t *wasm_memory_base(const struct wasm_memory *memory) {
  return memory->base;
}

uint64_t wasm_memory_bytes(const struct wasm_memory *memory) {
  return memory->bytes;
}

/* Generated code reads the size from its instance: tell all that share the memory. */
static void publish_size(const struct wasm_memory *memory) {
  struct wasm_instance *instance = memory->store->instances;
  for (; instance != NULL; instance = instance->next)
    if (instance->module->memory_count > 0 && instance->memories[0] == memory)
      instance->memory_bytes = memory->bytes;
}

/* Nothing changes unless everything can: the platform is asked last. */
uint64_t wasm_memory_grow(struct wasm_memory *memory, uint64_t pages) {
  const struct wasm_platform *platform = &memory->store->platform;
  uint64_t old = memory->pages;
  if (pages > max_pages(&memory->limits) - old ||
      pages > (memory->reserved - memory->bytes) / WASM_PAGE_SIZE)
    return UINT64_MAX;
  if (pages == 0)
    return old;
  if (!platform->commit(platform->context, memory->base + memory->bytes, pages * WASM_PAGE_SIZE))
    return UINT64_MAX;
  memory->pages += pages;
  memory->bytes += pages * WASM_PAGE_SIZE;
  publish_size(memory);
  return old;
}

/* Both ranges are checked in full first; see helpers.c. */
uint32_t wasm_memory_init(struct wasm_memory *memory, uint64_t to, const uint8_t *bytes,
                          uint64_t length, uint64_t from, uint64_t count) {
  if (!wasm_range_fits(from, count, length) || !wasm_range_fits(to, count, memory->bytes))
    return WASM_TRAP_MEMORY_OUT_OF_BOUNDS;
  if (count > 0)
    memcpy(memory->base + to, bytes + from, count);
  return WASM_TRAP_NONE;
}
