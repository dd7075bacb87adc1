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
  resume->sp = expected->resume_sp;
  return true;
}

bool faults_trying(struct expected_fault *expected, void (*what)(const void *operand),
                   const void *operand) {
  uint32_t before = expected->count;
  probe_try(expected, what, operand);
  return expected->count > before;
}

const char *guest_argument(const struct machine *machine, uint32_t index) {
  const struct abi_boot *boot = machine->boot;
  if (index >= boot->arg_count)
    return "";
  const char *text = (const char *)boot + boot->args.offset;
  while (index--)
    text += strlen(text) + 1;
  return text;
}

uint64_t guest_number(const char *text) {
  uint64_t number = 0;
  while (*text >= '0' && *text <= '9')
    number = number * 10 + (uint64_t)(*text++ - '0');
  return number;
}
