/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The counter, its rate and the host's clocks agree; monotonic never goes back. */
#include "tests/vm/guest.h"

#define NS_PER_S 1000000000ull

void guest_main(struct machine *machine) {
  uint64_t first = machine_monotonic_ns(machine);
  uint64_t counter = machine_counter();
  uint64_t hz = machine->control->clock_counter_hz;
  CHECK(machine, hz > 100000000 && hz < 100000000000);
  uint64_t last = first;
  uint64_t realtime = machine_realtime_ns(machine);
  CHECK(machine, realtime > 1700000000 * NS_PER_S);
  while (last - first < NS_PER_S / 20) {
    uint64_t now = machine_monotonic_ns(machine);
    CHECK(machine, now >= last);
    last = now;
  }
  /* The host's own account of the same stretch, within one part in a hundred. */
  uint64_t ticks = machine_counter() - counter;
  arch_ring(ABI_DOORBELL_CLOCK, 0);
  uint64_t host = machine->control->clock_monotonic_ns - first;
  uint64_t ours = (uint64_t)((double)ticks * 1e9 / (double)hz);
  CHECK(machine, ours < host + host / 100);
  CHECK(machine, host < ours + ours / 100 + NS_PER_S / 100); /* an exit may be delayed */
  uint64_t cpu = machine_cpu_ns(machine);
  CHECK(machine, cpu > 0 && machine_cpu_ns(machine) >= cpu);
  machine_exit(machine, ABI_OUTCOME_EXIT, 42);
}
