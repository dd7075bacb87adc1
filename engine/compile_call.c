/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Calls, and a function's entry and exit: the calling convention of engine/arch/<a>/target.h. */
#include "engine/compiler.h"

#include <string.h>

/* ---- Calls --------------------------------------------------------------------------------- */

static uint32_t pool_register(uint8_t type, uint32_t place) {
  return is_float_type(type) ? FLOAT_BASE + place : place;
}

/* The member for a type of three families: integers, f32 and f64, v128. */
static uint32_t outgoing_family(uint32_t first, uint8_t type) {
  return first + (type == WASM_V128 ? 2 : is_float_type(type));
}

/* An argument into its outgoing words, through a register. */
static void pass_on_stack(struct compiler *c, uint32_t index, uint32_t word) {
  uint32_t reg = value_read(c, index);
  uint8_t type = c->values[index].type;
  c->hole[STENCIL_HOLE_A] = 8 * (int64_t)word;
  emit_stencil(c, outgoing_family(ST_out_set, type), reg % FLOAT_BASE, 0);
}

/* Those that have no register: first of all, for they may want one on their way. */
static void pass_rest_on_stack(struct compiler *c, const struct wasm_functype *type) {
  struct placing placing = {0};
  for (uint32_t i = 0; i < type->param_count; i++) {
    struct placement placement = place_argument(type->params[i], &placing);
    if (placement.on_stack)
      pass_on_stack(c, c->height - type->param_count + i, placement.place);
  }
}

/* Brings the arguments on top to their places. The rest of the stack is in slots, locals at home,
 * by then; every register may be overwritten. */
static void pass_arguments(struct compiler *c, const struct wasm_functype *type) {
  struct move moves[TARGET_INT_ARGS + TARGET_FLOAT_ARGS];
  struct placing placing = {0};
  uint32_t first = c->height - type->param_count, count = 0;
  if (argument_words(type) > 0)
    pass_rest_on_stack(c, type);
  for (uint32_t i = 0; i < type->param_count; i++) {
    struct placement placement = place_argument(type->params[i], &placing);
    if (!placement.on_stack)
      moves[count++] = value_move(c, first + i, pool_register(type->params[i], placement.place));
  }
  if (count > 0)
    emit_moves(c, moves, count);
}

static void push_results(struct compiler *c, const struct wasm_functype *type, uint32_t words) {
  if (type->result_count == 0)
    return;
  uint32_t reg = result_register(type->results[0]), first = c->height;
  c->free_regs &= (uint16_t) ~(1u << reg);
  stack_push_reg(c, type->results[0], reg);
  stack_push_slots(c, type->result_count - 1, type->results + 1);
  for (uint32_t i = 1; i < type->result_count && compiler_ok(c); i++) {
    /* Through a register that holds nothing: all but the first result's. */
    uint8_t one = type->results[i];
    uint32_t scratch = is_float_type(one) ? FLOAT_BASE : TARGET_INT_ARG_FIRST;
    c->hole[STENCIL_HOLE_A] = 8 * (int64_t)words;
    emit_stencil(c, outgoing_family(ST_out_get, one), scratch % FLOAT_BASE, 0);
    emit_store(c, one, scratch, value_offset(c, first + i));
    words += type_words(one);
  }
}

/* Room for a call's arguments and further results. */
static void reserve_outgoing(struct compiler *c, const struct wasm_functype *type) {
  c->calls = true;
  uint32_t words = argument_words(type) + result_words(type, type->result_count);
  if (words > c->outgoing)
    c->outgoing = words;
}

/* All but the call itself. Operands below the arguments go to their slots; reads of locals may
 * wait, for homes do not change in a call. */
static void prepare_call(struct compiler *c, const struct wasm_functype *type) {
  uint32_t end = c->height - type->param_count;
  if (end > c->spilled + 32)
    stack_spill_below(c, end); /* not to look at the same reads again and again */
  for (uint32_t i = c->spilled; i < end; i++)
    if (c->values[i].where == AT_REG)
      value_spill(c, i);
  locals_flush(c);
  pass_arguments(c, type);
  reserve_outgoing(c, type);
}

