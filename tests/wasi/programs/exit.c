/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* proc_exit with the status given as argument, from below a few frames. */
#include "check.h"

static __attribute__((noinline)) int leave(int depth, int status) {
  if (!depth)
    __wasi_proc_exit((__wasi_exitcode_t)status);
  return leave(depth - 1, status) + 1;
}

int main(int argc, char **argv) {
  CHECK_EQUAL(2, argc);
  return leave(5, atoi(argv[1]));
}
