/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Instructions on numbers (core spec 4.4.1): constants, arithmetic, compares, conversions, and
 * select. The result takes the left operand's register; the right one may be a register, a slot or
 * a constant. */
#include "engine/compiler.h"

#define TOP(c) ((c)->values[(c)->height - 1])

static void pin(struct compiler *c, uint32_t reg) {
  c->pinned |= (uint16_t)(1u << reg);
}

bool numeric_begin_slowly(struct compiler *c, const struct opcode *op) {
  if (!stack_check(c, op->in_count, op->in))
    return false;
  if (__builtin_expect(c->live, 1))
    return true;
  c->height -= op->in_count;
  if (op->out != 0)
    stack_push(c, (struct value){.type = op->out});
  return false;
}

/* ---- Constants ----------------------------------------------------------------------------- */

/* No code: whoever uses the constant decides whether it becomes an operand or needs a register. */
static inline void push_const(struct compiler *c, uint8_t type, uint64_t bits) {
  stack_push(c, (struct value){.type = type, .where = c->live ? AT_CONST : AT_SLOT, .bits = bits});
}

/* Apart from the short ones, which then need not save a register. */
__attribute__((noinline)) static void push_long(struct compiler *c, const struct opcode *op,
                                                unsigned bits) {
  push_const(c, op->out,
             (uint64_t)wasm_read_leb_signed(&c->reader, bits) & UINT64_MAX >> (64 - bits));
}

static inline void push_integer(struct compiler *c, const struct opcode *op, unsigned bits) {
  int64_t value;
  if (wasm_read_short_signed(&c->reader, &value))
    push_const(c, op->out, (uint64_t)value & UINT64_MAX >> (64 - bits));
  else
    push_long(c, op, bits);
}

void compile_i32_const(struct compiler *c, const struct opcode *op) {
  push_integer(c, op, 32);
}

void compile_i64_const(struct compiler *c, const struct opcode *op) {
  push_integer(c, op, 64);
}

void compile_f32_const(struct compiler *c, const struct opcode *op) {
  push_const(c, op->out, wasm_read_word32(&c->reader));
}

void compile_f64_const(struct compiler *c, const struct opcode *op) {
  push_const(c, op->out, wasm_read_word64(&c->reader));
}

/* ---- Arithmetic ---------------------------------------------------------------------------- */

/* The operands of a two-operand instruction are the entries height - 2 and height - 1. They stay on
 * the stack until the stencil is out, so that allocating a register for one knows of the other.
 *
 * Ends an instruction whose result is in the left operand's register: the right one goes. */
static void finish_binary(struct compiler *c, uint8_t type) {
  stack_drop(c);
  TOP(c).type = type;
}

void numeric_registers(struct compiler *c, const struct opcode *op, uint32_t family) {
  uint32_t b = value_read(c, c->height - 1);
  pin(c, b);
  uint32_t a = value_replace(c, c->height - 2);
  emit_stencil(c, family, a % FLOAT_BASE, b % FLOAT_BASE);
  finish_binary(c, op->out);
}

static void binary_constant(struct compiler *c, const struct opcode *op, uint32_t family,
                            uint64_t bits) {
  uint32_t a = value_replace(c, c->height - 2);
  c->hole[STENCIL_HOLE_IMM32] = (int64_t)bits;
  emit_stencil(c, family, a, 0);
  finish_binary(c, op->out);
}

/* Whether the right operand is best read from memory: it is in its slot, or a local at home that is
 * not wanted afterwards or for which another one would have to leave its register. */
static bool is_in_memory(const struct compiler *c, const struct value *right) {
  if (right->where != AT_LOCAL)
    return right->where == AT_SLOT;
  const struct local *local = &c->locals[right->local];
  uint32_t set = register_set(right->type) & COMPILER_REGISTERS & ~(uint32_t)c->pinned;
  return local->reg == NO_REGISTER && (local->dying || !(c->free_regs & set));
}

