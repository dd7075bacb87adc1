/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The jail around the real monitor: the library runs a VM, and between the jail's closing and the
 * guest's first instruction its process tries to get out. TAP on stdout. */
#include "include/hermit_wasm.h"
#include "lib/run.h"
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define DESCRIPTORS 256 /* more than the monitor opens */
#define LEAKED 100      /* a descriptor of the calling program's own */

static char base[64], outside[96];

/* What the attempt found, for the parent: -1: it never came back. */
static int *found;

/* Number of descriptors from which `path` can be opened. */
static int count_openable(const char *path, int flags) {
  int count = 0;
  for (int fd = 3; fd < DESCRIPTORS; fd++)
    count += openat(fd, path, flags) >= 0;
  return count;
}

static int open_outside(void) {
  return (openat(AT_FDCWD, outside, O_RDONLY) >= 0) + (openat(AT_FDCWD, "/etc/passwd", 0) >= 0);
}

static int open_outside_by_parent(void) {
  return count_openable("../outside.txt", O_RDONLY);
}

static int open_outside_from_root(void) {
  char path[128];
  snprintf(path, sizeof path, "../../../../..%s", outside);
  return count_openable(path, O_RDONLY);
}

static int read_shared(void) {
  return count_openable("inside.txt", O_RDONLY);
}

static int write_shared(void) {
  return count_openable("inside.txt", O_WRONLY);
}

static int find_leaked(void) {
  struct stat facts;
  return fstat(LEAKED, &facts) == 0;
}

static int make_socket(void) {
  return socket(AF_INET, SOCK_STREAM, 0);
}

static int run_program(void) {
  char *const arguments[] = {"true", NULL};
  return execv("/bin/true", arguments);
}

static int trace_parent(void) {
  return (int)syscall(SYS_ptrace, 16, getpid(), 0, 0);
}

static int map_code(void) {
  return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) !=
         MAP_FAILED;
}

static const struct attempt {
  const char *name;
  int (*attempt)(void);
  int found; /* -1: the process must end in the attempt */
} attempts[] = {
    {"files outside, by absolute paths", open_outside, 0},
    {"a file outside, by \"..\" from any descriptor", open_outside_by_parent, 0},
    {"a file outside, by \"..\" up to the root", open_outside_from_root, 0},
    {"shared files can be read", read_shared, 2},
    {"a shared file can be written, not the read-only one", write_shared, 1},
    {"a descriptor of the calling program", find_leaked, 0},
    {"a socket", make_socket, -1},
    {"another program", run_program, -1},
    {"the parent's memory", trace_parent, -1},
    {"memory for code", map_code, -1},
};

static const struct attempt *current;

void monitor_after_jail(void) {
  *found = current->attempt();
}

/* ---- */

static void need(bool works, const char *what) {
  if (works)
    return;
  printf("Bail out! %s: %s\n", what, strerror(errno));
  exit(1);
}

static void make_file(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void make_file(const char *format, ...) {
  char path[128];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(path, sizeof path, format, arguments);
  va_end(arguments);
  int file = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
  need(file >= 0 && write(file, "\0asm\1\0\0", 8) == 8 && close(file) == 0, path);
}

static void make_share(const char *name, char *path, size_t size) {
  snprintf(path, size, "%s/%s", base, name);
  need(mkdir(path, 0755) == 0, path);
  make_file("%s/inside.txt", path);
}

static void test(int number, const struct attempt *attempt, const char *shared,
                 const char *readonly, int *failed) {
  const struct hermit_wasm_dir dirs[] = {{shared, "shared", false, HERMIT_WASM_CACHE_AUTO},
                                         {readonly, "readonly", true, HERMIT_WASM_CACHE_AUTO}};
  const char *args[] = {"report_is_absurd"}; /* the hostile guest that just ends */
  int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  struct hermit_wasm_config config = {.module = outside,
                                      .args = args,
                                      .arg_count = 1,
                                      .dirs = dirs,
                                      .dir_count = 2,
                                      .guest_image = HOSTILE_IMAGE,
                                      .timeout_ms = 60000,
                                      .stdio = {null, null, null}};
  struct hermit_wasm_result result;
  current = attempt;
  *found = -1;
  hermit_wasm_run(&config, &result);
  close(null);
  /* A forbidden call ends the monitor's process; after any other attempt the guest still runs. */
  int status = attempt->found < 0 ? 125 : 0;
  bool passed = *found == attempt->found && hermit_wasm_exit_status(&result) == status;
  printf("%s %d - %s\n", passed ? "ok" : "not ok", number, attempt->name);
  if (!passed)
    printf("# found %d, wanted %d; status %d; %s\n", *found, attempt->found,
           hermit_wasm_exit_status(&result), result.error);
  *failed += !passed;
}

int main(void) {
  struct hermit_wasm_host host;
  char shared[96], readonly[96], command[96];
  int failed = 0, number = 0;
  hermit_wasm_probe_host(&host);
  if (!host.kvm_usable) {
    printf("1..0 # SKIP no usable KVM: %s\n", host.kvm_error);
    return 0;
  }
  snprintf(base, sizeof base, "/tmp/hermit-jail-XXXXXX");
  need(mkdtemp(base) != NULL, base);
  snprintf(outside, sizeof outside, "%s/outside.txt", base);
  make_file("%s", outside);
  make_share("shared", shared, sizeof shared);
  make_share("readonly", readonly, sizeof readonly);
  need(dup2(0, LEAKED) == LEAKED, "dup2");
  found = mmap(NULL, sizeof *found, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  need(found != MAP_FAILED, "mmap");
  for (size_t i = 0; i < sizeof attempts / sizeof *attempts; i++)
    test(++number, &attempts[i], shared, readonly, &failed);
  printf("1..%d\n", number);
  snprintf(command, sizeof command, "rm -rf %s", base);
  need(system(command) == 0, command);
  return failed != 0;
}
