/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Which locals deserve registers in a loop: a look ahead over its instructions before its head is
 * settled, since every branch back has to restore what the head has in registers.
 *
 * The bytes ahead are not validated yet. Nothing here relies on that they are valid, only that a
 * body that turns out to be invalid is not used: the look ahead stays inside the body's bytes, and
 * what it finds decides where values are kept, never what is read or written. */
#include "engine/compiler.h"

/* A use in an inner loop counts as so many, up to so many in all. */
#define INNER_WEIGHT_SHIFT 3u
#define WEIGHT_MAX 0x3fffu
/* Registers of each pool that no local is loaded into ahead of a loop: its operands need some. */
#define INT_RESERVE 2u
#define FLOAT_RESERVE 2u

struct look {
  const uint8_t *at, *end;
  uint32_t depth;       /* of blocks inside the loop */
  uint64_t inner_loops; /* bit d: the block at depth d + 1 is a loop, for the first 64 */
  uint32_t weight;      /* of a use here */
  bool called;          /* a call that is always made was passed, */
  bool calls;           /* or one at all */
  bool left;            /* a place was passed that may leave the loop */
  bool ended;           /* the loop's end was seen */
};

static void skip_leb(struct look *look) {
  while (look->at < look->end && (*look->at++ & 0x80))
    ;
}

static uint32_t read_leb(struct look *look) {
  uint32_t value = 0;
  for (uint32_t shift = 0; look->at < look->end; shift += 7) {
    uint8_t byte = *look->at++;
    if (shift < 32)
      value |= (uint32_t)(byte & 0x7f) << shift;
    if (!(byte & 0x80))
      break;
  }
  return value;
}

static void skip_bytes(struct look *look, size_t count) {
  size_t left = (size_t)(look->end - look->at);
  look->at += count < left ? count : left;
}

static void skip_memarg(struct look *look) {
  uint32_t flags = read_leb(look);
  if (flags & 0x40)
    skip_leb(look); /* the memory */
  skip_leb(look);
}

static void set_weight(struct look *look) {
  uint32_t loops = (uint32_t)__builtin_popcountll(look->inner_loops) * INNER_WEIGHT_SHIFT;
  look->weight = loops > 12 ? 1u << 12 : 1u << loops;
}

static void open_inner(struct look *look, bool is_loop) {
  skip_leb(look);
  if (look->depth < 64)
    look->inner_loops |= (uint64_t)is_loop << look->depth;
  look->depth++;
  set_weight(look);
}

static void close_inner(struct look *look) {
  if (look->depth == 0) {
    look->ended = true;
    return;
  }
  look->depth--;
  if (look->depth < 64)
    look->inner_loops &= ~((uint64_t)1 << look->depth);
  set_weight(look);
}

/* Catches nothing of inner loops' heads: a branch there stays inside. */
static void pass_branch(struct look *look, uint32_t label) {
  look->left |= label > look->depth;
}

static void pass_call(struct look *look) {
  look->calls = look->left = true; /* a call may throw */
  look->called |= look->depth == 0;
}

static void pass_local(struct compiler *c, struct look *look, struct control *loop, bool is_set) {
  uint32_t index = read_leb(look);
  if (index >= c->local_count)
    return;
  struct local *local = &c->locals[index];
  if (local->loop != loop->loop) {
    local->loop = loop->loop;
    local->weight = 0;
    local->is_set = false;
    local->is_set_first = is_set;
    local->is_early = !look->called;
    if (is_set && look->depth == 0 && !look->left && index < LOOP_LOCALS)
      loop->dead[index / 64] |= (uint64_t)1 << index % 64;
  }
  local->is_set |= is_set;
  if (local->weight < WEIGHT_MAX)
    local->weight = (uint16_t)(local->weight + look->weight);
}

/* Vector instructions' immediates (core spec 5.4.8). */
static void pass_vector(struct look *look) {
  uint32_t code = read_leb(look);
  if (code <= 11 || code == 92 || code == 93)
    skip_memarg(look);
  else if (code == 12 || code == 13)
    skip_bytes(look, 16);
  else if (code >= 21 && code <= 34)
    skip_bytes(look, 1);
  else if (code >= 84 && code <= 91) {
    skip_memarg(look);
    skip_bytes(look, 1);
  }
}

/* Those with a prefix 0xfc: from number 8 on they call helpers. */
static void pass_prefixed(struct look *look) {
  uint32_t code = read_leb(look);
  if (code < 8)
    return;
  pass_call(look);
  skip_leb(look);
  if (code == 8 || code == 10 || code == 12 || code == 14)
    skip_leb(look);
}

static void pass_br_table(struct look *look) {
  uint32_t labels = read_leb(look);
  for (uint32_t i = 0; i <= labels && look->at < look->end; i++)
    pass_branch(look, read_leb(look));
}

