/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Constant expressions (core spec 3.3.10), with the integer arithmetic of WebAssembly 3.0. */
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
  OP_I32_ADD = 0x6a,
  OP_I32_SUB = 0x6b,
  OP_I32_MUL = 0x6c,
  OP_I64_ADD = 0x7c,
  OP_I64_SUB = 0x7d,
  OP_I64_MUL = 0x7e,
  OP_REF_NULL = 0xd0,
  OP_REF_FUNC = 0xd2,
  OP_PREFIX_GC = 0xfb,
  OP_PREFIX_VECTOR = 0xfd,
  VECTOR_CONST = 12,
};

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
  if (opcode == OP_PREFIX_GC)
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

/* One instruction that is not `end`. */
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
  case OP_I32_ADD:
  case OP_I32_SUB:
  case OP_I32_MUL:
    result->kind = (enum wasm_const_kind)(WASM_CONST_ADD + (opcode - OP_I32_ADD));
    result->type = WASM_I32;
    break;
  case OP_I64_ADD:
  case OP_I64_SUB:
  case OP_I64_MUL:
    result->kind = (enum wasm_const_kind)(WASM_CONST_ADD + (opcode - OP_I64_ADD));
    result->type = WASM_I64;
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

bool wasm_read_const_step(struct wasm_reader *reader, const struct wasm_module *module,
                          struct wasm_const *step) {
  uint8_t opcode = wasm_read_u8(reader);
  if (opcode == OP_END || !wasm_reader_ok(reader))
    return false;
  read_instruction(reader, module, opcode, step);
  return wasm_reader_ok(reader);
}

/* Sequences are read to their end, so that what is malformed in them is found before a wrong type
 * is. One instruction is its own result; of several only the place is kept: the values of globals
 * are not known yet. */
void wasm_read_const(struct wasm_reader *reader, const struct wasm_module *module, uint8_t type,
                     struct wasm_const *result) {
  memset(result, 0, sizeof *result);
  const uint8_t *start = reader->at;
  uint8_t types[WASM_LIMIT_CONST_OPERANDS];
  uint32_t height = 0;
  bool fits = true;
  struct wasm_const step;
  while (wasm_read_const_step(reader, module, &step)) {
    if (wasm_const_is_operator(step.kind)) {
      fits &= height >= 2 && types[height - 1] == step.type && types[height - 2] == step.type;
      height -= height < 2 ? height : 2;
      step.kind = WASM_CONST_SEQUENCE;
      step.bytes = start;
    }
    wasm_check_limit(reader, height + 1, WASM_LIMITED_CONST_OPERANDS);
    if (!wasm_reader_ok(reader))
      return;
    types[height++] = step.type;
    *result = step;
  }
  if (wasm_reader_ok(reader) && (!fits || height != 1 || types[0] != type))
    wasm_reader_fail_at(reader, start, WASM_INVALID,
                        "type mismatch: the constant expression is not one %s",
                        wasm_valtype_text(type));
}
