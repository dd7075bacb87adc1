/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The generator's functions: a random walk over the instructions of engine/opcodes.def that keeps
 * the stack's types right, bounds all loops, and mostly stays within memory and tables.
 *
 * NaNs' bits may differ between engines (core spec 4.3.3), so they are made canonical where a
 * program could see them: before stores, reinterpretation, and as copysign's sign. */
#include "tests/fuzz/plan.h"

/* ---- Instructions by type ----------------------------------------------------------------------
 */

struct operation {
  uint8_t code, prefix, in[2], out;
};

#define N 0
#define I32 WASM_I32
#define I64 WASM_I64
#define F32 WASM_F32
#define F64 WASM_F64
#define FUNCREF WASM_FUNCREF
static const struct operation operations[] = {
#define OP(code, name, handler, in1, in2, out, argument) {code, 0, {in1, in2}, out},
#define OP_FC(code, name, handler, in1, in2, out, argument) {code, 0xfc, {in1, in2}, out},
#define OP_FD(...) /* vectors: not yet generated */
#include "engine/opcodes.def"
#undef OP
#undef OP_FC
#undef OP_FD
};
#undef N
enum { OPERATIONS = sizeof operations / sizeof operations[0] };

static bool is_numeric(const struct operation *op) {
  return op->prefix ? op->code <= 0x07 : op->code >= 0x45 && op->code <= 0xc4;
}
static bool is_load(const struct operation *op) {
  return !op->prefix && op->code >= 0x28 && op->code <= 0x35;
}
static bool is_store(const struct operation *op) {
  return !op->prefix && op->code >= 0x36 && op->code <= 0x3e;
}
static bool is_division(const struct operation *op) {
  return !op->prefix &&
         ((op->code >= 0x6d && op->code <= 0x70) || (op->code >= 0x7f && op->code <= 0x82));
}
static bool is_truncation(const struct operation *op) {
  return !op->prefix &&
         ((op->code >= 0xa8 && op->code <= 0xab) || (op->code >= 0xae && op->code <= 0xb1));
}
/* Shows the bits, or the sign, of the float on top. */
static bool shows_bits(const struct operation *op) {
  return !op->prefix &&
         (op->code == 0xbc || op->code == 0xbd || op->code == 0x98 || op->code == 0xa6);
}

/* One of those that `wanted` accepts and that give `out` (0: any). */
static const struct operation *
pick_operation(struct plan *p, bool (*wanted)(const struct operation *), uint8_t out) {
  for (;;) {
    const struct operation *op = &operations[random_below(p, OPERATIONS)];
    if (wanted(op) && (out == 0 || op->out == out))
      return op;
  }
}

/* ---- The stack ---------------------------------------------------------------------------------
 */

static struct frame *innermost(struct plan *p) {
  return &p->frames[p->depth - 1];
}

static void put(struct plan *p, uint8_t code) {
  put_byte(&p->code, code);
}

static void put_indexed(struct plan *p, uint8_t code, uint64_t index) {
  put_byte(&p->code, code);
  put_unsigned(&p->code, index);
}

static void push(struct plan *p, uint8_t type) {
  if (p->height == MAX_STACK)
    abort();
  p->stack[p->height++] = type;
}

static void push_all(struct plan *p, const uint8_t *types, uint32_t count) {
  for (uint32_t i = 0; i < count; i++)
    push(p, types[i]);
}

/* Where the stack is polymorphic, what is missing was there. */
static void consume(struct plan *p, uint32_t count) {
  uint32_t there = p->height - innermost(p)->height;
  p->height -= count < there ? count : there;
}

static bool top_is(struct plan *p, const uint8_t *types, uint32_t count) {
  uint32_t there = p->height - innermost(p)->height;
  if (there < count && !innermost(p)->unreachable)
    return false;
  for (uint32_t i = 0; i < count && i < there; i++)
    if (p->stack[p->height - 1 - i] != types[count - 1 - i])
      return false;
  return true;
}

static void put_const(struct plan *p, uint8_t type, uint64_t bits) {
  put_constant(&p->code, type, bits);
  push(p, type);
}

/* A local of the type that is not the generator's own, or UINT32_MAX. The first ones are the
 * popular ones. */
