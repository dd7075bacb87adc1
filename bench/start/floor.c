/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The floor under every start time: a process that makes a VM with one vCPU and one memory slot,
 * runs one instruction to an exit, takes the VM down and ends. */
#include "bench/start/floor.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

/* As large as the slot hermit-wasm starts with: a slot's cost grows with its size. */
#define SLOT_SIZE ((size_t)32 << 20)

static int check(int result, const char *what) {
  if (result >= 0)
    return result;
  fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
  exit(1);
}

static int create_vm(int kvm) {
  int vm;
  do
    vm = ioctl(kvm, KVM_CREATE_VM, 0);
  while (vm < 0 && errno == EINTR); /* a signal or a kernel worker was in the way: try again */
  return check(vm, "KVM_CREATE_VM");
}

int main(void) {
  int kvm = check(open("/dev/kvm", O_RDWR | O_CLOEXEC), "opening /dev/kvm");
  int vm = create_vm(kvm);
  uint8_t *memory = mmap(NULL, SLOT_SIZE, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  check(memory == MAP_FAILED ? -1 : 0, "mmap");
  const struct kvm_userspace_memory_region slot = {.memory_size = SLOT_SIZE,
                                                   .userspace_addr = (uintptr_t)memory};
  check(ioctl(vm, KVM_SET_USER_MEMORY_REGION, &slot), "KVM_SET_USER_MEMORY_REGION");
  int vcpu = check(ioctl(vm, KVM_CREATE_VCPU, 0), "KVM_CREATE_VCPU");
  int run_size = check(ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0), "KVM_GET_VCPU_MMAP_SIZE");
  struct kvm_run *run = mmap(NULL, (size_t)run_size, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu, 0);
  check(run == MAP_FAILED ? -1 : 0, "mmap of the vCPU");
  check(floor_prepare(vcpu, memory, SLOT_SIZE), "preparing the guest");
  check(ioctl(vcpu, KVM_RUN, 0), "KVM_RUN");
  if (run->exit_reason != KVM_EXIT_HLT) {
    fprintf(stderr, "floor: the guest exited for reason %u instead of hlt\n", run->exit_reason);
    return 1;
  }
  munmap(run, (size_t)run_size);
  close(vcpu);
  close(vm);
  munmap(memory, SLOT_SIZE);
  return 0;
}
