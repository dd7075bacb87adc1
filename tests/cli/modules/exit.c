/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Ends with the status given as its argument. */
#include <stdlib.h>

int main(int argc, char **argv) {
  exit(argc > 1 ? atoi(argv[1]) : 0);
}
