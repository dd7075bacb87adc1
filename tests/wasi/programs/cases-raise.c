/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* proc_raise with each number that does not end the program (raise.c has the others). */
#include "cases.h"

int main(void) {
  CASE(proc_raise, "NONE", raw_proc_raise(0));
  CASE(proc_raise, "CHLD", raw_proc_raise(16));
  CASE(proc_raise, "CONT", raw_proc_raise(17));
  CASE(proc_raise, "STOP", raw_proc_raise(18));
  CASE(proc_raise, "TSTP", raw_proc_raise(19));
  CASE(proc_raise, "TTIN", raw_proc_raise(20));
  CASE(proc_raise, "TTOU", raw_proc_raise(21));
  CASE(proc_raise, "URG", raw_proc_raise(22));
  CASE(proc_raise, "WINCH", raw_proc_raise(27));
  CASE(proc_raise, "31", raw_proc_raise(31));
  CASE(proc_raise, "-1", raw_proc_raise(UINT32_MAX));
  return 0;
}
