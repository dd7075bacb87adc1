/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Stencils that C cannot say: the stack pointer, calls, tables of jumps. See target.h for the
 * frame and the registers, stencil_arch.h for the holes. */

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
  movz \reg, #:abs_g1_s:\symbol
  movk \reg, #:abs_g0_nc:\symbol
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
  stp x22, x30, [sp, #-16]!
  mov x22, sp
  str x20, [x22, #-8]
  ldr x9, [x20, #INSTANCE_STACK_LIMIT]
.endm
stencil prologue
  begin_frame
  hole x8, hole_a
  sub x8, sp, x8
  cmp x8, x9
  b.hs 1f
  b trap_a
1:
  mov sp, x8
endstencil prologue

/* The same for frames so large that sp - size might wrap: compares the room left. A stack pointer
 * that is below the limit already (never by more than the chain) counts as no room. */
stencil prologue_large
  begin_frame
  mov x8, sp
  subs x8, x8, x9
  b.lo 1f
  hole x9, hole_a
  cmp x8, x9
  b.hs 2f
1:
  b trap_a
2:
  sub sp, sp, x9
endstencil prologue_large

/* The same for small frames of functions that call none. */
stencil prologue_leaf
  stp x22, x30, [sp, #-16]!
  mov x22, sp
  str x20, [x22, #-8]
  hole x8, hole_a
  sub sp, sp, x8
endstencil prologue_leaf

/* hole_a: bytes */
stencil frame_alloc
  hole x8, hole_a
  sub sp, sp, x8
endstencil frame_alloc

.macro end_frame
  mov sp, x22
  ldp x22, x30, [sp], #16
.endm
stencil epilogue
  end_frame
  ret
endstencil epilogue

/* The same with arguments on the stack, which it takes off: the constant, in bytes. */
stencil epilogue_pop
  end_frame
  movz x8, #:abs_g0_nc:imm
  add sp, sp, x8
  ret
endstencil epilogue_pop

stencil trap
  brk #0
endstencil trap

/* A function of this module: same instance. */
stencil call_direct
  bl target
endstencil call_direct

/* Behind a call that may have come back from another instance. */
.macro reload_instance
  ldr x20, [x22, #-8]
  ldr x21, [x20, #INSTANCE_MEMORY_BASE]
.endm
stencil reload
  reload_instance
endstencil reload

/* The function in x8. Host functions want to know the instance that calls, in x9. */
.macro leave_instance
  mov x9, x20
  ldr x20, [x8, #FUNC_INSTANCE]
  ldr x21, [x20, #INSTANCE_MEMORY_BASE]
  ldr x8, [x8, #FUNC_CODE]
.endm

/* An imported function: hole_a is its place in the array of functions. */
stencil call_import
  hole x8, hole_a
  ldr x9, [x20, #INSTANCE_FUNCS]
  ldr x8, [x9, x8]
  leave_instance
  blr x8
  reload_instance
endstencil call_import

/* A function reference waits in x15 while the arguments are placed. */
.macro hold number, reg
stencil held_callee__\number
  mov \reg, x15
endstencil held_callee__\number
.endm

/* Most functions that are called so are of the same instance: then nothing waits for its memory's
 * base to be loaded, neither in the callee nor afterwards, since branches are predicted. */
stencil call_held
  mov x9, x20
  ldr x8, [x15, #FUNC_INSTANCE]
  cmp x8, x20
  b.eq 1f
  mov x20, x8
  ldr x21, [x20, #INSTANCE_MEMORY_BASE]
1:
  ldr x8, [x15, #FUNC_CODE]
  blr x8
  ldr x8, [x22, #-8]
  cmp x8, x20
  b.eq 2f
  mov x20, x8
  ldr x21, [x20, #INSTANCE_MEMORY_BASE]
2:
endstencil call_held

/* Tail calls. The arguments are in their registers and in the outgoing words; a function that may be
 * of another instance is in x23. Without words of arguments on either side: */
stencil tail_leave
  end_frame
endstencil tail_leave

/* Else the return address and the caller's frame wait in registers, */
stencil tail_save
  ldp x9, x30, [x22]
endstencil tail_save

/* while hole_a bytes of outgoing words go where incoming ones shall be, at hole_b in the frame.
 * That is always higher up, so the last goes first. */
stencil tail_words
  hole x10, hole_a
  hole x8, hole_b
  add x8, x22, x8
1:
  subs x10, x10, #8
  ldr x11, [sp, x10]
  str x11, [x8, x10]
  b.ne 1b
endstencil tail_words

/* hole_a: where they are now. */
stencil tail_leave_words
  hole x8, hole_a
  add sp, x22, x8
  mov x22, x9
endstencil tail_leave_words

stencil tail_call
  mov x8, x23
  leave_instance
  br x8
endstencil tail_call

/* Exceptions are thrown by helpers, which do not come back but find the place by their return
 * address. hole_a: the slot of the first value, hole_d: the tag. */
stencil throw_tag
  mov x0, x20
  hole x1, hole_d
  hole x2, hole_a
  add x2, x22, x2
  mov x3, x22
  ldr x8, [x20, #INSTANCE_HELPERS]
  ldr x8, [x8, #HELPERS_THROW_TAG]
  blr x8
endstencil throw_tag

/* hole_a: the slot of the reference */
stencil throw_ref
  mov x0, x20
  hole x1, hole_a
  ldr x1, [x22, x1]
  mov x2, x22
  ldr x8, [x20, #INSTANCE_HELPERS]
  ldr x8, [x8, #HELPERS_THROW_REF]
  blr x8
endstencil throw_ref

/* Outgoing words: whole registers; hole_a: offset from sp, of at most 12 bits in words. That of a
 * vector may be odd in units of its size. */
.macro outgoing number, reg
stencil out_set__\number
  str \reg, [sp, #:lo12:hole_a]
endstencil out_set__\number
stencil out_get__\number
  ldr \reg, [sp, #:lo12:hole_a]
endstencil out_get__\number
stencil out_setf__\number
  str d\number, [sp, #:lo12:hole_a]
endstencil out_setf__\number
stencil out_getf__\number
  ldr d\number, [sp, #:lo12:hole_a]
endstencil out_getf__\number
stencil out_setv__\number
  hole x8, hole_a
  str q\number, [sp, x8]
endstencil out_setv__\number
stencil out_getv__\number
  hole x8, hole_a
  ldr q\number, [sp, x8]
endstencil out_getv__\number
.endm

/* Vector constants stand behind the function: adrp and the load are one reference. */
.macro constant_load reg, symbol
  adrp x8, \symbol
  ldr \reg, [x8, #:lo12:\symbol]
.endm
.macro constant number
stencil constv__\number
  constant_load q\number, data_a
endstencil constv__\number
stencil shuffle_one__\number
  constant_load q16, data_a
  tbl v\number\().16b, {v\number\().16b}, v16.16b
endstencil shuffle_one__\number
.endm

/* hole_a: a frame slot. */
stencil slot_constv
  constant_load q16, data_a
  hole x8, hole_a
  str q16, [x22, x8]
endstencil slot_constv

/* Each constant picks lanes of one operand and puts zero where the other's come. */
.macro shuffle number, from
stencil shuffle_two__\number\from
  constant_load q16, data_a
  constant_load q17, data_b
  tbl v16.16b, {v\number\().16b}, v16.16b
  tbl v17.16b, {v\from\().16b}, v17.16b
  orr v\number\().16b, v16.16b, v17.16b
endstencil shuffle_two__\number\from
.endm
.macro shuffles number
  .irp from, 0, 1, 2, 3, 4, 5, 6, 7
  shuffle \number, \from
  .endr
.endm

/* Jumps through the table that follows at once: the constant's number of entries and a last one for
 * everything beyond, each a distance from the table. */
.macro table number, reg32
stencil br_table__\number
  hole w8, imm
  cmp \reg32, w8
  csel w8, \reg32, w8, lo
  adr x9, 1f
  ldrsw x8, [x9, x8, lsl #2]
  add x9, x9, x8
  br x9
1:
endstencil br_table__\number
.endm

/* dst ^= constant */
.macro xor_constant number, reg32
stencil i32_xor_ri__\number
  hole w8, imm
  eor \reg32, \reg32, w8
endstencil i32_xor_ri__\number
.endm

.macro register number, reg64, reg32
  xor_constant \number, \reg32
  outgoing \number, \reg64
  hold \number, \reg64
  constant \number
  shuffles \number
  table \number, \reg32
.endm

  register 0, x23, w23
  register 1, x24, w24
  register 2, x25, w25
  register 3, x26, w26
  register 4, x27, w27
  register 5, x28, w28
  register 6, x0, w0
  register 7, x1, w1

  .section .note.GNU-stack, "", %progbits
