/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Division of 128-bit integers: the one arithmetic function that the compiler calls (its name and
 * meaning: GCC internals, "Integer library routines"). Bit by bit; nothing hot divides so. */
#include <stdint.h>

unsigned __int128 __udivti3(unsigned __int128 dividend, unsigned __int128 divisor);

unsigned __int128 __udivti3(unsigned __int128 dividend, unsigned __int128 divisor) {
  if (divisor <= UINT64_MAX && dividend <= UINT64_MAX)
    return (uint64_t)dividend / (uint64_t)divisor;
  unsigned __int128 quotient = 0;
  unsigned __int128 remainder = 0;
  for (int bit = 127; bit >= 0; bit--) {
    int carry = (int)(remainder >> 127); /* a remainder of 128 bits overflows when shifted */
    remainder = remainder << 1 | (dividend >> bit & 1);
    if (carry || remainder >= divisor) {
      remainder -= divisor;
      quotient |= (unsigned __int128)1 << bit;
    }
  }
  return quotient;
}
