/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Prints its arguments and environment, one a line, in order. */
#include <stdio.h>

extern char **environ;

int main(int argc, char **argv) {
  for (int i = 0; i < argc; i++)
    printf("arg %s\n", argv[i]);
  for (char **variable = environ; *variable; variable++)
    printf("env %s\n", *variable);
  return 0;
}
