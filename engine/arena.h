/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Allocations that are given back all at once. Internal to the engine. */
#ifndef ENGINE_ARENA_H
#define ENGINE_ARENA_H

#include "engine/engine.h"

struct wasm_arena_chunk;

struct wasm_arena {
  const struct wasm_platform *platform;
  struct wasm_arena_chunk *chunks; /* newest first */
  size_t used;                     /* bytes of the newest chunk */
};

void wasm_arena_init(struct wasm_arena *arena, const struct wasm_platform *platform);
void wasm_arena_release(struct wasm_arena *arena);
/* `count` zeroed elements of `size` bytes, 16-byte aligned. A count of 0 gives a valid pointer.
 * NULL: no memory, or the product overflows. */
void *wasm_arena_array(struct wasm_arena *arena, size_t count, size_t size);

#endif
