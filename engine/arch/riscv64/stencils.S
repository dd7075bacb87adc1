/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Stencils that C cannot say: the stack pointer, calls, tables of jumps. See target.h for the
 * frame and the registers, stencil_arch.h for the holes. `tail` takes t1 for itself. */

  .text

/* .size delimits a stencil; what follows the code falls through to the next one. */
.macro stencil name
  .globl s_\name
  .type s_\name, %function
s_\name:
.endm
.macro endstencil name
  .size s_\name, . - s_\name
.endm
.macro hole reg, symbol
  lui \reg, %hi(\symbol)
  addiw \reg, \reg, %lo(\symbol)
.endm

.set INSTANCE_MEMORY_BASE, 0
.set INSTANCE_STACK_LIMIT, 16
.set INSTANCE_FUNCS, 48
.set INSTANCE_HELPERS, 56
.set HELPERS_THROW_TAG, 0
.set HELPERS_THROW_REF, 8
.set FUNC_CODE, 0
.set FUNC_INSTANCE, 8

/* Entry of a function. The chain and the instance are stored first, so that a trap here has its
 * frame; hole_a: its bytes, trap_a: they would pass the limit. */
.macro begin_frame
  addi sp, sp, -16
  sd s3, 0(sp)
  sd ra, 8(sp)
  mv s3, sp
  sd s1, -8(s3)
  ld t2, INSTANCE_STACK_LIMIT(s1)
.endm
stencil prologue
  begin_frame
  hole t0, hole_a
  sub t0, sp, t0
  bgeu t0, t2, 1f
  tail trap_a
1:
  mv sp, t0
endstencil prologue

/* The same for frames so large that sp - size might wrap: compares the room left. A stack pointer
 * that is below the limit already (never by more than the chain) counts as no room. */
stencil prologue_large
  begin_frame
  bltu sp, t2, 1f
  sub t2, sp, t2
  hole t0, hole_a
  bgeu t2, t0, 2f
1:
  tail trap_a
2:
  sub sp, sp, t0
endstencil prologue_large

/* The same for small frames of functions that call none. */
stencil prologue_leaf
  addi sp, sp, -16
  sd s3, 0(sp)
  sd ra, 8(sp)
  mv s3, sp
  sd s1, -8(s3)
  hole t0, hole_a
  sub sp, sp, t0
endstencil prologue_leaf

/* hole_a: bytes */
stencil frame_alloc
  hole t0, hole_a
  sub sp, sp, t0
endstencil frame_alloc

.macro end_frame
  mv sp, s3
  ld s3, 0(sp)
  ld ra, 8(sp)
  addi sp, sp, 16
.endm
stencil epilogue
  end_frame
  ret
endstencil epilogue

/* The same with arguments on the stack, which it takes off: the constant, in bytes. */
stencil epilogue_pop
  end_frame
  hole t0, imm
  add sp, sp, t0
  ret
endstencil epilogue_pop

stencil trap
  ebreak
endstencil trap

/* A function of this module: same instance. */
stencil call_direct
  call target
endstencil call_direct

/* Behind a call that may have come back from another instance. */
.macro reload_instance
  ld s1, -8(s3)
  ld s2, INSTANCE_MEMORY_BASE(s1)
.endm
stencil reload
  reload_instance
endstencil reload

/* The function in t0. Host functions want to know the instance that calls, in t2. */
.macro leave_instance
  mv t2, s1
  ld s1, FUNC_INSTANCE(t0)
  ld s2, INSTANCE_MEMORY_BASE(s1)
  ld t0, FUNC_CODE(t0)
.endm

/* An imported function: hole_a is its place in the array of functions. */
stencil call_import
  hole t0, hole_a
  ld t2, INSTANCE_FUNCS(s1)
  add t0, t0, t2
  ld t0, 0(t0)
  leave_instance
  jalr t0
  reload_instance
endstencil call_import

/* A function reference waits in t6 while the arguments are placed. */
.macro hold number
stencil held_callee__\number
  mv a\number, t6
endstencil held_callee__\number
.endm

/* Most functions that are called so are of the same instance: then nothing waits for its memory's
 * base to be loaded, neither in the callee nor afterwards, since branches are predicted. */
stencil call_held
  mv t2, s1
  ld t0, FUNC_INSTANCE(t6)
  beq t0, s1, 1f
  mv s1, t0
  ld s2, INSTANCE_MEMORY_BASE(s1)
