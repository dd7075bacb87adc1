/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The function compiler's own state, shared by compile*.c.
 *
 * One pass over a body's bytes validates it (core spec appendix "Validation Algorithm") and copies
 * stencils. The operand stack exists at compile time only: an entry knows whether its value is a
 * constant, a local not yet read, in a register of its own, or in its slot of the frame. Locals are
 * cached in registers. Where control flow meets, the label's layout (made by the first branch that
 * comes there, or at the loop's head) says which locals are in which registers; operands lie in
 * their slots, but a label's single result, which is in the result register. */
#ifndef ENGINE_COMPILER_H
#define ENGINE_COMPILER_H

#include "engine/calling.h"
#include "engine/compile.h"
#include "engine/reader.h"
#include "engine/stencils/table.h"
#include "engine/types.h"

/* Registers of both pools in one numbering, so that sets of them are words. */
#define INT_REGISTERS 0x00ffu
#define FLOAT_REGISTERS 0xff00u
#define REGISTER_COUNT 16u
#define FLOAT_BASE 8u
#define NO_REGISTER 0xffu
/* Those that are given out: a test build leaves only four of each pool, and takes memory page by
 * page, so that what is rare becomes common. Four are the most that are held at once. */
#ifndef COMPILER_REGISTERS
#define COMPILER_REGISTERS 0xffffu
#define COMPILER_WINDOW_STEP 16384u
#endif
_Static_assert(TARGET_INT_REGISTERS == FLOAT_BASE && TARGET_FLOAT_REGISTERS == 8, "");

enum family {
#define FAMILY(name, shape) ST_##name,
#include "engine/stencils/families.def"
#undef FAMILY
  ST_COUNT
};

/* A type that stands for any: operands taken off an unreachable block's empty stack. */
#define ANY_TYPE 0u

enum where {
  AT_SLOT,    /* in its frame slot */
  AT_REG,     /* in register reg, which is its own */
  AT_LOCAL,   /* the value local `local` has now */
  AT_CONST,   /* bits; a v128's: the address of its 16 bytes in the module, or 0 for zero */
  AT_COMPARE, /* the outcome of compiler.compare; only on top, right before br_if, if or select */
};

struct value {
  uint8_t type; /* enum wasm_valtype or ANY_TYPE */
  uint8_t where;
  uint8_t reg;
  uint32_t end; /* slots up to and with its own; set by stack_push */
  union {
    uint32_t local;
    uint64_t bits; /* i32 and f32: zero extended */
  };
};

struct local {
  int32_t offset; /* of its home, from the frame */
  uint32_t refs;  /* stack entries AT_LOCAL that name it */
  uint8_t type;
  uint8_t reg;                  /* where it is cached, or NO_REGISTER */
  bool dying;                   /* nobody wants its value but the entries that name it */
  uint32_t weight;              /* of its uses; see struct flow */
  uint32_t set_depth, set_part; /* where the last set of it stands, for the analysis */
};

/* Which locals are in registers. A dirty one is newer than its home. */
struct layout {
  uint16_t used, dirty; /* sets of registers */
  uint32_t local[REGISTER_COUNT];
};

/* The analysis of a function tells apart so many locals; the others are wanted everywhere. */
#define FLOW_LOCALS 128u
struct locals_set {
  uint64_t words[FLOW_LOCALS / 64];
};
static inline bool set_has(const struct locals_set *set, uint32_t local) {
  return local >= FLOW_LOCALS || (set->words[local / 64] >> local % 64 & 1);
}

/* Longer bodies and deeper blocks are not analysed. */
#define FLOW_BYTES (1u << 20)
#define FLOW_DEPTH 1024u
/* A use in a loop weighs so many times one around it. */
#define FLOW_WEIGHT_LOOP 8u
#define FLOW_WEIGHT_MAX 64u

/* What the analysis knows of a block; the function itself is number 0. */
struct flow {
  struct locals_set label;  /* wanted where branches to it arrive, */
  struct locals_set other;  /* where `else` begins (a function: where it begins), */
  struct locals_set around; /* at any label around it */
  /* Of a loop: */
  struct locals_set named, assigned; /* in it */
  struct locals_set early;           /* named before a call that is made in each turn */
  bool calls, is_called;             /* it makes calls; in each turn */
  uint8_t kind;                      /* enum control_kind */
  uint32_t parent;
  uint32_t weight; /* of a use of a local in here */
};

