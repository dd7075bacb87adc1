/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* aarch64 calls faults of memory so (guest/runtime/arch/aarch64/arch.c). */
#ifndef TESTS_HOSTILE_ARCH_FAULTS_H
#define TESTS_HOSTILE_ARCH_FAULTS_H

#define FAULT_OF_ACCESS "*data abort*"
#define FAULT_OF_FETCH "*instruction abort*"

#endif
