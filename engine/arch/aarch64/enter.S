/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Crossings between C (AAPCS64) and generated code (target.h). */

.set ACTIVATION_RESUME_SP, 0
.set ACTIVATION_ENTRY_FP, 8
.set FUNC_CODE, 0
.set FUNC_INSTANCE, 8
.set INSTANCE_MEMORY_BASE, 0
.set CROSSING_INTS, 0      /* in the pool's order: x23 to x28, x0, x1 */
.set CROSSING_FLOATS, 64
.set CROSSING_WORDS, 192
.set CROSSING_WORD_COUNT, 200
.set CROSSING_SIZE, 208
/* The registers that C wants back (x19 to x30, d8 to d15), above the crossing's address. */
.set SAVED_SIZE, 176

  .text

/* x9 bytes below the entry's frame: the outgoing words of crossing x10, of which there is an even
 * number. */
.macro words_below
  ldr x11, [x10, #CROSSING_WORD_COUNT]
  add x9, x11, #1
  and x9, x9, #-2
  lsl x9, x9, #3
  add x9, x9, #16
  sub x9, x22, x9
.endm
/* x11 words from x12 to x13. */
.macro copy_words
1:
  cbz x11, 2f
  ldr x14, [x12], #8
  str x14, [x13], #8
  sub x11, x11, #1
  b 1b
2:
.endm

/* uint32_t wasm_enter_crossing(struct wasm_activation *, struct wasm_func *, struct crossing *)
 *
 * Below the saved registers (resume_sp points to the crossing's address, the lowest of them) lie a
 * frame with an empty chain and the callee's instance, as a generated caller's would look, and the
 * outgoing words. */
  .globl wasm_enter_crossing
  .type wasm_enter_crossing, %function
wasm_enter_crossing:
  sub sp, sp, #SAVED_SIZE
  str x2, [sp]
  stp x19, x20, [sp, #16]
  stp x21, x22, [sp, #32]
  stp x23, x24, [sp, #48]
  stp x25, x26, [sp, #64]
  stp x27, x28, [sp, #80]
  stp x29, x30, [sp, #96]
  stp d8, d9, [sp, #112]
  stp d10, d11, [sp, #128]
  stp d12, d13, [sp, #144]
  stp d14, d15, [sp, #160]
  mov x9, sp
  str x9, [x0, #ACTIVATION_RESUME_SP]
  stp xzr, xzr, [sp, #-16]!
  mov x22, sp
  str x22, [x0, #ACTIVATION_ENTRY_FP]
  ldr x20, [x1, #FUNC_INSTANCE]
  str x20, [sp, #-16]!
  str x20, [sp, #8]
  ldr x21, [x20, #INSTANCE_MEMORY_BASE]
  ldr x8, [x1, #FUNC_CODE]
  mov x10, x2

  words_below
  mov sp, x9
  ldr x12, [x10, #CROSSING_WORDS]
  mov x13, x9
  copy_words

  ldp x23, x24, [x10, #CROSSING_INTS+0]
  ldp x25, x26, [x10, #CROSSING_INTS+16]
  ldp x27, x28, [x10, #CROSSING_INTS+32]
  ldp x0, x1, [x10, #CROSSING_INTS+48]
  ldp q0, q1, [x10, #CROSSING_FLOATS+0]
  ldp q2, q3, [x10, #CROSSING_FLOATS+32]
  ldp q4, q5, [x10, #CROSSING_FLOATS+64]
  ldp q6, q7, [x10, #CROSSING_FLOATS+96]
  blr x8

  /* The results: x23 or v7, and the words. The callee has taken its arguments off the stack: sp goes
   * back below them. */
  ldr x10, [x22, #16]
  str x23, [x10, #CROSSING_INTS+0]
  str q7, [x10, #CROSSING_FLOATS+112]
  words_below
  mov sp, x9
  mov x12, x9
  ldr x13, [x10, #CROSSING_WORDS]
  copy_words
  mov w0, wzr
  add sp, x22, #16
.Lleave:
  ldp x19, x20, [sp, #16]
  ldp x21, x22, [sp, #32]
  ldp x23, x24, [sp, #48]
  ldp x25, x26, [sp, #64]
  ldp x27, x28, [sp, #80]
  ldp x29, x30, [sp, #96]
  ldp d8, d9, [sp, #112]
  ldp d10, d11, [sp, #128]
  ldp d12, d13, [sp, #144]
  ldp d14, d15, [sp, #160]
  add sp, sp, #SAVED_SIZE
  ret
  .size wasm_enter_crossing, . - wasm_enter_crossing

/* A fault resumes here: sp is resume_sp, x22 the kind. */
  .globl wasm_unwind_landing
  .type wasm_unwind_landing, %function
wasm_unwind_landing:
  mov w0, w22
  b .Lleave
  .size wasm_unwind_landing, . - wasm_unwind_landing

/* void wasm_unwind(struct wasm_activation *, uint32_t kind) */
  .globl wasm_unwind
  .type wasm_unwind, %function
wasm_unwind:
  ldr x9, [x0, #ACTIVATION_RESUME_SP]
  mov sp, x9
  mov w0, w1
  b .Lleave
  .size wasm_unwind, . - wasm_unwind

/* void wasm_resume_frame(uintptr_t pc, uintptr_t sp, uintptr_t fp) */
  .globl wasm_resume_frame
  .type wasm_resume_frame, %function
wasm_resume_frame:
  mov x22, x2
  ldr x20, [x22, #-8]
  ldr x21, [x20, #INSTANCE_MEMORY_BASE]
  mov sp, x1
  br x0
  .size wasm_resume_frame, . - wasm_resume_frame

/* The code of host functions: a frame like any other, the registers as a crossing below it, whose
 * words are the caller's outgoing ones. x9: the instance that calls. */
  .globl wasm_host_entry
  .type wasm_host_entry, %function
wasm_host_entry:
  stp x22, x30, [sp, #-16]!
  mov x22, sp
  sub sp, sp, #CROSSING_SIZE+16
  str x20, [x22, #-8]
  stp x23, x24, [sp, #CROSSING_INTS+0]
  stp x25, x26, [sp, #CROSSING_INTS+16]
  stp x27, x28, [sp, #CROSSING_INTS+32]
  stp x0, x1, [sp, #CROSSING_INTS+48]
  stp q0, q1, [sp, #CROSSING_FLOATS+0]
  stp q2, q3, [sp, #CROSSING_FLOATS+32]
  stp q4, q5, [sp, #CROSSING_FLOATS+64]
  stp q6, q7, [sp, #CROSSING_FLOATS+96]
  add x10, x22, #16
  stp x10, xzr, [sp, #CROSSING_WORDS]
  mov x0, x20
  mov x1, sp
  mov x2, x22
  mov x3, x9
  bl wasm_host_crossing
  ldr x23, [sp, #CROSSING_INTS+0]
  ldr q7, [sp, #CROSSING_FLOATS+112]
  mov sp, x22
  ldp x22, x30, [sp], #16
  add sp, sp, x0
  ret
  .size wasm_host_entry, . - wasm_host_entry

  .section .note.GNU-stack, "", %progbits
