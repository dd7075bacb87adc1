/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Writes a JSON document (RFC 8259), parses it into a tree by recursive descent, sums the tree. */
#include "bench.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define PASSES 12

const struct bench_cases bench_cases = {{45000, 0x34e50042a65fffb7}, {100, 0x079d6cd77454fedc}};

/* ---- The document ---- */

struct text {
  char *bytes;
  uint32_t size;
};

static void put(struct text *text, const char *string) {
  while (*string)
    text->bytes[text->size++] = *string++;
}

static void put_number(struct text *text, uint32_t value) {
  char digits[10];
  int count = 0;
  do
    digits[count++] = (char)('0' + value % 10);
  while (value /= 10);
  while (count > 0)
    text->bytes[text->size++] = digits[--count];
}

/* A record is less than 200 bytes. */
static void put_record(struct text *text, uint32_t id, uint32_t *seed) {
  put(text, id ? ",\n  {\"id\": " : "\n  {\"id\": ");
  put_number(text, id);
  put(text, ", \"name\": \"row \\\"");
  put_number(text, bench_random(seed) % 100000);
  put(text, "\\\" \\u0041\\n\", \"tags\": [true, false, null, [], {}], \"at\": {\"x\": -");
  put_number(text, bench_random(seed) % 1000);
  put(text, ".");
  put_number(text, bench_random(seed) % 1000000);
  put(text, ", \"y\": ");
  put_number(text, bench_random(seed) % 10);
  put(text, "e3}}");
}

static struct text make_document(uint32_t records) {
  struct text text = {bench_allocate((uint64_t)records * 200 + 16), 0};
  uint32_t seed = 23;
  put(&text, "[");
  for (uint32_t i = 0; i < records; i++)
    put_record(&text, i, &seed);
  put(&text, "\n]\n");
  text.bytes[text.size] = 0;
  return text;
}

/* ---- The parser ---- */

enum kind { NOTHING, FALSE, TRUE, NUMBER, STRING, ARRAY, OBJECT };

struct value {
  enum kind kind;
  struct value *next;  /* in its array or object */
  const char *key;     /* in an object */
  struct value *first; /* ARRAY, OBJECT */
  const char *string;  /* STRING, NUL terminated */
  double number;
};

struct parser {
  const char *at; /* the document ends with NUL, which no rule accepts */
  char *arena, *arena_end;
};

/* Memory comes from one arena, aligned to 8, and goes all at once. */
static void *take(struct parser *parser, size_t size) {
  size = (size + 7) & ~(size_t)7;
  if ((size_t)(parser->arena_end - parser->arena) < size)
    bench_fail("the arena is full");
  void *taken = parser->arena;
  parser->arena += size;
  return taken;
}

static void skip_space(struct parser *parser) {
  while (*parser->at == ' ' || *parser->at == '\n' || *parser->at == '\t' || *parser->at == '\r')
    parser->at++;
}

static bool accept(struct parser *parser, char c) {
  if (*parser->at != c)
    return false;
  parser->at++;
  return true;
}

static void expect(struct parser *parser, const char *word) {
  for (; *word; word++)
    if (!accept(parser, *word))
      bench_fail("not JSON");
}

/* Four digits behind \u; the document has no others. */
static uint32_t parse_hex(struct parser *parser) {
  uint32_t value = 0;
  for (int i = 0; i < 4; i++) {
    char c = *parser->at++;
    value = value << 4 | (uint32_t)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
  }
  return value;
}

/* Looks for the end first: the text without its escapes is never longer. */
static const char *parse_string(struct parser *parser) {
  expect(parser, "\"");
  size_t length = 0;
  for (const char *p = parser->at; *p && *p != '"'; p++, length++)
    if (*p == '\\' && p[1])
      p++;
  char *string = take(parser, length + 1), *to = string;
  while (!accept(parser, '"')) {
    char c = *parser->at++;
    if (c == 0)
      bench_fail("a string does not end");
    if (c == '\\') {
      c = *parser->at++;
      c = c == 'n' ? '\n' : c == 't' ? '\t' : c == 'u' ? (char)parse_hex(parser) : c;
    }
    *to++ = c;
  }
  *to = 0;
  return string;
}

static double parse_digits(struct parser *parser, double value, int *count) {
  for (*count = 0; *parser->at >= '0' && *parser->at <= '9'; ++*count)
    value = value * 10 + (*parser->at++ - '0');
  return value;
}

/* Close to the nearest double, and the same everywhere: products and quotients by ten. */
static double parse_number(struct parser *parser) {
  bool is_negative = accept(parser, '-');
  int digits, power = 0;
  double value = parse_digits(parser, 0, &digits);
  if (accept(parser, '.')) {
    value = parse_digits(parser, value, &digits);
    power = -digits;
  }
  if (accept(parser, 'e'))
    power += (int)parse_digits(parser, 0, &digits);
  for (; power > 0; power--)
    value *= 10;
  for (; power < 0; power++)
    value /= 10;
  return is_negative ? -value : value;
}

static struct value *parse_value(struct parser *parser);

/* The members of an array or object whose first bracket is read, as a list. */
static struct value *parse_members(struct parser *parser, char end, bool has_keys) {
  struct value *first = NULL, **last = &first;
  skip_space(parser);
  if (accept(parser, end))
    return NULL;
  do {
    const char *key = NULL;
    skip_space(parser);
    if (has_keys) {
      key = parse_string(parser);
      skip_space(parser);
      expect(parser, ":");
    }
    *last = parse_value(parser);
    (*last)->key = key;
    last = &(*last)->next;
    skip_space(parser);
  } while (accept(parser, ','));
  expect(parser, (char[]){end, 0});
  return first;
}

static struct value *parse_value(struct parser *parser) {
  struct value *value = take(parser, sizeof *value);
  memset(value, 0, sizeof *value);
  skip_space(parser);
  switch (*parser->at) {
  case '{':
    parser->at++;
    value->kind = OBJECT;
    value->first = parse_members(parser, '}', true);
    break;
  case '[':
    parser->at++;
    value->kind = ARRAY;
    value->first = parse_members(parser, ']', false);
    break;
  case '"':
    value->kind = STRING;
    value->string = parse_string(parser);
    break;
  case 't':
    value->kind = TRUE;
    expect(parser, "true");
    break;
  case 'f':
    value->kind = FALSE;
    expect(parser, "false");
    break;
  case 'n':
    expect(parser, "null");
    break;
  default:
    value->kind = NUMBER;
    value->number = parse_number(parser);
  }
  return value;
}

/* ---- The sum ---- */

static uint64_t sum_string(uint64_t sum, const char *string) {
  while (*string)
    sum = bench_mix(sum, (uint8_t)*string++);
  return sum;
}

static uint64_t sum_value(uint64_t sum, const struct value *value) {
  sum = bench_mix(sum, value->kind);
  if (value->key)
    sum = sum_string(sum, value->key);
  if (value->kind == STRING)
    sum = sum_string(sum, value->string);
  if (value->kind == NUMBER)
    sum = bench_mix(sum, bench_bits(value->number));
  for (const struct value *member = value->first; member; member = member->next)
    sum = sum_value(sum, member);
  return sum;
}

uint64_t bench_run(uint32_t size) {
  struct text document = make_document(size);
  uint64_t arena_size = (uint64_t)size * 1200 + 4096, sum = 0;
  char *arena = bench_allocate(arena_size);
  for (int i = 0; i < PASSES; i++) {
    struct parser parser = {document.bytes, arena, arena + arena_size};
    sum = sum_value(sum, parse_value(&parser));
  }
  return sum;
}
