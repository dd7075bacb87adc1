/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Crossings between C (the psABI's lp64d) and generated code (target.h). */

.set ACTIVATION_RESUME_SP, 0
.set ACTIVATION_ENTRY_FP, 8
.set FUNC_CODE, 0
.set FUNC_INSTANCE, 8
.set INSTANCE_MEMORY_BASE, 0
.set CROSSING_INTS, 0      /* in the pool's order */
.set CROSSING_FLOATS, 64   /* 16 bytes each */
.set CROSSING_WORDS, 192
.set CROSSING_WORD_COUNT, 200
.set CROSSING_SIZE, 208
/* The registers that C wants back (ra, s0 to s11, fs0 to fs11), above the crossing's address. */
.set SAVED_SIZE, 208

  .text

/* t3 bytes below the entry's frame: the outgoing words of crossing t2, of which there is an even
 * number; t4 is how many are used. */
.macro words_below
  ld t4, CROSSING_WORD_COUNT(t2)
  addi t3, t4, 1
  andi t3, t3, -2
  slli t3, t3, 3
  addi t3, t3, 16
  sub t3, s3, t3
.endm
/* t4 words from t5 to t6. */
.macro copy_words
1:
  beqz t4, 2f
  ld t1, 0(t5)
  sd t1, 0(t6)
  addi t5, t5, 8
  addi t6, t6, 8
  addi t4, t4, -1
  j 1b
2:
.endm
/* An instruction for each of the saved registers. */
.macro each_saved load, fload
  \load ra, 8(sp)
  \load s0, 16(sp)
  \load s1, 24(sp)
  \load s2, 32(sp)
  \load s3, 40(sp)
  \load s4, 48(sp)
  \load s5, 56(sp)
  \load s6, 64(sp)
  \load s7, 72(sp)
  \load s8, 80(sp)
  \load s9, 88(sp)
  \load s10, 96(sp)
  \load s11, 104(sp)
  \fload fs0, 112(sp)
  \fload fs1, 120(sp)
  \fload fs2, 128(sp)
  \fload fs3, 136(sp)
  \fload fs4, 144(sp)
  \fload fs5, 152(sp)
  \fload fs6, 160(sp)
  \fload fs7, 168(sp)
  \fload fs8, 176(sp)
  \fload fs9, 184(sp)
  \fload fs10, 192(sp)
  \fload fs11, 200(sp)
.endm
/* The pool's registers to or from the crossing at `base`; a vector's upper half is in a register of
 * its own (target.h). */
.macro each_pool access, faccess, base
  .irp n, 0, 1, 2, 3, 4, 5, 6, 7
  \access a\n, CROSSING_INTS+8*\n(\base)
  \faccess fa\n, CROSSING_FLOATS+16*\n(\base)
  .endr
  \faccess fs2, CROSSING_FLOATS+8(\base)
  \faccess fs3, CROSSING_FLOATS+16+8(\base)
  \faccess fs4, CROSSING_FLOATS+32+8(\base)
  \faccess fs5, CROSSING_FLOATS+48+8(\base)
  \faccess fs6, CROSSING_FLOATS+64+8(\base)
  \faccess fs7, CROSSING_FLOATS+80+8(\base)
  \faccess fs0, CROSSING_FLOATS+96+8(\base)
  \faccess fs1, CROSSING_FLOATS+112+8(\base)
.endm

/* uint32_t wasm_enter_crossing(struct wasm_activation *, struct wasm_func *, struct crossing *)
 *
 * Below the saved registers (resume_sp points to the crossing's address, the lowest of them) lie a
 * frame with an empty chain and the callee's instance, as a generated caller's would look, and the
 * outgoing words. */
  .globl wasm_enter_crossing
  .type wasm_enter_crossing, %function
wasm_enter_crossing:
  addi sp, sp, -SAVED_SIZE
  sd a2, 0(sp)
  each_saved sd, fsd
  sd sp, ACTIVATION_RESUME_SP(a0)
  addi sp, sp, -32
  addi s3, sp, 16
  sd zero, 0(s3)
  sd zero, 8(s3)
  sd s3, ACTIVATION_ENTRY_FP(a0)
  ld s1, FUNC_INSTANCE(a1)
  sd s1, -8(s3)
  ld s2, INSTANCE_MEMORY_BASE(s1)
  ld t0, FUNC_CODE(a1)
  mv t2, a2

  words_below
  mv sp, t3
  ld t5, CROSSING_WORDS(t2)
  mv t6, t3
  copy_words
  each_pool ld, fld, t2
  jalr t0

  /* The results: a0 or fa7 (a vector: and fs1), and the words. The callee has taken its arguments off the stack: sp goes
   * back below them. */
  ld t2, 16(s3)
  sd a0, CROSSING_INTS+0(t2)
  fsd fa7, CROSSING_FLOATS+112(t2)
  fsd fs1, CROSSING_FLOATS+112+8(t2)
  words_below
  mv sp, t3
  mv t5, t3
  ld t6, CROSSING_WORDS(t2)
  copy_words
  li a0, 0
  addi sp, s3, 16
.Lleave:
  each_saved ld, fld
  addi sp, sp, SAVED_SIZE
  ret
  .size wasm_enter_crossing, . - wasm_enter_crossing

/* A fault resumes here: sp is resume_sp, s3 the kind. */
  .globl wasm_unwind_landing
  .type wasm_unwind_landing, %function
wasm_unwind_landing:
  mv a0, s3
  j .Lleave
  .size wasm_unwind_landing, . - wasm_unwind_landing

/* void wasm_unwind(struct wasm_activation *, uint32_t kind) */
  .globl wasm_unwind
  .type wasm_unwind, %function
wasm_unwind:
  ld sp, ACTIVATION_RESUME_SP(a0)
  mv a0, a1
  j .Lleave
  .size wasm_unwind, . - wasm_unwind

/* void wasm_resume_frame(uintptr_t pc, uintptr_t sp, uintptr_t fp) */
  .globl wasm_resume_frame
  .type wasm_resume_frame, %function
wasm_resume_frame:
  mv s3, a2
  ld s1, -8(s3)
  ld s2, INSTANCE_MEMORY_BASE(s1)
  mv sp, a1
  jr a0
  .size wasm_resume_frame, . - wasm_resume_frame

/* The code of host functions: a frame like any other, the registers as a crossing below it, whose
 * words are the caller's outgoing ones. t2: the instance that calls. */
  .globl wasm_host_entry
  .type wasm_host_entry, %function
wasm_host_entry:
  addi sp, sp, -16
  sd s3, 0(sp)
  sd ra, 8(sp)
  mv s3, sp
  addi sp, sp, -(CROSSING_SIZE+16)
  sd s1, -8(s3)
  each_pool sd, fsd, sp
  addi t0, s3, 16
  sd t0, CROSSING_WORDS(sp)
  sd zero, CROSSING_WORD_COUNT(sp)
  mv a0, s1
  mv a1, sp
  mv a2, s3
  mv a3, t2
  call wasm_host_crossing
  mv t0, a0
  ld a0, CROSSING_INTS+0(sp)
  fld fa7, CROSSING_FLOATS+112(sp)
  fld fs1, CROSSING_FLOATS+112+8(sp)
  mv sp, s3
  ld s3, 0(sp)
  ld ra, 8(sp)
  addi sp, sp, 16
  add sp, sp, t0
  ret
  .size wasm_host_entry, . - wasm_host_entry

/* Calls a function of vectors for a stencil (vector_arch.h says what is where): number t2 of
 * wasm_vector_functions. Those take an array of operands, whose first gets the result. */
.set VECTORS, 0
.set VECTOR_POOLS, 48
.set VECTOR_RETURN, 176 /* and the stencils' ra */
.set VECTOR_SIZE, 192
.macro each_vector_pool access, faccess
  .irp n, 0, 1, 2, 3, 4, 5, 6, 7
  \access a\n, VECTOR_POOLS+8*\n(sp)
  \faccess fa\n, VECTOR_POOLS+64+8*\n(sp)
  .endr
.endm
  .globl wasm_vector_call
  .type wasm_vector_call, %function
wasm_vector_call:
  addi sp, sp, -VECTOR_SIZE
  .irp n, 0, 1, 2, 3, 4, 5
  fsd ft\n, VECTORS+8*\n(sp)
  .endr
  each_vector_pool sd, fsd
  sd t0, VECTOR_RETURN(sp)
  sd ra, VECTOR_RETURN+8(sp)
  la t1, wasm_vector_functions
  slli t2, t2, 3
  add t1, t1, t2
  ld t1, 0(t1)
  mv a0, sp
  mv a1, t3
  mv a2, t4
  jalr t1
  mv t3, a0
  each_vector_pool ld, fld
  fld ft0, VECTORS(sp)
  fld ft1, VECTORS+8(sp)
  ld t0, VECTOR_RETURN(sp)
  ld ra, VECTOR_RETURN+8(sp)
  addi sp, sp, VECTOR_SIZE
  jr t0
  .size wasm_vector_call, . - wasm_vector_call

  .section .note.GNU-stack, "", %progbits
