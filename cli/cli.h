/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The command's parts: what main dispatches to, and how all of them fail. */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "include/hermit_wasm.h"
#include <stdio.h>

#define CLI_STATUS_FAILED 125

/* Commands; bits, so that an option can say which it belongs to. */
enum cli_command { CLI_RUN = 1, CLI_INSPECT = 2, CLI_DOCTOR = 4 };

enum cli_stats { CLI_STATS_NONE, CLI_STATS_TABLE, CLI_STATS_JSON };

/* What the command line said. Strings point into argv or live as long as the process. */
struct cli_options {
  struct hermit_wasm_config config;
  enum cli_stats stats;
  const char *stats_file; /* NULL: stderr */
};

/* Prints "hermit-wasm: " and the text as one line on stderr; ends with CLI_STATUS_FAILED. */
_Noreturn void cli_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Reads `hermit-wasm COMMAND ARGUMENTS`: argv[0] is the command's name. Fails, or prints help and
 * exits, by itself. */
void cli_parse_options(enum cli_command command, int argc, char **argv,
                       struct cli_options *options);

/* The values of options. Each fails with a line that names the option. */
uint64_t cli_parse_size(const char *text);        /* --memory: bytes */
uint64_t cli_parse_duration(const char *text);    /* --timeout: milliseconds */
struct hermit_wasm_dir cli_parse_dir(char *text); /* --dir; changes text */
const char *cli_parse_env(char *text);            /* --env: NAME=VALUE */

/* Prints the statistics to `file`. */
void cli_print_stats(FILE *file, enum cli_stats form, const struct hermit_wasm_stats *stats);

/* Prints what this host offers; the command's exit status: 0 when modules can run here. */
int cli_doctor(void);

#endif
