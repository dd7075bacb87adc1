/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the guests of these tests share. They have no engine; guest.c stands in for it. */
#ifndef TESTS_VM_GUEST_H
#define TESTS_VM_GUEST_H

#include "guest/runtime/arch.h"
#include "guest/runtime/machine.h"

#include <string.h>

/* While `resume_pc` is set, every fault is expected: it is noted and the guest goes on there.
 * Given to machine_set_store in place of a store. probe.S knows where the first two lie. */
struct expected_fault {
  uintptr_t resume_pc;
  uintptr_t resume_sp;
  struct wasm_fault seen;
  uint32_t count;
};

/* Ends the VM with the text as its reason when the condition does not hold. */
#define CHECK(machine, condition)                                                                  \
  do {                                                                                             \
    if (!(condition))                                                                              \
      machine_panic(machine, "check failed: " #condition);                                         \
  } while (0)

/* The n-th argument, or "". */
const char *guest_argument(const struct machine *machine, uint32_t index);
/* Decimal; stops at the first other character. */
uint64_t guest_number(const char *text);

/* Tries something; true: it faulted. */
bool faults_trying(struct expected_fault *expected, void (*what)(const void *operand),
                   const void *operand);

/* tests/vm/arch/<a>/probe.S: things to try. */
void probe_read(const void *address);
void probe_write(const void *address);
void probe_execute(const void *address);
void probe_divide(const void *unused);
void probe_invalid(const void *unused);
extern void (*const probe_privileged[])(const void *unused); /* ends with NULL */
/* Calls what(operand); a fault returns. */
void probe_try(struct expected_fault *expected, void (*what)(const void *operand),
               const void *operand);

static inline bool faults_reading(struct expected_fault *expected, const void *address) {
  return faults_trying(expected, probe_read, address);
}

static inline bool faults_writing(struct expected_fault *expected, const void *address) {
  return faults_trying(expected, probe_write, address);
}

static inline bool faults_executing(struct expected_fault *expected, const void *address) {
  return faults_trying(expected, probe_execute, address);
}

/* Writes a function that returns `value` to `at` (at most 16 bytes). */
void write_function(void *at, uint32_t value);
/* Floating-point control words, vector registers, thread pointers: as an ABI wants them. */
bool processor_is_sane(void);

#endif
