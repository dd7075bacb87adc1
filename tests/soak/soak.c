/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Many runs of VMs, in a row and at once, by one process that links the library: what it holds of
 * descriptors and memory must stay as it is. Not part of `make test`: it takes minutes.
 *
 *   soak MODULE STARTS VMS     MODULE: tests/cli/modules/share.c
 *
 * Prints TAP, and figures in comments. */
#include "include/hermit_wasm.h"
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define VMS_MAX 1000
/* What the C library's heap may gain between a tenth of the way and the end. */
#define SLACK_KB 512

static char share[64] = "/tmp/hermit-soak-XXXXXX";

_Noreturn static void fail(const char *what) {
  perror(what);
  exit(99);
}

static double now_s(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* ---- What is held ---------------------------------------------------------------------------- */

static long count_descriptors(void) {
  long count = -3; /* ".", "..", the directory's own */
  DIR *directory = opendir("/proc/self/fd");
  while (directory && readdir(directory))
    count++;
  if (directory)
    closedir(directory);
  return count;
}

/* The number behind a name in one of /proc's tables; kB where there are units. */
static long read_number(const char *path, const char *name) {
  char line[256];
  long number = -1;
  FILE *file = fopen(path, "r");
  while (file && number < 0 && fgets(line, sizeof line, file))
    if (strncmp(line, name, strlen(name)) == 0)
      number = atol(line + strlen(name));
  if (file)
    fclose(file);
  return number;
}

static long resident_kb(void) {
  return read_number("/proc/self/status", "VmRSS:");
}

static long available_kb(void) {
  return read_number("/proc/meminfo", "MemAvailable:");
}

/* ---- Runs ------------------------------------------------------------------------------------ */

/* A VM that obeys what comes from `in`. True: it ended with 0. */
static bool run_module(const char *module, int in, int out, bool in_process) {
  const struct hermit_wasm_dir dir = {.host = share, .guest = "."};
  struct hermit_wasm_config config = {.module = module,
                                      .dirs = &dir,
                                      .dir_count = 1,
                                      .stdio = {in, out, STDERR_FILENO},
                                      .in_process = in_process};
  struct hermit_wasm_result result;
  hermit_wasm_run(&config, &result);
  if (result.outcome == HERMIT_WASM_FAILED)
    fprintf(stderr, "# %s\n", result.error);
  return hermit_wasm_exit_status(&result) == 0;
}

/* Each start opens, writes and reads a file of the shared directory. */
static bool test_starts(const char *module, long starts) {
  static const char commands[] = "open f w\nflood 100\nclose\ncat f\ncount .\n";
  char path[128];
  snprintf(path, sizeof path, "%s/commands", share);
  int in = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  int out = open("/dev/null", O_WRONLY | O_CLOEXEC);
  if (in < 0 || out < 0 || write(in, commands, strlen(commands)) != (ssize_t)strlen(commands))
    fail(path);
  long descriptors = count_descriptors(), resident = 0, failures = 0;
  double begin = now_s();
  for (long i = 0; i < starts; i++) {
    lseek(in, 0, SEEK_SET);
    failures += !run_module(module, in, out, false);
    if (i == starts / 10)
      resident = resident_kb();
  }
  long now = count_descriptors(), growth = resident_kb() - resident;
  printf("# %ld starts, %.2f ms each; descriptors %ld to %ld; memory %ld kB, grew by %ld kB\n",
         starts, (now_s() - begin) * 1e3 / (double)starts, descriptors, now, resident, growth);
  close(in);
  close(out);
  return failures == 0 && now == descriptors && growth <= SLACK_KB;
}

struct vm {
  pid_t pid;
  int to, from;
};

/* A process with a VM; the library hosts it there. */
static void start_vm(struct vm *vm, const char *module) {
  int in[2], out[2];
  if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0)
    fail("pipe");
  vm->pid = fork();
  if (vm->pid < 0)
    fail("fork");
  if (vm->pid == 0)
    _exit(run_module(module, in[0], out[1], true) ? 0 : 1);
  close(in[0]);
  close(out[1]);
  vm->to = in[1];
  vm->from = out[0];
}

/* Asks and takes one line of answer. */
static bool ask_vm(const struct vm *vm, const char *command, const char *answer) {
  char line[64] = "";
  if (write(vm->to, command, strlen(command)) < 0)
    return false;
  for (size_t length = 0; length < sizeof line - 1 && !strchr(line, '\n'); length++)
    if (read(vm->from, line + length, 1) != 1)
      return false;
  return strcmp(line, answer) == 0;
}

static bool end_vm(const struct vm *vm) {
  int status = -1;
  close(vm->to);
  close(vm->from);
  return waitpid(vm->pid, &status, 0) == vm->pid && status == 0;
}

/* All are there at once: each has answered before the first one ends. */
static bool test_at_once(const char *module, long vms) {
  static struct vm all[VMS_MAX];
  long descriptors = count_descriptors(), before = available_kb(), right = 0, ended = 0;
  double begin = now_s();
  for (long i = 0; i < vms; i++)
    start_vm(&all[i], module);
  for (long i = 0; i < vms; i++)
    right += ask_vm(&all[i], "open at-once a\n", "ok\n") && ask_vm(&all[i], "write x\n", "ok\n");
  long taken = before - available_kb();
  for (long i = 0; i < vms; i++)
    ended += end_vm(&all[i]);
  long now = count_descriptors();
  printf("# %ld VMs at once, %.2f s in all; %ld kB of the host's memory each, %ld kB less free "
         "on the whole host afterwards; descriptors %ld to %ld\n",
         vms, now_s() - begin, taken / vms, before - available_kb(), descriptors, now);
  return right == vms && ended == vms && now == descriptors;
}

static void remove_share(void) {
  static const char *const names[] = {"commands", "f", "at-once"};
  int directory = open(share, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  for (size_t i = 0; i < 3; i++)
    unlinkat(directory, names[i], 0);
  close(directory);
  rmdir(share);
}

int main(int argc, char **argv) {
  long starts = argc == 4 ? atol(argv[2]) : 0, vms = argc == 4 ? atol(argv[3]) : 0;
  if (starts < 10 || vms < 1 || vms > VMS_MAX || !mkdtemp(share))
    fail("soak MODULE STARTS VMS");
  setvbuf(stdout, NULL, _IOLBF, 0);
  bool in_a_row = test_starts(argv[1], starts);
  printf("%sok 1 - starts in a row leave nothing behind\n", in_a_row ? "" : "not ");
  bool at_once = test_at_once(argv[1], vms);
  remove_share();
  printf("%sok 2 - VMs at once, which all work and all end\n1..2\n", at_once ? "" : "not ");
  return in_a_row && at_once ? 0 : 1;
}
