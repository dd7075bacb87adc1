/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Vector instructions (core spec 4.4.3) that are not like others: those with lanes, constants, or
 * three operands. The rest of them are handled as numbers are: what they do is in their stencils.
 */
#include "engine/compiler.h"

#include <string.h>

#define TOP(c) ((c)->values[(c)->height - 1])
#define LANE_BYTES 16u

static void pin(struct compiler *c, uint32_t reg) {
  c->pinned |= (uint16_t)(1u << reg);
}

/* ---- Constants and shuffles ---------------------------------------------------------------- */

static bool is_zero(const uint8_t *bytes) {
  uint64_t words[2];
  memcpy(words, bytes, sizeof words);
  return (words[0] | words[1]) == 0;
}

/* No code yet, as for numbers. The module's bytes stay where they are. */
void compile_v128_const(struct compiler *c, const struct opcode *op) {
  const uint8_t *bytes = wasm_read_bytes(&c->reader, LANE_BYTES);
  if (!bytes)
    return;
  stack_push(c, (struct value){.type = op->out,
                               .where = c->live ? AT_CONST : AT_SLOT,
                               .bits = is_zero(bytes) ? 0 : (uint64_t)(uintptr_t)bytes});
}

/* The lanes taken from one of two operands, as places in it; 0x80, which gives zero, for others. */
static void lanes_from(const uint8_t *lanes, uint32_t operand, uint8_t places[LANE_BYTES]) {
  for (uint32_t i = 0; i < LANE_BYTES; i++)
    places[i] = lanes[i] / LANE_BYTES == operand ? lanes[i] % LANE_BYTES : 0x80;
}

static bool are_one_local(const struct value *x, const struct value *y) {
  return x->where == AT_LOCAL && y->where == AT_LOCAL && x->local == y->local;
}

static bool all_from(const uint8_t *lanes, uint32_t operand) {
  for (uint32_t i = 0; i < LANE_BYTES; i++)
    if (lanes[i] / LANE_BYTES != operand)
      return false;
  return true;
}

/* Of one operand alone, or of one local taken twice, lanes are picked at once. */
static void emit_shuffle(struct compiler *c, const uint8_t *lanes) {
  uint8_t places[LANE_BYTES];
  if (are_one_local(&TOP(c), &TOP(c) - 1) || all_from(lanes, 0)) {
    for (uint32_t i = 0; i < LANE_BYTES; i++)
      places[i] = lanes[i] % LANE_BYTES;
    uint32_t reg = value_replace(c, c->height - 2);
    emit_data_target(c, STENCIL_HOLE_DATA_A, places);
    emit_stencil(c, ST_shuffle_one, reg % FLOAT_BASE, 0);
    return;
  }
  uint32_t b = value_read(c, c->height - 1);
  pin(c, b);
  uint32_t a = value_replace(c, c->height - 2);
  lanes_from(lanes, 0, places);
  emit_data_target(c, STENCIL_HOLE_DATA_A, places);
  lanes_from(lanes, 1, places);
  emit_data_target(c, STENCIL_HOLE_DATA_B, places);
  emit_stencil(c, ST_shuffle_two, a % FLOAT_BASE, b % FLOAT_BASE);
}

void compile_shuffle(struct compiler *c, const struct opcode *op) {
  const uint8_t *lanes = wasm_read_bytes(&c->reader, LANE_BYTES);
  if (!lanes)
    return;
  for (uint32_t i = 0; i < LANE_BYTES; i++)
    if (lanes[i] >= 2 * LANE_BYTES) {
      compiler_fail(c, WASM_INVALID, "invalid lane index %u", lanes[i]);
      return;
    }
  if (!numeric_begin(c, op))
    return;
  emit_shuffle(c, lanes);
  stack_drop(c);
}

/* ---- Arithmetic and conversions ------------------------------------------------------------ */

/* argument: the families rr, ri. The count is taken modulo the lanes' width; 0, which not every
 * machine has, changes nothing. */
void compile_vector_shift(struct compiler *c, const struct opcode *op) {
  if (!numeric_begin(c, op))
    return;
  if (TOP(c).where != AT_CONST) {
    numeric_registers(c, op, op->argument);
    return;
  }
  bool is_16 = op->argument == ST_i16x8_shl_rr || op->argument == ST_i16x8_shr_s_rr ||
               op->argument == ST_i16x8_shr_u_rr;
  bool is_64 = op->argument == ST_i64x2_shl_rr || op->argument == ST_i64x2_shr_u_rr;
  int64_t count = (int64_t)(TOP(c).bits & (is_16 ? 15 : is_64 ? 63 : 31));
  uint32_t reg = value_replace(c, c->height - 2);
  c->hole[STENCIL_HOLE_IMM32] = count;
  if (count != 0)
    emit_stencil(c, op->argument + 1, reg % FLOAT_BASE, 0);
  stack_drop(c);
}

