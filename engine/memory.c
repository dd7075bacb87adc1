/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Linear memories. Each is a reservation that covers every address code can form, of which the
 * current size is committed: what lies beyond faults, and so needs no check in the code. */
#include "engine/store.h"

/* The maximum that counts: a declared one may be above what 32 bits can address. */
static uint64_t max_pages(const struct wasm_limits *limits) {
  bool bounded = limits->has_max && limits->max < WASM_MEMORY_MAX_PAGES;
  return bounded ? limits->max : WASM_MEMORY_MAX_PAGES;
}

struct wasm_memory *wasm_memory_new(struct wasm_store *store, const struct wasm_limits *limits) {
  const struct wasm_platform *platform = &store->platform;
  if (limits->is_64 || limits->min > max_pages(limits))
    return NULL;
  struct wasm_memory *memory = wasm_arena_array(&store->arena, 1, sizeof *memory);
  if (memory == NULL)
    return NULL;
  memory->base = platform->reserve(platform->context, WASM_MEMORY_RESERVATION);
  if (memory->base == NULL)
    return NULL;
  memory->pages = limits->min;
  memory->bytes = limits->min * WASM_PAGE_SIZE;
  memory->limits = *limits;
  memory->store = store;
  if (memory->bytes > 0 && !platform->commit(platform->context, memory->base, memory->bytes)) {
    platform->release(platform->context, memory->base, WASM_MEMORY_RESERVATION);
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
  if (pages > max_pages(&memory->limits) - old)
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