static void binary_memory(struct compiler *c, const struct opcode *op, uint32_t family) {
  const struct value *right = &TOP(c);
  int32_t offset =
      right->where == AT_LOCAL ? c->locals[right->local].offset : value_offset(c, c->height - 1);
  uint32_t a = value_replace(c, c->height - 2);
  c->hole[STENCIL_HOLE_A] = offset;
  emit_stencil(c, family, a % FLOAT_BASE, 0);
  finish_binary(c, op->out);
}

/* Whether a constant is an operand of 32 bits, which are sign extended. */
static bool is_immediate(const struct value *value) {
  return value->where == AT_CONST && (value->type == WASM_I32 || fits_i32(value->bits));
}

/* Exchanges the operands if only the left one is a constant. A right one in its slot stays: the
 * slot belongs to the place on the stack. */
static bool constant_to_right(struct compiler *c) {
  struct value *left = &c->values[c->height - 2], *right = left + 1, constant = *left;
  if (left->where != AT_CONST || (right->where != AT_REG && right->where != AT_LOCAL))
    return false;
  constant.end = right->end;
  right->end = left->end;
  *left = *right;
  *right = constant;
  if (left->where == AT_REG)
    c->owner[left->reg] = c->height - 2;
  if (c->spilled > c->height - 2)
    c->spilled = c->height - 2;
  return true;
}

/* A constant and the top of the stack, by a stencil that leaves a local where it is. */
static void pass_constant(struct compiler *c, uint8_t type, uint32_t family, uint64_t bits) {
  uint32_t to, from = value_pass(c, c->height - 1, &to);
  c->hole[STENCIL_HOLE_IMM32] = (int64_t)bits;
  emit_stencil(c, family, to, from);
  TOP(c).type = type;
}

/* Adds a constant to the top of the stack. */
static void add_constant(struct compiler *c, uint8_t type, uint64_t bits) {
  if (bits != 0)
    pass_constant(c, type, type == WASM_I64 ? ST_i64_add_ri : ST_i32_add_ri, bits);
  TOP(c).type = type;
}

/* argument: the families rr, rs, ri. `keeps`: ri leaves its operand where it is. */
static void commutative(struct compiler *c, const struct opcode *op, bool keeps) {
  const struct value *right = &TOP(c);
  constant_to_right(c);
  if (is_immediate(right) && keeps) {
    stack_drop(c);
    pass_constant(c, op->out, op->argument + 2, right->bits);
  } else if (is_immediate(right)) {
    binary_constant(c, op, op->argument + 2, right->bits);
  } else if (is_in_memory(c, right)) {
    binary_memory(c, op, op->argument + 1);
  } else {
    numeric_registers(c, op, op->argument);
  }
}

void compile_commutative(struct compiler *c, const struct opcode *op) {
  if (numeric_begin(c, op))
    commutative(c, op, false);
}

void compile_commutative_keep(struct compiler *c, const struct opcode *op) {
  if (numeric_begin(c, op))
    commutative(c, op, true);
}

/* argument: the families rr, rs. A constant is subtracted by adding its negative. */
void compile_subtract(struct compiler *c, const struct opcode *op) {
  if (!numeric_begin(c, op))
    return;
  const struct value *right = &TOP(c);
  bool wide = right->type == WASM_I64;
  uint64_t negative = wide ? 0 - right->bits : (uint32_t)(0 - right->bits);
  if (right->where == AT_CONST && (!wide || fits_i32(negative))) {
    stack_drop(c);
    add_constant(c, op->out, negative);
  } else if (is_in_memory(c, right)) {
    binary_memory(c, op, op->argument + 1);
  } else {
    numeric_registers(c, op, op->argument);
  }
}

/* argument: the families rr, ri. The count is taken modulo the width. */
void compile_shift(struct compiler *c, const struct opcode *op) {
  if (!numeric_begin(c, op))
    return;
  const struct value *right = &TOP(c);
  if (right->where == AT_CONST)
    binary_constant(c, op, op->argument + 1, right->bits & (op->out == WASM_I64 ? 63 : 31));
  else
    numeric_registers(c, op, op->argument);
}

