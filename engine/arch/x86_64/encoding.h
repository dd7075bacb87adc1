/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* How x86_64's instructions name the pool's registers (target.h): three bits of the number go into
 * fields of the instruction, the fourth into its prefix. So templates are made per class: legacy
 * registers (rdi rsi rdx rcx), which need no REX prefix, and the others (r15 r8 r9 r11). The
 * floating-point pool is one class. Tables are packed: register r has nibble r, or byte r. */
#ifndef ENGINE_ARCH_ENCODING_H
#define ENGINE_ARCH_ENCODING_H

#define ENCODING_NUMBER_BITS 3
#define ENCODING_INT_NUMBERS 0x0301000102060707u   /* r15 rdi rsi rdx rcx r8 r9 r11 */
#define ENCODING_FLOAT_NUMBERS 0x0706050403020100u /* xmm0 to xmm7 */
#define ENCODING_CLASSES 2
#define ENCODING_CLASS_SIZE 4
#define ENCODING_INT_CLASSES 0x11100001u
#define ENCODING_INT_RANKS 0x32132100u /* among the registers of its class */

/* The forms of holes. Plain ones are displacements and constants of 32 bits, and jumps. */
enum encoding_form {
  ENCODING_FORM_PLAIN,
  ENCODING_FORM_LESS, /* the constant - 1: clang turned >= into > */
  ENCODING_FORM_MORE, /* the constant + 1 */
  ENCODING_FORM_64,
  ENCODING_FORM_16,
  ENCODING_FORM_8,
  ENCODING_FORM_LANE_ALL,    /* a lane's number in each of four fields of two bits, */
  ENCODING_FORM_LANE_TARGET, /* or in bits 4 and 5 */
};
#define ENCODING_HOLE_IMM32_LESS (STENCIL_HOLE_IMM32 | ENCODING_FORM_LESS << 4)
#define ENCODING_HOLE_IMM32_MORE (STENCIL_HOLE_IMM32 | ENCODING_FORM_MORE << 4)
#define ENCODING_HOLE_IMM64 (STENCIL_HOLE_IMM32 | ENCODING_FORM_64 << 4)
#define ENCODING_HOLE_IMM16 (STENCIL_HOLE_IMM32 | ENCODING_FORM_16 << 4)
#define ENCODING_HOLE_IMM8 (STENCIL_HOLE_IMM32 | ENCODING_FORM_8 << 4)
#define ENCODING_HOLE_LANE (STENCIL_HOLE_LANE | ENCODING_FORM_8 << 4)
#define ENCODING_HOLE_LANE_ALL (STENCIL_HOLE_LANE | ENCODING_FORM_LANE_ALL << 4)
#define ENCODING_HOLE_LANE_TARGET (STENCIL_HOLE_LANE | ENCODING_FORM_LANE_TARGET << 4)

#endif
