/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the compiler and the glue know of x86_64: registers, frames, the calling convention.
 *
 * Registers: r12 base of memory 0, r13 instance, r14 frame; the integer pool r15 rdi rsi rdx rcx r8
 * r9 r11; the floating-point pool xmm0 to xmm7. rax, rbx, r10 and xmm8 to xmm15 are scratch inside
 * a stencil. (preserve_none's order of arguments, so that stencils can be written in C; r12 with an
 * index needs no displacement, r13 with a displacement no index.)
 *
 * Frame, by offset from r14:
 *
 *     16 + 8k   the caller's outgoing words: stack arguments, then further results
 *
 *      8        return address
 *
 *      0        the caller's r14: the frame chain
 *
 *     -8        the function's instance
 *
 *    -16 - 8k   slot k: locals that came in registers or are declared, then the operand stack; a
 *               v128 takes two, k - 1 and k
 *
 *    rsp + 8k   outgoing words for calls
 *
 * rsp is 8 modulo 16 inside a body, as C functions find it on entry.
 *
 * Calls: integer arguments in pool 1 to 6, floating-point ones in pool 0 to 7, the rest in outgoing
 * words (a v128 in two); the first result in RESULT, the others in the outgoing words behind the
 * arguments. Every register may be changed but r12, r13 and r14; a call that may leave the instance
 * sets r12 and r13 for the callee and reloads them afterwards.
 *
 * The callee takes the words of its arguments off the stack (the caller puts rsp back, where there
 * are any). So a function that ends with a tail call can make its own words more or fewer, moving
 * its return address, and everybody else finds what they expect: the further results lie above
 * the arguments and stay where they are, however many tail calls are in between. */
#ifndef ENGINE_ARCH_TARGET_H
#define ENGINE_ARCH_TARGET_H

#include <stdint.h>

#include "encoding.h"

#define TARGET_ARCH ABI_ARCH_X86_64

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
#define TARGET_FRAME_FIXED 8u /* bytes between r14 and slot 0: the instance */

/* Bytes to take from rsp for `slots` slots and `outgoing` words, so that it ends as said above:
 * behind the instance it is 0 modulo 16. */
static inline uint64_t target_frame_bytes(uint64_t slots, uint64_t outgoing) {
  return ((8 * (slots + outgoing) + 7) & ~(uint64_t)15) + 8;
}

/* The smallest frame whose size may not simply be subtracted from rsp for the limit's compare: it
 * could wrap below address 0. No stack lies below 1 MiB. */
#define TARGET_LARGE_FRAME (1u << 20)

/* Room for the longest prologue. */
#define TARGET_PROLOGUE_MAX 48u
/* What stands where no code is: int3. */
#define TARGET_FILL 0xcc
/* Bytes behind the call instruction in call_import and call_held. */
#define TARGET_IMPORT_TAIL 8u
#define TARGET_HELD_TAIL 14u

/* Longest stencil the extraction tool lets pass, with room for copies in whole words. */
#define TARGET_STENCIL_MAX 192u

/* Most bytes of text that jumps reach across. */
#define TARGET_TEXT_MAX ((size_t)1 << 30)

/* Puts a constant or displacement into the hole at `at`. Integers are little endian here and in the
 * code. */
static inline void target_patch(uint8_t *at, unsigned form, int64_t value) {
  static const uint8_t sizes[] = {4, 4, 4, 8, 2, 1, 1, 1};
  if (form == ENCODING_FORM_LESS || form == ENCODING_FORM_MORE)
    value += form == ENCODING_FORM_MORE ? 1 : -1;
  else if (form == ENCODING_FORM_LANE_ALL)
    value *= 0x55;
  else if (form == ENCODING_FORM_LANE_TARGET)
    value <<= 4;
  for (unsigned i = 0; i < sizes[form]; i++)
    at[i] = (uint8_t)(value >> 8 * i);
}

/* The same for a template's holes, in this order. Each gets a word of 32 bits, wherever that ends;
 * without a hole it goes behind the code, where the next stencil comes. Few have a second. */
#define TARGET_PATCH_TEMPLATE(at, template, holes)                                                 \
  do {                                                                                             \
    __builtin_memcpy((at) + (template)->hole_at, &(holes)[(template)->hole], 4);                   \
    __builtin_memcpy((at) + (template)->hole2_at, &(holes)[(template)->hole2], 4);                 \
  } while (0)

/* The place of an access, which a stencil's family knows, is counted from the stencil's begin. */
#define TARGET_ACCESS_FROM_END false

/* Whether a constant fits the short form: 8 bits, sign extended to 32. */
#define TARGET_FITS(kind, holes) ((int32_t)(holes)[kind] == (int8_t)(holes)[kind])

/* The words of br_table's table are fields of jumps, too. */
#define TARGET_TABLE_HAS_JUMPS true

/* A jump's field holds, as long as its target is not known, some offset in text: a link. */
static inline void target_put_link(uint8_t *at, uint32_t link) {
  __builtin_memcpy(at, &link, 4);
}
static inline uint32_t target_get_link(const uint8_t *at) {
  uint32_t link;
  __builtin_memcpy(&link, at, 4);
  return link;
}
/* Puts a jump distance into the field at `at`. */
static inline void target_patch_jump(uint8_t *at, const uint8_t *to) {
  int32_t distance = (int32_t)(to - (at + 4));
  __builtin_memcpy(at, &distance, 4);
}

#endif
