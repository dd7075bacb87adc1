/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The baseline compiler's interface to the rest of the engine. Internal to the engine. */
#ifndef ENGINE_COMPILE_H
#define ENGINE_COMPILE_H

#include "engine/module.h"
#include "engine/vm.h"

/* Validates every body of a decoded module (core spec 3.3) and, with `emit`, makes its code image:
 * sets module->image, image_reserved and entries. One pass over the bytes. On failure nothing is
 * kept and *error says what and where. */
enum wasm_status wasm_compile_module(struct wasm_module *module, bool emit,
                                     struct wasm_error *error);

/* One entry into WebAssembly from C, on the C stack. The store keeps the innermost one; a trap
 * unwinds to it. Its layout is known to engine/arch/<a>/enter.S. */
struct wasm_activation {
  uintptr_t resume_sp; /* where wasm_enter's frame lies */
  uintptr_t entry_fp;  /* frames at and above this belong to the C caller */
  uintptr_t exit_fp;   /* innermost WebAssembly frame while a helper or host function runs */
  uintptr_t exit_pc;   /* and the return address into it */
  struct wasm_activation *outer;
};

/* Calls `func` with the engine's calling convention: arguments are taken from `values` and results
 * put there, as `type` says. Returns WASM_TRAP_NONE, or the kind that unwound it. */
uint32_t wasm_enter(struct wasm_activation *activation, struct wasm_func *func,
                    const struct wasm_functype *type, union wasm_value *values);

/* The `code` of every host function: gathers the arguments as its type says into an array and
 * calls helpers->call_host; raises what that returns. */
extern const char wasm_host_entry[];

/* Leaves wasm_enter of the innermost activation with `kind`; usable from helpers. */
_Noreturn void wasm_unwind(struct wasm_activation *activation, uint32_t kind);
/* The same as a resume point for a fault handler. */
void wasm_unwind_resume(struct wasm_activation *activation, uint32_t kind,
                        struct wasm_fault *resume);

/* Goes on in the text of a frame that calls lie above of. */
_Noreturn void wasm_resume_frame(uintptr_t pc, uintptr_t sp, uintptr_t fp);

/* What a program counter in text means. NULL: it is not in this image. */
const struct abi_image_function *wasm_image_function(const struct abi_image *image, uintptr_t pc);
/* An instruction that may trap, or a call by its return address. False: there is none at `pc`. */
struct wasm_mark {
  uint32_t kind;        /* of the trap */
  uint32_t code_offset; /* of the WebAssembly instruction, from the module's first byte */
};
bool wasm_image_mark(const struct abi_image *image, uintptr_t pc, bool is_call,
                     struct wasm_mark *mark);
/* The next handler's clause, in the order they are to be tried, that is there for what is thrown by
 * the call that returns to `return_pc`, after `last` (NULL: the first). NULL: no further one. */
const struct abi_image_handler *wasm_image_handler(const struct abi_image *image,
                                                   uintptr_t return_pc,
                                                   const struct abi_image_handler *last);

/* Steps from a frame to its caller's. `fp` as in struct wasm_fault. False: no further frame. */
bool wasm_frame_next(const struct wasm_activation *activation, uintptr_t *fp, uintptr_t *pc);

/* The instance whose code runs in a frame. */
struct wasm_instance *wasm_frame_instance(uintptr_t fp);

#endif
