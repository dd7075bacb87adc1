/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The decoder's sections of imports and exports (core spec 5.5.5 and 5.5.10). */
#include "engine/decode.h"

/* Room for an import in its kind's index space: as many as there are imports, made when the first
 * of the kind comes. The arrays of defined entries grow from these. */
static bool reserve(struct wasm_decoder *decoder, void *array, uint32_t imports, size_t size) {
  void **place = array;
  if (*place == NULL)
    *place = wasm_decode_array(decoder, imports, size);
  return *place != NULL;
}

/* One function for each kind of import description (core spec 5.5.5). */
static void read_func_import(struct wasm_decoder *decoder, uint32_t imports) {
  struct wasm_module *module = decoder->module;
  uint32_t type = wasm_read_u32(&decoder->reader);
  if (wasm_reader_ok(&decoder->reader) && type >= module->type_count)
    wasm_reader_fail(&decoder->reader, WASM_INVALID, "unknown type %u", type);
  if (reserve(decoder, &module->func_types, imports, sizeof *module->func_types))
    module->func_types[module->func_count++] = type;
}

static void read_table_import(struct wasm_decoder *decoder, uint32_t imports) {
  struct wasm_module *module = decoder->module;
  if (reserve(decoder, &module->tables, imports, sizeof *module->tables))
    wasm_decode_table_type(decoder, &module->tables[module->table_count++]);
}

static void read_memory_import(struct wasm_decoder *decoder, uint32_t imports) {
  struct wasm_module *module = decoder->module;
  if (reserve(decoder, &module->memories, imports, sizeof *module->memories))
    wasm_decode_memory_type(decoder, &module->memories[module->memory_count++]);
}

static void read_global_import(struct wasm_decoder *decoder, uint32_t imports) {
  struct wasm_module *module = decoder->module;
  if (reserve(decoder, &module->globals, imports, sizeof *module->globals))
    wasm_decode_global_type(decoder, &module->globals[module->global_count++]);
}

static void read_tag_import(struct wasm_decoder *decoder, uint32_t imports) {
  struct wasm_module *module = decoder->module;
  if (reserve(decoder, &module->tag_types, imports, sizeof *module->tag_types))
    wasm_decode_tag_type(decoder, &module->tag_types[module->tag_count++]);
}

/* The index is noted before the description adds to its space. */
static void read_import(struct wasm_decoder *decoder, struct wasm_import_entry *import,
                        uint32_t imports) {
  struct wasm_module *module = decoder->module;
  struct wasm_reader *reader = &decoder->reader;
  import->space = wasm_read_name(reader);
  import->name = wasm_read_name(reader);
  uint8_t kind = wasm_read_u8(reader);
  if (!wasm_reader_ok(reader))
    return;
  import->kind = (enum wasm_externkind)kind;
  switch (kind) {
  case WASM_EXTERN_FUNC:
    import->index = module->func_count;
    read_func_import(decoder, imports);
    break;
  case WASM_EXTERN_TABLE:
    import->index = module->table_count;
    read_table_import(decoder, imports);
    break;
  case WASM_EXTERN_MEMORY:
    import->index = module->memory_count;
    read_memory_import(decoder, imports);
    break;
  case WASM_EXTERN_GLOBAL:
    import->index = module->global_count;
    read_global_import(decoder, imports);
    break;
  case WASM_EXTERN_TAG:
    import->index = module->tag_count;
    read_tag_import(decoder, imports);
    break;
  default:
    wasm_reader_fail_at(reader, reader->at - 1, WASM_MALFORMED, "malformed import kind 0x%x", kind);
  }
}

/* Imports of each kind come first in its index space, in their order. */
void wasm_decode_imports(struct wasm_decoder *decoder) {
  struct wasm_module *module = decoder->module;
  struct wasm_reader *reader = &decoder->reader;
  uint32_t count = wasm_read_count(reader, WASM_LIMITED_IMPORTS);
  module->imports = wasm_decode_array(decoder, count, sizeof *module->imports);
  for (uint32_t i = 0; i < count && wasm_reader_ok(reader); i++)
    read_import(decoder, &module->imports[module->import_count++], count);
  wasm_check_limit(reader, module->table_count, WASM_LIMITED_TABLES);
  wasm_check_limit(reader, module->memory_count, WASM_LIMITED_MEMORIES);
  module->func_import_count = module->func_count;
  module->table_import_count = module->table_count;
  module->memory_import_count = module->memory_count;
  module->global_import_count = module->global_count;
  module->tag_import_count = module->tag_count;
}