enum control_kind {
  CONTROL_FUNC,
  CONTROL_BLOCK,
  CONTROL_LOOP,
  CONTROL_IF,
  CONTROL_ELSE,
  CONTROL_TRY,
};

struct control {
  uint8_t kind;
  bool unreachable; /* for the types: the rest of the block cannot be reached */
  bool was_live;    /* code was emitted where it began */
  bool has_layout;
  uint32_t height; /* operands below its parameters */
  struct wasm_functype type;
  /* Text offset of a loop's head; else the chain of jumps that wait for the end. A chain's links
   * are the jumps' own fields: each holds the text offset of the one before, the first 0. */
  uint32_t target;
  uint32_t else_chain;
  uint32_t flow; /* its number in the analysis */
  struct layout layout;
  struct layout else_layout;
  uint32_t table;         /* text offset of the last br_table that named it, */
  uint32_t stub;          /* and of its stub for that */
  const uint8_t *catches; /* a try_table's clauses, in the module, */
  uint32_t begin;         /* and the text offset where its body begins */
};

/* A compare that waits to be fused with a conditional branch or select. */
struct compare {
  uint16_t family; /* that jumps if true: register form; its negation is family ^ negate */
  bool is_float, has_constant, negate;
  uint8_t a, b;
  int32_t constant;
};

/* A place that traps: jumps to it wait in the chain for the `trap` behind the function. */
struct trap_site {
  uint32_t chain;
  uint32_t kind;
  uint32_t code_offset;
};

/* A vector constant behind the function: references to it wait in the chain. */
struct data_site {
  uint32_t chain;
  uint8_t bytes[16];
};

/* An array in reserved address space: it grows in place. */
struct window {
  uint8_t *base;
  size_t reserved, committed;
  bool is_code;
};

struct compiler {
  struct wasm_module *module;
  const struct wasm_platform *platform;
  struct wasm_reader reader;
  bool emit;             /* make code; else only validate */
  bool is_guarded;       /* 32-bit memories need no checks */
  bool is_plain;         /* memory 0 is there and is such a one */
  bool live;             /* emit, and this place can be reached */
  const uint8_t *opcode; /* the instruction at hand */

  /* The image. Offsets in text are distances from `text`. */
  struct window image, text, marks;
  struct window handlers;                    /* reserved when the first comes */
  uint8_t *at, *text_limit;                  /* next byte; where the committed part gets short */
  uint32_t mark_bytes, mark_text, mark_code; /* so far; the last mark's places */
  uint32_t handler_count;
  uint32_t *entries; /* per defined function: text offset if compiled, else chain of calls to it */
  bool calls_directly; /* a direct call was compiled that does not reload the instance, */
  bool must_reload;    /* which direct calls must do, since functions of the module may return from
                          another instance, by tail calls */

  /* The function. */
  uint32_t function; /* index among the defined ones */
  struct window value_window, control_window, local_window, site_window, data_window;
  struct value *values; /* values[-1] is an empty entry behind the locals' slots */
  uint32_t height;
  uint32_t spilled; /* entries below are AT_SLOT or AT_CONST */
  uint32_t room;    /* the most entries there may be before an instruction, which may push one */
  uint32_t max_end; /* slots used so far, with the locals' */
  struct control *controls;
  uint32_t depth; /* of controls; 0: the body has ended */
  uint32_t floor; /* height of the innermost one */
  struct local *locals;
  uint32_t local_count;
  uint32_t local_slots; /* slots that are homes of locals; the operands' come behind */
  uint32_t incoming;    /* words of arguments that came on the stack, argument_words */
  uint32_t outgoing;    /* words needed for calls so far */
  bool calls;           /* something was called, or thrown */
  struct trap_site *sites;
  uint32_t site_count;
  struct data_site *datas;
  uint32_t data_count;

  /* Registers: each is free, caches a local, or belongs to a stack entry. */
  uint16_t free_regs, local_regs, dirty;
  uint16_t pinned; /* not to be taken now */
  uint32_t owner[REGISTER_COUNT];
  uint32_t next_victim;
  struct compare compare;

