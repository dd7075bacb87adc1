/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Control instructions (core spec 4.4.8): blocks, branches, returns.
 *
 * A branch brings its values and the locals into the label's layout. What has to be moved for that
 * is called the edge; a conditional branch with an edge jumps around it when it is not taken, so
 * the edge changes nothing for the code that follows. */
#include "engine/compiler.h"

#include <string.h>

#define TOP(c) ((c)->values[(c)->height - 1])

static struct control *innermost(struct compiler *c) {
  return &c->controls[c->depth - 1];
}

/* ---- Layouts and edges --------------------------------------------------------------------- */

/* What free registers are said to hold is not looked at. */
static void save_layout(const struct compiler *c, struct layout *layout) {
  layout->used = c->local_regs;
  layout->dirty = c->dirty;
  memcpy(layout->local, c->owner, sizeof layout->local);
}

/* The registers that have the same owner here and there, free ones included: all compared at once.
 */
static uint32_t same_owners(const uint32_t here[REGISTER_COUNT],
                            const uint32_t there[REGISTER_COUNT]) {
  typedef uint32_t owners __attribute__((ext_vector_type(REGISTER_COUNT)));
  typedef bool equal __attribute__((ext_vector_type(REGISTER_COUNT)));
  owners x, y;
  uint16_t registers;
  memcpy(&x, here, sizeof x);
  memcpy(&y, there, sizeof y);
  equal same = __builtin_convertvector(x == y, equal);
  memcpy(&registers, &same, sizeof registers);
  return registers;
}

/* The state at a place that is reached by jumps only: no operand is in a register. */
static void restore_layout(struct compiler *c, const struct layout *layout) {
  locals_forget(c);
  memcpy(c->owner, layout->local, sizeof c->owner);
  for (uint32_t left = layout->used; left; left &= left - 1) {
    uint32_t reg = (uint32_t)__builtin_ctz(left);
    c->locals[layout->local[reg]].reg = (uint8_t)reg;
  }
  c->local_regs = layout->used;
  c->dirty = layout->dirty;
  c->free_regs = (uint16_t)~layout->used;
}

uint32_t control_label_types(const struct control *control, const uint8_t **types) {
  bool loop = control->kind == CONTROL_LOOP;
  *types = loop ? control->type.params : control->type.results;
  return loop ? control->type.param_count : control->type.result_count;
}

/* The register of a label's single value, or NO_REGISTER. */
static uint32_t label_register(const struct control *control) {
  if (control->kind == CONTROL_LOOP || control->type.result_count != 1)
    return NO_REGISTER;
  return result_register(control->type.results[0]);
}

static void drop_registers(struct layout *layout, uint32_t set) {
  layout->used &= (uint16_t)~set;
  layout->dirty &= (uint16_t)~set;
}

/* Takes out the locals that nobody wants there. */
static void prune_layout(struct layout *layout, const struct locals_set *wanted) {
  uint32_t unwanted = 0;
  for (uint32_t left = layout->used; left; left &= left - 1) {
    uint32_t reg = (uint32_t)__builtin_ctz(left);
    unwanted |= (uint32_t)!set_has(wanted, layout->local[reg]) << reg;
  }
  drop_registers(layout, unwanted);
}

/* The first branch to a label decides: what is in registers now, but for the result's place. */
static void define_layout(struct compiler *c, struct control *control) {
  if (control->has_layout)
    return;
  control->has_layout = true;
  save_layout(c, &control->layout);
  uint32_t reg = label_register(control);
  if (reg != NO_REGISTER)
    drop_registers(&control->layout, 1u << reg);
  if (c->has_flow)
    prune_layout(&control->layout, &c->flows[control->flow].label);
}

struct edge {
  uint32_t stores; /* registers whose locals go home */
  uint32_t move_count;
  bool to_slots; /* the values go to their slots */
  struct move moves[REGISTER_COUNT + 1];
};

/* A local that is dirty here must be so, and be in some register, there. */
static bool must_store(const struct compiler *c, const struct layout *to, uint32_t reg) {
  for (uint32_t left = to->used & to->dirty; left; left &= left - 1)
    if (to->local[__builtin_ctz(left)] == c->owner[reg])
      return false;
  return true;
}

