/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the parts of the generator share: a module being made, and the function being made. */
#ifndef TESTS_FUZZ_PLAN_H
#define TESTS_FUZZ_PLAN_H

#include "engine/engine.h"
#include "tests/fuzz/generate.h"

#include <stdbool.h>

enum {
  MAX_ARITY = 40,
  MAX_TYPES = 2000,
  MAX_FUNCS = 12,
  MAX_GLOBALS = 12,
  MAX_LOCALS = 6000,
  MAX_STACK = 20000,
  MAX_DEPTH = 64,
  MAX_TAGS = 3,
  MAX_MEMORIES = 3,
  POPULAR = 10,
  TABLES = 2, /* of funcref, of externref */
  DATAS = 3,  /* 0 and 1 passive, 2 active */
  ELEMS = 4,  /* 0 active, 1 passive, 2 and 3 passive of externref and without elements */
  DATA_LENGTH = 64,
};

struct signature {
  uint8_t param_count, result_count;
  uint8_t params[MAX_ARITY], results[MAX_ARITY];
};

struct frame {
  bool unreachable;
  bool is_loop;
  bool is_hidden; /* no branch goes there: the other rendition has another block in its place */
  uint32_t height;
  struct signature type;
};

struct plan {
  const struct recipe *recipe;
  uint64_t rng;
  struct buffer *statements;
  uint64_t scope, scope_count; /* the statement around, and how many it has had */

  struct signature types[MAX_TYPES];
  uint32_t type_count;
  uint32_t func_types[MAX_FUNCS];
  uint32_t func_count, import_count;
  uint8_t globals[MAX_GLOBALS]; /* number 0 is the fuel */
  bool global_mutable[MAX_GLOBALS];
  uint32_t global_count;
  uint8_t table_funcs[TABLE_MIN]; /* what table 0 has at first */
  uint8_t sharing;                /* enum sharing of generate.h */
  bool vectors;                   /* there are values of type v128, */
  bool exnrefs;                   /* of type exnref */
  bool own;                       /* the other engine is a build of ours */
  bool is_other;                  /* this is the rendition for the other engine */
  struct signature tags[MAX_TAGS];
  uint32_t tag_count; /* 0: no exceptions */
  uint32_t memory_count;
  bool memory_64[MAX_MEMORIES];
  bool table_64[TABLES]; /* but not in legacy renditions */

  /* The function. */
  struct buffer code;
  uint8_t locals[MAX_LOCALS];
  uint32_t local_count;
  uint32_t popular[POPULAR];     /* locals that are used most */
  uint32_t counter;              /* an i32 that counts what its loops did */
  uint32_t scratch32, scratch64; /* for floats that may be NaN */
  uint32_t scratch_vectors;      /* three */
  uint32_t caught;               /* an exnref, if there are tags */
  uint32_t observed_count;       /* locals that are the same in all renditions */
  uint32_t max_depth;            /* of blocks */
  uint8_t stack[MAX_STACK];
  uint32_t height;
  struct frame frames[MAX_DEPTH];
  uint32_t depth;
  int32_t budget; /* statements */
  bool straight;  /* only such statements that go on */
};

/* The other engine has exceptions in their older form, and no 64-bit tables. */
static inline bool is_legacy(const struct plan *p) {
  return p->is_other && !p->own;
}

/* ---- plan.c: random choices, types ------------------------------------------------------------
 */

uint64_t random_bits(struct plan *p);
uint32_t random_below(struct plan *p, uint32_t limit); /* limit > 0 */
bool chance(struct plan *p, uint32_t percent);
uint8_t random_type(struct plan *p);
uint64_t random_constant(struct plan *p, uint8_t type);
/* The type's number, which may be a new one. */
uint32_t type_number(struct plan *p, const struct signature *type);
/* Writes a constant instruction for the bits; references are null. */
void put_constant(struct buffer *code, uint8_t type, uint64_t bits);

/* ---- values.c: the stack and what puts values on it -------------------------------------------
 */

