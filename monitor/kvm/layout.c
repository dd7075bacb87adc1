/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Slot 0: where everything lies, and the boot block.
 *
 *   base         where the architecture has memory
 *   image        kernel, then user mode
 *   kernel       the kernel's own memory, page tables included; never mapped for user mode, so it
 *                is also the guard below
 *   stack        the runtime's stack
 *   shared       control block, boot block, device rings
 *   module       its bytes, read-only
 *   free_base    first heap, first areas and code blocks, mapped; then free memory
 *
 * All parts are whole blocks of 2 MiB: address space that costs nothing until touched, mapped by
 * few page table entries. */
#include "abi/kernel.h"
#include "monitor/boot_block.h"
#include "monitor/kvm/arch.h"
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define HEAP_SIZE (2 * ABI_BLOCK_SIZE)
/* Free memory that the guest finds without asking: code and linear memory of small programs. */
#define FREE_SIZE (8 * ABI_BLOCK_SIZE)
#define DATA_AREAS 8
#define CODE_BLOCKS 4
#define CODE_SHARE 4
#define CODE_FETCH_MAX (128ull << 10)
#define BOOT_SIZE_MAX (64ull << 20)

static uint64_t round_up(uint64_t size, uint64_t unit) {
  return (size + unit - 1) / unit * unit;
}

/* Bytes of the boot block with everything behind it. */
static uint64_t boot_size(const struct vm *vm, const struct vm_config *config) {
  uint64_t size = boot_block_size(config);
  for (uint32_t i = 0; i < vm->device_count; i++)
    size += (vm->devices[i].name ? strlen(vm->devices[i].name) : 0) + 1;
  return size;
}

static uint64_t rings_size(const struct vm *vm) {
  uint64_t size = 0;
  for (uint32_t i = 0; i < vm->device_count; i++)
    size += (uint64_t)vm->devices[i].device->abi.queue_count * ABI_QUEUE_STRIDE;
  return size;
}

/* The image up to its first writable byte. */
static uint64_t image_read_only_end(const struct image *image) {
  uint64_t end = image->end;
  for (uint32_t i = 0; i < image->segment_count; i++)
    if (image->segments[i].writable && image->segments[i].address < end)
      end = image->segments[i].address;
  return end;
}

/* What the page tables (arch/<a>/tables.c) keep from user mode, devices must not write for it. */
static void protect_memory(struct vm *vm, const struct image *image) {
  const struct abi_layout *at = &vm->layout;
  const struct guest_memory_span spans[] = {{arch_addresses().memory, image_read_only_end(image)},
                                            {at->kernel, at->stack},
                                            {at->boot, at->rings},
                                            {at->module, at->free_base}};
  _Static_assert(sizeof(spans) == sizeof(vm->memory.protected), "one each");
  memcpy(vm->memory.protected, spans, sizeof(spans));
  vm->memory.protected_count = GUEST_MEMORY_PROTECTED_MAX;
}

bool vm_plan(struct vm *vm, const struct vm_config *config, const struct image *image, char *error,
             size_t error_size) {
  struct abi_layout *at = &vm->layout;
  uint64_t base = arch_addresses().memory;
  uint64_t size = config->memory_max / ABI_BLOCK_SIZE * ABI_BLOCK_SIZE;
  vm->memory_max = at->memory_max = base + size;
  if (image->base < base) {
    snprintf(error, error_size,
             "cannot start the guest image: it is not made for this VM's memory");
    return false;
  }
  at->kernel = round_up(image->end, ABI_BLOCK_SIZE);
  at->kernel_size = size <= UINT64_MAX - base ? abi_kernel_memory(vm->memory_max) : 0;
  if (!at->kernel_size) {
    snprintf(error, error_size, "cannot make a VM of %llu MiB: too much (--memory)",
             (unsigned long long)(config->memory_max >> 20));
    return false;
  }
  at->stack = at->kernel + at->kernel_size;
  at->stack_size = VM_STACK_SIZE;
  at->shared = at->stack + at->stack_size;
  at->boot = at->shared + round_up(sizeof(struct abi_control), ABI_PAGE_SIZE);
  at->boot_size = boot_size(vm, config);
  if (at->boot_size > BOOT_SIZE_MAX) {
    snprintf(error, error_size, "arguments and environment are too long: %llu bytes",
             (unsigned long long)at->boot_size);
    return false;
  }
  at->rings = at->boot + round_up(at->boot_size, ABI_PAGE_SIZE);
  at->shared_size = round_up(at->rings + rings_size(vm) - at->shared, ABI_BLOCK_SIZE);
  at->module = at->shared + at->shared_size;
  at->module_size = round_up(config->module_length, ABI_BLOCK_SIZE);
  at->free_base = at->module + at->module_size;
  at->heap_end = at->free_base + HEAP_SIZE;
  at->data_areas = DATA_AREAS;
  at->code_blocks = CODE_BLOCKS;
  at->end = at->heap_end + (DATA_AREAS + CODE_BLOCKS) * ABI_BLOCK_SIZE + FREE_SIZE;
  uint64_t least = at->heap_end + 2 * ABI_BLOCK_SIZE - base;
  if (config->module_length > size || size < least) {
    snprintf(error, error_size,
             "%llu MiB of memory are too few for this module: at least %llu MiB (--memory)",
             (unsigned long long)(config->memory_max >> 20), (unsigned long long)(least >> 20));
    return false;
  }
  if (at->end > vm->memory_max) { /* what is scarce is not handed out before it is needed */
    at->end = vm->memory_max;
    at->data_areas = at->code_blocks = 0;
  }
  protect_memory(vm, image);
  return true;
}

