/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Blocks, loops and branches of generated functions. Everything ends: each loop counts, and each
 * function. */
#include "tests/fuzz/operations.h"

/* ---- Ends --------------------------------------------------------------------------------------
 */

void end_reach(struct plan *p) {
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

/* ---- Branches ----------------------------------------------------------------------------------
 */

/* What a branch to a label takes. */
static uint32_t label_types(const struct frame *frame, const uint8_t **types) {
  *types = frame->is_loop ? frame->type.params : frame->type.results;
  return frame->is_loop ? frame->type.param_count : frame->type.result_count;
}

bool label_takes(const struct frame *frame, const uint8_t *types, uint32_t count) {
  const uint8_t *taken;
  return !frame->is_hidden && label_types(frame, &taken) == count &&
         memcmp(types, taken, count) == 0;
}

static uint32_t pick_label(struct plan *p) {
  uint32_t to;
  do
    to = random_below(p, p->depth);
  while (p->frames[p->depth - 1 - to].is_hidden);
  return to;
}

void branch(struct plan *p) {
  uint32_t to = pick_label(p);
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

void branch_if(struct plan *p) {
  branch_if_to(p, pick_label(p));
}

void branch_table(struct plan *p) {
  uint32_t labels[MAX_DEPTH], label_count = 0;
  const uint8_t *types;
  uint32_t count = label_types(&p->frames[p->depth - 1 - pick_label(p)], &types);
  for (uint32_t i = 0; i < p->depth; i++)
    if (label_takes(&p->frames[p->depth - 1 - i], types, count))
      labels[label_count++] = i;
  require(p, types, count);
  uint32_t way = random_below(p, 100);
  uint32_t cases = random_below(p, way < 85 ? 6 : way < 98 ? 80 : 2000);
  small(p, cases + 1);
  put_indexed(p, 0x0e, cases);
  for (uint32_t i = 0; i <= cases; i++)
    put_unsigned(&p->code, labels[random_below(p, label_count)]);
  end_reach(p);
}

/* ---- Blocks ------------------------------------------------------------------------------------
 */

/* A label around, beside the function's and those of loops, that takes nothing; else depth. */
static uint32_t plain_label(const struct plan *p) {
  uint32_t to = 1;
  while (to + 1 < p->depth &&
         (p->frames[p->depth - 1 - to].is_loop || p->frames[p->depth - 1 - to].is_hidden ||
          p->frames[p->depth - 1 - to].type.result_count > 0))
    to++;
  return to + 1 < p->depth ? to : p->depth;
}

void straight(struct plan *p, uint32_t count) {
  p->straight = true;
  sequence(p, count);
  p->straight = false;
}

/* In straight code before, a loop's head may do something else first. */
static void count_loop(struct plan *p, uint32_t limit) {
  uint32_t out = plain_label(p);
  if (chance(p, 60))
    straight(p, 1 + random_below(p, 5));
  put_indexed(p, 0x20, p->counter);
  put_constant(&p->code, WASM_I32, 1);
  put(p, 0x6a);
  put_indexed(p, 0x22, p->counter);
  put_constant(&p->code, WASM_I32, limit);
  put(p, 0x4b); /* i32.gt_u */
  if (out < p->depth && chance(p, 70))
    put_indexed(p, 0x0d, out);
  else
    give_up(p);
}

void count_call(struct plan *p) {
  put_indexed(p, 0x23, 0);
  put(p, 0x45);
  give_up(p);
  put_indexed(p, 0x23, 0);
  put_constant(&p->code, WASM_I32, 1);
  put(p, 0x6b);
  put_indexed(p, 0x24, 0);
}

void put_away(struct plan *p) {
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

void finish_block(struct plan *p) {
  struct frame *frame = innermost(p);
  const struct signature *type = &frame->type;
  while (!fits_results(p, type))
    put_away(p);
  for (uint32_t i = p->height - frame->height; i < type->result_count && !frame->unreachable; i++)
    value(p, type->results[i], 3);
}

void put_block_type(struct plan *p, const struct signature *type) {
  bool may_be_short = chance(p, 70); /* whatever the type: renditions have different ones */
  if (type->param_count == 0 && type->result_count <= 1 && may_be_short)
    put(p, type->result_count ? type->results[0] : 0x40);
  else
    put_signed(&p->code, type_number(p, type));
}

void enter(struct plan *p, const struct signature *type, bool is_loop) {
  p->height -= type->param_count;
  p->frames[p->depth++] = (struct frame){.is_loop = is_loop, .height = p->height, .type = *type};
  push_all(p, type->params, type->param_count);
}

void leave_block(struct plan *p) {
  const struct signature type = innermost(p)->type;
  put(p, 0x0b);
  p->height = innermost(p)->height;
  p->depth--;
  push_all(p, type.results, type.result_count);
}

struct signature block_type(struct plan *p, uint32_t below_top) {
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

/* The outermost loop resets the counter; an inner one must not: the outer one would not end. */
static void begin_loop(struct plan *p) {
  for (uint32_t i = 0; i < p->depth; i++)
    if (p->frames[i].is_loop)
      return;
  put_constant(&p->code, WASM_I32, 0);
  put_indexed(p, 0x21, p->counter);
}

void block(struct plan *p) {
  struct signature type = block_type(p, 0);
  bool is_loop = chance(p, 45);
  if (is_loop)
    begin_loop(p);
  put(p, is_loop ? 0x03 : 0x02);
  put_block_type(p, &type);
  enter(p, &type, is_loop);
  if (is_loop)
    count_loop(p, 2 + random_below(p, 8) + 4 * p->depth);
  sequence(p, 1 + random_below(p, 10));
  if (is_loop && chance(p, 30))
    observe(p);
  if (is_loop && chance(p, 75))
    branch_if_to(p, 0);
  finish_block(p);
  leave_block(p);
}

void if_else(struct plan *p) {
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
  leave_block(p);
}

/* ---- Loop nests --------------------------------------------------------------------------------
 */

/* Counts in some local, which all that happens inside may change; the generator's own counter
 * bounds it. */
static void nested_loop(struct plan *p, uint32_t levels) {
  static const struct signature nothing;
  uint32_t index = pick_local(p, WASM_I32);
  if (index == UINT32_MAX || p->depth + 2 > MAX_DEPTH)
    return;
  put_constant(&p->code, WASM_I32, random_below(p, 2));
  put_indexed(p, 0x21, index);
  begin_loop(p);
  put_indexed(p, 0x03, 0x40);
  enter(p, &nothing, true);
  count_loop(p, 40 * levels);
  straight(p, random_below(p, 6));
  if (levels > 1)
    nested_loop(p, levels - 1);
  if (chance(p, 25))
    sequence(p, 1 + random_below(p, 3));
  else
    straight(p, random_below(p, 6));
  finish_block(p);
  put_indexed(p, 0x20, index);
  put_constant(&p->code, WASM_I32, 1);
  put(p, 0x6a);
  put_indexed(p, 0x22, index);
  put_constant(&p->code, WASM_I32, 1 + random_below(p, 5));
  put(p, chance(p, 50) ? 0x49 : 0x48); /* i32.lt_u, lt_s */
  put_indexed(p, 0x0d, 0);
  leave_block(p);
}

/* Loops that count, in a block for leaving them. */
void loop_nest(struct plan *p) {
  static const struct signature nothing;
  put_indexed(p, 0x02, 0x40);
  enter(p, &nothing, false);
  nested_loop(p, 1 + random_below(p, 4));
  finish_block(p);
  leave_block(p);
}
