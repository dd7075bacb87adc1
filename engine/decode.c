/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The decoder: a module's sections in order (core spec 5.5), checked against each other and, but
 * for function bodies, validated (3.4). Bodies belong to the function compiler. */
#include "engine/decode.h"

/* Memory that runs out is an error of the cursor like any other: decoding stops by itself. */
void *wasm_decode_array(struct wasm_decoder *decoder, size_t count, size_t size) {
  void *array = wasm_arena_array(&decoder->module->arena, count, size);
  if (array == NULL)
    wasm_reader_fail(&decoder->reader, WASM_NO_MEMORY, "no memory for the module's tables");
  return array;
}

/* Index spaces start with the imports, whose number is known first; the definitions come behind
 * in a second array. */
bool wasm_decode_extend(struct wasm_decoder *decoder, void *array, uint32_t count, uint32_t more,
                        size_t size) {
  void *grown = wasm_decode_array(decoder, (size_t)count + more, size);
  if (grown == NULL)
    return false;
  void **old = array;
  if (count > 0)
    memcpy(grown, *old, count * size);
  *old = grown;
  return true;
}

/* The array is made when it is first needed: the number of functions is final by then, as all
 * sections that may declare one come after the function section. */
void wasm_decode_declare(struct wasm_decoder *decoder, uint32_t function) {
  struct wasm_module *module = decoder->module;
  if (!wasm_reader_ok(&decoder->reader))
    return;
  if (module->func_declared == NULL)
    module->func_declared = wasm_decode_array(decoder, module->func_count, 1);
  if (module->func_declared != NULL)
    module->func_declared[function] = 1;
}

static void decode_custom(struct wasm_decoder *decoder) {
  struct wasm_reader *reader = &decoder->reader;
  struct wasm_name name = wasm_read_name(reader);
  /* What the content means is no matter of validity; a broken one is ignored where it is used. */
  if (wasm_reader_ok(reader) && name.length == 4 && memcmp(name.bytes, "name", 4) == 0)
    decoder->module->name_section =
        (struct wasm_name){(const char *)reader->at, (uint32_t)wasm_reader_left(reader)};
  reader->at = reader->end;
}

/* Types of the functions whose bodies the code section has (core spec 5.5.6). */
static void decode_functions(struct wasm_decoder *decoder) {
  struct wasm_module *module = decoder->module;
  struct wasm_reader *reader = &decoder->reader;
  uint32_t count = wasm_read_count(reader, WASM_LIMITED_FUNCTIONS);
  wasm_check_limit(reader, (uint64_t)module->func_count + count, WASM_LIMITED_FUNCTIONS);
  if (!wasm_decode_extend(decoder, &module->func_types, module->func_count, count,
                          sizeof *module->func_types))
    return;
  for (uint32_t i = 0; i < count && wasm_reader_ok(reader); i++) {
    uint32_t type = wasm_read_u32(reader);
    if (wasm_reader_ok(reader) && type >= module->type_count)
      wasm_reader_fail(reader, WASM_INVALID, "unknown type %u", type);
    module->func_types[module->func_count++] = type;
  }
  decoder->defined_count = count;
}

/* The start function takes and gives nothing (core spec 3.4.7). */
static void decode_start(struct wasm_decoder *decoder) {
  struct wasm_module *module = decoder->module;
  struct wasm_reader *reader = &decoder->reader;
  module->start = wasm_read_u32(reader);
  if (!wasm_reader_ok(reader))
    return;
  if (module->start >= module->func_count) {
    wasm_reader_fail(reader, WASM_INVALID, "unknown function %u", module->start);
    return;
  }
  const struct wasm_functype *type = &module->types[module->func_types[module->start]];
  if (type->param_count != 0 || type->result_count != 0)
    wasm_reader_fail(reader, WASM_INVALID, "the start function has parameters or results");
  module->has_start = true;
}

/* What exceptions carry (WebAssembly 3.0, 5.5.7). */
static void decode_tags(struct wasm_decoder *decoder) {
  struct wasm_module *module = decoder->module;
  struct wasm_reader *reader = &decoder->reader;
  uint32_t count = wasm_read_count(reader, WASM_LIMITED_TAGS);
  wasm_check_limit(reader, (uint64_t)module->tag_count + count, WASM_LIMITED_TAGS);
  if (!wasm_decode_extend(decoder, &module->tag_types, module->tag_count, count,
                          sizeof *module->tag_types))
    return;
  for (uint32_t i = 0; i < count && wasm_reader_ok(reader); i++)
    wasm_decode_tag_type(decoder, &module->tag_types[module->tag_count++]);
}

/* The number of data segments in advance, for one pass over the code (core spec 5.5.15). */
static void decode_data_count(struct wasm_decoder *decoder) {
  decoder->data_count = wasm_read_u32(&decoder->reader);
  decoder->module->has_data_count = true;
  /* The function compiler checks segment numbers against this before any segment is seen. */
  wasm_check_limit(&decoder->reader, decoder->data_count, WASM_LIMITED_DATA_SEGMENTS);
}

