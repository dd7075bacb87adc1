/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The instructions that take and give values, as the generator sees them: engine/opcodes.def. */
#ifndef TESTS_FUZZ_OPERATIONS_H
#define TESTS_FUZZ_OPERATIONS_H

#include "tests/fuzz/plan.h"

enum { PREFIX_MISC = 0xfc, PREFIX_VECTOR = 0xfd, OPERANDS_MAX = 3 };

struct operation {
  uint16_t code;
  uint8_t prefix, in[2], out;
  uint8_t
      detail; /* of a load or store: the alignment's logarithm; of a lane's: how many there are */
};

/* A kind of operations. */
typedef bool wanted(const struct operation *op);
wanted operation_is_numeric, operation_is_load, operation_is_store, operation_is_lane_access,
    operation_is_condition, operation_is_vector;

/* One of a kind that gives `out` (0: any), of vectors only if the module has some; traps seldom. */
const struct operation *operation_pick(struct plan *p, wanted *kind, uint8_t out);
/* The operands' types; returns how many. */
uint32_t operation_operands(const struct operation *op, uint8_t types[OPERANDS_MAX]);
void operation_put_code(struct plan *p, const struct operation *op);
/* With the operands on the stack. What may differ between engines is made the same (core spec
 * 4.3.3): the bits of NaNs where the operation shows them, and what relaxed operations may choose.
 */
void operation_finish(struct plan *p, const struct operation *op);

/* ---- vector.c ----------------------------------------------------------------------------------
 */

/* Makes the operands on the stack such that the operation has one outcome. */
void vector_tame(struct plan *p, const struct operation *op);
/* Lanes behind the code. */
void vector_put_immediate(struct plan *p, const struct operation *op);
/* All lanes that are NaN get the same bits, if the operation may make NaNs. */
void vector_canonicalise(struct plan *p, const struct operation *op);

#endif
