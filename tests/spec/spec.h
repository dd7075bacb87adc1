/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Runs the WebAssembly specification's test scripts, in their form with binary modules, on the
 * engine. Uses no C library: the same driver runs in a host process and inside the VM. */
#ifndef TESTS_SPEC_SPEC_H
#define TESTS_SPEC_SPEC_H

#include "engine/engine.h"

#define SPEC_LINE_MAX 600

/* Every command of a script counts once. */
struct spec_counts {
  uint32_t passed;
  uint32_t failed;
  uint32_t skipped; /* needs something the engine refuses as unsupported */
  char reason[256]; /* of the first skipped command, else empty */
};

/* What a run needs from its surroundings. */
struct spec_host {
  const struct wasm_platform *platform;
  void *context; /* passed to the functions */
  /* Faults belong to this store from now on; NULL: to nobody. */
  void (*guard_store)(void *context, struct wasm_store *store);
  /* A command failed: its line in the script and what was wrong. NUL-terminated. */
  void (*report_failure)(void *context, uint32_t line, const char *text);
};

/* Runs one script. A script that cannot be read counts as a failed command. */
void spec_run(const struct spec_host *host, const char *script, size_t length,
              struct spec_counts *counts);

/* "name: 3 passed, 0 failed, 1 skipped (reason)" or, for a script that passed in full, without the
 * reason. At most SPEC_LINE_MAX bytes with the NUL; returns the length. */
size_t spec_format_line(char *line, const char *name, const struct spec_counts *counts);

#endif