static void edge_for_locals(const struct compiler *c, const struct control *control,
                            struct edge *edge) {
  const struct layout *to = &control->layout;
  /* Registers that hold the same local here and there. */
  uint32_t kept = to->used & c->local_regs & same_owners(c->owner, to->local);
  for (uint32_t left = c->dirty & ~(kept & to->dirty); left; left &= left - 1) {
    uint32_t reg = (uint32_t)__builtin_ctz(left);
    if (must_store(c, to, reg) && flow_wants(c, control, c->owner[reg]))
      edge->stores |= 1u << reg;
  }
  for (uint32_t left = to->used & ~kept; left; left &= left - 1) {
    uint32_t reg = (uint32_t)__builtin_ctz(left);
    const struct local *local = &c->locals[to->local[reg]];
    edge->moves[edge->move_count++] =
        (struct move){.to = (uint8_t)reg,
                      .from = local->reg,
                      .source = local->reg == NO_REGISTER ? FROM_SLOT : FROM_REG,
                      .type = local->type,
                      .offset = local->offset};
  }
}

/* Whether the values on top lie in the label's slots already. */
static bool values_in_place(const struct compiler *c, const struct control *control,
                            uint32_t count) {
  uint32_t from = c->height - count;
  if (from != control->height)
    return count == 0;
  for (uint32_t i = from; i < c->height; i++)
    if (c->values[i].where != AT_SLOT)
      return false;
  return true;
}

/* Plans what a branch to the label has to move from the state at hand. */
static void make_edge(struct compiler *c, struct control *control, struct edge *edge) {
  define_layout(c, control);
  const uint8_t *types;
  uint32_t count = control_label_types(control, &types), reg = label_register(control);
  edge->stores = edge->move_count = 0;
  edge_for_locals(c, control, edge);
  edge->to_slots = reg == NO_REGISTER && !values_in_place(c, control, count);
  if (reg == NO_REGISTER)
    return;
  struct move move = value_move(c, c->height - 1, reg);
  if (move.source != FROM_REG || move.from != reg)
    edge->moves[edge->move_count++] = move;
}

static bool edge_is_empty(const struct edge *edge) {
  return edge->stores == 0 && edge->move_count == 0 && !edge->to_slots;
}

/* Emits the moves; what the compiler knows stays as it was before the branch. */
static void emit_edge(struct compiler *c, const struct control *control, struct edge *edge) {
  const uint8_t *types;
  uint32_t count = control_label_types(control, &types);
  for (uint32_t left = edge->stores; left; left &= left - 1) {
    uint32_t reg = (uint32_t)__builtin_ctz(left);
    const struct local *local = &c->locals[c->owner[reg]];
    emit_store(c, local->type, reg, local->offset);
  }
  /* In ascending order none overwrites one that is still to be moved: they move down. */
  uint32_t end = stack_end(c, control->height);
  for (uint32_t i = 0; edge->to_slots && i < count; i++) {
    uint32_t from = c->height - count + i;
    end += type_words(types[i]);
    if (c->values[from].where != AT_SLOT || from != control->height + i)
      value_copy_to_slot(c, from, slot_offset(end));
  }
  if (edge->move_count > 0)
    emit_moves(c, edge->moves, edge->move_count);
}

/* ---- Jumps --------------------------------------------------------------------------------- */

/* Emits a family that jumps; its jumps go to the label. */
static void emit_jump(struct compiler *c, uint32_t family, uint32_t a, uint32_t b,
                      struct control *control) {
  if (control->kind != CONTROL_LOOP) {
    c->chain[0] = &control->target;
    emit_stencil(c, family, a, b);
    return;
  }
  uint32_t chain = 0;
  c->chain[0] = &chain;
  emit_stencil(c, family, a, b);
  emit_resolve(c, chain, control->target);
}

struct compare control_take_condition(struct compiler *c) {
  struct compare compare;
  if (TOP(c).where == AT_COMPARE) {
    compare = c->compare;
    c->height--;
    if (c->spilled > c->height)
      c->spilled = c->height;
  } else {
    compare = (struct compare){.family = ST_i32_br_zero, .negate = true};
    compare.a = (uint8_t)value_read(c, c->height - 1);
    stack_drop(c);
  }
  c->pinned |= (uint16_t)(1u << compare.a);
  if (!compare.has_constant && compare.family != ST_i32_br_zero && compare.family != ST_i64_br_zero)
    c->pinned |= (uint16_t)(1u << compare.b);
  return compare;
}

