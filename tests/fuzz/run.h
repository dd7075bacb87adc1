/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Runs a module's calls in our engine and writes down all that can be seen: results, traps, calls
 * of the host, globals and memory in the end. reference.js writes the same text with another
 * engine.
 *
 * The calls, in bytes: enum sharing, and RUN_CHECKED; the number of imported functions, each with
 * the function of the first instance that a second one gets for it, parameters and results (a
 * count, then types); the globals' types; the number of calls, each the function's number, results,
 * parameters, and 8 bytes an argument. */
#ifndef TESTS_FUZZ_RUN_H
#define TESTS_FUZZ_RUN_H

#include "tests/fuzz/buffer.h"

#include <stdbool.h>

/* In our engine accesses to memories are checked by code, not by guards. */
enum { RUN_CHECKED = 0x80 };

/* Appends the text. */
void run_module(const struct buffer *module, const struct buffer *calls, struct buffer *text);
/* Appends "valid" or "invalid", or why it cannot be said: the module needs what we do not have. */
void run_validation(const struct buffer *module, struct buffer *text);
/* Loads and instantiates with the platform's n-th request refused; appends what went wrong. */
void run_failing(const struct buffer *module, const struct buffer *calls, uint64_t n,
                 struct buffer *text);
/* Calls all on a small stack; appends what is wrong with a backtrace, else nothing. */
void run_exhausting(const struct buffer *module, const struct buffer *calls, struct buffer *text);

#endif
