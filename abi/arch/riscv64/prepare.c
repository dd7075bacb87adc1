/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* riscv64 wants nothing in memory beside page tables. */
#include "abi/prepare.h"

void abi_prepare_processor(uint8_t *kernel, const void *header) {
  (void)kernel, (void)header;
}
