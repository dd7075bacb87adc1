/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Times whole processes in turn: interleave ROUNDS NAME COMMAND... [-- NAME COMMAND...]...
 *
 * Each round runs every command once, so that drift of the machine meets all alike. From
 * posix_spawn to wait4's return; standard output and input are /dev/null. Prints per command the
 * median, minimum and 90th percentile in microseconds and the ratio of its median to the first
 * one's. A command that does not end with 0 stops everything.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#define COMMANDS_MAX 16
#define ROUNDS_MAX 100000
#define WARM_UP_ROUNDS 3

extern char **environ;

struct command {
  const char *name;
  char **argv;
  uint64_t *times_ns; /* one per round, sorted at the end */
};

_Noreturn static void fail(const char *what, const char *why) {
  fprintf(stderr, "interleave: %s: %s\n", what, why);
  exit(1);
}

static uint64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static uint64_t time_once(const struct command *command) {
  posix_spawn_file_actions_t actions;
  if (posix_spawn_file_actions_init(&actions) != 0 ||
      posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0) != 0 ||
      posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0) != 0)
    fail(command->name, "out of memory");
  pid_t pid;
  int status;
  uint64_t start = now_ns();
  int error = posix_spawnp(&pid, command->argv[0], &actions, NULL, command->argv, environ);
  if (error != 0)
    fail(command->argv[0], strerror(error));
  while (waitpid(pid, &status, 0) < 0)
    if (errno != EINTR)
      fail("waitpid", strerror(errno));
  uint64_t end = now_ns();
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    fail(command->name, "did not end with status 0");
  posix_spawn_file_actions_destroy(&actions);
  return end - start;
}

/* Splits the words at --; the first word of each part is its name. */
static int read_commands(char **words, int rounds, struct command commands[COMMANDS_MAX]) {
  int count = 0;
  while (*words) {
    if (count == COMMANDS_MAX || !words[1] || strcmp(words[1], "--") == 0)
      fail("arguments", "interleave ROUNDS NAME COMMAND... [-- NAME COMMAND...]...");
    commands[count] = (struct command){words[0], words + 1, calloc((size_t)rounds, 8)};
    if (!commands[count++].times_ns)
      fail("arguments", "out of memory");
    while (*words && strcmp(*words, "--") != 0)
      words++;
    if (*words)
      *words++ = NULL;
  }
  return count;
}

static int compare_times(const void *left, const void *right) {
  uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
  return (a > b) - (a < b);
}

int main(int argc, char **argv) {
  int rounds = argc > 3 ? atoi(argv[1]) : 0;
  if (rounds < 1 || rounds > ROUNDS_MAX)
    fail("arguments", "interleave ROUNDS NAME COMMAND... [-- NAME COMMAND...]...");
  struct command commands[COMMANDS_MAX];
  int count = read_commands(argv + 2, rounds, commands);
  for (int round = -WARM_UP_ROUNDS; round < rounds; round++)
    for (int i = 0; i < count; i++) {
      uint64_t spent = time_once(&commands[i]);
      if (round >= 0)
        commands[i].times_ns[round] = spent;
    }
  printf("%-24s %10s %10s %10s %7s\n", "us, of one process", "median", "minimum", "90 %", "ratio");
  for (int i = 0; i < count; i++) {
    uint64_t *times = commands[i].times_ns;
    qsort(times, (size_t)rounds, sizeof *times, compare_times);
    printf("%-24s %10.1f %10.1f %10.1f %7.2f\n", commands[i].name, (double)times[rounds / 2] / 1e3,
           (double)times[0] / 1e3, (double)times[rounds * 9 / 10] / 1e3,
           (double)times[rounds / 2] / (double)commands[0].times_ns[rounds / 2]);
  }
  return 0;
}
