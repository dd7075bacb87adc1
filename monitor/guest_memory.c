/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Turns guest-physical ranges into host pointers; nothing else in the monitor does. */
#include "monitor/guest_memory.h"
#include "abi/kernel.h"

/* The slot that holds `at`, or NULL. */
static const struct guest_memory_slot *find_slot(const struct guest_memory *memory, uint64_t at) {
  for (uint32_t i = 0; i < memory->slot_count; i++) {
    const struct guest_memory_slot *slot = &memory->slots[i];
    if (at >= slot->base && at - slot->base < slot->size)
      return slot;
  }
  return NULL;
}

void *guest_memory_piece(const struct guest_memory *memory, struct gpa at, uint64_t length,
                         uint64_t *piece) {
  if (length == 0 || memory->slot_count == 0)
    return NULL;
  /* Slots have no gaps, so the whole range is present when its last byte is. */
  const struct guest_memory_slot *last = &memory->slots[memory->slot_count - 1];
  uint64_t end = last->base + last->size;
  if (at.value >= end || length > end - at.value)
    return NULL;
  const struct guest_memory_slot *slot = find_slot(memory, at.value);
  if (!slot)
    return NULL;
  uint64_t left = slot->size - (at.value - slot->base);
  *piece = length < left ? length : left;
  return slot->host + (at.value - slot->base);
}

void *guest_memory_range(const struct guest_memory *memory, struct gpa at, uint64_t length) {
  uint64_t piece;
  void *host = guest_memory_piece(memory, at, length, &piece);
  return host && piece == length ? host : NULL;
}

/* Whether one of the range's blocks holds machine code. The range lies in guest memory, and the
 * table covers all of that. */
static bool touches_code(const struct guest_memory *memory, uint64_t at, uint64_t length) {
  uint64_t last = (at + length - 1) / ABI_BLOCK_SIZE;
  for (uint64_t block = at / ABI_BLOCK_SIZE; block <= last; block++)
    if (memory->block_types[block] & ABI_BLOCK_CODE)
      return true;
  return false;
}

bool guest_memory_is_writable(const struct guest_memory *memory, struct gpa at, uint64_t length) {
  for (uint32_t i = 0; i < memory->protected_count; i++) {
    const struct guest_memory_span *span = &memory->protected[i];
    if (at.value < span->to && length > 0 &&
        (at.value >= span->from || length > span->from - at.value))
      return false;
  }
  return length == 0 || !memory->block_types || !touches_code(memory, at.value, length);
}
