/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* How aarch64's instructions name the pool's registers (target.h) and hold constants: registers by
 * five bits, in places that do not depend on which; so each pool is one class. Tables are packed:
 * register r has nibble r, or byte r. */
#ifndef ENGINE_ARCH_ENCODING_H
#define ENGINE_ARCH_ENCODING_H

#define ENCODING_NUMBER_BITS 5
#define ENCODING_INT_NUMBERS 0x01001c1b1a191817u   /* x23 to x28, x0, x1 */
#define ENCODING_FLOAT_NUMBERS 0x0706050403020100u /* v0 to v7 */
#define ENCODING_CLASSES 1
#define ENCODING_CLASS_SIZE 8
#define ENCODING_INT_CLASSES 0u
#define ENCODING_INT_RANKS 0x76543210u

/* What stands for a shift's count in stencils (STENCIL_IMM_SHIFT). */
#define ENCODING_IMM_SHIFT 29

/* The forms of holes: which bits of an instruction they are. */
enum encoding_form {
  ENCODING_FORM_JUMP,         /* b, bl; or adrp and the load behind it */
  ENCODING_FORM_HIGH,         /* movz or movn: bits 16 to 31 of a signed number */
  ENCODING_FORM_16,           /* movz, movk: bits 0 to 15, */
  ENCODING_FORM_16_AT_16,     /* 16 to 31, */
  ENCODING_FORM_16_AT_32,     /* 32 to 47, */
  ENCODING_FORM_16_AT_48,     /* 48 to 63 */
  ENCODING_FORM_ADD,          /* 12 bits */
  ENCODING_FORM_ACCESS,       /* 12 bits, in units of the access's size */
  ENCODING_FORM_SHIFT_LEFT,   /* ubfm as lsl */
  ENCODING_FORM_SHIFT_RIGHT,  /* ubfm, sbfm as lsr, asr */
  ENCODING_FORM_ROTATE,       /* extr as ror */
  ENCODING_FORM_VSHIFT_LEFT,  /* shl */
  ENCODING_FORM_VSHIFT_RIGHT, /* ushr, sshr */
  ENCODING_FORM_LANE,         /* ins, umov, dup */
  ENCODING_FORM_LANE_ACCESS,  /* ld1, st1 of one lane */
  ENCODING_FORM_NEAR,         /* ldur, stur: 9 bits, signed */
};

#endif
