/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The differential fuzzer: generated modules in our engine and in another one; what differs is made
 * small and kept. The other is Node, and where that lacks what a module needs, another build of
 * ours.
 *
 * Usage: differ [--seconds N] [--count N] [--seed N] [--keep FOLDER] [--reference SCRIPT]
 *               [--peer DIFFER]
 *        differ --serve BATCH RESULTS
 * The last line says how many modules and calls there were and how many differed; exit status 1:
 * some did. Our engine runs in child processes, so that a crash is a difference, too. The second
 * form is that other build, see engines.h. */
#include "tests/fuzz/engines.h"

#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
  KEEP_MAX = 12,        /* differences; then the run ends */
  MINIMISE_SECONDS = 60 /* for one of them */
};
enum { NODE, PEER, OTHERS };

struct options {
  uint64_t seconds, count, seed;
  const char *keep, *reference, *peer;
};

struct differ {
  struct options options;
  struct other others[OTHERS];
  char ours_path[PATH_LENGTH];
  uint64_t modules, validated, peers, calls, differences;
};

/* ---- Items -------------------------------------------------------------------------------------
 */

/* Some bytes become others, most of them in the code. */
static void mutate(struct buffer *module, uint64_t seed) {
  uint64_t state = seed * 0x9e3779b97f4a7c15u | 1;
  for (uint32_t left = 1 + seed / 4 % 3; left > 0; left--) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    size_t at = 8 + (state >> 20) % (module->length - 8);
    module->at[at] = state & 1 ? (uint8_t)(state >> 8) : module->at[at] ^ 1u << (state >> 8 & 7);
  }
}

static void make_item(struct item *item, const struct recipe *recipe) {
  item->seed = recipe->seed;
  item->only_validate = recipe->seed % 4 == 3;
  item->fail_at = recipe->seed % 8 == 5 ? 1 + recipe->seed / 8 % 70 : 0;
  generate(recipe, &item->generated);
  if (item->only_validate)
    mutate(&item->generated.module, recipe->seed);
}

static void item_free(struct item *item) {
  generated_free(&item->generated);
  free(item->ours.at);
  free(item->theirs.at);
}

static bool is_unsupported(const struct buffer *said) {
  static const char unsupported[] = "unsupported";
  return said->length > sizeof unsupported &&
         memcmp(said->at, unsupported, sizeof unsupported - 1) == 0;
}

/* A module that needs what one of the two does not have says nothing. */
static bool differs(const struct item *item) {
  const struct buffer *ours = &item->ours, *theirs = &item->theirs;
  if (item->only_validate && (is_unsupported(ours) || is_unsupported(theirs)))
    return false;
  return ours->length != theirs->length || memcmp(ours->at, theirs->at, ours->length) != 0;
}

/* Whether only our own builds have what the module needs. */
static bool is_for_peer(const struct item *item) {
  return item->generated.own || (item->only_validate && item->generated.other.length > 0);
}

static void run_items(struct differ *d, struct item *items, uint32_t count) {
  struct item *all[BATCH_MAX], *chosen[OTHERS][BATCH_MAX];
  uint32_t counts[OTHERS] = {0};
  for (uint32_t i = 0; i < count; i++) {
    uint32_t other = is_for_peer(&items[i]) ? PEER : NODE;
    all[i] = &items[i];
    chosen[other][counts[other]++] = &items[i];
  }
  for (uint32_t i = 0; i < OTHERS; i++)
    if (counts[i] > 0)
      engines_send(&d->others[i], chosen[i], counts[i]);
  engines_run_ours(d->ours_path, all, count);
  for (uint32_t i = 0; i < OTHERS; i++)
    if (counts[i] > 0)
      engines_receive(&d->others[i], chosen[i], counts[i]);
}

/* ---- Differences -------------------------------------------------------------------------------
 */

static uint64_t seconds_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec;
}

