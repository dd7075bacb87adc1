/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Address space: reservations and what is committed in them.
 *
 * Small reservations (the compiler's state, tables, heap) come from areas that stay mapped by whole
 * blocks: no kernel call in the common case. Larger ones are exact: a commit either succeeds whole
 * or changes nothing that can be seen: the blocks it needs are secured before the first mapping,
 * and where the kernel runs out of page tables half way, what was mapped is taken back. So the
 * first byte behind a linear memory always faults. */
#include "guest/runtime/machine.h"
#include "guest/runtime/memory.h"

#include <string.h>

bool memory_call_blocks(uint64_t number, uintptr_t address, uint64_t physical, size_t size) {
  while (size) {
    size_t piece = ABI_GROUP_SIZE - address % ABI_GROUP_SIZE;
    if (piece > size)
      piece = size;
    if (kernel_call(number, address, physical, piece / ABI_BLOCK_SIZE) != ABI_KERNEL_OK)
      return false;
    address += piece;
    physical += number == ABI_KERNEL_UNMAP ? 0 : piece;
    size -= piece;
  }
  return true;
}

/* ---- Reservations ---- */

/* Index of the first area behind a gap of `size` bytes, whose address is put into *base. */
static bool find_gap(const struct memory *memory, size_t size, size_t *index, uintptr_t *base) {
  uintptr_t at = memory->boot->arena_base;
  for (size_t i = 0; i < memory->area_count; i++) {
    const struct memory_area *area = memory->areas[i];
    if (area->base - at >= size) {
      *index = i;
      *base = at;
      return true;
    }
    at = area->base + area->size;
  }
  *index = memory->area_count;
  *base = at;
  return memory->boot->arena_end - at >= size;
}

/* Room for one area more in the sorted list. */
static bool areas_grow(struct memory *memory) {
  if (memory->area_count < memory->area_capacity)
    return true;
  size_t capacity = memory->area_capacity ? memory->area_capacity * 2 : 64;
  struct memory_area **areas = memory_allocate(memory, capacity * sizeof(struct memory_area *));
  if (!areas)
    return false;
  if (memory->areas) {
    memcpy(areas, memory->areas, memory->area_count * sizeof(struct memory_area *));
    memory_free(memory, memory->areas, memory->area_capacity * sizeof(struct memory_area *));
  }
  memory->areas = areas;
  memory->area_capacity = capacity;
  return true;
}

struct memory_area *memory_add_area(struct memory *memory, size_t size, enum memory_kind kind) {
  if (size == 0 || size > memory->boot->arena_end - memory->boot->arena_base)
    return NULL;
  size = memory_round_up(size, ABI_BLOCK_SIZE);
  struct memory_area *area = memory_allocate(memory, sizeof(*area));
  if (!area)
    return NULL;
  size_t index;
  uintptr_t base;
  /* The gap is looked for last: making room may itself reserve. */
  if (!areas_grow(memory) || !find_gap(memory, size, &index, &base)) {
    memory_free(memory, area, sizeof(*area));
    return NULL;
  }
  *area = (struct memory_area){.base = base, .size = size, .kind = kind};
  memmove(&memory->areas[index + 1], &memory->areas[index],
          (memory->area_count - index) * sizeof(struct memory_area *));
  memory->areas[index] = area;
  memory->area_count++;
  return area;
}

static struct memory_area *find_idle_small(const struct memory *memory) {
  for (size_t i = 0; i < memory->area_count; i++)
    if (memory->areas[i]->kind == MEMORY_SMALL && memory->areas[i]->idle)
      return memory->areas[i];
  return NULL;
}

void *memory_reserve(void *context, size_t size) {
  struct memory *memory = context;
  struct memory_area *area;
  if (size == 0 || size > ABI_AREA_SIZE) {
    area = memory_add_area(memory, size, MEMORY_EXACT);
  } else {
    area = find_idle_small(memory);
    if (!area)
      area = memory_add_area(memory, ABI_AREA_SIZE, MEMORY_SMALL);
  }
  if (!area)
    return NULL;
  area->idle = false;
  return (void *)area->base;
}

/* ---- Extents: what lies where ---- */

static bool extents_grow(struct memory *memory, struct memory_area *area, size_t count) {
  if (area->extent_count + count <= area->extent_capacity)
    return true;
  uint32_t capacity = area->extent_capacity ? area->extent_capacity * 2 : 4;
  while (capacity < area->extent_count + count)
    capacity *= 2;
  struct memory_extent *extents = memory_allocate(memory, capacity * sizeof(*extents));
  if (!extents)
    return false;
  if (area->extents) {
    memcpy(extents, area->extents, area->extent_count * sizeof(*extents));
    memory_free(memory, area->extents, area->extent_capacity * sizeof(*extents));
  }
  area->extents = extents;
  area->extent_capacity = capacity;
  return true;
}

/* Records that the next `length` bytes lie at `physical`; room was made before. */
static void extent_add(struct memory_area *area, uint64_t physical, size_t length) {
  struct memory_extent *last = area->extents + area->extent_count - 1;
  if (area->extent_count && last->physical + last->length == physical) {
    last->length += length;
  } else {
    area->extents[area->extent_count++] =
        (struct memory_extent){.physical = physical, .offset = area->committed, .length = length};
  }
  area->committed += length;
}

/* ---- Small areas: whole blocks, kept from life to life ---- */

void memory_adopt_data_areas(struct memory *memory) {
  uint64_t physical = memory->boot->heap_end;
  for (uint32_t i = 0; i < memory->boot->data_areas; i++) {
    struct memory_area *area = memory_add_area(memory, ABI_AREA_SIZE, MEMORY_SMALL);
    if (!area || !extents_grow(memory, area, 1))
      memory_panic(memory, "no memory for the first areas");
    area->extents[area->extent_count++] =
        (struct memory_extent){.physical = physical, .length = ABI_BLOCK_SIZE};
    area->idle = true;
    physical += ABI_BLOCK_SIZE;
  }
}

/* Bytes from an area's base that are mapped. */
static size_t mapped_bytes(const struct memory_area *area) {
  if (!area->extent_count)
    return 0;
  const struct memory_extent *last = &area->extents[area->extent_count - 1];
  return last->offset + last->length;
}

static bool map_small_block(struct memory *memory, struct memory_area *area) {
  if (!extents_grow(memory, area, 1) || !memory_ensure_blocks(memory, 1))
    return false;
  bool dirty;
  size_t mapped = mapped_bytes(area);
  uint64_t physical = memory_take_block(memory, &dirty);
  if (kernel_call(ABI_KERNEL_MAP_BLOCKS, area->base + mapped, physical, 1) != ABI_KERNEL_OK) {
    memory_give_blocks(memory, physical, ABI_BLOCK_SIZE);
    return false;
  }
  area->extents[area->extent_count++] =
      (struct memory_extent){.physical = physical, .offset = mapped, .length = ABI_BLOCK_SIZE};
  if (dirty)
    area->used = mapped + ABI_BLOCK_SIZE;
  return true;
}

/* What stays mapped when it fails is of no harm: it is the area's own. */
static bool commit_small(struct memory *memory, struct memory_area *area, size_t size) {
  size_t end = area->committed + size;
  while (mapped_bytes(area) < end)
    if (!map_small_block(memory, area))
      return false;
  if (area->committed < area->used)
    memset((void *)(area->base + area->committed), 0,
           (end < area->used ? end : area->used) - area->committed);
  area->committed = end;
  return true;
}

/* Keeps the first block for the next life. */
static void release_small(struct memory *memory, struct memory_area *area) {
  if (area->used < area->committed)
    area->used = area->committed;
  if (area->used > ABI_BLOCK_SIZE)
    area->used = ABI_BLOCK_SIZE;
  size_t mapped = mapped_bytes(area);
  if (mapped > ABI_BLOCK_SIZE)
    memory_call_blocks(ABI_KERNEL_UNMAP, area->base + ABI_BLOCK_SIZE, 0, mapped - ABI_BLOCK_SIZE);
  while (area->extent_count > 1)
    memory_give_blocks(memory, area->extents[--area->extent_count].physical, ABI_BLOCK_SIZE);
  area->committed = 0;
  area->idle = true;
}

/* ---- Exact areas ---- */

/* A monitor that could not go on where the kernel stopped so many times in a row never can. */
#define GROW_TRIES 2u

/* Pages of a block. The kernel remembers where the last ones ended, and the monitor can go on there
 * for less. */
static uint64_t map_pages(struct memory *memory, const struct memory_area *area, uint64_t physical,
                          size_t size) {
  const struct machine_ops *ops = memory->machine->ops;
  uintptr_t address = area->base + area->committed;
  uint32_t pages = (uint32_t)(size / ABI_PAGE_SIZE);
  if (ops->grow && memory->last_grown == area && memory->grow_failures < GROW_TRIES) {
    if (ops->grow(memory->machine, address, physical, pages)) {
      memory->grow_failures = 0;
      return ABI_KERNEL_OK;
    }
    memory->grow_failures++;
  }
  memory->last_grown = area;
  return kernel_call(ABI_KERNEL_MAP_PAGES, address, physical, pages);
}

/* Maps more of the block that the area's last extent ends in. When it becomes full, one entry
 * for the block replaces those of its pages. */
static bool commit_tail(struct memory *memory, struct memory_area *area, size_t size) {
  size_t inside = area->committed % ABI_BLOCK_SIZE;
  const struct memory_extent *last = &area->extents[area->extent_count - 1];
  uint64_t physical = last->physical + last->length;
  uintptr_t address = area->base + area->committed;
  bool full = inside + size == ABI_BLOCK_SIZE;
  uint64_t result = full
                        ? kernel_call(ABI_KERNEL_MAP_BLOCKS, address - inside, physical - inside, 1)
                        : map_pages(memory, area, physical, size);
  if (result != ABI_KERNEL_OK)
    return false;
  if (area->tail_dirty)
    memset((void *)address, 0, size);
  extent_add(area, physical, size);
  return true;
}

/* Maps one block more, or the first `size` bytes of it. */
static bool commit_block(struct memory *memory, struct memory_area *area, size_t size) {
  bool dirty;
  uint64_t physical = memory_take_block(memory, &dirty);
  uintptr_t address = area->base + area->committed;
  uint64_t result = size == ABI_BLOCK_SIZE
                        ? kernel_call(ABI_KERNEL_MAP_BLOCKS, address, physical, 1)
                        : map_pages(memory, area, physical, size);
  if (result != ABI_KERNEL_OK) {
    memory_give_blocks(memory, physical, ABI_BLOCK_SIZE);
    return false;
  }
  area->tail_dirty = dirty;
  if (dirty)
    memset((void *)address, 0, size);
  extent_add(area, physical, size);
  return true;
}

/* Maps a run of whole fresh blocks with as few calls as there can be. */
static bool commit_run(struct memory *memory, struct memory_area *area, size_t blocks) {
  size_t size = blocks * ABI_BLOCK_SIZE;
  uint64_t physical = memory->next_block;
  memory->next_block += size;
  if (!memory_call_blocks(ABI_KERNEL_MAP_BLOCKS, area->base + area->committed, physical, size)) {
    /* Stops where mapping stopped: at a directory that there is no memory for. */
    memory_call_blocks(ABI_KERNEL_UNMAP, area->base + area->committed, 0, size);
    memory_give_blocks(memory, physical, size);
    return false;
  }
  area->tail_dirty = false;
  extent_add(area, physical, size);
  return true;
}

/* Takes back everything above `committed`. Pages of a last, partial block are mapped anew. */
static void truncate(struct memory *memory, struct memory_area *area, size_t committed) {
  size_t keep = committed / ABI_BLOCK_SIZE * ABI_BLOCK_SIZE;
  memory_call_blocks(ABI_KERNEL_UNMAP, area->base + keep, 0,
                     memory_round_up(area->committed, ABI_BLOCK_SIZE) - keep);
  while (area->extent_count && area->extents[area->extent_count - 1].offset >= committed) {
    const struct memory_extent *last = &area->extents[--area->extent_count];
    memory_give_blocks(memory, last->physical, last->length);
  }
  area->committed = committed;
  if (!area->extent_count)
    return;
  struct memory_extent *last = &area->extents[area->extent_count - 1];
  size_t owned = memory_round_up(last->length, ABI_BLOCK_SIZE);
  last->length = committed - last->offset;
  size_t left = memory_round_up(last->length, ABI_BLOCK_SIZE);
  if (owned > left)
    memory_give_blocks(memory, last->physical + left, owned - left);
  area->tail_dirty = true;
  if (committed > keep &&
      kernel_call(ABI_KERNEL_MAP_PAGES, area->base + keep, last->physical + (keep - last->offset),
                  (committed - keep) / ABI_PAGE_SIZE) != ABI_KERNEL_OK)
    memory_panic(memory, "page tables used up while memory was taken back");
}

/* The next piece of a commit of `size` bytes; returns its length, 0: it failed. */
static size_t commit_piece(struct memory *memory, struct memory_area *area, size_t size) {
  size_t inside = area->committed % ABI_BLOCK_SIZE;
  size_t owned = inside ? ABI_BLOCK_SIZE - inside : 0;
  size_t blocks =
      size > owned ? (memory_round_up(size - owned, ABI_BLOCK_SIZE)) / ABI_BLOCK_SIZE : 0;
  /* Room for the record first: making it may itself take blocks. */
  if (!extents_grow(memory, area, 1) || !memory_ensure_blocks(memory, blocks))
    return 0;
  if (inside) {
    size_t piece = owned < size ? owned : size;
    return commit_tail(memory, area, piece) ? piece : 0;
  }
  if (size >= ABI_BLOCK_SIZE && !memory->spare_count) {
    size_t whole = size / ABI_BLOCK_SIZE;
    return commit_run(memory, area, whole) ? whole * ABI_BLOCK_SIZE : 0;
  }
  size_t piece = size < ABI_BLOCK_SIZE ? size : ABI_BLOCK_SIZE;
  return commit_block(memory, area, piece) ? piece : 0;
}

bool memory_commit(void *context, void *address, size_t size) {
  struct memory *memory = context;
  struct memory_area *area = memory_find_area(memory, (uintptr_t)address);
  if (!area || area->kind == MEMORY_CODE || area->idle ||
      (uintptr_t)address != area->base + area->committed || size > area->size - area->committed ||
      size % ABI_PAGE_SIZE)
    return false;
  if (area->kind == MEMORY_SMALL)
    return commit_small(memory, area, size);
  size_t before = area->committed;
  while (size) {
    size_t piece = commit_piece(memory, area, size);
    if (!piece) {
      truncate(memory, area, before);
      return false;
    }
    size -= piece;
  }
  return true;
}

static void release_exact(struct memory *memory, struct memory_area *area) {
  memory_call_blocks(ABI_KERNEL_UNMAP, area->base, 0,
                     memory_round_up(area->committed, ABI_BLOCK_SIZE));
  size_t index = 0;
  while (memory->areas[index] != area)
    index++;
  memory->area_count--;
  memmove(&memory->areas[index], &memory->areas[index + 1],
          (memory->area_count - index) * sizeof(struct memory_area *));
  for (uint32_t i = 0; i < area->extent_count; i++)
    memory_give_blocks(memory, area->extents[i].physical, area->extents[i].length);
  if (area->extents)
    memory_free(memory, area->extents, area->extent_capacity * sizeof(*area->extents));
  memory_free(memory, area, sizeof(*area));
}

void memory_release(void *context, void *address, size_t size) {
  struct memory *memory = context;
  struct memory_area *area = memory_find_area(memory, (uintptr_t)address);
  (void)size; /* the area knows */
  if (!area || area->idle || area->base != (uintptr_t)address)
    return;
  switch (area->kind) {
  case MEMORY_EXACT:
    release_exact(memory, area);
    break;
  case MEMORY_SMALL:
    release_small(memory, area);
    break;
  case MEMORY_CODE:
    memory_release_code(area);
    break;
  }
}
