/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What a loop's head has in registers. Every branch back has to bring that about again, so it shall
 * be what the loop uses, as far as registers go. */
#include "engine/compiler.h"

/* Registers of each pool that no local is loaded into ahead of a loop: its operands need some. */
#define INT_RESERVE 2u
#define FLOAT_RESERVE 2u

/* Cached locals that the loop does not name, or only behind a call, go home: they would have to be
 * loaded again for each branch back. */
static void leave_out(struct compiler *c, const struct flow *flow) {
  const struct locals_set *kept = flow->is_called ? &flow->early : &flow->named;
  for (uint32_t left = c->local_regs; left; left &= left - 1) {
    uint32_t reg = (uint32_t)__builtin_ctz(left), index = c->owner[reg];
    if (!set_has(&flow->label, index))
      local_forget(c, index);
    else if (!set_has(kept, index))
      reg_vacate(c, reg);
  }
}

/* The local at home that the function uses most, of those that this loop uses; NO_LOCAL: none. */
#define NO_LOCAL UINT32_MAX
static uint32_t most_used(const struct compiler *c, const struct flow *flow, uint32_t set) {
  uint32_t best = NO_LOCAL;
  for (uint32_t word = 0; word < FLOW_LOCALS / 64; word++)
    for (uint64_t left = flow->named.words[word] & flow->label.words[word]; left;
         left &= left - 1) {
      uint32_t index = 64 * word + (uint32_t)__builtin_ctzll(left);
      const struct local *local = &c->locals[index];
      if (local->reg == NO_REGISTER && (register_set(local->type) & set) &&
          (best == NO_LOCAL || local->weight > c->locals[best].weight))
        best = index;
    }
  return best;
}

static void load_used(struct compiler *c, const struct flow *flow, uint32_t set, uint32_t reserve) {
  while ((uint32_t)__builtin_popcount(c->free_regs & set & COMPILER_REGISTERS) > reserve) {
    uint32_t index = most_used(c, flow, set);
    if (index == NO_LOCAL)
      return;
    local_load(c, index);
  }
}

/* What the loop assigns is newer than its home when it comes back; if the head says so at once,
 * nothing has to be stored then. */
static void expect_changes(struct compiler *c, const struct flow *flow) {
  for (uint32_t left = c->local_regs; left; left &= left - 1) {
    uint32_t reg = (uint32_t)__builtin_ctz(left);
    if (set_has(&flow->assigned, c->owner[reg]))
      c->dirty |= (uint16_t)(1u << reg);
  }
}

void loop_prepare(struct compiler *c, const struct control *loop) {
  if (!c->has_flow)
    return;
  const struct flow *flow = &c->flows[loop->flow];
  leave_out(c, flow);
  if (flow->calls)
    return;
  load_used(c, flow, INT_REGISTERS, INT_RESERVE);
  load_used(c, flow, FLOAT_REGISTERS, FLOAT_RESERVE);
  expect_changes(c, flow);
}
