/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Stencils that C cannot say: the stack pointer, calls, tables of jumps. See target.h for the
 * frame and the registers, engine/stencils/stencil.h for the holes. */

  .text

/* .size delimits a stencil; what follows the code falls through to the next one. */
.macro stencil name
  .globl s_\name
  .type s_\name, @function
s_\name:
.endm
.macro endstencil name
  .size s_\name, . - s_\name
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
 * frame; hole_a: its bytes, trap_a: they would pass the limit. Nothing is written down there before
 * that is known. */
stencil prologue
  push %r14
  mov %rsp, %r14
  push %r13
  sub $hole_a, %rsp
  cmp INSTANCE_STACK_LIMIT(%r13), %rsp
  jb trap_a
endstencil prologue

/* The same for frames so large that rsp - size might wrap: compares the room left. A stack pointer
 * that is below the limit already (never by more than the pushes) counts as no room. */
stencil prologue_large
  push %r14
  mov %rsp, %r14
  push %r13
  mov %rsp, %rax
  sub INSTANCE_STACK_LIMIT(%r13), %rax
  jb trap_a
  cmp $hole_a, %rax
  jb trap_a
  sub $hole_a, %rsp
endstencil prologue_large

/* The same for small frames of functions that call none. */
stencil prologue_leaf
  push %r14
  mov %rsp, %r14
  push %r13
  sub $hole_a, %rsp
endstencil prologue_leaf

/* hole_a: bytes */
stencil frame_alloc
  sub $hole_a, %rsp
endstencil frame_alloc

stencil epilogue
  mov %r14, %rsp
  pop %r14
  ret
endstencil epilogue

/* The same with arguments on the stack, which it takes off: IMM16 bytes. */
stencil epilogue_pop
  mov %r14, %rsp
  pop %r14
  ret $0x8c7d
endstencil epilogue_pop

stencil trap
  ud2
endstencil trap

/* A function of this module: same instance. */
stencil call_direct
  call target
endstencil call_direct

/* Behind a call that may have come back from another instance. */
stencil reload
  mov -8(%r14), %r13
  mov INSTANCE_MEMORY_BASE(%r13), %r12
endstencil reload

/* An imported function: hole_a is its place in the array of functions. Host functions want to know
 * the instance that calls, in rbx. */
stencil call_import
  mov %r13, %rbx
  mov INSTANCE_FUNCS(%r13), %rax
  mov hole_a(%rax), %rax
  mov FUNC_INSTANCE(%rax), %r13
  mov INSTANCE_MEMORY_BASE(%r13), %r12
  call *FUNC_CODE(%rax)
  mov -8(%r14), %r13
  mov INSTANCE_MEMORY_BASE(%r13), %r12
endstencil call_import

/* A function reference waits in r10 while the arguments are placed. */
.macro hold number, reg
stencil held_callee__\number
  mov %r10, %\reg
endstencil held_callee__\number
.endm

/* Most functions that are called so are of the same instance: then nothing waits for its memory's
 * base to be loaded, neither in the callee nor afterwards, since branches are predicted. */
stencil call_held
  mov %r13, %rbx
  cmp FUNC_INSTANCE(%r10), %r13
  je 1f
  mov FUNC_INSTANCE(%r10), %r13
  mov INSTANCE_MEMORY_BASE(%r13), %r12
1:
  call *FUNC_CODE(%r10)
  cmp -8(%r14), %r13
  je 2f
  mov -8(%r14), %r13
  mov INSTANCE_MEMORY_BASE(%r13), %r12
2:
endstencil call_held

/* Tail calls. The arguments are in their registers and in the outgoing words; a function that may be
 * of another instance is in r15. Without words of arguments on either side: */
stencil tail_leave
  mov %r14, %rsp
  pop %r14
endstencil tail_leave

/* Else the return address and the caller's frame wait in registers, */
stencil tail_save
  mov 8(%r14), %rax
  mov (%r14), %rbx
endstencil tail_save

/* while hole_a bytes of outgoing words go where incoming ones shall be, at hole_b in the frame.
 * That is always higher up, so the last goes first. */
stencil tail_words
  mov $hole_a, %r10