/* A family that jumps to a function. Jumps to those that come later, or to this one, whose entry is
 * not settled, wait in a chain. */
static void emit_jump_to_function(struct compiler *c, uint32_t family, uint32_t defined) {
  uint32_t chain = 0;
  bool known = defined < c->function;
  c->chain[0] = known ? &chain : &c->entries[defined];
  emit_stencil(c, family, 0, 0);
  if (known)
    emit_resolve(c, chain, c->entries[defined]);
}

static void emit_direct_call(struct compiler *c, uint32_t defined) {
  emit_jump_to_function(c, ST_call_direct, defined);
  emit_call_site(c, 0);
  if (c->must_reload)
    emit_stencil(c, ST_reload, 0, 0);
  else
    c->calls_directly = true;
}

/* The callee may have changed every register: nothing is cached any more. Its arguments are off the
 * stack. It may also not return here. */
static void finish_call(struct compiler *c, const struct wasm_functype *type) {
  uint32_t words = argument_words(type);
  for (uint32_t i = 0; i < type->param_count; i++)
    stack_drop(c);
  locals_forget(c);
  if (words > 0) {
    c->hole[STENCIL_HOLE_A] = 8 * (int64_t)words;
    emit_stencil(c, ST_frame_alloc, 0, 0);
  }
  push_results(c, type, words);
}

/* Types only: where no code is made. */
static void call_types(struct compiler *c, const struct wasm_functype *type) {
  c->height -= type->param_count;
  stack_push_slots(c, type->result_count, type->results);
}

/* Reads a function's index and checks its arguments. NULL: it failed. */
static const struct wasm_functype *read_callee(struct compiler *c, uint32_t *index) {
  *index = wasm_read_u32(&c->reader);
  if (compiler_ok(c) && *index >= c->module->func_count)
    compiler_fail(c, WASM_INVALID, "unknown function %u", *index);
  if (!compiler_ok(c))
    return NULL;
  const struct wasm_functype *type = &c->module->types[c->module->func_types[*index]];
  return stack_check(c, type->param_count, type->params) ? type : NULL;
}

/* Functions of the module are called directly; imported ones may be of another instance. */
void compile_call(struct compiler *c, const struct opcode *op) {
  (void)op;
  uint32_t index;
  const struct wasm_functype *type = read_callee(c, &index);
  if (!type)
    return;
  if (!c->live) {
    call_types(c, type);
    return;
  }
  prepare_call(c, type);
  if (index < c->module->func_import_count) {
    c->hole[STENCIL_HOLE_A] = (int64_t)index * 8;
    emit_stencil(c, ST_call_import, 0, 0);
    emit_call_site(c, TARGET_IMPORT_TAIL);
  } else {
    emit_direct_call(c, index - c->module->func_import_count);
  }
  finish_call(c, type);
}

/* Finds the function an element refers to; it is held in a register that arguments leave alone. */
static void emit_resolve_element(struct compiler *c, uint32_t table, uint32_t type) {
  uint32_t reg = value_read(c, c->height - 1);
  c->hole[STENCIL_HOLE_A] = (int64_t)table * 8;
  c->hole[STENCIL_HOLE_B] = (int64_t)type * 4;
  emit_trap_target(c, STENCIL_HOLE_TRAP_A, WASM_TRAP_UNDEFINED_ELEMENT);
  emit_trap_target(c, STENCIL_HOLE_TRAP_B, WASM_TRAP_UNINITIALIZED_ELEMENT);
  emit_trap_target(c, STENCIL_HOLE_TRAP_C, WASM_TRAP_INDIRECT_CALL_TYPE);
  emit_stencil(c, table == 0 ? ST_resolve_first : ST_resolve_indirect, reg, 0);
}

/* Reads a type and a table, checks the element's index and the arguments, and finds the element,
 * before the arguments are placed. NULL: it failed. */
