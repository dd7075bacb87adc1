/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Forms of stencils for small constants, on machines whose instructions have fields for such. clang
 * is asked: the stencil is compiled with two constants, and where the results differ in one field
 * alone, which holds the constant, the code is right for others, too. A third, negative one tells
 * whether the field takes negative constants: if not, there is a difference, or none was made. */
#include "tools/stencils/extract.h"

static const int32_t smalls[PROOF_COUNT] = {STENCIL_SMALLS};

static uint32_t word_at(const struct variant *variant, uint32_t at) {
  uint32_t word;
  memcpy(&word, variant->code + at, sizeof word);
  return word;
}

/* The one constant of a stencil (enum stencil_hole); -1: it has none, or several. */
static int only_constant(const struct variant *variant) {
  int constant = -1;
  for (uint32_t i = 0; i < variant->hole_count; i++) {
    int value = STENCIL_HOLE_VALUE(variant->holes[i].kind);
    if (value >= STENCIL_HOLE_TARGET)
      continue;
    if (constant >= 0 && value != constant)
      return -1;
    constant = value;
  }
  return constant;
}

static bool has_constants(const struct variant *variant) {
  for (uint32_t i = 0; i < variant->hole_count; i++)
    if (STENCIL_HOLE_VALUE(variant->holes[i].kind) < STENCIL_HOLE_TARGET)
      return true;
  return false;
}

/* The one place where two variants of the same form differ; their length: there is none, or more.
 */
static uint32_t only_difference(const struct variant *x, const struct variant *y) {
  uint32_t place = x->length;
  if (!x->present || !y->present || x->length != y->length || x->hole_count != y->hole_count ||
      memcmp(x->holes, y->holes, sizeof x->holes[0] * x->hole_count) != 0)
    return place;
  for (uint32_t at = 0; at < x->length; at += 4) {
    if (word_at(x, at) == word_at(y, at))
      continue;
    if (place != x->length)
      return x->length;
    place = at;
  }
  return place;
}

/* Whether the first proof and number `other` differ in their constants alone. */
static bool agree(const struct variant *const proofs[PROOF_COUNT], int other, bool is_signed,
                  uint32_t *place, uint8_t *form) {
  struct small_operand x, y;
  *place = only_difference(proofs[0], proofs[other]);
  if (*place == proofs[0]->length ||
      !machine_find_small(word_at(proofs[0], *place), smalls[0], is_signed, &x) ||
      !machine_find_small(word_at(proofs[other], *place), smalls[other], is_signed, &y))
    return false;
  *form = x.form;
  return x.form == y.form && x.rest == y.rest;
}

uint8_t small_form(const struct variant *variant, const struct variant *const proofs[PROOF_COUNT],
                   struct variant *result) {
  int value = only_constant(variant);
  uint32_t place, again;
  uint8_t form, signed_form;
  if ((value != STENCIL_HOLE_A && value != STENCIL_HOLE_IMM32) || !proofs[0]->present ||
      proofs[0]->length >= variant->length || has_constants(proofs[0]))
    return 0;
  bool is_positive = agree(proofs, 1, false, &place, &form);
  bool is_signed = agree(proofs, 1, true, &place, &signed_form) &&
                   agree(proofs, 2, true, &again, &signed_form) && again == place;
  if (!is_positive && !is_signed)
    return 0;
  uint8_t kind = (uint8_t)(value | (is_signed ? signed_form : form) << 4);
  *result = *proofs[0];
  add_hole(result, place, kind);
  return kind;
}
