/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Crossings between C (System V ABI) and generated code (target.h). */

.set ACTIVATION_RESUME_SP, 0
.set ACTIVATION_ENTRY_FP, 8
.set FUNC_CODE, 0
.set FUNC_INSTANCE, 8
.set INSTANCE_MEMORY_BASE, 0
.set CROSSING_INTS, 0      /* in the pool's order: r15 rdi rsi rdx rcx r8 r9 r11 */
.set CROSSING_FLOATS, 64
.set CROSSING_WORDS, 192
.set CROSSING_WORD_COUNT, 200

  .text

/* uint32_t wasm_enter_crossing(struct wasm_activation *, struct wasm_func *, struct crossing *)
 *
 * Below the saved registers lie: the crossing's address (resume_sp points here), a frame with an
 * empty chain and the callee's instance, as a generated caller's would look, and the outgoing
 * words. */
  .globl wasm_enter_crossing
  .type wasm_enter_crossing, @function
wasm_enter_crossing:
  push %rbp
  push %rbx
  push %r12
  push %r13
  push %r14
  push %r15
  push %rdx
  mov %rsp, ACTIVATION_RESUME_SP(%rdi)
  push $0
  mov %rsp, %r14
  mov %r14, ACTIVATION_ENTRY_FP(%rdi)
  mov FUNC_INSTANCE(%rsi), %r13
  push %r13
  mov INSTANCE_MEMORY_BASE(%r13), %r12
  mov FUNC_CODE(%rsi), %rax
  mov %rdx, %r10

  /* rsp is 0 modulo 16 here and 8 modulo 16 in bodies. */
  mov CROSSING_WORD_COUNT(%r10), %rcx
  mov CROSSING_WORDS(%r10), %rsi
  lea 1(%rcx), %rdx
  and $-2, %rdx
  lea 8(,%rdx,8), %rdx
  sub %rdx, %rsp
  mov %rsp, %rdi
  rep movsq

  mov CROSSING_INTS+0(%r10), %r15
  mov CROSSING_INTS+8(%r10), %rdi
  mov CROSSING_INTS+16(%r10), %rsi
  mov CROSSING_INTS+24(%r10), %rdx
  mov CROSSING_INTS+32(%r10), %rcx
  mov CROSSING_INTS+40(%r10), %r8
  mov CROSSING_INTS+48(%r10), %r9
  mov CROSSING_INTS+56(%r10), %r11
  vmovups CROSSING_FLOATS+0(%r10), %xmm0
  vmovups CROSSING_FLOATS+16(%r10), %xmm1
  vmovups CROSSING_FLOATS+32(%r10), %xmm2
  vmovups CROSSING_FLOATS+48(%r10), %xmm3
  vmovups CROSSING_FLOATS+64(%r10), %xmm4
  vmovups CROSSING_FLOATS+80(%r10), %xmm5
  vmovups CROSSING_FLOATS+96(%r10), %xmm6
  vmovups CROSSING_FLOATS+112(%r10), %xmm7
  call *%rax

  /* The results: r15 or xmm7, and the words. The callee has taken its arguments off the stack: rsp
   * goes back below them. */
  mov 8(%r14), %r10
  mov %r15, CROSSING_INTS+0(%r10)
  vmovups %xmm7, CROSSING_FLOATS+112(%r10)
  mov CROSSING_WORD_COUNT(%r10), %rcx
  mov CROSSING_WORDS(%r10), %rdi
  lea 1(%rcx), %rdx
  and $-2, %rdx
  lea 16(,%rdx,8), %rdx
  mov %r14, %rsp
  sub %rdx, %rsp
  mov %rsp, %rsi
  rep movsq
  xor %eax, %eax
  lea 8(%r14), %rsp
.Lleave:
  add $8, %rsp
  pop %r15
  pop %r14
  pop %r13
  pop %r12
  pop %rbx
  pop %rbp
  ret
  .size wasm_enter_crossing, . - wasm_enter_crossing

/* A fault resumes here: rsp is resume_sp, r14 the kind. */
  .globl wasm_unwind_landing
  .type wasm_unwind_landing, @function
wasm_unwind_landing:
  mov %r14d, %eax
  jmp .Lleave
  .size wasm_unwind_landing, . - wasm_unwind_landing

/* void wasm_unwind(struct wasm_activation *, uint32_t kind) */
  .globl wasm_unwind
  .type wasm_unwind, @function
wasm_unwind:
  mov ACTIVATION_RESUME_SP(%rdi), %rsp
  mov %esi, %eax
  jmp .Lleave
  .size wasm_unwind, . - wasm_unwind

/* void wasm_resume_frame(uintptr_t pc, uintptr_t sp, uintptr_t fp) */
  .globl wasm_resume_frame
  .type wasm_resume_frame, @function
wasm_resume_frame:
  mov %rdx, %r14
  mov -8(%r14), %r13
  mov INSTANCE_MEMORY_BASE(%r13), %r12
  mov %rsi, %rsp
  jmp *%rdi
  .size wasm_resume_frame, . - wasm_resume_frame

/* The code of host functions: a frame like any other, the registers as a crossing below it, whose
 * words are the caller's outgoing ones. rbx: the instance that calls. */
  .globl wasm_host_entry
  .type wasm_host_entry, @function
wasm_host_entry:
  push %r14
  mov %rsp, %r14
  push %r13
  sub $208, %rsp
  mov %r15, CROSSING_INTS+0(%rsp)
  mov %rdi, CROSSING_INTS+8(%rsp)
  mov %rsi, CROSSING_INTS+16(%rsp)
  mov %rdx, CROSSING_INTS+24(%rsp)
  mov %rcx, CROSSING_INTS+32(%rsp)
  mov %r8, CROSSING_INTS+40(%rsp)
  mov %r9, CROSSING_INTS+48(%rsp)
  mov %r11, CROSSING_INTS+56(%rsp)
  vmovups %xmm0, CROSSING_FLOATS+0(%rsp)
  vmovups %xmm1, CROSSING_FLOATS+16(%rsp)
  vmovups %xmm2, CROSSING_FLOATS+32(%rsp)
  vmovups %xmm3, CROSSING_FLOATS+48(%rsp)
  vmovups %xmm4, CROSSING_FLOATS+64(%rsp)
  vmovups %xmm5, CROSSING_FLOATS+80(%rsp)
  vmovups %xmm6, CROSSING_FLOATS+96(%rsp)
  vmovups %xmm7, CROSSING_FLOATS+112(%rsp)
  lea 16(%r14), %rax
  mov %rax, CROSSING_WORDS(%rsp)
  movq $0, CROSSING_WORD_COUNT(%rsp)
  mov %r13, %rdi
  mov %rsp, %rsi
  mov %r14, %rdx
  mov %rbx, %rcx
  call wasm_host_crossing
  mov CROSSING_INTS+0(%rsp), %r15
  vmovups CROSSING_FLOATS+112(%rsp), %xmm7
  mov %r14, %rsp
  pop %r14
  test %rax, %rax
  jnz .Lwith_arguments
  ret
.Lwith_arguments:
  pop %rcx
  add %rax, %rsp
  jmp *%rcx
  .size wasm_host_entry, . - wasm_host_entry

  .section .note.GNU-stack, "", @progbits
