/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Linking: whether what is given for a module's imports fits (core spec 4.5.4, 3.2.8). */
#include "engine/store.h"

/* Limits match when they promise at least as much: no smaller, and no larger bound (core spec
 * 3.2.8). */
static bool limits_match(const struct wasm_limits *actual, const struct wasm_limits *wanted) {
  return actual->is_64 == wanted->is_64 && actual->min >= wanted->min &&
         (!wanted->has_max || (actual->has_max && actual->max <= wanted->max));
}

/* Current sizes count as minimum: a table or memory that has grown fits where its first size did
 * not. */
static bool import_matches(const struct wasm_module *module, const struct wasm_import_entry *import,
                           const struct wasm_extern *given) {
  struct wasm_externtype type;
  if (given->kind != import->kind)
    return false;
  wasm_extern_type(given, &type);
  switch (import->kind) {
  case WASM_EXTERN_FUNC:
    return given->func->type == module->type_numbers[module->func_types[import->index]];
  case WASM_EXTERN_TABLE:
    return type.valtype == module->tables[import->index].type &&
           limits_match(&type.limits, &module->tables[import->index].limits);
  case WASM_EXTERN_MEMORY:
    return limits_match(&type.limits, &module->memories[import->index]);
  case WASM_EXTERN_TAG:
    return given->tag->type == module->type_numbers[module->tag_types[import->index]];
  default:
    return type.valtype == module->globals[import->index].type &&
           type.is_mutable == module->globals[import->index].is_mutable;
  }
}

/* Names the first import that does not fit. */
enum wasm_status wasm_instance_check_imports(const struct wasm_module *module,
                                             const struct wasm_extern *imports,
                                             struct wasm_error *error) {
  static const char *const kinds[] = {"function", "table", "memory", "global", "tag"};
  for (uint32_t i = 0; i < module->import_count; i++) {
    const struct wasm_import_entry *import = &module->imports[i];
    const char *problem = NULL;
    if (imports[i].any == NULL)
      problem = "unknown import";
    else if (!import_matches(module, import, &imports[i]))
      problem = "incompatible import type";
    if (problem != NULL)
      return wasm_error_set(error, WASM_UNLINKABLE, 0, "%s: %s \"%.*s\" \"%.*s\"", problem,
                            kinds[import->kind], (int)import->space.length, import->space.bytes,
                            (int)import->name.length, import->name.bytes);
  }
  return WASM_OK;
}