static void rotate(struct compiler *c, const struct opcode *op, bool left) {
  if (!numeric_begin(c, op))
    return;
  bool wide = op->out == WASM_I64;
  if (TOP(c).where != AT_CONST) {
    numeric_registers(c, op, op->argument);
    return;
  }
  uint64_t count = left ? 0 - TOP(c).bits : TOP(c).bits;
  stack_drop(c);
  pass_constant(c, op->out, wide ? ST_i64_rotr_ri : ST_i32_rotr_ri, count & (wide ? 63 : 31));
}

void compile_rotate_left(struct compiler *c, const struct opcode *op) {
  rotate(c, op, true);
}

void compile_rotate_right(struct compiler *c, const struct opcode *op) {
  rotate(c, op, false);
}

/* Both reasons are jumps out of the stencil: the machine's own fault does not tell them apart. */
void compile_divide(struct compiler *c, const struct opcode *op) {
  if (!numeric_begin(c, op))
    return;
  emit_trap_target(c, STENCIL_HOLE_TRAP_A, WASM_TRAP_INTEGER_DIVIDE_BY_ZERO);
  if (op->argument == ST_i32_div_s || op->argument == ST_i64_div_s)
    emit_trap_target(c, STENCIL_HOLE_TRAP_B, WASM_TRAP_INTEGER_OVERFLOW);
  numeric_registers(c, op, op->argument);
}

void compile_float_binary(struct compiler *c, const struct opcode *op) {
  if (!numeric_begin(c, op))
    return;
  if (is_in_memory(c, &TOP(c)))
    binary_memory(c, op, op->argument + 1);
  else
    numeric_registers(c, op, op->argument);
}

void compile_float_registers(struct compiler *c, const struct opcode *op) {
  if (numeric_begin(c, op))
    numeric_registers(c, op, op->argument);
}

/* To another register where the operand is a local that stays. */
void compile_pass(struct compiler *c, const struct opcode *op) {
  if (!numeric_begin(c, op))
    return;
  uint32_t to, from = value_pass(c, c->height - 1, &to);
  emit_stencil(c, op->argument, to, from);
  TOP(c).type = op->out;
}

/* In place: dst = op dst. */
void compile_unary(struct compiler *c, const struct opcode *op) {
  if (!numeric_begin(c, op))
    return;
  uint32_t reg = value_replace(c, c->height - 1);
  emit_stencil(c, op->argument, reg % FLOAT_BASE, 0);
  TOP(c).type = op->out;
}

/* Low half and zeros: of a value in its slot the low half is there. */
void compile_wrap(struct compiler *c, const struct opcode *op) {
  if (!numeric_begin(c, op))
    return;
  struct value *value = &TOP(c);
  if (value->where == AT_CONST) {
    value->bits = (uint32_t)value->bits;
  } else if (value->where != AT_SLOT) {
    uint32_t to, from = value_pass(c, c->height - 1, &to);
    emit_stencil(c, ST_move32, to, from);
  }
  value->type = WASM_I32;
}

/* Whether i64.const (of one or two bytes), i64.add and i32.wrap_i64 follow. If so, reads them. */
static bool read_wrapped_sum(struct compiler *c, uint64_t *constant) {
  const uint8_t *at = c->reader.at;
  if (c->reader.end - at < 5 || at[0] != 0x42)
    return false;
  bool is_short = at[1] < 0x80;
  const uint8_t *sum = at + (is_short ? 2 : 3);
  if ((!is_short && at[2] >= 0x80) || sum[0] != 0x7c || sum[1] != 0xa7)
    return false;
  c->reader.at = at + 1;
  *constant = (uint32_t)wasm_read_s64(&c->reader);
  c->reader.at = sum + 2;
  return true;
}

/* Registers and constants have the zeros already. Go computes nearly all addresses as (i32)((u64)x
 * + constant), which is an addition of 32 bits. */
void compile_extend_u(struct compiler *c, const struct opcode *op) {
  if (!numeric_begin(c, op))
    return;
  uint64_t constant;
  if (read_wrapped_sum(c, &constant)) {
    add_constant(c, WASM_I32, constant);
    return;
  }
  if (TOP(c).where != AT_CONST)
    value_own(c, c->height - 1);
  TOP(c).type = op->out;
}

