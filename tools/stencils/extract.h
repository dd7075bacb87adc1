/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the parts of the stencils' extraction tool share: extract.c reads object files, table.c
 * finds templates and writes the table, arch/<a>/machine.c knows the machine's instructions. */
#ifndef TOOLS_STENCILS_EXTRACT_H
#define TOOLS_STENCILS_EXTRACT_H

#include "engine/stencils/table.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define MAX_HOLES 16
#define MAX_CODE 256

/* kind: what goes there (enum stencil_hole), and in which form (encoding.h). */
struct hole {
  uint8_t at, kind;
};

/* One stencil as the object file has it, without the jump to what follows. */
struct variant {
  bool present;
  bool is_folded; /* two operands in one register */
  char name[64];
  const char *family;
  uint32_t length, hole_count;
  uint8_t code[MAX_CODE];
  struct hole holes[MAX_HOLES];
};

/* Ends the program with a message. */
_Noreturn void die(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Holes are kept in the order of their places. */
void add_hole(struct variant *variant, uint32_t at, uint8_t kind);

/* The hole that a symbol stands for; dies if there is none. */
uint8_t hole_of_symbol(const struct variant *variant, const char *symbol);

/* Whether a name ends so. */
bool ends_with(const char *text, const char *end);

/* ---- arch/<a>/machine.c -------------------------------------------------------------------- */

/* e_machine in the header of its object files. */
extern const uint16_t machine_elf;

/* Where instructions have registers' numbers: at these bits of each unit of so many bytes. */
struct machine_fields {
  uint32_t unit, count;
  uint8_t shifts[6];
};
extern const struct machine_fields machine_fields;

/* Whether clang's code for two operands in one register counts: else what it makes of different
 * ones is right for that, too, for it writes nothing before it has read all. */
extern const bool machine_folds;

/* Records a relocation inside a stencil. True: it is a jump to `next`. */
bool machine_read_relocation(struct variant *variant, uint32_t at, uint32_t type, int64_t addend,
                             const char *symbol);
/* Lets the jumps to `next`, whose relocations are at `jumps`, lead to the stencil's end; one that
 * is its last instruction goes. */
void machine_resolve_next(struct variant *variant, const uint32_t *jumps, uint32_t count);
/* Finds what the family has instead of constants, and records it as holes. */
void machine_find_literals(struct variant *variant);
/* Refuses what must not be in a stencil. */
void machine_check(const struct variant *variant);
/* The place of the one instruction that accesses linear memory, in families that load or store;
 * from the begin or the end, as TARGET_ACCESS_FROM_END says. */
uint32_t machine_find_access(const struct variant *variant);
/* Whether the hole fits into a template, which has it then. */
bool machine_put_hole(const struct variant *variant, struct hole hole,
                      struct stencil_template *template);

/* Makes a variant's short form: with room for a small constant only. `proof` is what clang made of
 * the same stencil with such a constant in it. False: there is none, or the proof says otherwise.
 */
bool machine_shorten(const struct variant *variant, const struct variant *proof,
                     struct variant *result);

/* How an instruction has a constant as its operand. */
struct small_operand {
  uint8_t form;  /* of a hole */
  uint32_t rest; /* the instruction without it */
};
/* Finds it. `is_signed`: holes for negative constants, too, are asked for. */
bool machine_find_small(uint32_t instruction, int32_t constant, bool is_signed,
                        struct small_operand *operand);

/* ---- small.c ------------------------------------------------------------------------------- */

/* The builds with small constants (STENCIL_SMALLS of engine.mk): two positive ones, and a negative.
 */
enum { PROOF_COUNT = 3 };

/* Makes the form of a stencil that takes small constants alone from what clang made of such ones.
 * Returns its hole's kind; 0: there is none. */
uint8_t small_form(const struct variant *variant, const struct variant *const proofs[PROOF_COUNT],
                   struct variant *result);

/* ---- table.c ------------------------------------------------------------------------------- */

#define FAMILY(name, shape) +1
enum {
  FAMILY_COUNT = 0
#include "engine/stencils/families.def"
};
#undef FAMILY
extern const char *const family_names[FAMILY_COUNT];
extern const uint8_t family_shapes[FAMILY_COUNT];

/* All variants of all families: variants[family][8 * a + b] */
typedef struct variant family_variants[64];

/* Whether two operands are in one register, a third one (see families.def) taken in. */
bool is_folded(uint8_t shape, uint32_t a, uint32_t b);
/* Of the variants made with small constants some may be missing. */
void write_table(const char *path, const family_variants *variants,
                 family_variants *const proofs[PROOF_COUNT]);

#endif
