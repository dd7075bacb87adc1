/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Stands in for the engine in these tests' guests: a fault goes on where the test said. */
#include "tests/vm/guest.h"

bool wasm_store_fault(struct wasm_store *store, const struct wasm_fault *fault,
                      struct wasm_fault *resume) {
  struct expected_fault *expected = (struct expected_fault *)store;
  if (!expected->resume_pc)
    return false;
  expected->seen = *fault;
  expected->count++;
  *resume = *fault;
  resume->pc = expected->resume_pc;
  return true;
}
