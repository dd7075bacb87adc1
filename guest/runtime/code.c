/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Machine code. The kernel binds a block of code to one address for good, so areas of code are
 * never given back: a released one waits for the next request that it satisfies. Rights change by
 * whole blocks; blocks are taken only where something is committed. */
#include "guest/runtime/memory.h"

#include <string.h>

/* Address space of the area that the monitor has begun. */
#define FIRST_AREA_SIZE (8 * ABI_AREA_SIZE)

#define PHYSICAL_MASK (~(uint64_t)(ABI_BLOCK_SIZE - 1))

static struct memory_area *add_code_area(struct memory *memory, size_t size) {
  size = memory_round_up(size, ABI_BLOCK_SIZE);
  size_t list_size = size / ABI_BLOCK_SIZE * sizeof(uint64_t);
  uint64_t *list = memory_allocate(memory, list_size);
  if (!list)
    return NULL;
  memset(list, 0, list_size);
  struct memory_area *area = memory_add_area(memory, size, MEMORY_CODE);
  if (!area) {
    memory_free(memory, list, list_size);
    return NULL;
  }
  area->code_blocks = list;
  return area;
}

void memory_adopt_code_area(struct memory *memory) {
  if (!memory->boot->code_blocks)
    return;
  struct memory_area *area = add_code_area(memory, FIRST_AREA_SIZE);
  if (!area)
    memory_panic(memory, "no memory for the first area of code");
  uint64_t physical = memory->boot->heap_end + memory->boot->data_areas * ABI_BLOCK_SIZE;
  for (uint32_t i = 0; i < memory->boot->code_blocks; i++)
    area->code_blocks[i] = (physical + i * ABI_BLOCK_SIZE) | MEMORY_CODE_WRITABLE;
  area->idle = true;
}

void *memory_code_reserve(void *context, size_t size) {
  struct memory *memory = context;
  if (size == 0 || size > memory->boot->arena_end)
    return NULL;
  for (size_t i = 0; i < memory->area_count; i++) {
    struct memory_area *area = memory->areas[i];
    if (area->kind == MEMORY_CODE && area->idle && area->size >= size) {
      area->idle = false;
      return (void *)area->base;
    }
  }
  const struct memory_area *area = add_code_area(memory, size);
  return area ? (void *)area->base : NULL;
}

/* Makes a block writable: the one bound to its address, or a new one. */
static bool open_block(struct memory *memory, struct memory_area *area, size_t index) {
  uint64_t *block = &area->code_blocks[index];
  if (*block & MEMORY_CODE_WRITABLE)
    return true;
  uint64_t physical = *block & PHYSICAL_MASK;
  if (!physical)
    physical = memory_take_fresh_block(memory);
  if (!physical || kernel_call(ABI_KERNEL_MAP_CODE, area->base + index * ABI_BLOCK_SIZE, physical,
                               1) != ABI_KERNEL_OK)
    return false; /* a fresh block is lost: the kernel may have made it code */
  *block = physical | (*block & MEMORY_CODE_RECYCLED) | MEMORY_CODE_WRITABLE;
  return true;
}

bool memory_code_commit(void *context, void *address, size_t size) {
  struct memory *memory = context;
  struct memory_area *area = memory_find_area(memory, (uintptr_t)address);
  if (!area || area->kind != MEMORY_CODE || area->idle)
    return false;
  size_t at = (uintptr_t)address - area->base;
  if (size > area->size - at)
    return false;
  for (size_t end = at + size; at < end;) {
    size_t index = at / ABI_BLOCK_SIZE;
    size_t left = (index + 1) * ABI_BLOCK_SIZE - at;
    size_t piece = end - at < left ? end - at : left;
    if (!open_block(memory, area, index))
      return false;
    if (area->code_blocks[index] & MEMORY_CODE_RECYCLED)
      memset((void *)(area->base + at), 0, piece);
    at += piece;
  }
  return true;
}

bool memory_publish(void *context, void *address, size_t size) {
  struct memory *memory = context;
  struct memory_area *area = memory_find_area(memory, (uintptr_t)address);
  if (!area || area->kind != MEMORY_CODE || size == 0 ||
      size > area->size - ((uintptr_t)address - area->base))
    return false;
  size_t from = ((uintptr_t)address - area->base) / ABI_BLOCK_SIZE;
  size_t to = ((uintptr_t)address - area->base + size - 1) / ABI_BLOCK_SIZE + 1;
  for (size_t i = from; i < to; i++)
    if (!(area->code_blocks[i] & MEMORY_CODE_WRITABLE))
      return false;
  if (!memory_call_blocks(ABI_KERNEL_PUBLISH_CODE, area->base + from * ABI_BLOCK_SIZE, 0,
                          (to - from) * ABI_BLOCK_SIZE))
    return false;
  for (size_t i = from; i < to; i++)
    area->code_blocks[i] &= ~(uint64_t)MEMORY_CODE_WRITABLE;
  arch_publish(address, size);
  return true;
}

void memory_release_code(struct memory_area *area) {
  for (size_t i = 0; i < area->size / ABI_BLOCK_SIZE; i++)
    if (area->code_blocks[i])
      area->code_blocks[i] |= MEMORY_CODE_RECYCLED;
  area->idle = true;
}
