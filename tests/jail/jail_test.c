/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The jail: children enter it and try to get out. TAP on stdout. */
#include "tests/jail/trial.h"
#include <linux/kvm.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NOBODY 65534

static void run_trials(struct identity identity) {
  for (size_t i = 0; i < trial_count; i++)
    run_trial(&trials[i], identity);
}

/* Every system call that syscalls.def does not name. */

#define SYSCALL_NUMBERS 512 /* more than Linux has yet */
#define ALLOW(name, why) SYS_##name,
#define ALLOW_WHERE(name, why, ...) SYS_##name,
#define ALLOW_ON(arch, name, why, ...) SYS_##name,
#define ALLOW_LISTENING(name, why)
#define ALLOW_LISTENING_WHERE(name, why, ...)
static const int allowed[] = {
#include "monitor/jail/syscalls.def"
};

/* x86_64's uretprobe and uprobe: Linux lets them through every filter since 6.14
 * (kernel/seccomp.c), as they do nothing outside the trampoline that the kernel itself puts into a
 * probed process. */
#define EXEMPT_FIRST 335
#define EXEMPT_LAST 336

static bool is_allowed(int number) {
  if (number >= EXEMPT_FIRST && number <= EXEMPT_LAST)
    return true;
  for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++) {
    if (allowed[i] == number)
      return true;
  }
  return false;
}

/* A fixture for children that touch no files. */
static const struct fixture no_files = {.shared = -1,
                                        .second = -1,
                                        .kept = -1,
                                        .not_kept = -1,
                                        .pipe = {-1, -1},
                                        .descriptors = -1,
                                        .listener = -1};

static bool is_refused(int number) {
  int status = 0;
  pid_t child = fork();
  if (child == 0) {
    enter(&no_files, SHARE_NONE, -1);
    syscall(number, 0, 0, 0, 0, 0, 0);
    _exit(1);
  }
  waitpid(child, &status, 0);
  return WIFSIGNALED(status) || WEXITSTATUS(status) == JAIL_EXIT_STATUS;
}

static void test_all_other_calls(void) {
  char detail[64] = "";
  for (int number = 0; number < SYSCALL_NUMBERS && detail[0] == '\0'; number++) {
    if (!is_allowed(number) && !is_refused(number))
      snprintf(detail, sizeof detail, "system call %d was not refused", number);
  }
  report(detail[0] == '\0', detail, "every system call that is not listed is refused");
  /* On x86_64 this is getpid by the x32 numbering, which shares the architecture's name. */
  report(is_refused(0x40000027), "it was not refused", "a number of another numbering is refused");
}

/* What the kernel says of a jailed process, read by its parent. */

static bool has_line(const char *text, const char *line) {
  return strstr(text, line) != NULL;
}

static void read_status(pid_t child, char *text, size_t size) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/status", child);
  FILE *file = fopen(path, "r");
  size_t length = file != NULL ? fread(text, 1, size - 1, file) : 0;
  text[length] = '\0';
  if (file != NULL)
    fclose(file);
}

/* Says on the second pipe that it is jailed, waits until the first ends. */
static _Noreturn void be_looked_at(int wait_fd, int say_fd) {
  char byte;
  struct jail_config config = {.violation_fd = 2};
  struct jail_report walls;
  char error[256];
  if (!jail_enter(&config, &walls, error, sizeof error) || write(say_fd, "", 1) != 1)
    _exit(1);
  struct iovec piece = {.iov_base = &byte, .iov_len = 1};
  _exit(readv(wait_fd, &piece, 1) != 0);
}

static void test_privileges(void) {
  static const char *const lines[] = {"CapInh:\t0000000000000000",
                                      "CapPrm:\t0000000000000000",
                                      "CapEff:\t0000000000000000",
                                      "CapAmb:\t0000000000000000",
                                      "NoNewPrivs:\t1",
                                      "Seccomp:\t2"};
  static char text[8192];
  int hold[2], said[2];
  char byte;
  bool ready = pipe(hold) == 0 && pipe(said) == 0;
  pid_t child = fork();
  if (child == 0) {
    close(hold[1]);
    be_looked_at(hold[0], said[1]);
  }
  close(said[1]);
  ready = ready && read(said[0], &byte, 1) == 1;
  read_status(child, text, sizeof text);
  close(hold[0]), close(hold[1]), close(said[0]);
  waitpid(child, NULL, 0);
  for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
    report(ready && has_line(text, lines[i]), text, "the kernel says %s", lines[i]);
}