static uint32_t pick_local(struct plan *p, uint8_t type) {
  for (int i = 0; i < 24; i++) {
    uint32_t limit = chance(p, 70) && p->counter > 10 ? 10 : p->counter;
    if (limit == 0)
      return UINT32_MAX;
    uint32_t index = random_below(p, limit);
    if (p->locals[index] == type)
      return index;
  }
  return UINT32_MAX;
}

static uint32_t pick_global(struct plan *p, uint8_t type, bool to_write) {
  for (int i = 0; i < 16; i++) {
    uint32_t index = 1 + random_below(p, p->global_count - 1);
    if (p->globals[index] == type && (p->global_mutable[index] || !to_write))
      return index;
  }
  return UINT32_MAX;
}

static void value(struct plan *p, uint8_t type, uint32_t depth);

/* Lets the stack end in these types: what lies there already is preferred. */
static void require(struct plan *p, const uint8_t *types, uint32_t count) {
  uint32_t have = count;
  while (have > 0 && !(top_is(p, types, have) && chance(p, 75)))
    have--;
  for (uint32_t i = have; i < count; i++)
    value(p, types[i], 3);
}

/* The float on top, made the one NaN if it is some NaN. */
static void canonicalise(struct plan *p, uint8_t type) {
  uint32_t scratch = type == WASM_F32 ? p->scratch32 : p->scratch64;
  put_indexed(p, 0x22, scratch);
  put_constant(&p->code, type, type == WASM_F32 ? 0x7fc00000 : 0x7ff8000000000000);
  put_indexed(p, 0x20, scratch);
  put_indexed(p, 0x20, scratch);
  put(p, type == WASM_F32 ? 0x5b : 0x61);
  put(p, 0x1b);
}

/* ---- Numbers -----------------------------------------------------------------------------------
 */

static void finish_operation(struct plan *p, const struct operation *op) {
  uint32_t count = (op->in[0] != 0) + (op->in[1] != 0);
  if (is_division(op) && chance(p, 85)) { /* not by zero */
    put_constant(&p->code, op->in[1], 1);
    put(p, op->in[1] == WASM_I32 ? 0x72 : 0x84);
  }
  if (shows_bits(op))
    canonicalise(p, op->in[count - 1]);
  if (op->prefix)
    put(p, op->prefix);
  put(p, op->code);
  consume(p, count);
  push(p, op->out);
}

static bool is_tame(struct plan *p, const struct operation *op) {
  return !is_truncation(op) || chance(p, 8);
}

static void numeric(struct plan *p) {
  const struct operation *op;
  do
    op = pick_operation(p, is_numeric, 0);
  while (!is_tame(p, op));
  require(p, op->in, (op->in[0] != 0) + (op->in[1] != 0));
  finish_operation(p, op);
}

/* A compare whose outcome goes through some i32.eqz. */
static void condition(struct plan *p, uint32_t depth) {
  const struct operation *op;
  do
    op = pick_operation(p, is_numeric, WASM_I32);
  while (op->prefix || op->code > 0x66);
  for (uint32_t i = 0; i < 2 && op->in[i]; i++)
    value(p, op->in[i], depth);
  finish_operation(p, op);
  for (; chance(p, 25); put(p, 0x45))
    ;
}

static void operation_value(struct plan *p, uint8_t type, uint32_t depth) {
  const struct operation *op;
  do
    op = pick_operation(p, is_numeric, type);
  while (!is_tame(p, op));
  for (uint32_t i = 0; i < 2 && op->in[i]; i++)
    value(p, op->in[i], depth);
  finish_operation(p, op);
}

/* ---- Memory ------------------------------------------------------------------------------------
 */

static uint32_t random_offset(struct plan *p) {
  uint32_t way = random_below(p, 200);
  return way < 100   ? 0
         : way < 175 ? random_below(p, 256)
         : way < 194 ? random_below(p, 70000)
         : way < 197 ? 0x7fffffffu - random_below(p, 3) * 8
                     : 0x80000000u + (uint32_t)random_bits(p) / 2;
}