1:
  sub $8, %r10
  mov (%rsp,%r10), %r11
  mov %r11, hole_b(%r14,%r10)
  jnz 1b
endstencil tail_words

/* hole_a: where they are now. */
stencil tail_leave_words
  lea hole_a(%r14), %rsp
  push %rax
  mov %rbx, %r14
endstencil tail_leave_words

stencil tail_call
  mov %r13, %rbx
  mov FUNC_INSTANCE(%r15), %r13
  mov INSTANCE_MEMORY_BASE(%r13), %r12
  jmp *FUNC_CODE(%r15)
endstencil tail_call

/* Exceptions are thrown by helpers, which do not come back but find the place by their return
 * address. hole_a: the slot of the first value, hole_d: the tag. */
stencil throw_tag
  mov %r13, %rdi
  mov $hole_d, %esi
  lea hole_a(%r14), %rdx
  mov %r14, %rcx
  mov INSTANCE_HELPERS(%r13), %rax
  push %rax /* aligns the stack */
  call *HELPERS_THROW_TAG(%rax)
endstencil throw_tag

/* hole_a: the slot of the reference */
stencil throw_ref
  mov %r13, %rdi
  mov hole_a(%r14), %rsi
  mov %r14, %rdx
  mov INSTANCE_HELPERS(%r13), %rax
  push %rax
  call *HELPERS_THROW_REF(%rax)
endstencil throw_ref

/* Outgoing words: whole registers; hole_a: offset from rsp. */
.macro outgoing number, reg
stencil out_set__\number
  mov %\reg, hole_a(%rsp)
endstencil out_set__\number
stencil out_get__\number
  mov hole_a(%rsp), %\reg
endstencil out_get__\number
stencil out_setf__\number
  vmovsd %xmm\number, hole_a(%rsp)
endstencil out_setf__\number
stencil out_getf__\number
  vmovsd hole_a(%rsp), %xmm\number
endstencil out_getf__\number
stencil out_setv__\number
  vmovups %xmm\number, hole_a(%rsp)
endstencil out_setv__\number
stencil out_getv__\number
  vmovups hole_a(%rsp), %xmm\number
endstencil out_getv__\number
.endm

/* Vector constants stand behind the function. */
.macro constant number
stencil constv__\number
  vmovups data_a(%rip), %xmm\number
endstencil constv__\number
stencil shuffle_one__\number
  vpshufb data_a(%rip), %xmm\number, %xmm\number
endstencil shuffle_one__\number
.endm

/* hole_a: a frame slot. */
stencil slot_constv
  vmovups data_a(%rip), %xmm8
  vmovups %xmm8, hole_a(%r14)
endstencil slot_constv

/* Each constant picks lanes of one operand and puts zero where the other's come. */
.macro shuffle number, from
stencil shuffle_two__\number\from
  vpshufb data_a(%rip), %xmm\number, %xmm8
  vpshufb data_b(%rip), %xmm\from, %xmm\number
  vpor %xmm8, %xmm\number, %xmm\number
endstencil shuffle_two__\number\from
.endm
.macro shuffles number
  .irp from, 0, 1, 2, 3, 4, 5, 6, 7
  shuffle \number, \from
  .endr
.endm

/* Jumps through the table that follows at once: imm entries and a last one for everything beyond,
 * each a distance from its own end, as in a jump. */
.macro table number, reg32
stencil br_table__\number
  mov $0x8a5b6c7d, %eax
  cmp %eax, %\reg32
  cmovb %\reg32, %eax
  lea 1f(%rip), %rbx
  lea (%rbx,%rax,4), %rbx
  movslq (%rbx), %rax
  lea 4(%rbx,%rax), %rax
  jmp *%rax
1:
endstencil br_table__\number
.endm

/* dst ^= imm */
.macro xor_constant number, reg32
stencil i32_xor_ri__\number
  xor $0x8a5b6c7d, %\reg32
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

  register 0, r15, r15d
  register 1, rdi, edi
  register 2, rsi, esi
  register 3, rdx, edx
  register 4, rcx, ecx
  register 5, r8, r8d
  register 6, r9, r9d
  register 7, r11, r11d

  .section .note.GNU-stack, "", @progbits
