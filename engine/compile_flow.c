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
#define EVENT_KIND ((1u << EVENT_BITS) - 1)

/* A block that is open. A set of a local is known by the block it stands in: it dominates what
 * follows as long as that part of that block is open. */
struct open {
  uint32_t flow;
  uint32_t part; /* a number of this block or, behind `else`, of that part of it */
  uint32_t loop; /* depth of the innermost loop that contains what is in here; 0: none */
};

struct ahead {
  struct compiler *c;
  const uint8_t *end;
  uint32_t *event; /* the next one's place */
  struct open *open;
  struct flow *loop; /* the innermost around here, or NULL */
  uint32_t depth, part, parts, access_count;
  uint32_t weight; /* of a use here */
  bool ended, failed;
};

/* ---- Sets of locals ------------------------------------------------------------------------ */

static inline void set_add(struct locals_set *set, uint32_t local) {
  if (local < FLOW_LOCALS)
    set->words[local / 64] |= (uint64_t)1 << local % 64;
}

static inline void set_join(struct locals_set *set, const struct locals_set *more) {
  for (uint32_t i = 0; i < FLOW_LOCALS / 64; i++)
    set->words[i] |= more->words[i];
}

/* ---- Reading ------------------------------------------------------------------------------- */

/* Past an integer. The cursor is handed on by value: in memory it would be the slowest thing here.
 */
static inline const uint8_t *skip_leb(const uint8_t *at, const uint8_t *end) {
  while (at < end && (*at++ & 0x80))
    ;
  return at;
}

static inline const uint8_t *read_leb(const uint8_t *at, const uint8_t *end, uint32_t *value) {
  *value = 0;
  if (__builtin_expect(at < end && *at < 0x80, 1)) {
    *value = *at;
    return at + 1;
  }
  for (uint32_t shift = 0; at < end; shift += 7) {
    uint8_t byte = *at++;
    if (shift < 32)
      *value |= (uint32_t)(byte & 0x7f) << shift;
    if (!(byte & 0x80))
      break;
  }
  return at;
}

static const uint8_t *skip_bytes(const uint8_t *at, const uint8_t *end, size_t count) {
  size_t left = (size_t)(end - at);
  return at + (count < left ? count : left);
}

static inline const uint8_t *skip_memarg(const uint8_t *at, const uint8_t *end) {
  uint32_t flags;
  at = read_leb(at, end, &flags);
  if (__builtin_expect(flags & 0x40, 0))
    at = skip_leb(at, end); /* the memory */
  return skip_leb(at, end);
}

/* ---- Forward ------------------------------------------------------------------------------- */

static inline void put_event(struct ahead *a, enum event kind, uint32_t operand) {
  *a->event++ = operand << EVENT_BITS | kind;
}

/* The loops around a get want the local's value at their heads, up to the one that contains a set
 * that dominates the get. */
static inline void expose(struct ahead *a, const struct local *local, uint32_t index) {
  uint32_t set = local->set_depth;
  bool is_dominated =
      local->set_part != 0 && set <= a->depth && a->open[set].part == local->set_part;
  for (uint32_t loop = a->open[a->depth].loop; loop > (is_dominated ? set : 0);
       loop = a->open[loop - 1].loop)
    set_add(&a->c->flows[a->open[loop].flow].label, index);
}

static inline const uint8_t *pass_local(struct ahead *a, const uint8_t *at, bool is_set) {
  uint32_t index;
  at = read_leb(at, a->end, &index);
  if (__builtin_expect(index >= a->c->local_count, 0)) {
    a->failed = true;
    return a->end;
  }
  put_event(a, is_set ? EVENT_SET : EVENT_GET, index);
  a->access_count++;
  struct local *local = &a->c->locals[index];
  local->weight += a->weight; /* far from overflow: FLOW_BYTES */
  if (is_set) {
    local->set_depth = a->depth;
    local->set_part = a->part;
  }
  if (a->loop == NULL)
    return at;
  set_add(&a->loop->named, index);
  if (is_set)
    set_add(&a->loop->assigned, index);
  else
    expose(a, local, index);
  return at;
}

/* The first call that is made in each turn: what was named by now is early. */
static void pass_call(struct ahead *a) {
  struct flow *loop = a->loop;
  if (loop == NULL)
    return;
  loop->calls = true;
  if (!loop->is_called && a->open[a->depth].loop == a->depth) {
    loop->is_called = true;
    loop->early = loop->named;
  }
}

