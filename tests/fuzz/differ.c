/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The differential fuzzer: generated modules in our engine and in Node; what differs is made small
 * and kept.
 *
 * Usage: differ [--seconds N] [--count N] [--seed N] [--keep FOLDER] [--reference SCRIPT]
 * The last line says how many modules and calls there were and how many differed; exit status 1:
 * some did. Our engine runs in child processes, so that a crash is a difference, too. */
#include "tests/fuzz/generate.h"
#include "tests/fuzz/run.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
  BATCH = 100,
  NODE_BATCHES = 8,   /* then a new process: V8 keeps every type it saw in a slow table */
  CHILD_SECONDS = 15, /* for a batch; a module takes about a millisecond */
  KEEP_MAX = 12,      /* differences; then the run ends */
  PATH_LENGTH = 300,
};

#define CRASH_FORMAT "crashed, status %x\n"
#define CRASH_LENGTH 60

struct options {
  uint64_t seconds, count, seed;
  const char *keep, *reference;
};

struct item {
  uint64_t seed;
  bool only_validate;
  uint64_t fail_at; /* 0: do not */
  struct generated generated;
  struct buffer ours, theirs;
};

struct differ {
  struct options options;
  pid_t node;
  int to_node, from_node;
  uint32_t node_batches;
  char batch_path[PATH_LENGTH], results_path[PATH_LENGTH], ours_path[PATH_LENGTH];
  uint64_t modules, validated, calls, differences;
};

static void fail(const char *what) {
  fprintf(stderr, "differ: %s: %s\n", what, strerror(errno));
  exit(2);
}

/* ---- Files of texts ----------------------------------------------------------------------------
 */

static void put_word(struct buffer *buffer, size_t value) {
  uint32_t word = (uint32_t)value;
  put_bytes(buffer, &word, sizeof word);
}

static void put_long(struct buffer *buffer, const struct buffer *content) {
  put_word(buffer, content->length);
  put_bytes(buffer, content->at, content->length);
}

static void write_file(const char *path, const struct buffer *content) {
  FILE *file = fopen(path, "wb");
  if (file == NULL || fwrite(content->at, 1, content->length, file) != content->length ||
      fclose(file) != 0)
    fail(path);
}

/* Reads texts behind their lengths; returns how many were whole. */
static uint32_t read_texts(const char *path, struct item *items, uint32_t count, bool ours) {
  FILE *file = fopen(path, "rb");
  uint32_t length, done = 0;
  while (file != NULL && done < count && fread(&length, sizeof length, 1, file) == 1) {
    struct buffer text = {malloc(length + 1), length, length + 1};
    bool whole = fread(text.at, 1, length, file) == length;
    struct buffer *to = ours ? &items[done].ours : &items[done].theirs;
    if (whole) {
      to->length = 0;
      put_bytes(to, text.at, length);
      done++;
    }
    free(text.at);
    if (!whole)
      break;
  }
  if (file != NULL)
    fclose(file);
  return done;
}

/* ---- The other engine --------------------------------------------------------------------------
 */

static void start_node(struct differ *d) {
  int to[2], from[2];
  if (pipe(to) != 0 || pipe(from) != 0 || (d->node = fork()) < 0)
    fail("node");
  if (d->node == 0) {
    dup2(to[0], 0);
    dup2(from[1], 1);
    for (int i = 0; i < 2; i++) {
      close(to[i]);
      close(from[i]);
    }
    execlp("node", "node", "--stack-size=3900", "--liftoff-only", "--experimental-wasm-return-call",
           d->options.reference, d->batch_path, d->results_path, (char *)NULL);
    fail("node");
  }
  close(to[0]);
  close(from[1]);
  d->to_node = to[1];
  d->from_node = from[0];
  d->node_batches = 0;
}

static void stop_node(struct differ *d) {
  close(d->to_node);
  close(d->from_node);
  waitpid(d->node, NULL, 0);
}

