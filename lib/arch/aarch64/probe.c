/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the aarch64 processor offers. Generated code needs no more than every one has, and only a
 * kernel that started at EL2 has /dev/kvm at all, so that says whether it virtualises. */
#include "lib/probe_arch.h"
#include <unistd.h>

/* No register tells user mode that this is a virtual machine. */
struct probe_cpu probe_cpu(void) {
  return (struct probe_cpu){.runs_code = true, .virtualises = access("/dev/kvm", F_OK) == 0};
}