static void pass_begin(struct ahead *a, enum control_kind kind) {
  struct compiler *c = a->c;
  uint32_t number = c->flow_count;
  if (a->depth + 1 >= FLOW_DEPTH ||
      !compiler_window_grow(c, &c->flow_window, c->flow_head + (number + 1) * sizeof *c->flows)) {
    a->failed = true;
    return;
  }
  struct flow *flow = &c->flows[c->flow_count++];
  const struct open *around = &a->open[a->depth];
  uint32_t loop = around->loop;
  flow->parent = around->flow;
  if (kind != CONTROL_FUNC)
    a->depth++;
  if (kind == CONTROL_LOOP) {
    *flow = (struct flow){.parent = around->flow};
    loop = a->depth;
    a->loop = flow;
    a->weight = a->weight < FLOW_WEIGHT_MAX ? a->weight * FLOW_WEIGHT_LOOP : a->weight;
  } else if (kind == CONTROL_FUNC) {
    *flow = (struct flow){.parent = 0};
  }
  flow->kind = (uint8_t)kind;
  flow->weight = a->weight;
  a->part = ++a->parts;
  a->open[a->depth] = (struct open){.flow = number, .part = a->part, .loop = loop};
  put_event(a, EVENT_BEGIN, number);
}

/* What an inner loop does the outer one does too. */
static void leave_loop(struct ahead *a) {
  const struct flow *inner = a->loop;
  uint32_t loop = a->open[a->depth].loop;
  a->loop = loop ? &a->c->flows[a->open[loop].flow] : NULL;
  if (a->loop == NULL)
    return;
  set_join(&a->loop->named, &inner->named);
  set_join(&a->loop->assigned, &inner->assigned);
  a->loop->calls |= inner->calls;
}

static void pass_end(struct ahead *a) {
  const struct flow *flow = &a->c->flows[a->open[a->depth].flow];
  put_event(a, EVENT_END, a->open[a->depth].flow);
  if (a->depth == 0) {
    a->ended = true;
    return;
  }
  a->depth--;
  a->part = a->open[a->depth].part;
  a->weight = a->c->flows[a->open[a->depth].flow].weight;
  if (flow->kind == CONTROL_LOOP)
    leave_loop(a);
}

static void pass_else(struct ahead *a) {
  put_event(a, EVENT_ELSE, a->open[a->depth].flow);
  a->open[a->depth].part = a->part = ++a->parts;
}

static const uint8_t *pass_branch(struct ahead *a, const uint8_t *at, enum event kind) {
  uint32_t label;
  at = read_leb(at, a->end, &label);
  if (label > a->depth)
    a->failed = true;
  else
    put_event(a, kind, a->open[a->depth - label].flow);
  return at;
}

/* A loop that begins with a jump by a local's value is a state machine: Go's compiler makes one of
 * each function. Any part of it may follow any other, so there is little to learn. The events tell:
 * a get, blocks that begin, the loop. */
static bool is_state_machine(const struct ahead *a) {
  const uint32_t *event = a->event - 1;
  if ((*event & EVENT_KIND) != EVENT_GET)
    return false;
  while ((*--event & EVENT_KIND) == EVENT_BEGIN) {
    const struct flow *flow = &a->c->flows[*event >> EVENT_BITS];
    if (flow->kind == CONTROL_LOOP || flow->kind == CONTROL_FUNC)
      return flow->kind == CONTROL_LOOP;
  }
  return false;
}

/* Backward they are joined from the last one on, which comes first. */
static const uint8_t *pass_br_table(struct ahead *a, const uint8_t *at) {
  uint32_t labels;
  a->failed |= is_state_machine(a);
  at = read_leb(at, a->end, &labels);
  a->failed |= labels >= (size_t)(a->end - at);
  for (uint32_t i = 0; i < labels && !a->failed; i++)
    at = pass_branch(a, at, EVENT_BRANCH_IF);
  return pass_branch(a, at, EVENT_BRANCH);
}

/* Vector instructions' immediates (core spec 5.4.8). */
static const uint8_t *pass_vector(const uint8_t *at, const uint8_t *end) {
  uint32_t code;
  at = read_leb(at, end, &code);
  if (code <= 11 || code == 92 || code == 93)
    return skip_memarg(at, end);
  if (code == 12 || code == 13)
    return skip_bytes(at, end, 16);
  if (code >= 21 && code <= 34)
    return skip_bytes(at, end, 1);
  if (code >= 84 && code <= 91)
    return skip_bytes(skip_memarg(at, end), end, 1);
  return at;
}

