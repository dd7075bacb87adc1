/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What each architecture provides to the runtime: arch/<a>/. Internal to the runtime. */
#ifndef GUEST_RUNTIME_ARCH_H
#define GUEST_RUNTIME_ARCH_H

#include "abi/doorbell.h"
#include "abi/kernel.h"
#include "engine/engine.h"

/* One exit to the monitor. */
void arch_ring(enum abi_doorbell doorbell, uint32_t value);
/* Stores to memory before it are seen by devices before stores to their registers behind it. */
void arch_device_barrier(void);
/* Code that was written to [address, + size) may be executed from now on: caches agree. */
void arch_publish(const void *address, size_t size);
/* The counter of machine_counter. */
uint64_t arch_counter(void);

/* One call of the kernel (abi/kernel.h); returns enum abi_kernel_result. */
uint64_t kernel_call(uint64_t number, uint64_t address, uint64_t physical, uint64_t count);

/* ---- Called by arch/<a>/start.S ---- */

/* The runtime's C entry. */
struct abi_boot;
_Noreturn void runtime_start(const struct abi_boot *boot);
/* A fault of user mode. `vector` and `error` as the CPU numbers them. */
_Noreturn void runtime_fault(uint64_t vector, uint64_t error, uint64_t address, uint64_t pc,
                             uint64_t sp, uint64_t fp);
/* A fault inside runtime_fault. */
_Noreturn void runtime_fault_nested(uint64_t vector, uint64_t error, uint64_t address, uint64_t pc);
/* Leaves runtime_fault. */
_Noreturn void runtime_resume(uintptr_t pc, uintptr_t sp, uintptr_t fp);

/* The CPU's name for a fault, for messages. */
const char *arch_fault_name(uint64_t vector);
/* Whether `address` of runtime_fault says something for this vector. */
bool arch_fault_has_address(uint64_t vector);

#endif
