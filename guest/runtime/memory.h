/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The guest's memory: physical blocks, address space, the heap. Internal to the runtime.
 *
 * Physical memory is handed out in blocks of 2 MiB. Backing is lazy on the host, so a block costs
 * little until it is touched. A block that the kernel has seen as code stays code.
 * Sizes are bytes unless said otherwise. */
#ifndef GUEST_RUNTIME_MEMORY_H
#define GUEST_RUNTIME_MEMORY_H

#include "abi/boot.h"
#include "abi/doorbell.h"
#include "guest/runtime/arch.h"

/* A piece of an area that is physically contiguous. Starts on a block; owns whole blocks. */
struct memory_extent {
  uint64_t physical;
  size_t offset; /* from the area's base */
  size_t length; /* bytes mapped; of an exact area the last extent may end inside a block */
};

enum memory_kind {
  MEMORY_EXACT, /* faults exactly from the last committed byte on: linear memory */
  MEMORY_SMALL, /* ABI_AREA_SIZE of address space, mapped by whole blocks; never given back */
  MEMORY_CODE,  /* machine code; never given back */
};

/* A piece of address space, block aligned. */
struct memory_area {
  uintptr_t base;
  size_t size;
  enum memory_kind kind;
  bool idle;        /* SMALL, CODE: released, waiting for the next request that it satisfies */
  bool tail_dirty;  /* EXACT: the rest of the last block has been used before */
  size_t committed; /* EXACT, SMALL: from the bottom up */
  size_t used;      /* SMALL: bytes that earlier lives may have written */
  struct memory_extent *extents; /* EXACT, SMALL */
  uint32_t extent_count;
  uint32_t extent_capacity;
  uint64_t *code_blocks; /* CODE: per block of address space, physical | MEMORY_CODE_*; 0: none */
};

#define MEMORY_CODE_WRITABLE 1u
#define MEMORY_CODE_RECYCLED 2u /* an earlier life may have written it */

#define MEMORY_CLASS_COUNT 64

struct memory_free {
  struct memory_free *next;
};

struct memory {
  struct machine *machine; /* guest/runtime/machine.h */
  const struct abi_boot *boot;

  uint64_t next_block; /* physical: blocks from here on have never been used */
  uint64_t end;        /* physical: end of the memory present */
  uint64_t *spare;     /* physical addresses of used data blocks that nobody owns */
  size_t spare_count;
  size_t spare_capacity;

  struct memory_area **areas; /* in ascending order of base */
  size_t area_count;
  size_t area_capacity;

  const struct memory_area *last_grown; /* whose pages the kernel mapped last; maybe gone */
  uint32_t grow_failures;               /* of machine_ops.grow, in a row */

  uintptr_t heap; /* [heap, heap_end) is left of the current piece of heap */
  uintptr_t heap_end;
  bool heap_refilling;
  struct memory_free *classes[MEMORY_CLASS_COUNT];
};

struct machine;
void memory_start(struct memory *memory, struct machine *machine);

/* Hooks of struct wasm_platform; `context` is the struct memory. */
void *memory_reserve(void *context, size_t size);
bool memory_commit(void *context, void *address, size_t size);
void memory_release(void *context, void *address, size_t size);
void *memory_code_reserve(void *context, size_t size);
bool memory_code_commit(void *context, void *address, size_t size);
bool memory_publish(void *context, void *address, size_t size);
void *memory_allocate(void *context, size_t size);
void memory_free(void *context, void *address, size_t size);

/* As machine_physical. */
uint64_t memory_physical(const struct memory *memory, uintptr_t address, size_t length,
                         size_t *contiguous);

/* ---- Between memory.c, area.c, code.c and heap.c ---- */

/* Ends the VM: the runtime itself is broken. */
_Noreturn void memory_panic(struct memory *memory, const char *text);
/* Makes sure that `blocks` blocks can be taken. */
bool memory_ensure_blocks(struct memory *memory, size_t blocks);
/* Takes one block, clean or not; call memory_ensure_blocks before. */
uint64_t memory_take_block(struct memory *memory, bool *dirty);
/* Takes one block that has never been mapped; 0: there is none. */
uint64_t memory_take_fresh_block(struct memory *memory);
/* Gives back `length` bytes of whole blocks. */
void memory_give_blocks(struct memory *memory, uint64_t physical, size_t length);
/* The area around an address, or NULL. */
struct memory_area *memory_find_area(const struct memory *memory, uintptr_t address);
/* Makes an area of `size` bytes, rounded up to blocks, at the lowest free address. */
struct memory_area *memory_add_area(struct memory *memory, size_t size, enum memory_kind kind);
/* The areas that the monitor has mapped; before anything else is reserved. */
void memory_adopt_data_areas(struct memory *memory);
void memory_adopt_code_area(struct memory *memory);
void memory_release_code(struct memory_area *area);
/* Calls the kernel for a range of blocks, split where no call may cross. */
bool memory_call_blocks(uint64_t number, uintptr_t address, uint64_t physical, size_t size);

static inline size_t memory_round_up(size_t size, size_t unit) {
  return (size + unit - 1) / unit * unit;
}

#endif
