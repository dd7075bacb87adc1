/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Runs trials in children of their own and judges how they ended. */
#include "tests/jail/trial.h"
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

int landlock_abi_override = -1;
int __real_jail_landlock_abi(void);
int __wrap_jail_landlock_abi(void);

int __wrap_jail_landlock_abi(void) {
  return landlock_abi_override >= 0 ? landlock_abi_override : __real_jail_landlock_abi();
}

static int reported, failed;

void report(bool passed, const char *detail, const char *format, ...) {
  va_list arguments;
  printf("%s %d - ", passed ? "ok" : "not ok", ++reported);
  va_start(arguments, format);
  vprintf(format, arguments);
  va_end(arguments);
  printf("\n");
  failed += !passed;
  if (!passed)
    printf("# %s\n", detail);
  fflush(stdout);
}

int finish(void) {
  printf("1..%d\n", reported);
  return failed != 0;
}

static void need(bool works, const char *what) {
  if (works)
    return;
  printf("Bail out! %s: %s\n", what, strerror(errno));
  exit(1);
}

static void make_file(int directory, const char *name) {
  int file = openat(directory, name, O_CREAT | O_WRONLY | O_CLOEXEC, 0666);
  need(file >= 0 && write(file, "text\n", 5) == 5, name);
  close(file);
}

static int make_directory(int parent, const char *name) {
  need(mkdirat(parent, name, 0777) == 0 && fchmodat(parent, name, 0777, 0) == 0, name);
  int directory = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  need(directory >= 0, name);
  return directory;
}

/* On any free port of the loopback; the client goes away, its connection still waits. */
static int make_listener(void) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  socklen_t length = sizeof address;
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  need(listener >= 0 && client >= 0, "socket");
  need(bind(listener, (struct sockaddr *)&address, length) == 0 && listen(listener, 1) == 0 &&
           getsockname(listener, (struct sockaddr *)&address, &length) == 0 &&
           connect(client, (struct sockaddr *)&address, length) == 0,
       "a listening socket");
  close(client);
  return listener;
}

void make_fixture(struct fixture *fixture) {
  snprintf(fixture->base, sizeof fixture->base, "/tmp/hermit-jail-XXXXXX");
  need(mkdtemp(fixture->base) != NULL && chmod(fixture->base, 0755) == 0, "mkdtemp");
  int base = open(fixture->base, O_PATH | O_CLOEXEC);
  snprintf(fixture->outside, sizeof fixture->outside, "%s/outside.txt", fixture->base);
  make_file(base, "outside.txt");
  need(chmod(fixture->outside, 0666) == 0, "chmod");
  fixture->shared = make_directory(base, "shared");
  fixture->second = make_directory(base, "second");
  make_file(fixture->shared, "inside.txt");
  make_file(fixture->second, "file.txt");
  need(fchmodat(fixture->shared, "inside.txt", 0666, 0) == 0, "chmod");
  need(fchmodat(fixture->second, "file.txt", 0666, 0) == 0, "chmod");
  close(make_directory(fixture->shared, "sub"));
  need(symlinkat("../outside.txt", fixture->shared, "out") == 0, "symlink");
  fixture->kept = dup(base);
  fixture->not_kept = dup(base);
  need(pipe(fixture->pipe) == 0, "pipe");
  fixture->listener = make_listener();
  close(base);
}

void remove_fixture(const struct fixture *fixture) {
  char command[128];
  close(fixture->shared), close(fixture->second), close(fixture->kept), close(fixture->not_kept);
  close(fixture->pipe[0]), close(fixture->pipe[1]), close(fixture->listener);
  snprintf(command, sizeof command, "rm -rf %s", fixture->base);
  need(system(command) == 0, command);
}

#define EXIT_ROOT_UNCHANGED 252

static _Noreturn void give_up(const char *why) {
  dprintf(2, "# %s\n", why);
  _exit(254);
}

struct jail_report enter(const struct fixture *fixture, enum sharing sharing, int violation_fd) {
  struct jail_directory both[] = {{fixture->shared, false}, {fixture->second, true}};
  int keep[] = {violation_fd,         2,
                fixture->shared,      fixture->second,
                fixture->kept,        fixture->pipe[0],
                fixture->descriptors, fixture->pipe[1],
                fixture->listener};
  struct jail_config config = {
      .directories = both,
      .directory_count = sharing == SHARE_TWO   ? 2
                         : sharing == SHARE_ONE ? 1
                                                : 0,
      .listening = sharing == SHARE_LISTENER,
      .violation_fd = violation_fd,
  };
  struct jail_report walls;
  char error[256];
  if (!jail_close_inherited(keep, sizeof keep / sizeof *keep, error, sizeof error) ||
      !jail_enter(&config, &walls, error, sizeof error))
    give_up(error);
  return walls;
}

static _Noreturn void be_jailed(const struct trial *trial, struct fixture *fixture, uid_t uid,
                                int violation_fd) {
  if (uid != 0 && setresuid(uid, uid, uid) != 0)
    _exit(253);
  fixture->descriptors = open("/proc/self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC);
  struct jail_report walls = enter(fixture, trial->sharing, violation_fd);
  if (trial->needs_root && walls.root == JAIL_ROOT_UNCHANGED)
    _exit(EXIT_ROOT_UNCHANGED);
  _exit(trial->attempt(fixture));
}

/* The child's wait status; the line it left about a forbidden call, if any. */
static int run_child(const struct trial *trial, struct identity identity, char *line, size_t size) {
  struct fixture fixture;
  int violations[2], status = -1;
  make_fixture(&fixture);
  need(pipe(violations) == 0, "pipe");
  pid_t child = fork();
  if (child == 0)
    be_jailed(trial, &fixture, identity.uid, violations[1]);
  close(violations[1]);
  ssize_t length = read(violations[0], line, size - 1);
  line[length > 0 ? length : 0] = '\0';
  close(violations[0]);
  need(waitpid(child, &status, 0) == child, "waitpid");
  remove_fixture(&fixture);
  return status;
}

static bool is_as_expected(const struct trial *trial, int status, const char *line) {
  char expected[128];
  if (!WIFEXITED(status))
    return false;
  switch (trial->ending) {
  case WORKS:
    return WEXITSTATUS(status) == 0;
  case FAILS: /* errors of the C library's range; the others are ours */
    return WEXITSTATUS(status) > 0 && WEXITSTATUS(status) < JAIL_EXIT_STATUS;
  default:
    snprintf(expected, sizeof expected,
             "hermit-wasm: internal error: the jail forbids system call %d\n", trial->number);
    return WEXITSTATUS(status) == JAIL_EXIT_STATUS && strcmp(line, expected) == 0;
  }
}

void run_trial(const struct trial *trial, struct identity identity) {
  char line[128], detail[256];
  int status = run_child(trial, identity, line, sizeof line);
  if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_ROOT_UNCHANGED) {
    report(true, "", "%s: %s # SKIP the root cannot be changed here", identity.name, trial->name);
    return;
  }
  snprintf(detail, sizeof detail, "wait status 0x%x; line: %s", status, line);
  report(is_as_expected(trial, status, line), detail, "%s: %s", identity.name, trial->name);
}
