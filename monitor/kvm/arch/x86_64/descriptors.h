/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Between the files of this folder. */
#ifndef MONITOR_KVM_ARCH_X86_64_DESCRIPTORS_H
#define MONITOR_KVM_ARCH_X86_64_DESCRIPTORS_H

#include "abi/arch/x86_64/descriptors.h"
#include "monitor/kvm/vm.h"

/* Serves the kernel's port FILL. False: *text says what rule it broke. */
bool arch_fill_table(struct vm *vm, uint32_t value, char *text);

#endif
