/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Engines that run batches of modules: ours, in child processes, and others, each a process that
 * answers a line on its stdin by reading the file BATCH, writing the file RESULTS, and a line on
 * its stdout. BATCH: a count; then modules and their calls, each behind its length. RESULTS: texts
 * behind their lengths. A module without calls is only validated. */
#ifndef TESTS_FUZZ_ENGINES_H
#define TESTS_FUZZ_ENGINES_H

#include "tests/fuzz/generate.h"

#include <sys/types.h>

enum { PATH_LENGTH = 300, BATCH_MAX = 100 };

struct item {
  uint64_t seed;
  bool only_validate;
  uint64_t fail_at; /* 0: do not */
  struct generated generated;
  struct buffer ours, theirs;
};

/* Ends the program, whose other errors all end here, too. */
_Noreturn void engines_fail(const char *what);
void engines_write_file(const char *path, const struct buffer *content);
/* Whether the text is of a child that ran out of time. */
bool engines_was_slow(const struct buffer *text);

/* Sets `ours` of all. What crashes gets that as its text, and the others go on. `path`: a file. */
void engines_run_ours(const char *path, struct item *const *items, uint32_t count);

struct other {
  pid_t process;
  int to, from;
  uint32_t modules;           /* it was sent */
  const char *const *command; /* NULL at its end */
  const char *batch_path, *results_path;
  bool is_ours; /* it shall check accesses to memory where we do not, and the other way round */
};

void engines_start(struct other *other);
void engines_stop(struct other *other);
void engines_send(struct other *other, struct item *const *items, uint32_t count);
/* Sets `theirs` of what was sent. */
void engines_receive(struct other *other, struct item *const *items, uint32_t count);

/* Is such a process, with our engine. */
void engines_serve(const char *batch_path, const char *results_path);

#endif