  /* What the analysis of the function says, if it has_flow. */
  bool has_flow;
  struct window flow_window;
  size_t flow_head; /* bytes of it before the blocks */
  uint32_t *events;
  struct open *open;
  struct flow *flows;
  uint32_t flow_count, flow_next; /* blocks analysed; compiled so far */
  uint8_t *accesses; /* per access to a local, in order: nobody wants its value afterwards */
  uint32_t access_next;

  /* What the next stencil's holes shall hold. */
  int64_t hole[STENCIL_HOLE_LANE + 1];
  uint32_t *chain[STENCIL_HOLE_DATA_B + 1 - STENCIL_HOLE_TARGET];
};

/* ---- compile.c ----------------------------------------------------------------------------- */

#define compiler_fail(c, status, ...)                                                              \
  wasm_reader_fail_at(&(c)->reader, (c)->opcode, status, __VA_ARGS__)
#define compiler_ok(c) wasm_reader_ok(&(c)->reader)
const char *compiler_opcode_name(const uint8_t *opcode, const uint8_t *end);
/* Makes at least `size` bytes of a window usable. False: it failed, and the error is set. */
static inline bool compiler_window_grow(struct compiler *c, struct window *window, size_t size);
bool compiler_window_commit(struct compiler *c, struct window *window, size_t size);
bool compiler_window_reserve(struct compiler *c, struct window *window, size_t size);
void compiler_window_release(struct compiler *c, struct window *window);

static inline bool compiler_window_grow(struct compiler *c, struct window *window, size_t size) {
  return __builtin_expect(size <= window->committed, 1) || compiler_window_commit(c, window, size);
}

/* ---- compile_emit.c ------------------------------------------------------------------------ */

/* Copies a stencil. Register numbers are those of its shape's pools (0 to 7). */
void emit_stencil(struct compiler *c, size_t family, size_t a, size_t b);
/* More text for what is not a stencil: at most `size` bytes from c->at may be written then. */
bool emit_reserve(struct compiler *c, size_t size);
static inline uint32_t emit_offset(const struct compiler *c) {
  return (uint32_t)(c->at - c->text.base);
}
/* Lets all jumps of a chain go to a text offset. */
void emit_resolve(struct compiler *c, uint32_t chain, uint32_t to);
/* Where a trap of the instruction at hand goes: to be set for one of the holes TRAP_A... */
void emit_trap_target(struct compiler *c, uint32_t hole, enum wasm_trap_kind kind);
/* A vector constant for one of the holes DATA_A...: it will stand behind the function. */
void emit_data_target(struct compiler *c, uint32_t hole, const uint8_t bytes[16]);
/* The instruction emitted next may fault with `kind`. */
void emit_fault(struct compiler *c, enum wasm_trap_kind kind);
/* A stencil that loads or stores, and faults where there is no memory. */
void emit_access(struct compiler *c, uint32_t family, uint32_t a, uint32_t b);
/* A call's return address is `tail` bytes before here. */
void emit_call_site(struct compiler *c, uint32_t tail);
/* A clause of a handler of exceptions. */
void emit_handler(struct compiler *c, const struct abi_image_handler *handler);
uint32_t emit_length(uint32_t family); /* of a stencil without registers */
/* Between a register (numbered over both pools), a frame offset and a constant. */
void emit_load(struct compiler *c, uint8_t type, uint32_t reg, int32_t offset);
void emit_store(struct compiler *c, uint8_t type, uint32_t reg, int32_t offset);
void emit_move(struct compiler *c, uint8_t type, uint32_t to, uint32_t from);
void emit_const(struct compiler *c, uint8_t type, uint32_t reg, uint64_t bits);
void emit_store_const(struct compiler *c, uint8_t type, uint64_t bits, int32_t offset);
void emit_copy(struct compiler *c, uint8_t type, int32_t to, int32_t from);
/* The member for a type of five families in the order of 32 and 64 bits, f32, f64, v128. */
static inline uint32_t family_of_type(uint32_t first, uint8_t type) {
  return first + (type >= WASM_V128 ? (uint32_t)WASM_I32 - type : 1u);
}

