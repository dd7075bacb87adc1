/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Stencils that call the runtime's helpers. The pool's registers are dead here, so these stencils
 * take only the fixed ones, which C functions preserve. clang aligns the stack for the call from
 * where a function's entry would find it: bodies keep the stack pointer there (target.h). */
#define PARAMS STENCIL_FIXED_PARAMS
#define ARGS STENCIL_FIXED_ARGS
#include "engine/stencils/stencil.h"

#define HELPER(name) (INSTANCE->helpers->name)

/* Operands that are 64 bits wide only for some memories and tables are given as they lie there; the
 * helper knows. hole_a, b, c: slots of the operands in their order; hole_d, e: indices */

/* hole_a: slot of the number of pages and of the result */
STENCIL(memory_grow) {
  SLOT(u64, HOLE_A) = HELPER(memory_grow)(INSTANCE, (u32)HOLE_D, SLOT(u64, HOLE_A));
  NEXT;
}
STENCIL(memory_fill) {
  if (HELPER(memory_fill)(INSTANCE, (u32)HOLE_D, SLOT(u64, HOLE_A), SLOT(u32, HOLE_B),
                          SLOT(u64, HOLE_C)))
    GO(trap_a);
  NEXT;
}
STENCIL(memory_copy) {
  if (HELPER(memory_copy)(INSTANCE, (u32)HOLE_D, (u32)HOLE_E, SLOT(u64, HOLE_A), SLOT(u64, HOLE_B),
                          SLOT(u64, HOLE_C)))
    GO(trap_a);
  NEXT;
}

/* hole_d: the segment */
STENCIL(memory_init) {
  if (HELPER(memory_init)(INSTANCE, (u32)HOLE_E, (u32)HOLE_D, SLOT(u64, HOLE_A), SLOT(u32, HOLE_B),
                          SLOT(u32, HOLE_C)))
    GO(trap_a);
  NEXT;
}
STENCIL(data_drop) {
  HELPER(data_drop)(INSTANCE, (u32)HOLE_D);
  NEXT;
}

/* hole_a: slot of the value and of the result; hole_b: of the number of elements */
STENCIL(table_grow) {
  SLOT(u64, HOLE_A) =
      HELPER(table_grow)(INSTANCE, (u32)HOLE_D, SLOT(u64, HOLE_A), SLOT(u64, HOLE_B));
  NEXT;
}
STENCIL(table_fill) {
  if (HELPER(table_fill)(INSTANCE, (u32)HOLE_D, SLOT(u64, HOLE_A), SLOT(u64, HOLE_B),
                         SLOT(u64, HOLE_C)))
    GO(trap_a);
  NEXT;
}
STENCIL(table_copy) {
  if (HELPER(table_copy)(INSTANCE, (u32)HOLE_D, (u32)HOLE_E, SLOT(u64, HOLE_A), SLOT(u64, HOLE_B),
                         SLOT(u64, HOLE_C)))
    GO(trap_a);
  NEXT;
}
STENCIL(table_init) {
  if (HELPER(table_init)(INSTANCE, (u32)HOLE_D, (u32)HOLE_E, SLOT(u64, HOLE_A), SLOT(u32, HOLE_B),
                         SLOT(u32, HOLE_C)))
    GO(trap_a);
  NEXT;
}
STENCIL(elem_drop) {
  HELPER(elem_drop)(INSTANCE, (u32)HOLE_D);
  NEXT;
}
