/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* x86_64: code for the tests of machine code. */
#include "tests/vm/guest.h"

void write_function(void *at, uint32_t value) {
  uint8_t code[] = {0xb8, 0, 0, 0, 0, 0xc3}; /* mov $value, %eax; ret */
  memcpy(code + 1, &value, sizeof(value));
  memcpy(at, code, sizeof(code));
}
