/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* How riscv64's instructions name the pool's registers (target.h) and hold constants: registers by
 * five bits, in places that do not depend on which; so each pool is one class. Tables are packed:
 * register r has nibble r, or byte r. */
#ifndef ENGINE_ARCH_ENCODING_H
#define ENGINE_ARCH_ENCODING_H

#define ENCODING_NUMBER_BITS 5
#define ENCODING_INT_NUMBERS 0x11100f0e0d0c0b0au   /* a0 to a7 */
#define ENCODING_FLOAT_NUMBERS 0x11100f0e0d0c0b0au /* fa0 to fa7 */
#define ENCODING_CLASSES 1
#define ENCODING_CLASS_SIZE 8
#define ENCODING_INT_CLASSES 0u
#define ENCODING_INT_RANKS 0x76543210u

/* The forms of holes: which bits of an instruction they are (unprivileged specification, 2.3). A
 * constant is lui, which has the upper 20 bits, and an instruction with the lower 12, which are
 * signed: the upper ones make up for that. */
enum encoding_form {
  ENCODING_FORM_JUMP,       /* auipc and jalr */
  ENCODING_FORM_HIGH,       /* lui */
  ENCODING_FORM_LOW,        /* I-type */
  ENCODING_FORM_LOW_STORE,  /* S-type */
  ENCODING_FORM_UPPER_HIGH, /* the same two of the upper half of 64 bits, to which the lower half */
  ENCODING_FORM_UPPER_LOW,  /* is added as a signed number */
  ENCODING_FORM_LOW_POSITIVE, /* I-type, for numbers that are not negative */
};

#endif
