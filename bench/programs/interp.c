/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* An interpreter of a small register machine that runs a sieve of Eratosthenes: a switch in a loop.
 */
#include "bench.h"

#include <string.h>

const struct bench_cases bench_cases = {{8000000, 0x908bec5825dd4c66}, {3000, 0xd72b1bb0f48a4681}};

/* a, b and c are registers; of SET c is the value, of jumps the target. */
enum opcode { SET, ADD, MIX, FETCH, PUT, JUMP, JUMP_IF_SET, JUMP_IF_LESS, HALT };

struct instruction {
  uint8_t opcode, a, b, c;
};

enum variable { LIMIT, ONE, STEP, NEXT, MARK, COUNT, SUM };

static const struct instruction sieve[] = {
    [0] = {SET, ONE, 0, 1},
    [1] = {SET, STEP, 0, 2},
    [2] = {JUMP_IF_LESS, LIMIT, STEP, 14}, /* each number up to the limit */
    [3] = {FETCH, MARK, STEP, 0},
    [4] = {JUMP_IF_SET, MARK, 0, 12},
    [5] = {ADD, COUNT, COUNT, ONE},
    [6] = {MIX, SUM, SUM, STEP},
    [7] = {ADD, NEXT, STEP, STEP},
    [8] = {JUMP_IF_LESS, LIMIT, NEXT, 12}, /* each multiple of a prime */
    [9] = {PUT, NEXT, ONE, 0},
    [10] = {ADD, NEXT, NEXT, STEP},
    [11] = {JUMP, 0, 0, 8},
    [12] = {ADD, STEP, STEP, ONE},
    [13] = {JUMP, 0, 0, 2},
    [14] = {MIX, SUM, SUM, COUNT},
    [15] = {HALT, SUM, 0, 0},
};

/* A jump goes to the instruction before its target, for the loop steps on. */
static uint64_t interpret(const struct instruction *code, uint64_t *registers, uint8_t *memory) {
  for (const struct instruction *at = code;; at++) {
    uint64_t *a = &registers[at->a], *b = &registers[at->b], *c = &registers[at->c];
    switch ((enum opcode)at->opcode) {
    case SET:
      *a = at->c;
      break;
    case ADD:
      *a = *b + *c;
      break;
    case MIX:
      *a = bench_mix(*b, *c);
      break;
    case FETCH:
      *a = memory[*b];
      break;
    case PUT:
      memory[*a] = (uint8_t)*b;
      break;
    case JUMP:
      at = code + at->c - 1;
      break;
    case JUMP_IF_SET:
      if (*a)
        at = code + at->c - 1;
      break;
    case JUMP_IF_LESS:
      if (*a < *b)
        at = code + at->c - 1;
      break;
    case HALT:
      return *a;
    }
  }
}

uint64_t bench_run(uint32_t size) {
  uint64_t registers[256] = {size}; /* LIMIT; as many as an operand, of a jump too, can name */
  uint8_t *memory = bench_allocate((uint64_t)size + 1);
  memset(memory, 0, (size_t)size + 1);
  return interpret(sieve, registers, memory);
}
