/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The boot block says what the library was given, and the CPU is in the state that code expects. */
#include "tests/vm/guest.h"

/* Is the n-th string of a span this text? */
static bool string_is(const struct machine *machine, struct abi_span span, uint32_t index,
                      const char *text) {
  const char *at = (const char *)machine->boot + span.offset;
  while (index--)
    at += strlen(at) + 1;
  return strlen(at) == strlen(text) && memcmp(at, text, strlen(text)) == 0;
}

void guest_main(struct machine *machine) {
  const struct abi_boot *boot = machine->boot;
  CHECK(machine, boot->arg_count == 4);
  CHECK(machine, string_is(machine, boot->args, 0, "boot.elf"));
  CHECK(machine, string_is(machine, boot->args, 1, "one"));
  CHECK(machine, string_is(machine, boot->args, 2, ""));
  CHECK(machine, string_is(machine, boot->args, 3, "two words"));
  CHECK(machine, boot->env_count == 2);
  CHECK(machine, string_is(machine, boot->env, 0, "A=1"));
  CHECK(machine, string_is(machine, boot->env, 1, "B="));
  CHECK(machine, string_is(machine, boot->invoke, 0, "f"));
  CHECK(machine, boot->mode == ABI_MODE_INSPECT);
  CHECK(machine, boot->flags == (ABI_FLAG_UNKNOWN_IMPORTS_TRAP | ABI_FLAG_STATS));
  /* The module is this very file: its bytes are there, zero behind them. */
  const uint8_t *module = (const uint8_t *)(uintptr_t)boot->module;
  CHECK(machine, module[0] == 0x7f && module[1] == 'E' && module[2] == 'L' && module[3] == 'F');
  CHECK(machine, module[boot->module_length] == 0);
  CHECK(machine, boot->device_count == 3);
  CHECK(machine, boot->devices[0].type == ABI_DEVICE_CONSOLE);
  CHECK(machine, boot->devices[1].type == ABI_DEVICE_RNG);
  CHECK(machine, boot->devices[2].type == ABI_DEVICE_FS);
  CHECK(machine, string_is(machine, boot->devices[2].name, 0, "/guest"));
  for (uint32_t i = 0; i < boot->device_count; i++) {
    const uint8_t *rings = machine_map_physical(machine, boot->devices[i].rings, ABI_QUEUE_STRIDE);
    CHECK(machine, rings && rings[0] == 0);
  }
  CHECK(machine, !machine_map_physical(machine, boot->free_base, 1));
  CHECK(machine, processor_is_sane());
  machine_exit(machine, ABI_OUTCOME_EXIT, 42);
}
