/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The smallest guest: ends with the status that its first argument names. */
#include "guest/runtime/machine.h"
#include "tests/vm/guest.h"

void guest_main(struct machine *machine) {
  const struct abi_boot *boot = machine->boot;
  const char *text = (const char *)boot + boot->args.offset;
  if (boot->arg_count > 1)
    text += strlen(text) + 1;
  uint32_t status = 0;
  while (*text >= '0' && *text <= '9')
    status = status * 10 + (uint32_t)(*text++ - '0');
  machine_exit(machine, ABI_OUTCOME_EXIT, status);
}
