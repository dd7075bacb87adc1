/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Signal contexts on riscv64 Linux. Frames of generated code hang on s3 (engine/arch/riscv64), which
 * is x19. */
#include "tests/platform/context.h"

#include <ucontext.h>

enum { PLACE_PC = 0, PLACE_SP = 2, PLACE_S3 = 19 };

void context_get(const void *ucontext, struct wasm_fault *fault) {
  const unsigned long *registers = ((const ucontext_t *)ucontext)->uc_mcontext.__gregs;
  fault->pc = registers[PLACE_PC];
  fault->sp = registers[PLACE_SP];
  fault->fp = registers[PLACE_S3];
}

void context_set(void *ucontext, const struct wasm_fault *resume) {
  unsigned long *registers = ((ucontext_t *)ucontext)->uc_mcontext.__gregs;
  registers[PLACE_PC] = resume->pc;
  registers[PLACE_SP] = resume->sp;
  registers[PLACE_S3] = resume->fp;
}
