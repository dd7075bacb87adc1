/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Attacks on the guest's own kernel through its calls (abi/kernel.h), and on memory that its page
 * tables protect. */
#include "tests/hostile/hostile.h"

#include "guest/runtime/memory.h"

/* Far above what the runtime has mapped by now, far below the end. */
static uint64_t free_address(const struct machine *m) {
  return (m->boot->arena_base + (m->boot->arena_end - m->boot->arena_base) / 2) &
         ~(ABI_GROUP_SIZE - 1);
}

/* The first whole block of memory that nobody has taken. */
static uint64_t free_block(const struct machine *m) {
  return m->memory->next_block;
}

static uint64_t map(uint64_t call, uint64_t address, uint64_t physical, uint64_t count) {
  return kernel_call(call, address, physical, count);
}

void attack_map_kernel(struct machine *m) {
  uint64_t at = free_address(m);
  for (uint64_t page = 0; page < m->boot->free_base; page += ABI_PAGE_SIZE)
    REQUIRE(m, map(ABI_KERNEL_MAP_PAGES, at, page, 1) != ABI_KERNEL_OK);
}

void attack_map_page_tables(struct machine *m) {
  uint64_t at = free_address(m);
  for (uint64_t block = 0; block < m->boot->free_base; block += ABI_BLOCK_SIZE) {
    REQUIRE(m, map(ABI_KERNEL_MAP_BLOCKS, at, block, 1) != ABI_KERNEL_OK);
    REQUIRE(m, map(ABI_KERNEL_MAP_CODE, at, block, 1) != ABI_KERNEL_OK);
  }
}

/* Other memory in the place of the kernel's, of its window, of the boot block. */
void attack_map_over_kernel(struct machine *m) {
  uint64_t physical = free_block(m);
  uint64_t boot = (uint64_t)(uintptr_t)m->boot & ~(ABI_BLOCK_SIZE - 1);
  const uint64_t places[] = {0, 0x200000, 0x40000000, boot, m->boot->arena_end, 0xffffffff80000000};
  for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
    REQUIRE(m, map(ABI_KERNEL_MAP_BLOCKS, places[i], physical, 1) != ABI_KERNEL_OK);
    REQUIRE(m, map(ABI_KERNEL_MAP_PAGES, places[i], physical, 1) != ABI_KERNEL_OK);
    REQUIRE(m, map(ABI_KERNEL_UNMAP, places[i], 0, 1) != ABI_KERNEL_OK);
    REQUIRE(m, map(ABI_KERNEL_PUBLISH_CODE, places[i], 0, 1) != ABI_KERNEL_OK);
  }
}

/* A second, writable view of code would make executable memory writable. */
void attack_map_code_twice(struct machine *m) {
  uint64_t at = free_address(m), other = at + ABI_GROUP_SIZE, physical = free_block(m);
  REQUIRE(m, map(ABI_KERNEL_MAP_CODE, at, physical, 1) == ABI_KERNEL_OK);
  REQUIRE(m, map(ABI_KERNEL_MAP_BLOCKS, other, physical, 1) != ABI_KERNEL_OK);
  REQUIRE(m, map(ABI_KERNEL_MAP_PAGES, other, physical, 1) != ABI_KERNEL_OK);
  REQUIRE(m, map(ABI_KERNEL_MAP_CODE, other, physical, 1) != ABI_KERNEL_OK);
  REQUIRE(m, map(ABI_KERNEL_PUBLISH_CODE, at, 0, 1) == ABI_KERNEL_OK);
  REQUIRE(m, map(ABI_KERNEL_MAP_BLOCKS, other, physical, 1) != ABI_KERNEL_OK);
  REQUIRE(m, map(ABI_KERNEL_UNMAP, at, 0, 1) == ABI_KERNEL_OK);
  REQUIRE(m, map(ABI_KERNEL_MAP_BLOCKS, other, physical, 1) != ABI_KERNEL_OK);
  /* Nor does data become code. */
  REQUIRE(m, map(ABI_KERNEL_MAP_BLOCKS, other, physical + ABI_BLOCK_SIZE, 1) == ABI_KERNEL_OK);
  REQUIRE(m, map(ABI_KERNEL_PUBLISH_CODE, other, 0, 1) != ABI_KERNEL_OK);
  REQUIRE(m, map(ABI_KERNEL_MAP_CODE, at, physical + ABI_BLOCK_SIZE, 1) != ABI_KERNEL_OK);
}

