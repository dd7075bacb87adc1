/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Types and vector counts as they stand in a module. */
#include "engine/types.h"

const char *wasm_valtype_text(uint8_t type) {
  switch (type) {
  case WASM_I32:
    return "i32";
  case WASM_I64:
    return "i64";
  case WASM_F32:
    return "f32";
  case WASM_F64:
    return "f64";
  case WASM_V128:
    return "v128";
  case WASM_FUNCREF:
    return "funcref";
  case WASM_EXTERNREF:
    return "externref";
  case WASM_EXNREF:
    return "exnref";
  default:
    return "unknown type";
  }
}

/* What a byte in a type's place stands for in WebAssembly 3.0 beyond what this engine has. NULL:
 * nothing. */
static const char *proposal_of_type(uint8_t byte) {
  switch (byte) {
  case 0x63: /* (ref null ht) */
  case 0x64: /* (ref ht) */
    return "typed references";
  case 0x6a: /* arrayref */
  case 0x6b: /* structref */
  case 0x6c: /* i31ref */
  case 0x6d: /* eqref */
  case 0x6e: /* anyref */
  case 0x71: /* nullref */
  case 0x72: /* nullexternref */
  case 0x73: /* nullfuncref */
  case 0x74: /* nullexnref */
    return "garbage collection types";
  default:
    return NULL;
  }
}

/* Fails for a byte, the one before the cursor, that is no type of ours. */
static uint8_t fail_type(struct wasm_reader *reader, uint8_t byte, const char *what) {
  const char *proposal = proposal_of_type(byte);
  if (proposal != NULL)
    wasm_reader_fail_at(reader, reader->at - 1, WASM_UNSUPPORTED, "%s are not supported", proposal);
  else
    wasm_reader_fail_at(reader, reader->at - 1, WASM_MALFORMED, "malformed %s 0x%x", what, byte);
  return 0;
}

/* The bytes of number types and of v128 are neighbours, 0x7b to 0x7f (core spec 5.3.1, 5.3.2). */
uint8_t wasm_read_valtype(struct wasm_reader *reader) {
  uint8_t byte = wasm_read_u8(reader);
  if ((byte >= WASM_V128 && byte <= WASM_I32) || wasm_is_reference(byte) || !wasm_reader_ok(reader))
    return byte;
  return fail_type(reader, byte, "value type");
}

uint8_t wasm_read_reftype(struct wasm_reader *reader) {
  uint8_t byte = wasm_read_u8(reader);
  if (wasm_is_reference(byte) || !wasm_reader_ok(reader))
    return byte;
  return fail_type(reader, byte, "reference type");
}

uint8_t wasm_read_heaptype(struct wasm_reader *reader) {
  const uint8_t *start = reader->at;
  int64_t number = wasm_read_s33(reader);
  if (!wasm_reader_ok(reader))
    return 0;
  if (number >= 0) {
    wasm_reader_fail_at(reader, start, WASM_UNSUPPORTED, "typed references are not supported");
    return 0;
  }
  /* Abstract heap types share the bytes of the nullable references to them. */
  uint8_t byte = number >= -64 ? (uint8_t)(number & 0x7f) : 0;
  if (wasm_is_reference(byte))
    return byte;
  return fail_type(reader, byte, "heap type");
}

const struct wasm_limit_entry wasm_limits[] = {
#define LIMIT(name, value, text) {value, text},
#include "engine/limits.def"
#undef LIMIT
};

void wasm_check_limit(struct wasm_reader *reader, uint64_t count, enum wasm_limit limit) {
  if (wasm_reader_ok(reader) && count > wasm_limits[limit].value)
    wasm_reader_fail(reader, WASM_UNSUPPORTED, "%llu %s; the limit is %u",
                     (unsigned long long)count, wasm_limits[limit].text, wasm_limits[limit].value);
}

/* Checked before anything is allocated by it: a few bytes cannot ask for gigabytes. */
uint32_t wasm_read_count(struct wasm_reader *reader, enum wasm_limit limit) {
  uint32_t count = wasm_read_u32(reader);
  if (count > wasm_reader_left(reader))
    wasm_reader_fail_end(reader);
  wasm_check_limit(reader, count, limit);
  return wasm_reader_ok(reader) ? count : 0;
}
