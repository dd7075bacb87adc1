/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Runs test scripts in a host process: spec [-C folder] [-s] script... One line per script on
 * stdout, failures on stderr. Exit status 1: something failed. -s: address space is so small that
 * accesses to memories must be checked. */
#include "tests/platform/posix.h"
#include "tests/spec/spec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SMALL_ADDRESS_SPACE (1ull << 30)

static void guard_store(void *context, struct wasm_store *store) {
  (void)context;
  posix_guard_store(store);
}

static void report_failure(void *context, uint32_t line, const char *text) {
  fprintf(stderr, "%s:%u: %s\n", (const char *)context, line, text);
}

/* The whole file; NULL after saying why not. */
static char *read_file(const char *path, size_t *length) {
  FILE *file = fopen(path, "rb");
  char *bytes = NULL;
  if (file != NULL && fseek(file, 0, SEEK_END) == 0) {
    *length = (size_t)ftell(file);
    rewind(file);
    bytes = malloc(*length + 1);
    if (bytes != NULL && fread(bytes, 1, *length, file) != *length) {
      free(bytes);
      bytes = NULL;
    }
  }
  if (file != NULL)
    fclose(file);
  if (bytes == NULL)
    perror(path);
  return bytes;
}

static void run_script(char *path, uint64_t largest, struct spec_counts *counts) {
  struct posix_platform platform;
  posix_platform_init(&platform);
  platform.largest = largest;
  struct spec_host host = {&platform.hooks, path, guard_store, report_failure};
  size_t length;
  memset(counts, 0, sizeof *counts);
  char *script = read_file(path, &length);
  if (script == NULL) {
    counts->failed++;
    return;
  }
  spec_run(&host, script, length, counts);
  free(script);
  if (platform.reserved != 0 || platform.allocated != 0) {
    fprintf(stderr, "%s: the store left memory behind\n", path);
    counts->failed++;
  }
}

int main(int argc, char **argv) {
  struct spec_counts all = {0};
  int first = 1;
  if (argc > 2 && strcmp(argv[1], "-C") == 0) {
    if (chdir(argv[2]) != 0) {
      perror(argv[2]);
      return 1;
    }
    first = 3;
  }
  uint64_t largest = 0;
  if (argc > first && strcmp(argv[first], "-s") == 0) {
    largest = SMALL_ADDRESS_SPACE;
    first++;
  }
  for (int i = first; i < argc; i++) {
    struct spec_counts counts;
    char line[SPEC_LINE_MAX];
    run_script(argv[i], largest, &counts);
    spec_format_line(line, argv[i], &counts);
    puts(line);
    fflush(stdout);
    all.passed += counts.passed;
    all.failed += counts.failed;
    all.skipped += counts.skipped;
  }
  printf("%u passed, %u failed, %u skipped\n", all.passed, all.failed, all.skipped);
  return all.failed != 0;
}