/* A conditional jump's family for the compare, or for its negation. Each family that jumps stands
 * beside its negation, at an even distance from the first of its kind. */
static uint32_t jump_family(const struct compare *compare, bool negate) {
  static const uint16_t firsts[] = {ST_f64_br_eq, ST_f32_br_eq, ST_i64_br_eq_rr, ST_i32_br_eq_rr};
  uint32_t first = firsts[3];
  for (uint32_t i = 0; i < 4; i++) {
    first = firsts[i];
    if (compare->family >= first)
      break;
  }
  bool flip = negate != compare->negate;
  return flip ? first + ((compare->family - first) ^ 1u) : compare->family;
}

static void emit_condition(struct compiler *c, const struct compare *compare, bool negate,
                           struct control *control) {
  c->hole[STENCIL_HOLE_IMM32] = compare->constant;
  emit_jump(c, jump_family(compare, negate), compare->a % FLOAT_BASE, compare->b % FLOAT_BASE,
            control);
}

uint32_t control_emit_skip(struct compiler *c, const struct compare *compare) {
  uint32_t chain = 0;
  c->hole[STENCIL_HOLE_IMM32] = compare->constant;
  c->chain[0] = &chain;
  emit_stencil(c, jump_family(compare, false), compare->a % FLOAT_BASE, compare->b % FLOAT_BASE);
  return chain;
}

/* ---- Returning ----------------------------------------------------------------------------- */

/* The first result in its register, the others in the caller's words behind the arguments. Like an
 * edge, changes nothing the compiler knows. */
void emit_return(struct compiler *c) {
  uint32_t count = c->controls[0].type.result_count;
  const struct wasm_functype *type = &c->controls[0].type;
  for (uint32_t i = 1; i < count; i++)
    value_copy_to_slot(c, c->height - count + i,
                       TARGET_INCOMING_OFFSET(c->incoming + result_words(type, i)));
  if (count > 0) {
    uint32_t first = c->height - count;
    struct move move = value_move(c, first, result_register(c->values[first].type));
    emit_moves(c, &move, 1);
  }
  c->hole[STENCIL_HOLE_IMM32] = 8 * (int64_t)c->incoming;
  emit_stencil(c, c->incoming ? ST_epilogue_pop : ST_epilogue, 0, 0);
}

void control_end_reach(struct compiler *c) {
  struct control *control = innermost(c);
  while (c->height > control->height)
    stack_drop(c);
  if (c->live)
    locals_forget(c);
  c->live = false;
  control->unreachable = true;
}

/* ---- Blocks -------------------------------------------------------------------------------- */

bool control_read_type(struct compiler *c, struct wasm_functype *type) {
  static const uint8_t all[] = {WASM_I32,  WASM_I64,     WASM_F32,       WASM_F64,
                                WASM_V128, WASM_FUNCREF, WASM_EXTERNREF, WASM_EXNREF};
  *type = (struct wasm_functype){0};
  if (wasm_reader_left(&c->reader) > 0 && *c->reader.at == 0x40) {
    c->reader.at++;
    return true;
  }
  if (wasm_reader_left(&c->reader) > 0 && (*c->reader.at & 0xc0) == 0x40) {
    uint8_t result = wasm_read_valtype(&c->reader);
    type->result_count = 1;
    for (uint32_t i = 0; i < sizeof all; i++)
      if (all[i] == result)
        type->results = &all[i];
    return compiler_ok(c);
  }
  int64_t index = wasm_read_s33(&c->reader);
  if (compiler_ok(c) && (index < 0 || index >= c->module->type_count))
    compiler_fail(c, WASM_INVALID, "unknown type %u in a block type", (unsigned)index);
  if (compiler_ok(c))
    *type = c->module->types[index];
  return compiler_ok(c);
}

void control_push(struct compiler *c, enum control_kind kind, const struct wasm_functype *type) {
  wasm_check_limit(&c->reader, c->depth + 1, WASM_LIMITED_NESTING);
  if (!compiler_ok(c) ||
      !compiler_window_grow(c, &c->control_window, (c->depth + 1) * sizeof *c->controls))
    return;
  struct control *control = &c->controls[c->depth++];
  c->floor = c->height;
  control->kind = (uint8_t)kind;
  control->unreachable = false;
  control->was_live = c->live;
  control->has_layout = false;
  control->flow = c->flow_next++;
  control->height = c->height;
  control->type = *type;
  control->target = control->else_chain = control->table = 0;
}

