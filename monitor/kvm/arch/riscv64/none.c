/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* riscv64: in place of all files beside and above that make and run VMs under KVM. Debian 12 has no
 * kernel of this architecture to try them on; its VMs run under QEMU. */
#include "monitor/kvm/vm.h"
#include <stdio.h>
#include <string.h>

#define REFUSAL "this host's architecture, riscv64, has no KVM monitor here yet: use --monitor=qemu"

static bool refuse(char *error, size_t size) {
  snprintf(error, size, "cannot make a VM: " REFUSAL);
  return false;
}

int vm_open_kvm(char *problem, size_t size) {
  snprintf(problem, size, REFUSAL);
  return -1;
}

bool vm_create(struct vm *vm, struct signals *signals, char *error, size_t error_size) {
  memset(vm, 0, sizeof(*vm));
  vm->kvm = vm->fd = vm->vcpu = -1;
  vm->signals = signals;
  return refuse(error, error_size);
}

/* What follows is for VMs that vm_create has made: never called. */

bool vm_prepare(struct vm *vm, const struct vm_config *config, const struct image *image,
                char *error, size_t error_size) {
  (void)vm, (void)config, (void)image;
  return refuse(error, error_size);
}

void vm_run(struct vm *vm, struct vm_result *result) {
  (void)vm;
  *result = (struct vm_result){.end = VM_END_FAILED};
  refuse(result->text, sizeof(result->text));
}

uint64_t vm_pages_touched(const struct vm *vm) {
  (void)vm;
  return 0;
}

void vm_destroy(struct vm *vm) {
  (void)vm;
}
