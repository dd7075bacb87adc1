/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the compiler and the glue know of aarch64: registers, frames, the calling convention.
 *
 * Registers: x20 instance, x21 base of memory 0, x22 frame; the integer pool x23 to x28, x0, x1;
 * the floating-point pool v0 to v7. x15 keeps a function that is to be called while its arguments
 * are placed. The others are scratch inside a stencil, but x18 (the
 * platform's) and x29; x30 holds the return address where a function begins. (preserve_none's order
 * of arguments, so that stencils can be written in C.)
 *
 * Frame, by offset from x22:
 *     16 + 8k   the caller's outgoing words: stack arguments, then further results
 *      8        return address
 *      0        the caller's x22: the frame chain
 *     -8        the function's instance
 *    -16 - 8k   slot k: locals that came in registers or are declared, then the operand stack; a
 *               v128 takes two, k - 1 and k
 *     sp + 8k   outgoing words for calls
 * sp is a multiple of 16, always: accesses through it fault otherwise.
 *
 * Calls: integer arguments in pool 1 to 6, floating-point ones in pool 0 to 7, the rest in outgoing
 * words (a v128 in two); the first result in RESULT, the others in the outgoing words behind the
 * arguments. Every register may be changed but x20, x21 and x22; a call that may leave the instance
 * sets x20 and x21 for the callee and reloads them afterwards. The callee takes the words of its
 * arguments off the stack (see x86_64's for why). */
#ifndef ENGINE_ARCH_TARGET_H
#define ENGINE_ARCH_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "encoding.h"

#define TARGET_ARCH ABI_ARCH_AARCH64

#define TARGET_INT_REGISTERS 8u
#define TARGET_FLOAT_REGISTERS 8u
#define TARGET_INT_ARGS 6u
#define TARGET_INT_ARG_FIRST 1u
#define TARGET_FLOAT_ARGS 8u
#define TARGET_FLOAT_ARG_FIRST 0u
#define TARGET_INT_RESULT 0u
#define TARGET_FLOAT_RESULT 7u
#define TARGET_CONDITION 7u /* results of floating-point compares */

/* The upper half of a register or word with an f32, if it matters. */
#define TARGET_F32_UPPER 0u

#define TARGET_SLOT_OFFSET(k) (-16 - 8 * (int32_t)(k))
#define TARGET_INCOMING_OFFSET(k) (16 + 8 * (int32_t)(k))
#define TARGET_FRAME_FIXED 0u /* bytes that the prologue takes besides target_frame_bytes */

/* Bytes to take from sp for the instance, `slots` slots and `outgoing` words. */
static inline uint64_t target_frame_bytes(uint64_t slots, uint64_t outgoing) {
  return (8 * (1 + slots + outgoing) + 15) & ~(uint64_t)15;
}

/* The smallest frame whose size may not simply be subtracted from sp for the limit's compare: it
 * could wrap below address 0. No stack lies below 1 MiB. */
#define TARGET_LARGE_FRAME (1u << 20)

/* Room for the longest prologue. */
#define TARGET_PROLOGUE_MAX 64u
/* What stands where no code is: four of these are udf #0. */
#define TARGET_FILL 0x00
/* Bytes behind the call instruction in call_import and call_held. */
#define TARGET_IMPORT_TAIL 8u
#define TARGET_HELD_TAIL 20u

/* Longest stencil the extraction tool lets pass, with room for copies in whole words. */
#define TARGET_STENCIL_MAX 288u

/* Most bytes of text that jumps reach across: b and bl have 26 bits, of instructions. */
#define TARGET_TEXT_MAX ((size_t)1 << 27)

static inline uint32_t target_get_word(const uint8_t *at) {
  uint32_t word;
  __builtin_memcpy(&word, at, sizeof word);
  return word;
}
/* Replaces `width` bits from `shift` on. */
static inline uint32_t target_set_bits(uint32_t word, unsigned shift, unsigned width,
                                       uint64_t bits) {
  uint32_t mask = ((1u << width) - 1) << shift;
  return (word & ~mask) | ((uint32_t)bits << shift & mask);
}

/* ---- Constants and displacements (Arm ARM, C6.2 and C7.2 have the encodings) --------------- */

/* movn writes the complement of its 16 bits, with all others set. */
static inline uint32_t target_patch_high(uint32_t word, int64_t value) {
  uint32_t high = (uint32_t)value >> 16;
  bool is_negative = (int32_t)value < 0;
  word = target_set_bits(word, 29, 2, is_negative ? 0 : 2);
  return target_set_bits(word, 5, 16, is_negative ? ~high : high);
}

/* Of 16 bytes the size field says 0, but bit 23 is set. */
static inline uint32_t target_patch_access(uint32_t word, int64_t value) {
  bool is_16 = word >> 26 & word >> 23 & 1;
  return target_set_bits(word, 10, 12, (uint64_t)value >> (is_16 ? 4 : word >> 30));
}

/* clang makes shifts of 32 bits with zero extension such of 64 whose fields are narrower: so those
 * of a shift to the left change by as much as the count does. */
static inline uint32_t target_patch_shift(uint32_t word, unsigned form, uint64_t count) {
  if (form == ENCODING_FORM_ROTATE)
    return target_set_bits(word, 10, 6, count);
  if (form == ENCODING_FORM_SHIFT_RIGHT)
    return target_set_bits(word, 16, 6, count);
  uint32_t width = word >> 31 ? 64 : 32;
  word = target_set_bits(word, 16, 6, (width - count) & (width - 1));
  return target_set_bits(word, 10, 6, (word >> 10 & 63) + ENCODING_IMM_SHIFT - count);
}

/* immh:immb is the width plus a count to the left, or twice the width minus one to the right; the
 * highest bit of immh that is set is the width's. */
static inline uint32_t target_patch_vshift(uint32_t word, unsigned form, uint64_t count) {
  uint32_t width = 8u << (31 - __builtin_clz(word >> 19 & 15));
  return target_set_bits(word, 16, 7,
                         form == ENCODING_FORM_VSHIFT_LEFT ? width + count : 2 * width - count);
}

/* imm5 is the lane's number above the lowest set bit, which is the size's. */
static inline uint32_t target_patch_lane(uint32_t word, uint64_t lane) {
  uint32_t size = (uint32_t)__builtin_ctz(word >> 16 & 31);
  return target_set_bits(word, 16, 5, (2 * lane + 1) << size);
}

/* Q:S:size is the lane's number above as many bits as the access's size, opcode<2:1>, has. */
static inline uint32_t target_patch_lane_access(uint32_t word, uint64_t lane) {
  uint64_t bits = lane << (word >> 14 & 3);
  word = target_set_bits(word, 10, 2, bits & 3);
  word = target_set_bits(word, 12, 1, bits >> 2 & 1);
  return target_set_bits(word, 30, 1, bits >> 3);
}

/* Puts a constant or displacement into the instruction at `at`. */
static inline void target_patch(uint8_t *at, unsigned form, int64_t value) {
  uint32_t word = target_get_word(at);
  switch (form) {
  case ENCODING_FORM_HIGH:
    word = target_patch_high(word, value);
    break;
  case ENCODING_FORM_ADD:
    word = target_set_bits(word, 10, 12, (uint64_t)value);
    break;
  case ENCODING_FORM_ACCESS:
    word = target_patch_access(word, value);
    break;
  case ENCODING_FORM_NEAR:
    word = target_set_bits(word, 12, 9, (uint64_t)value);
    break;
  case ENCODING_FORM_SHIFT_LEFT:
  case ENCODING_FORM_SHIFT_RIGHT:
  case ENCODING_FORM_ROTATE:
    word = target_patch_shift(word, form, (uint64_t)value);
    break;
  case ENCODING_FORM_VSHIFT_LEFT:
  case ENCODING_FORM_VSHIFT_RIGHT:
    word = target_patch_vshift(word, form, (uint64_t)value);
    break;
  case ENCODING_FORM_LANE:
    word = target_patch_lane(word, (uint64_t)value);
    break;
  case ENCODING_FORM_LANE_ACCESS:
    word = target_patch_lane_access(word, (uint64_t)value);
    break;
  default:
    word = target_set_bits(word, 5, 16, (uint64_t)value >> 16 * (form - ENCODING_FORM_16));
    break;
  }
  __builtin_memcpy(at, &word, sizeof word);
}

/* The holes of a template: none, one, or the two halves of a constant. */
#define TARGET_PATCH_TEMPLATE(at, template, holes)                                                 \
  do {                                                                                             \
    if ((template)->hole_at != STENCIL_TEMPLATE_CODE)                                              \
      target_patch((at) + (template)->hole_at, STENCIL_HOLE_FORM((template)->hole),                \
                   (holes)[STENCIL_HOLE_VALUE((template)->hole)]);                                 \
    if ((template)->hole2_at != STENCIL_TEMPLATE_CODE)                                             \
      target_patch((at) + (template)->hole2_at, STENCIL_HOLE_FORM((template)->hole2),              \
                   (holes)[STENCIL_HOLE_VALUE((template)->hole2)]);                                \
  } while (0)

/* The words of br_table's table are distances from the table. */
#define TARGET_TABLE_HAS_JUMPS false

/* Whether a constant fits the one hole of a form for small ones. */
static inline bool target_fits(unsigned form, int32_t value) {
  int32_t least = form == ENCODING_FORM_NEAR ? -256 : 0;
  int32_t most = form == ENCODING_FORM_NEAR ? 255 : form == ENCODING_FORM_16 ? 65535 : 4095;
  return value >= least && value <= most;
}
#define TARGET_FITS(kind, holes)                                                                   \
  target_fits(STENCIL_HOLE_FORM(kind), (int32_t)(holes)[STENCIL_HOLE_VALUE(kind)])
/* The place of an access, which a stencil's family knows, is counted from the stencil's end: there
 * the forms for large and small constants are alike. */
#define TARGET_ACCESS_FROM_END true

/* ---- Jumps --------------------------------------------------------------------------------- */

/* Whether this is no jump but adrp, with a 16-byte load of the same register behind it. */
static inline bool target_is_page(uint32_t word) {
  return (word & 0x9f000000u) == 0x90000000u;
}
static inline uint32_t target_set_page(uint32_t word, uint64_t page) {
  return target_set_bits(target_set_bits(word, 29, 2, page), 5, 19, page >> 2);
}

/* A jump's field holds, as long as its target is not known, some offset in text: a link. That is a
 * multiple of 4 below TARGET_TEXT_MAX. */
static inline void target_put_link(uint8_t *at, uint32_t link) {
  uint32_t word = target_get_word(at);
  if (target_is_page(word)) {
    uint32_t load = target_set_bits(target_get_word(at + 4), 10, 12, link >> 23);
    __builtin_memcpy(at + 4, &load, sizeof load);
    word = target_set_page(word, link >> 2);
  } else {
    word = target_set_bits(word, 0, 26, link >> 2);
  }
  __builtin_memcpy(at, &word, sizeof word);
}
static inline uint32_t target_get_link(const uint8_t *at) {
  uint32_t word = target_get_word(at);
  if (target_is_page(word))
    return (word >> 29 & 3) << 2 | (word >> 5 & 0x7ffff) << 4 |
           (target_get_word(at + 4) >> 10 & 0xfff) << 23;
  return (word & 0x3ffffffu) << 2;
}

/* Lets the jump at `at` go to `to`, or the load read from there. Text begins on a page. */
static inline void target_patch_jump(uint8_t *at, const uint8_t *to) {
  uint32_t word = target_get_word(at);
  if (target_is_page(word)) {
    uint32_t load = target_set_bits(target_get_word(at + 4), 10, 12, ((uintptr_t)to & 0xfff) >> 4);
    __builtin_memcpy(at + 4, &load, sizeof load);
    word = target_set_page(word, ((uintptr_t)to >> 12) - ((uintptr_t)at >> 12));
  } else {
    word = target_set_bits(word, 0, 26, (uint64_t)(to - at) >> 2);
  }
  __builtin_memcpy(at, &word, sizeof word);
}

#endif
