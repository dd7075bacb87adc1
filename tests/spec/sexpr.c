/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A reader of s-expressions. */
#include "tests/spec/sexpr.h"

#include <string.h>

#define DEPTH_MAX 100

static bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static char peek(const struct sexpr_reader *reader, size_t ahead) {
  return (size_t)(reader->end - reader->at) > ahead ? reader->at[ahead] : 0;
}

static void advance(struct sexpr_reader *reader) {
  if (*reader->at++ == '\n')
    reader->line++;
}

/* Block comments nest. */
static void skip_block_comment(struct sexpr_reader *reader) {
  unsigned depth = 0;
  do {
    bool opens = peek(reader, 0) == '(' && peek(reader, 1) == ';';
    bool closes = peek(reader, 0) == ';' && peek(reader, 1) == ')';
    depth += opens;
    depth -= closes;
    if (opens || closes)
      reader->at++;
    advance(reader);
  } while (depth > 0 && reader->at < reader->end);
  if (depth > 0)
    reader->problem = "unclosed comment";
}

static void skip_space(struct sexpr_reader *reader) {
  while (reader->at < reader->end && reader->problem == NULL) {
    if (is_space(*reader->at)) {
      advance(reader);
    } else if (peek(reader, 0) == ';' && peek(reader, 1) == ';') {
      while (reader->at < reader->end && *reader->at != '\n')
        advance(reader);
    } else if (peek(reader, 0) == '(' && peek(reader, 1) == ';') {
      skip_block_comment(reader);
    } else {
      return;
    }
  }
}

static void read_string(struct sexpr_reader *reader, struct sexpr *form) {
  form->kind = SEXPR_STRING;
  form->text = ++reader->at;
  while (reader->at < reader->end && *reader->at != '"') {
    if (*reader->at == '\\' && reader->end - reader->at > 1)
      advance(reader);
    advance(reader);
  }
  if (reader->at == reader->end) {
    reader->problem = "unclosed string";
    return;
  }
  form->length = (size_t)(reader->at++ - form->text);
}

static void read_atom(struct sexpr_reader *reader, struct sexpr *form) {
  form->kind = SEXPR_ATOM;
  form->text = reader->at;
  while (reader->at < reader->end && !is_space(*reader->at) && *reader->at != '(' &&
         *reader->at != ')' && *reader->at != '"' && *reader->at != ';')
    reader->at++;
  form->length = (size_t)(reader->at - form->text);
  if (form->length == 0)
    reader->problem = "unexpected character";
}

static struct sexpr *read_form(struct sexpr_reader *reader, struct wasm_arena *arena,
                               unsigned depth);

static void read_list(struct sexpr_reader *reader, struct wasm_arena *arena, struct sexpr *form,
                      unsigned depth) {
  form->kind = SEXPR_LIST;
  reader->at++;
  struct sexpr **last = &form->first;
  for (;;) {
    skip_space(reader);
    if (peek(reader, 0) == ')') {
      reader->at++;
      return;
    }
    if (reader->at == reader->end && reader->problem == NULL)
      reader->problem = "unclosed list";
    if (reader->problem != NULL)
      return;
    *last = read_form(reader, arena, depth + 1);
    if (*last == NULL)
      return;
    last = &(*last)->next;
  }
}

static struct sexpr *read_form(struct sexpr_reader *reader, struct wasm_arena *arena,
                               unsigned depth) {
  struct sexpr *form = wasm_arena_array(arena, 1, sizeof *form);
  if (form == NULL || depth > DEPTH_MAX) {
    reader->problem = form == NULL ? "no memory" : "lists are nested too deep";
    return NULL;
  }
  char c = *reader->at;
  if (c == '(')
    read_list(reader, arena, form, depth);
  else if (c == '"')
    read_string(reader, form);
  else
    read_atom(reader, form);
  return reader->problem == NULL ? form : NULL;
}

struct sexpr *sexpr_read(struct sexpr_reader *reader, struct wasm_arena *arena) {
  skip_space(reader);
  reader->form_line = reader->line;
  if (reader->at == reader->end || reader->problem != NULL)
    return NULL;
  return read_form(reader, arena, 0);
}

bool sexpr_is(const struct sexpr *form, const char *atom) {
  return form != NULL && form->kind == SEXPR_ATOM && form->length == strlen(atom) &&
         memcmp(form->text, atom, form->length) == 0;
}

bool sexpr_is_call(const struct sexpr *form, const char *atom) {
  return form != NULL && form->kind == SEXPR_LIST && sexpr_is(form->first, atom);
}

bool sexpr_same_text(const struct sexpr *a, const struct sexpr *b) {
  return a->length == b->length && memcmp(a->text, b->text, a->length) == 0;
}

/* ---- Strings ------------------------------------------------------------------------------- */

static int hex_digit(char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  if (c >= 'A' && c <= 'F')
    return c - 'A' + 10;
  return -1;
}

/* UTF-8 of a code point; never longer than its escape, \u{...}. */
static size_t put_code_point(uint32_t code, uint8_t *bytes) {
  size_t length = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  static const uint8_t first[] = {0, 0, 0xc0, 0xe0, 0xf0};
  for (size_t i = length - 1; i > 0; i--, code >>= 6)
    bytes[i] = (uint8_t)(0x80 | (code & 0x3f));
  bytes[0] = (uint8_t)(first[length] | code);
  return length;
}

/* \u{...}: `at` points behind the brace. Returns what follows the escape; NULL: malformed. */
static const char *read_unicode(const char *at, const char *end, uint32_t *code) {
  *code = 0;
  for (; at < end && *at != '}'; at++) {
    int digit = hex_digit(*at);
    if (digit < 0 || *code > 0x10ffff)
      return NULL;
    *code = *code << 4 | (uint32_t)digit;
  }
  return at < end && *code <= 0x10ffff ? at + 1 : NULL;
}

/* Resolves the escape that starts behind the backslash at `at`. */
static const char *read_escape(const char *at, const char *end, uint8_t *bytes, size_t *count) {
  static const char simple[] = "t\tn\nr\r\"\"''\\\\";
  uint32_t code;
  if (end - at >= 2 && hex_digit(at[0]) >= 0 && hex_digit(at[1]) >= 0) {
    bytes[(*count)++] = (uint8_t)(hex_digit(at[0]) << 4 | hex_digit(at[1]));
    return at + 2;
  }
  if (end - at >= 2 && at[0] == 'u' && at[1] == '{') {
    at = read_unicode(at + 2, end, &code);
    if (at != NULL)
      *count += put_code_point(code, bytes + *count);
    return at;
  }
  for (size_t i = 0; at < end && i + 1 < sizeof simple; i += 2) {
    if (simple[i] == *at) {
      bytes[(*count)++] = (uint8_t)simple[i + 1];
      return at + 1;
    }
  }
  return NULL;
}

size_t sexpr_string_bytes(const struct sexpr *form, uint8_t *bytes) {
  const char *at = form->text;
  const char *end = at + form->length;
  size_t count = 0;
  while (at < end) {
    if (*at != '\\') {
      bytes[count++] = (uint8_t)*at++;
      continue;
    }
    at = read_escape(at + 1, end, bytes, &count);
    if (at == NULL)
      return SIZE_MAX;
  }
  return count;
}