/* Operands leave the registers; those that a branch may find again, the parameters, are all put
 * into their slots. */
void control_open(struct compiler *c, enum control_kind kind, const struct wasm_functype *type) {
  uint32_t params = type->param_count;
  if (c->live) {
    stack_spill_below(c, c->height);
    for (uint32_t i = c->height - params; i < c->height; i++)
      value_spill(c, i);
  }
  for (uint32_t i = 0; i < params; i++)
    stack_drop(c);
  control_push(c, kind, type);
  if (compiler_ok(c))
    stack_push_slots(c, params, type->params);
}

void compile_block(struct compiler *c, const struct opcode *op) {
  (void)op;
  struct wasm_functype type;
  if (control_read_type(c, &type) && stack_check(c, type.param_count, type.params))
    control_open(c, CONTROL_BLOCK, &type);
}

/* Locals that are in registers here are so whenever the loop comes back. */
void compile_loop(struct compiler *c, const struct opcode *op) {
  (void)op;
  struct wasm_functype type;
  if (!control_read_type(c, &type) || !stack_check(c, type.param_count, type.params))
    return;
  control_open(c, CONTROL_LOOP, &type);
  if (!compiler_ok(c) || !c->live)
    return;
  loop_prepare(c, innermost(c));
  define_layout(c, innermost(c));
  innermost(c)->target = emit_offset(c);
}

void compile_if(struct compiler *c, const struct opcode *op) {
  struct wasm_functype type;
  if (!control_read_type(c, &type) || !stack_check(c, 1, op->in))
    return;
  struct compare compare = {0};
  if (c->live)
    compare = control_take_condition(c);
  else
    stack_drop(c);
  if (!stack_check(c, type.param_count, type.params))
    return;
  control_open(c, CONTROL_IF, &type);
  if (!compiler_ok(c) || !c->live)
    return;
  struct control *control = innermost(c);
  save_layout(c, &control->else_layout);
  if (c->has_flow)
    prune_layout(&control->else_layout, &c->flows[control->flow].other);
  c->hole[STENCIL_HOLE_IMM32] = compare.constant;
  c->chain[0] = &control->else_chain;
  emit_stencil(c, jump_family(&compare, true), compare.a % FLOAT_BASE, compare.b % FLOAT_BASE);
}

/* The results are on top and nothing else is (core spec 3.3.5). */
static bool check_results(struct compiler *c, const struct control *control) {
  const struct wasm_functype *type = &control->type;
  if (!stack_check(c, type->result_count, type->results))
    return false;
  if (c->height - control->height != type->result_count) {
    compiler_fail(c, WASM_INVALID, "type mismatch: values remain on the stack at the block's end");
    return false;
  }
  return true;
}

/* What lies below was spilled at its begin. */
void control_leave(struct compiler *c, const struct control *control) {
  while (c->height > control->height)
    stack_drop(c);
  c->height = control->height;
  c->spilled = c->height;
  if (c->live)
    locals_forget(c);
}

/* The first part ends with a jump over the second. */
static void begin_else(struct compiler *c) {
  struct control *control = innermost(c);
  if (c->live) {
    struct edge edge;
    make_edge(c, control, &edge);
    emit_edge(c, control, &edge);
    emit_jump(c, ST_jump, 0, 0, control);
  }
  control_leave(c, control);
  c->live = control->was_live;
  control->kind = CONTROL_ELSE;
  control->unreachable = false;
  if (c->live) {
    restore_layout(c, &control->else_layout);
    emit_resolve(c, control->else_chain, emit_offset(c));
  }
  stack_push_slots(c, control->type.param_count, control->type.params);
}

void compile_else(struct compiler *c, const struct opcode *op) {
  (void)op;
  struct control *control = innermost(c);
  if (control->kind != CONTROL_IF)
    compiler_fail(c, WASM_MALFORMED, "END opcode expected: else without if");
  else if (check_results(c, control))
    begin_else(c);
}

static bool same_types(const struct wasm_functype *type) {
  if (type->param_count != type->result_count)
    return false;
  return type->result_count == 0 || memcmp(type->params, type->results, type->result_count) == 0;
}

/* An if without else and without values: the jump that skips it goes to its end. That counts as the
 * first branch there, if there was none, and must not need moves otherwise. */
