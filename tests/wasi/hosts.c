/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The same storm of random calls over two hosts: the POSIX one, and the guest's FUSE client with
 * the monitor's file server behind a guest memory. Every call must give the same errno. Prints TAP.
 */
#include "tests/devices/harness.h"
#include "tests/wasi/world.h"
#include <stdio.h>
#include <stdlib.h>

static void print_step(const struct step *step, const struct world *world, uint32_t other) {
  const char *params = SIGNATURES[step->number].params;
  printf("# %s(", SIGNATURES[step->number].name);
  for (uint32_t i = 0; params[i]; i++) {
    uint64_t value = params[i] == 'I' ? step->args[i].i64 : step->args[i].i32;
    printf("%s0x%llx", i ? ", " : "", (unsigned long long)value);
    bool is_text = params[i] == 'i' && params[i + 1] == 'i' && value < MODULE_BYTES - 64 &&
                   world->memory.base[value];
    if (is_text)
      printf(" \"%.40s\"", (const char *)world->memory.base + value);
  }
  printf("): %u with POSIX, %u with FUSE\n", step->result, other);
}

/* One world of each kind, the same calls in both until they differ. */
static bool run_round(struct storm *storm, enum fs_cache cache, uint32_t calls,
                      uint32_t *successes) {
  static struct harness harness;
  static struct world posix, fuse;
  struct storm other = *storm;
  bool same = true;
  world_open(&posix);
  world_open(&fuse);
  world_end_input(&posix);
  world_end_input(&fuse);
  harness_open(&harness);
  harness_scatter(&harness);
  fuse.preopen.fs = harness_add_fs(&harness, fuse.scratch, false, cache);
  harness.now = 1;
  free(fuse.memory.base);
  fuse.memory.base = harness.linear;
  posix.wasi = wasi_new(&posix.store, &posix.config);
  fuse.wasi = wasi_new(&fuse.store, &fuse.config);
  for (uint32_t i = 0; i < calls && same; i++) {
    struct step step, other_step;
    storm_step(storm, &posix, &step);
    storm_step(&other, &fuse, &other_step);
    same = step.result == other_step.result;
    *successes += !step.result;
    if (!same)
      print_step(&step, &posix, other_step.result);
  }
  bool good = check_at(world_close(&posix), __FILE__, __LINE__, "POSIX host");
  good &= check_at(world_close(&fuse), __FILE__, __LINE__, "FUSE host");
  harness_close(&harness);
  return same && good;
}

/* The clock stands still, so what the client remembers never expires: nobody but its own program
 * changes the files. */
static void run_rounds(struct storm *storm, enum fs_cache cache, const char *name) {
  bool good = true;
  uint32_t successes = 0;
  for (int round = 0; round < 20 && good; round++)
    good = run_round(storm, cache, 2000, &successes);
  printf("# %u calls succeeded\n", successes);
  report(good && successes > 2000, name);
}

int main(void) {
  struct storm storm = {7};
  printf("1..2\n");
  run_rounds(&storm, FS_CACHE_NONE, "POSIX and FUSE give the same answers");
  run_rounds(&storm, FS_CACHE_ALWAYS, "the same with a client that remembers all it saw");
  return failures() != 0;
}