static bool still_differs(struct differ *d, struct item *item, const struct recipe *recipe) {
  make_item(item, recipe);
  run_items(d, item, 1);
  return differs(item);
}

/* Leaves out statements, many at first, as long as there still is a difference, and time. */
static void minimise(struct differ *d, struct item *item) {
  uint64_t *skipped = NULL;
  uint32_t skipped_count = 0;
  uint64_t end = seconds_now() + MINIMISE_SECONDS;
  struct recipe recipe = {.seed = item->seed};
  if (!still_differs(d, item, &recipe))
    return;
  uint32_t count = (uint32_t)(item->generated.statements.length / 8);
  for (uint32_t step = (count + 1) / 2; step > 0; step /= 2) {
    for (uint32_t at = 0; at < item->generated.statements.length / 8 && seconds_now() < end;) {
      uint32_t left = (uint32_t)(item->generated.statements.length / 8) - at;
      uint32_t some = step < left ? step : left;
      skipped = realloc(skipped, (skipped_count + some) * sizeof *skipped);
      memcpy(skipped + skipped_count, item->generated.statements.at + 8 * at, 8 * some);
      recipe.skipped = skipped;
      recipe.skipped_count = skipped_count + some;
      if (still_differs(d, item, &recipe)) {
        skipped_count += some;
        continue;
      }
      recipe.skipped_count = skipped_count;
      still_differs(d, item, &recipe);
      at += some;
    }
  }
  free(skipped);
}

static void keep(struct differ *d, const struct item *item) {
  static const char *const suffixes[] = {"wasm", "calls", "ours", "theirs", "other.wasm"};
  const struct buffer *contents[] = {&item->generated.module, &item->generated.calls, &item->ours,
                                     &item->theirs, &item->generated.other};
  for (int i = 0; i < (item->generated.other.length > 0 ? 5 : 4); i++) {
    char path[PATH_LENGTH];
    snprintf(path, sizeof path, "%s/%llu.%s", d->options.keep, (unsigned long long)item->seed,
             suffixes[i]);
    engines_write_file(path, contents[i]);
  }
}

/* Both engines have an opinion of a module's validity: wabt's decides. */
static bool outvoted(const struct differ *d, const struct item *item) {
  char command[PATH_LENGTH + 120];
  snprintf(command, sizeof command,
           "wasm-validate --enable-tail-call --enable-memory64 --enable-relaxed-simd "
           "--enable-extended-const --enable-multi-memory %s/%llu.wasm "
           ">%s.wabt 2>&1",
           d->options.keep, (unsigned long long)item->seed, d->ours_path);
  bool valid = system(command) == 0, ours = item->ours.length > 0 && item->ours.at[0] == 'v';
  return ours != valid;
}

static void report(struct differ *d, struct item *item) {
  if (!item->only_validate && !engines_was_slow(&item->ours))
    minimise(d, item);
  keep(d, item);
  if (item->only_validate && !is_for_peer(item) && !outvoted(d, item))
    return;
  d->differences++;
  printf("seed %llu differs: %zu bytes, in %s/%llu.*\n", (unsigned long long)item->seed,
         item->generated.module.length, d->options.keep, (unsigned long long)item->seed);
  fflush(stdout);
}

/* ---- The run -----------------------------------------------------------------------------------
 */

static void run_batch(struct differ *d, uint64_t first) {
  struct item items[BATCH_MAX] = {0};
  for (uint32_t i = 0; i < BATCH_MAX; i++)
    make_item(&items[i], &(struct recipe){.seed = first + i});
  run_items(d, items, BATCH_MAX);
  for (uint32_t i = 0; i < BATCH_MAX; i++) {
    d->modules++;
    d->peers += is_for_peer(&items[i]);
    if (items[i].only_validate)
      d->validated++;
    else
      for (size_t k = 0; k < items[i].theirs.length; k++)
        d->calls += items[i].theirs.at[k] == 'f' && (k == 0 || items[i].theirs.at[k - 1] == '\n');
    if (differs(&items[i]) && d->differences < KEEP_MAX)
      report(d, &items[i]);
    item_free(&items[i]);
  }
}

