/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The heap: size classes, four to each doubling, with a free list each; nothing is ever merged.
 * Large allocations get address space and blocks of their own. The callers give the size back, so
 * blocks carry no header. */
#include "guest/runtime/memory.h"

#define HEAP_GRANULE 16u
#define HEAP_LARGE (1u << 20) /* from here on: an area of its own */
#define HEAP_PIECE (4u * ABI_BLOCK_SIZE)
/* Kept back while growing: growing itself needs records. */
#define HEAP_RESERVE (256u << 10)

/* The class of a size, and the size that class really has. Up to 64 bytes in steps of a granule,
 * then four steps to each doubling. */
static uint32_t size_class(size_t size, size_t *rounded) {
  if (size <= 4 * HEAP_GRANULE) {
    size_t units = size ? (size + HEAP_GRANULE - 1) / HEAP_GRANULE : 1;
    *rounded = units * HEAP_GRANULE;
    return (uint32_t)units - 1;
  }
  uint32_t log = 63u - (uint32_t)__builtin_clzll(size - 1); /* 2^log < size <= 2^(log+1) */
  size_t step = (size_t)1 << (log - 2);
  size_t steps = (size - ((size_t)1 << log) + step - 1) / step; /* 1..4 */
  *rounded = ((size_t)1 << log) + steps * step;
  return 4 + (log - 6) * 4 + (uint32_t)steps - 1;
}

/* Starts a new piece of heap of at least `size` bytes. What is left of the old one is lost; its
 * untouched pages cost nothing. */
static bool refill(struct memory *memory) {
  memory->heap_refilling = true;
  void *piece = memory_reserve(memory, HEAP_PIECE);
  bool ok = piece && memory_commit(memory, piece, HEAP_PIECE);
  if (ok) {
    memory->heap = (uintptr_t)piece;
    memory->heap_end = memory->heap + HEAP_PIECE;
  } else if (piece) {
    memory_release(memory, piece, HEAP_PIECE);
  }
  memory->heap_refilling = false;
  return ok;
}

static void *allocate_large(struct memory *memory, size_t size) {
  if (size > SIZE_MAX - ABI_BLOCK_SIZE)
    return NULL;
  void *address = memory_reserve(memory, size);
  if (!address)
    return NULL;
  if (!memory_commit(memory, address, (size + ABI_PAGE_SIZE - 1) / ABI_PAGE_SIZE * ABI_PAGE_SIZE)) {
    memory_release(memory, address, size);
    return NULL;
  }
  return address;
}

void *memory_allocate(void *context, size_t size) {
  struct memory *memory = context;
  if (size >= HEAP_LARGE)
    return allocate_large(memory, size);
  size_t rounded;
  struct memory_free **list = &memory->classes[size_class(size, &rounded)];
  if (*list) {
    struct memory_free *block = *list;
    *list = block->next;
    return block;
  }
  size_t kept = memory->heap_refilling ? 0 : HEAP_RESERVE;
  if (memory->heap_end - memory->heap < rounded + kept) {
    if (memory->heap_refilling || !refill(memory))
      return NULL;
  }
  void *block = (void *)memory->heap;
  memory->heap += rounded;
  return block;
}

void memory_free(void *context, void *address, size_t size) {
  struct memory *memory = context;
  if (!address)
    return;
  if (size >= HEAP_LARGE) {
    memory_release(memory, address, size);
    return;
  }
  size_t rounded;
  struct memory_free **list = &memory->classes[size_class(size, &rounded)];
  struct memory_free *block = address;
  block->next = *list;
  *list = block;
}
