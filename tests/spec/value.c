/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Constants and expected results of test scripts. Floats are handled as bits all the way. */
#include "tests/spec/value.h"

#include <string.h>

/* A floating-point format of IEEE 754. */
struct format {
  unsigned mantissa_bits;
  int exponent_max; /* of finite numbers; the bias, too */
  unsigned width;
};
static const struct format binary32 = {23, 127, 32};
static const struct format binary64 = {52, 1023, 64};

struct text {
  const char *at;
  const char *end;
};

static bool skip(struct text *text, const char *prefix) {
  size_t length = strlen(prefix);
  if ((size_t)(text->end - text->at) < length || memcmp(text->at, prefix, length) != 0)
    return false;
  text->at += length;
  return true;
}

static int digit_of(char c, unsigned base) {
  int digit = c >= '0' && c <= '9'   ? c - '0'
              : c >= 'a' && c <= 'f' ? c - 'a' + 10
              : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                     : -1;
  return digit >= 0 && (unsigned)digit < base ? digit : -1;
}

/* Reads digits, with '_' between them, onto *value. Returns how many. */
static unsigned read_digits(struct text *text, unsigned base, uint64_t *value) {
  unsigned count = 0;
  for (; text->at < text->end; text->at++) {
    if (*text->at == '_' && count > 0)
      continue;
    int digit = digit_of(*text->at, base);
    if (digit < 0)
      break;
    *value = *value * base + (unsigned)digit;
    count++;
  }
  return count;
}

static bool read_number(struct text *text, uint64_t *value) {
  *value = 0;
  return read_digits(text, skip(text, "0x") ? 16 : 10, value) > 0;
}

static bool read_integer(struct text text, unsigned width, uint64_t *bits) {
  bool negative = skip(&text, "-");
  if (!negative)
    skip(&text, "+");
  if (!read_number(&text, bits) || text.at != text.end)
    return false;
  if (negative)
    *bits = 0 - *bits;
  if (width < 64)
    *bits &= ((uint64_t)1 << width) - 1;
  return true;
}

/* The bits of mantissa * 2^exponent, which must be exact: scripts print floats exactly. */
static bool encode(const struct format *format, uint64_t mantissa, int64_t exponent,
                   uint64_t *bits) {
  *bits = 0;
  if (mantissa == 0)
    return true;
  /* Move the mantissa's highest bit to its place, or as far as a subnormal's exponent allows. */
  int64_t lowest = 1 - format->exponent_max - (int64_t)format->mantissa_bits;
  while ((mantissa >> format->mantissa_bits) > 1 || exponent < lowest) {
    if ((mantissa & 1) != 0)
      return false;
    mantissa >>= 1;
    exponent++;
  }
  while ((mantissa >> format->mantissa_bits) == 0 && exponent > lowest) {
    mantissa <<= 1;
    exponent--;
  }
  if (exponent + (int64_t)format->mantissa_bits > format->exponent_max)
    return false;
  /* With its hidden bit the mantissa adds the first one of the exponent's field. */
  *bits = ((uint64_t)(exponent - lowest) << format->mantissa_bits) + mantissa;
  return true;
}

/* Hexadecimal floats: 0x1.8p+3. */
static bool read_hex_float(struct text *text, const struct format *format, uint64_t *bits) {
  uint64_t mantissa = 0, power = 0;
  int64_t exponent = 0;
  if (!skip(text, "0x") || read_digits(text, 16, &mantissa) == 0)
    return false;
  if (skip(text, "."))
    exponent = -4 * (int64_t)read_digits(text, 16, &mantissa);
  if (skip(text, "p") || skip(text, "P")) {
    bool negative = skip(text, "-");
    if (!negative)
      skip(text, "+");
    if (read_digits(text, 10, &power) == 0 || power > 100000)
      return false;
    exponent += negative ? -(int64_t)power : (int64_t)power;
  }
  return encode(format, mantissa, exponent, bits);
}

