/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Never ends by itself. */
#include "tests/vm/guest.h"

void guest_main(struct machine *machine) {
  for (;;)
    (void)*(volatile uint64_t *)&machine->boot->magic;
}
