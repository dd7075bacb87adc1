/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The decoder's sections of types, tables, memories and globals (core spec 5.5.4 to 5.5.9). */
#include "engine/decode.h"

/* First bytes of a type definition; all but the function form belong to garbage collection
 * (WebAssembly 3.0). The last one starts a table with an initial value. */
enum {
  FORM_ARRAY = 0x5e,
  FORM_STRUCT = 0x5f,
  FORM_FUNC = 0x60,
  FORM_REC = 0x4e,
  FORM_SUB_FINAL = 0x4f,
  FORM_SUB = 0x50,
  TABLE_WITH_INIT = 0x40,
};

/* Value types are single bytes, so a checked vector of them serves in place. */
static const uint8_t *read_valtypes(struct wasm_reader *reader, enum wasm_limit limit,
                                    uint32_t *count) {
  *count = wasm_read_count(reader, limit);
  const uint8_t *types = reader->at;
  for (uint32_t i = 0; i < *count && wasm_reader_ok(reader); i++)
    wasm_read_valtype(reader);
  return types;
}

/* After an unknown form the rest is not read: the cursor stands at its end. */
static void read_functype(struct wasm_reader *reader, struct wasm_functype *type) {
  uint8_t form = wasm_read_u8(reader);
  if (!wasm_reader_ok(reader))
    return;
  if (form == FORM_ARRAY || form == FORM_STRUCT || form == FORM_REC || form == FORM_SUB ||
      form == FORM_SUB_FINAL)
    wasm_reader_fail_at(reader, reader->at - 1, WASM_UNSUPPORTED,
                        "garbage collection types are not supported");
  else if (form != FORM_FUNC)
    wasm_reader_fail_at(reader, reader->at - 1, WASM_MALFORMED, "malformed type form 0x%x", form);
  type->params = read_valtypes(reader, WASM_LIMITED_PARAMS, &type->param_count);
  type->results = read_valtypes(reader, WASM_LIMITED_RESULTS, &type->result_count);
}

/* Each type also gets its store-wide number, with which code compares types at run time. */
void wasm_decode_types(struct wasm_decoder *decoder) {
  struct wasm_module *module = decoder->module;
  struct wasm_reader *reader = &decoder->reader;
  uint32_t count = wasm_read_count(reader, WASM_LIMITED_TYPES);
  module->types = wasm_decode_array(decoder, count, sizeof *module->types);
  module->type_numbers = wasm_decode_array(decoder, count, sizeof *module->type_numbers);
  for (uint32_t i = 0; i < count && wasm_reader_ok(reader); i++) {
    struct wasm_functype *type = &module->types[i];
    read_functype(reader, type);
    if (wasm_reader_ok(reader) &&
        !wasm_store_type_number(module->store, type, &module->type_numbers[i]))
      wasm_reader_fail(reader, WASM_NO_MEMORY, "no memory for function types");
    module->type_count = i + 1;
  }
}

/* Limits (core spec 5.3.7): bit 0 says that a maximum follows, bit 2 that addresses have 64 bits;
 * bit 1 belongs to threads. Both numbers are read as 64 bits wide and then checked. */
static void read_limits(struct wasm_reader *reader, struct wasm_limits *limits, const char *what,
                        uint64_t range_32, uint64_t range_64) {
  const uint8_t *start = reader->at;
  uint8_t flags = wasm_read_u8(reader);
  if (!wasm_reader_ok(reader))
    return;
  if (flags > 7 || (flags & 2) != 0) {
    wasm_reader_fail_at(reader, start, WASM_MALFORMED, "malformed limits flags 0x%x%s", flags,
                        flags <= 7 ? " (shared memories are not supported)" : "");
    return;
  }
  limits->is_64 = (flags & 4) != 0;
  uint64_t range = limits->is_64 ? range_64 : range_32;
  limits->min = wasm_read_u64(reader);
  limits->has_max = (flags & 1) != 0;
  limits->max = limits->has_max ? wasm_read_u64(reader) : 0;
  if (!wasm_reader_ok(reader))
    return;
  if (limits->min > range || limits->max > range)
    wasm_reader_fail_at(reader, start, WASM_INVALID, "%s size must be at most %llu", what,
                        (unsigned long long)range);
  else if (limits->has_max && limits->min > limits->max)
    wasm_reader_fail_at(reader, start, WASM_INVALID,
                        "%s size minimum must not be greater than maximum", what);
}

/* Tables have 32-bit or 64-bit indices (core spec 3.2.4); how many elements one may really have is
 * a limit that counts when it is made. */
