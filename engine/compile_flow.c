/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What a function does with its locals: a look over its body before it is compiled.
 *
 * Forward, the accesses to locals and the control instructions become a list of events; backward,
 * the list tells at each access and at each label which locals' values are still wanted (the usual
 * liveness). A loop's head needs an answer before its body has been seen: the gets that no set
 * inside the loop dominates, which control flow as structured as WebAssembly's shows at once, and
 * whatever is wanted where the loop may be left. So one pass in each direction is enough, in time
 * linear in the body, and the answer errs only by wanting too much.
 *
 * The bytes ahead are not validated yet. Nothing here relies on more than the body's bounds, and a
 * body that turns out to be invalid is not used. What is not understood, or would be too much, is
 * not analysed: then every local is wanted everywhere. */
#include "engine/compiler.h"

enum event {
  EVENT_GET, /* of a local */
  EVENT_SET,
  EVENT_BEGIN, /* of a block */
  EVENT_ELSE,
  EVENT_END,
  EVENT_BRANCH, /* to a block's label */
  EVENT_BRANCH_IF,
  EVENT_LEAVE, /* the function, or not going on at all */
};
#define EVENT_BITS 3

/* A block that is open. A set of a local is known by the block it stands in: it dominates what
 * follows as long as that part of that block is open. */
struct open {
  uint32_t flow;
  uint32_t part; /* a number of this block or, behind `else`, of that part of it */
  uint32_t loop; /* depth of the innermost loop that contains what is in here; 0: none */
};

struct ahead {
  struct compiler *c;
  const uint8_t *at, *end;
  uint32_t *events;
  struct open *open;
  uint32_t depth, parts, event_count, access_count;
  uint32_t weight; /* of a use here */
  bool failed;
};

/* ---- Sets of locals ------------------------------------------------------------------------ */

static inline void set_add(struct locals_set *set, uint32_t local) {
  if (local < FLOW_LOCALS)
    set->words[local / 64] |= (uint64_t)1 << local % 64;
}

static inline void set_remove(struct locals_set *set, uint32_t local) {
  if (local < FLOW_LOCALS)
    set->words[local / 64] &= ~((uint64_t)1 << local % 64);
}

static inline void set_join(struct locals_set *set, const struct locals_set *more) {
  for (uint32_t i = 0; i < FLOW_LOCALS / 64; i++)
    set->words[i] |= more->words[i];
}

/* ---- Reading ------------------------------------------------------------------------------- */

static inline void skip_leb(struct ahead *a) {
  while (a->at < a->end && (*a->at++ & 0x80))
    ;
}

static inline uint32_t read_leb(struct ahead *a) {
  if (__builtin_expect(a->at < a->end && *a->at < 0x80, 1))
    return *a->at++;
  uint32_t value = 0;
  for (uint32_t shift = 0; a->at < a->end; shift += 7) {
    uint8_t byte = *a->at++;
    if (shift < 32)
      value |= (uint32_t)(byte & 0x7f) << shift;
    if (!(byte & 0x80))
      break;
  }
  return value;
}

static void skip_bytes(struct ahead *a, size_t count) {
  size_t left = (size_t)(a->end - a->at);
  a->at += count < left ? count : left;
}

static inline void skip_memarg(struct ahead *a) {
  if (read_leb(a) & 0x40)
    skip_leb(a); /* the memory */
  skip_leb(a);
}

/* ---- Forward ------------------------------------------------------------------------------- */

static inline void put_event(struct ahead *a, enum event kind, uint32_t operand) {
  a->events[a->event_count++] = operand << EVENT_BITS | kind;
}

static struct flow *innermost_loop(struct ahead *a) {
  return &a->c->flows[a->open[a->open[a->depth].loop].flow];
}

/* The loops around a get want the local's value at their heads, up to the one that contains a set
 * that dominates the get. */
static void expose(struct ahead *a, const struct local *local, uint32_t index) {
  uint32_t set = local->set_depth;
  bool is_dominated =
      local->set_part != 0 && set <= a->depth && a->open[set].part == local->set_part;
  for (uint32_t loop = a->open[a->depth].loop; loop > (is_dominated ? set : 0);
       loop = a->open[loop - 1].loop)
    set_add(&a->c->flows[a->open[loop].flow].label, index);
}

