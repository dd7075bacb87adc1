/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Stencils that call the runtime's helpers. The pool's registers are dead here, so these stencils
 * take only the fixed ones, which C functions preserve. clang aligns the stack for the call from
 * where a function's entry would find it: bodies keep the stack pointer there (target.h). */
#define PARAMS u64 inst, u64 mem, u64 fp
#define ARGS inst, mem, fp
#include "engine/stencils/stencil.h"

#define HELPER(name) (INSTANCE->helpers->name)

/* hole_a: the slot of the number of pages and of the result; always memory 0 */
STENCIL(memory_grow) {
  SLOT(u32, HOLE_A) = (u32)HELPER(memory_grow)(INSTANCE, 0, SLOT(u32, HOLE_A));
  NEXT;
}

/* hole_a, b, c: slots of the operands in their order */
STENCIL(memory_fill) {
  if (HELPER(memory_fill)(INSTANCE, 0, SLOT(u32, HOLE_A), SLOT(u32, HOLE_B), SLOT(u32, HOLE_C)))
    GO(trap_a);
  NEXT;
}
STENCIL(memory_copy) {
  if (HELPER(memory_copy)(INSTANCE, 0, 0, SLOT(u32, HOLE_A), SLOT(u32, HOLE_B), SLOT(u32, HOLE_C)))
    GO(trap_a);
  NEXT;
}

/* hole_d, hole_e: indices */
STENCIL(memory_init) {
  if (HELPER(memory_init)(INSTANCE, 0, (u32)HOLE_D, SLOT(u32, HOLE_A), SLOT(u32, HOLE_B),
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
  SLOT(u32, HOLE_A) =
      (u32)HELPER(table_grow)(INSTANCE, (u32)HOLE_D, SLOT(u64, HOLE_A), SLOT(u32, HOLE_B));
  NEXT;
}
STENCIL(table_fill) {
  if (HELPER(table_fill)(INSTANCE, (u32)HOLE_D, SLOT(u32, HOLE_A), SLOT(u64, HOLE_B),
                         SLOT(u32, HOLE_C)))
    GO(trap_a);
  NEXT;
}
STENCIL(table_copy) {
  if (HELPER(table_copy)(INSTANCE, (u32)HOLE_D, (u32)HOLE_E, SLOT(u32, HOLE_A), SLOT(u32, HOLE_B),
                         SLOT(u32, HOLE_C)))
    GO(trap_a);
  NEXT;
}
STENCIL(table_init) {
  if (HELPER(table_init)(INSTANCE, (u32)HOLE_D, (u32)HOLE_E, SLOT(u32, HOLE_A), SLOT(u32, HOLE_B),
                         SLOT(u32, HOLE_C)))
    GO(trap_a);
  NEXT;
}
STENCIL(elem_drop) {
  HELPER(elem_drop)(INSTANCE, (u32)HOLE_D);
  NEXT;
}
