/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the compiler and the glue know of riscv64: registers, frames, the calling convention.
 *
 * Registers: s1 instance, s2 base of memory 0, s3 frame; the integer pool a0 to a7, the
 * floating-point pool fa0 to fa7. t6 keeps a function that is to be called while its arguments are
 * placed; s4 and s5 keep what was compared for the move behind it. The other temporary ones are
 * scratch inside a stencil. There is no preserve_none here, and C's convention passes only eight
 * integers in registers: so these are the pool, and the fixed ones are kept out of clang's hands
 * (-ffixed-s1 ...) and read as global register variables.
 *
 * i32 values are zero extended in registers, as on the other machines, though instructions of 32
 * bits leave them sign extended: so addresses, indices and conversions are the same everywhere, at
 * the price of two shifts behind additions and the like. An f32 is boxed: the upper half of its
 * register is all ones, or the machine takes it for NaN (unprivileged specification, 12.2). A v128
 * is in two registers: its lower half in fa0 to fa7, its upper one in fs2 to fs7, fs0, fs1. Their
 * numbers are those of fa0 to fa7 with two bits changed, so that a stencil's field for either is
 * made by XOR with the same (engine/stencils/table.h).
 *
 * Frame, by offset from s3:
 *     16 + 8k   the caller's outgoing words: stack arguments, then further results
 *      8        return address
 *      0        the caller's s3: the frame chain
 *     -8        the function's instance
 *    -16 - 8k   slot k: locals that came in registers or are declared, then the operand stack; a
 *               v128 takes two, k - 1 and k
 *     sp + 8k   outgoing words for calls
 * sp is a multiple of 16.
 *
 * Calls: integer arguments in pool 1 to 6, floating-point ones in pool 0 to 7, the rest in outgoing
 * words (a v128 in two); the first result in RESULT, the others in the outgoing words behind the
 * arguments. Every register may be changed but s1, s2 and s3; a call that may leave the instance
 * sets s1 and s2 for the callee and reloads them afterwards. The callee takes the words of its
 * arguments off the stack (see x86_64's for why). */
#ifndef ENGINE_ARCH_TARGET_H
#define ENGINE_ARCH_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "encoding.h"

#define TARGET_ARCH ABI_ARCH_RISCV64

#define TARGET_INT_REGISTERS 8u
#define TARGET_FLOAT_REGISTERS 8u
#define TARGET_INT_ARGS 6u
#define TARGET_INT_ARG_FIRST 1u
#define TARGET_FLOAT_ARGS 8u
#define TARGET_FLOAT_ARG_FIRST 0u
#define TARGET_INT_RESULT 0u
#define TARGET_FLOAT_RESULT 7u
#define TARGET_CONDITION 7u /* results of floating-point compares */
/* The upper half of a register or word with an f32. */
#define TARGET_F32_UPPER 0xffffffff00000000u

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
#define TARGET_PROLOGUE_MAX 72u
/* What stands where no code is: two of these are an illegal instruction. */
#define TARGET_FILL 0x00
/* Bytes behind the call instruction in call_import and call_held. */
#define TARGET_IMPORT_TAIL 8u
#define TARGET_HELD_TAIL 16u

/* Longest stencil the extraction tool lets pass, with room for copies in whole words. */
#define TARGET_STENCIL_MAX 288u

/* Most bytes of text that jumps reach across. */
#define TARGET_TEXT_MAX ((size_t)1 << 30)

static inline uint32_t target_get_word(const uint8_t *at) {
  uint32_t word;
  __builtin_memcpy(&word, at, sizeof word);
  return word;
}
static inline void target_put_word(uint8_t *at, uint32_t word) {
  __builtin_memcpy(at, &word, sizeof word);
}
/* The immediates of U-type and I-type instructions. */
static inline uint32_t target_set_high(uint32_t word, uint32_t bits) {
  return (word & 0xfffu) | bits << 12;
}
static inline uint32_t target_set_low(uint32_t word, uint32_t bits) {
  return (word & 0xfffffu) | bits << 20;
}

/* Puts a constant or displacement into the instruction at `at`. */
static inline void target_patch(uint8_t *at, unsigned form, int64_t value) {
  uint32_t word = target_get_word(at), bits = (uint32_t)value;
  if (form == ENCODING_FORM_UPPER_HIGH || form == ENCODING_FORM_UPPER_LOW)
    bits = (uint32_t)((uint64_t)(value - (int32_t)value) >> 32);
  if (form == ENCODING_FORM_HIGH || form == ENCODING_FORM_UPPER_HIGH)
    word = target_set_high(word, (bits + 0x800) >> 12);
  else if (form == ENCODING_FORM_LOW_STORE)
    word = (word & 0x01fff07fu) | (bits >> 5 & 0x7f) << 25 | (bits & 0x1f) << 7;
  else
    word = target_set_low(word, bits);
  target_put_word(at, word);
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
  return value < 2048 && value >= (form == ENCODING_FORM_LOW_POSITIVE ? 0 : -2048);
}
#define TARGET_FITS(kind, holes)                                                                   \
  target_fits(STENCIL_HOLE_FORM(kind), (int32_t)(holes)[STENCIL_HOLE_VALUE(kind)])
/* The place of an access, which a stencil's family knows, is counted from the stencil's end: there
 * the forms for large and small constants are alike. */
#define TARGET_ACCESS_FROM_END true

/* A jump is auipc and jalr. As long as its target is not known they hold some offset in text. */
static inline void target_put_link(uint8_t *at, uint32_t link) {
  target_put_word(at, target_set_high(target_get_word(at), link >> 12));
  target_put_word(at + 4, target_set_low(target_get_word(at + 4), link));
}
static inline uint32_t target_get_link(const uint8_t *at) {
  return (target_get_word(at) & ~0xfffu) | target_get_word(at + 4) >> 20;
}
static inline void target_patch_jump(uint8_t *at, const uint8_t *to) {
  uint32_t distance = (uint32_t)(to - at);
  target_put_word(at, target_set_high(target_get_word(at), (distance + 0x800) >> 12));
  target_put_word(at + 4, target_set_low(target_get_word(at + 4), distance));
}

#endif