void numeric_convert(struct compiler *c, const struct opcode *op, uint32_t family) {
  uint32_t from = value_read(c, c->height - 1);
  pin(c, from);
  uint32_t to = reg_allocate(c, register_set(op->out));
  emit_stencil(c, family, to % FLOAT_BASE, from % FLOAT_BASE);
  stack_drop(c);
  stack_push_reg(c, op->out, to);
}

/* Between the pools: a trapping truncation needs both of its reasons. */
void compile_convert(struct compiler *c, const struct opcode *op) {
  if (!numeric_begin(c, op))
    return;
  if (op->in[0] == WASM_F32 || op->in[0] == WASM_F64) {
    emit_trap_target(c, STENCIL_HOLE_TRAP_A, WASM_TRAP_INVALID_CONVERSION);
    emit_trap_target(c, STENCIL_HOLE_TRAP_B, WASM_TRAP_INTEGER_OVERFLOW);
  }
  numeric_convert(c, op, op->argument);
}

/* ---- Compares ------------------------------------------------------------------------------ */

/* A compare right before br_if, if or select makes no value: its operands stay where they are (what
 * follows pins their registers) and one conditional instruction does both. An eqz in between
 * negates it. */

/* The next instruction that is no i32.eqz; 0: there is none. */
static uint8_t condition_goes_to(const struct compiler *c) {
  const uint8_t *next = c->reader.at, *end = c->reader.end;
  while (next < end && *next == 0x45)
    next++;
  return next < end ? *next : 0;
}

static bool branch_follows(const struct compiler *c) {
  uint8_t next = condition_goes_to(c);
  return next == 0x0d || next == 0x04;
}

/* A select without type. */
static bool select_follows(const struct compiler *c) {
  return condition_goes_to(c) == 0x1b;
}

/* The operands go; the compare holds their registers until the branch. */
static void leave_compare(struct compiler *c, struct compare compare, uint32_t operands) {
  for (uint32_t i = 0; i < operands; i++)
    stack_drop(c);
  c->compare = compare;
  stack_push(c, (struct value){.type = WASM_I32, .where = AT_COMPARE});
}

/* The order of an integer family's conditions: eq ne lt_s ge_s gt_s le_s lt_u ge_u gt_u le_u; a
 * condition's negation is its number ^ 1. */
#define CONDITIONS 10u
#define CONDITION_LT_S 2u
#define CONDITION_LT_U 6u
_Static_assert(ST_i32_eq_ri - ST_i32_eq_rr == CONDITIONS, "compare's arithmetic on families");
_Static_assert(ST_i32_br_eq_rr - ST_i32_eq_ri == CONDITIONS, "");
_Static_assert(ST_i32_br_eq_ri - ST_i32_br_eq_rr == CONDITIONS, "");
_Static_assert(ST_i64_le_u_rr - ST_i64_eq_rr == CONDITIONS - 1, "");

/* The condition with its operands exchanged. */
static uint32_t swap_condition(uint32_t condition) {
  return condition < 2 ? condition : ((condition - 2) ^ 2) + 2;
}

/* clang turns some compares with a constant into such with its neighbour, so those that have none
 * in their order are not put into stencils. */
static bool is_compare_immediate(const struct value *value, uint32_t condition) {
  int32_t bits = (int32_t)value->bits;
  if (!is_immediate(value))
    return false;
  if (condition < CONDITION_LT_S)
    return true;
  if (bits == INT32_MIN || bits == INT32_MAX)
    return false;
  return condition < CONDITION_LT_U || (bits != 0 && bits != -1);
}

