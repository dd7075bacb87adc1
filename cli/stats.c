/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* --stats: where the time and memory of a run went. */
#include "cli/cli.h"
#include <inttypes.h>

static const char *const exit_names[] = {
    [HERMIT_WASM_EXIT_NOTIFY] = "notify", [HERMIT_WASM_EXIT_WAIT] = "wait",
    [HERMIT_WASM_EXIT_MEMORY] = "memory", [HERMIT_WASM_EXIT_CLOCK] = "clock",
    [HERMIT_WASM_EXIT_END] = "end",       [HERMIT_WASM_EXIT_INTERRUPTED] = "interrupted",
    [HERMIT_WASM_EXIT_OTHER] = "other",
};
_Static_assert(sizeof exit_names / sizeof exit_names[0] == HERMIT_WASM_EXIT_COUNT,
               "every reason has a name");

/* field, unit in the table */
#define STATS_BEFORE_EXITS(X)                                                                      \
  X(setup_us, "us")                                                                                \
  X(boot_us, "us")                                                                                 \
  X(compile_us, "us")                                                                              \
  X(instantiate_us, "us")                                                                          \
  X(run_us, "us")                                                                                  \
  X(teardown_us, "us")                                                                             \
  X(total_us, "us")                                                                                \
  X(module_bytes, "bytes")                                                                         \
  X(code_section_bytes, "bytes")                                                                   \
  X(code_bytes, "bytes")

static void print_json(FILE *file, const struct hermit_wasm_stats *stats) {
  fputc('{', file);
#define X(field, unit) fprintf(file, "\"" #field "\":%" PRIu64 ",", stats->field);
  STATS_BEFORE_EXITS(X)
#undef X
  fputs("\"exits\":{", file);
  for (int i = 0; i < HERMIT_WASM_EXIT_COUNT; i++)
    fprintf(file, "%s\"%s\":%" PRIu64, i ? "," : "", exit_names[i], stats->exits[i]);
  fprintf(file, "},\"pages_touched\":%" PRIu64 "}\n", stats->pages_touched);
}

static void print_row(FILE *file, const char *name, const char *unit, uint64_t value) {
  int width = (int)(sizeof "code_section_bytes" - 1);
  const char *end = name;
  while (*end)
    end++;
  if (end - name > 3 && end[-3] == '_' && end[-2] == 'u')
    end -= 3; /* setup_us: the unit stands behind the number */
  fprintf(file, "%-*.*s %12" PRIu64 " %s\n", width, (int)(end - name), name, value, unit);
}

static void print_table(FILE *file, const struct hermit_wasm_stats *stats) {
#define X(field, unit) print_row(file, #field, unit, stats->field);
  STATS_BEFORE_EXITS(X)
#undef X
  for (int i = 0; i < HERMIT_WASM_EXIT_COUNT; i++)
    if (stats->exits[i])
      fprintf(file, "exits: %-11s %12" PRIu64 "\n", exit_names[i], stats->exits[i]);
  print_row(file, "pages_touched", "of 4 KiB", stats->pages_touched);
}

void cli_print_stats(FILE *file, enum cli_stats form, const struct hermit_wasm_stats *stats) {
  if (form == CLI_STATS_JSON)
    print_json(file, stats);
  else if (form == CLI_STATS_TABLE)
    print_table(file, stats);
}