static const struct wasm_functype *read_indirect_callee(struct compiler *c) {
  uint32_t number = wasm_read_u32(&c->reader), table = wasm_read_u32(&c->reader);
  if (!compiler_ok(c))
    return NULL;
  if (table >= c->module->table_count)
    compiler_fail(c, WASM_INVALID, "unknown table %u", table);
  else if (c->module->tables[table].type != WASM_FUNCREF)
    compiler_fail(c, WASM_INVALID, "type mismatch: %s through a table of %s",
                  compiler_opcode_name(c->opcode, c->reader.end),
                  wasm_valtype_text(c->module->tables[table].type));
  else if (number >= c->module->type_count)
    compiler_fail(c, WASM_INVALID, "unknown type %u", number);
  if (!compiler_ok(c))
    return NULL;
  uint8_t index_type = wasm_address_type(&c->module->tables[table].limits);
  if (!stack_check(c, 1, &index_type))
    return NULL;
  if (c->live)
    emit_resolve_element(c, table, number);
  stack_drop(c);
  const struct wasm_functype *type = &c->module->types[number];
  return stack_check(c, type->param_count, type->params) ? type : NULL;
}

void compile_call_indirect(struct compiler *c, const struct opcode *op) {
  (void)op;
  const struct wasm_functype *type = read_indirect_callee(c);
  if (!type)
    return;
  if (!c->live) {
    call_types(c, type);
    return;
  }
  prepare_call(c, type);
  emit_stencil(c, ST_call_held, 0, 0);
  emit_call_site(c, TARGET_HELD_TAIL);
  finish_call(c, type);
}

/* ---- Tail calls ---------------------------------------------------------------------------- */

/* Where a function that may be of another instance waits: the argument registers leave it free. */
#define TAIL_FUNCTION 0u
_Static_assert(TARGET_INT_ARG_FIRST > TAIL_FUNCTION, "");

/* The callee's results become this function's (core spec 3.3.8, return_call). */
static bool check_tail(struct compiler *c, const struct wasm_functype *type) {
  const struct wasm_functype *own = &c->controls[0].type;
  bool same =
      own->result_count == type->result_count &&
      (own->result_count == 0 || memcmp(own->results, type->results, own->result_count) == 0);
  if (!same)
    compiler_fail(c, WASM_INVALID, "type mismatch: %s of a function with other results",
                  compiler_opcode_name(c->opcode, c->reader.end));
  return same;
}

/* Places the arguments as for a call. Nothing else of this function is needed any more. */
static void prepare_tail(struct compiler *c, const struct wasm_functype *type) {
  pass_arguments(c, type);
  reserve_outgoing(c, type);
}

/* Takes the frame down. The outgoing words become the incoming ones, which end where this
 * function's end, so that the caller's results lie behind them as it expects. */
static void emit_leave(struct compiler *c, const struct wasm_functype *type) {
  uint32_t words = argument_words(type);
  if (words == 0 && c->incoming == 0) {
    emit_stencil(c, ST_tail_leave, 0, 0);
    return;
  }
  int32_t to = TARGET_INCOMING_OFFSET((int32_t)c->incoming - (int32_t)words);
  emit_stencil(c, ST_tail_save, 0, 0);
  if (words > 0) {
    c->hole[STENCIL_HOLE_A] = 8 * (int64_t)words;
    c->hole[STENCIL_HOLE_B] = to;
    emit_stencil(c, ST_tail_words, 0, 0);
  }
  c->hole[STENCIL_HOLE_A] = to;
  emit_stencil(c, ST_tail_leave_words, 0, 0);
}

/* To a function that may be of another instance: whoever has called this one directly must know. If
 * code was made for calls that do not, it has to be made again; only modules with such tail calls
 * pay for that. */
static void emit_tail_elsewhere(struct compiler *c, const struct wasm_functype *type) {
  c->must_reload = true;
  emit_leave(c, type);
  emit_stencil(c, ST_tail_call, 0, 0);
}