/* ---- compile_values.c ---------------------------------------------------------------------- */

static inline uint32_t register_set(uint8_t type) {
  return is_float_type(type) ? FLOAT_REGISTERS : INT_REGISTERS;
}
static inline uint32_t result_register(uint8_t type) {
  return is_float_type(type) ? FLOAT_BASE + TARGET_FLOAT_RESULT : TARGET_INT_RESULT;
}
static inline bool fits_i32(uint64_t bits) {
  return (uint64_t)(int64_t)(int32_t)bits == bits;
}
/* The frame offset of the slot that ends as said. */
static inline int32_t slot_offset(uint32_t end) {
  return TARGET_SLOT_OFFSET(end - 1);
}
/* The frame has the slots up to that one. */
static inline void use_slots(struct compiler *c, uint32_t end) {
  if (end > c->max_end)
    c->max_end = end;
}
/* The frame offset of an operand's slot. */
static inline int32_t value_offset(const struct compiler *c, uint32_t index) {
  return slot_offset(c->values[index].end);
}
/* Where the slots of the entries below `height` end. */
static inline uint32_t stack_end(const struct compiler *c, uint32_t height) {
  return c->values[(int64_t)height - 1].end;
}

/* Checks that the operands on top have these types (deepest first) and, in unreachable code, that
 * they exist. False: it failed. */
static inline bool stack_check(struct compiler *c, uint32_t count, const uint8_t *types);
/* The same, and takes them off. For operands that no code uses any more. */
bool stack_pop(struct compiler *c, uint32_t count, const uint8_t *types);
/* There is room for one in each instruction; for more, stack_grow is to be asked before. */
static inline void stack_push(struct compiler *c, struct value value);
static inline void stack_push_reg(struct compiler *c, uint8_t type, uint32_t reg); /* allocated */
/* Values that lie in their slots. */
void stack_push_slots(struct compiler *c, uint32_t count, const uint8_t *types);
/* Takes the top off; a register of its own becomes free. */
static inline void stack_drop(struct compiler *c);
/* The uncommon cases of the above: operands that are missing or of other types, no room. */
bool stack_check_slowly(struct compiler *c, uint32_t count, const uint8_t *types);
bool stack_grow(struct compiler *c, uint32_t more);

/* A register of a set that is nobody's; may move something out. */
uint32_t reg_allocate(struct compiler *c, uint32_t set);
/* Makes one register free. */
void reg_vacate(struct compiler *c, uint32_t reg);
static inline void reg_free(struct compiler *c, uint32_t reg) {
  c->free_regs |= (uint16_t)(1u << reg);
}
/* The entry's value in some register, which is not to be changed. */
static inline uint32_t value_read(struct compiler *c, uint32_t index);
uint32_t value_fetch(struct compiler *c, uint32_t index); /* the same where it is in none yet */
/* The entry's value in a register of its own. */
uint32_t value_own(struct compiler *c, uint32_t index);
/* The same for an instruction that puts its result there. If the next one assigns that to the very
 * local that is read, the local gives up its register: x = x + 1 happens in place. */
uint32_t value_replace(struct compiler *c, uint32_t index);
/* Whether value_replace does without a move. */
bool value_is_replaceable(const struct compiler *c, uint32_t index);
/* The same for an instruction that has its result in another register, *to: returns where it finds
 * the value, which may be a local's register and is not to be changed. */
