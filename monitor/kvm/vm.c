/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Making a VM, its memory slots, and its end. */
#include "monitor/kvm/vm.h"

#include "abi/kernel.h"
#include "monitor/kvm/arch.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

static bool fail(char *error, size_t size, const char *what) {
  snprintf(error, size, "%s: %s", what, strerror(errno));
  return false;
}

/* ---- Making it ---- */

/* KVM_CREATE_VM gives up with EINTR when any signal is pending, even a blocked one's wake-up. */
static int create_vm(int kvm) {
  unsigned long type = arch_vm_type(kvm);
  int fd;
  do {
    fd = ioctl(kvm, KVM_CREATE_VM, type);
  } while (fd < 0 && errno == EINTR);
  return fd;
}

/* KVM_RUN returns with EINTR when a signal comes that `wait` lets in (Linux's
 * Documentation/virt/kvm/api.rst, KVM_SET_SIGNAL_MASK: the kernel's sigset_t is 8 bytes). */
static bool set_signal_mask(const struct vm *vm) {
  uint64_t set = 0; /* signal n is bit n - 1 */
  for (int number = 1; number <= 64; number++)
    set |= (uint64_t)(sigismember(&vm->signals->run, number) == 1) << (number - 1);
  uint32_t storage[(sizeof(struct kvm_signal_mask) + sizeof(set)) / sizeof(uint32_t)];
  struct kvm_signal_mask *mask = (struct kvm_signal_mask *)storage;
  mask->len = sizeof(set);
  memcpy(mask->sigset, &set, sizeof(set));
  return ioctl(vm->vcpu, KVM_SET_SIGNAL_MASK, mask) == 0;
}