static inline struct frame *innermost(struct plan *p) {
  return &p->frames[p->depth - 1];
}
static inline bool is_reference(uint8_t type) {
  return type == WASM_FUNCREF || type == WASM_EXTERNREF || type == WASM_EXNREF;
}
void put(struct plan *p, uint8_t code);
void put_indexed(struct plan *p, uint8_t code, uint64_t index);
void push(struct plan *p, uint8_t type);
void push_all(struct plan *p, const uint8_t *types, uint32_t count);
/* Takes values off. Where the stack is polymorphic, what is missing was there. */
void consume(struct plan *p, uint32_t count);
bool top_is(struct plan *p, const uint8_t *types, uint32_t count); /* or may be taken for it */
/* Pushes a constant. */
void put_const(struct plan *p, uint8_t type, uint64_t bits);
/* A local of the type that is not the generator's own, or UINT32_MAX. */
uint32_t pick_local(struct plan *p, uint8_t type);
uint32_t pick_global(struct plan *p, uint8_t type, bool to_write);
/* Pushes one value, whose expression is about so deep. */
void value(struct plan *p, uint8_t type, uint32_t depth);
/* Reads a local or a global. False: there is none of the type. */
bool variable(struct plan *p, uint8_t type);
/* Pushes a compare whose outcome goes through some i32.eqz. */
void condition(struct plan *p, uint32_t depth);
/* Pushes a small number, mostly. */
void small(struct plan *p, uint32_t limit);
/* Lets the stack end in these types: what lies there already is preferred. */
void require(struct plan *p, const uint8_t *types, uint32_t count);
/* The float on top, made the one NaN if it is some NaN. */
void canonicalise(struct plan *p, uint8_t type);
void numeric(struct plan *p);

/* ---- memory.c: memories and tables ------------------------------------------------------------
 */

/* The number that memory i has in the rendition at hand. */
uint32_t memory_number(const struct plan *p, uint32_t memory);
void load_value(struct plan *p, uint8_t type, uint32_t depth);
void load(struct plan *p);
void store(struct plan *p);
void lane_access(struct plan *p);
void memory_bulk(struct plan *p);
/* The i32 on top becomes what indexes the table. */
void put_table_index(struct plan *p, uint32_t table);
/* A table's size that is on top becomes an i32. */
void put_table_size(struct plan *p, uint32_t table);
void table_bulk(struct plan *p);
void reference_value(struct plan *p, uint8_t type, uint32_t depth);

/* ---- control.c: blocks and branches -----------------------------------------------------------
 */

/* After an instruction that does not go on. */
void end_reach(struct plan *p);
/* Ends the function when there is no fuel any more. */
void count_call(struct plan *p);
/* Takes the top away: dropped, or into a local. */
void put_away(struct plan *p);
/* A block's type for what the stack has behind the `below_top` on top, and any results. */
struct signature block_type(struct plan *p, uint32_t below_top);
void put_block_type(struct plan *p, const struct signature *type);
void enter(struct plan *p, const struct signature *type, bool is_loop);
void leave_block(struct plan *p);
/* So many statements without labels that go on. */
void straight(struct plan *p, uint32_t count);
/* Whether branches may go there, and take that. */
bool label_takes(const struct frame *frame, const uint8_t *types, uint32_t count);
/* Lets the stack be the innermost block's results. */
void finish_block(struct plan *p);
void block(struct plan *p);
void if_else(struct plan *p);
void loop_nest(struct plan *p);
void branch(struct plan *p);
void branch_if(struct plan *p);
void branch_table(struct plan *p);

/* ---- exception.c -------------------------------------------------------------------------------
 */

void try_block(struct plan *p);
/* Throws if something holds. */
void throw_if(struct plan *p);
/* Throws, which ends what is reached. There are tags. */
void throw_away(struct plan *p);
/* Pushes the exnref of a new exception. */
void exnref_value(struct plan *p);

/* ---- body.c ------------------------------------------------------------------------------------
 */

/* So many statements, or fewer. */
void sequence(struct plan *p, uint32_t count);
/* Adds a local's value to the checksum, which is global 1. */
void observe(struct plan *p);
/* Makes a function's code entry: locals and instructions, without its length. */
void generate_body(struct plan *p, const struct signature *type);

#endif
