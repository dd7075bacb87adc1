/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Memory: reservations, exact ends, growth to the limit, reuse, code, and what the kernel refuses.
 */
#include "tests/vm/guest.h"

#define PAGE ABI_PAGE_SIZE
#define BLOCK ABI_BLOCK_SIZE
#define WASM_PAGE 65536u
#define LARGE (2 * ABI_AREA_SIZE) /* from more than ABI_AREA_SIZE on, reservations end exactly */

struct test {
  struct machine *machine;
  struct wasm_platform platform;
  struct expected_fault expected;
};

/* Linear memory: grows a wasm page at a time, and ends exactly where it should. */
static void test_growth(struct test *test) {
  struct wasm_platform *platform = &test->platform;
  size_t size = (8ull << 30) + WASM_PAGE;
  uint8_t *memory = platform->reserve(platform->context, size);
  CHECK(test->machine, memory);
  CHECK(test->machine, faults_reading(&test->expected, memory));
  size_t committed = 0;
  for (uint32_t step = 0; step < 100; step++) {
    CHECK(test->machine, platform->commit(platform->context, memory + committed, WASM_PAGE));
    CHECK(test->machine, memory[committed] == 0 && memory[committed + WASM_PAGE - 1] == 0);
    memory[committed] = (uint8_t)step;
    memory[committed + WASM_PAGE - 1] = (uint8_t)~step;
    committed += WASM_PAGE;
    CHECK(test->machine, faults_reading(&test->expected, memory + committed));
    CHECK(test->machine, test->expected.seen.address == (uintptr_t)memory + committed);
  }
  for (uint32_t step = 0; step < 100; step++) {
    CHECK(test->machine, memory[step * WASM_PAGE] == (uint8_t)step);
    CHECK(test->machine, memory[step * WASM_PAGE + WASM_PAGE - 1] == (uint8_t)~step);
  }
  /* A gap is refused, and so is more than was reserved. */
  CHECK(test->machine, !platform->commit(platform->context, memory + committed + PAGE, PAGE));
  CHECK(test->machine, !platform->commit(platform->context, memory + committed, size));
  size_t contiguous = 0;
  uint64_t physical = machine_physical(test->machine, memory, committed, &contiguous);
  CHECK(test->machine, physical != UINT64_MAX && contiguous == committed);
  CHECK(test->machine,
        machine_physical(test->machine, memory + committed, 1, &contiguous) == UINT64_MAX);
  platform->release(platform->context, memory, size);
  CHECK(test->machine, faults_reading(&test->expected, memory));

  /* What comes back is zero again. */
  uint8_t *again = platform->reserve(platform->context, size);
  CHECK(test->machine, platform->commit(platform->context, again, 3 * BLOCK + WASM_PAGE));
  for (size_t at = 0; at < 3 * BLOCK + WASM_PAGE; at += PAGE / 2)
    CHECK(test->machine, again[at] == 0);
  CHECK(test->machine, again[WASM_PAGE - 1] == 0);
  CHECK(test->machine, faults_writing(&test->expected, again + 3 * BLOCK + WASM_PAGE));
  platform->release(platform->context, again, size);
}

/* Up to --memory and not beyond; a refused commit leaves nothing behind. */
static void test_limit(struct test *test) {
  struct wasm_platform *platform = &test->platform;
  uint64_t limit = test->machine->boot->memory_max;
  uint8_t *memory = platform->reserve(platform->context, 2 * limit);
  CHECK(test->machine, memory);
  CHECK(test->machine, platform->commit(platform->context, memory, WASM_PAGE));
  CHECK(test->machine, !platform->commit(platform->context, memory + WASM_PAGE, limit));
  CHECK(test->machine, faults_reading(&test->expected, memory + WASM_PAGE));
  memory[WASM_PAGE - 1] = 7;
  size_t committed = WASM_PAGE;
  size_t step = 16u << 20;
  while (platform->commit(platform->context, memory + committed, step)) {
    memory[committed] = 1;
    memory[committed + step - 1] = 1;
    committed += step;
    CHECK(test->machine, committed < limit);
  }
  CHECK(test->machine, faults_reading(&test->expected, memory + committed));
  CHECK(test->machine, memory[WASM_PAGE - 1] == 7);
  CHECK(test->machine, committed > limit / 2);
  platform->release(platform->context, memory, 2 * limit);
}