static inline void pass_local(struct ahead *a, bool is_set) {
  uint32_t index = read_leb(a);
  if (__builtin_expect(index >= a->c->local_count, 0)) {
    a->failed = true;
    return;
  }
  put_event(a, is_set ? EVENT_SET : EVENT_GET, index);
  a->access_count++;
  struct local *local = &a->c->locals[index];
  local->weight += a->weight; /* far from overflow: FLOW_BYTES */
  if (a->open[a->depth].loop != 0) {
    struct flow *loop = innermost_loop(a);
    set_add(&loop->named, index);
    if (!loop->is_called)
      set_add(&loop->early, index);
    if (is_set)
      set_add(&loop->assigned, index);
    else
      expose(a, local, index);
  }
  if (is_set) {
    local->set_depth = a->depth;
    local->set_part = a->open[a->depth].part;
  }
}

static void pass_call(struct ahead *a) {
  uint32_t loop = a->open[a->depth].loop;
  if (loop == 0)
    return;
  struct flow *flow = innermost_loop(a);
  flow->calls = true;
  flow->is_called |= loop == a->depth;
}

static void pass_begin(struct ahead *a, enum control_kind kind) {
  struct compiler *c = a->c;
  uint32_t number = c->flow_count;
  if (kind != CONTROL_FUNC)
    skip_leb(a); /* the block's type */
  if (number + 1 >= FLOW_BLOCKS || a->depth + 1 >= FLOW_DEPTH ||
      !compiler_window_grow(c, &c->flow_window, (number + 1) * sizeof *c->flows)) {
    a->failed = true;
    return;
  }
  c->flow_count++;
  c->flows[number] = (struct flow){.kind = (uint8_t)kind, .parent = a->open[a->depth].flow};
  uint32_t loop = a->open[a->depth].loop;
  if (kind != CONTROL_FUNC)
    a->depth++;
  if (kind == CONTROL_LOOP) {
    loop = a->depth;
    a->weight = a->weight < FLOW_WEIGHT_MAX ? a->weight * FLOW_WEIGHT_LOOP : a->weight;
  }
  c->flows[number].weight = a->weight;
  a->open[a->depth] = (struct open){.flow = number, .part = ++a->parts, .loop = loop};
  put_event(a, EVENT_BEGIN, number);
}

/* What an inner loop does the outer one does too. */
static void pass_end(struct ahead *a) {
  struct flow *flow = &a->c->flows[a->open[a->depth].flow];
  put_event(a, EVENT_END, a->open[a->depth].flow);
  if (a->depth == 0) {
    a->end = a->at;
    return;
  }
  a->depth--;
  a->weight = a->c->flows[a->open[a->depth].flow].weight;
  if (flow->kind != CONTROL_LOOP || a->open[a->depth].loop == 0)
    return;
  struct flow *outer = innermost_loop(a);
  set_join(&outer->named, &flow->named);
  set_join(&outer->assigned, &flow->assigned);
  if (!outer->is_called)
    set_join(&outer->early, &flow->named);
  outer->calls |= flow->calls;
}

static void pass_else(struct ahead *a) {
  put_event(a, EVENT_ELSE, a->open[a->depth].flow);
  a->open[a->depth].part = ++a->parts;
}

static void pass_branch(struct ahead *a, enum event kind) {
  uint32_t label = read_leb(a);
  if (label > a->depth)
    a->failed = true;
  else
    put_event(a, kind, a->open[a->depth - label].flow);
}

/* Backward they are joined from the last one on, which comes first. */
static void pass_br_table(struct ahead *a) {
  uint32_t labels = read_leb(a);
  if (labels >= (size_t)(a->end - a->at))
    a->failed = true;
  for (uint32_t i = 0; i < labels && !a->failed; i++)
    pass_branch(a, EVENT_BRANCH_IF);
  pass_branch(a, EVENT_BRANCH);
}