/* x == 0 and x != 0 are tests of x. */
static bool compare_with_zero(struct compiler *c, uint32_t condition, bool wide) {
  const struct value *right = &TOP(c);
  if (right->where != AT_CONST || right->bits != 0 || condition > 1)
    return false;
  stack_drop(c);
  uint32_t index = c->height - 1;
  if (branch_follows(c) || select_follows(c)) {
    struct compare compare = {.family = wide ? ST_i64_br_zero : ST_i32_br_zero};
    compare.negate = condition == 1;
    compare.a = (uint8_t)value_read(c, index);
    leave_compare(c, compare, 1);
    return true;
  }
  uint32_t reg = value_own(c, index);
  c->hole[STENCIL_HOLE_IMM32] = 0;
  emit_stencil(
      c, condition == 1 ? (wide ? ST_i64_ne_ri : ST_i32_ne_ri) : (wide ? ST_i64_eqz : ST_i32_eqz),
      reg, 0);
  TOP(c).type = WASM_I32;
  return true;
}

void compile_compare(struct compiler *c, const struct opcode *op) {
  if (!numeric_begin(c, op))
    return;
  bool wide = op->in[0] == WASM_I64;
  uint32_t first = wide ? ST_i64_eq_rr : ST_i32_eq_rr, condition = op->argument - first;
  if (compare_with_zero(c, condition, wide))
    return;
  if (constant_to_right(c))
    condition = swap_condition(condition);
  bool constant = is_compare_immediate(&TOP(c), condition),
       fuse = branch_follows(c) || select_follows(c);
  struct compare compare = {.has_constant = constant, .constant = (int32_t)TOP(c).bits};
  if (!constant) {
    compare.b = (uint8_t)value_read(c, c->height - 1);
    pin(c, compare.b);
  }
  if (fuse) {
    compare.a = (uint8_t)value_read(c, c->height - 2);
    compare.family = (uint16_t)(first + (constant ? 3 : 2) * CONDITIONS + condition);
    leave_compare(c, compare, 2);
  } else if (constant) {
    binary_constant(c, op, first + CONDITIONS + condition, TOP(c).bits);
  } else {
    numeric_registers(c, op, first + condition);
  }
}

/* Bits that only a branch asks for are tested where they are. */
void compile_and(struct compiler *c, const struct opcode *op) {
  if (!numeric_begin(c, op))
    return;
  if (!branch_follows(c)) {
    commutative(c, op, false);
    return;
  }
  constant_to_right(c);
  bool constant = is_immediate(&TOP(c));
  struct compare compare = {.family = constant ? ST_i32_br_clear_ri : ST_i32_br_clear_rr,
                            .has_constant = constant,
                            .constant = (int32_t)TOP(c).bits,
                            .negate = true};
  if (!constant) {
    compare.b = (uint8_t)value_read(c, c->height - 1);
    pin(c, compare.b);
  }
  compare.a = (uint8_t)value_read(c, c->height - 2);
  leave_compare(c, compare, 2);
}

void compile_eqz(struct compiler *c, const struct opcode *op) {
  if (!numeric_begin(c, op))
    return;
  if (TOP(c).where == AT_COMPARE) {
    c->compare.negate ^= 1;
    return;
  }
  push_const(c, op->in[0], 0);
  compare_with_zero(c, 0, op->in[0] == WASM_I64);
}

/* Families f_br_*: eq ne lt nlt le nle, to the compares eq ne lt le. */
static uint32_t float_branch_family(uint32_t family) {
  bool wide = family >= ST_f64_eq;
  uint32_t first = wide ? ST_f64_eq : ST_f32_eq, branch = wide ? ST_f64_br_eq : ST_f32_br_eq;
  uint32_t compare = family - first;
  return branch + (compare < 2 ? compare : 2 * compare - 2);
}

/* Their outcome is for jumps only, so for a select of floats: what is below the two operands. */
static bool float_select_follows(const struct compiler *c) {
  return select_follows(c) && c->height - c->floor > 2 &&
         is_float_type(c->values[c->height - 3].type);
}

/* Floating-point compares leave their result in one fixed register: a family over three registers
 * would be eight times as big for code that is rare. a > b is b < a, also for NaN. */
