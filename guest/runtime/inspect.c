/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* `hermit-wasm inspect`: what a module imports, exports and needs. */
#include "guest/runtime/program.h"

static void print_types(struct printer *printer, const uint8_t *types, uint32_t count) {
  print_text(printer, "(");
  for (uint32_t i = 0; i < count; i++) {
    print_text(printer, i ? ", " : "");
    print_text(printer, wasm_valtype_text(types[i]));
  }
  print_text(printer, ")");
}

static void print_limits(struct printer *printer, const struct wasm_limits *limits,
                         const char *unit) {
  print_u64(printer, limits->min);
  print_text(printer, "..");
  if (limits->has_max)
    print_u64(printer, limits->max);
  print_text(printer, unit);
}

void print_externtype(struct printer *printer, const struct wasm_externtype *type) {
  switch (type->kind) {
  case WASM_EXTERN_FUNC:
    print_text(printer, "func ");
    print_types(printer, type->func.params, type->func.param_count);
    print_text(printer, " -> ");
    print_types(printer, type->func.results, type->func.result_count);
    return;
  case WASM_EXTERN_TABLE:
    print_text(printer, "table ");
    print_limits(printer, &type->limits, " ");
    print_text(printer, wasm_valtype_text(type->valtype));
    return;
  case WASM_EXTERN_MEMORY:
    print_text(printer, "memory ");
    print_limits(printer, &type->limits, " pages of 64 KiB");
    return;
  case WASM_EXTERN_GLOBAL:
    print_text(printer, type->is_mutable ? "global mut " : "global ");
    print_text(printer, wasm_valtype_text(type->valtype));
    return;
  case WASM_EXTERN_TAG:
    print_text(printer, "tag ");
    print_types(printer, type->func.params, type->func.param_count);
    return;
  }
}

static void print_imports(struct program *program) {
  struct printer *out = &program->out;
  uint32_t count = wasm_module_import_count(program->module);
  print_text(out, "imports: ");
  print_u64(out, count);
  print_text(out, "\n");
  for (uint32_t i = 0; i < count; i++) {
    struct wasm_name space, name;
    struct wasm_externtype type;
    wasm_module_import(program->module, i, &space, &name, &type);
    bool mismatch = false;
    bool wasi = type.kind == WASM_EXTERN_FUNC &&
                wasi_import(program->wasi, space, name, &type.func, &mismatch);
    print_text(out, "  ");
    print_name(out, space);
    print_text(out, " ");
    print_name(out, name);
    print_text(out, ": ");
    print_externtype(out, &type);
    print_text(out, wasi ? "\n" : mismatch ? "  [another type than WASI's]\n" : "  [unknown]\n");
  }
}

static void print_exports(struct program *program) {
  struct printer *out = &program->out;
  uint32_t count = wasm_module_export_count(program->module);
  print_text(out, "exports: ");
  print_u64(out, count);
  print_text(out, "\n");
  for (uint32_t i = 0; i < count; i++) {
    struct wasm_name name;
    struct wasm_externtype type;
    wasm_module_export(program->module, i, &name, &type);
    print_text(out, "  ");
    print_name(out, name);
    print_text(out, ": ");
    print_externtype(out, &type);
    print_text(out, "\n");
  }
}

static void print_size(struct printer *out, const char *what, uint64_t bytes) {
  print_text(out, what);
  print_u64(out, bytes);
  print_text(out, " bytes\n");
}

void program_inspect(struct program *program) {
  const struct abi_boot *boot = program->machine->boot;
  struct wasm_module_sizes sizes = wasm_module_sizes(program->module);
  struct printer *out = &program->out;
  print_text(out, "module: ");
  print_name(out, (struct wasm_name){boot_text(boot, boot->module_name), boot->module_name.length});
  print_text(out, "\n");
  print_size(out, "size: ", program->module_length);
  print_size(out, "code section: ", sizes.code_section_bytes);
  print_text(out, "functions: ");
  print_u64(out, sizes.functions);
  print_text(out, "\n");
  print_imports(program);
  print_exports(program);
}