static bool read_float(struct text text, const struct format *format, uint64_t *bits) {
  uint64_t infinity = (2 * (uint64_t)format->exponent_max + 1) << format->mantissa_bits;
  uint64_t sign = skip(&text, "-") ? (uint64_t)1 << (format->width - 1) : 0;
  if (sign == 0)
    skip(&text, "+");
  uint64_t payload;
  if (skip(&text, "inf")) {
    *bits = infinity;
  } else if (skip(&text, "nan:")) {
    if (!read_number(&text, &payload))
      return false;
    *bits = infinity | payload;
  } else if (skip(&text, "nan")) {
    *bits = infinity | (uint64_t)1 << (format->mantissa_bits - 1);
  } else if (!read_hex_float(&text, format, bits)) {
    return false;
  }
  *bits |= sign;
  return text.at == text.end;
}

/* ---- Vectors: (v128.const SHAPE LANE...) ---------------------------------------------------- */

struct shape {
  const char *name;
  unsigned width; /* of a lane */
  const struct format *format;
};

static const struct shape *find_shape(const struct sexpr *form) {
  static const struct shape shapes[] = {{"i8x16", 8, NULL},       {"i16x8", 16, NULL},
                                        {"i32x4", 32, NULL},      {"i64x2", 64, NULL},
                                        {"f32x4", 32, &binary32}, {"f64x2", 64, &binary64}};
  if (!sexpr_is_call(form, "v128.const"))
    return NULL;
  for (size_t i = 0; form->first->next != NULL && i < sizeof shapes / sizeof shapes[0]; i++)
    if (sexpr_is(form->first->next, shapes[i].name))
      return &shapes[i];
  return NULL;
}

static bool read_lane(const struct shape *shape, const struct sexpr *lane, uint64_t *bits) {
  struct text text = {lane->text, lane->text + lane->length};
  return shape->format != NULL ? read_float(text, shape->format, bits)
                               : read_integer(text, shape->width, bits);
}

static uint64_t get_lane(const struct shape *shape, const union wasm_value *value, unsigned lane) {
  uint64_t bits = 0;
  memcpy(&bits, (const uint8_t *)value->v128 + lane * shape->width / 8, shape->width / 8);
  return bits;
}

static bool read_vector(const struct sexpr *form, union wasm_value *value) {
  const struct shape *shape = find_shape(form);
  if (shape == NULL)
    return false;
  unsigned lane = 0;
  for (const struct sexpr *at = form->first->next->next; at != NULL; at = at->next, lane++) {
    uint64_t bits;
    if (lane == 128 / shape->width || !read_lane(shape, at, &bits))
      return false;
    memcpy((uint8_t *)value->v128 + lane * shape->width / 8, &bits, shape->width / 8);
  }
  return lane == 128 / shape->width;
}

static uint8_t reference_type(const struct sexpr *heap_type) {
  if (sexpr_is(heap_type, "func"))
    return WASM_FUNCREF;
  if (sexpr_is(heap_type, "exn"))
    return WASM_EXNREF;
  return sexpr_is(heap_type, "extern") ? WASM_EXTERNREF : 0;
}

bool spec_value_read(const struct sexpr *form, uint8_t *type, union wasm_value *value) {
  static const struct {
    const char *name;
    uint8_t type;
    unsigned width;
    const struct format *format;
  } kinds[] = {{"i32.const", WASM_I32, 32, NULL},
               {"i64.const", WASM_I64, 64, NULL},
               {"f32.const", WASM_F32, 32, &binary32},
               {"f64.const", WASM_F64, 64, &binary64}};
  memset(value, 0, sizeof *value);
  if (form->kind != SEXPR_LIST || form->first == NULL)
    return false;
  const struct sexpr *operand = form->first->next;
  if (sexpr_is_call(form, "v128.const")) {
    *type = WASM_V128;
    return read_vector(form, value);
  }
  if (sexpr_is_call(form, "ref.null")) {
    *type = reference_type(operand);
    return *type != 0;
  }
  if (operand == NULL)
    return false;
  struct text text = {operand->text, operand->text + operand->length};
  if (sexpr_is_call(form, "ref.extern")) {
    *type = WASM_EXTERNREF;
    bool ok = read_integer(text, 64, &value->ref);
    value->ref++; /* 0 is null */
    return ok;
  }
  for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
    if (!sexpr_is_call(form, kinds[i].name))
      continue;
    *type = kinds[i].type;
    return kinds[i].format != NULL ? read_float(text, kinds[i].format, &value->i64)
                                   : read_integer(text, kinds[i].width, &value->i64);
  }
  return false;
}

