/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The machine under our monitor: doorbells (abi/doorbell.h). */
#include "guest/runtime/arch.h"
#include "guest/runtime/machine.h"

static void ring_notify(struct machine *machine, uint32_t device, uint32_t queue) {
  (void)machine;
  arch_ring(ABI_DOORBELL_NOTIFY, device << 16 | queue);
}

static void ring_wait(struct machine *machine) {
  (void)machine;
  arch_ring(ABI_DOORBELL_WAIT, 0);
}

static void ring_clock(struct machine *machine) {
  (void)machine;
  arch_ring(ABI_DOORBELL_CLOCK, 0);
}

/* The monitor only ever lengthens the one range. */
static bool ring_memory(struct machine *machine, uint64_t want, uint64_t *base, uint64_t *end) {
  machine->control->memory_want = want;
  arch_ring(ABI_DOORBELL_MEMORY, 0);
  *base = *end;
  *end = machine->control->memory_end;
  return *end > *base;
}

static bool ring_grow(struct machine *machine, uint64_t address, uint64_t physical,
                      uint32_t pages) {
  machine->control->grow_address = address;
  machine->control->grow_physical = physical;
  arch_ring(ABI_DOORBELL_GROW, pages);
  return machine->control->grow_done;
}

static void ring_idle(struct machine *machine, uint64_t most_ns) {
  machine_wait(machine, most_ns, 0, 0, &(uint64_t){0});
}

static void ring_exit(struct machine *machine, uint32_t status) {
  (void)machine;
  arch_ring(ABI_DOORBELL_EXIT, status);
}

static void ring_panic(struct machine *machine, uint32_t length) {
  (void)machine;
  arch_ring(ABI_DOORBELL_PANIC, length);
}

const struct machine_ops machine_doorbells = {
    .notify = ring_notify,
    .wait = ring_wait,
    .read_clocks = ring_clock,
    .more_memory = ring_memory,
    .grow = ring_grow,
    .idle = ring_idle,
    .end = ring_exit,
    .panic = ring_panic,
};