/* Entries of an index space: every kind an export may name (core spec 5.5.10). */
static uint32_t kind_count(const struct wasm_module *module, enum wasm_externkind kind) {
  switch (kind) {
  case WASM_EXTERN_FUNC:
    return module->func_count;
  case WASM_EXTERN_TABLE:
    return module->table_count;
  case WASM_EXTERN_MEMORY:
    return module->memory_count;
  case WASM_EXTERN_TAG:
    return module->tag_count;
  default:
    return module->global_count;
  }
}

/* Exporting a function also allows ref.func to name it (core spec 3.4.10, C.refs). */
static void read_export(struct wasm_decoder *decoder, struct wasm_export_entry *entry) {
  static const char *const kinds[] = {"function", "table", "memory", "global", "tag"};
  struct wasm_reader *reader = &decoder->reader;
  entry->name = wasm_read_name(reader);
  uint8_t kind = wasm_read_u8(reader);
  entry->index = wasm_read_u32(reader);
  if (!wasm_reader_ok(reader))
    return;
  if (kind > WASM_EXTERN_TAG) {
    wasm_reader_fail(reader, WASM_MALFORMED, "malformed export kind 0x%x", kind);
    return;
  }
  entry->kind = (enum wasm_externkind)kind;
  if (entry->index >= kind_count(decoder->module, entry->kind))
    wasm_reader_fail(reader, WASM_INVALID, "unknown %s %u", kinds[kind], entry->index);
  else if (entry->kind == WASM_EXTERN_FUNC)
    wasm_decode_declare(decoder, entry->index);
}

/* Lets order[at] sink to its place in the heap order[0 .. count): the largest name on top. */
static void sift_down(const struct wasm_export_entry *exports, uint32_t *order, size_t at,
                      size_t count) {
  for (;;) {
    size_t child = 2 * at + 1;
    if (child >= count)
      return;
    if (child + 1 < count &&
        wasm_name_compare(exports[order[child]].name, exports[order[child + 1]].name) < 0)
      child++;
    if (wasm_name_compare(exports[order[at]].name, exports[order[child]].name) >= 0)
      return;
    uint32_t sinking = order[at];
    order[at] = order[child];
    order[child] = sinking;
    at = child;
  }
}

/* Heap sort: a module cannot make it slow, as it could with a hash table of its names. */
static void sort_exports(const struct wasm_export_entry *exports, uint32_t *order, size_t count) {
  for (size_t i = 0; i < count; i++)
    order[i] = (uint32_t)i;
  for (size_t i = count / 2; i > 0; i--)
    sift_down(exports, order, i - 1, count);
  for (size_t last = count; last > 1; last--) {
    uint32_t largest = order[0];
    order[0] = order[last - 1];
    order[last - 1] = largest;
    sift_down(exports, order, 0, last - 1);
  }
}

/* Names must differ (core spec 3.4.10): equal ones are neighbours in the sorted order, which
 * lookups by name use afterwards. */
void wasm_decode_exports(struct wasm_decoder *decoder) {
  struct wasm_module *module = decoder->module;
  struct wasm_reader *reader = &decoder->reader;
  uint32_t count = wasm_read_count(reader, WASM_LIMITED_EXPORTS);
  module->exports = wasm_decode_array(decoder, count, sizeof *module->exports);
  module->export_order = wasm_decode_array(decoder, count, sizeof *module->export_order);
  for (uint32_t i = 0; i < count && wasm_reader_ok(reader); i++)
    read_export(decoder, &module->exports[module->export_count++]);
  if (!wasm_reader_ok(reader))
    return;
  sort_exports(module->exports, module->export_order, count);
  for (uint32_t i = 1; i < count; i++) {
    struct wasm_name name = module->exports[module->export_order[i]].name;
    if (wasm_name_compare(module->exports[module->export_order[i - 1]].name, name) == 0) {
      wasm_reader_fail(reader, WASM_INVALID, "duplicate export name \"%.*s\"", (int)name.length,
                       name.bytes);
      return;
    }
  }
}
