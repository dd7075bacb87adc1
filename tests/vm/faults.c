/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Faults of user mode arrive as upcalls; what is privileged or protected faults. */
#include "tests/vm/guest.h"

void guest_main(struct machine *machine) {
  struct expected_fault expected = {0};
  machine_set_store(machine, (struct wasm_store *)&expected);

  CHECK(machine, !faults_reading(&expected, machine->boot));
  CHECK(machine, faults_reading(&expected, (void *)0x10));
  CHECK(machine, expected.seen.address == 0x10);
  CHECK(machine, faults_trying(&expected, probe_divide, NULL));
  CHECK(machine, expected.seen.address == 0);
  CHECK(machine, faults_trying(&expected, probe_invalid, NULL));
  for (uint32_t i = 0; probe_privileged[i]; i++)
    CHECK(machine, faults_trying(&expected, probe_privileged[i], NULL));

  /* Text and boot block are read-only; data and stack are not executable. */
  int local = 0;
  CHECK(machine, faults_writing(&expected, (void *)(uintptr_t)guest_main));
  CHECK(machine, faults_writing(&expected, (void *)(uintptr_t)machine->boot));
  CHECK(machine, faults_writing(&expected, (void *)machine->boot->module));
  CHECK(machine, faults_executing(&expected, &local));
  CHECK(machine, faults_executing(&expected, machine));
  CHECK(machine, faults_executing(&expected, machine->control));
  /* The kernel and its memory are out of reach, the stack ends somewhere. */
  CHECK(machine, faults_reading(&expected, (void *)0x200000));
  CHECK(machine, faults_reading(&expected, (void *)0x40000000));
  CHECK(machine, faults_writing(&expected, (void *)0x40004000));
  CHECK(machine, faults_executing(&expected, (void *)0x200000));
  uintptr_t stack_top = ((uintptr_t)&local + 0x1fffff) & ~0x1fffffull;
  CHECK(machine, !faults_writing(&expected, (void *)(stack_top - machine->boot->stack_size)));
  CHECK(machine, faults_writing(&expected, (void *)(stack_top - machine->boot->stack_size - 1)));
  /* Non-canonical addresses are a general protection fault. */
  CHECK(machine, faults_reading(&expected, (void *)0x8000000000000000));

  for (uint32_t i = 0; i < 1000; i++)
    CHECK(machine, faults_reading(&expected, (void *)0));

  /* A fault that is nobody's ends the VM. */
  if (guest_number(guest_argument(machine, 1)) == 1)
    *(volatile int *)0x18 = 1;
  machine_exit(machine, ABI_OUTCOME_EXIT, 42);
}
