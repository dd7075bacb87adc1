/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* An empty environment, and nothing but a name for arguments. */
#include "check.h"

extern char **environ;

int main(int argc, char **argv) {
  CHECK_EQUAL(1, argc);
  CHECK(!strcmp(argv[0], "noargs.wasm") && !argv[1]);
  CHECK(!environ || !environ[0]);
  size_t count = 7, size = 7;
  CHECK_OK(__wasi_environ_sizes_get(&count, &size));
  CHECK_EQUAL(0, count);
  CHECK_EQUAL(0, size);
  return 0;
}
