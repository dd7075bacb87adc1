/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A tour of what a module gets: arguments, environment, clock, processor time, files.
 *
 * `make run` builds it for wasm32-wasip1 and runs it in a VM of its own. It ends with 0 when all
 * it checked was as it should be, else with 1.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static uint64_t now_us(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static void print_start(int argc, char **argv) {
  printf("Arguments:\n");
  for (int i = 0; i < argc; i++)
    printf("  %d: %s\n", i, argv[i]);
  printf("Environment:\n");
  for (char **variable = environ; *variable; variable++)
    printf("  %s\n", *variable);
}

static bool test_sleep(void) {
  const struct timespec duration = {.tv_nsec = 100 * 1000 * 1000};
  uint64_t start = now_us();
  int error = nanosleep(&duration, NULL);
  uint64_t slept = now_us() - start;
  printf("Sleep: asked for 100.0 ms, slept %llu.%llu ms\n", slept / 1000, slept / 100 % 10);
  return error == 0 && slept >= 100 * 1000;
}

/* The doubly recursive definition: mostly calls, so it times those. */
static uint32_t fibonacci(uint32_t n) {
  return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
}

static bool test_fibonacci(void) {
  static const struct {
    uint32_t n, value;
  } known[] = {{10, 55}, {20, 6765}, {30, 832040}, {35, 9227465}};
  bool right = true;
  for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
    uint64_t start = now_us();
    uint32_t value = fibonacci(known[i].n);
    uint64_t spent = now_us() - start;
    printf("Fibonacci: f(%u) = %u in %llu.%03llu ms\n", known[i].n, value, spent / 1000,
           spent % 1000);
    right = right && value == known[i].value;
  }
  return right;
}

#define FILE_NAME "wasm-test.tmp"
#define FILE_BLOCK 65536
#define FILE_BLOCKS 16

static void fill_block(uint8_t *block, uint32_t seed) {
  for (size_t i = 0; i < FILE_BLOCK; i++) {
    seed = seed * 1664525u + 1013904223u;
    block[i] = (uint8_t)(seed >> 24);
  }
}

static bool write_file(const char *name, uint8_t *block) {
  FILE *file = fopen(name, "wb");
  if (!file)
    return false;
  bool done = true;
  for (uint32_t i = 0; i < FILE_BLOCKS; i++) {
    fill_block(block, i);
    done = done && fwrite(block, FILE_BLOCK, 1, file) == 1;
  }
  return fclose(file) == 0 && done;
}

static bool check_file(const char *name, uint8_t *block, uint8_t *expected) {
  FILE *file = fopen(name, "rb");
  if (!file)
    return false;
  bool same = true;
  for (uint32_t i = 0; i < FILE_BLOCKS; i++) {
    fill_block(expected, i);
    same =
        same && fread(block, FILE_BLOCK, 1, file) == 1 && memcmp(block, expected, FILE_BLOCK) == 0;
  }
  same = same && fgetc(file) == EOF;
  fclose(file);
  return same;
}

static bool report_step(const char *step, bool done) {
  if (done)
    printf("File: %s\n", step);
  else
    printf("File: %s FAILED: %s\n", step, strerror(errno));
  return done;
}

static bool test_file(void) {
  static uint8_t block[FILE_BLOCK], expected[FILE_BLOCK];
  return report_step("wrote 1 MiB to " FILE_NAME, write_file(FILE_NAME, block)) &&
         report_step("read it back, same bytes", check_file(FILE_NAME, block, expected)) &&
         report_step("deleted it", unlink(FILE_NAME) == 0) &&
         report_step("it is gone", access(FILE_NAME, F_OK) != 0 && errno == ENOENT);
}

int main(int argc, char **argv) {
  print_start(argc, argv);
  bool slept = test_sleep();
  bool computed = test_fibonacci();
  bool stored = test_file();
  bool all = slept && computed && stored;
  printf("%s\n", all ? "All is well." : "Something is wrong.");
  return all ? EXIT_SUCCESS : EXIT_FAILURE;
}
