/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the guests of these tests share. They have no engine; guest.c stands in for it. */
#ifndef TESTS_VM_GUEST_H
#define TESTS_VM_GUEST_H

#include "guest/runtime/machine.h"

#include <string.h>

/* A fault that the test expects: while `resume_pc` is set, guest.c's wasm_store_fault takes every
 * fault, notes it and goes on there. */
struct expected_fault {
  struct wasm_fault seen;
  uint32_t count;
  uintptr_t resume_pc; /* with the frame as it was */
};

/* Ends the VM with the text as its reason when the condition does not hold. */
#define CHECK(machine, condition)                                                                  \
  do {                                                                                             \
    if (!(condition))                                                                              \
      machine_panic(machine, "check failed: " #condition);                                         \
  } while (0)

#endif
