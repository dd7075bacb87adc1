/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* x86_64: what its kernel's memory has beside what all have, and what its kernel asks of the
 * monitor later. */
#include "abi/arch/x86_64/kernel.h"
#include "abi/arch/x86_64/pages.h"
#include "abi/kernel.h"
#include "monitor/kvm/arch.h"
#include "monitor/kvm/arch/x86_64/descriptors.h"
#include <stdio.h>

struct arch_addresses arch_addresses(void) {
  return (struct arch_addresses){.memory = ABI_MEMORY_BASE,
                                 .window = ABI_USER_WINDOW,
                                 .arena_base = ABI_ARENA_BASE,
                                 .arena_end = ABI_ARENA_END};
}

const char *arch_check_image(const struct image *image, const void *first) {
  const struct abi_kernel_header *header = first;
  if (image->base != ABI_KERNEL_BASE || image->segments[0].file_size < sizeof(*header) ||
      header->magic != ABI_KERNEL_MAGIC)
    return "it does not start with the kernel's header";
  if (header->version != ABI_KERNEL_VERSION || header->vector_count != ABI_VECTOR_COUNT)
    return "its kernel is of another version";
  return NULL;
}

void arch_finish_kernel(struct abi_tables *tables, struct abi_kernel_state *state) {
  (void)tables;
  state->can_fill = 1;
}

/* A page among the kernel's own, or NULL. */
static uint64_t *kernel_table(struct vm *vm, uint64_t physical) {
  const struct abi_layout *at = &vm->layout;
  if (physical % ABI_PAGE_SIZE != 0 || physical < at->kernel ||
      physical - at->kernel > at->kernel_size - ABI_PAGE_SIZE)
    return NULL;
  return guest_memory_range(&vm->memory, (struct gpa){physical}, ABI_PAGE_SIZE);
}

/* The kernel's words are the guest's: copied once, then checked, like any other's. */
bool arch_fill_table(struct vm *vm, uint32_t value, char *text) {
  const struct abi_layout *at = &vm->layout;
  const volatile struct abi_kernel_state *state =
      guest_memory_range(&vm->memory, (struct gpa){at->kernel}, sizeof(*state));
  uint64_t physical = state->fill_table;
  uint64_t entry = state->fill_value;
  uint32_t first = value >> 16;
  uint32_t count = value & 0xffff;
  uint64_t *table = first <= 512 && count <= 512 - first ? kernel_table(vm, physical) : NULL;
  if (!table) {
    snprintf(text, VM_ERROR_SIZE, "the guest's kernel wants a table filled where none can be");
    return false;
  }
  for (uint32_t i = 0; i < count; i++)
    table[first + i] = entry + i * ABI_PAGE_SIZE;
  return true;
}

/* What was not present is in no TLB and in no shadow of the tables: KVM looks when it is touched.
 */
bool arch_grow_tail(struct vm *vm, uint64_t address, uint64_t physical, uint32_t count) {
  volatile struct abi_kernel_state *state =
      guest_memory_range(&vm->memory, (struct gpa){vm->layout.kernel}, sizeof(*state));
  uint64_t page = state->tail_page - state->window_distance;
  uint64_t first = page % ABI_PAGE_SIZE / sizeof(uint64_t);
  uint64_t left = state->tail_left;
  if (state->tail_address != address || state->tail_physical != physical || count == 0 ||
      count > left || count > 512 - first || page % sizeof(uint64_t) != 0)
    return false;
  uint64_t *table = kernel_table(vm, page - page % ABI_PAGE_SIZE);
  if (!table)
    return false;
  uint64_t entry = pages_leaf(physical, ABI_MAP_USER | ABI_MAP_WRITE, false);
  for (uint32_t i = 0; i < count; i++)
    table[first + i] = entry + i * ABI_PAGE_SIZE;
  state->tail_page += count * sizeof(uint64_t);
  state->tail_address = address + count * ABI_PAGE_SIZE;
  state->tail_physical = physical + count * ABI_PAGE_SIZE;
  state->tail_left = left - count;
  return true;
}