static void send_batch(struct differ *d, struct item *items, uint32_t count) {
  struct buffer batch = {0};
  struct buffer none = {0};
  put_word(&batch, count);
  for (uint32_t i = 0; i < count; i++) {
    put_long(&batch, &items[i].generated.module);
    put_long(&batch, items[i].only_validate ? &none : &items[i].generated.calls);
  }
  write_file(d->batch_path, &batch);
  free(batch.at);
  if (d->node_batches++ == NODE_BATCHES) {
    stop_node(d);
    start_node(d);
  }
  if (write(d->to_node, "\n", 1) != 1)
    fail("node");
}

static void receive_batch(struct differ *d, struct item *items, uint32_t count) {
  char line;
  if (read(d->from_node, &line, 1) != 1) {
    fprintf(stderr, "differ: node ended; the batch is %s\n", d->batch_path);
    exit(2);
  }
  if (read_texts(d->results_path, items, count, false) != count)
    fail(d->results_path);
}

/* ---- Our engine --------------------------------------------------------------------------------
 */

static void run_item(const struct item *item, struct buffer *text) {
  if (item->fail_at != 0)
    run_failing(&item->generated.module, &item->generated.calls, item->fail_at, text);
  if (item->seed % 8 == 1)
    run_exhausting(&item->generated.module, &item->generated.exhausting, text);
  if (item->only_validate)
    run_validation(&item->generated.module, text);
  else
    run_module(&item->generated.module, &item->generated.calls, text);
}

static void run_child(const char *path, const struct item *items, uint32_t count) {
  alarm(CHILD_SECONDS);
  FILE *file = fopen(path, "wb");
  if (file == NULL)
    fail(path);
  for (uint32_t i = 0; i < count; i++) {
    struct buffer text = {0};
    run_item(&items[i], &text);
    uint32_t length = (uint32_t)text.length;
    fwrite(&length, sizeof length, 1, file);
    fwrite(text.at, 1, text.length, file);
    fflush(file);
    free(text.at);
  }
  fclose(file);
  _exit(0);
}

/* Runs all; what crashes gets that as its text, and the others go on. */
static void run_ours(struct differ *d, struct item *items, uint32_t count) {
  for (uint32_t done = 0; done < count;) {
    int status;
    pid_t child = fork();
    if (child < 0)
      fail("fork");
    if (child == 0)
      run_child(d->ours_path, items + done, count - done);
    waitpid(child, &status, 0);
    done += read_texts(d->ours_path, items + done, count - done, true);
    if (done == count)
      return;
    char text[CRASH_LENGTH];
    int length = snprintf(text, sizeof text, CRASH_FORMAT, status);
    items[done].ours.length = 0;
    put_bytes(&items[done].ours, text, (size_t)length);
    done++;
  }
}

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

static void run_items(struct differ *d, struct item *items, uint32_t count) {
  send_batch(d, items, count);
  run_ours(d, items, count);
  receive_batch(d, items, count);
}

/* ---- Differences -------------------------------------------------------------------------------
 */

static bool still_differs(struct differ *d, struct item *item, const struct recipe *recipe) {
  make_item(item, recipe);
  run_items(d, item, 1);
  return differs(item);
}

