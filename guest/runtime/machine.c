/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The machine interface: what both kinds of machine have in common. */
#include "guest/runtime/machine.h"
#include "guest/runtime/arch.h"
#include "guest/runtime/machine_parts.h"
#include "guest/runtime/memory.h"

#include <string.h>

#define NS_PER_S 1000000000ull
/* The host steers its clocks by up to 500 parts per million, so a reading is trusted this long. */
#define CLOCK_ANCHOR_S 4u
/* Kept free below the engine's stack, for host functions that it calls at its limit. */
#define STACK_RESERVE (1u << 20)

void machine_notify(struct machine *machine, uint32_t device, uint32_t queue) {
  machine->ops->notify(machine, device, queue);
}

bool machine_can_wait(const struct machine *machine) {
  return machine->ops->wait != NULL;
}

uint32_t machine_wait(struct machine *machine, uint64_t timeout_ns, uint32_t watch,
                      uint32_t socket_count, uint64_t *bytes) {
  struct abi_control *control = machine->control;
  control->wait_timeout_ns = timeout_ns;
  control->wait_watch = watch;
  control->wait_socket_count = socket_count;
  machine->ops->wait(machine);
  *bytes = control->wait_bytes;
  return control->wait_ready;
}

void machine_idle(struct machine *machine, uint64_t most_ns) {
  machine->ops->idle(machine, most_ns);
}

void machine_exit(struct machine *machine, enum abi_outcome outcome, uint32_t status) {
  machine->control->report.outcome = outcome;
  for (;;)
    machine->ops->end(machine, status);
}

void machine_panic(struct machine *machine, const char *text) {
  size_t length = strlen(text);
  if (length > ABI_TEXT_MAX)
    length = ABI_TEXT_MAX;
  memcpy(machine->control->text, text, length);
  for (;;)
    machine->ops->panic(machine, (uint32_t)length);
}

/* ---- Clocks ---- */

static uint64_t counter_ns(const struct machine_parts *parts, uint64_t counter) {
  uint64_t ticks = counter - parts->anchor_counter;
  uint64_t hz = parts->counter_hz;
  return ticks / hz * NS_PER_S + ticks % hz * NS_PER_S / hz;
}

/* Reads the host's clocks. The monotonic one never goes back, whatever the two counters think. */
static void clock_anchor(struct machine *machine) {
  struct machine_parts *parts = machine->parts;
  struct abi_control *control = machine->control;
  machine->ops->read_clocks(machine);
  uint64_t counter = arch_counter();
  uint64_t monotonic = control->clock_monotonic_ns;
  if (parts->clock_known) {
    uint64_t shown = parts->anchor_monotonic_ns + counter_ns(parts, counter);
    if (monotonic < shown)
      monotonic = shown;
  }
  parts->anchor_counter = counter;
  parts->anchor_monotonic_ns = monotonic;
  parts->anchor_realtime_ns = control->clock_realtime_ns;
  parts->counter_hz = control->clock_counter_hz;
  parts->clock_known = true;
}

/* Nanoseconds since the anchor, which is renewed when it is old. */
static uint64_t clock_elapsed(struct machine *machine) {
  struct machine_parts *parts = machine->parts;
  uint64_t counter = arch_counter();
  if (!parts->clock_known || counter - parts->anchor_counter > CLOCK_ANCHOR_S * parts->counter_hz) {
    clock_anchor(machine);
    return 0;
  }
  return counter_ns(parts, counter);
}

uint64_t machine_realtime_ns(struct machine *machine) {
  uint64_t elapsed = clock_elapsed(machine);
  return machine->parts->anchor_realtime_ns + elapsed;
}

uint64_t machine_monotonic_ns(struct machine *machine) {
  uint64_t elapsed = clock_elapsed(machine);
  return machine->parts->anchor_monotonic_ns + elapsed;
}

/* The host alone knows; always an exit. */
uint64_t machine_cpu_ns(struct machine *machine) {
  clock_anchor(machine);
  return machine->control->clock_cpu_ns;
}

uint64_t machine_counter(void) {
  return arch_counter();
}

/* ---- Memory ---- */

uint64_t machine_physical(struct machine *machine, const void *address, size_t length,
                          size_t *contiguous) {
  return memory_physical(machine->memory, (uintptr_t)address, length, contiguous);
}

void *machine_map_physical(struct machine *machine, uint64_t physical, size_t length) {
  const struct abi_boot *boot = machine->boot;
  if (physical >= boot->free_base || length > boot->free_base - physical)
    return NULL;
  return (void *)(uintptr_t)(boot->window + physical); /* the monitor has mapped it */
}

void machine_platform(struct machine *machine, struct wasm_platform *platform) {
  *platform = (struct wasm_platform){.context = machine->memory,
                                     .page_size = ABI_PAGE_SIZE,
                                     .reserve = memory_reserve,
                                     .commit = memory_commit,
                                     .release = memory_release,
                                     .code_reserve = memory_code_reserve,
                                     .code_commit = memory_code_commit,
                                     .publish = memory_publish,
                                     .allocate = memory_allocate,
                                     .free = memory_free,
                                     .stack_size = machine->boot->stack_size - STACK_RESERVE};
}

void machine_set_store(struct machine *machine, struct wasm_store *store) {
  machine->parts->store = store;
}