/* Pushes an address that is likely to be one. */
static void address(struct plan *p, uint32_t depth) {
  uint32_t way = random_below(p, 100);
  if (way < 35) {
    value(p, WASM_I32, depth);
    put_constant(&p->code, WASM_I32, 0xffff);
    put(p, 0x71);
  } else if (way < 60) {
    put_const(p, WASM_I32, random_below(p, 65536));
  } else if (way < 93) {
    put_indexed(p, 0x20, p->counter);
    push(p, WASM_I32);
  } else if (way < 97) {
    put_const(p, WASM_I32, MEMORY_MIN * 65536 - random_below(p, 20));
  } else {
    value(p, WASM_I32, depth);
  }
}

static uint32_t natural_alignment(const struct operation *op) {
  static const uint8_t log2s[] = {2, 3, 2, 3, 0, 0, 1, 1, 0, 0, 1, 1,
                                  2, 2, 2, 3, 2, 3, 0, 1, 0, 1, 2};
  return log2s[op->code - 0x28];
}

static void put_access(struct plan *p, const struct operation *op) {
  put_indexed(p, op->code, random_below(p, natural_alignment(op) + 1));
  put_unsigned(&p->code, random_offset(p));
}

static void load_value(struct plan *p, uint8_t type, uint32_t depth) {
  const struct operation *op = pick_operation(p, is_load, type);
  address(p, depth);
  put_access(p, op);
  consume(p, 1);
  push(p, op->out);
}

static void load(struct plan *p) {
  static const uint8_t i32[] = {WASM_I32};
  const struct operation *op = pick_operation(p, is_load, 0);
  if (top_is(p, i32, 1) && chance(p, 50)) {
    put_constant(&p->code, WASM_I32, 0xfff0);
    put(p, 0x71);
    put_access(p, op);
    consume(p, 1);
    push(p, op->out);
    return;
  }
  load_value(p, op->out, 2);
}

static void store(struct plan *p) {
  const struct operation *op = pick_operation(p, is_store, 0);
  if (!(top_is(p, op->in, 2) && chance(p, 2))) {
    address(p, 2);
    value(p, op->in[1], 2);
  }
  if (op->in[1] == WASM_F32 || op->in[1] == WASM_F64)
    canonicalise(p, op->in[1]);
  put_access(p, op);
  consume(p, 2);
}

/* A small number, mostly. */
static void small(struct plan *p, uint32_t limit) {
  if (chance(p, 60)) {
    put_const(p, WASM_I32, random_below(p, limit + 1));
    return;
  }
  value(p, WASM_I32, 1);
  if (chance(p, 5))
    return;
  put_constant(&p->code, WASM_I32, limit + 1);
  put(p, 0x70); /* i32.rem_u */
}

static void memory_bulk(struct plan *p) {
  uint32_t way = random_below(p, 5);
  if (way == 4 && chance(p, 40)) {
    put_indexed(p, 0xfc, 9); /* data.drop */
    put_unsigned(&p->code, random_below(p, DATAS));
    return;
  }
  if (way == 3) {
    small(p, 1);
    put_indexed(p, 0x40, 0); /* memory.grow */
    return;
  }
  address(p, 2);
  if (way == 0) { /* memory.fill */
    value(p, WASM_I32, 1);
    small(p, 300);
    put_indexed(p, 0xfc, 11);
  } else if (way == 1) { /* memory.copy */
    address(p, 2);
    small(p, 300);
    put_indexed(p, 0xfc, 10);
    put(p, 0);
  } else { /* memory.init */
    small(p, DATA_LENGTH / 2);
    small(p, DATA_LENGTH / 2);
    put_indexed(p, 0xfc, 8);
    put_unsigned(&p->code, random_below(p, 2));
  }
  put(p, 0);
  consume(p, 3);
}

/* ---- Tables and references ---------------------------------------------------------------------
 */

static uint8_t table_type(uint32_t table) {
  return table == 0 ? WASM_FUNCREF : WASM_EXTERNREF;
}

static void table_get(struct plan *p, uint32_t table) {
  small(p, TABLE_MIN - 1);
  put_indexed(p, 0x25, table);
  consume(p, 1);
  push(p, table_type(table));
}