static void compile_float_condition(struct compiler *c, const struct opcode *op, bool swapped) {
  if (!numeric_begin(c, op))
    return;
  uint32_t left = value_read(c, c->height - 2);
  pin(c, left);
  uint32_t right = value_read(c, c->height - 1);
  uint32_t a = swapped ? right : left, b = swapped ? left : right;
  if (branch_follows(c) || float_select_follows(c)) {
    struct compare compare = {.family = (uint16_t)float_branch_family(op->argument),
                              .is_float = true,
                              .a = (uint8_t)a,
                              .b = (uint8_t)b};
    leave_compare(c, compare, 2);
    return;
  }
  reg_vacate(c, TARGET_CONDITION);
  emit_stencil(c, op->argument, a % FLOAT_BASE, b % FLOAT_BASE);
  stack_drop(c);
  stack_drop(c);
  c->free_regs &= (uint16_t) ~(1u << TARGET_CONDITION);
  stack_push_reg(c, WASM_I32, TARGET_CONDITION);
}

void compile_float_compare(struct compiler *c, const struct opcode *op) {
  compile_float_condition(c, op, false);
}

void compile_float_compare_swapped(struct compiler *c, const struct opcode *op) {
  compile_float_condition(c, op, true);
}

/* ---- Drop, select -------------------------------------------------------------------------- */

void compile_drop(struct compiler *c, const struct opcode *op) {
  (void)op;
  const uint8_t any = ANY_TYPE;
  stack_pop(c, 1, &any);
}

/* Makes the flags of an integer compare, for the move that is emitted next; returns the family of
 * moves that happen if it holds. The compare's own one is that of a jump. */
static uint32_t emit_flags(struct compiler *c, const struct compare *compare) {
  bool wide = compare->family >= ST_i64_br_eq_rr;
  uint32_t condition = 0; /* eq */
  if (compare->family == ST_i32_br_zero || compare->family == ST_i64_br_zero) {
    emit_stencil(c, wide ? ST_i64_flags_zero : ST_i32_flags_zero, compare->a, 0);
  } else if (compare->has_constant) {
    condition = compare->family - (wide ? ST_i64_br_eq_ri : ST_i32_br_eq_ri);
    c->hole[STENCIL_HOLE_IMM32] = compare->constant;
    emit_stencil(c, wide ? ST_i64_flags_ri : ST_i32_flags_ri, compare->a, 0);
  } else {
    condition = compare->family - (wide ? ST_i64_br_eq_rr : ST_i32_br_eq_rr);
    emit_stencil(c, wide ? ST_i64_flags_rr : ST_i32_flags_rr, compare->a, compare->b);
  }
  return ST_move_eq + (condition ^ compare->negate);
}

/* The upper operand replaces the lower one unless the condition holds; or the lower one the upper
 * one if it does, where that one's register is to be had. */
static void select_integers(struct compiler *c, const struct compare *compare, uint8_t type) {
  uint32_t top = c->height - 1, lower = top - 1;
  bool into_top = !value_is_replaceable(c, lower) && value_is_replaceable(c, top);
  uint32_t from = value_read(c, into_top ? lower : top);
  pin(c, from);
  uint32_t to = value_replace(c, into_top ? top : lower);
  uint32_t family = emit_flags(c, compare);
  emit_stencil(c, into_top ? family : ST_move_eq + ((family - ST_move_eq) ^ 1u), to, from);
  stack_drop(c);
  stack_drop(c);
  c->free_regs &= (uint16_t) ~(1u << to);
  stack_push_reg(c, type, to);
}

/* There are no such moves for floats: a jump over one. */
static void select_floats(struct compiler *c, const struct compare *compare, uint8_t type) {
  uint32_t from = value_read(c, c->height - 1);
  pin(c, from);
  uint32_t to = value_replace(c, c->height - 2);
  uint32_t chain = control_emit_skip(c, compare);
  emit_move(c, type, to, from);
  emit_resolve(c, chain, emit_offset(c));
  stack_drop(c);
}

/* Condition on top, two operands of `type` below it. */
static void select_operands(struct compiler *c, uint8_t type) {
  if (!c->live) {
    c->height -= 3;
    stack_push(c, (struct value){.type = type});
    return;
  }
  struct compare compare = control_take_condition(c);
  if (is_float_type(type))
    select_floats(c, &compare, type);
  else
    select_integers(c, &compare, type);
}

