/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The counter, its rate and the host's clocks agree; monotonic never goes back. */
#include "tests/vm/guest.h"

#define NS_PER_S 1000000000ull

static uint64_t ask_host(struct machine *machine) {
  arch_ring(ABI_DOORBELL_CLOCK, 0);
  return machine->control->clock_monotonic_ns;
}

static uint64_t to_ns(uint64_t ticks, uint64_t hz) {
  return (uint64_t)((double)ticks * 1e9 / (double)hz);
}

/* The host's account of a stretch lies between the counter's of what is inside and of what is
 * around it, however long either is kept waiting; within one part in a hundred. */
void guest_main(struct machine *machine) {
  CHECK(machine, machine_realtime_ns(machine) > 1700000000 * NS_PER_S);
  uint64_t outer = machine_counter(), host = ask_host(machine), inner = machine_counter();
  uint64_t hz = machine->control->clock_counter_hz; /* the host's first answer tells it */
  CHECK(machine, hz >= 1000000 && hz < 100000000000);
  uint64_t first = machine_monotonic_ns(machine), last = first;
  while (last - first < NS_PER_S / 20) {
    uint64_t now = machine_monotonic_ns(machine);
    CHECK(machine, now >= last);
    last = now;
  }
  inner = to_ns(machine_counter() - inner, hz);
  host = ask_host(machine) - host;
  outer = to_ns(machine_counter() - outer, hz);
  CHECK(machine, inner < host + host / 100);
  CHECK(machine, host < outer + outer / 100);
  uint64_t cpu = machine_cpu_ns(machine);
  CHECK(machine, cpu > 0 && machine_cpu_ns(machine) >= cpu);
  machine_exit(machine, ABI_OUTCOME_EXIT, 42);
}
