/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Regular expressions: compiled to a small machine, run over a text in all states at once
 * (Thompson, 1968). Counts the positions where a match ends. */
#include "bench.h"

#include <stddef.h>
#include <string.h>

#define CODE_MAX 128

const struct bench_cases bench_cases = {{2500000, 0x6c6b457e2df255fb}, {2000, 0x7636b6370ed867b7}};

/* SPLIT goes on at both x and y. */
enum opcode { CHAR, ANY, CLASS, SPLIT, JUMP, MATCH };

struct instruction {
  enum opcode opcode;
  uint16_t x, y;
  char c;
  uint32_t set[8]; /* CLASS: a bit for each byte */
};

struct program {
  struct instruction code[CODE_MAX];
  uint16_t count;
};

/* ---- Compiling: one function for each level of the grammar ---- */

static const char *compile_choice(struct program *program, const char *pattern);

static struct instruction *emit(struct program *program, enum opcode opcode) {
  if (program->count == CODE_MAX)
    bench_fail("the pattern is too long");
  struct instruction *instruction = &program->code[program->count++];
  memset(instruction, 0, sizeof *instruction);
  instruction->opcode = opcode;
  return instruction;
}

/* Makes room for an instruction in front of others, whose targets move. */
static struct instruction *insert(struct program *program, uint16_t at, enum opcode opcode) {
  emit(program, opcode);
  for (uint16_t i = program->count - 1; i > at; i--) {
    program->code[i] = program->code[i - 1];
    program->code[i].x += program->code[i].x >= at;
    program->code[i].y += program->code[i].y >= at;
  }
  memset(&program->code[at], 0, sizeof program->code[at]);
  program->code[at].opcode = opcode;
  return &program->code[at];
}

/* [a-z0-9]: bytes and ranges of them. */
static const char *compile_class(struct program *program, const char *pattern) {
  struct instruction *instruction = emit(program, CLASS);
  while (*pattern != ']') {
    uint8_t low = (uint8_t)*pattern++, high = low;
    if (*pattern == '-') {
      high = (uint8_t)pattern[1];
      pattern += 2;
    }
    for (uint32_t c = low; c <= high; c++)
      instruction->set[c / 32] |= 1u << c % 32;
  }
  return pattern + 1;
}

static const char *compile_atom(struct program *program, const char *pattern) {
  char c = *pattern++;
  if (c == '(')
    return compile_choice(program, pattern) + 1;
  if (c == '[')
    return compile_class(program, pattern);
  if (c == '.')
    emit(program, ANY);
  else
    emit(program, CHAR)->c = c;
  return pattern;
}

/* x*: 1: split 2, 4; 2: x; 3: jump 1. x+: 1: x; 2: split 1, 3. x?: 1: split 2, 3; 2: x. */
static const char *compile_repeat(struct program *program, const char *pattern) {
  uint16_t start = program->count;
  struct instruction *split;
  pattern = compile_atom(program, pattern);
  switch (*pattern) {
  case '*':
    split = insert(program, start, SPLIT);
    emit(program, JUMP)->x = start;
    split->x = start + 1;
    split->y = program->count;
    return pattern + 1;
  case '+':
    split = emit(program, SPLIT);
    split->x = start;
    split->y = program->count;
    return pattern + 1;
  case '?':
    split = insert(program, start, SPLIT);
    split->x = start + 1;
    split->y = program->count;
    return pattern + 1;
  default:
    return pattern;
  }
}

/* x|y: 1: split 2, 4; 2: x; 3: jump 5; 4: y. */
static const char *compile_choice(struct program *program, const char *pattern) {
  uint16_t start = program->count;
  while (*pattern && *pattern != ')' && *pattern != '|')
    pattern = compile_repeat(program, pattern);
  if (*pattern != '|')
    return pattern;
  struct instruction *split = insert(program, start, SPLIT);
  uint16_t jump = program->count;
  emit(program, JUMP);
  split->x = start + 1;
  split->y = program->count;
  pattern = compile_choice(program, pattern + 1);
  program->code[jump].x = program->count;
  return pattern;
}

/* ---- Running ---- */

/* The states to try on the next byte; marks tell which are in. */
struct states {
  uint16_t list[CODE_MAX], count;
  uint32_t marks[CODE_MAX]; /* == generation: in the list */
};

/* Adds a state and all that are reached from it without a byte. */
static void enter(const struct program *program, struct states *states, uint16_t at,
                  uint32_t generation) {
  if (states->marks[at] == generation)
    return;
  states->marks[at] = generation;
  const struct instruction *instruction = &program->code[at];
  if (instruction->opcode == JUMP) {
    enter(program, states, instruction->x, generation);
  } else if (instruction->opcode == SPLIT) {
    enter(program, states, instruction->x, generation);
    enter(program, states, instruction->y, generation);
  } else {
    states->list[states->count++] = at;
  }
}

static int accepts(const struct instruction *instruction, uint8_t c) {
  switch (instruction->opcode) {
  case CHAR:
    return (uint8_t)instruction->c == c;
  case ANY:
    return c != '\n';
  case CLASS:
    return instruction->set[c / 32] >> c % 32 & 1;
  default:
    return 0;
  }
}

/* A state is entered once for each byte, so places where matches end count once each. */
static uint64_t count_matches(const struct program *program, const char *text, uint32_t length) {
  struct states both[2];
  uint64_t sum = 0;
  memset(both, 0, sizeof both);
  for (uint32_t i = 0; i < length; i++) {
    struct states *now = &both[i & 1], *next = &both[~i & 1];
    enter(program, now, 0, i + 1); /* a match may start here */
    next->count = 0;
    for (uint16_t j = 0; j < now->count; j++) {
      const struct instruction *instruction = &program->code[now->list[j]];
      if (instruction->opcode == MATCH)
        sum = bench_mix(sum, i);
      else if (accepts(instruction, (uint8_t)text[i]))
        enter(program, next, now->list[j] + 1, i + 2);
    }
  }
  return sum;
}

static char *make_text(uint32_t length) {
  static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789 .,@-\n";
  char *text = bench_allocate(length);
  uint32_t seed = 29;
  for (uint32_t i = 0; i < length; i++) {
    uint32_t random = bench_random(&seed) >> 4;
    text[i] = letters[random % (random & 1 << 20 ? 6 : sizeof letters - 1)];
  }
  return text;
}

uint64_t bench_run(uint32_t size) {
  static const char *const patterns[] = {
      "[a-z0-9]+@[a-z]+",
      "(a|b)*c(d|e)?f",
      "[0-9][0-9]*-[0-9]+",
      "(ab|ba|cc)+(d.e|f)",
  };
  const char *text = make_text(size);
  uint64_t sum = 0;
  for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
    struct program program = {.count = 0};
    compile_choice(&program, patterns[i]);
    emit(&program, MATCH);
    sum = bench_mix(sum, count_matches(&program, text, size));
  }
  return sum;
}