uint32_t value_pass(struct compiler *c, uint32_t index, uint32_t *to);
/* The same in one particular register. */
void value_own_in(struct compiler *c, uint32_t index, uint32_t reg);
/* Writes the entry's value, wherever it is, without changing any state. */
void value_copy_to_slot(struct compiler *c, uint32_t index, int32_t offset);
void value_spill(struct compiler *c, uint32_t index);     /* to its slot; not a constant */
void stack_spill_below(struct compiler *c, uint32_t end); /* entries below `end`, not constants */
void locals_flush(struct compiler *c);                    /* dirty ones to their homes */
void locals_forget(struct compiler *c);                   /* no local is in a register any more */
void local_forget(struct compiler *c, uint32_t local); /* its register is free; nothing is stored */
void local_load(struct compiler *c, uint32_t local);   /* from its home into a register */
/* Takes its register from a local: it is then neither the local's nor free. */
static inline uint32_t local_give(struct compiler *c, uint32_t index) {
  struct local *local = &c->locals[index];
  uint32_t reg = local->reg;
  local->reg = NO_REGISTER;
  c->local_regs &= (uint16_t) ~(1u << reg);
  c->dirty &= (uint16_t) ~(1u << reg);
  return reg;
}
/* An entry that named the local is gone. */
static inline void local_unref(struct compiler *c, uint32_t local) {
  struct local *at = &c->locals[local];
  if (--at->refs > 0 || !at->dying)
    return;
  at->dying = false;
  if (at->reg != NO_REGISTER)
    local_forget(c, local);
}
/* The local is in a register that was free, newer than its home. */
void local_bind(struct compiler *c, uint32_t local, uint32_t reg);
void local_assign(struct compiler *c, uint32_t local); /* the top of the stack, taken off */

/* Nearly every instruction does these. */
static inline bool stack_check(struct compiler *c, uint32_t count, const uint8_t *types) {
  if (__builtin_expect(c->height - c->floor < count, 0))
    return stack_check_slowly(c, count, types);
  const struct value *values = c->values + c->height - count;
  for (uint32_t i = 0; i < count; i++)
    if (__builtin_expect(values[i].type != types[i], 0))
      return stack_check_slowly(c, count, types);
  return true;
}

static inline void stack_push(struct compiler *c, struct value value) {
  struct value *top = c->values + c->height++;
  value.end = top[-1].end + type_words(value.type);
  *top = value;
}

static inline void stack_push_reg(struct compiler *c, uint8_t type, uint32_t reg) {
  c->owner[reg] = c->height;
  stack_push(c, (struct value){.type = type, .where = AT_REG, .reg = (uint8_t)reg});
}

static inline uint32_t value_read(struct compiler *c, uint32_t index) {
  const struct value *value = &c->values[index];
  uint32_t reg = value->where == AT_REG     ? value->reg
                 : value->where == AT_LOCAL ? c->locals[value->local].reg
                                            : NO_REGISTER;
  return __builtin_expect(reg != NO_REGISTER, 1) ? reg : value_fetch(c, index);
}

static inline void stack_drop(struct compiler *c) {
  const struct value *value = &c->values[--c->height];
  if (c->spilled > c->height)
    c->spilled = c->height;
  if (!c->live)
    return;
  if (value->where == AT_REG)
    reg_free(c, value->reg);
  else if (value->where == AT_LOCAL)
    local_unref(c, value->local);
}

/* Several moves at once. A source is a register, a frame offset, or a constant. */
enum source { FROM_REG, FROM_SLOT, FROM_CONST };
struct move {
  uint8_t to, from, source, type;
  int32_t offset; /* FROM_SLOT: where */
  uint64_t bits;
};
void emit_moves(struct compiler *c, struct move *moves, uint32_t count);
/* The move of a stack entry to a register. */
struct move value_move(const struct compiler *c, uint32_t index, uint32_t to);

/* ---- compile_flow.c ------------------------------------------------------------------------ */

bool flow_reserve(struct compiler *c, size_t longest);
void flow_release(struct compiler *c);
/* Analyses the function whose instructions the reader has ahead. */
void flow_analyse(struct compiler *c);
/* To be asked once for each access to a local, in order: nobody wants its value afterwards. */
static inline bool flow_next_access(struct compiler *c) {
  return c->has_flow && c->accesses[c->access_next++];
}
/* Whether the local's value is wanted where branches to the label arrive. */
static inline bool flow_wants(const struct compiler *c, const struct control *control,
                              uint32_t local) {
  return !c->has_flow || set_has(&c->flows[control->flow].label, local);
}

/* ---- compile_loop.c ------------------------------------------------------------------------ */

/* Decides which locals are in registers at the head of a loop that begins here. */
void loop_prepare(struct compiler *c, const struct control *loop);

/* ---- compile_memory.c ---------------------------------------------------------------------- */