void compile_return_call(struct compiler *c, const struct opcode *op) {
  (void)op;
  uint32_t index;
  const struct wasm_functype *type = read_callee(c, &index);
  if (!type || !check_tail(c, type))
    return;
  if (c->live) {
    prepare_tail(c, type);
    if (index < c->module->func_import_count) {
      c->hole[STENCIL_HOLE_A] = (int64_t)index * 8;
      emit_stencil(c, ST_ref_func, TAIL_FUNCTION, 0);
      emit_tail_elsewhere(c, type);
    } else {
      emit_leave(c, type);
      emit_jump_to_function(c, ST_jump, index - c->module->func_import_count);
    }
  }
  control_end_reach(c);
}

void compile_return_call_indirect(struct compiler *c, const struct opcode *op) {
  (void)op;
  const struct wasm_functype *type = read_indirect_callee(c);
  if (!type || !check_tail(c, type))
    return;
  if (c->live) {
    prepare_tail(c, type);
    emit_stencil(c, ST_held_callee, TAIL_FUNCTION, 0);
    emit_tail_elsewhere(c, type);
  }
  control_end_reach(c);
}

/* ---- Entry and exit ------------------------------------------------------------------------ */

/* A home for a local: the slots behind those that are taken. */
static int32_t take_slots(struct compiler *c, uint8_t type) {
  c->local_slots += type_words(type);
  return slot_offset(c->local_slots);
}

/* Parameters: in registers, cached and dirty, or at home where the caller put them. */
static void bind_parameters(struct compiler *c, const struct wasm_functype *type) {
  struct placing placing = {0};
  for (uint32_t i = 0; i < type->param_count; i++) {
    struct placement placement = place_argument(type->params[i], &placing);
    struct local *local = &c->locals[i];
    local->offset =
        placement.on_stack ? TARGET_INCOMING_OFFSET(placement.place) : take_slots(c, local->type);
    if (c->live && !placement.on_stack)
      local_bind(c, i, pool_register(type->params[i], placement.place));
  }
  c->incoming = argument_words(type);
}

/* Two slots at a time: one too many hits the operands' slots, of which there is always one. */
static void zero_slots(struct compiler *c, uint32_t first, uint32_t count) {
  uint32_t pairs = (count + 1) / 2;
  if (pairs > 8) {
    c->hole[STENCIL_HOLE_A] = TARGET_SLOT_OFFSET(first + 2 * pairs - 1);
    c->hole[STENCIL_HOLE_B] = TARGET_SLOT_OFFSET(first) + 8;
    emit_stencil(c, ST_slot_zero_many, 0, 0);
    return;
  }
  for (uint32_t i = 0; i < pairs; i++) {
    c->hole[STENCIL_HOLE_A] = TARGET_SLOT_OFFSET(first + 2 * i + 1);
    emit_stencil(c, ST_slot_zero2, 0, 0);
  }
}

/* Declared locals are zero (core spec 4.4.10.1); it takes no code for those that are assigned
 * before they are read. In runs of those that it does. */
static void zero_locals(struct compiler *c, uint32_t local, uint32_t slot) {
  const struct locals_set *wanted = c->has_flow ? &c->flows[0].other : NULL;
  uint32_t first = slot;
  for (; local < c->local_count; local++) {
    uint32_t words = type_words(c->locals[local].type);
    if (wanted && !set_has(wanted, local)) {
      zero_slots(c, first, slot - first);
      first = slot + words;
    }
    slot += words;
  }
  zero_slots(c, first, slot - first);
}

/* Parameters that nobody reads are in no register. */
static void forget_unwanted(struct compiler *c) {
  for (uint32_t left = c->has_flow ? c->local_regs : 0; left; left &= left - 1) {
    uint32_t index = c->owner[__builtin_ctz(left)];
    if (!set_has(&c->flows[0].other, index))
      local_forget(c, index);
  }
}

