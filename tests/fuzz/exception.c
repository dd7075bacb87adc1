/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Exceptions in generated functions. An engine that only knows the older form of them gets a
 * rendition of its own: `try` has its handlers inside, behind the body, where `try_table` has
 * branches, and `rethrow` names a try where `throw_ref` takes a value. */
#include "tests/fuzz/operations.h"

enum { MAX_CLAUSES = 4, CATCH_ALL = 2, WITH_REFERENCE = 1 };

static const struct signature nothing;

static void put_throw(struct plan *p, uint32_t depth) {
  uint32_t tag = random_below(p, p->tag_count);
  const struct signature type = p->tags[tag];
  for (uint32_t i = 0; i < type.param_count; i++)
    value(p, type.params[i], depth);
  put_indexed(p, 0x08, tag);
  consume(p, type.param_count);
}

void throw_away(struct plan *p) {
  static const uint8_t exnref = WASM_EXNREF;
  if (p->exnrefs && chance(p, 40)) {
    require(p, &exnref, 1);
    put(p, 0x0a);
  } else {
    put_throw(p, 1);
  }
  end_reach(p);
}

void throw_if(struct plan *p) {
  if (p->tag_count == 0)
    return;
  condition(p, 1);
  consume(p, 1);
  put_indexed(p, 0x04, 0x40);
  enter(p, &nothing, false);
  throw_away(p);
  leave_block(p);
}

void exnref_value(struct plan *p) {
  put_indexed(p, 0x02, WASM_EXNREF);
  put_bytes(&p->code, (const uint8_t[]){0x1f, 0x40, 1, CATCH_ALL | WITH_REFERENCE, 0}, 5);
  put_throw(p, 0);
  put_bytes(&p->code, (const uint8_t[]){0x0b, 0x00, 0x0b}, 3);
  push(p, WASM_EXNREF);
}

/* ---- Clauses that branch -----------------------------------------------------------------------
 */

struct clause {
  uint8_t kind;
  uint32_t tag, label;
};

/* What the clause passes. */
static struct signature clause_type(const struct plan *p, const struct clause *clause) {
  struct signature type = {0};
  if (!(clause->kind & CATCH_ALL)) {
    type.result_count = p->tags[clause->tag].param_count;
    memcpy(type.results, p->tags[clause->tag].params, type.result_count);
  }
  if (clause->kind & WITH_REFERENCE)
    type.results[type.result_count++] = WASM_EXNREF;
  return type;
}

static struct clause random_clause(struct plan *p, bool is_last) {
  struct clause clause = {.tag = random_below(p, p->tag_count)};
  if (is_last && chance(p, 50))
    clause.kind = CATCH_ALL;
  if (p->exnrefs && chance(p, 50))
    clause.kind |= WITH_REFERENCE;
  return clause;
}

/* The last goes to the innermost label, which is made for it; others where they fit. The older form
 * has catch_all last. */
static uint32_t random_clauses(struct plan *p, const struct clause *last, struct clause *clauses) {
  uint32_t count = 0;
  for (uint32_t i = random_below(p, 6); i > 0 && count + 1 < MAX_CLAUSES; i--) {
    struct clause clause = random_clause(p, false);
    const struct signature type = clause_type(p, &clause);
    clause.label = random_below(p, p->depth);
    if (label_takes(&p->frames[p->depth - 1 - clause.label], type.results, type.result_count))
      clauses[count++] = clause;
  }
  clauses[count++] = *last;
  return count;
}

static void put_try(struct plan *p, const struct signature *type, const struct clause *clauses,
                    uint32_t count) {
  put(p, is_legacy(p) ? 0x06 : 0x1f);
  put_block_type(p, type);
  if (is_legacy(p))
    return;
  put_unsigned(&p->code, count);
  for (uint32_t i = 0; i < count; i++) {
    put(p, clauses[i].kind);
    if (!(clauses[i].kind & CATCH_ALL))
      put_unsigned(&p->code, clauses[i].tag);
    put_unsigned(&p->code, clauses[i].label);
  }
}

static void put_legacy_catch(struct plan *p, const struct clause *clause) {
  if (clause->kind & CATCH_ALL)
    put(p, 0x19);
  else
    put_indexed(p, 0x07, clause->tag);
}

/* In a block whose label takes what is caught. */
static void try_branching(struct plan *p) {
  struct clause clauses[MAX_CLAUSES], last = random_clause(p, true);
  const struct signature around = clause_type(p, &last);
  put(p, 0x02);
  put_block_type(p, &around);
  enter(p, &around, false);
  sequence(p, random_below(p, 3));
  struct signature type = block_type(p, 0);
  uint32_t count = random_clauses(p, &last, clauses);
  put_try(p, &type, clauses, count);
  enter(p, &type, false);
  sequence(p, 1 + random_below(p, 8));
  finish_block(p);
  for (uint32_t i = 0; i < count && is_legacy(p); i++) {
    put_legacy_catch(p, &clauses[i]);
    put_indexed(p, 0x0c, clauses[i].label + 1);
  }
  leave_block(p);
  finish_block(p);
  leave_block(p);
}

/* ---- A handler that throws again ---------------------------------------------------------------
 */

/* Between the body and the handler: the reference goes into a local; or the try stays open. */
static void begin_handler(struct plan *p, const struct clause *clause) {
  if (is_legacy(p)) {
    put_legacy_catch(p, clause);
  } else {
    put(p, 0x0b);            /* of the try_table */
    put_indexed(p, 0x0c, 1); /* without an exception: out of the block around */
    put(p, 0x0b);            /* of the block that takes it */
    put_indexed(p, 0x21, p->caught);
  }
}

static void put_throw_again(struct plan *p) {
  condition(p, 1);
  consume(p, 1);
  put_indexed(p, 0x04, 0x40);
  if (is_legacy(p)) {
    put_indexed(p, 0x09, 1);
  } else {
    put_indexed(p, 0x20, p->caught);
    put(p, 0x0a);
  }
  put(p, 0x0b);
}

/* Three blocks: for the results, for what is caught (in the older form: another for the results,
 * and nothing branches there), and the try. The handler stands in the first of them, or in all
 * three: it has no labels in it. */
static void try_again(struct plan *p) {
  struct clause clause = random_clause(p, true);
  clause.kind |= WITH_REFERENCE;
  const struct signature caught = clause_type(p, &clause);
  struct signature results = {.result_count = (uint8_t)random_below(p, 3)};
  for (uint32_t i = 0; i < results.result_count; i++)
    results.results[i] = random_type(p);
  put(p, 0x02);
  put_block_type(p, &results);
  enter(p, &results, false);
  put(p, 0x02);
  put_block_type(p, is_legacy(p) ? &results : &caught);
  enter(p, &results, false);
  innermost(p)->is_hidden = true;
  put_try(p, &results, &clause, 1);
  enter(p, &results, false);
  sequence(p, 1 + random_below(p, 8));
  finish_block(p);
  begin_handler(p, &clause);
  p->depth -= 2;
  p->height = innermost(p)->height;
  push_all(p, caught.results, caught.result_count - 1u);
  straight(p, random_below(p, 6));
  if (chance(p, 60))
    put_throw_again(p);
  finish_block(p);
  if (is_legacy(p))
    put_bytes(&p->code, (const uint8_t[]){0x0b, 0x0b}, 2);
  leave_block(p);
}

void try_block(struct plan *p) {
  if (p->depth + 3 > MAX_DEPTH)
    return;
  if (chance(p, 65))
    try_branching(p);
  else
    try_again(p);
}
