/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* aarch64: what its kernel's memory has beside what all have: the doorbells are pages where no
 * memory is. */
#include "abi/arch/aarch64/kernel.h"
#include "abi/kernel.h"
#include "monitor/kvm/arch.h"

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
  if (header->version != ABI_KERNEL_VERSION)
    return "its kernel is of another version";
  return NULL;
}

void arch_finish_kernel(struct abi_tables *tables, struct abi_kernel_state *state) {
  (void)state;
  abi_map(tables, ABI_USER_WINDOW + ABI_DOORBELL_MMIO, ABI_DOORBELL_MMIO, ABI_PAGE_SIZE,
          ABI_MAP_USER | ABI_MAP_WRITE | ABI_MAP_DEVICE);
  abi_map(tables, ABI_KERNEL_REGISTERS, ABI_KERNEL_PANIC_MMIO, ABI_PAGE_SIZE,
          ABI_MAP_WRITE | ABI_MAP_DEVICE);
}

/* The kernel's own instructions cost no more than an exit here. */
bool arch_grow_tail(struct vm *vm, uint64_t address, uint64_t physical, uint32_t count) {
  (void)vm, (void)address, (void)physical, (void)count;
  return false;
}
