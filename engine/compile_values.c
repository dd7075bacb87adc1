/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The operand stack at compile time and the registers: types are checked here, and values get from
 * where they are to where they are wanted. */
#include "engine/compiler.h"

#include <string.h>

/* ---- Types (core spec appendix, "Validation Algorithm") ------------------------------------ */

/* Unreachable code may take any operands off its block's empty stack: puts `count` of them under
 * those that are there. */
static bool invent_operands(struct compiler *c, uint32_t count) {
  uint32_t base = c->controls[c->depth - 1].height;
  uint32_t there = c->height - base;
  if (!stack_grow(c, count))
    return false;
  for (uint32_t i = 0; i < count; i++)
    stack_push(c, (struct value){.type = ANY_TYPE});
  memmove(c->values + base + count, c->values + base, there * sizeof *c->values);
  memset(c->values + base, 0, count * sizeof *c->values);
  return true;
}

static bool fail_operands(struct compiler *c, const char *has, const char *wants) {
  compiler_fail(c, WASM_INVALID, "type mismatch: %s wants %s, has %s",
                compiler_opcode_name(c->opcode, c->reader.end), wants, has);
  return false;
}

bool stack_check_slowly(struct compiler *c, uint32_t count, const uint8_t *types) {
  const struct control *control = &c->controls[c->depth - 1];
  uint32_t there = c->height - control->height;
  if (__builtin_expect(there < count, 0)) {
    if (!control->unreachable)
      return fail_operands(c, "too few operands", wasm_valtype_text(types[count - there - 1]));
    if (!invent_operands(c, count - there))
      return false;
  }
  const struct value *values = c->values + c->height - count;
  for (uint32_t i = count; i-- > 0;)
    if (__builtin_expect(values[i].type != types[i], 0) && values[i].type != ANY_TYPE &&
        types[i] != ANY_TYPE)
      return fail_operands(c, wasm_valtype_text(values[i].type), wasm_valtype_text(types[i]));
  return true;
}

bool stack_pop(struct compiler *c, uint32_t count, const uint8_t *types) {
  if (!stack_check(c, count, types))
    return false;
  for (uint32_t i = 0; i < count; i++)
    stack_drop(c);
  return true;
}

/* ---- The stack ----------------------------------------------------------------------------- */

/* Besides so many more there is the empty entry at the bottom, and one that an instruction pushes.
 */
bool stack_grow(struct compiler *c, uint32_t more) {
  size_t size = ((size_t)c->height + more + 2) * sizeof *c->values;
  wasm_check_limit(&c->reader, c->height + more, WASM_LIMITED_OPERANDS);
  if (!compiler_ok(c) || !compiler_window_grow(c, &c->value_window, size))
    return false;
  size_t room = c->value_window.committed / sizeof *c->values - 2;
  c->room = room < WASM_LIMIT_OPERANDS ? (uint32_t)room : WASM_LIMIT_OPERANDS;
  return true;
}

void stack_push_slots(struct compiler *c, uint32_t count, const uint8_t *types) {
  if (__builtin_expect(c->height + count > c->room, 0) && !stack_grow(c, count))
    return;
  for (uint32_t i = 0; i < count; i++)
    stack_push(c, (struct value){.type = types[i], .where = AT_SLOT});
  if (count > 0)
    use_slots(c, stack_end(c, c->height));
}

/* ---- Registers ----------------------------------------------------------------------------- */

static void forget_local(struct compiler *c, uint32_t reg) {
  reg_free(c, local_give(c, c->owner[reg]));
}

static void store_local(struct compiler *c, uint32_t reg) {
  const struct local *local = &c->locals[c->owner[reg]];
  emit_store(c, local->type, reg, local->offset);
  c->dirty &= (uint16_t) ~(1u << reg);
}

void reg_vacate(struct compiler *c, uint32_t reg) {
  uint32_t bit = 1u << reg;
  if (c->free_regs & bit)
    return;
  if (!(c->local_regs & bit)) {
    value_spill(c, c->owner[reg]);
    return;
  }
  if (c->dirty & bit)
    store_local(c, reg);
  forget_local(c, reg);
}

/* What it costs to move a local out: its uses, then a store. */
static uint32_t local_worth(const struct compiler *c, uint32_t reg) {
  return 2 * c->locals[c->owner[reg]].weight + (c->dirty >> reg & 1);
}

/* Those locals that are worth least. */
static uint32_t cheapest_locals(const struct compiler *c, uint32_t locals) {
  uint32_t least = UINT32_MAX, cheapest = 0;
  for (uint32_t left = locals; left; left &= left - 1) {
    uint32_t reg = (uint32_t)__builtin_ctz(left), worth = local_worth(c, reg);
    if (worth > least)
      continue;
    cheapest = (worth == least ? cheapest : 0) | 1u << reg;
    least = worth;
  }
  return cheapest;
}

