/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Constant expressions (core spec 3.3.10): the single instructions of WebAssembly 2.0. */
#include "engine/types.h"

#include <string.h>

/* The instructions a constant expression may hold (core spec 5.4), and prefixes of others. */
enum {
  OP_END = 0x0b,
  OP_GLOBAL_GET = 0x23,
  OP_I32_CONST = 0x41,
  OP_I64_CONST = 0x42,
  OP_F32_CONST = 0x43,
  OP_F64_CONST = 0x44,
  OP_REF_NULL = 0xd0,
  OP_REF_FUNC = 0xd2,
  OP_PREFIX_GC = 0xfb,
  OP_PREFIX_VECTOR = 0xfd,
  VECTOR_CONST = 12,
};

/* i32 and i64 add, sub, mul: constant in WebAssembly 3.0. */
static bool is_extended(uint8_t opcode) {
  return (opcode >= 0x6a && opcode <= 0x6c) || (opcode >= 0x7c && opcode <= 0x7e);
}

/* Whether WebAssembly 3.0 has an instruction of this first byte (core spec 5.4). */
static bool is_opcode(uint8_t opcode) {
  static const struct {
    uint8_t first, last;
  } ranges[] = {{0x00, 0x05}, {0x08, 0x08}, {0x0a, 0x15}, {0x1a, 0x1c},
                {0x1f, 0x26}, {0x28, 0xc4}, {0xd0, 0xd6}, {0xfb, 0xfd}};
  for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++)
    if (opcode >= ranges[i].first && opcode <= ranges[i].last)
      return true;
  return false;
}

/* A constant global has its value before this expression is evaluated: imported ones have it from
 * the start, and the others are evaluated in order. */
static void read_global_get(struct wasm_reader *reader, const struct wasm_module *module,
                            struct wasm_const *result) {
  result->kind = WASM_CONST_GLOBAL;
  result->index = wasm_read_u32(reader);
  if (!wasm_reader_ok(reader))
    return;
  if (result->index >= module->global_count)
    wasm_reader_fail(reader, WASM_INVALID, "unknown global %u", result->index);
  else if (module->globals[result->index].is_mutable)
    wasm_reader_fail(reader, WASM_INVALID, "constant expression required, global %u is mutable",
                     result->index);
  else
    result->type = module->globals[result->index].type;
}

/* All functions exist before any expression is evaluated, so later ones may be named, too. */
static void read_ref_func(struct wasm_reader *reader, const struct wasm_module *module,
                          struct wasm_const *result) {
  result->kind = WASM_CONST_FUNC;
  result->type = WASM_FUNCREF;
  result->index = wasm_read_u32(reader);
  if (wasm_reader_ok(reader) && result->index >= module->func_count)
    wasm_reader_fail(reader, WASM_INVALID, "unknown function %u", result->index);
}

/* Says why an instruction is not accepted, most telling first: one of a proposal, one that exists
 * but is not constant, none at all. */
static void fail_opcode(struct wasm_reader *reader, uint8_t opcode) {
  if (is_extended(opcode))
    wasm_reader_fail(reader, WASM_UNSUPPORTED, "extended constant expressions are not supported");
  else if (opcode == OP_PREFIX_GC)
    wasm_reader_fail(reader, WASM_UNSUPPORTED, "garbage collection is not supported");
  else if (is_opcode(opcode))
    wasm_reader_fail(reader, WASM_INVALID, "constant expression required");
  else
    wasm_reader_fail(reader, WASM_MALFORMED, "illegal opcode 0x%x", opcode);
}

/* v128.const; other instructions of its prefix are not constant. */
static void read_vector(struct wasm_reader *reader, struct wasm_const *result) {
  uint32_t code = wasm_read_u32(reader);
  if (wasm_reader_ok(reader) && code != VECTOR_CONST) {
    fail_opcode(reader, OP_PREFIX_VECTOR);
    return;
  }
  result->type = WASM_V128;
  result->value.v128[0] = wasm_read_word64(reader);
  result->value.v128[1] = wasm_read_word64(reader);
}

/* One instruction that is not `end`; its value is *result. */
static void read_instruction(struct wasm_reader *reader, const struct wasm_module *module,
                             uint8_t opcode, struct wasm_const *result) {
  memset(result, 0, sizeof *result);
  result->kind = WASM_CONST_VALUE;
  switch (opcode) {
  case OP_I32_CONST:
    result->type = WASM_I32;
    result->value.i32 = (uint32_t)wasm_read_s32(reader);
    break;
  case OP_I64_CONST:
    result->type = WASM_I64;
    result->value.i64 = (uint64_t)wasm_read_s64(reader);
    break;
  case OP_F32_CONST:
    result->type = WASM_F32;
    result->value.i32 = wasm_read_word32(reader);
    break;
  case OP_F64_CONST:
    result->type = WASM_F64;
    result->value.i64 = wasm_read_word64(reader);
    break;
  case OP_PREFIX_VECTOR:
    read_vector(reader, result);
    break;
  case OP_GLOBAL_GET:
    read_global_get(reader, module, result);
    break;
  case OP_REF_NULL:
    result->kind = WASM_CONST_NULL;
    result->type = wasm_read_heaptype(reader);
    break;
  case OP_REF_FUNC:
    read_ref_func(reader, module, result);
    break;
  default:
    fail_opcode(reader, opcode);
  }
}

/* Sequences are read to their end, so that what is malformed in them is found before a wrong type
 * is. */
void wasm_read_const(struct wasm_reader *reader, const struct wasm_module *module, uint8_t type,
                     struct wasm_const *result) {
  memset(result, 0, sizeof *result);
  const uint8_t *start = reader->at;
  unsigned instructions = 0;
  for (;;) {
    uint8_t opcode = wasm_read_u8(reader);
    if (opcode == OP_END || !wasm_reader_ok(reader))
      break;
    read_instruction(reader, module, opcode, result);
    instructions += instructions < 2;
  }
  /* Each instruction pushes one value, so exactly one leaves what is wanted. */
  if (wasm_reader_ok(reader) && (instructions != 1 || result->type != type))
    wasm_reader_fail_at(reader, start, WASM_INVALID,
                        "type mismatch: the constant expression is not one %s",
                        wasm_valtype_text(type));
}
