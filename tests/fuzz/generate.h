/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Makes valid WebAssembly modules that end, the same for the same seed, and calls to try on them.
 *
 * Code is made by a random walk over a stack of types. Each statement has a number of its own and
 * its own random numbers, so leaving some out changes the others as little as can be: that is how
 * a failing module is made smaller. */
#ifndef TESTS_FUZZ_GENERATE_H
#define TESTS_FUZZ_GENERATE_H

#include "tests/fuzz/buffer.h"

#include <stdbool.h>

/* Bits of how instances hang together; see run.h. */
enum sharing {
  SHARING_MEMORY = 1,    /* the host's memory is imported as "h" "m" */
  SHARING_TABLES = 2,    /* the host's tables, as "h" "t0" and "t1" */
  SHARING_INSTANCES = 4, /* a second instance imports functions of the first */
};
enum { TABLE_MIN = 10, TABLE_MAX = 20, MEMORY_MIN = 2, MEMORY_MAX = 5, PROVIDER_HOST = 0xff };

struct recipe {
  uint64_t seed;
  const uint64_t *skipped; /* numbers of statements to leave out */
  uint32_t skipped_count;
};

/* The module exports functions f0..., globals g0..., memories m0... Function i of the host is
 * imported as "h" "<i>". */
struct generated {
  struct buffer module;
  bool own;                 /* the other engine has to be a build of ours */
  struct buffer other;      /* what that engine gets instead, and does the same; may be empty */
  struct buffer calls;      /* see run.h */
  struct buffer exhausting; /* the same with so much fuel that recursion may end the stack */
  struct buffer statements; /* uint64_t: the numbers of those that were made */
};

void generate(const struct recipe *recipe, struct generated *out);
void generated_free(struct generated *generated);

#endif
