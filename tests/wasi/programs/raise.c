/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* proc_raise: signals that nothing handles do nothing, are not supported, or end the program; the
 * last one, as given, ends it. */
#include "check.h"

int main(int argc, char **argv) {
  CHECK_EQUAL(2, argc);
  CHECK_OK(raw_proc_raise(0));             /* NONE */
  CHECK_OK(raw_proc_raise(16));            /* CHLD */
  CHECK_OK(raw_proc_raise(27));            /* WINCH */
  CHECK_ERRNO(NOTSUP, raw_proc_raise(18)); /* STOP */
  CHECK_ERRNO(INVAL, raw_proc_raise(31));
  CHECK_ERRNO(INVAL, raw_proc_raise(UINT32_MAX));
  raw_proc_raise((uint32_t)atoi(argv[1]));
  return 1; /* not reached */
}
