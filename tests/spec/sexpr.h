/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A reader of s-expressions: lists, strings and atoms, as test scripts use them. */
#ifndef TESTS_SPEC_SEXPR_H
#define TESTS_SPEC_SEXPR_H

#include "engine/arena.h"

enum sexpr_kind { SEXPR_LIST, SEXPR_ATOM, SEXPR_STRING };

struct sexpr {
  enum sexpr_kind kind;
  const char *text; /* ATOM: as it stands; STRING: between the quotes, escapes included */
  size_t length;
  struct sexpr *first; /* LIST */
  struct sexpr *next;  /* in the list around it */
};

struct sexpr_reader {
  const char *at;
  const char *end;
  uint32_t line;       /* of `at`, from 1 */
  uint32_t form_line;  /* where the form read last began */
  const char *problem; /* NULL: none so far */
};

/* The next form, in the arena. NULL: the end, or reader->problem says what is wrong. */
struct sexpr *sexpr_read(struct sexpr_reader *reader, struct wasm_arena *arena);

bool sexpr_is(const struct sexpr *form, const char *atom);
/* Whether the form is a list that starts with this atom. */
bool sexpr_is_call(const struct sexpr *form, const char *atom);
bool sexpr_same_text(const struct sexpr *a, const struct sexpr *b);

/* Appends a string's bytes, escapes resolved, to `bytes`, which has room for form->length more.
 * Returns how many, or SIZE_MAX for a bad escape. */
size_t sexpr_string_bytes(const struct sexpr *form, uint8_t *bytes);

#endif
