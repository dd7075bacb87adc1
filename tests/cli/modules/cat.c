/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Copies standard input to standard output; ends with 3 when a stream fails, saying how. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char block[1 << 18];

static int fail(const char *stream) {
  fprintf(stderr, "%s: %s\n", stream, strerror(errno));
  return 3;
}

int main(void) {
  for (;;) {
    ssize_t got = read(0, block, sizeof block);
    if (got < 0)
      return fail("stdin");
    if (got == 0)
      return 0;
    for (ssize_t put = 0; put < got;) {
      ssize_t step = write(1, block + put, (size_t)(got - put));
      if (step < 0)
        return fail("stdout");
      put += step;
    }
  }
}
