/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The generator's functions: a random walk over statements that keeps the stack's types right. */
#include "tests/fuzz/operations.h"

/* ---- Calls -------------------------------------------------------------------------------------
 */

static void call(struct plan *p) {
  uint32_t callee = random_below(p, p->func_count);
  const struct signature type = p->types[p->func_types[callee]];
  require(p, type.params, type.param_count);
  put_indexed(p, 0x10, callee);
  consume(p, type.param_count);
  push_all(p, type.results, type.result_count);
}

/* An index into table 0, mostly that one. */
static void table_slot(struct plan *p, uint32_t slot) {
  if (chance(p, 85))
    put_const(p, WASM_I32, slot);
  else
    small(p, TABLE_MIN + 1);
  put_table_index(p, 0);
}

static void call_indirect(struct plan *p) {
  uint32_t slot = random_below(p, TABLE_MIN - 2), number = p->func_types[p->table_funcs[slot]];
  const struct signature type = p->types[number];
  require(p, type.params, type.param_count);
  table_slot(p, slot);
  put_indexed(p, 0x11, number);
  put(p, 0);
  consume(p, type.param_count + 1);
  push_all(p, type.results, type.result_count);
}

static void return_results(struct plan *p) {
  const struct signature *type = &p->frames[0].type;
  require(p, type->results, type->result_count);
  put(p, 0x0f);
  end_reach(p);
}

static void set_variable(struct plan *p) {
  uint8_t type = random_type(p);
  if (p->height > innermost(p)->height && chance(p, 60))
    type = p->stack[p->height - 1];
  bool is_global = chance(p, 20), is_tee = chance(p, 30);
  uint32_t index = is_global ? pick_global(p, type, true) : pick_local(p, type);
  if (index == UINT32_MAX)
    return;
  require(p, &type, 1);
  put_indexed(p, is_global ? 0x24 : is_tee ? 0x22 : 0x21, index);
  consume(p, 1);
  if (is_tee && !is_global)
    push(p, type);
}

static void select_statement(struct plan *p) {
  uint8_t type = random_type(p);
  if (p->height > innermost(p)->height)
    type = p->stack[p->height - 1];
  const uint8_t wants[] = {type, type, WASM_I32};
  require(p, wants, 3);
  put_indexed(p, 0x1c, 1);
  put(p, type);
  consume(p, 3);
  push(p, type);
}

static void local_reads(struct plan *p) {
  for (uint32_t i = 1 + random_below(p, 4); i > 0; i--)
    variable(p, random_type(p));
}

/* The top becomes an i64 that shows it. */
static void put_digest(struct plan *p, uint8_t type, uint32_t local) {
  if (type == WASM_F32 || type == WASM_F64) {
    canonicalise(p, type);
    put(p, type == WASM_F32 ? 0xbc : 0xbd);
  } else if (type == WASM_V128) { /* the lanes of 64 bits, xor */
    put_bytes(&p->code, (const uint8_t[]){0xfd, 0x1d, 0}, 3);
    put_indexed(p, 0x20, local);
    put_bytes(&p->code, (const uint8_t[]){0xfd, 0x1d, 1, 0x85}, 4);
  } else if (is_reference(type)) {
    put(p, 0xd1); /* ref.is_null */
  }
  if (type == WASM_I32 || type == WASM_F32 || is_reference(type))
    put(p, 0xad); /* i64.extend_i32_u */
}

void observe(struct plan *p) {
  uint32_t index = chance(p, 80) && p->counter > 0 ? p->popular[random_below(p, POPULAR)]
                                                   : random_below(p, p->observed_count);
  put_indexed(p, 0x23, 1);
  put_constant(&p->code, WASM_I64, 31);
  put(p, 0x7e);
  put_indexed(p, 0x20, index);
  put_digest(p, p->locals[index], index);
  put(p, 0x7c);
  put_indexed(p, 0x24, 1);
}

static void drop(struct plan *p) {
  if (p->height > innermost(p)->height)
    put_away(p);
}

/* A function whose results are this one's, or UINT32_MAX. */
static uint32_t pick_tail(struct plan *p) {
  const struct signature *own = &p->frames[0].type;
  for (int i = 0; i < 8; i++) {
    uint32_t callee = random_below(p, p->func_count);
    const struct signature *type = &p->types[p->func_types[callee]];
    if (type->result_count == own->result_count &&
        memcmp(type->results, own->results, own->result_count) == 0)
      return callee;
  }
  return UINT32_MAX;
}

static void return_call(struct plan *p) {
  uint32_t callee = pick_tail(p);
  if (callee == UINT32_MAX)
    return;
  const struct signature type = p->types[p->func_types[callee]];
  require(p, type.params, type.param_count);
  if (chance(p, 50)) {
    put_indexed(p, 0x12, callee);
  } else {
    uint32_t slot = random_below(p, TABLE_MIN - 2);
    for (uint32_t i = 0; i < TABLE_MIN - 2; i++)
      if (p->table_funcs[i] == callee)
        slot = i;
    table_slot(p, slot);
    put_indexed(p, 0x13, p->func_types[callee]);
    put(p, 0);
  }
  end_reach(p);
}

static void leave(struct plan *p) {
  uint32_t way = random_below(p, 100);
  if (way < 40)
    branch(p);
  else if (way < 70)
    branch_table(p);
  else if (way < 90)
    return_call(p);
  else if (way < 95 && p->tag_count > 0)
    throw_away(p);
  else if (way < 98 || p->depth == 1)
    return_results(p);
  else {
    put(p, 0x00);
    end_reach(p);
  }
}