bool vm_create(struct vm *vm, struct signals *signals, char *error, size_t error_size) {
  memset(vm, 0, sizeof(*vm));
  vm->fd = vm->vcpu = -1;
  vm->signals = signals;
  char problem[VM_ERROR_SIZE / 2];
  vm->kvm = vm_open_kvm(problem, sizeof(problem));
  if (vm->kvm < 0) {
    snprintf(error, error_size, "cannot make a VM: %s", problem);
    return false;
  }
  int run_size = ioctl(vm->kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
  if (run_size < (int)sizeof(struct kvm_run))
    return fail(error, error_size, "cannot make a VM: KVM_GET_VCPU_MMAP_SIZE");
  vm->fd = create_vm(vm->kvm);
  if (vm->fd < 0)
    return fail(error, error_size, "cannot make a VM: KVM_CREATE_VM");
  vm->vcpu = ioctl(vm->fd, KVM_CREATE_VCPU, 0);
  if (vm->vcpu < 0)
    return fail(error, error_size, "cannot make a VM: KVM_CREATE_VCPU");
  void *run = mmap(NULL, (size_t)run_size, PROT_READ | PROT_WRITE, MAP_SHARED, vm->vcpu, 0);
  if (run == MAP_FAILED)
    return fail(error, error_size, "cannot make a VM: mapping the vCPU");
  vm->run = run;
  vm->run_size = (size_t)run_size;
  if (!set_signal_mask(vm))
    return fail(error, error_size, "cannot make a VM: KVM_SET_SIGNAL_MASK");
  return true;
}

bool vm_prepare(struct vm *vm, const struct vm_config *config, const struct image *image,
                char *error, size_t error_size) {
  if (!vm_plan(vm, config, image, error, error_size))
    return false;
  if (!vm_add_slot(vm, vm->layout.end - vm_memory_end(vm)))
    return fail(error, error_size, "cannot give the VM its memory");
  vm->counter_hz = arch_counter_hz(vm);
  return image_load(image, vm_origin(vm), error, error_size) &&
         vm_write_boot(vm, config, error, error_size) &&
         vm_write_kernel(vm, image, error, error_size) && arch_start_vcpu(vm, error, error_size);
}

/* ---- Memory ---- */

uint64_t vm_memory_end(const struct vm *vm) {
  if (!vm->memory.slot_count)
    return arch_addresses().memory;
  const struct guest_memory_slot *last = &vm->memory.slots[vm->memory.slot_count - 1];
  return last->base + last->size;
}

/* Address space for a slot, aligned so that the host can back it with huge pages: one fault fills
 * 2 MiB then. The first slot does without, also where that is the host's habit; small programs
 * touch too little of each block for clearing all of it to pay. */
static uint8_t *map_slot(uint64_t size, bool huge) {
  uint64_t spare = ABI_BLOCK_SIZE;
  uint8_t *address = mmap(NULL, size + spare, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (address == MAP_FAILED)
    return NULL;
  uint64_t skip = -(uintptr_t)address % ABI_BLOCK_SIZE;
  if (skip)
    munmap(address, skip);
  munmap(address + skip + size, spare - skip);
  address += skip;
  madvise(address, size, huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE); /* a wish: it works without */
  return address;
}

bool vm_add_slot(struct vm *vm, uint64_t size) {
  struct guest_memory *memory = &vm->memory;
  if (memory->slot_count == GUEST_MEMORY_SLOTS_MAX) {
    errno = ENOSPC;
    return false;
  }
  uint8_t *host = map_slot(size, memory->slot_count > 0);
  if (!host)
    return false;
  uint64_t base = vm_memory_end(vm);
  struct kvm_userspace_memory_region region = {.slot = memory->slot_count,
                                               .guest_phys_addr = base,
                                               .memory_size = size,
                                               .userspace_addr = (uintptr_t)host};
  if (ioctl(vm->fd, KVM_SET_USER_MEMORY_REGION, &region) < 0) {
    int reason = errno;
    munmap(host, size);
    errno = reason;
    return false;
  }
  memory->slots[memory->slot_count++] =
      (struct guest_memory_slot){.base = base, .size = size, .host = host};
  return true;
}

/* Doubles the memory, or more where that is not enough, within the limit. What the host refuses is
 * tried again smaller, down to what was asked for. */
void vm_grow_memory(struct vm *vm, uint64_t want) {
  uint64_t end = vm_memory_end(vm);
  uint64_t left = (vm->memory_max - end) / ABI_BLOCK_SIZE * ABI_BLOCK_SIZE;
  if (want == 0 || want > left)
    return;
  want = (want + ABI_BLOCK_SIZE - 1) / ABI_BLOCK_SIZE * ABI_BLOCK_SIZE;
  uint64_t present = end - arch_addresses().memory;
  uint64_t size = present > want ? present : want;
  if (size > left)
    size = left;
  while (!vm_add_slot(vm, size) && size > want) {
    size = size / 2 / ABI_BLOCK_SIZE * ABI_BLOCK_SIZE;
    if (size < want)
      size = want;
  }
}

/* ---- Its end ---- */

uint64_t vm_pages_touched(const struct vm *vm) {
  uint64_t pages = 0;
  size_t page_size = (size_t)getpagesize(); /* the host's may be larger */
  for (uint32_t i = 0; i < vm->memory.slot_count; i++) {
    const struct guest_memory_slot *slot = &vm->memory.slots[i];
    size_t count = slot->size / page_size;
    unsigned char *present = malloc(count);
    if (present && mincore(slot->host, slot->size, present) == 0)
      for (size_t page = 0; page < count; page++)
        pages += present[page] & 1;
    free(present);
  }
  return pages * (page_size / ABI_PAGE_SIZE);
}

void vm_destroy(struct vm *vm) {
  for (uint32_t i = 0; i < vm->device_count; i++)
    vm->devices[i].device->ops->destroy(vm->devices[i].device);
  if (vm->run)
    munmap(vm->run, vm->run_size);
  if (vm->vcpu >= 0)
    close(vm->vcpu);
  if (vm->fd >= 0)
    close(vm->fd);
  if (vm->kvm >= 0)
    close(vm->kvm);
  for (uint32_t i = 0; i < vm->memory.slot_count; i++)
    munmap(vm->memory.slots[i].host, vm->memory.slots[i].size);
}