/* What an instruction says of its access to a memory. */
struct access {
  uint64_t offset;
  uint32_t memory;
  uint32_t size; /* bytes */
  uint8_t type;  /* of the address */
  bool is_checked;
};
/* Reads a memarg (core spec 5.4.6). The natural alignment is that of the access's whole size:
 * max_align is its logarithm. False: it failed. */
bool memory_read_memarg(struct compiler *c, uint32_t max_align, struct access *access);
/* The address that an operand says, as one in memory 0, in a register that is pinned then; the
 * displacement is left in its hole. What needs a check has been checked. */
uint32_t memory_address(struct compiler *c, uint32_t index, const struct access *access);

/* ---- compile_numeric.c ------------------------------------------------------------------- */

struct opcode;
/* Checks the operands, one or two. Where no code is made, also finishes the instruction: true if it
 * is to be compiled. */
static inline bool numeric_begin(struct compiler *c, const struct opcode *op);
bool numeric_begin_slowly(struct compiler *c, const struct opcode *op);
/* The left operand owned, the right one in a register; emits for both. */
void numeric_registers(struct compiler *c, const struct opcode *op, uint32_t family);
/* The result of a stencil from one register to another, which may be in the other pool. */
void numeric_convert(struct compiler *c, const struct opcode *op, uint32_t family);

/* ---- Handlers: compile_control.c, _call.c, _numeric.c, _memory.c, _vector.c ---------------- */

typedef void handler(struct compiler *c, const struct opcode *op);
struct opcode {
  handler *handle;
  uint8_t in[2]; /* types of the operands; 0: none */
  uint8_t in_count;
  uint8_t out;
  uint32_t argument;
};
static inline bool numeric_begin(struct compiler *c, const struct opcode *op) {
  const struct value *end = c->values + c->height;
  bool fits = c->height - c->floor >= op->in_count && end[-1].type == op->in[op->in_count - 1] &&
              (op->in_count == 1 || end[-2].type == op->in[0]);
  return __builtin_expect(fits && c->live, 1) || numeric_begin_slowly(c, op);
}

#define OP(code, name, handler_name, in1, in2, out, argument) handler compile_##handler_name;
#define OP_FC(code, name, handler_name, in1, in2, out, argument) handler compile_##handler_name;
#define OP_FD(code, name, handler_name, in1, in2, out, argument) handler compile_##handler_name;
#include "engine/opcodes.def"
#undef OP
#undef OP_FC
#undef OP_FD

/* Starts a function whose locals' types are set: parameters are in registers or on the stack, the
 * others zero. Room is left for the prologue. */
void compile_entry(struct compiler *c, const struct wasm_functype *type);
/* Ends a function that began at text offset `start`: prologue, traps. Returns the frame's size. */
uint64_t compile_exit(struct compiler *c, uint32_t start);
void emit_return(struct compiler *c); /* with the operands on top as results */
void control_push(struct compiler *c, enum control_kind kind, const struct wasm_functype *type);
/* Block types (core spec 5.4.1): nothing, one result, or a type of the module. */
bool control_read_type(struct compiler *c, struct wasm_functype *type);
/* Goes to a block around the innermost one, or back. */
static inline void control_set_depth(struct compiler *c, uint32_t depth) {
  c->depth = depth;
  c->floor = c->controls[depth - 1].height;
}
/* Opens a block over its parameters. */
void control_open(struct compiler *c, enum control_kind kind, const struct wasm_functype *type);
/* Nothing of the block's stack or registers is left. */
void control_leave(struct compiler *c, const struct control *control);
/* Takes the condition off the stack and pins what it is in: a compare, or one of a value with zero.
 */
struct compare control_take_condition(struct compiler *c);
/* A jump if the condition holds; returns its chain. */
uint32_t control_emit_skip(struct compiler *c, const struct compare *compare);
/* NULL: it failed. */
struct control *control_read_label(struct compiler *c);
/* What a branch to a label passes: a loop's parameters, else the results. */
uint32_t control_label_types(const struct control *control, const uint8_t **types);
/* An unconditional branch with what has to be moved for it. */
void control_branch(struct compiler *c, struct control *control);
/* Makes the handlers of the innermost block, a try_table. */
void control_end_try(struct compiler *c);
/* From here to the end of the block nothing is reached: operands go, registers are nobody's. */
void control_end_reach(struct compiler *c);

#endif
