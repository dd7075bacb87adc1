/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* How x86_64's instructions name the pool's registers (target.h): three bits of the number go into
 * fields of the instruction, the fourth into its prefix. So templates are made per class: legacy
 * registers (rdi rsi rdx rcx), which need no REX prefix, and the others (r15 r8 r9 r11). The
 * floating-point pool is one class. Tables are packed: register r has the nibble r. */
#ifndef ENGINE_ARCH_ENCODING_H
#define ENGINE_ARCH_ENCODING_H

#define ENCODING_INT_NUMBERS 0x31012677u   /* r15 rdi rsi rdx rcx r8 r9 r11 */
#define ENCODING_FLOAT_NUMBERS 0x76543210u /* xmm0 to xmm7 */
#define ENCODING_INT_CLASSES 0x11100001u
#define ENCODING_INT_RANKS 0x32132100u /* among the registers of its class */

#endif