static void test_heap(struct test *test) {
  struct wasm_platform *platform = &test->platform;
  enum { COUNT = 300 };
  uint8_t **blocks = platform->allocate(platform->context, COUNT * sizeof(uint8_t *));
  for (uint32_t round = 0; round < 3; round++) {
    for (uint32_t i = 0; i < COUNT; i++) {
      size_t size = (size_t)i * i * 7 + 1;
      blocks[i] = platform->allocate(platform->context, size);
      CHECK(test->machine, blocks[i] && (uintptr_t)blocks[i] % 16 == 0);
      memset(blocks[i], (int)i, size);
    }
    for (uint32_t i = 0; i < COUNT; i++) {
      size_t size = (size_t)i * i * 7 + 1;
      CHECK(test->machine, blocks[i][0] == (uint8_t)i && blocks[i][size - 1] == (uint8_t)i);
      platform->free(platform->context, blocks[i], size);
    }
  }
  CHECK(test->machine, !platform->allocate(platform->context, SIZE_MAX - 5));
}

/* Small reservations, as the compiler and tables make them: several lives, zero in each. */
static void test_small(struct test *test) {
  struct wasm_platform *platform = &test->platform;
  enum { COUNT = 12 };
  uint8_t *areas[COUNT];
  for (uint32_t round = 0; round < 3; round++) {
    for (uint32_t i = 0; i < COUNT; i++) {
      size_t size = (i + 1) * 2 * BLOCK;
      areas[i] = platform->reserve(platform->context, size);
      CHECK(test->machine, areas[i]);
      CHECK(test->machine, platform->commit(platform->context, areas[i], PAGE));
      CHECK(test->machine, platform->commit(platform->context, areas[i] + PAGE, i * 3 * PAGE * 64));
      size_t end = PAGE + i * 3 * PAGE * 64;
      for (size_t at = 0; at < end; at += PAGE / 2)
        CHECK(test->machine, areas[i][at] == 0);
      memset(areas[i], (int)i + 1, end);
      size_t contiguous;
      CHECK(test->machine,
            machine_physical(test->machine, areas[i] + end - 1, 1, &contiguous) != UINT64_MAX);
      CHECK(test->machine,
            machine_physical(test->machine, areas[i] + end, 1, &contiguous) == UINT64_MAX);
    }
    for (uint32_t i = 0; i < COUNT; i++) {
      CHECK(test->machine, areas[i][0] == i + 1 && areas[i][i * 3 * PAGE * 64] == i + 1);
      platform->release(platform->context, areas[i], (i + 1) * 2 * BLOCK);
    }
  }
}

static uint32_t call_code(void *code) {
  return ((uint32_t(*)(void))code)();
}

static void test_code(struct test *test) {
  struct wasm_platform *platform = &test->platform;
  size_t far = 40u << 20; /* tables stand far behind the text */
  for (uint32_t life = 1; life <= 3; life++) {
    uint8_t *code = platform->code_reserve(platform->context, 64u << 20);
    CHECK(test->machine, code);
    CHECK(test->machine, platform->code_commit(platform->context, code, 5 * PAGE));
    CHECK(test->machine, code[0] == 0 && code[5 * PAGE - 1] == 0);
    CHECK(test->machine, platform->code_commit(platform->context, code + far, BLOCK + PAGE));
    CHECK(test->machine, code[far] == 0 && code[far + BLOCK + PAGE - 1] == 0);
    code[far] = code[far + BLOCK + PAGE - 1] = 1;
    CHECK(test->machine, !platform->publish(platform->context, code + 10 * BLOCK, PAGE));
    write_function(code, 1000 + life);
    write_function(code + 4 * PAGE, 2000 + life);
    CHECK(test->machine, faults_executing(&test->expected, code));
    CHECK(test->machine, platform->publish(platform->context, code, 5 * PAGE));
    CHECK(test->machine, call_code(code) == 1000 + life);
    CHECK(test->machine, call_code(code + 4 * PAGE) == 2000 + life);
    CHECK(test->machine, faults_writing(&test->expected, code));
    platform->release(platform->context, code, 64u << 20);
  }
}

