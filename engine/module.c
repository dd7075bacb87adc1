/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Questions to a loaded module: imports, exports, names. */
#include "engine/store.h"
#include "engine/types.h"

uint32_t wasm_module_import_count(const struct wasm_module *module) {
  return module->import_count;
}

uint32_t wasm_module_export_count(const struct wasm_module *module) {
  return module->export_count;
}

/* What an import wants or an export offers, by index in the kind's space. */
static void describe(const struct wasm_module *module, enum wasm_externkind kind, uint32_t index,
                     struct wasm_externtype *type) {
  memset(type, 0, sizeof *type);
  type->kind = kind;
  switch (kind) {
  case WASM_EXTERN_FUNC:
    type->func = module->types[module->func_types[index]];
    break;
  case WASM_EXTERN_TABLE:
    type->valtype = module->tables[index].type;
    type->limits = module->tables[index].limits;
    break;
  case WASM_EXTERN_MEMORY:
    type->limits = module->memories[index];
    break;
  case WASM_EXTERN_GLOBAL:
    type->valtype = module->globals[index].type;
    type->is_mutable = module->globals[index].is_mutable;
    break;
  case WASM_EXTERN_TAG:
    type->func = module->types[module->tag_types[index]];
    break;
  }
}

void wasm_module_import(const struct wasm_module *module, uint32_t index, struct wasm_name *space,
                        struct wasm_name *name, struct wasm_externtype *type) {
  const struct wasm_import_entry *import = &module->imports[index];
  *space = import->space;
  *name = import->name;
  describe(module, import->kind, import->index, type);
}

void wasm_module_export(const struct wasm_module *module, uint32_t index, struct wasm_name *name,
                        struct wasm_externtype *type) {
  const struct wasm_export_entry *entry = &module->exports[index];
  *name = entry->name;
  describe(module, entry->kind, entry->index, type);
}

/* Any total order will do; comparing lengths first is quick. */
int wasm_name_compare(struct wasm_name a, struct wasm_name b) {
  if (a.length != b.length)
    return a.length < b.length ? -1 : 1;
  return memcmp(a.bytes, b.bytes, a.length);
}

/* Binary search in the order the decoder has made. */
const struct wasm_export_entry *wasm_module_find_export(const struct wasm_module *module,
                                                        struct wasm_name name) {
  uint32_t low = 0, high = module->export_count;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    const struct wasm_export_entry *entry = &module->exports[module->export_order[middle]];
    int order = wasm_name_compare(name, entry->name);
    if (order == 0)
      return entry;
    if (order < 0)
      high = middle;
    else
      low = middle + 1;
  }
  return NULL;
}

/* ---- The name section (core spec, appendix "Custom Sections") ------------------------------ */

#define NAME_SUBSECTION_FUNCTIONS 1

/* Looks a function up in a name map: pairs of index and name, in ascending order of indices. */
static struct wasm_name find_in_map(struct wasm_reader *reader, uint32_t function) {
  uint32_t count = wasm_read_u32(reader);
  for (uint32_t i = 0; i < count && wasm_reader_ok(reader); i++) {
    uint32_t index = wasm_read_u32(reader);
    struct wasm_name name = wasm_read_name(reader);
    if (wasm_reader_ok(reader) && index == function)
      return name;
    if (index > function)
      break;
  }
  return (struct wasm_name){"", 0};
}

/* The section is only a help for people: what is broken in it counts as not there. */
static struct wasm_name find_in_name_section(const struct wasm_module *module, uint32_t function) {
  struct wasm_error error;
  wasm_error_clear(&error);
  const uint8_t *section = (const uint8_t *)module->name_section.bytes;
  struct wasm_reader reader =
      wasm_reader_make(section, section, module->name_section.length, &error);
  while (wasm_reader_ok(&reader) && wasm_reader_left(&reader) > 0) {
    uint8_t id = wasm_read_u8(&reader);
    uint32_t length = wasm_read_u32(&reader);
    const uint8_t *content = wasm_read_bytes(&reader, length);
    if (content == NULL || id != NAME_SUBSECTION_FUNCTIONS)
      continue;
    struct wasm_reader map = wasm_reader_make(section, content, length, &error);
    return find_in_map(&map, function);
  }
  return (struct wasm_name){"", 0};
}

/* Nothing is cached: names are asked for only when something went wrong. */
struct wasm_name wasm_module_function_name(const struct wasm_module *module, uint32_t function) {
  struct wasm_name name = {"", 0};
  if (module->name_section.length > 0)
    name = find_in_name_section(module, function);
  for (uint32_t i = 0; i < module->export_count && name.length == 0; i++)
    if (module->exports[i].kind == WASM_EXTERN_FUNC && module->exports[i].index == function)
      name = module->exports[i].name;
  return name;
}