/* Only cuts the bodies apart; what is in them the function compiler reads (core spec 5.5.13). */
static void decode_code(struct wasm_decoder *decoder) {
  struct wasm_module *module = decoder->module;
  struct wasm_reader *reader = &decoder->reader;
  module->code_section_bytes = wasm_reader_left(reader);
  uint32_t count = wasm_read_count(reader, WASM_LIMITED_FUNCTIONS);
  module->bodies = wasm_decode_array(decoder, count, sizeof *module->bodies);
  for (uint32_t i = 0; i < count && wasm_reader_ok(reader); i++) {
    uint32_t length = wasm_read_u32(reader);
    module->bodies[i] = (struct wasm_body){wasm_read_bytes(reader, length), length};
    wasm_check_limit(reader, length, WASM_LIMITED_BODY_BYTES);
  }
  decoder->body_count = count;
}

/* Sections by their number. `order` is the place among the others: each at most once, ascending;
 * custom sections may stand anywhere (core spec 5.5.2). */
static const struct section {
  uint8_t order;
  void (*decode)(struct wasm_decoder *decoder);
} sections[] = {
    [0] = {0, decode_custom},    [1] = {1, wasm_decode_types},   [2] = {2, wasm_decode_imports},
    [3] = {3, decode_functions}, [4] = {4, wasm_decode_tables},  [5] = {5, wasm_decode_memories},
    [13] = {6, decode_tags},     [6] = {7, wasm_decode_globals}, [7] = {8, wasm_decode_exports},
    [8] = {9, decode_start},     [9] = {10, wasm_decode_elems},  [12] = {11, decode_data_count},
    [10] = {12, decode_code},    [11] = {13, wasm_decode_datas},
};

/* Reads one section of the module; `outer` stands at its number. */
static void decode_section(struct wasm_decoder *decoder, struct wasm_reader *outer,
                           uint8_t *last_order) {
  const uint8_t *start = outer->at;
  uint8_t id = wasm_read_u8(outer);
  uint32_t length = wasm_read_u32(outer);
  if (!wasm_reader_ok(outer))
    return;
  if (id >= sizeof sections / sizeof sections[0]) {
    wasm_reader_fail_at(outer, start, WASM_MALFORMED, "malformed section id %u", id);
    return;
  }
  if (id != 0 && sections[id].order <= *last_order) {
    wasm_reader_fail_at(outer, start, WASM_MALFORMED,
                        "unexpected content: section %u is repeated or out of order", id);
    return;
  }
  if (id != 0)
    *last_order = sections[id].order;
  /* The section gets a cursor of its own, so that nothing in it can reach beyond its end. */
  const uint8_t *content = wasm_read_bytes(outer, length);
  if (content == NULL)
    return;
  decoder->reader = wasm_reader_make(outer->module, content, length, outer->error);
  sections[id].decode(decoder);
  if (wasm_reader_ok(outer) && wasm_reader_left(&decoder->reader) != 0)
    wasm_reader_fail(&decoder->reader, WASM_MALFORMED,
                     "section size mismatch: %llu bytes are left in section %u",
                     (unsigned long long)wasm_reader_left(&decoder->reader), id);
}

/* What only the whole module shows (core spec 5.5.16). */
static void check_whole(struct wasm_decoder *decoder, struct wasm_reader *reader) {
  struct wasm_module *module = decoder->module;
  if (decoder->defined_count != decoder->body_count)
    wasm_reader_fail(reader, WASM_MALFORMED,
                     "function and code section have inconsistent lengths: %u and %u",
                     decoder->defined_count, decoder->body_count);
  else if (module->has_data_count && decoder->data_count != module->data_count)
    wasm_reader_fail(reader, WASM_MALFORMED,
                     "data count and data section have inconsistent lengths: %u and %u",
                     decoder->data_count, module->data_count);
  else if (module->func_declared == NULL)
    module->func_declared = wasm_decode_array(decoder, module->func_count, 1);
}

/* Magic and version (core spec 5.5.16). */
static void decode_header(struct wasm_reader *reader) {
  const uint8_t *magic = wasm_read_bytes(reader, 4);
  if (magic == NULL || memcmp(magic, "\0asm", 4) != 0) {
    wasm_error_clear(reader->error);
    wasm_reader_fail_at(reader, reader->module, WASM_MALFORMED,
                        "magic header not detected: this is no WebAssembly module");
    return;
  }
  /* Components share the magic; their version field's upper half is the layer, 1. */
  uint32_t version = wasm_read_word32(reader);
  if (wasm_reader_ok(reader) && version == 0x1000d)
    wasm_reader_fail_at(reader, reader->module + 4, WASM_MALFORMED,
                        "unknown binary version: this is a component, not a core module");
  else if (wasm_reader_ok(reader) && version != 1)
    wasm_reader_fail_at(reader, reader->module + 4, WASM_MALFORMED, "unknown binary version %u",
                        version);
}

/* The first error ends decoding, so a module that is both invalid and, further on, malformed is
 * called invalid. */
enum wasm_status wasm_module_decode(struct wasm_module *module, struct wasm_error *error) {
  wasm_error_clear(error);
  struct wasm_reader reader = wasm_reader_make(module->bytes, module->bytes, module->length, error);
  wasm_check_limit(&reader, module->length, WASM_LIMITED_MODULE_BYTES);
  if (wasm_reader_ok(&reader))
    decode_header(&reader);

  struct wasm_decoder decoder = {.module = module, .reader = reader};
  uint8_t last_order = 0;
  while (wasm_reader_ok(&reader) && wasm_reader_left(&reader) > 0)
    decode_section(&decoder, &reader, &last_order);
  if (wasm_reader_ok(&reader))
    check_whole(&decoder, &reader);
  return error->status;
}
