/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The table of stencils: what the extraction tool writes and the compiler reads.
 *
 * Register pairs are grouped by encoding class (encoding.h). A group is one template, into whose
 * fields register numbers are XORed (they hold number 0), or, where the variants do not fit one, a
 * record for each. A group has two forms, stencil_forms[2 * (family's first + stencil_group(...))]
 * and the number behind it: one for all constants, and one for those that TARGET_FITS says fit in
 * the family's hole `small` (the same again, where there is none). Each is the number of
 * - a struct stencil_template, which nearly all are: short and with few holes; or, with
 * - STENCIL_RECORD, a record of any form; with STENCIL_EXPLICIT too, the group's first record;
 * - with STENCIL_RECORD and STENCIL_ORDERED, the place in stencil_ordered of three such numbers,
 *   for a < b, a > b and a = b.
 *
 * A record: length, number of holes, numbers of fields of operand a and of b, the holes as (place,
 * kind), the fields as (place of a 32-bit word, shift), the code. */
#ifndef ENGINE_STENCIL_TABLE_H
#define ENGINE_STENCIL_TABLE_H

#include <stdint.h>

#include "encoding.h" /* of engine/arch/<a> */

#define STENCIL_RECORD 0x8000u
#define STENCIL_EXPLICIT 0x4000u
#define STENCIL_ORDERED 0x2000u
#define STENCIL_FLAGS (STENCIL_RECORD | STENCIL_EXPLICIT | STENCIL_ORDERED)

struct stencil_family {
  uint16_t first; /* group */
  uint8_t shape;
  uint8_t access; /* where in a stencil that loads or stores the instruction is that does */
  uint8_t small;  /* the hole whose constant decides between the two forms, and how it holds it */
};

#define STENCIL_TEMPLATE_CODE 16
struct stencil_template {
  uint8_t length;          /* at most STENCIL_TEMPLATE_CODE */
  uint8_t hole_at, hole;   /* a hole; where there is none, behind the code */
  uint8_t jump_at, jump;   /* a hole for a jump; jump_at 0: none */
  uint8_t hole2_at, hole2; /* another hole, where the machine needs two for a constant */
  uint8_t unused;
  uint64_t a, b; /* a bit at the begin of each field of the operand, in the first eight bytes */
  uint8_t code[STENCIL_TEMPLATE_CODE];
};

enum stencil_shape {
  STENCIL_SHAPE_NONE,
  STENCIL_SHAPE_I,
  STENCIL_SHAPE_F,
  STENCIL_SHAPE_II,
  STENCIL_SHAPE_FF,
  STENCIL_SHAPE_IF,
  STENCIL_SHAPE_FI,
  STENCIL_SHAPE_FFX, /* and a third operand in the last register of F */
};

/* What goes into a hole. The byte that stands for a hole in the table has this value in its low
 * half; the high one says in which form it stands in the code (ENCODING_..., encoding.h). */
enum stencil_hole {
  STENCIL_HOLE_A,
  STENCIL_HOLE_B,
  STENCIL_HOLE_C,
  STENCIL_HOLE_D,
  STENCIL_HOLE_E,
  STENCIL_HOLE_IMM32, /* the instruction's constant, of any width */
  STENCIL_HOLE_LANE,
  STENCIL_HOLE_TARGET, /* places in text, from here on */
  STENCIL_HOLE_TRAP_A,
  STENCIL_HOLE_TRAP_B,
  STENCIL_HOLE_TRAP_C,
  STENCIL_HOLE_DATA_A,
  STENCIL_HOLE_DATA_B,
};
#define STENCIL_HOLE_VALUE(kind) ((kind)&15u)
#define STENCIL_HOLE_FORM(kind) ((kind) >> 4)

/* Literals that stand for constants in the stencils; see stencil.h. */
#define STENCIL_IMM32 0x8a5b6c7dull
#define STENCIL_IMM64 0x8a5b6c7d9b4c3d2eull
#define STENCIL_IMM16 0x8c7dull
#define STENCIL_IMM8 0x9dull
#define STENCIL_IMM_SHIFT 29ull
#define STENCIL_IMM_VECTOR_SHIFT 13ull
#define STENCIL_LANE 3ull

static inline unsigned stencil_shape_operands(uint8_t shape) {
  return shape == STENCIL_SHAPE_NONE ? 0 : shape <= STENCIL_SHAPE_F ? 1 : 2;
}

/* By shape and register: what the register adds to the group's number as operand a and as b, and
 * its numbers in the fields of templates. */
struct stencil_operands {
  uint8_t group_a[8], group_b[8], number_a[8], number_b[8];
};
#define STENCIL_PICK(packed, bits, mask, r) (0ull | (packed)) >> (r) * (bits) & (mask)
#define STENCIL_EACH(packed, bits, mask)                                                           \
  {                                                                                                \
    STENCIL_PICK(packed, bits, mask, 0), STENCIL_PICK(packed, bits, mask, 1),                      \
        STENCIL_PICK(packed, bits, mask, 2), STENCIL_PICK(packed, bits, mask, 3),                  \
        STENCIL_PICK(packed, bits, mask, 4), STENCIL_PICK(packed, bits, mask, 5),                  \
        STENCIL_PICK(packed, bits, mask, 6), STENCIL_PICK(packed, bits, mask, 7)                   \
  }
#define STENCIL_OPERANDS(groups_a, groups_b, numbers_a, numbers_b)                                 \
  {                                                                                                \
    STENCIL_EACH(groups_a, 4, 15), STENCIL_EACH(groups_b, 4, 15), STENCIL_EACH(numbers_a, 8, 255), \
        STENCIL_EACH(numbers_b, 8, 255)                                                            \
  }
#define STENCIL_INT ENCODING_INT_NUMBERS
#define STENCIL_FLOAT ENCODING_FLOAT_NUMBERS
static const struct stencil_operands stencil_operands[] = {
    [STENCIL_SHAPE_NONE] = STENCIL_OPERANDS(0, 0, 0, 0),
    [STENCIL_SHAPE_I] = STENCIL_OPERANDS(ENCODING_INT_CLASSES, 0, STENCIL_INT, 0),
    [STENCIL_SHAPE_F] = STENCIL_OPERANDS(0, 0, STENCIL_FLOAT, 0),
    [STENCIL_SHAPE_II] = STENCIL_OPERANDS(ENCODING_CLASSES * ENCODING_INT_CLASSES,
                                          ENCODING_INT_CLASSES, STENCIL_INT, STENCIL_INT),
    [STENCIL_SHAPE_FF] = STENCIL_OPERANDS(0, 0, STENCIL_FLOAT, STENCIL_FLOAT),
    [STENCIL_SHAPE_IF] = STENCIL_OPERANDS(ENCODING_INT_CLASSES, 0, STENCIL_INT, STENCIL_FLOAT),
    [STENCIL_SHAPE_FI] = STENCIL_OPERANDS(0, ENCODING_INT_CLASSES, STENCIL_FLOAT, STENCIL_INT),
    [STENCIL_SHAPE_FFX] = STENCIL_OPERANDS(0, 0, STENCIL_FLOAT, STENCIL_FLOAT),
};

static inline uint32_t stencil_packed(uint32_t packed, uint32_t reg) {
  return packed >> 4 * reg & 7;
}

static inline uint32_t stencil_group_count(uint8_t shape) {
  static const uint8_t counts[] = {1,
                                   ENCODING_CLASSES,
                                   1,
                                   ENCODING_CLASSES * ENCODING_CLASSES,
                                   1,
                                   ENCODING_CLASSES,
                                   ENCODING_CLASSES,
                                   1};
  return counts[shape];
}

/* The group of a register pair; operands that the shape does not have are 0. */
static inline uint32_t stencil_group(uint8_t shape, uint32_t a, uint32_t b) {
  return (uint32_t)stencil_operands[shape].group_a[a] + stencil_operands[shape].group_b[b];
}

/* The place of a register pair in a group without a template. */
static inline uint32_t stencil_member(uint8_t shape, uint32_t a, uint32_t b) {
  uint32_t rank_a = stencil_packed(ENCODING_INT_RANKS, a);
  uint32_t rank_b = stencil_packed(ENCODING_INT_RANKS, b);
  switch (shape) {
  case STENCIL_SHAPE_I:
    return rank_a;
  case STENCIL_SHAPE_II:
    return ENCODING_CLASS_SIZE * rank_a + rank_b;
  case STENCIL_SHAPE_IF:
    return 8 * rank_a + b;
  case STENCIL_SHAPE_FI:
    return ENCODING_CLASS_SIZE * a + rank_b;
  case STENCIL_SHAPE_FF:
  case STENCIL_SHAPE_FFX:
    return 8 * a + b;
  default:
    return a;
  }
}

/* The number of an operand's register in the fields of a template. */
static inline uint8_t stencil_number(uint8_t shape, unsigned operand, uint32_t r) {
  const struct stencil_operands *operands = &stencil_operands[shape];
  return operand ? operands->number_b[r] : operands->number_a[r];
}

#endif
