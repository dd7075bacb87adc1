/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Engines in processes. */
#include "tests/fuzz/engines.h"
#include "tests/fuzz/run.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
  OTHER_MODULES = 800, /* then a new process: V8 keeps every type it saw in a slow table */
  CHILD_SECONDS = 30,  /* for a batch; a module takes about a millisecond, */
  LONE_SECONDS = 3,    /* and many are tried, and may hang, when one is made small */
};

#define CRASH_FORMAT "crashed, status %x\n"
#define CRASH_LENGTH 60

void engines_fail(const char *what) {
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

void engines_write_file(const char *path, const struct buffer *content) {
  FILE *file = fopen(path, "wb");
  if (file == NULL || fwrite(content->at, 1, content->length, file) != content->length ||
      fclose(file) != 0)
    engines_fail(path);
}

/* Reads texts behind their lengths; returns how many were whole. */
static uint32_t read_texts(const char *path, struct item *const *items, uint32_t count, bool ours) {
  FILE *file = fopen(path, "rb");
  uint32_t length, done = 0;
  while (file != NULL && done < count && fread(&length, sizeof length, 1, file) == 1) {
    struct buffer text = {malloc(length + 1), length, length + 1};
    bool whole = fread(text.at, 1, length, file) == length;
    struct buffer *to = ours ? &items[done]->ours : &items[done]->theirs;
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

/* ---- Other engines -----------------------------------------------------------------------------
 */

void engines_start(struct other *other) {
  int to[2], from[2];
  /* What one process has open at our end must not stay open in another. */
  if (pipe2(to, O_CLOEXEC) != 0 || pipe2(from, O_CLOEXEC) != 0 || (other->process = fork()) < 0)
    engines_fail(other->command[0]);
  if (other->process == 0) {
    dup2(to[0], 0);
    dup2(from[1], 1);
    execvp(other->command[0], (char *const *)other->command);
    engines_fail(other->command[0]);
  }
  close(to[0]);
  close(from[1]);
  other->to = to[1];
  other->from = from[0];
  other->modules = 0;
}

void engines_stop(struct other *other) {
  close(other->to);
  close(other->from);
  waitpid(other->process, NULL, 0);
}

static void put_item(const struct other *other, const struct item *item, struct buffer *batch) {
  const struct generated *generated = &item->generated;
  bool is_same = item->only_validate || generated->other.length == 0;
  put_long(batch, is_same ? &generated->module : &generated->other);
  if (item->only_validate) {
    put_word(batch, 0);
    return;
  }
  put_long(batch, &generated->calls);
  if (other->is_ours)
    batch->at[batch->length - generated->calls.length] ^= RUN_CHECKED;
}

void engines_send(struct other *other, struct item *const *items, uint32_t count) {
  struct buffer batch = {0};
  put_word(&batch, count);
  for (uint32_t i = 0; i < count; i++)
    put_item(other, items[i], &batch);
  engines_write_file(other->batch_path, &batch);
  free(batch.at);
  if (other->modules >= OTHER_MODULES) {
    engines_stop(other);
    engines_start(other);
  }
  other->modules += count;
  if (write(other->to, "\n", 1) != 1)
    engines_fail(other->command[0]);
}

void engines_receive(struct other *other, struct item *const *items, uint32_t count) {
  char line;
  if (read(other->from, &line, 1) != 1) {
    fprintf(stderr, "differ: %s ended; the batch is %s\n", other->command[0], other->batch_path);
    exit(2);
  }
  if (read_texts(other->results_path, items, count, false) != count)
    engines_fail(other->results_path);
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

static void run_child(const char *path, struct item *const *items, uint32_t count) {
  alarm(count > 1 ? CHILD_SECONDS : LONE_SECONDS);
  FILE *file = fopen(path, "wb");
  if (file == NULL)
    engines_fail(path);
  for (uint32_t i = 0; i < count; i++) {
    struct buffer text = {0};
    run_item(items[i], &text);
    uint32_t length = (uint32_t)text.length;
    fwrite(&length, sizeof length, 1, file);
    fwrite(text.at, 1, text.length, file);
    fflush(file);
    free(text.at);
  }
  fclose(file);
  _exit(0);
}

void engines_run_ours(const char *path, struct item *const *items, uint32_t count) {
  for (uint32_t done = 0; done < count;) {
    int status;
    pid_t child = fork();
    if (child < 0)
      engines_fail("fork");
    if (child == 0)
      run_child(path, items + done, count - done);
    waitpid(child, &status, 0);
    done += read_texts(path, items + done, count - done, true);
    if (done == count)
      return;
    char text[CRASH_LENGTH];
    int length = snprintf(text, sizeof text, CRASH_FORMAT, status);
    items[done]->ours.length = 0;
    put_bytes(&items[done]->ours, text, (size_t)length);
    done++;
  }
}

bool engines_was_slow(const struct buffer *said) {
  char text[CRASH_LENGTH];
  int length = snprintf(text, sizeof text, CRASH_FORMAT, SIGALRM);
  return said->length == (size_t)length && memcmp(said->at, text, (size_t)length) == 0;
}

/* ---- Our engine for others ---------------------------------------------------------------------
 */

static uint32_t read_word(FILE *file) {
  uint32_t word = 0;
  return fread(&word, sizeof word, 1, file) == 1 ? word : 0;
}

static void read_long(FILE *file, struct buffer *content) {
  uint32_t length = read_word(file);
  content->at = malloc(length + 1);
  content->length = fread(content->at, 1, length, file);
  content->capacity = length + 1;
}

static uint32_t read_batch(const char *path, struct item *items) {
  FILE *file = fopen(path, "rb");
  if (file == NULL)
    engines_fail(path);
  uint32_t count = read_word(file);
  for (uint32_t i = 0; i < count && i < BATCH_MAX; i++) {
    items[i] = (struct item){0};
    read_long(file, &items[i].generated.module);
    read_long(file, &items[i].generated.calls);
    items[i].only_validate = items[i].generated.calls.length == 0;
  }
  fclose(file);
  return count < BATCH_MAX ? count : BATCH_MAX;
}

static void answer_batch(const char *batch_path, const char *results_path) {
  struct item items[BATCH_MAX], *all[BATCH_MAX];
  struct buffer results = {0};
  uint32_t count = read_batch(batch_path, items);
  for (uint32_t i = 0; i < count; i++)
    all[i] = &items[i];
  engines_run_ours(results_path, all, count);
  for (uint32_t i = 0; i < count; i++) {
    put_long(&results, &items[i].ours);
    generated_free(&items[i].generated);
    free(items[i].ours.at);
  }
  engines_write_file(results_path, &results);
  free(results.at);
}

void engines_serve(const char *batch_path, const char *results_path) {
  char line;
  while (read(0, &line, 1) == 1) {
    answer_batch(batch_path, results_path);
    if (write(1, &line, 1) != 1)
      return;
  }
}
