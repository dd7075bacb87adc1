/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The decoder's sections of element and data segments (core spec 5.5.12 and 5.5.14). */
#include "engine/decode.h"

/* The bits of an element segment's flags. */
enum {
  ELEM_NOT_ACTIVE = 1,
  ELEM_EXPLICIT = 2, /* active: a table index follows; else: declarative */
  ELEM_EXPRESSIONS = 4,
  ELEM_FLAGS_MAX = 7,
};

/* The table or memory of an active segment, 0 where it is implied. */
static uint32_t read_place(struct wasm_reader *reader, bool is_explicit, uint32_t count,
                           const char *what) {
  uint32_t index = is_explicit ? wasm_read_u32(reader) : 0;
  if (wasm_reader_ok(reader) && index >= count)
    wasm_reader_fail(reader, WASM_INVALID, "unknown %s %u", what, index);
  return index;
}

/* An offset has the type of addresses there. */
static void read_offset(struct wasm_reader *reader, const struct wasm_module *module,
                        const struct wasm_limits *limits, struct wasm_const *offset) {
  wasm_read_const(reader, module, wasm_address_type(limits), offset);
}

/* The type of the entries. Both kinds of segments leave it out in their oldest form; the one of
 * function indices has an "element kind" in its place, of which there is only 0. */
static uint8_t read_elem_type(struct wasm_reader *reader, uint8_t flags) {
  if ((flags & (ELEM_NOT_ACTIVE | ELEM_EXPLICIT)) == 0)
    return WASM_FUNCREF;
  if ((flags & ELEM_EXPRESSIONS) != 0)
    return wasm_read_reftype(reader);
  uint8_t kind = wasm_read_u8(reader);
  if (wasm_reader_ok(reader) && kind != 0)
    wasm_reader_fail_at(reader, reader->at - 1, WASM_MALFORMED, "malformed element kind 0x%x",
                        kind);
  return WASM_FUNCREF;
}

/* An entry of either form; functions named here may be named by ref.func, too. */
static void read_elem_entry(struct wasm_decoder *decoder, const struct wasm_elem_entry *elem) {
  struct wasm_reader *reader = &decoder->reader;
  struct wasm_const value = {.kind = WASM_CONST_FUNC};
  if (elem->is_expressions) {
    wasm_read_const(reader, decoder->module, elem->type, &value);
  } else {
    value.index = wasm_read_u32(reader);
    if (wasm_reader_ok(reader) && value.index >= decoder->module->func_count)
      wasm_reader_fail(reader, WASM_INVALID, "unknown function %u", value.index);
  }
  if (value.kind == WASM_CONST_FUNC)
    wasm_decode_declare(decoder, value.index);
}

/* The eight forms (core spec 5.5.12) differ in what they leave out, by the bits of their flags. */
static void read_elem(struct wasm_decoder *decoder, struct wasm_elem_entry *elem) {
  struct wasm_module *module = decoder->module;
  struct wasm_reader *reader = &decoder->reader;
  const uint8_t *start = reader->at;
  uint32_t flags = wasm_read_u32(reader);
  if (flags > ELEM_FLAGS_MAX) {
    wasm_reader_fail_at(reader, start, WASM_MALFORMED, "malformed elements segment kind %u", flags);
    return;
  }
  elem->is_expressions = (flags & ELEM_EXPRESSIONS) != 0;
  if ((flags & ELEM_NOT_ACTIVE) != 0)
    elem->mode = (flags & ELEM_EXPLICIT) != 0 ? WASM_SEGMENT_DECLARATIVE : WASM_SEGMENT_PASSIVE;
  else
    elem->mode = WASM_SEGMENT_ACTIVE;
  if (elem->mode == WASM_SEGMENT_ACTIVE)
    elem->table = read_place(reader, (flags & ELEM_EXPLICIT) != 0, module->table_count, "table");
  if (elem->mode == WASM_SEGMENT_ACTIVE && wasm_reader_ok(reader))
    read_offset(reader, module, &module->tables[elem->table].limits, &elem->offset);
  elem->type = read_elem_type(reader, (uint8_t)flags);
  if (wasm_reader_ok(reader) && elem->mode == WASM_SEGMENT_ACTIVE &&
      elem->type != module->tables[elem->table].type)
    wasm_reader_fail(reader, WASM_INVALID, "type mismatch: elements of type %s for a table of %s",
                     wasm_valtype_text(elem->type),
                     wasm_valtype_text(module->tables[elem->table].type));
  elem->count = wasm_read_count(reader, WASM_LIMITED_SEGMENT_ELEMENTS);
  elem->bytes = reader->at;
  for (uint32_t i = 0; i < elem->count && wasm_reader_ok(reader); i++)
    read_elem_entry(decoder, elem);
  elem->length = (uint32_t)(reader->at - elem->bytes);
}

/* Entries stay where they are: only their place and number is kept. */
void wasm_decode_elems(struct wasm_decoder *decoder) {
  struct wasm_module *module = decoder->module;
  struct wasm_reader *reader = &decoder->reader;
  uint32_t count = wasm_read_count(reader, WASM_LIMITED_ELEM_SEGMENTS);
  module->elems = wasm_decode_array(decoder, count, sizeof *module->elems);
  for (uint32_t i = 0; i < count && wasm_reader_ok(reader); i++)
    read_elem(decoder, &module->elems[module->elem_count++]);
}

void wasm_read_data(struct wasm_reader *reader, const struct wasm_module *module,
                    struct wasm_data_entry *data) {
  memset(data, 0, sizeof *data);
  const uint8_t *start = reader->at;
  uint32_t flags = wasm_read_u32(reader); /* 0: active, 1: passive, 2: active, memory named */
  if (flags > 2) {
    wasm_reader_fail_at(reader, start, WASM_MALFORMED, "malformed data segment kind %u", flags);
    return;
  }
  data->mode = flags == 1 ? WASM_SEGMENT_PASSIVE : WASM_SEGMENT_ACTIVE;
  if (data->mode == WASM_SEGMENT_ACTIVE)
    data->memory = read_place(reader, flags == 2, module->memory_count, "memory");
  if (data->mode == WASM_SEGMENT_ACTIVE && wasm_reader_ok(reader))
    read_offset(reader, module, &module->memories[data->memory], &data->offset);
  data->length = wasm_read_u32(reader);
  data->bytes = wasm_read_bytes(reader, data->length);
}

/* Checked once here, so that reading them again at instantiation cannot fail. */
void wasm_decode_datas(struct wasm_decoder *decoder) {
  struct wasm_module *module = decoder->module;
  struct wasm_reader *reader = &decoder->reader;
  module->data_count = wasm_read_count(reader, WASM_LIMITED_DATA_SEGMENTS);
  module->data_bytes = reader->at;
  module->data_bytes_length = (uint32_t)wasm_reader_left(reader);
  for (uint32_t i = 0; i < module->data_count && wasm_reader_ok(reader); i++) {
    struct wasm_data_entry data;
    wasm_read_data(reader, module, &data);
  }
}