void compile_entry(struct compiler *c, const struct wasm_functype *type) {
  c->local_slots = 0;
  c->outgoing = 0;
  c->calls = false;
  c->site_count = c->data_count = 0;
  c->free_regs = (uint16_t)(INT_REGISTERS | FLOAT_REGISTERS);
  c->local_regs = c->dirty = c->pinned = 0;
  bind_parameters(c, type);
  uint32_t declared = c->local_slots;
  for (uint32_t i = type->param_count; i < c->local_count; i++)
    c->locals[i].offset = take_slots(c, c->locals[i].type);
  c->values[-1] = (struct value){.end = c->local_slots};
  c->max_end = c->local_slots + 1;
  if (c->live) {
    /* The prologue needs the frame's size, which is known at the end: there is room for it. */
    if (emit_reserve(c, TARGET_PROLOGUE_MAX))
      c->at += TARGET_PROLOGUE_MAX;
    zero_locals(c, type->param_count, declared);
    forget_unwanted(c);
  }
}

/* The stack's limit leaves at least so many bytes below it: a function that calls none and whose
 * frame has no more need not look whether it fits. */
#define LEAF_FRAME 1024u

/* Writes the prologue so that it ends where the body begins, and settles the entry. */
static void finish_prologue(struct compiler *c, uint32_t start, uint64_t frame) {
  bool large = frame >= TARGET_LARGE_FRAME, leaf = !c->calls && frame <= LEAF_FRAME;
  uint32_t family = large ? ST_prologue_large : leaf ? ST_prologue_leaf : ST_prologue;
  uint32_t length = emit_length(family);
  uint8_t *end = c->at, *body = c->text.base + start + TARGET_PROLOGUE_MAX;
  uint8_t saved[TARGET_STENCIL_MAX]; /* emit may write past a stencil's end */
  memcpy(saved, body, sizeof saved);
  memset(c->text.base + start, TARGET_FILL, TARGET_PROLOGUE_MAX - length);
  c->at = body - length;
  uint32_t entry = emit_offset(c), calls = c->entries[c->function];
  emit_trap_target(c, STENCIL_HOLE_TRAP_A, WASM_TRAP_STACK_EXHAUSTED);
  c->sites[c->site_count - 1].code_offset = 0;
  c->hole[STENCIL_HOLE_A] = (int64_t)frame;
  emit_stencil(c, family, 0, 0);
  memcpy(body, saved, sizeof saved);
  c->at = end;
  c->entries[c->function] = entry;
  emit_resolve(c, calls, entry);
}

/* The traps' places behind the code, so that what is taken seldom is out of the way. */
static void emit_sites(struct compiler *c) {
  const uint8_t *opcode = c->opcode;
  for (uint32_t i = 0; i < c->site_count && compiler_ok(c); i++) {
    const struct trap_site *site = &c->sites[i];
    if (site->chain == 0)
      continue;
    emit_resolve(c, site->chain, emit_offset(c));
    c->opcode = c->module->bytes + site->code_offset;
    emit_fault(c, (enum wasm_trap_kind)site->kind);
    emit_stencil(c, ST_trap, 0, 0);
  }
  c->opcode = opcode;
}

/* Vector constants, at multiples of their size. */
static void emit_datas(struct compiler *c) {
  for (uint32_t i = 0; i < c->data_count && emit_reserve(c, 32); i++) {
    const struct data_site *data = &c->datas[i];
    while (emit_offset(c) % sizeof data->bytes != 0)
      *c->at++ = TARGET_FILL;
    emit_resolve(c, data->chain, emit_offset(c));
    memcpy(c->at, data->bytes, sizeof data->bytes);
    c->at += sizeof data->bytes;
  }
}

uint64_t compile_exit(struct compiler *c, uint32_t start) {
  uint64_t frame = target_frame_bytes(c->max_end, c->outgoing);
  finish_prologue(c, start, frame);
  emit_sites(c);
  emit_datas(c);
  return frame + TARGET_FRAME_FIXED;
}
