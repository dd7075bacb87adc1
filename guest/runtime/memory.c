/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Physical blocks and the answer to "where does this byte lie?". */
#include "guest/runtime/memory.h"
#include "guest/runtime/machine.h"

#include <string.h>

/* Bounds of the image, from the linker script; its virtual addresses are physical ones. */
extern const char guest_user_base[];
extern const char guest_image_end[];

void memory_start(struct memory *memory, struct machine *machine) {
  const struct abi_boot *boot = machine->boot;
  memory->machine = machine;
  memory->boot = boot;
  memory->next_block = boot->heap_end + (boot->data_areas + boot->code_blocks) * ABI_BLOCK_SIZE;
  memory->end = boot->memory_end;
  memory->heap = boot->window + boot->free_base;
  memory->heap_end = boot->window + boot->heap_end;
  memory_adopt_data_areas(memory);
  memory_adopt_code_area(memory);
}

void memory_panic(struct memory *memory, const char *text) {
  machine_panic(memory->machine, text);
}

static size_t fresh_blocks(const struct memory *memory) {
  return (memory->end - memory->next_block) / ABI_BLOCK_SIZE;
}

/* A range that does not follow the last one: what was left of that becomes spare. */
static void start_range(struct memory *memory, uint64_t base) {
  uint64_t left = memory->next_block;
  memory->next_block = base;
  if (memory->end > left)
    memory_give_blocks(memory, left, memory->end - left);
}

/* Asks the machine until `blocks` fresh blocks are there or it gives no more. */
static bool ensure_fresh(struct memory *memory, size_t blocks) {
  while (fresh_blocks(memory) < blocks) {
    size_t missing = blocks - fresh_blocks(memory);
    if (missing > memory->boot->memory_max / ABI_BLOCK_SIZE)
      return false;
    uint64_t base, end = memory->end;
    if (!memory->machine->ops->more_memory(memory->machine, missing * ABI_BLOCK_SIZE, &base, &end))
      return false;
    if (base != memory->end)
      start_range(memory, base);
    memory->end = end;
  }
  return true;
}

bool memory_ensure_blocks(struct memory *memory, size_t blocks) {
  return blocks <= memory->spare_count || ensure_fresh(memory, blocks - memory->spare_count);
}

uint64_t memory_take_fresh_block(struct memory *memory) {
  if (!ensure_fresh(memory, 1))
    return 0;
  uint64_t block = memory->next_block;
  memory->next_block += ABI_BLOCK_SIZE;
  return block;
}

uint64_t memory_take_block(struct memory *memory, bool *dirty) {
  *dirty = memory->spare_count > 0;
  if (*dirty)
    return memory->spare[--memory->spare_count];
  return memory_take_fresh_block(memory);
}

/* Room for `count` entries more in the list of spare blocks. */
static bool spare_grow(struct memory *memory, size_t count) {
  size_t needed = memory->spare_count + count;
  if (needed <= memory->spare_capacity)
    return true;
  size_t capacity = memory->spare_capacity ? memory->spare_capacity : 64;
  while (capacity < needed)
    capacity *= 2;
  uint64_t *spare = memory_allocate(memory, capacity * sizeof(*spare));
  if (!spare)
    return false;
  for (size_t i = 0; i < memory->spare_count; i++)
    spare[i] = memory->spare[i];
  if (memory->spare)
    memory_free(memory, memory->spare, memory->spare_capacity * sizeof(*spare));
  memory->spare = spare;
  memory->spare_capacity = capacity;
  return true;
}

void memory_give_blocks(struct memory *memory, uint64_t physical, size_t length) {
  size_t count = (length + ABI_BLOCK_SIZE - 1) / ABI_BLOCK_SIZE;
  if (!spare_grow(memory, count))
    return; /* lost until the VM ends: no room to remember them */
  /* Highest first, so that they are taken again in ascending order. */
  while (count--)
    memory->spare[memory->spare_count++] = physical + count * ABI_BLOCK_SIZE;
}

struct memory_area *memory_find_area(const struct memory *memory, uintptr_t address) {
  size_t low = 0;
  size_t high = memory->area_count;
  while (low < high) {
    size_t middle = (low + high) / 2;
    struct memory_area *area = memory->areas[middle];
    if (address < area->base)
      high = middle;
    else if (address - area->base < area->size)
      return area;
    else
      low = middle + 1;
  }
  return NULL;
}

/* A range that lies at a fixed distance from physical memory. */
static bool linear_physical(uintptr_t address, uintptr_t from, uintptr_t to, uint64_t distance,
                            size_t length, size_t *contiguous, uint64_t *physical) {
  if (address < from || address >= to)
    return false;
  *physical = address - distance;
  *contiguous = length < to - address ? length : to - address;
  return true;
}

/* The last extent that starts at or below offset; there is one. */
static const struct memory_extent *find_extent(const struct memory_area *area, size_t offset) {
  size_t low = 0;
  size_t high = area->extent_count;
  while (high - low > 1) {
    size_t middle = (low + high) / 2;
    if (area->extents[middle].offset <= offset)
      low = middle;
    else
      high = middle;
  }
  return &area->extents[low];
}

uint64_t memory_physical(const struct memory *memory, uintptr_t address, size_t length,
                         size_t *contiguous) {
  const struct abi_boot *boot = memory->boot;
  uint64_t physical;
  if (linear_physical(address, boot->window, boot->window + boot->heap_end, boot->window, length,
                      contiguous, &physical) ||
      linear_physical(address, (uintptr_t)guest_user_base, (uintptr_t)guest_image_end, 0, length,
                      contiguous, &physical))
    return physical;
  const struct memory_area *area = memory_find_area(memory, address);
  if (!area || area->kind == MEMORY_CODE || address - area->base >= area->committed)
    return UINT64_MAX;
  size_t offset = address - area->base;
  const struct memory_extent *extent = find_extent(area, offset);
  size_t left = extent->offset + extent->length - offset;
  *contiguous = length < left ? length : left;
  return extent->physical + (offset - extent->offset);
}