/* ---- The boot block ---- */

static void write_devices(struct vm *vm, struct boot_writer *writer) {
  uint64_t rings = vm->layout.rings;
  for (uint32_t i = 0; i < vm->device_count; i++) {
    struct abi_device *device = &vm->devices[i].device->abi;
    const char *name = vm->devices[i].name ? vm->devices[i].name : "";
    device->rings = rings;
    device->name = boot_block_add(writer, name);
    rings += (uint64_t)device->queue_count * ABI_QUEUE_STRIDE;
    writer->boot->devices[i] = *device;
  }
}

static bool read_module(const struct vm *vm, const struct vm_config *config, char *error,
                        size_t error_size) {
  const struct abi_layout *at = &vm->layout;
  uint8_t *memory = vm_origin(vm), *to = memory + at->module;
  /* A large module will also fill the blocks for code, and those that are not given out yet. A
   * small one's code has mostly a quarter of its bytes or more, but for debug information: KVM maps
   * pages that are there already eight at a time, others one by one. */
  uint64_t code = at->heap_end + at->data_areas * ABI_BLOCK_SIZE;
  if (at->module_size > ABI_BLOCK_SIZE) {
    madvise(to, at->module_size, MADV_HUGEPAGE);
    madvise(memory + code, at->end - code, MADV_HUGEPAGE);
  } else if (at->code_blocks) {
    uint64_t fetch = round_up(config->module_length / CODE_SHARE, ABI_PAGE_SIZE);
    madvise(memory + code, fetch < CODE_FETCH_MAX ? fetch : CODE_FETCH_MAX, MADV_POPULATE_WRITE);
  }
  return boot_block_read_module(config, to, error, error_size);
}

bool vm_write_boot(struct vm *vm, const struct vm_config *config, char *error, size_t error_size) {
  const struct abi_layout *at = &vm->layout;
  uint8_t *memory = vm_origin(vm);
  struct arch_addresses addresses = arch_addresses();
  struct abi_boot *boot = (struct abi_boot *)(memory + at->boot);
  vm->control = (struct abi_control *)(memory + at->shared);
  vm->control->memory_end = at->end;

  struct boot_writer writer = boot_block_begin(boot, config);
  boot->monitor = ABI_MONITOR_HERMIT;
  boot->device_count = vm->device_count;
  boot->free_base = at->free_base;
  boot->memory_end = at->end;
  boot->memory_max = vm->memory_max - addresses.memory;
  boot->window = addresses.window;
  boot->heap_end = at->heap_end;
  boot->arena_base = addresses.arena_base;
  boot->arena_end = addresses.arena_end;
  boot->stack_size = at->stack_size;
  boot->data_areas = at->data_areas;
  boot->code_blocks = at->code_blocks;
  boot->module = addresses.window + at->module;
  boot->control = addresses.window + at->shared;
  write_devices(vm, &writer);
  boot->size = writer.used;
  return read_module(vm, config, error, error_size);
}
