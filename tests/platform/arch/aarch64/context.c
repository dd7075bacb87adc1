/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Signal contexts on aarch64 Linux. Frames of generated code hang on x22 (engine/arch/aarch64). */
#include "tests/platform/context.h"

#include <ucontext.h>

void context_get(const void *ucontext, struct wasm_fault *fault) {
  const mcontext_t *registers = &((const ucontext_t *)ucontext)->uc_mcontext;
  fault->pc = (uintptr_t)registers->pc;
  fault->sp = (uintptr_t)registers->sp;
  fault->fp = (uintptr_t)registers->regs[22];
}

void context_set(void *ucontext, const struct wasm_fault *resume) {
  mcontext_t *registers = &((ucontext_t *)ucontext)->uc_mcontext;
  registers->pc = resume->pc;
  registers->sp = resume->sp;
  registers->regs[22] = resume->fp;
}