static void table_bulk(struct plan *p) {
  uint32_t table = random_below(p, TABLES);
  switch (random_below(p, 7)) {
  case 0:
    small(p, TABLE_MIN - 1);
    value(p, table_type(table), 2);
    put_indexed(p, 0x26, table);
    consume(p, 2);
    break;
  case 1: /* table.grow */
    value(p, table_type(table), 2);
    small(p, 2);
    put_indexed(p, 0xfc, 15);
    put_unsigned(&p->code, table);
    consume(p, 2);
    push(p, WASM_I32);
    break;
  case 2: /* table.fill */
    small(p, TABLE_MIN / 2);
    value(p, table_type(table), 2);
    small(p, TABLE_MIN / 2);
    put_indexed(p, 0xfc, 17);
    put_unsigned(&p->code, table);
    consume(p, 3);
    break;
  case 3: /* table.copy */
    small(p, TABLE_MIN / 2);
    small(p, TABLE_MIN / 2);
    small(p, TABLE_MIN / 2);
    put_indexed(p, 0xfc, 14);
    put_unsigned(&p->code, table);
    put_unsigned(&p->code, table);
    consume(p, 3);
    break;
  case 4: /* table.init */
    small(p, TABLE_MIN / 2);
    small(p, 2);
    small(p, table == 0 ? 2 : 0);
    put_indexed(p, 0xfc, 12);
    put_unsigned(&p->code, table == 0 ? 1 : 2 + random_below(p, 2));
    put_unsigned(&p->code, table);
    consume(p, 3);
    break;
  case 5:
    if (chance(p, 30)) {
      put_indexed(p, 0xfc, 13); /* elem.drop */
      put_unsigned(&p->code, random_below(p, ELEMS));
    }
    break;
  default:
    put_indexed(p, 0xfc, 16); /* table.size */
    put_unsigned(&p->code, table);
    push(p, WASM_I32);
  }
}

static void reference_value(struct plan *p, uint8_t type, uint32_t depth) {
  if (type == WASM_FUNCREF && chance(p, 50)) {
    put_indexed(p, 0xd2, random_below(p, p->func_count));
    push(p, type);
  } else if (depth > 0 && chance(p, 50)) {
    table_get(p, type == WASM_FUNCREF ? 0 : 1);
  } else {
    put_const(p, type, 0);
  }
}

static void is_null(struct plan *p) {
  uint8_t type = chance(p, 50) ? WASM_FUNCREF : WASM_EXTERNREF;
  require(p, &type, 1);
  put(p, 0xd1);
  consume(p, 1);
  push(p, WASM_I32);
}

/* ---- Values ------------------------------------------------------------------------------------
 */

/* Reads a local or a global. False: there is none of the type. */
static bool variable(struct plan *p, uint8_t type) {
  bool is_local = chance(p, 85);
  uint32_t index = is_local ? pick_local(p, type) : pick_global(p, type, false);
  if (index == UINT32_MAX)
    return false;
  put_indexed(p, is_local ? 0x20 : 0x23, index);
  push(p, type);
  return true;
}

static void select_value(struct plan *p, uint8_t type, uint32_t depth) {
  value(p, type, depth);
  value(p, type, depth);
  value(p, WASM_I32, depth);
  bool reference = type == WASM_FUNCREF || type == WASM_EXTERNREF;
  if (reference || chance(p, 20)) {
    put_indexed(p, 0x1c, 1);
    put(p, type);
  } else {
    put(p, 0x1b);
  }
  consume(p, 3);
  push(p, type);
}

static void tee(struct plan *p, uint8_t type) {
  uint32_t index = pick_local(p, type);
  if (index != UINT32_MAX)
    put_indexed(p, 0x22, index);
}

/* Pushes one value. */
static void value(struct plan *p, uint8_t type, uint32_t depth) {
  uint32_t way = random_below(p, 100);
  if (way < 45 && variable(p, type))
    return;
  bool reference = type == WASM_FUNCREF || type == WASM_EXTERNREF;
  if (depth == 0 || way < 65) {
    if (reference)
      reference_value(p, type, depth);
    else
      put_const(p, type, random_constant(p, type));
  } else if (way > 94) {
    select_value(p, type, depth - 1);
  } else if (reference) {
    reference_value(p, type, depth);
  } else if (way > 88) {
    load_value(p, type, depth - 1);
  } else {
    operation_value(p, type, depth - 1);
  }
  if (chance(p, 12))
    tee(p, type);
}

/* ---- Statements --------------------------------------------------------------------------------
 */

