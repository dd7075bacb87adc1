/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The product does nothing between the jail's closing and the guest's start. */
#include "lib/run.h"

void monitor_after_jail(void) {}