static bool join_missing_else(struct compiler *c, struct control *control) {
  if (!control->was_live || control->type.param_count > 0)
    return false;
  if (control->has_layout) {
    const struct layout *from = &control->else_layout, *to = &control->layout;
    if (from->used != to->used || from->dirty != to->dirty ||
        (from->used & ~same_owners(from->local, to->local)))
      return false;
  }
  control->has_layout = true;
  control->layout = control->else_layout;
  uint32_t last = control->else_chain, before;
  while ((before = target_get_link(c->text.base + last)) != 0)
    last = before;
  target_put_link(c->text.base + last, control->target);
  control->target = control->else_chain;
  return true;
}

/* After a label that branches lead to: its layout, its values where branches bring them. */
static void enter_label(struct compiler *c, struct control *control) {
  control_leave(c, control);
  c->live = true;
  restore_layout(c, &control->layout);
  emit_resolve(c, control->target, emit_offset(c));
  uint32_t reg = label_register(control);
  if (reg == NO_REGISTER) {
    stack_push_slots(c, control->type.result_count, control->type.results);
    return;
  }
  c->free_regs &= (uint16_t) ~(1u << reg);
  stack_push_reg(c, control->type.results[0], reg);
}

/* The function's own end: the outermost block's results are returned. */
static void end_function(struct compiler *c) {
  if (c->live)
    emit_return(c);
  while (c->height > 0)
    stack_drop(c);
  c->live = false;
  c->depth = 0;
  if (wasm_reader_left(&c->reader) > 0)
    wasm_reader_fail(&c->reader, WASM_MALFORMED, "bytes after the function's end");
}

void compile_end(struct compiler *c, const struct opcode *op) {
  (void)op;
  struct control *control = innermost(c);
  if (!check_results(c, control))
    return;
  if (control->kind == CONTROL_IF) {
    /* Without else, its place is taken by nothing: the parameters are the results. */
    if (!same_types(&control->type)) {
      compiler_fail(c, WASM_INVALID, "type mismatch: if without else changes the types");
      return;
    }
    if (!join_missing_else(c, control))
      begin_else(c);
  }
  if (c->depth == 1) {
    end_function(c);
    return;
  }
  if (control->kind == CONTROL_TRY)
    control_end_try(c);
  bool merges = control->kind != CONTROL_LOOP && control->has_layout;
  if (merges && c->live) {
    struct edge edge;
    make_edge(c, control, &edge);
    emit_edge(c, control, &edge);
  }
  control_set_depth(c, c->depth - 1);
  if (merges) {
    enter_label(c, control);
  } else if (!c->live) {
    c->height = control->height;
    stack_push_slots(c, control->type.result_count, control->type.results);
  }
}

/* ---- Branches ------------------------------------------------------------------------------ */

struct control *control_read_label(struct compiler *c) {
  uint32_t depth = wasm_read_u32(&c->reader);
  if (compiler_ok(c) && depth >= c->depth)
    compiler_fail(c, WASM_INVALID, "unknown label %u", depth);
  return compiler_ok(c) ? &c->controls[c->depth - 1 - depth] : NULL;
}

/* To the outermost label it is a return. */
void control_branch(struct compiler *c, struct control *control) {
  if (control == c->controls) {
    emit_return(c);
    return;
  }
  struct edge edge;
  make_edge(c, control, &edge);
  emit_edge(c, control, &edge);
  emit_jump(c, ST_jump, 0, 0, control);
}

void compile_br(struct compiler *c, const struct opcode *op) {
  (void)op;
  struct control *control = control_read_label(c);
  if (!control)
    return;
  const uint8_t *types;
  uint32_t count = control_label_types(control, &types);
  if (!stack_check(c, count, types))
    return;
  if (c->live)
    control_branch(c, control);
  control_end_reach(c);
}

void compile_return(struct compiler *c, const struct opcode *op) {
  (void)op;
  const struct wasm_functype *type = &c->controls[0].type;
  if (!stack_check(c, type->result_count, type->results))
    return;
  if (c->live)
    emit_return(c);
  control_end_reach(c);
}

/* Where the untaken branch goes on: a label of this instruction alone. */
static void emit_around(struct compiler *c, struct compare *compare, struct control *control) {
  compare->negate = !compare->negate;
  uint32_t chain = control_emit_skip(c, compare);
  control_branch(c, control);
  emit_resolve(c, chain, emit_offset(c));
}