/* Calls that a runtime which has been taken over might try. */
static void test_refusals(struct test *test) {
  struct wasm_platform *platform = &test->platform;
  const struct abi_boot *boot = test->machine->boot;
  struct machine *machine = test->machine;
  uint8_t *code = platform->code_reserve(platform->context, BLOCK);
  CHECK(machine, platform->code_commit(platform->context, code, PAGE));
  CHECK(machine, platform->publish(platform->context, code, PAGE));
  size_t contiguous;
  uint64_t code_at = machine->boot->heap_end + machine->boot->data_areas * BLOCK;
  uint8_t *data = platform->reserve(platform->context, BLOCK);
  CHECK(machine, platform->commit(platform->context, data, PAGE));
  uint64_t data_at = machine_physical(machine, data, PAGE, &contiguous);
  uint64_t free = boot->arena_end - 64 * BLOCK; /* an address that nobody uses */

  /* Everything below free_base: kernel, tables, text, boot block. */
  for (uint64_t at = 0; at < boot->free_base; at += BLOCK) {
    CHECK(machine, kernel_call(ABI_KERNEL_MAP_PAGES, free, at, 1) == ABI_KERNEL_BAD_MEMORY);
    CHECK(machine, kernel_call(ABI_KERNEL_MAP_BLOCKS, free, at, 1) == ABI_KERNEL_BAD_MEMORY);
    CHECK(machine, kernel_call(ABI_KERNEL_MAP_CODE, free, at, 1) == ABI_KERNEL_BAD_MEMORY);
  }
  /* Code as data, data as code, code at a second address. */
  CHECK(machine, kernel_call(ABI_KERNEL_MAP_PAGES, free, code_at, 1) == ABI_KERNEL_BAD_MEMORY);
  CHECK(machine, kernel_call(ABI_KERNEL_MAP_BLOCKS, free, code_at, 1) == ABI_KERNEL_BAD_MEMORY);
  CHECK(machine, kernel_call(ABI_KERNEL_MAP_CODE, free, code_at, 1) == ABI_KERNEL_BAD_MEMORY);
  CHECK(machine, kernel_call(ABI_KERNEL_MAP_CODE, free, data_at, 1) == ABI_KERNEL_BAD_MEMORY);
  CHECK(machine,
        kernel_call(ABI_KERNEL_MAP_CODE, free, boot->free_base, 1) == ABI_KERNEL_BAD_MEMORY);
  CHECK(machine,
        kernel_call(ABI_KERNEL_PUBLISH_CODE, (uintptr_t)data, 0, 1) == ABI_KERNEL_BAD_MEMORY);
  /* Addresses outside the arena, and ranges that wrap, cross or are misaligned. */
  static const uint64_t bad[] = {0,          0x200000,           0x40000000,
                                 0x80000000, 0x800000000000,     0xffff800000000000,
                                 1,          0xffffffffffe00000, 0x7fff00000000};
  for (uint32_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
    for (uint64_t call = 0; call < ABI_KERNEL_CALL_COUNT; call++)
      CHECK(machine, kernel_call(call, bad[i], data_at, 1) == ABI_KERNEL_BAD_ADDRESS);
  CHECK(machine, kernel_call(ABI_KERNEL_MAP_PAGES, free, data_at, 513) == ABI_KERNEL_BAD_ADDRESS);
  CHECK(machine,
        kernel_call(ABI_KERNEL_MAP_PAGES, free + PAGE, data_at, 512) == ABI_KERNEL_BAD_ADDRESS);
  CHECK(machine, kernel_call(ABI_KERNEL_MAP_BLOCKS, free, data_at, UINT64_MAX / BLOCK + 2) ==
                     ABI_KERNEL_BAD_ADDRESS);
  CHECK(machine,
        kernel_call(ABI_KERNEL_MAP_BLOCKS, free + PAGE, data_at, 1) == ABI_KERNEL_BAD_ADDRESS);
  CHECK(machine,
        kernel_call(ABI_KERNEL_MAP_BLOCKS, free, data_at + PAGE, 1) == ABI_KERNEL_BAD_MEMORY);
  CHECK(machine,
        kernel_call(ABI_KERNEL_MAP_BLOCKS, free, boot->memory_max, 1) == ABI_KERNEL_BAD_MEMORY);
  CHECK(machine, kernel_call(ABI_KERNEL_MAP_BLOCKS, free, UINT64_MAX - BLOCK + 1, 2) ==
                     ABI_KERNEL_BAD_MEMORY);
  CHECK(machine, kernel_call(ABI_KERNEL_MAP_PAGES, free, data_at, 0) == ABI_KERNEL_BAD_ADDRESS);
  CHECK(machine, kernel_call(ABI_KERNEL_CALL_COUNT, free, data_at, 1) == ABI_KERNEL_BAD_CALL);
  CHECK(machine, kernel_call(UINT64_MAX, free, data_at, 1) == ABI_KERNEL_BAD_CALL);
  CHECK(machine, faults_reading(&test->expected, (void *)free));
  /* The same data twice is the runtime's own business. */
  CHECK(machine, kernel_call(ABI_KERNEL_MAP_PAGES, free, data_at, 1) == ABI_KERNEL_OK);
  data[5] = 9;
  CHECK(machine, ((volatile uint8_t *)free)[5] == 9);
  CHECK(machine, faults_executing(&test->expected, (void *)free));
  CHECK(machine, kernel_call(ABI_KERNEL_UNMAP, free, 0, 1) == ABI_KERNEL_OK);
  CHECK(machine, faults_reading(&test->expected, (void *)free));
}

/* As many linear memories as a script of the specification's suite makes, in several lives. */
static void test_many(struct test *test) {
  struct wasm_platform *platform = &test->platform;
  enum { COUNT = 40 };
  static uint8_t *memories[COUNT];
  size_t size = (8ull << 30) + WASM_PAGE;
  for (uint32_t round = 0; round < 3; round++) {
    for (uint32_t i = 0; i < COUNT; i++) {
      memories[i] = platform->reserve(platform->context, size);
      CHECK(test->machine, memories[i]);
      CHECK(test->machine, platform->commit(platform->context, memories[i], WASM_PAGE));
      CHECK(test->machine, memories[i][0] == 0);
      memories[i][0] = (uint8_t)(i + 1);
    }
    for (uint32_t i = 0; i < COUNT; i++) /* every other one first */
      if (i % 2)
        platform->release(platform->context, memories[i], size);
    for (uint32_t i = 0; i < COUNT; i += 2) {
      CHECK(test->machine, memories[i][0] == (uint8_t)(i + 1));
      platform->release(platform->context, memories[i], size);
    }
  }
}

/* An area whose first two blocks, the first of them committed, are the last of their group. */
static uint8_t *reserve_across_groups(struct test *test) {
  struct wasm_platform *platform = &test->platform;
  size_t much = 16 * ABI_GROUP_SIZE; /* fits into no hole between areas */
  uint8_t *start = platform->reserve(platform->context, much);
  platform->release(platform->context, start, much);
  size_t filler = 2 * ABI_GROUP_SIZE - (uintptr_t)start % ABI_GROUP_SIZE - 2 * BLOCK;
  uint8_t *filled;
  do { /* holes below are filled first */
    filled = platform->reserve(platform->context, filler);
    CHECK(test->machine, filled && filled <= start);
  } while (filled != start);
  uint8_t *across = platform->reserve(platform->context, much);
  CHECK(test->machine, across == start + filler);
  CHECK(test->machine, platform->commit(platform->context, across, BLOCK));
  return across;
}

/* Uses all memory for page tables up: commits fail cleanly, what is mapped stays. */
static void test_tables(struct test *test) {
  struct wasm_platform *platform = &test->platform;
  struct machine *machine = test->machine;
  uint8_t *memory = platform->reserve(platform->context, LARGE);
  CHECK(machine, platform->commit(platform->context, memory, BLOCK + WASM_PAGE));
  memory[BLOCK] = 77;
  uint8_t *small = platform->reserve(platform->context, LARGE);
  uint8_t *across = reserve_across_groups(test);
  size_t contiguous;
  uint64_t data = machine_physical(machine, memory, PAGE, &contiguous);
  uint64_t group = machine->boot->arena_end - ABI_GROUP_SIZE;
  uint64_t result;
  while ((result = kernel_call(ABI_KERNEL_MAP_PAGES, group, data, 1)) == ABI_KERNEL_OK)
    group -= ABI_GROUP_SIZE;
  CHECK(machine, result == ABI_KERNEL_NO_TABLES);

  /* What was mapped before a commit failed half way is taken back. */
  CHECK(machine, !platform->commit(platform->context, across + BLOCK, 3 * BLOCK));
  CHECK(machine, !faults_reading(&test->expected, across));
  CHECK(machine, faults_reading(&test->expected, across + BLOCK));
  CHECK(machine, platform->commit(platform->context, across + BLOCK, BLOCK));
  CHECK(machine, across[0] == 0 && across[2 * BLOCK - 1] == 0);
  CHECK(machine, !platform->commit(platform->context, across + 2 * BLOCK, PAGE));
  CHECK(machine, !platform->commit(platform->context, small, PAGE));
  CHECK(machine, faults_reading(&test->expected, small));
  /* A table there is can be filled further; once its block is full it serves for another. */
  CHECK(machine, platform->commit(platform->context, memory + BLOCK + WASM_PAGE, WASM_PAGE));
  size_t before = 2 * WASM_PAGE;
  CHECK(machine, platform->commit(platform->context, memory + BLOCK + before, 3 * BLOCK + PAGE));
  CHECK(machine, memory[BLOCK] == 77 && memory[4 * BLOCK + before + PAGE - 1] == 0);
  CHECK(machine, faults_reading(&test->expected, memory + 4 * BLOCK + before + PAGE));
  CHECK(machine, !platform->commit(platform->context, small, PAGE));
  platform->release(platform->context, memory, LARGE);
  CHECK(machine, platform->commit(platform->context, small, PAGE));
  CHECK(machine, small[0] == 0 && faults_reading(&test->expected, small + PAGE));
}

void guest_main(struct machine *machine) {
  static struct test test;
  test.machine = machine;
  machine_platform(machine, &test.platform);
  machine_set_store(machine, (struct wasm_store *)&test.expected);
  test_growth(&test);
  test_heap(&test);
  test_small(&test);
  test_code(&test);
  test_refusals(&test);
  test_many(&test);
  test_limit(&test);
  test_tables(&test);
  machine_exit(machine, ABI_OUTCOME_EXIT, 42);
}
