/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* main of every program: NAME [small|SIZE]. Runs, times and checks one call of bench_run.
 *
 * Prints `checksum HEX` and `time_ns N`. Status 1: the checksum is not the one expected. With a
 * number as the size nothing is compared: that is how the constants were found.
 */
#include "bench.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void bench_fail(const char *what) {
  fprintf(stderr, "%s\n", what);
  exit(1);
}

void *bench_allocate(uint64_t size) {
  void *memory = size <= SIZE_MAX ? malloc((size_t)size) : NULL;
  if (!memory)
    bench_fail("out of memory");
  return memory;
}

static uint64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

int main(int argc, char **argv) {
  struct bench_case chosen = bench_cases.full;
  int is_checked = 1;
  if (argc > 1 && strcmp(argv[1], "small") == 0) {
    chosen = bench_cases.small;
  } else if (argc > 1) {
    char *end;
    chosen.size = (uint32_t)strtoul(argv[1], &end, 10);
    if (*end != 0 || chosen.size == 0)
      bench_fail("usage: NAME [small|SIZE]");
    is_checked = 0;
  }
  uint64_t start = now_ns();
  uint64_t checksum = bench_run(chosen.size);
  uint64_t end = now_ns();
  printf("checksum %016" PRIx64 "\ntime_ns %" PRIu64 "\n", checksum, end - start);
  if (is_checked && checksum != chosen.checksum) {
    fprintf(stderr, "wrong checksum, expected %016" PRIx64 "\n", chosen.checksum);
    return 1;
  }
  return 0;
}