/* With nothing to move the jump goes straight to the label; else around the edge. */
void compile_br_if(struct compiler *c, const struct opcode *op) {
  struct control *control = control_read_label(c);
  if (!control || !stack_check(c, 1, op->in))
    return;
  struct compare compare = {0};
  if (c->live)
    compare = control_take_condition(c);
  else
    stack_drop(c);
  const uint8_t *types;
  uint32_t count = control_label_types(control, &types);
  if (!stack_check(c, count, types))
    return;
  if (!c->live) {
    /* The values have the label's types afterwards, whatever they were taken from. */
    for (uint32_t i = 0; i < count; i++)
      c->values[c->height - count + i].type = types[i];
    return;
  }
  struct edge edge;
  bool returns = control == c->controls;
  if (!returns)
    make_edge(c, control, &edge);
  if (!returns && edge_is_empty(&edge))
    emit_condition(c, &compare, false, control);
  else
    emit_around(c, &compare, control);
}

/* Makes the place in text that brings a br_table's cases to a label: once for each label. Without
 * anything to move, the table leads to the label itself, if it can. */
static void make_case(struct compiler *c, struct control *control, uint32_t table) {
  control->table = table;
  control->stub = emit_offset(c);
  if (!TARGET_TABLE_HAS_JUMPS || control == c->controls) {
    control_branch(c, control);
    return;
  }
  struct edge edge;
  make_edge(c, control, &edge);
  if (edge_is_empty(&edge)) {
    control->stub = 0;
    return;
  }
  emit_edge(c, control, &edge);
  emit_jump(c, ST_jump, 0, 0, control);
}

/* Writes a word of a table, at text offset `at`. */
static void put_case(struct compiler *c, struct control *control, uint32_t table, uint32_t at) {
  uint8_t *word = c->text.base + at;
  if (control->table != table)
    make_case(c, control, table);
  if (control->stub == 0 && control->kind != CONTROL_LOOP) {
    target_put_link(word, control->target);
    control->target = at;
  } else if (TARGET_TABLE_HAS_JUMPS) {
    target_patch_jump(word, c->text.base + (control->stub ? control->stub : control->target));
  } else {
    int32_t distance = (int32_t)(control->stub - table);
    memcpy(word, &distance, sizeof distance);
  }
}

/* Checks one label; all have as many values as the first. */
static struct control *read_case(struct compiler *c, uint32_t *arity) {
  struct control *control = control_read_label(c);
  if (!control)
    return NULL;
  const uint8_t *types;
  uint32_t count = control_label_types(control, &types);
  if (*arity == UINT32_MAX)
    *arity = count;
  if (count != *arity) {
    compiler_fail(c, WASM_INVALID, "type mismatch: br_table's labels take %u and %u values", *arity,
                  count);
    return NULL;
  }
  return stack_check(c, count, types) ? control : NULL;
}

/* The table of jumps follows the dispatch at once, then stubs for labels where there is something
 * to move. */
void compile_br_table(struct compiler *c, const struct opcode *op) {
  uint32_t cases = wasm_read_u32(&c->reader);
  if (compiler_ok(c) && cases >= wasm_reader_left(&c->reader))
    wasm_reader_fail_end(&c->reader);
  if (!compiler_ok(c) || !stack_check(c, 1, op->in))
    return;
  uint32_t table = 0;
  if (c->live) {
    uint32_t reg = value_read(c, c->height - 1);
    c->hole[STENCIL_HOLE_IMM32] = cases;
    emit_stencil(c, ST_br_table, reg, 0);
    table = emit_offset(c);
    if (!emit_reserve(c, 4 * ((size_t)cases + 1)))
      return;
    c->at += 4 * ((size_t)cases + 1);
  }
  stack_drop(c);
  uint32_t arity = UINT32_MAX;
  for (uint32_t i = 0; i <= cases; i++) {
    struct control *control = read_case(c, &arity);
    if (!control)
      return;
    if (c->live)
      put_case(c, control, table, table + 4 * i);
  }
  control_end_reach(c);
}

void compile_unreachable(struct compiler *c, const struct opcode *op) {
  (void)op;
  if (c->live) {
    emit_fault(c, WASM_TRAP_UNREACHABLE);
    emit_stencil(c, ST_trap, 0, 0);
  }
  control_end_reach(c);
}

void compile_nop(struct compiler *c, const struct opcode *op) {
  (void)c;
  (void)op;
}
