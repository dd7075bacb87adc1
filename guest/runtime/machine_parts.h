/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the machine keeps for itself. Internal to the runtime. */
#ifndef GUEST_RUNTIME_MACHINE_PARTS_H
#define GUEST_RUNTIME_MACHINE_PARTS_H

#include "guest/runtime/machine.h"

struct machine_parts {
  struct wasm_store *store; /* whose faults are offered to the engine; NULL: none yet */

  /* The last reading of the host's clocks and the counter that goes with it. */
  bool clock_known;
  uint64_t anchor_counter;
  uint64_t anchor_realtime_ns;
  uint64_t anchor_monotonic_ns;
  uint64_t counter_hz;
};

#endif
