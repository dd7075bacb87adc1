/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The smallest guest: ends with the status that its first argument names. */
#include "tests/vm/guest.h"

void guest_main(struct machine *machine) {
  machine_exit(machine, ABI_OUTCOME_EXIT, (uint32_t)guest_number(guest_argument(machine, 1)));
}