static void sequence(struct plan *p, uint32_t count);
static void branch_if_to(struct plan *p, uint32_t to);
static void observe(struct plan *p);

/* After an instruction that does not go on. */
static void end_reach(struct plan *p) {
  p->height = innermost(p)->height;
  innermost(p)->unreachable = true;
}

/* The local of the generator counts; a global of the whole program limits calls. What is used up
 * ends the function, one way or another. */
static void give_up(struct plan *p) {
  const struct signature *type = &p->frames[0].type;
  put(p, 0x04);
  put(p, 0x40);
  if (chance(p, 5)) {
    put(p, 0x00);
  } else {
    for (uint32_t i = random_below(p, 4); i > 0; i--)
      observe(p);
    for (uint32_t i = 0; i < type->result_count; i++)
      put_constant(&p->code, type->results[i], 1 + i);
    put(p, 0x0f);
  }
  put(p, 0x0b);
}

/* A label around, beside the function's and those of loops, that takes nothing; else depth. */
static uint32_t plain_label(const struct plan *p) {
  uint32_t to = 1;
  while (to + 1 < p->depth && (p->frames[p->depth - 1 - to].is_loop ||
                               p->frames[p->depth - 1 - to].type.result_count > 0))
    to++;
  return to + 1 < p->depth ? to : p->depth;
}

/* In straight code before, a loop's head may do something else first. */
static void count_loop(struct plan *p) {
  uint32_t out = plain_label(p);
  if (chance(p, 60)) {
    p->straight = true;
    sequence(p, 1 + random_below(p, 5));
    p->straight = false;
  }
  put_indexed(p, 0x20, p->counter);
  put_constant(&p->code, WASM_I32, 1);
  put(p, 0x6a);
  put_indexed(p, 0x22, p->counter);
  put_constant(&p->code, WASM_I32, 2 + random_below(p, 8) + 4 * p->depth);
  put(p, 0x4b); /* i32.gt_u */
  if (out < p->depth && chance(p, 70))
    put_indexed(p, 0x0d, out);
  else
    give_up(p);
}

static void count_call(struct plan *p) {
  put_indexed(p, 0x23, 0);
  put(p, 0x45);
  give_up(p);
  put_indexed(p, 0x23, 0);
  put_constant(&p->code, WASM_I32, 1);
  put(p, 0x6b);
  put_indexed(p, 0x24, 0);
}

/* Takes the top away: dropped, or into a local. */
static void put_away(struct plan *p) {
  uint32_t index = chance(p, 60) ? pick_local(p, p->stack[p->height - 1]) : UINT32_MAX;
  if (index == UINT32_MAX)
    put(p, 0x1a);
  else
    put_indexed(p, 0x21, index);
  p->height--;
}

/* Whether the block's operands can become its results by pushing more, or in unreachable code are
 * the last of them. */
static bool fits_results(struct plan *p, const struct signature *type) {
  const struct frame *frame = innermost(p);
  uint32_t there = p->height - frame->height;
  if (there > type->result_count)
    return false;
  uint32_t skip = frame->unreachable ? type->result_count - there : 0;
  return memcmp(p->stack + frame->height, type->results + skip, there) == 0;
}

static void finish_block(struct plan *p) {
  struct frame *frame = innermost(p);
  const struct signature *type = &frame->type;
  while (!fits_results(p, type))
    put_away(p);
  for (uint32_t i = p->height - frame->height; i < type->result_count && !frame->unreachable; i++)
    value(p, type->results[i], 3);
}

static void put_block_type(struct plan *p, const struct signature *type) {
  if (type->param_count == 0 && type->result_count <= 1 && chance(p, 70))
    put(p, type->result_count ? type->results[0] : 0x40);
  else
    put_signed(&p->code, type_number(p, type));
}

static void enter(struct plan *p, const struct signature *type, bool is_loop) {
  p->height -= type->param_count;
  p->frames[p->depth++] = (struct frame){.is_loop = is_loop, .height = p->height, .type = *type};
  push_all(p, type->params, type->param_count);
}

