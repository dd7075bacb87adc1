/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Resolving a module's imports: WASI, or traps where the user asked for them. */
#include "guest/runtime/program.h"

#include <string.h>

struct import {
  struct wasm_name space;
  struct wasm_name name;
  struct wasm_externtype type;
};

/* A function that WASI does not have; where --unknown-imports=trap, calling it ends the program,
 * and the message names it. */
static enum wasm_trap_kind unknown_import(void *context, struct wasm_instance *caller,
                                          const union wasm_value *args, union wasm_value *results) {
  struct unknown_import *import = context;
  (void)caller, (void)args, (void)results;
  import->program->unknown_import = import;
  return WASM_TRAP_UNKNOWN_IMPORT;
}

static void *make_unknown_function(struct program *program, const struct import *import) {
  const struct wasm_platform *platform = &program->platform;
  struct unknown_import *unknown = platform->allocate(platform->context, sizeof *unknown);
  if (!unknown)
    return NULL;
  *unknown = (struct unknown_import){program, import->space, import->name};
  return wasm_func_new(program->store, &import->type.func, unknown_import, unknown);
}

static void print_import(struct printer *printer, const struct import *import) {
  print_text(printer, "import \"");
  print_name(printer, import->space);
  print_text(printer, "\" \"");
  print_name(printer, import->name);
  print_text(printer, "\" (");
  print_externtype(printer, &import->type);
  print_text(printer, ")");
}

static _Noreturn void refuse_import(struct program *program, const struct import *import,
                                    const char *why) {
  struct printer *printer = program_message(program, "linking");
  print_import(printer, import);
  print_text(printer, why);
  program_end(program, ABI_OUTCOME_REFUSED, 0);
}

/* Whatever has the wanted type and no content: for --unknown-imports=trap. */
static void *make_unknown(struct program *program, const struct import *import) {
  const struct wasm_externtype *type = &import->type;
  union wasm_value zero = {.v128 = {0, 0}};
  switch (type->kind) {
  case WASM_EXTERN_FUNC:
    return make_unknown_function(program, import);
  case WASM_EXTERN_TABLE:
    return wasm_table_new(program->store, type->valtype, &type->limits, 0);
  case WASM_EXTERN_MEMORY:
    return wasm_memory_new(program->store, &type->limits);
  case WASM_EXTERN_GLOBAL:
    return wasm_global_new(program->store, type->valtype, type->is_mutable, zero);
  case WASM_EXTERN_TAG:
    return wasm_tag_new(program->store, &type->func);
  }
  return NULL;
}

static void *resolve(struct program *program, const struct import *import) {
  bool mismatch = false;
  if (import->type.kind == WASM_EXTERN_FUNC) {
    struct wasm_func *func =
        wasi_import(program->wasi, import->space, import->name, &import->type.func, &mismatch);
    if (func)
      return func;
  }
  if (mismatch)
    refuse_import(program, import, " exists in WASI preview 1, but with another type\n");
  if (!(program->machine->boot->flags & ABI_FLAG_UNKNOWN_IMPORTS_TRAP))
    refuse_import(program, import,
                  " does not exist here: only WASI preview 1 functions do; "
                  "--unknown-imports=trap runs the module until it calls it\n");
  void *unknown = make_unknown(program, import);
  if (!unknown)
    refuse_import(program, import, " could not be made: out of memory; see --memory\n");
  return unknown;
}

struct wasm_extern *program_link(struct program *program) {
  const struct wasm_platform *platform = &program->platform;
  uint32_t count = wasm_module_import_count(program->module);
  struct wasm_extern *externs =
      platform->allocate(platform->context, (count + 1) * sizeof *externs);
  if (!externs) {
    print_text(program_message(program, "linking"), "out of memory; see --memory\n");
    program_end(program, ABI_OUTCOME_REFUSED, 0);
  }
  for (uint32_t i = 0; i < count; i++) {
    struct import import;
    wasm_module_import(program->module, i, &import.space, &import.name, &import.type);
    externs[i].kind = import.type.kind;
    externs[i].any = resolve(program, &import);
  }
  return externs;
}