/* One instruction. False: one that the look ahead does not go beyond. */
static bool pass_instruction(struct compiler *c, struct look *look, struct control *loop) {
  uint8_t opcode = *look->at++;
  if (opcode >= 0x45 && opcode <= 0xc4)
    return true;
  if (opcode >= 0x28 && opcode <= 0x3e) {
    skip_memarg(look);
    return true;
  }
  switch (opcode) {
  case 0x20: /* local.get */
    pass_local(c, look, loop, false);
    return true;
  case 0x21: /* local.set, local.tee */
  case 0x22:
    pass_local(c, look, loop, true);
    return true;
  case 0x41: /* i32.const, i64.const */
  case 0x42:
  case 0x23: /* global.get, global.set */
  case 0x24:
    skip_leb(look);
    return true;
  case 0x0c: /* br, br_if */
  case 0x0d:
    pass_branch(look, read_leb(look));
    return true;
  case 0x02: /* block, if */
  case 0x04:
    open_inner(look, false);
    return true;
  case 0x03: /* loop */
    open_inner(look, true);
    return true;
  case 0x0b: /* end */
    close_inner(look);
    return true;
  case 0x10: /* call */
    skip_leb(look);
    pass_call(look);
    return true;
  case 0x11: /* call_indirect */
    skip_leb(look);
    skip_leb(look);
    pass_call(look);
    return true;
  case 0x0e:
    pass_br_table(look);
    return true;
  case 0x43: /* f32.const, f64.const */
    skip_bytes(look, 4);
    return true;
  case 0x44:
    skip_bytes(look, 8);
    return true;
  case 0x00: /* unreachable, nop, else, return, drop, select */
  case 0x01:
  case 0x05:
  case 0x0f:
  case 0x1a:
  case 0x1b:
    return true;
  case 0x3f: /* memory.size, memory.grow */
    skip_leb(look);
    return true;
  case 0x40:
    skip_leb(look);
    pass_call(look);
    return true;
  case 0xfc:
    pass_prefixed(look);
    return true;
  case 0xfd:
    pass_vector(look);
    return true;
  default:
    return false;
  }
}

static void look_ahead(struct compiler *c, struct look *look, struct control *loop) {
  size_t left = wasm_reader_left(&c->reader);
  const uint8_t *begin = c->reader.at;
  *look = (struct look){.at = begin, .weight = 1};
  look->end = begin + (left < c->look_budget ? left : c->look_budget);
  while (look->at < look->end && !look->ended && pass_instruction(c, look, loop))
    ;
  c->look_budget -= (size_t)(look->at - begin);
}

static bool is_dead(const struct control *loop, uint32_t local) {
  return local < LOOP_LOCALS && (loop->dead[local / 64] >> local % 64 & 1);
}

/* Cached locals that the head shall not have: those whose values nobody wants go unwritten, others
 * go home. */
static void leave_out(struct compiler *c, const struct look *look, const struct control *loop) {
  for (uint32_t left = c->local_regs; left; left &= left - 1) {
    uint32_t reg = (uint32_t)__builtin_ctz(left), index = c->owner[reg];
    const struct local *local = &c->locals[index];
    bool is_named = local->loop == loop->loop;
    if (is_dead(loop, index))
      local_forget(c, index);
    else if (look->ended && (!is_named || (look->called && !local->is_early)))
      reg_vacate(c, reg);
  }
}

/* Loads the locals that the loop uses most, as far as registers go. */
static void load_used(struct compiler *c, const struct control *loop, uint32_t set,
                      uint32_t reserve) {
  set &= COMPILER_REGISTERS;
  while ((uint32_t)__builtin_popcount(c->free_regs & set) > reserve) {
    uint32_t best = c->local_count;
    for (uint32_t i = 0; i < c->local_count && i < LOOP_LOCALS; i++) {
      const struct local *local = &c->locals[i];
      if (local->loop == loop->loop && local->reg == NO_REGISTER && !local->is_set_first &&
          (register_set(local->type) & set) &&
          (best == c->local_count || local->weight > c->locals[best].weight))
        best = i;
    }
    if (best == c->local_count)
      return;
    local_load(c, best);
  }
}

/* What the loop assigns is newer than its home when it comes back; if the head says so at once,
 * nothing has to be stored then. */
static void expect_changes(struct compiler *c) {
  for (uint32_t left = c->local_regs; left; left &= left - 1) {
    uint32_t reg = (uint32_t)__builtin_ctz(left);
    if (c->locals[c->owner[reg]].is_set)
      c->dirty |= (uint16_t)(1u << reg);
  }
}

void loop_prepare(struct compiler *c, struct control *loop) {
  struct look look;
  loop->loop = ++c->loop_count;
  loop->outer_loop = c->loop;
  c->loop = loop->loop;
  for (uint32_t i = 0; i < LOOP_LOCALS / 64; i++)
    loop->dead[i] = 0;
  look_ahead(c, &look, loop);
  leave_out(c, &look, loop);
  if (!look.ended || look.calls)
    return;
  load_used(c, loop, INT_REGISTERS, INT_RESERVE);
  load_used(c, loop, FLOAT_REGISTERS, FLOAT_RESERVE);
  expect_changes(c);
}

bool loop_ignores(const struct control *control, uint32_t local) {
  return control->kind == CONTROL_LOOP && is_dead(control, local);
}