/* Chooses whom to move out: locals, equal ones in turn, then operands. */
static uint32_t choose_victim(struct compiler *c, uint32_t set) {
  uint32_t locals = c->local_regs & set;
  uint32_t victims = locals ? cheapest_locals(c, locals) : set & ~(uint32_t)c->free_regs;
  uint32_t later = victims & ~((1u << c->next_victim) - 1);
  uint32_t reg = (uint32_t)__builtin_ctz(later ? later : victims);
  c->next_victim = (reg + 1) % REGISTER_COUNT;
  return reg;
}

static uint32_t take(struct compiler *c, uint32_t reg) {
  c->free_regs &= (uint16_t) ~(1u << reg);
  return reg;
}

uint32_t reg_allocate(struct compiler *c, uint32_t set) {
  set &= COMPILER_REGISTERS & ~(uint32_t)c->pinned;
  uint32_t free = c->free_regs & set;
  if (__builtin_expect(!free, 0)) {
    uint32_t reg = choose_victim(c, set);
    reg_vacate(c, reg);
    return take(c, reg);
  }
  /* The result registers last: labels want them. */
  uint32_t better = free & ~(1u << TARGET_INT_RESULT | 1u << (FLOAT_BASE + TARGET_FLOAT_RESULT));
  return take(c, (uint32_t)__builtin_ctz(better ? better : free));
}

/* From now on the register is the local's; `dirty`: its home has an older value. */
static void cache_local(struct compiler *c, uint32_t index, uint32_t reg, bool dirty) {
  uint16_t bit = (uint16_t)(1u << reg);
  c->locals[index].reg = (uint8_t)reg;
  c->owner[reg] = index;
  c->local_regs |= bit;
  c->dirty = (uint16_t)(dirty ? c->dirty | bit : c->dirty & ~bit);
}

void local_forget(struct compiler *c, uint32_t local) {
  reg_free(c, local_give(c, local));
}

void local_load(struct compiler *c, uint32_t index) {
  const struct local *local = &c->locals[index];
  uint32_t reg = reg_allocate(c, register_set(local->type));
  emit_load(c, local->type, reg, local->offset);
  cache_local(c, index, reg, false);
}

void local_bind(struct compiler *c, uint32_t local, uint32_t reg) {
  cache_local(c, local, take(c, reg), true);
}

static void now_in_reg(struct compiler *c, uint32_t index, uint32_t reg) {
  struct value *value = &c->values[index];
  value->where = AT_REG;
  value->reg = (uint8_t)reg;
  c->owner[reg] = index;
  if (c->spilled > index)
    c->spilled = index;
}

uint32_t value_fetch(struct compiler *c, uint32_t index) {
  const struct value *value = &c->values[index];
  if (value->where != AT_LOCAL)
    return value_own(c, index);
  local_load(c, value->local);
  return c->locals[value->local].reg;
}

/* Writes a value into a register that is nobody's and makes it the value's own. */
static void fill_own(struct compiler *c, uint32_t index, uint32_t reg) {
  struct value *value = &c->values[index];
  if (value->where == AT_CONST) {
    emit_const(c, value->type, reg, value->bits);
  } else if (value->where == AT_LOCAL) {
    const struct local *local = &c->locals[value->local];
    if (local->reg != NO_REGISTER)
      emit_move(c, value->type, reg, local->reg);
    else
      emit_load(c, value->type, reg, local->offset);
    local_unref(c, value->local);
  } else {
    emit_load(c, value->type, reg, value_offset(c, index));
  }
  now_in_reg(c, index, reg);
}

/* The local's register becomes the entry's, which is the only one that names it. */
static uint32_t take_over(struct compiler *c, uint32_t index) {
  uint32_t local = c->values[index].local, reg = local_give(c, local);
  c->locals[local].refs = 0;
  c->locals[local].dying = false;
  now_in_reg(c, index, reg);
  return reg;
}

uint32_t value_own(struct compiler *c, uint32_t index) {
  struct value *value = &c->values[index];
  if (value->where == AT_REG)
    return value->reg;
  uint32_t source = NO_REGISTER;
  if (value->where == AT_LOCAL) {
    const struct local *local = &c->locals[value->local];
    source = local->reg;
    if (source != NO_REGISTER && local->dying && local->refs == 1)
      return take_over(c, index);
  }
  uint16_t pinned = c->pinned;
  uint32_t set = register_set(value->type);
  /* Where no other is left the local gives up its own, and is read from its home. */
  if (source != NO_REGISTER && (set & COMPILER_REGISTERS & ~(pinned | 1u << source)))
    c->pinned |= (uint16_t)(1u << source);
  uint32_t reg = reg_allocate(c, set);
  c->pinned = pinned;
  fill_own(c, index, reg);
  return reg;
}