/* Those behind 0xfc: from number 8 on they call helpers. */
static const uint8_t *pass_prefixed(struct ahead *a, const uint8_t *at) {
  uint32_t code;
  at = read_leb(at, a->end, &code);
  if (code < 8)
    return at;
  pass_call(a);
  at = skip_leb(at, a->end);
  return code == 8 || code == 10 || code == 12 || code == 14 ? skip_leb(at, a->end) : at;
}

/* The instructions that are not frequent. */
static const uint8_t *pass_other(struct ahead *a, uint8_t opcode, const uint8_t *at) {
  uint32_t count;
  switch (opcode) {
  case 0x08: /* throw, throw_ref: out of the function, for there is no try_table in it */
  case 0x12: /* return_call */
    at = skip_leb(at, a->end);
    put_event(a, EVENT_LEAVE, 0);
    return at;
  case 0x13: /* return_call_indirect */
    at = skip_leb(skip_leb(at, a->end), a->end);
    put_event(a, EVENT_LEAVE, 0);
    return at;
  case 0x00: /* unreachable, return */
  case 0x0f:
  case 0x0a:
    put_event(a, EVENT_LEAVE, 0);
    return at;
  case 0x0e:
    return pass_br_table(a, at);
  case 0x11: /* call_indirect */
    pass_call(a);
    return skip_leb(skip_leb(at, a->end), a->end);
  case 0x1c: /* select with types */
    at = read_leb(at, a->end, &count);
    return skip_bytes(at, a->end, count);
  case 0x25: /* table.get, table.set, memory.grow */
  case 0x26:
  case 0x40:
    pass_call(a);
    return skip_leb(at, a->end);
  case 0x3f: /* memory.size, ref.null, ref.func */
  case 0xd0:
  case 0xd2:
    return skip_leb(at, a->end);
  case 0xfc:
    return pass_prefixed(a, at);
  case 0xfd:
    return pass_vector(at, a->end);
  default: /* try_table: a call may go on at its handlers; and what there is not */
    a->failed = true;
    return at;
  }
}

/* What the frequent instructions are to the analysis. */
enum kind {
  KIND_OTHER,
  KIND_PLAIN, /* no immediates */
  KIND_INDEX, /* one integer */
  KIND_MEMARG,
  KIND_FLOAT32,
  KIND_FLOAT64,
  KIND_GET,
  KIND_SET,
  KIND_BLOCK,
  KIND_LOOP,
  KIND_IF,
  KIND_ELSE,
  KIND_END,
  KIND_BRANCH,
  KIND_BRANCH_IF,
  KIND_CALL,
};

static const uint8_t kinds[256] = {
    [0x01] = KIND_PLAIN,
    [0x02] = KIND_BLOCK,
    [0x03] = KIND_LOOP,
    [0x04] = KIND_IF,
    [0x05] = KIND_ELSE,
    [0x0b] = KIND_END,
    [0x0c] = KIND_BRANCH,
    [0x0d] = KIND_BRANCH_IF,
    [0x10] = KIND_CALL,
    [0x1a] = KIND_PLAIN,
    [0x1b] = KIND_PLAIN,
    [0x20] = KIND_GET,
    [0x21] = KIND_SET,
    [0x22] = KIND_SET,
    [0x23] = KIND_INDEX,
    [0x24] = KIND_INDEX,
    [0x28 ... 0x3e] = KIND_MEMARG,
    [0x41] = KIND_INDEX,
    [0x42] = KIND_INDEX,
    [0x43] = KIND_FLOAT32,
    [0x44] = KIND_FLOAT64,
    [0x45 ... 0xc4] = KIND_PLAIN,
    [0xd1] = KIND_PLAIN,
};

/* The instructions that change what is known of the place. */
static const uint8_t *pass_control(struct ahead *a, uint8_t opcode, const uint8_t *at) {
  switch (kinds[opcode]) {
  case KIND_BLOCK:
    pass_begin(a, CONTROL_BLOCK);
    return skip_leb(at, a->end);
  case KIND_LOOP:
    pass_begin(a, CONTROL_LOOP);
    return skip_leb(at, a->end);
  case KIND_IF:
    pass_begin(a, CONTROL_IF);
    return skip_leb(at, a->end);
  case KIND_ELSE:
    pass_else(a);
    return at;
  case KIND_END:
    pass_end(a);
    return at;
  case KIND_BRANCH:
    return pass_branch(a, at, EVENT_BRANCH);
  case KIND_BRANCH_IF:
    return pass_branch(a, at, EVENT_BRANCH_IF);
  case KIND_CALL:
    pass_call(a);
    return skip_leb(at, a->end);
  default:
    return pass_other(a, opcode, at);
  }
}