/* A canonical NaN has only the highest bit of its mantissa set, an arithmetic one at least that
 * (core spec 2.2.3). */
static bool is_nan(const struct format *format, uint64_t bits, bool canonical) {
  uint64_t quiet = (4 * (uint64_t)format->exponent_max + 3) << (format->mantissa_bits - 1);
  uint64_t all = ((uint64_t)1 << (format->width - 1)) - 1;
  return canonical ? (bits & all) == quiet : (bits & quiet) == quiet;
}

static bool match_nan(const struct sexpr *form, uint8_t type, union wasm_value value, bool *match) {
  bool is_32 = sexpr_is_call(form, "f32.const");
  if ((!is_32 && !sexpr_is_call(form, "f64.const")) || form->first->next == NULL)
    return false;
  bool canonical = sexpr_is(form->first->next, "nan:canonical");
  if (!canonical && !sexpr_is(form->first->next, "nan:arithmetic"))
    return false;
  if (is_32)
    *match = type == WASM_F32 && is_nan(&binary32, value.i32, canonical);
  else
    *match = type == WASM_F64 && is_nan(&binary64, value.i64, canonical);
  return true;
}

/* Each lane may be a constant or a kind of NaN. */
static enum spec_match match_vector(const struct sexpr *form, uint8_t type,
                                    union wasm_value value) {
  const struct shape *shape = find_shape(form);
  unsigned lane = 0;
  bool match = type == WASM_V128;
  if (shape == NULL)
    return SPEC_UNKNOWN;
  for (const struct sexpr *at = form->first->next->next; at != NULL; at = at->next, lane++) {
    if (lane == 128 / shape->width)
      return SPEC_UNKNOWN;
    uint64_t wanted, got = get_lane(shape, &value, lane);
    bool canonical = sexpr_is(at, "nan:canonical");
    if (shape->format != NULL && (canonical || sexpr_is(at, "nan:arithmetic")))
      match = match && is_nan(shape->format, got, canonical);
    else if (read_lane(shape, at, &wanted))
      match = match && wanted == got;
    else
      return SPEC_UNKNOWN;
  }
  if (lane != 128 / shape->width)
    return SPEC_UNKNOWN;
  return match ? SPEC_MATCH : SPEC_DIFFERS;
}

/* (ref.func), (ref.extern), (ref.exn), (ref.null): any reference of the kind. */
static bool match_any_reference(const struct sexpr *form, uint8_t type, union wasm_value value,
                                bool *match) {
  if (form->kind != SEXPR_LIST || form->first == NULL || form->first->next != NULL)
    return false;
  bool is_reference = type == WASM_FUNCREF || type == WASM_EXTERNREF || type == WASM_EXNREF;
  if (sexpr_is(form->first, "ref.null"))
    *match = is_reference && value.ref == 0;
  else if (sexpr_is(form->first, "ref.func"))
    *match = type == WASM_FUNCREF && value.ref != 0;
  else if (sexpr_is(form->first, "ref.extern"))
    *match = type == WASM_EXTERNREF && value.ref != 0;
  else if (sexpr_is(form->first, "ref.exn"))
    *match = type == WASM_EXNREF && value.ref != 0;
  else
    return false;
  return true;
}

enum spec_match spec_value_match(const struct sexpr *form, uint8_t type, union wasm_value value) {
  bool match;
  uint8_t wanted_type;
  union wasm_value wanted;
  if (sexpr_is_call(form, "either")) {
    enum spec_match best = SPEC_DIFFERS;
    for (const struct sexpr *f = form->first->next; f != NULL && best != SPEC_MATCH; f = f->next) {
      enum spec_match result = spec_value_match(f, type, value);
      best = result == SPEC_DIFFERS ? best : result;
    }
    return best;
  }
  if (sexpr_is_call(form, "v128.const"))
    return match_vector(form, type, value);
  if (!match_nan(form, type, value, &match) && !match_any_reference(form, type, value, &match)) {
    if (!spec_value_read(form, &wanted_type, &wanted))
      return SPEC_UNKNOWN;
    bool is_32 = wanted_type == WASM_I32 || wanted_type == WASM_F32;
    match = wanted_type == type && (is_32 ? wanted.i32 == value.i32 : wanted.i64 == value.i64);
  }
  return match ? SPEC_MATCH : SPEC_DIFFERS;
}