/* Whether the next instruction is local.set or local.tee of that local. */
static bool assignment_follows(const struct compiler *c, uint32_t local) {
  const uint8_t *next = c->reader.at;
  return c->reader.end - next >= 2 && (next[0] == 0x21 || next[0] == 0x22) && next[1] == local &&
         local < 0x80;
}

static bool can_replace(const struct compiler *c, const struct local *local, uint32_t index) {
  return local->reg != NO_REGISTER && local->refs == 1 &&
         (local->dying || assignment_follows(c, index));
}

uint32_t value_replace(struct compiler *c, uint32_t index) {
  const struct value *value = &c->values[index];
  if (value->where != AT_LOCAL)
    return value_own(c, index);
  if (!can_replace(c, &c->locals[value->local], value->local))
    return value_own(c, index);
  return take_over(c, index);
}

bool value_is_replaceable(const struct compiler *c, uint32_t index) {
  const struct value *value = &c->values[index];
  return value->where == AT_REG ||
         (value->where == AT_LOCAL && can_replace(c, &c->locals[value->local], value->local));
}

uint32_t value_pass(struct compiler *c, uint32_t index, uint32_t *to) {
  const struct value *value = &c->values[index];
  if (value->where != AT_LOCAL || can_replace(c, &c->locals[value->local], value->local))
    return *to = value_replace(c, index);
  uint32_t from = value_read(c, index);
  uint16_t pinned = c->pinned;
  c->pinned |= (uint16_t)(1u << from);
  *to = reg_allocate(c, register_set(value->type));
  c->pinned = pinned;
  local_unref(c, value->local);
  now_in_reg(c, index, *to);
  return from;
}

void value_own_in(struct compiler *c, uint32_t index, uint32_t reg) {
  struct value *value = &c->values[index];
  if (value->where == AT_REG && value->reg == reg)
    return;
  if (value->where == AT_REG) {
    reg_vacate(c, reg);
    take(c, reg);
    emit_move(c, value->type, reg, value->reg);
    reg_free(c, value->reg);
    now_in_reg(c, index, reg);
    return;
  }
  /* A local cached right there is loaded again from its home, if it has to leave. */
  reg_vacate(c, reg);
  take(c, reg);
  fill_own(c, index, reg);
}

/* Also for entries that other code still relies on: branches copy, they do not move. */
void value_copy_to_slot(struct compiler *c, uint32_t index, int32_t offset) {
  const struct value *value = &c->values[index];
  if (value->where == AT_REG)
    emit_store(c, value->type, value->reg, offset);
  else if (value->where == AT_CONST)
    emit_store_const(c, value->type, value->bits, offset);
  else if (value->where == AT_SLOT)
    emit_copy(c, value->type, offset, value_offset(c, index));
  else if (c->locals[value->local].reg != NO_REGISTER)
    emit_store(c, value->type, c->locals[value->local].reg, offset);
  else
    emit_copy(c, value->type, offset, c->locals[value->local].offset);
}

void value_spill(struct compiler *c, uint32_t index) {
  struct value *value = &c->values[index];
  if (value->where == AT_SLOT)
    return;
  use_slots(c, value->end);
  value_copy_to_slot(c, index, value_offset(c, index));
  if (value->where == AT_REG)
    reg_free(c, value->reg);
  else if (value->where == AT_LOCAL)
    local_unref(c, value->local);
  value->where = AT_SLOT;
}

void stack_spill_below(struct compiler *c, uint32_t end) {
  for (; c->spilled < end; c->spilled++)
    if (c->values[c->spilled].where != AT_CONST)
      value_spill(c, c->spilled);
}

/* ---- Locals -------------------------------------------------------------------------------- */

void locals_flush(struct compiler *c) {
  for (uint32_t left = c->dirty; left; left &= left - 1)
    store_local(c, (uint32_t)__builtin_ctz(left));
}

void locals_forget(struct compiler *c) {
  for (uint32_t left = c->local_regs; left; left &= left - 1)
    c->locals[c->owner[__builtin_ctz(left)]].reg = NO_REGISTER;
  c->free_regs |= c->local_regs;
  c->local_regs = c->dirty = 0;
}

/* So many operands are looked at for one local; what lies below is spilled, and then never looked
 * at again: otherwise many assignments under a high stack would take quadratic time. */
#define SETTLE_DEPTH 64u

