/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the parts of the generator share: a module being made, and the function being made. */
#ifndef TESTS_FUZZ_PLAN_H
#define TESTS_FUZZ_PLAN_H

#include "engine/engine.h"
#include "tests/fuzz/generate.h"

#include <stdbool.h>

enum {
  MAX_ARITY = 24,
  MAX_TYPES = 2000,
  MAX_FUNCS = 12,
  MAX_GLOBALS = 12,
  MAX_LOCALS = 6000,
  MAX_STACK = 20000,
  MAX_DEPTH = 64,
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

  /* The function. */
  struct buffer code;
  uint8_t locals[MAX_LOCALS];
  uint32_t local_count;
  uint32_t counter;              /* an i32 that counts what its loops did */
  uint32_t scratch32, scratch64; /* for floats that may be NaN */
  uint8_t stack[MAX_STACK];
  uint32_t height;
  struct frame frames[MAX_DEPTH];
  uint32_t depth;
  int32_t budget; /* statements */
  bool straight;  /* only such statements that go on */
};

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

/* ---- body.c ------------------------------------------------------------------------------------
 */

/* Makes a function's code entry: locals and instructions, without its length. */
void generate_body(struct plan *p, const struct signature *type);

#endif
