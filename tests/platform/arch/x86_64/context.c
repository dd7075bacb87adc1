/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Signal contexts on x86_64 Linux. Frames of generated code hang on r14 (engine/arch/x86_64). */
#include "tests/platform/context.h"

#include <ucontext.h>

void context_get(const void *ucontext, struct wasm_fault *fault) {
  const greg_t *registers = ((const ucontext_t *)ucontext)->uc_mcontext.gregs;
  fault->pc = (uintptr_t)registers[REG_RIP];
  fault->sp = (uintptr_t)registers[REG_RSP];
  fault->fp = (uintptr_t)registers[REG_R14];
}

void context_set(void *ucontext, const struct wasm_fault *resume) {
  greg_t *registers = ((ucontext_t *)ucontext)->uc_mcontext.gregs;
  registers[REG_RIP] = (greg_t)resume->pc;
  registers[REG_RSP] = (greg_t)resume->sp;
  registers[REG_R14] = (greg_t)resume->fp;
}