/* Between a vector and a number: splats, tests. */
void compile_vector_convert(struct compiler *c, const struct opcode *op) {
  if (numeric_begin(c, op))
    numeric_convert(c, op, op->argument);
}

/* The third operand goes to the last register of the pool. */
void compile_ternary(struct compiler *c, const struct opcode *op) {
  static const uint8_t types[] = {WASM_V128, WASM_V128, WASM_V128};
  if (!stack_check(c, 3, types))
    return;
  if (!c->live) {
    c->height -= 3;
    stack_push(c, (struct value){.type = op->out});
    return;
  }
  uint32_t third = FLOAT_BASE + TARGET_FLOAT_REGISTERS - 1;
  value_own_in(c, c->height - 1, third);
  pin(c, third);
  uint32_t b = value_read(c, c->height - 2);
  pin(c, b);
  uint32_t a = value_replace(c, c->height - 3);
  emit_stencil(c, op->argument, a % FLOAT_BASE, b % FLOAT_BASE);
  stack_drop(c);
  stack_drop(c);
}

/* ---- Lanes --------------------------------------------------------------------------------- */

/* Of two lanes each has a family; a higher number is patched in. */
static bool read_lane(struct compiler *c, uint32_t lanes, uint32_t *family) {
  uint8_t lane = wasm_read_u8(&c->reader);
  if (compiler_ok(c) && lane >= lanes)
    compiler_fail(c, WASM_INVALID, "invalid lane index %u", lane);
  if (lanes == 2)
    *family += lane;
  c->hole[STENCIL_HOLE_LANE] = lane;
  return compiler_ok(c);
}

/* argument: family | number of lanes << 16 */
void compile_extract_lane(struct compiler *c, const struct opcode *op) {
  uint32_t family = op->argument & 0xffff;
  if (read_lane(c, op->argument >> 16, &family) && numeric_begin(c, op))
    numeric_convert(c, op, family);
}

/* Narrow lanes come out zero extended. */
void compile_extract_lane_signed(struct compiler *c, const struct opcode *op) {
  compile_extract_lane(c, op);
  if (!compiler_ok(c) || !c->live)
    return;
  bool is_8 = (op->argument & 0xffff) == ST_i8x16_extract_lane;
  emit_stencil(c, is_8 ? ST_i32_extend8_s : ST_i32_extend16_s, TOP(c).reg, TOP(c).reg);
}

void compile_replace_lane(struct compiler *c, const struct opcode *op) {
  uint32_t family = op->argument & 0xffff;
  if (read_lane(c, op->argument >> 16, &family) && numeric_begin(c, op))
    numeric_registers(c, op, family);
}

/* argument: family | alignment << 16, which says how many lanes there are. False: it is finished.
 */
static bool begin_lane_access(struct compiler *c, const struct opcode *op, uint32_t *family,
                              struct access *access) {
  uint32_t align = op->argument >> 16;
  *family = op->argument & 0xffff;
  if (!memory_read_memarg(c, align, access) || !read_lane(c, LANE_BYTES >> align, family))
    return false;
  struct opcode typed = *op;
  typed.in[0] = access->type;
  return numeric_begin(c, &typed);
}

/* The vector takes the place of both operands. */
void compile_load_lane(struct compiler *c, const struct opcode *op) {
  uint32_t family;
  struct access access;
  if (!begin_lane_access(c, op, &family, &access))
    return;
  uint32_t vector = value_own(c, c->height - 1);
  pin(c, vector);
  uint32_t address = memory_address(c, c->height - 2, &access);
  emit_access(c, family, vector % FLOAT_BASE, address);
  stack_drop(c);
  stack_drop(c);
  c->free_regs &= (uint16_t) ~(1u << vector);
  stack_push_reg(c, op->out, vector);
}

void compile_store_lane(struct compiler *c, const struct opcode *op) {
  uint32_t family;
  struct access access;
  if (!begin_lane_access(c, op, &family, &access))
    return;
  uint32_t vector = value_read(c, c->height - 1);
  pin(c, vector);
  uint32_t address = memory_address(c, c->height - 2, &access);
  emit_access(c, family, address, vector % FLOAT_BASE);
  stack_drop(c);
  stack_drop(c);
}
