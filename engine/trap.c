/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Traps: from a fault or a helper to a reason and a backtrace. */
#include "engine/store.h"

const char *wasm_trap_text(enum wasm_trap_kind kind) {
  static const char *const texts[] = {
#define TRAP(name, text) text,
#include "engine/traps.def"
#undef TRAP
  };
  return (unsigned)kind < WASM_TRAP_COUNT ? texts[kind] : "unknown trap";
}

/* Adds the frame `fp`, which executes at `pc`: `is_call` when that is a return address, else a
 * fault's. Code is shared by all instances of a module; each frame says whose it is. */
static void record_frame(struct wasm_trap *trap, uintptr_t fp, uintptr_t pc, bool is_call) {
  trap->frames_total++;
  if (trap->frame_count == WASM_BACKTRACE_MAX)
    return;
  struct wasm_instance *instance = wasm_frame_instance(fp);
  const struct abi_image *image = instance->module->image;
  /* A call may be the last thing in its function: the byte before is surely the caller's. */
  const struct abi_image_function *function = wasm_image_function(image, pc - is_call);
  if (function == NULL)
    return;
  struct wasm_mark mark;
  bool is_known = wasm_image_mark(image, pc, is_call, &mark);
  trap->frames[trap->frame_count++] = (struct wasm_frame){
      .instance = instance,
      .function = function->function,
      .code_offset = is_known ? mark.code_offset : 0,
  };
}

static void walk(const struct wasm_store *store, struct wasm_trap *trap, uintptr_t fp, uintptr_t pc,
                 bool is_call) {
  /* Outer activations are left through a host function, which left its caller's frame there. */
  const struct wasm_activation *activation = store->activation;
  while (activation != NULL) {
    /* After a tail call to the host there may be no frame of this activation at all. */
    if (pc != 0 && fp < activation->entry_fp) {
      do {
        record_frame(trap, fp, pc, is_call);
        is_call = true;
      } while (wasm_frame_next(activation, &fp, &pc));
    }
    is_call = true;
    activation = activation->outer;
    if (activation != NULL) {
      fp = activation->exit_fp;
      pc = activation->exit_pc;
    }
  }
}

static void record(struct wasm_store *store, uint32_t kind, uintptr_t fp, uintptr_t pc,
                   bool is_call) {
  struct wasm_trap *trap = store->trap;
  trap->kind = (enum wasm_trap_kind)kind;
  trap->exit_status = kind == WASM_TRAP_EXIT ? store->exit_status : 0;
  trap->frame_count = 0;
  trap->frames_total = 0;
  walk(store, trap, fp, pc, is_call);
}

void wasm_trap_record(struct wasm_store *store, uint32_t kind, uintptr_t fp, uintptr_t pc) {
  record(store, kind, fp, pc, true);
}

/* A load or store of generated code reaches memories' reservations and nothing else. A fault
 * elsewhere is a bug of ours, and must not pass as the program's. */
static bool is_memory_address(const struct wasm_store *store, uintptr_t address) {
  for (const struct wasm_memory *m = store->memories; m != NULL; m = m->next)
    if (address - (uintptr_t)m->base < m->reserved)
      return true;
  return false;
}

bool wasm_store_fault(struct wasm_store *store, const struct wasm_fault *fault,
                      struct wasm_fault *resume) {
  if (store->activation == NULL)
    return false;
  for (struct wasm_module *module = store->modules; module != NULL; module = module->next) {
    struct wasm_mark mark;
    if (module->image == NULL || !wasm_image_mark(module->image, fault->pc, false, &mark))
      continue;
    /* An explicit trap, after a helper's check, has no address. */
    if (fault->address != 0 && !is_memory_address(store, fault->address))
      return false;
    record(store, mark.kind, fault->fp, fault->pc, false);
    wasm_unwind_resume(store->activation, mark.kind, resume);
    return true;
  }
  return false;
}
