/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The smallest program there is; also what bench/start times. */
#include <stdio.h>

int main(void) {
  puts("Hello from C");
  return 0;
}