/* Operands that stand for the local's old value take it now. */
static void settle_reads(struct compiler *c, uint32_t index) {
  uint32_t end = c->height > SETTLE_DEPTH ? c->height - SETTLE_DEPTH : 0;
  for (uint32_t i = c->height; c->locals[index].refs > 0 && i-- > end;)
    if (c->values[i].where == AT_LOCAL && c->values[i].local == index)
      value_own(c, i);
  if (c->locals[index].refs > 0)
    stack_spill_below(c, end);
}

/* The value's register becomes the local's: no move, and the old one is forgotten unwritten. */
void local_assign(struct compiler *c, uint32_t index) {
  struct value *top = &c->values[c->height - 1];
  if (top->where == AT_LOCAL && top->local == index) {
    c->locals[index].dying = false;
    stack_drop(c);
    return;
  }
  uint32_t reg = value_own(c, c->height - 1);
  c->height--;
  if (c->spilled > c->height)
    c->spilled = c->height;
  struct local *local = &c->locals[index];
  c->pinned |= (uint16_t)(1u << reg);
  if (local->refs > 0)
    settle_reads(c, index);
  c->pinned &= (uint16_t) ~(1u << reg);
  if (local->reg != NO_REGISTER)
    forget_local(c, local->reg);
  local->dying = false;
  cache_local(c, index, reg, true);
}

/* ---- Parallel moves ------------------------------------------------------------------------ */

struct move value_move(const struct compiler *c, uint32_t index, uint32_t to) {
  const struct value *value = &c->values[index];
  struct move move = {.to = (uint8_t)to, .type = value->type, .offset = value_offset(c, index)};
  if (value->where == AT_CONST) {
    move.source = FROM_CONST;
    move.bits = value->bits;
  } else if (value->where == AT_REG) {
    move.source = FROM_REG;
    move.from = value->reg;
  } else if (value->where == AT_LOCAL) {
    const struct local *local = &c->locals[value->local];
    move.source = local->reg == NO_REGISTER ? FROM_SLOT : FROM_REG;
    move.from = local->reg;
    if (move.source == FROM_SLOT)
      move.offset = local->offset;
  } else {
    move.source = FROM_SLOT;
  }
  return move;
}

/* A register's move to itself. */
static bool is_idle(const struct move *move) {
  return move->source == FROM_REG && move->from == move->to;
}

/* The registers whose values some move still wants elsewhere. */
static uint32_t wanted_registers(const struct move *moves, uint32_t count) {
  uint32_t wanted = 0;
  for (uint32_t i = 0; i < count; i++)
    if (moves[i].source == FROM_REG && !is_idle(&moves[i]))
      wanted |= 1u << moves[i].from;
  return wanted;
}

/* All that are left wait for each other. One of them is done by exchanging two registers; those
 * that want what these held find it in the other one. */
static void break_cycle(struct compiler *c, struct move *moves, uint32_t count) {
  uint32_t one = 0;
  while (moves[one].source != FROM_REG)
    one++;
  uint32_t to = moves[one].to, from = moves[one].from;
  emit_stencil(c, is_float_type(moves[one].type) ? ST_swapf : ST_swap, to % FLOAT_BASE,
               from % FLOAT_BASE);
  for (uint32_t i = 0; i < count; i++)
    if (moves[i].source == FROM_REG && (moves[i].from == to || moves[i].from == from))
      moves[i].from = (uint8_t)(moves[i].from == to ? from : to);
}

/* Emits the register moves whose targets' old values nobody wants; returns how many are left. */
static uint32_t move_unblocked(struct compiler *c, struct move *moves, uint32_t count,
                               uint32_t wanted) {
  uint32_t left = 0;
  for (uint32_t i = 0; i < count; i++) {
    const struct move *move = &moves[i];
    if (move->source != FROM_REG || (wanted >> move->to & 1 && !is_idle(move)))
      moves[left++] = *move;
    else
      emit_move(c, move->type, move->to, move->from);
  }
  return left;
}

static void emit_source(struct compiler *c, const struct move *move) {
  if (move->source == FROM_REG)
    emit_move(c, move->type, move->to, move->from);
  else if (move->source == FROM_CONST)
    emit_const(c, move->type, move->to, move->bits);
  else
    emit_load(c, move->type, move->to, move->offset);
}

/* Register moves first, each when nobody wants its target's old value any more; then all else. */
void emit_moves(struct compiler *c, struct move *moves, uint32_t count) {
  for (uint32_t wanted; (wanted = wanted_registers(moves, count)) != 0;) {
    uint32_t before = count;
    count = move_unblocked(c, moves, count, wanted);
    if (count == before)
      break_cycle(c, moves, count);
  }
  for (uint32_t i = 0; i < count; i++)
    emit_source(c, &moves[i]);
}