/* What the stack has on top become parameters; any results. */
static struct signature block_type(struct plan *p, uint32_t below_top) {
  struct signature type = {0};
  uint32_t there = p->height - innermost(p)->height - below_top, params = 0;
  if (chance(p, 50))
    params = random_below(p, (there < 5 ? there : 5) + 1);
  type.param_count = (uint8_t)params;
  memcpy(type.params, p->stack + p->height - below_top - params, params);
  uint32_t way = random_below(p, 100);
  type.result_count = (uint8_t)(way < 40 ? 0 : way < 75 ? 1 : way < 98 ? random_below(p, 5) : 20);
  for (uint32_t i = 0; i < type.result_count; i++)
    type.results[i] = random_type(p);
  if (chance(p, 20)) {
    type.result_count = type.param_count;
    memcpy(type.results, type.params, params);
  }
  return type;
}

static void block(struct plan *p) {
  struct signature type = block_type(p, 0);
  bool is_loop = chance(p, 45), outermost = true;
  for (uint32_t i = 0; i < p->depth; i++)
    outermost &= !p->frames[i].is_loop;
  if (is_loop && outermost) { /* an inner one must not: the outer one would not end */
    put_constant(&p->code, WASM_I32, 0);
    put_indexed(p, 0x21, p->counter);
  }
  put(p, is_loop ? 0x03 : 0x02);
  put_block_type(p, &type);
  enter(p, &type, is_loop);
  if (is_loop)
    count_loop(p);
  sequence(p, 1 + random_below(p, 10));
  if (is_loop && chance(p, 30))
    observe(p);
  if (is_loop && chance(p, 75))
    branch_if_to(p, 0);
  finish_block(p);
  put(p, 0x0b);
  p->height = innermost(p)->height;
  p->depth--;
  push_all(p, type.results, type.result_count);
}

static void if_else(struct plan *p) {
  condition(p, 1);
  struct signature type = block_type(p, 1);
  bool needs_else = type.param_count != type.result_count ||
                    memcmp(type.params, type.results, type.result_count) != 0;
  consume(p, 1);
  put(p, 0x04);
  put_block_type(p, &type);
  enter(p, &type, false);
  sequence(p, 1 + random_below(p, 8));
  finish_block(p);
  if (needs_else || chance(p, 40)) {
    put(p, 0x05);
    p->height = innermost(p)->height;
    innermost(p)->unreachable = false;
    push_all(p, type.params, type.param_count);
    sequence(p, random_below(p, 8));
    finish_block(p);
  }
  put(p, 0x0b);
  p->height = innermost(p)->height;
  p->depth--;
  push_all(p, type.results, type.result_count);
}

/* What a branch to a label takes. */
static uint32_t label_types(const struct frame *frame, const uint8_t **types) {
  *types = frame->is_loop ? frame->type.params : frame->type.results;
  return frame->is_loop ? frame->type.param_count : frame->type.result_count;
}

static void branch(struct plan *p) {
  uint32_t to = random_below(p, p->depth);
  const uint8_t *types;
  uint32_t count = label_types(&p->frames[p->depth - 1 - to], &types);
  require(p, types, count);
  put_indexed(p, 0x0c, to);
  end_reach(p);
}

static void branch_if_to(struct plan *p, uint32_t to) {
  const uint8_t *types;
  uint32_t count = label_types(&p->frames[p->depth - 1 - to], &types);
  require(p, types, count);
  if (chance(p, 60))
    condition(p, 1);
  else
    value(p, WASM_I32, 1);
  put_indexed(p, 0x0d, to);
  consume(p, count + 1);
  push_all(p, types, count);
}

static void branch_if(struct plan *p) {
  branch_if_to(p, random_below(p, p->depth));
}

static void branch_table(struct plan *p) {
  uint32_t labels[MAX_DEPTH], label_count = 0;
  const uint8_t *types, *other;
  uint32_t count = label_types(&p->frames[random_below(p, p->depth)], &types);
  for (uint32_t i = 0; i < p->depth; i++)
    if (label_types(&p->frames[p->depth - 1 - i], &other) == count &&
        memcmp(types, other, count) == 0)
      labels[label_count++] = i;
  require(p, types, count);
  uint32_t cases = random_below(p, chance(p, 95) ? 6 : 80);
  small(p, cases + 1);
  put_indexed(p, 0x0e, cases);
  for (uint32_t i = 0; i <= cases; i++)
    put_unsigned(&p->code, labels[random_below(p, label_count)]);
  end_reach(p);
}

