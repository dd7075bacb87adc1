/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The table of stencils: what the extraction tool writes and the compiler reads.
 *
 * Register pairs are grouped by encoding class (on x86_64: whether a REX prefix is needed). A group
 * is one template, into whose fields register numbers are XORed (they hold number 0), or, where the
 * variants do not fit one, a record for each. stencil_groups[stencil_firsts[family] +
 * stencil_group(...)] is the number of the group's first record, with STENCIL_EXPLICIT in the
 * second case; with STENCIL_ORDERED there are two templates, for a < b and for a > b.
 *
 * A record: length, number of holes, numbers of fields (low nibble operand a, high b), the holes
 * as (place, kind), the fields as (place, shift), the code. */
#ifndef ENGINE_STENCIL_TABLE_H
#define ENGINE_STENCIL_TABLE_H

#include <stdint.h>

#define STENCIL_EXPLICIT 0x8000u
#define STENCIL_ORDERED 0x4000u

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

/* What goes into a hole: 32 bits unless the name says otherwise. */
enum stencil_hole {
  STENCIL_HOLE_A,
  STENCIL_HOLE_B,
  STENCIL_HOLE_C,
  STENCIL_HOLE_D,
  STENCIL_HOLE_E,
  STENCIL_HOLE_IMM32,
  STENCIL_HOLE_IMM32_LESS, /* the constant - 1: clang turned >= into > */
  STENCIL_HOLE_IMM32_MORE, /* the constant + 1 */
  STENCIL_HOLE_IMM64,
  STENCIL_HOLE_IMM16,
  STENCIL_HOLE_IMM8,
  STENCIL_HOLE_LANE,        /* 8 bits: a lane's number, */
  STENCIL_HOLE_LANE_ALL,    /* that number in each of four fields of two bits, */
  STENCIL_HOLE_LANE_TARGET, /* or in bits 4 and 5 */
  STENCIL_HOLE_TARGET,      /* distances from what follows the hole, from here on */
  STENCIL_HOLE_TRAP_A,
  STENCIL_HOLE_TRAP_B,
  STENCIL_HOLE_TRAP_C,
  STENCIL_HOLE_DATA_A,
  STENCIL_HOLE_DATA_B,
};

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

/* x86_64: the pool's numbers in the instruction set, low three bits, and whether they need REX. */
#define STENCIL_INT_NUMBER(r) ((uint8_t)((const uint8_t[8]){7, 7, 6, 2, 1, 0, 1, 3})[r])
#define STENCIL_INT_HIGH(r) ((0xe1u >> (r)) & 1u)
/* A register's rank among those of its class. */
#define STENCIL_INT_RANK(r) ((uint32_t)((const uint8_t[8]){0, 0, 1, 2, 3, 1, 2, 3})[r])

static inline uint32_t stencil_group_count(uint8_t shape) {
  static const uint8_t counts[] = {1, 2, 1, 4, 1, 2, 2, 1};
  return counts[shape];
}

/* The group of a register pair; operands that the shape does not have are 0. */
static inline uint32_t stencil_group(uint8_t shape, uint32_t a, uint32_t b) {
  switch (shape) {
  case STENCIL_SHAPE_I:
  case STENCIL_SHAPE_IF:
    return STENCIL_INT_HIGH(a);
  case STENCIL_SHAPE_II:
    return STENCIL_INT_HIGH(a) << 1 | STENCIL_INT_HIGH(b);
  case STENCIL_SHAPE_FI:
    return STENCIL_INT_HIGH(b);
  default:
    return 0;
  }
}

/* The place of a register pair in a group without a template. */
static inline uint32_t stencil_member(uint8_t shape, uint32_t a, uint32_t b) {
  uint32_t rank_a = STENCIL_INT_RANK(a), rank_b = STENCIL_INT_RANK(b);
  switch (shape) {
  case STENCIL_SHAPE_I:
    return rank_a;
  case STENCIL_SHAPE_II:
    return 4 * rank_a + rank_b;
  case STENCIL_SHAPE_IF:
    return 8 * rank_a + b;
  case STENCIL_SHAPE_FI:
    return 4 * a + rank_b;
  case STENCIL_SHAPE_FF:
  case STENCIL_SHAPE_FFX:
    return 8 * a + b;
  default:
    return a;
  }
}

/* The number of an operand's register in the fields of a template. */
static inline uint8_t stencil_number(uint8_t shape, unsigned operand, uint32_t r) {
  /* Bit s: in shape s that operand is of the floating-point pool. */
  const uint32_t both = 1u << STENCIL_SHAPE_FF | 1u << STENCIL_SHAPE_FFX;
  const uint32_t is_float = operand ? both | 1u << STENCIL_SHAPE_IF
                                    : both | 1u << STENCIL_SHAPE_F | 1u << STENCIL_SHAPE_FI;
  return is_float >> shape & 1 ? (uint8_t)r : STENCIL_INT_NUMBER(r);
}

#endif
