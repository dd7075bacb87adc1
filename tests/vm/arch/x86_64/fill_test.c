/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The kernel's port FILL and the doorbell GROW with a kernel that lies: nothing outside its own
 * pages is written. Needs no KVM. */
#include "abi/arch/x86_64/kernel.h"
#include "abi/arch/x86_64/pages.h"
#include "abi/kernel.h"
#include "monitor/kvm/arch.h"
#include "monitor/kvm/arch/x86_64/descriptors.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE 4096u
#define PAGES 4u
#define KERNEL (1 * PAGE) /* the kernel's state; its pages are 1 and 2 of 4 */
#define TABLE (2 * PAGE)

struct attempt {
  const char *name;
  uint64_t table;
  uint32_t value; /* first entry << 16 | count */
  bool works;
};

static const struct attempt attempts[] = {
    {"a table among the kernel's pages", TABLE, 500u << 16 | 12, true},
    {"no entries at all", TABLE, 512u << 16, true},
    {"one entry beyond the table", TABLE, 500u << 16 | 13, false},
    {"a first entry beyond the table", TABLE, 513u << 16, false},
    {"as many entries as can be named", TABLE, 0xffff, false},
    {"both at their largest", TABLE, 0xffffffff, false},
    {"a table that is not aligned", TABLE + 8, 1, false},
    {"memory below the kernel", 0, 1, false},
    {"memory behind the kernel", 3 * PAGE, 1, false},
    {"memory that is not there", PAGES *PAGE, 1, false},
    {"an address that wraps", UINT64_MAX - PAGE + 1, 1, false},
};

/* True: all bytes but those of [from, from + length) are still zero, the kernel's state aside. */
static bool is_untouched(const uint8_t *memory, size_t from, size_t length) {
  for (size_t i = 0; i < PAGES * PAGE; i++)
    if (memory[i] && (i < from || i >= from + length) &&
        (i < KERNEL || i >= KERNEL + sizeof(struct abi_kernel_state)))
      return false;
  return true;
}

static bool holds(struct vm *vm, uint8_t *memory, const struct attempt *attempt) {
  char text[VM_ERROR_SIZE] = "";
  struct abi_kernel_state *state = (struct abi_kernel_state *)(memory + KERNEL);
  memset(memory, 0, PAGES * PAGE);
  state->fill_table = attempt->table;
  state->fill_value = 0x200003;
  bool worked = arch_fill_table(vm, attempt->value, text);
  uint32_t first = attempt->value >> 16, count = attempt->value & 0xffff;
  if (worked != attempt->works || (!worked && !*text))
    return false;
  for (uint32_t i = 0; worked && i < count; i++)
    if (((uint64_t *)(memory + attempt->table))[first + i] != 0x200003 + (uint64_t)i * PAGE)
      return false;
  return is_untouched(memory, worked ? attempt->table + first * 8 : 0, worked ? count * 8 : 0);
}

/* GROW: what the kernel remembers, and what is asked for. */
struct growth {
  const char *name;
  uint64_t page, left; /* the next entry, physical; entries left */
  uint64_t address, physical;
  uint32_t count;
  bool works;
};

#define ADDRESS 0x40010000u
#define PHYSICAL 0x810000u
#define DISTANCE 0xffff800000000000u

static const struct growth growths[] = {
    {"some pages where the last ended", TABLE + 64, 100, ADDRESS, PHYSICAL, 16, true},
    {"up to the table's end", TABLE + 4080, 2, ADDRESS, PHYSICAL, 2, true},
    {"no pages", TABLE + 64, 100, ADDRESS, PHYSICAL, 0, false},
    {"more than are left", TABLE + 64, 15, ADDRESS, PHYSICAL, 16, false},
    {"nothing remembered", TABLE + 64, 0, ADDRESS, PHYSICAL, 1, false},
    {"another address", TABLE + 64, 100, ADDRESS + PAGE, PHYSICAL, 1, false},
    {"other memory", TABLE + 64, 100, ADDRESS, PHYSICAL + PAGE, 1, false},
    {"more than the table has, said to be left", TABLE + 4080, 1000, ADDRESS, PHYSICAL, 3, false},
    {"as many as can be named", TABLE, UINT64_MAX, ADDRESS, PHYSICAL, UINT32_MAX, false},
    {"an entry that is not aligned", TABLE + 4, 1000, ADDRESS, PHYSICAL, 1, false},
    {"a table below the kernel", 64, 100, ADDRESS, PHYSICAL, 1, false},
    {"a table behind the kernel", 3 * PAGE, 100, ADDRESS, PHYSICAL, 1, false},
    {"a table that is not there", PAGES *PAGE, 100, ADDRESS, PHYSICAL, 1, false},
    {"a table at the end of all addresses", UINT64_MAX - 7, 100, ADDRESS, PHYSICAL, 1, false},
};

static bool grows(struct vm *vm, uint8_t *memory, const struct growth *growth) {
  struct abi_kernel_state *state = (struct abi_kernel_state *)(memory + KERNEL);
  memset(memory, 0, PAGES * PAGE);
  state->window_distance = DISTANCE;
  state->tail_page = growth->page + DISTANCE;
  state->tail_address = ADDRESS;
  state->tail_physical = PHYSICAL;
  state->tail_left = growth->left;
  struct abi_kernel_state before = *state;
  bool worked = arch_grow_tail(vm, growth->address, growth->physical, growth->count);
  if (worked != growth->works)
    return false;
  if (!worked)
    return memcmp(&before, state, sizeof(before)) == 0 && is_untouched(memory, 0, 0);
  for (uint32_t i = 0; i < growth->count; i++)
    if ((((uint64_t *)(memory + growth->page))[i] & ABI_PTE_ADDRESS) != PHYSICAL + i * PAGE)
      return false;
  return state->tail_page == before.tail_page + growth->count * 8 &&
         state->tail_address == ADDRESS + growth->count * PAGE &&
         state->tail_physical == PHYSICAL + growth->count * PAGE &&
         state->tail_left == growth->left - growth->count &&
         is_untouched(memory, growth->page, growth->count * 8);
}

int main(void) {
  unsigned count = sizeof(attempts) / sizeof(attempts[0]);
  unsigned growth_count = sizeof(growths) / sizeof(growths[0]);
  uint8_t *memory = aligned_alloc(PAGE, PAGES * PAGE);
  struct vm *vm = calloc(1, sizeof(*vm));
  if (!memory || !vm)
    return 1;
  vm->memory.slots[0] = (struct guest_memory_slot){.size = PAGES * PAGE, .host = memory};
  vm->memory.slot_count = 1;
  vm->layout.kernel = KERNEL;
  vm->layout.kernel_size = 2 * PAGE;
  printf("1..%u\n", count + growth_count);
  int status = 0;
  for (unsigned i = 0; i < count; i++) {
    bool ok = holds(vm, memory, &attempts[i]);
    printf("%sok %u - %s\n", ok ? "" : "not ", i + 1, attempts[i].name);
    status |= !ok;
  }
  for (unsigned i = 0; i < growth_count; i++) {
    bool ok = grows(vm, memory, &growths[i]);
    printf("%sok %u - %s\n", ok ? "" : "not ", count + i + 1, growths[i].name);
    status |= !ok;
  }
  free(vm);
  free(memory);
  return status;
}
