/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the riscv64 processor offers. Generated code needs no more than Linux itself does (RV64G).
 */
#include "lib/probe_arch.h"

struct probe_cpu probe_cpu(void) {
  return (struct probe_cpu){.runs_code = true};
}