/* Vector instructions' immediates (core spec 5.4.8). */
static void pass_vector(struct ahead *a) {
  uint32_t code = read_leb(a);
  if (code <= 11 || code == 92 || code == 93) {
    skip_memarg(a);
  } else if (code == 12 || code == 13) {
    skip_bytes(a, 16);
  } else if (code >= 21 && code <= 34) {
    skip_bytes(a, 1);
  } else if (code >= 84 && code <= 91) {
    skip_memarg(a);
    skip_bytes(a, 1);
  }
}

/* Those behind 0xfc: from number 8 on they call helpers. */
static void pass_prefixed(struct ahead *a) {
  uint32_t code = read_leb(a);
  if (code < 8)
    return;
  pass_call(a);
  skip_leb(a);
  if (code == 8 || code == 10 || code == 12 || code == 14)
    skip_leb(a);
}

/* The instructions that are neither frequent nor without immediates. */
static void pass_other(struct ahead *a, uint8_t opcode) {
  switch (opcode) {
  case 0x00: /* unreachable, return */
  case 0x0f:
    put_event(a, EVENT_LEAVE, 0);
    return;
  case 0x12: /* return_call */
    skip_leb(a);
    put_event(a, EVENT_LEAVE, 0);
    return;
  case 0x13: /* return_call_indirect */
    skip_leb(a);
    skip_leb(a);
    put_event(a, EVENT_LEAVE, 0);
    return;
  case 0x08: /* throw, throw_ref: out of the function, for there is no try_table in it */
    skip_leb(a);
    put_event(a, EVENT_LEAVE, 0);
    return;
  case 0x0a:
    put_event(a, EVENT_LEAVE, 0);
    return;
  case 0x0e:
    pass_br_table(a);
    return;
  case 0x11: /* call_indirect */
    skip_leb(a);
    skip_leb(a);
    pass_call(a);
    return;
  case 0x1c: /* select with types */
    skip_bytes(a, read_leb(a));
    return;
  case 0x25: /* table.get, table.set, memory.grow */
  case 0x26:
  case 0x40:
    skip_leb(a);
    pass_call(a);
    return;
  case 0x3f: /* memory.size, ref.null, ref.func */
  case 0xd0:
  case 0xd2:
    skip_leb(a);
    return;
  case 0x43: /* f32.const, f64.const */
    skip_bytes(a, 4);
    return;
  case 0x44:
    skip_bytes(a, 8);
    return;
  case 0xfc:
    pass_prefixed(a);
    return;
  case 0xfd:
    pass_vector(a);
    return;
  case 0x01: /* nop, drop, select, ref.is_null */
  case 0x1a:
  case 0x1b:
  case 0xd1:
    return;
  default: /* try_table: a call may go on at its handlers; and what there is not */
    a->failed = true;
  }
}

static inline void pass_instruction(struct ahead *a) {
  uint8_t opcode = *a->at++;
  if (opcode >= 0x45 && opcode <= 0xc4)
    return;
  if (opcode >= 0x28 && opcode <= 0x3e) {
    skip_memarg(a);
    return;
  }
  switch (opcode) {
  case 0x20: /* local.get */
    pass_local(a, false);
    return;
  case 0x21: /* local.set, local.tee */
  case 0x22:
    pass_local(a, true);
    return;
  case 0x41: /* i32.const, i64.const, global.get, global.set */
  case 0x42:
  case 0x23:
  case 0x24:
    skip_leb(a);
    return;
  case 0x0c:
    pass_branch(a, EVENT_BRANCH);
    return;
  case 0x0d:
    pass_branch(a, EVENT_BRANCH_IF);
    return;
  case 0x02:
    pass_begin(a, CONTROL_BLOCK);
    return;
  case 0x03:
    pass_begin(a, CONTROL_LOOP);
    return;
  case 0x04:
    pass_begin(a, CONTROL_IF);
    return;
  case 0x05:
    pass_else(a);
    return;
  case 0x0b:
    pass_end(a);
    return;
  case 0x10:
    skip_leb(a);
    pass_call(a);
    return;
  default:
    pass_other(a, opcode);
  }
}

