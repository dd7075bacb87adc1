/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* x86_64: writes the kernel's memory (abi/prepare.h) into slot 0, and serves what the kernel asks
 * of it later. */
#include "abi/arch/x86_64/kernel.h"
#include "abi/kernel.h"
#include "monitor/kvm/arch.h"
#include "monitor/kvm/arch/x86_64/descriptors.h"
#include <stdio.h>

struct arch_addresses arch_addresses(void) {
  return (struct arch_addresses){
      .window = ABI_USER_WINDOW, .arena_base = ABI_ARENA_BASE, .arena_end = ABI_ARENA_END};
}

static const char *check_header(const struct abi_kernel_header *header, const struct image *image) {
  if (image->base != ABI_KERNEL_BASE || image->segments[0].file_size < sizeof(*header) ||
      header->magic != ABI_KERNEL_MAGIC)
    return "it does not start with the kernel's header";
  if (header->version != ABI_KERNEL_VERSION || header->vector_count != ABI_VECTOR_COUNT)
    return "its kernel is of another version";
  return NULL;
}

bool arch_write_kernel(struct vm *vm, const struct image *image, char *error, size_t error_size) {
  struct abi_tables tables = {.memory = vm->memory.slots[0].host};
  const char *problem =
      check_header((const struct abi_kernel_header *)(tables.memory + ABI_KERNEL_BASE), image);
  if (problem) {
    snprintf(error, error_size, "cannot start the guest image: %s", problem);
    return false;
  }
  struct abi_segment segments[IMAGE_SEGMENTS_MAX];
  for (uint32_t i = 0; i < image->segment_count; i++)
    segments[i] = (struct abi_segment){.address = image->segments[i].address,
                                       .size = image->segments[i].size,
                                       .writable = image->segments[i].writable,
                                       .executable = image->segments[i].executable};
  abi_prepare_kernel(&tables, &vm->layout, segments, image->segment_count);
  ((struct abi_kernel_state *)(tables.memory + vm->layout.kernel))->can_fill = 1;
  vm->memory.block_types = (uint64_t *)(tables.memory + abi_block_types(&vm->layout));
  return true;
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
  uint64_t *table = NULL;
  if (physical % ABI_PAGE_SIZE == 0 && physical >= at->kernel &&
      physical - at->kernel <= at->kernel_size - ABI_PAGE_SIZE && first <= 512 &&
      count <= 512 - first)
    table = guest_memory_range(&vm->memory, (struct gpa){physical}, ABI_PAGE_SIZE);
  if (!table) {
    snprintf(text, VM_ERROR_SIZE, "the guest's kernel wants a table filled where none can be");
    return false;
  }
  for (uint32_t i = 0; i < count; i++)
    table[first + i] = entry + i * ABI_PAGE_SIZE;
  return true;
}