/* Leaves out statements, many at first, as long as there still is a difference. */
static void minimise(struct differ *d, struct item *item) {
  uint64_t *skipped = NULL;
  uint32_t skipped_count = 0;
  struct recipe recipe = {.seed = item->seed};
  if (!still_differs(d, item, &recipe))
    return;
  uint32_t count = (uint32_t)(item->generated.statements.length / 8);
  for (uint32_t step = (count + 1) / 2; step > 0; step /= 2) {
    for (uint32_t at = 0; at < item->generated.statements.length / 8;) {
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
  static const char *const suffixes[] = {"wasm", "calls", "ours", "theirs"};
  const struct buffer *contents[] = {&item->generated.module, &item->generated.calls, &item->ours,
                                     &item->theirs};
  for (int i = 0; i < 4; i++) {
    char path[PATH_LENGTH];
    snprintf(path, sizeof path, "%s/%llu.%s", d->options.keep, (unsigned long long)item->seed,
             suffixes[i]);
    write_file(path, contents[i]);
  }
}

/* Both engines have an opinion of a module's validity: wabt's decides. */
static bool outvoted(const struct differ *d, const struct item *item) {
  char command[PATH_LENGTH + 60];
  snprintf(command, sizeof command, "wasm-validate --enable-tail-call %s/%llu.wasm >%s.wabt 2>&1",
           d->options.keep, (unsigned long long)item->seed, d->batch_path);
  bool valid = system(command) == 0, ours = item->ours.length > 0 && item->ours.at[0] == 'v';
  return ours != valid;
}

/* Each try would take CHILD_SECONDS. */
static bool hangs(const struct item *item) {
  char text[CRASH_LENGTH];
  int length = snprintf(text, sizeof text, CRASH_FORMAT, SIGALRM);
  return item->ours.length == (size_t)length && memcmp(item->ours.at, text, (size_t)length) == 0;
}

static void report(struct differ *d, struct item *item) {
  if (!item->only_validate && !hangs(item))
    minimise(d, item);
  keep(d, item);
  if (item->only_validate && !outvoted(d, item))
    return;
  d->differences++;
  printf("seed %llu differs: %zu bytes, in %s/%llu.*\n", (unsigned long long)item->seed,
         item->generated.module.length, d->options.keep, (unsigned long long)item->seed);
  fflush(stdout);
}

/* ---- The run -----------------------------------------------------------------------------------
 */

static void run_batch(struct differ *d, uint64_t first) {
  struct item items[BATCH] = {0};
  for (uint32_t i = 0; i < BATCH; i++)
    make_item(&items[i], &(struct recipe){.seed = first + i});
  run_items(d, items, BATCH);
  for (uint32_t i = 0; i < BATCH; i++) {
    d->modules++;
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

static uint64_t seconds_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec;
}

static void run_all(struct differ *d) {
  const struct options *options = &d->options;
  uint64_t end = seconds_now() + options->seconds;
  for (uint64_t seed = options->seed;
       d->differences < KEEP_MAX && (options->count == 0 || d->modules < options->count) &&
       (options->seconds == 0 || seconds_now() < end);
       seed += BATCH)
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
    else
      return false;
  }
  return count % 2 == 1;
}

int main(int count, char **words) {
  struct differ d = {.options = {.keep = "build/fuzz", .reference = "tests/fuzz/reference.js"}};
  if (!read_options(count, words, &d.options)) {
    fprintf(stderr, "usage: differ [--seconds N] [--count N] [--seed N] [--keep FOLDER]\n");
    return 2;
  }
  mkdir(d.options.keep, 0777);
  signal(SIGPIPE, SIG_IGN);
  snprintf(d.batch_path, PATH_LENGTH, "%s/batch.%d", d.options.keep, getpid());
  snprintf(d.results_path, PATH_LENGTH, "%s/results.%d", d.options.keep, getpid());
  snprintf(d.ours_path, PATH_LENGTH, "%s/ours.%d", d.options.keep, getpid());
  start_node(&d);
  run_all(&d);
  stop_node(&d);
  unlink(d.batch_path);
  unlink(d.results_path);
  unlink(d.ours_path);
  snprintf(d.ours_path, PATH_LENGTH, "%s.wabt", d.batch_path);
  unlink(d.ours_path);
  printf("%llu modules, %llu of them only validated, %llu calls, %llu differences\n",
         (unsigned long long)d.modules, (unsigned long long)d.validated,
         (unsigned long long)d.calls, (unsigned long long)d.differences);
  return d.differences != 0;
}