static void pass_body(struct ahead *a, const uint8_t *at) {
  const uint8_t *end = a->end;
  while (at < end) {
    uint8_t opcode = *at++;
    switch (kinds[opcode]) {
    case KIND_PLAIN:
      break;
    case KIND_INDEX:
      at = skip_leb(at, end);
      break;
    case KIND_MEMARG: /* most are short: alignment and offset of a byte each */
      if (end - at >= 2 && at[0] < 0x40 && at[1] < 0x80)
        at += 2;
      else
        at = skip_memarg(at, end);
      break;
    case KIND_GET:
      at = pass_local(a, at, false);
      break;
    case KIND_SET:
      at = pass_local(a, at, true);
      break;
    case KIND_FLOAT32:
      at = skip_bytes(at, end, 4);
      break;
    case KIND_FLOAT64:
      at = skip_bytes(at, end, 8);
      break;
    default:
      at = pass_control(a, opcode, at);
      if (a->ended || a->failed)
        return;
    }
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

/* An access: before a get the local's value is wanted, before a set it is not. Returns whether
 * nobody wants it afterwards. Without branches: gets and sets come in any order. */
static inline bool pass_back(struct locals_set *live, uint32_t local, bool is_get) {
  if (__builtin_expect(local >= FLOW_LOCALS, 0))
    return false;
  uint64_t *word = &live->words[local / 64], bit = (uint64_t)1 << local % 64;
  bool is_last = !(*word & bit);
  *word = (*word & ~bit) | (is_get ? bit : 0);
  return is_last;
}

static void settle_events(struct compiler *c, const struct ahead *a) {
  struct locals_set live = {{0}};
  uint8_t *access = c->accesses + a->access_count;
  const uint32_t *first = c->events;
  for (const uint32_t *event = a->event; event-- > first;) {
    uint32_t operand = *event >> EVENT_BITS, kind = *event & EVENT_KIND;
    if (kind <= EVENT_SET) {
      *--access = pass_back(&live, operand, kind == EVENT_GET);
      continue;
    }
    struct flow *flow = &c->flows[operand];
    switch (kind) {
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

/* One area for the four arrays: what a body's length bounds, then the blocks, which grow. A block
 * takes two bytes at least, and so does one that is open. */
bool flow_reserve(struct compiler *c, size_t longest) {
  size_t bytes = longest < FLOW_BYTES ? longest : FLOW_BYTES, blocks = bytes / 2 + 2;
  size_t events = (bytes + 3) / 2 * 2 * sizeof(uint32_t);
  size_t opens = (blocks < FLOW_DEPTH ? blocks : FLOW_DEPTH) * sizeof(struct open);
  c->flow_head = (events + opens + bytes + 16) & ~(size_t)15;
  if (!compiler_window_reserve(c, &c->flow_window, c->flow_head + blocks * sizeof *c->flows) ||
      !compiler_window_grow(c, &c->flow_window, c->flow_head))
    return false;
  c->events = (uint32_t *)c->flow_window.base;
  c->open = (struct open *)(c->flow_window.base + events);
  c->accesses = c->flow_window.base + events + opens;
  c->flows = (struct flow *)(c->flow_window.base + c->flow_head);
  return true;
}

void flow_release(struct compiler *c) {
  compiler_window_release(c, &c->flow_window);
}

/* An instruction makes at most one event a byte, and the function itself one. */
void flow_analyse(struct compiler *c) {
  size_t bytes = wasm_reader_left(&c->reader);
  c->flow_count = c->flow_next = c->access_next = 0;
  c->has_flow = false;
  if (!c->emit || c->local_count == 0 || bytes > FLOW_BYTES)
    return;
  const uint8_t *at = c->reader.at;
  struct ahead a = {.c = c, .end = at + bytes, .weight = 1};
  a.event = c->events;
  a.open = c->open;
  a.open[0] = (struct open){0};
  pass_begin(&a, CONTROL_FUNC);
  pass_body(&a, at);
  c->has_flow = !a.failed;
  if (c->has_flow)
    settle_events(c, &a);
}
