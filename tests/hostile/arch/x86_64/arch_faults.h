/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* x86_64 calls faults of memory so (guest/runtime/arch/x86_64/arch.c). */
#ifndef TESTS_HOSTILE_ARCH_FAULTS_H
#define TESTS_HOSTILE_ARCH_FAULTS_H

#define FAULT_OF_ACCESS "*page fault*"
#define FAULT_OF_FETCH "*page fault*"

#endif