static void is_null(struct plan *p) {
  uint8_t type = chance(p, 50) ? WASM_FUNCREF : WASM_EXTERNREF;
  if (p->exnrefs && chance(p, 30))
    type = WASM_EXNREF;
  require(p, &type, 1);
  put(p, 0xd1);
  consume(p, 1);
  push(p, WASM_I32);
}

static void nested_statement(struct plan *p) {
  uint32_t way = random_below(p, 100);
  if (p->tag_count > 0 && way < 25)
    try_block(p);
  else if (way < 60)
    block(p);
  else if (way < 65)
    loop_nest(p);
  else
    if_else(p);
}

enum { STRAIGHT = 18 };

static void statement(struct plan *p) {
  /* The first STRAIGHT are straight. */
  static void (*const ways[])(struct plan *) = {
      observe,      observe, local_reads,   local_reads,      local_reads,  numeric,   numeric,
      numeric,      numeric, set_variable,  set_variable,     set_variable, load,      store,
      set_variable, store,   lane_access,   select_statement, drop,         branch_if, branch_if,
      branch_if,    call,    call_indirect, memory_bulk,      table_bulk,   is_null,   throw_if};
  if (p->straight)
    ways[random_below(p, STRAIGHT)](p);
  else if (p->depth < p->max_depth && chance(p, 22))
    nested_statement(p);
  else if (chance(p, p->depth > 1 ? 4 : 1))
    leave(p);
  else
    ways[random_below(p, sizeof ways / sizeof ways[0])](p);
}

static bool is_skipped(const struct recipe *recipe, uint64_t number) {
  for (uint32_t i = 0; i < recipe->skipped_count; i++)
    if (recipe->skipped[i] == number)
      return true;
  return false;
}

/* One statement with random numbers of its own. */
static void numbered_statement(struct plan *p) {
  uint64_t scope = p->scope, count = ++p->scope_count, rng = p->rng;
  p->rng = scope + count * 0xd1342543de82ef95u;
  uint64_t number = random_bits(p);
  if (!is_skipped(p->recipe, number)) {
    put_bytes(p->statements, &number, sizeof number);
    p->scope = number;
    p->scope_count = 0;
    statement(p);
  }
  p->scope = scope;
  p->scope_count = count;
  p->rng = rng;
}

void sequence(struct plan *p, uint32_t count) {
  for (uint32_t i = 0; i < count && p->budget > 0; i++) {
    p->budget--;
    numbered_statement(p);
    if (p->height > MAX_STACK / 2 || (innermost(p)->unreachable && chance(p, 60)))
      break;
  }
}

/* ---- Functions ---------------------------------------------------------------------------------
 */

enum { OWN_LOCALS = 7 };

static void declare(struct plan *p, struct buffer *out, uint8_t type) {
  put_byte(out, 1);
  put_byte(out, type);
  p->locals[p->local_count++] = type;
}

static uint32_t random_local_count(struct plan *p) {
  uint32_t way = random_below(p, 100);
  return way < 65   ? random_below(p, 12)
         : way < 85 ? random_below(p, 50)
         : way < 94 ? 110 + random_below(p, 40) /* around what the analysis tells apart */
         : way < 99 ? random_below(p, 400)
                    : random_below(p, MAX_LOCALS - MAX_ARITY - OWN_LOCALS);
}

/* The first ones, some in a row, or any. */
static void choose_popular(struct plan *p) {
  uint32_t way = random_below(p, 100), first = way < 75 ? random_below(p, p->counter + 1u) : 0;
  for (uint32_t i = 0; i < POPULAR && p->counter > 0; i++)
    p->popular[i] = way < 25 ? random_below(p, p->counter) : (first + i) % p->counter;
}

static void declare_own_locals(struct plan *p, struct buffer *out) {
  static const uint8_t own[OWN_LOCALS] = {WASM_I32,  WASM_F32,  WASM_F64,   WASM_V128,
                                          WASM_V128, WASM_V128, WASM_EXNREF};
  p->counter = p->local_count;
  p->scratch32 = p->counter + 1;
  p->scratch64 = p->counter + 2;
  p->scratch_vectors = p->counter + 3;
  p->caught = p->counter + (p->vectors ? 6 : 3);
  p->observed_count = p->scratch_vectors; /* those have NaNs with any bits */
  for (uint32_t i = 0; i < OWN_LOCALS; i++)
    if (own[i] == WASM_EXNREF ? p->tag_count > 0 : own[i] != WASM_V128 || p->vectors)
      declare(p, out, own[i] == WASM_EXNREF && is_legacy(p) ? WASM_EXTERNREF : own[i]);
}

static void declare_locals(struct plan *p, struct buffer *out, const struct signature *type) {
  uint32_t count = random_local_count(p);
  p->local_count = 0;
  for (uint32_t i = 0; i < type->param_count; i++)
    p->locals[p->local_count++] = type->params[i];
  put_unsigned(out, count + 3 + (p->vectors ? 3 : 0) + (p->tag_count > 0 ? 1 : 0));
  for (uint32_t i = 0; i < count; i++)
    declare(p, out, random_type(p));
  declare_own_locals(p, out);
  choose_popular(p);
}

void generate_body(struct plan *p, const struct signature *type) {
  struct buffer locals = {0};
  declare_locals(p, &locals, type);
  p->code.length = 0;
  p->height = 0;
  p->frames[0] = (struct frame){.type = *type};
  p->depth = 1;
  p->max_depth = chance(p, 85) ? 8 : 30;
  count_call(p);
  sequence(p, 200);
  for (uint32_t i = 0; i < 5; i++)
    observe(p);
  if (chance(p, 15))
    return_call(p);
  finish_block(p);
  put(p, 0x0b);
  /* Behind the locals, as the format wants. */
  put_bytes(&locals, p->code.at, p->code.length);
  free(p->code.at);
  p->code = locals;
}