void compile_select(struct compiler *c, const struct opcode *op) {
  (void)op;
  const uint8_t wants[] = {ANY_TYPE, ANY_TYPE, WASM_I32};
  if (!stack_check(c, 3, wants))
    return;
  const struct value *values = &c->values[c->height - 3];
  uint8_t a = values[0].type, b = values[1].type;
  if (wasm_is_reference(a) || wasm_is_reference(b))
    compiler_fail(c, WASM_INVALID, "select without a type takes numbers, not references");
  else if (a != b && a != ANY_TYPE && b != ANY_TYPE)
    compiler_fail(c, WASM_INVALID, "type mismatch: select between %s and %s", wasm_valtype_text(a),
                  wasm_valtype_text(b));
  else
    select_operands(c, a == ANY_TYPE ? b : a);
}

void compile_select_typed(struct compiler *c, const struct opcode *op) {
  (void)op;
  uint32_t count = wasm_read_u32(&c->reader);
  if (compiler_ok(c) && count != 1) {
    compiler_fail(c, WASM_INVALID, "invalid result arity: select with %u types", count);
    return;
  }
  uint8_t type = wasm_read_valtype(&c->reader);
  const uint8_t wants[] = {type, type, WASM_I32};
  if (compiler_ok(c) && stack_check(c, 3, wants))
    select_operands(c, type);
}

/* ---- Locals -------------------------------------------------------------------------------- */

static struct local *read_local(struct compiler *c, uint32_t *index) {
  *index = wasm_read_u32(&c->reader);
  if (__builtin_expect(*index < c->local_count, 1))
    return &c->locals[*index];
  if (compiler_ok(c))
    compiler_fail(c, WASM_INVALID, "unknown local %u of %u", *index, c->local_count);
  return NULL;
}

/* Reading a local costs nothing yet: the entry means "what the local holds now", and an assignment
 * settles the entries that want the old value. */
static inline void push_local(struct compiler *c, struct local *local, uint32_t index) {
  if (c->live)
    local->refs++;
  stack_push(c, (struct value){
                    .type = local->type, .where = c->live ? AT_LOCAL : AT_SLOT, .local = index});
}

/* Whoever reads a local last may have its register. */
static inline void get_local(struct compiler *c, uint32_t index) {
  struct local *local = &c->locals[index];
  bool is_last = flow_next_access(c);
  if (is_last && c->live && local->reg != NO_REGISTER && local->refs == 0) {
    uint32_t reg = local_give(c, index);
    stack_push_reg(c, local->type, reg);
    return;
  }
  local->dying |= is_last && c->live;
  push_local(c, local, index);
}

__attribute__((noinline)) static void get_any_local(struct compiler *c) {
  uint32_t index;
  if (read_local(c, &index))
    get_local(c, index);
}

void compile_local_get(struct compiler *c, const struct opcode *op) {
  (void)op;
  uint32_t index;
  if (wasm_read_short_unsigned(&c->reader, c->local_count, &index))
    get_local(c, index);
  else
    get_any_local(c);
}

/* Takes the top into the local. */
static bool set_local(struct compiler *c, struct local *local, uint32_t index) {
  if (!stack_check(c, 1, &local->type))
    return false;
  if (c->live)
    local_assign(c, index);
  else
    c->height--;
  return true;
}

/* What is never read is not assigned either. */
void compile_local_set(struct compiler *c, const struct opcode *op) {
  (void)op;
  uint32_t index;
  struct local *local = read_local(c, &index);
  if (!local)
    return;
  if (flow_next_access(c))
    stack_pop(c, 1, &local->type);
  else
    set_local(c, local, index);
}

void compile_local_tee(struct compiler *c, const struct opcode *op) {
  (void)op;
  uint32_t index;
  struct local *local = read_local(c, &index);
  if (!local)
    return;
  bool unread = flow_next_access(c);
  if (unread && stack_check(c, 1, &local->type))
    TOP(c).type = local->type; /* it may have been any, in unreachable code */
  else if (!unread && set_local(c, local, index))
    push_local(c, local, index);
}