/* ---- Backward ------------------------------------------------------------------------------ */

/* At a block's end: what its label wants. */
static void enter_end(struct compiler *c, struct flow *flow, const struct locals_set *live) {
  if (flow->kind == CONTROL_FUNC)
    return;
  const struct flow *parent = &c->flows[flow->parent];
  flow->around = parent->around;
  set_join(&flow->around, &parent->label);
  if (flow->kind == CONTROL_LOOP) {
    set_join(&flow->label, &flow->around);
    set_join(&flow->label, live);
  } else {
    flow->label = flow->other = *live;
  }
}

static void settle_events(struct compiler *c, const struct ahead *a) {
  struct locals_set live = {{0}};
  uint8_t *access = c->accesses + a->access_count;
  for (uint32_t i = a->event_count; i-- > 0;) {
    uint32_t operand = a->events[i] >> EVENT_BITS;
    struct flow *flow = &c->flows[operand];
    switch (a->events[i] & ((1u << EVENT_BITS) - 1)) {
    case EVENT_GET:
      *--access = !set_has(&live, operand);
      set_add(&live, operand);
      break;
    case EVENT_SET:
      *--access = !set_has(&live, operand);
      set_remove(&live, operand);
      break;
    case EVENT_END:
      enter_end(c, flow, &live);
      break;
    case EVENT_ELSE:
      flow->other = live;
      live = flow->label;
      break;
    case EVENT_BEGIN:
      if (flow->kind == CONTROL_IF)
        set_join(&live, &flow->other);
      else if (flow->kind == CONTROL_LOOP)
        flow->label = live; /* wants no more than was assumed */
      else if (flow->kind == CONTROL_FUNC)
        flow->other = live;
      break;
    case EVENT_BRANCH:
      live = flow->label;
      break;
    case EVENT_BRANCH_IF:
      set_join(&live, &flow->label);
      break;
    default:
      live = (struct locals_set){{0}};
    }
  }
}

/* ---- The whole ----------------------------------------------------------------------------- */

bool flow_reserve(struct compiler *c, size_t longest) {
  size_t bytes = longest < FLOW_BYTES ? longest : FLOW_BYTES;
  bool ok = compiler_window_reserve(c, &c->event_window, (bytes + 2) * sizeof(uint32_t)) &&
            compiler_window_reserve(c, &c->access_window, bytes + 1) &&
            compiler_window_reserve(c, &c->open_window, FLOW_DEPTH * sizeof(struct open)) &&
            compiler_window_grow(c, &c->open_window, FLOW_DEPTH * sizeof(struct open)) &&
            compiler_window_reserve(c, &c->flow_window, FLOW_BLOCKS * sizeof *c->flows);
  c->accesses = c->access_window.base;
  c->flows = (struct flow *)c->flow_window.base;
  return ok;
}

void flow_release(struct compiler *c) {
  compiler_window_release(c, &c->event_window);
  compiler_window_release(c, &c->access_window);
  compiler_window_release(c, &c->open_window);
  compiler_window_release(c, &c->flow_window);
}

/* An instruction makes at most one event a byte, and the function itself one. */
void flow_analyse(struct compiler *c) {
  size_t bytes = wasm_reader_left(&c->reader);
  c->flow_count = c->flow_next = c->access_next = 0;
  c->has_flow = false;
  if (!c->emit || c->local_count == 0 || bytes > FLOW_BYTES ||
      !compiler_window_grow(c, &c->event_window, (bytes + 2) * sizeof(uint32_t)) ||
      !compiler_window_grow(c, &c->access_window, bytes + 1))
    return;
  struct ahead a = {.c = c, .at = c->reader.at, .end = c->reader.at + bytes, .weight = 1};
  a.events = (uint32_t *)c->event_window.base;
  a.open = (struct open *)c->open_window.base;
  a.open[0] = (struct open){0};
  pass_begin(&a, CONTROL_FUNC);
  while (a.at < a.end && !a.failed)
    pass_instruction(&a);
  c->has_flow = !a.failed;
  if (c->has_flow)
    settle_events(c, &a);
}