static void run_all(struct differ *d) {
  const struct options *options = &d->options;
  uint64_t end = seconds_now() + options->seconds;
  for (uint64_t seed = options->seed;
       d->differences < KEEP_MAX && (options->count == 0 || d->modules < options->count) &&
       (options->seconds == 0 || seconds_now() < end);
       seed += BATCH_MAX)
    run_batch(d, seed);
}

static bool read_options(int count, char **words, struct options *options) {
  for (int i = 1; i + 1 < count; i += 2) {
    if (strcmp(words[i], "--seconds") == 0)
      options->seconds = strtoull(words[i + 1], NULL, 10);
    else if (strcmp(words[i], "--count") == 0)
      options->count = strtoull(words[i + 1], NULL, 10);
    else if (strcmp(words[i], "--seed") == 0)
      options->seed = strtoull(words[i + 1], NULL, 10);
    else if (strcmp(words[i], "--keep") == 0)
      options->keep = words[i + 1];
    else if (strcmp(words[i], "--reference") == 0)
      options->reference = words[i + 1];
    else if (strcmp(words[i], "--peer") == 0)
      options->peer = words[i + 1];
    else
      return false;
  }
  return count % 2 == 1;
}

static void run(struct differ *d) {
  const struct options *options = &d->options;
  char paths[2 * OTHERS][PATH_LENGTH];
  for (int i = 0; i < 2 * OTHERS; i++)
    snprintf(paths[i], PATH_LENGTH, "%s/%s%d.%d", options->keep, i % 2 ? "results" : "batch", i / 2,
             getpid());
  const char *const node[] = {"node",
                              "--stack-size=3900",
                              "--liftoff-only",
                              "--experimental-wasm-return-call",
                              "--experimental-wasm-memory64",
                              "--experimental-wasm-relaxed-simd",
                              "--experimental-wasm-extended-const",
                              options->reference,
                              paths[0],
                              paths[1],
                              NULL};
  const char *const peer[] = {options->peer, "--serve", paths[2], paths[3], NULL};
  const char *const *const commands[OTHERS] = {node, peer};
  snprintf(d->ours_path, PATH_LENGTH, "%s/ours.%d", options->keep, getpid());
  for (int i = 0; i < OTHERS; i++) {
    d->others[i] = (struct other){.command = commands[i],
                                  .batch_path = paths[2 * i],
                                  .results_path = paths[2 * i + 1],
                                  .is_ours = i == PEER};
    engines_start(&d->others[i]);
  }
  run_all(d);
  for (int i = 0; i < OTHERS; i++)
    engines_stop(&d->others[i]);
  for (int i = 0; i < 2 * OTHERS; i++)
    unlink(paths[i]);
  unlink(d->ours_path);
}

int main(int count, char **words) {
  struct differ d = {.options = {.keep = "build/fuzz",
                                 .reference = "tests/fuzz/reference.js",
                                 .peer = "build/fuzz/differ-stress"}};
  if (count == 4 && strcmp(words[1], "--serve") == 0) {
    engines_serve(words[2], words[3]);
    return 0;
  }
  if (!read_options(count, words, &d.options)) {
    fprintf(stderr, "usage: differ [--seconds N] [--count N] [--seed N] [--keep FOLDER] [--peer "
                    "DIFFER]\n");
    return 2;
  }
  mkdir(d.options.keep, 0777);
  signal(SIGPIPE, SIG_IGN);
  run(&d);
  printf("%llu modules, %llu of them only validated, %llu in both of our builds, %llu calls, "
         "%llu differences\n",
         (unsigned long long)d.modules, (unsigned long long)d.validated,
         (unsigned long long)d.peers, (unsigned long long)d.calls,
         (unsigned long long)d.differences);
  return d.differences != 0;
}
