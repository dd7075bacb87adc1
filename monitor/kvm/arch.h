/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What each architecture provides to the monitor: monitor/kvm/arch/<a>/. */
#ifndef MONITOR_KVM_ARCH_H
#define MONITOR_KVM_ARCH_H

#include "abi/kernel.h"
#include "abi/prepare.h"
#include "monitor/kvm/vm.h"

/* Where memory begins, and the user address space: see struct abi_boot. */
struct arch_addresses {
  uint64_t memory;
  uint64_t window;
  uint64_t arena_base;
  uint64_t arena_end;
};
struct arch_addresses arch_addresses(void);

/* What is wrong with a loaded image of which `header` are the first bytes, or NULL. */
const char *arch_check_image(const struct image *image, const void *header);

/* Adds what the architecture wants in the kernel's memory beside what all have. */
void arch_finish_kernel(struct abi_tables *tables, struct abi_kernel_state *state);

/* How to come to have /dev/kvm, for messages: the rest of a sentence after a colon. */
const char *arch_kvm_advice(void);

/* What KVM_CREATE_VM is told. */
unsigned long arch_vm_type(int kvm);

/* Sets the vCPU up: user mode, at the image's entry, with the boot block's address. */
bool arch_start_vcpu(struct vm *vm, char *error, size_t error_size);

/* Maps `count` pages of data behind those that the guest's kernel mapped last, if that is where
 * they go: writes page table entries that were not present, and what the kernel remembers of its
 * last call. False: the kernel has to do it. */
bool arch_grow_tail(struct vm *vm, uint64_t address, uint64_t physical, uint32_t count);

/* Hertz of the counter that the guest reads. */
uint64_t arch_counter_hz(const struct vm *vm);

/* What an exit of the vCPU was. */
enum arch_exit {
  ARCH_EXIT_DOORBELL,
  ARCH_EXIT_SERVED, /* the kernel wanted something of this architecture: done */
  ARCH_EXIT_KERNEL_PANIC,
  ARCH_EXIT_OTHER
};
/* DOORBELL: *number and *value (not checked); KERNEL_PANIC: *value is the vector; OTHER: *text
 * says what the guest did, VM_ERROR_SIZE bytes. */
enum arch_exit arch_classify_exit(struct vm *vm, uint32_t *number, uint32_t *value, char *text);

#endif
