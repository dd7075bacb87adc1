/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Arenas: small allocations are cut from chunks, large ones get a chunk of their own. */
#include "engine/arena.h"

#include <string.h>

/* Modest, because the first chunk is touched at every start: small modules need one. */
#define CHUNK_SIZE ((size_t)16 << 10)
/* What a union wasm_value and SIMD types ask for. */
#define ALIGNMENT ((size_t)16)

struct wasm_arena_chunk {
  struct wasm_arena_chunk *next;
  size_t size; /* with this header, which takes ALIGNMENT bytes */
};

_Static_assert(sizeof(struct wasm_arena_chunk) <= ALIGNMENT,
               "the header keeps what follows aligned");

void wasm_arena_init(struct wasm_arena *arena, const struct wasm_platform *platform) {
  *arena = (struct wasm_arena){.platform = platform};
}

void wasm_arena_release(struct wasm_arena *arena) {
  while (arena->chunks != NULL) {
    struct wasm_arena_chunk *chunk = arena->chunks;
    arena->chunks = chunk->next;
    arena->platform->free(arena->platform->context, chunk, chunk->size);
  }
}

/* The caller links it; its memory is as the platform gives it, not zeroed. */
static struct wasm_arena_chunk *new_chunk(struct wasm_arena *arena, size_t size) {
  struct wasm_arena_chunk *chunk = arena->platform->allocate(arena->platform->context, size);
  if (chunk != NULL)
    chunk->size = size;
  return chunk;
}

/* A large block goes behind the newest chunk, whose free rest stays in use. */
static void *take_large(struct wasm_arena *arena, size_t bytes) {
  struct wasm_arena_chunk *chunk = new_chunk(arena, bytes + ALIGNMENT);
  if (chunk == NULL)
    return NULL;
  if (arena->chunks == NULL) {
    chunk->next = NULL;
    arena->chunks = chunk;
    arena->used = chunk->size;
  } else {
    chunk->next = arena->chunks->next;
    arena->chunks->next = chunk;
  }
  return (uint8_t *)chunk + ALIGNMENT;
}

/* `bytes` is a multiple of ALIGNMENT. Blocks above a quarter of a chunk would waste too much of
 * the rest of one. */
static void *take(struct wasm_arena *arena, size_t bytes) {
  if (bytes > CHUNK_SIZE / 4)
    return take_large(arena, bytes);
  if (arena->chunks == NULL || arena->chunks->size - arena->used < bytes) {
    struct wasm_arena_chunk *chunk = new_chunk(arena, CHUNK_SIZE);
    if (chunk == NULL)
      return NULL;
    chunk->next = arena->chunks;
    arena->chunks = chunk;
    arena->used = ALIGNMENT;
  }
  void *block = (uint8_t *)arena->chunks + arena->used;
  arena->used += bytes;
  return block;
}

void *wasm_arena_array(struct wasm_arena *arena, size_t count, size_t size) {
  size_t bytes;
  /* Counts come from modules. The second bound keeps the additions below from wrapping. */
  if (__builtin_mul_overflow(count, size, &bytes) || bytes > SIZE_MAX / 2)
    return NULL;
  bytes = (bytes + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
  if (bytes == 0)
    bytes = ALIGNMENT;
  void *block = take(arena, bytes);
  if (block != NULL)
    memset(block, 0, bytes);
  return block;
}