static void call(struct plan *p) {
  uint32_t callee = random_below(p, p->func_count);
  const struct signature type = p->types[p->func_types[callee]];
  require(p, type.params, type.param_count);
  put_indexed(p, 0x10, callee);
  consume(p, type.param_count);
  push_all(p, type.results, type.result_count);
}

static void call_indirect(struct plan *p) {
  uint32_t slot = random_below(p, TABLE_MIN - 2), number = p->func_types[p->table_funcs[slot]];
  const struct signature type = p->types[number];
  require(p, type.params, type.param_count);
  if (chance(p, 85))
    put_const(p, WASM_I32, slot);
  else
    small(p, TABLE_MIN + 1);
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

/* Adds a local's value to the checksum, which is global 1. */
static void observe(struct plan *p) {
  uint32_t index = random_below(p, chance(p, 80) && p->local_count > 10 ? 10 : p->local_count);
  uint8_t type = p->locals[index];
  put_indexed(p, 0x23, 1);
  put_constant(&p->code, WASM_I64, 31);
  put(p, 0x7e);
  put_indexed(p, 0x20, index);
  if (type == WASM_F32 || type == WASM_F64) {
    canonicalise(p, type);
    put(p, type == WASM_F32 ? 0xbc : 0xbd);
  } else if (type != WASM_I32 && type != WASM_I64) {
    put(p, 0xd1); /* ref.is_null */
  }
  if (type != WASM_I64 && type != WASM_F64)
    put(p, 0xad); /* i64.extend_i32_u */
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
    put_const(p, WASM_I32, slot);
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
  else if (way < 98 || p->depth == 1)
    return_results(p);
  else {
    put(p, 0x00);
    end_reach(p);
  }
}

enum { STRAIGHT = 17 };

static void statement(struct plan *p) {
  /* The first STRAIGHT are straight. */
  static void (*const ways[])(struct plan *) = {
      observe, observe,       local_reads,      local_reads,  local_reads,  numeric,      numeric,
      numeric, numeric,       set_variable,     set_variable, set_variable, set_variable, load,
      store,   store,         select_statement, drop,         branch_if,    branch_if,    branch_if,
      call,    call_indirect, memory_bulk,      table_bulk,   is_null};
  if (p->straight) {
    ways[random_below(p, STRAIGHT)](p);
    return;
  }
  bool nests = p->depth < 8 && chance(p, 22);
  if (nests && chance(p, 45))
    if_else(p);
  else if (nests)
    block(p);
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

static void sequence(struct plan *p, uint32_t count) {
  for (uint32_t i = 0; i < count && p->budget > 0; i++) {
    p->budget--;
    numbered_statement(p);
    if (p->height > MAX_STACK / 2 || (innermost(p)->unreachable && chance(p, 60)))
      break;
  }
}

/* ---- Functions ---------------------------------------------------------------------------------
 */

static void declare_locals(struct plan *p, struct buffer *out, const struct signature *type) {
  static const uint8_t own[] = {WASM_I32, WASM_F32, WASM_F64};
  uint32_t way = random_below(p, 100);
  uint32_t declared = way < 70   ? random_below(p, 12)
                      : way < 95 ? random_below(p, 50)
                      : way < 99 ? random_below(p, 400)
                                 : random_below(p, MAX_LOCALS - MAX_ARITY - 3);
  p->local_count = 0;
  for (uint32_t i = 0; i < type->param_count; i++)
    p->locals[p->local_count++] = type->params[i];
  put_unsigned(out, declared + 3);
  for (uint32_t i = 0; i < declared + 3; i++) {
    uint8_t local = i < declared ? random_type(p) : own[i - declared];
    put_byte(out, 1);
    put_byte(out, local);
    p->locals[p->local_count++] = local;
  }
  p->counter = p->local_count - 3;
  p->scratch32 = p->local_count - 2;
  p->scratch64 = p->local_count - 1;
}

void generate_body(struct plan *p, const struct signature *type) {
  struct buffer locals = {0};
  declare_locals(p, &locals, type);
  p->code.length = 0;
  p->height = 0;
  p->frames[0] = (struct frame){.type = *type};
  p->depth = 1;
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
