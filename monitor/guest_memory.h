/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Guest memory as the monitor sees it: the one gate through which guest addresses pass. */
#ifndef MONITOR_GUEST_MEMORY_H
#define MONITOR_GUEST_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A guest-physical address. Wrapped so that it cannot be dereferenced by accident. */
struct gpa {
  uint64_t value;
};

#define GUEST_MEMORY_SLOTS_MAX 32

struct guest_memory_slot {
  uint64_t base; /* guest-physical */
  uint64_t size; /* bytes */
  uint8_t *host;
};

/* What the guest's user mode may not write: its kernel with the page tables, its own text. User
 * mode fills the virtqueues, so devices must not do it in its place. */
#define GUEST_MEMORY_PROTECTED_MAX 4

struct guest_memory_span {
  uint64_t from, to; /* guest-physical */
};

/* Slots in ascending order, without gaps. */
struct guest_memory {
  struct guest_memory_slot slots[GUEST_MEMORY_SLOTS_MAX];
  uint32_t slot_count;
  struct guest_memory_span protected[GUEST_MEMORY_PROTECTED_MAX];
  uint32_t protected_count;
  const volatile uint64_t *block_types; /* the kernel's table (abi/kernel.h), or NULL: none */
};

/* Host pointer to [at, at+length), or NULL when any byte of it is outside guest memory, the range
 * wraps, or it spans two slots. length 0 is NULL too. The guest may change these bytes at any
 * time: copy before checking. */
void *guest_memory_range(const struct guest_memory *memory, struct gpa at, uint64_t length);

/* The same for a range that may span slots: the host pointer to its first byte, *piece: how many
 * bytes lie there contiguously (at most length). NULL as above. */
void *guest_memory_piece(const struct guest_memory *memory, struct gpa at, uint64_t length,
                         uint64_t *piece);

/* Whether no byte of a range that lies in guest memory is protected: asked before a device writes.
 */
bool guest_memory_is_writable(const struct guest_memory *memory, struct gpa at, uint64_t length);

#endif