1:
  ld t0, FUNC_CODE(t6)
  jalr t0
  ld t0, -8(s3)
  beq t0, s1, 2f
  mv s1, t0
  ld s2, INSTANCE_MEMORY_BASE(s1)
2:
endstencil call_held

/* Tail calls. The arguments are in their registers and in the outgoing words; a function that may be
 * of another instance is in a0. Without words of arguments on either side: */
stencil tail_leave
  end_frame
endstencil tail_leave

/* Else the return address and the caller's frame wait in registers, */
stencil tail_save
  ld t3, 0(s3)
  ld ra, 8(s3)
endstencil tail_save

/* while hole_a bytes of outgoing words go where incoming ones shall be, at hole_b in the frame.
 * That is always higher up, so the last goes first. */
stencil tail_words
  hole t0, hole_a
  hole t1, hole_b
  add t1, s3, t1
  add t1, t1, t0
  add t0, sp, t0
1:
  addi t0, t0, -8
  addi t1, t1, -8
  ld t2, 0(t0)
  sd t2, 0(t1)
  bne t0, sp, 1b
endstencil tail_words

/* hole_a: where they are now. */
stencil tail_leave_words
  hole t0, hole_a
  add sp, s3, t0
  mv s3, t3
endstencil tail_leave_words

stencil tail_call
  mv t0, a0
  leave_instance
  jr t0
endstencil tail_call

/* Exceptions are thrown by helpers, which do not come back but find the place by their return
 * address. hole_a: the slot of the first value, hole_d: the tag. */
stencil throw_tag
  mv a0, s1
  hole a1, hole_d
  hole a2, hole_a
  add a2, s3, a2
  mv a3, s3
  ld t0, INSTANCE_HELPERS(s1)
  ld t0, HELPERS_THROW_TAG(t0)
  jalr t0
endstencil throw_tag

/* hole_a: the slot of the reference */
stencil throw_ref
  mv a0, s1
  hole a1, hole_a
  add a1, s3, a1
  ld a1, 0(a1)
  mv a2, s3
  ld t0, INSTANCE_HELPERS(s1)
  ld t0, HELPERS_THROW_REF(t0)
  jalr t0
endstencil throw_ref

/* Outgoing words: whole registers; hole_a: offset from sp, which is no larger than limits.def has
 * arguments and results. */
.macro outgoing_access name, instruction, reg
stencil \name
  lui t0, %hi(hole_a)
  add t0, t0, sp
  \instruction \reg, %lo(hole_a)(t0)
endstencil \name
.endm
/* A vector: two words. */
.macro outgoing_vector number, upper
stencil out_setv__\number
  hole t0, hole_a
  add t0, t0, sp
  fsd fa\number, 0(t0)
  fsd \upper, 8(t0)
endstencil out_setv__\number
stencil out_getv__\number
  hole t0, hole_a
  add t0, t0, sp
  fld fa\number, 0(t0)
  fld \upper, 8(t0)
endstencil out_getv__\number
.endm
outgoing_vector 0, fs2
outgoing_vector 1, fs3
outgoing_vector 2, fs4
outgoing_vector 3, fs5
outgoing_vector 4, fs6
outgoing_vector 5, fs7
outgoing_vector 6, fs0
outgoing_vector 7, fs1
.macro outgoing number
  outgoing_access out_set__\number, sd, a\number
  outgoing_access out_get__\number, ld, a\number
  outgoing_access out_setf__\number, fsd, fa\number
  outgoing_access out_getf__\number, fld, fa\number
.endm

/* Jumps through the table that follows at once: the constant's number of entries and a last one for
 * everything beyond, each a distance from the table. */
.macro table number
stencil br_table__\number
  hole t0, imm
  bgeu a\number, t0, 1f
  mv t0, a\number
1:
  slli t0, t0, 2
  auipc t2, 0
  addi t2, t2, 24 /* the table */
  add t0, t0, t2
  lw t0, 0(t0)
  add t0, t0, t2
  jr t0
endstencil br_table__\number
.endm

/* dst ^= constant, whose upper half may be all ones here */
.macro xor_constant number
stencil i32_xor_ri__\number
  hole t0, imm
  xor a\number, a\number, t0
  slli a\number, a\number, 32
  srli a\number, a\number, 32
endstencil i32_xor_ri__\number
.endm

.irp number, 0, 1, 2, 3, 4, 5, 6, 7
  xor_constant \number
  outgoing \number
  hold \number
  table \number
.endr

  .section .note.GNU-stack, "", %progbits