/* Threads. */

static void *keep_waiting(void *started) {
  struct timespec moment = {.tv_nsec = 1000000};
  if (write(*(int *)started, "", 1) != 1)
    _exit(1);
  for (;;)
    nanosleep(&moment, NULL);
  return NULL;
}

/* Jailed once the thread runs: the C library blocks signals, SIGSYS too, while it makes one. */
static _Noreturn void forget_a_thread(void) {
  int started[2];
  char byte;
  pthread_t thread;
  if (pipe(started) != 0 || pthread_create(&thread, NULL, keep_waiting, &started[1]) != 0 ||
      read(started[0], &byte, 1) != 1)
    _exit(1);
  enter(&no_files, SHARE_NONE, -1);
  for (;;)
    continue;
}

static void test_other_threads(void) {
  int status = 0;
  pid_t child = fork();
  if (child == 0)
    forget_a_thread();
  waitpid(child, &status, 0);
  report(WIFEXITED(status) && WEXITSTATUS(status) == JAIL_EXIT_STATUS, "it went on",
         "a forgotten thread does not escape");
}

/* Older kernels: each version of Landlock, and none. */

static const struct trial *find_trial(const char *name) {
  for (size_t i = 0; i < trial_count; i++) {
    if (strcmp(trials[i].name, name) == 0)
      return &trials[i];
  }
  return NULL;
}

static void test_landlock_versions(struct identity identity) {
  static const char *const names[] = {
      "a file inside can be made, written and cut", "names inside can be made, moved and removed",
      "an absolute path outside, two directories", "\"..\" out of the own descriptors"};
  int newest = jail_landlock_abi();
  for (int version = 0; version < newest; version++) {
    printf("# as if Landlock were of version %d\n", version);
    landlock_abi_override = version;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
      run_trial(find_trial(names[i]), identity);
  }
  landlock_abi_override = -1;
}

static void test_description(void) {
  char line[256];
  struct jail_report walls = {.landlock_abi = 3, .root = JAIL_ROOT_OWN};
  jail_describe(&walls, line, sizeof line);
  report(strcmp(line, "jail: seccomp, no capabilities, Landlock version 3, root changed") == 0,
         line, "a whole jail is described");
  walls = (struct jail_report){.landlock_abi = 0, .root = JAIL_ROOT_UNCHANGED};
  jail_describe(&walls, line, sizeof line);
  report(strstr(line, "no Landlock in this kernel, root not changed (needs privileges or "
                      "user namespaces): only the file server's own checks guard files") != NULL,
         line, "missing walls are named");
}

/* For people: what the jail costs here. */
static void print_cost(void) {
  pid_t child = fork();
  if (child == 0) {
    struct timespec before, after;
    clock_gettime(CLOCK_MONOTONIC, &before);
    struct jail_report walls = enter(&no_files, SHARE_NONE, -1);
    clock_gettime(CLOCK_MONOTONIC, &after);
    char line[256];
    jail_describe(&walls, line, sizeof line);
    long ns = (after.tv_sec - before.tv_sec) * 1000000000 + after.tv_nsec - before.tv_nsec;
    dprintf(2, "# %s; took %ld us\n", line, ns / 1000);
    _exit(0);
  }
  waitpid(child, NULL, 0);
}

int main(void) {
  struct identity self = {.name = getuid() == 0 ? "root" : "user", .uid = 0};
  run_trials(self);
  if (getuid() == 0)
    run_trials((struct identity){.name = "nobody", .uid = NOBODY});
  test_landlock_versions(self);
  test_all_other_calls();
  test_privileges();
  test_other_threads();
  test_description();
  print_cost();
  return finish();
}