void attack_map_absurd_ranges(struct machine *m) {
  uint64_t at = free_address(m), physical = free_block(m);
  for (uint64_t call = 0; call < ABI_KERNEL_CALL_COUNT; call++) {
    REQUIRE(m, map(call, at, physical, 0) != ABI_KERNEL_OK);
    REQUIRE(m, map(call, at, physical, UINT64_MAX) != ABI_KERNEL_OK);
    REQUIRE(m, map(call, at, physical, 1ull << 43) != ABI_KERNEL_OK); /* * 2 MiB wraps to 0 */
    REQUIRE(m, map(call, at + 1, physical, 1) != ABI_KERNEL_OK);
    REQUIRE(m, map(call, UINT64_MAX, physical, 1) != ABI_KERNEL_OK);
    REQUIRE(m, map(call, m->boot->arena_end - ABI_PAGE_SIZE, physical, 600) != ABI_KERNEL_OK);
  }
  REQUIRE(m, map(ABI_KERNEL_MAP_BLOCKS, at, memory_limit(m), 1) != ABI_KERNEL_OK);
  REQUIRE(m, map(ABI_KERNEL_MAP_BLOCKS, at, 0 - ABI_BLOCK_SIZE, 1) != ABI_KERNEL_OK);
  REQUIRE(m, map(ABI_KERNEL_MAP_BLOCKS, at, physical + 4096, 1) != ABI_KERNEL_OK);
  REQUIRE(m, map(ABI_KERNEL_CALL_COUNT, at, physical, 1) != ABI_KERNEL_OK);
  REQUIRE(m, map(UINT64_MAX, at, physical, 1) != ABI_KERNEL_OK);
}

/* One page in each group takes a page table each; they are finite. */
void attack_map_until_refused(struct machine *m) {
  uint64_t physical = free_block(m), at = free_address(m);
  for (uint64_t i = 0; i < 1000000; i++, at += ABI_GROUP_SIZE) {
    if (at >= m->boot->arena_end)
      return; /* every group has one: also an end */
    uint64_t result = map(ABI_KERNEL_MAP_PAGES, at, physical, 1);
    if (result == ABI_KERNEL_OK)
      continue;
    REQUIRE(m, result == ABI_KERNEL_NO_TABLES);
    return;
  }
  give_up(m, "page tables without end");
}

/* ---- Memory that is not there, or not so ---- */

/* --memory allows it, but the doorbell has not added it yet: there is no memory slot behind. */
static uint8_t *map_beyond_end(struct machine *m, uint64_t call) {
  uint64_t physical = memory_limit(m) - ABI_BLOCK_SIZE;
  REQUIRE(m, map(call, free_address(m), physical, 1) == ABI_KERNEL_OK);
  return (uint8_t *)(uintptr_t)free_address(m);
}

void attack_use_memory_that_is_not_there(struct machine *m) {
  volatile uint8_t *memory = map_beyond_end(m, ABI_KERNEL_MAP_BLOCKS);
  for (uint32_t i = 0; i < 4096; i++)
    memory[i] = (uint8_t)(memory[i] + 1);
}

/* volatile: a compiler may make a call of 0 into anything. */
static void call_address(uintptr_t address) {
  void (*volatile function)(void) = (void (*)(void))address;
  function();
}

void attack_run_memory_that_is_not_there(struct machine *m) {
  uint8_t *memory = map_beyond_end(m, ABI_KERNEL_MAP_CODE);
  REQUIRE(m, map(ABI_KERNEL_PUBLISH_CODE, free_address(m), 0, 1) == ABI_KERNEL_OK);
  call_address((uintptr_t)memory);
}

static volatile uint8_t *map_code(struct machine *m, bool publish) {
  uint64_t at = free_address(m);
  REQUIRE(m, map(ABI_KERNEL_MAP_CODE, at, free_block(m), 1) == ABI_KERNEL_OK);
  *(volatile uint8_t *)(uintptr_t)at = 0; /* writable while it is not executable */
  if (publish)
    REQUIRE(m, map(ABI_KERNEL_PUBLISH_CODE, at, 0, 1) == ABI_KERNEL_OK);
  return (volatile uint8_t *)(uintptr_t)at;
}

void attack_write_published_code(struct machine *m) {
  *map_code(m, true) = 1;
  give_up(m, "published code was written");
}

void attack_run_unpublished_code(struct machine *m) {
  call_address((uintptr_t)map_code(m, false));
}

void attack_run_data(struct machine *m) {
  (void)m;
  call_address((uintptr_t)buffer);
}

void attack_write_text(struct machine *m) {
  *(volatile uint8_t *)(uintptr_t)&attack_write_text = 0;
  give_up(m, "text was written");
}

void attack_write_module(struct machine *m) {
  *(volatile uint8_t *)(uintptr_t)m->boot->module = 0;
  give_up(m, "the module was written");
}

void attack_call_null(struct machine *m) {
  (void)m;
  call_address(0);
}

/* ---- Faults about faults ---- */

static bool fault_again(const struct wasm_fault *fault, struct wasm_fault *resume) {
  (void)fault, (void)resume;
  call_address(0);
  return false;
}

void attack_fault_in_fault(struct machine *m) {
  on_fault(m, fault_again);
  call_address(0);
}

static bool go_on_there(const struct wasm_fault *fault, struct wasm_fault *resume) {
  *resume = *fault;
  return true;
}

void attack_fault_endlessly(struct machine *m) {
  on_fault(m, go_on_there);
  call_address(0);
}
