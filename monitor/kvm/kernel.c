/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Writes the kernel's memory (abi/prepare.h) into slot 0. */
#include "abi/kernel.h"
#include "monitor/kvm/arch.h"
#include <stdio.h>

static void describe_segments(const struct image *image,
                              struct abi_segment segments[IMAGE_SEGMENTS_MAX]) {
  for (uint32_t i = 0; i < image->segment_count; i++)
    segments[i] = (struct abi_segment){.address = image->segments[i].address,
                                       .size = image->segments[i].size,
                                       .writable = image->segments[i].writable,
                                       .executable = image->segments[i].executable};
}

bool vm_write_kernel(struct vm *vm, const struct image *image, char *error, size_t error_size) {
  struct abi_tables tables = {.memory = vm_origin(vm)};
  const char *problem = arch_check_image(image, tables.memory + image->base);
  if (problem) {
    snprintf(error, error_size, "cannot start the guest image: %s", problem);
    return false;
  }
  struct abi_segment segments[IMAGE_SEGMENTS_MAX];
  describe_segments(image, segments);
  abi_prepare_kernel(&tables, &vm->layout, segments, image->segment_count);
  struct abi_kernel_state *state = (struct abi_kernel_state *)(tables.memory + vm->layout.kernel);
  arch_finish_kernel(&tables, state);
  state->next_table = tables.next;
  vm->memory.block_types = (uint64_t *)(tables.memory + abi_block_types(&vm->layout));
  return true;
}