void wasm_decode_table_type(struct wasm_decoder *decoder, struct wasm_table_entry *entry) {
  entry->type = wasm_read_reftype(&decoder->reader);
  read_limits(&decoder->reader, &entry->limits, "table", UINT32_MAX, UINT64_MAX);
}

void wasm_decode_tables(struct wasm_decoder *decoder) {
  struct wasm_module *module = decoder->module;
  struct wasm_reader *reader = &decoder->reader;
  uint32_t count = wasm_read_count(reader, WASM_LIMITED_TABLES);
  wasm_check_limit(reader, (uint64_t)module->table_count + count, WASM_LIMITED_TABLES);
  if (!wasm_decode_extend(decoder, &module->tables, module->table_count, count,
                          sizeof *module->tables))
    return;
  for (uint32_t i = 0; i < count && wasm_reader_ok(reader); i++) {
    if (wasm_reader_left(reader) > 0 && *reader->at == TABLE_WITH_INIT)
      wasm_reader_fail(reader, WASM_UNSUPPORTED,
                       "typed references (a table with an initial value) are not supported");
    wasm_decode_table_type(decoder, &module->tables[module->table_count++]);
  }
}

/* All that 32 or 64 bits can address (core spec 3.2.5). */
void wasm_decode_memory_type(struct wasm_decoder *decoder, struct wasm_limits *limits) {
  read_limits(&decoder->reader, limits, "memory", WASM_MEMORY_MAX_PAGES, WASM_MEMORY64_RANGE);
}

void wasm_decode_memories(struct wasm_decoder *decoder) {
  struct wasm_module *module = decoder->module;
  struct wasm_reader *reader = &decoder->reader;
  uint32_t count = wasm_read_count(reader, WASM_LIMITED_MEMORIES);
  wasm_check_limit(reader, (uint64_t)module->memory_count + count, WASM_LIMITED_MEMORIES);
  if (!wasm_decode_extend(decoder, &module->memories, module->memory_count, count,
                          sizeof *module->memories))
    return;
  for (uint32_t i = 0; i < count && wasm_reader_ok(reader); i++)
    wasm_decode_memory_type(decoder, &module->memories[module->memory_count++]);
}

/* Value type, then 0 for a constant or 1 for a variable (core spec 5.3.10). */
void wasm_decode_global_type(struct wasm_decoder *decoder, struct wasm_global_entry *entry) {
  struct wasm_reader *reader = &decoder->reader;
  entry->type = wasm_read_valtype(reader);
  uint8_t mutability = wasm_read_u8(reader);
  entry->is_mutable = mutability == 1;
  if (wasm_reader_ok(reader) && mutability > 1)
    wasm_reader_fail_at(reader, reader->at - 1, WASM_MALFORMED, "malformed mutability 0x%x",
                        mutability);
}

void wasm_decode_globals(struct wasm_decoder *decoder) {
  struct wasm_module *module = decoder->module;
  struct wasm_reader *reader = &decoder->reader;
  uint32_t count = wasm_read_count(reader, WASM_LIMITED_GLOBALS);
  wasm_check_limit(reader, (uint64_t)module->global_count + count, WASM_LIMITED_GLOBALS);
  if (!wasm_decode_extend(decoder, &module->globals, module->global_count, count,
                          sizeof *module->globals))
    return;
  for (uint32_t i = 0; i < count && wasm_reader_ok(reader); i++) {
    struct wasm_global_entry *global = &module->globals[module->global_count];
    wasm_decode_global_type(decoder, global);
    wasm_read_const(reader, module, global->type, &global->init);
    if (global->init.kind == WASM_CONST_FUNC)
      wasm_decode_declare(decoder, global->init.index);
    module->global_count++; /* from now on the expressions that follow may name it */
  }
}

/* An attribute, of which there is only 0, and a function type without results (WebAssembly 3.0,
 * 5.3.17 and 3.2.14). */
void wasm_decode_tag_type(struct wasm_decoder *decoder, uint32_t *type) {
  struct wasm_reader *reader = &decoder->reader;
  uint8_t attribute = wasm_read_u8(reader);
  if (wasm_reader_ok(reader) && attribute != 0)
    wasm_reader_fail_at(reader, reader->at - 1, WASM_MALFORMED, "malformed tag attribute 0x%x",
                        attribute);
  *type = wasm_read_u32(reader);
  if (wasm_reader_ok(reader) && *type >= decoder->module->type_count)
    wasm_reader_fail(reader, WASM_INVALID, "unknown type %u", *type);
  else if (wasm_reader_ok(reader) && decoder->module->types[*type].result_count > 0)
    wasm_reader_fail(reader, WASM_INVALID, "non-empty tag result type: type %u", *type);
}
