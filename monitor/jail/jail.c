/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Raises the jail's walls in the one order that works: each step may need what the next removes. */
#include "monitor/jail/jail.h"
#include "monitor/jail/parts.h"
#include <errno.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The one variable of the process: a signal's handler is given no context. Written once. */
static int violation_report_fd = -1;

static bool fail(char *error, size_t size, const char *what) {
  snprintf(error, size, "cannot jail the monitor: %s: %s", what, strerror(errno));
  return false;
}

/* Descriptors. */

/* The smallest descriptor in `keep` that is at least `from`; UINT_MAX when there is none. */
static unsigned next_kept(const int *keep, size_t count, unsigned from) {
  unsigned next = UINT_MAX;
  for (size_t i = 0; i < count; i++) {
    if (keep[i] >= 0 && (unsigned)keep[i] >= from && (unsigned)keep[i] < next)
      next = (unsigned)keep[i];
  }
  return next;
}

/* Closes the gaps between kept descriptors. */
bool jail_close_inherited(const int *keep, size_t count, char *error, size_t error_size) {
  unsigned first = 0;
  for (;;) {
    unsigned kept = next_kept(keep, count, first);
    unsigned last = kept == UINT_MAX ? kept : kept - 1;
    if (kept != first && syscall(SYS_close_range, first, last, 0u) != 0)
      return fail(error, error_size, "closing inherited descriptors (needs Linux 5.9)");
    if (kept == UINT_MAX)
      return true;
    first = kept + 1;
  }
}

/* Privileges. */

/* Empties the permitted, effective and inheritable sets, and with them the ambient one. Nothing
 * can fill them again: that takes execve, which is forbidden and under no_new_privs gives none, or
 * a new user namespace, which is forbidden too. For the same reason the bounding set, which only
 * execve looks at, is left alone: emptying it takes 41 system calls and 45 to 120 us. */
static bool drop_capabilities(void) {
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
  struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0}};
  return syscall(SYS_capset, &header, none) == 0;
}

/* Seccomp. */

/* A number in decimal without the C library: this runs in a signal's handler. */
static char *print_decimal(char *to, unsigned value) {
  if (value >= 10)
    to = print_decimal(to, value / 10);
  *to++ = (char)('0' + value % 10);
  return to;
}

/* The kernel has refused the call before this runs. It is either a bug of ours, which the line
 * makes easy to find, or the guest has taken over this process, for which it is the end. */
static void report_violation(int signal, siginfo_t *info, void *context) {
  (void)signal, (void)context;
  char line[128] = "hermit-wasm: internal error: the jail forbids system call ";
  char *end = print_decimal(line + strlen(line), (unsigned)info->si_syscall);
  *end++ = '\n';
  if (violation_report_fd >= 0 && write(violation_report_fd, line, (size_t)(end - line)) < 0)
    _exit(JAIL_EXIT_STATUS);
  _exit(JAIL_EXIT_STATUS);
}

static bool catch_violations(int report_fd) {
  struct sigaction action = {.sa_sigaction = report_violation, .sa_flags = SA_SIGINFO};
  violation_report_fd = report_fd;
  sigfillset(&action.sa_mask);
  return sigaction(SIGSYS, &action, NULL) == 0;
}

/* TSYNC: other threads, which must not exist, do not escape; their next wait ends the process. */
static bool load_filter(bool listening) {
  struct sock_fprog program = {
      .len = listening ? jail_filter_listening_length : jail_filter_length,
      .filter = (struct sock_filter *)(listening ? jail_filter_listening : jail_filter),
  };
  return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) == 0;
}

bool jail_enter(const struct jail_config *config, struct jail_report *report, char *error,
                size_t error_size) {
  *report = (struct jail_report){.landlock_abi = jail_landlock_abi()};
  /* Before the capabilities go, before /proc/self belongs to root (PR_SET_DUMPABLE). */
  report->root = jail_change_root();
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
    return fail(error, error_size, "no_new_privs");
  if (report->landlock_abi > 0 && !jail_restrict_files(config, report->landlock_abi))
    return fail(error, error_size, "Landlock");
  if (!drop_capabilities())
    return fail(error, error_size, "dropping capabilities");
  if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
    return fail(error, error_size, "forbidding core dumps and ptrace");
  if (!catch_violations(config->violation_fd))
    return fail(error, error_size, "a handler for SIGSYS");
  if (!load_filter(config->listening))
    return fail(error, error_size, "seccomp (the kernel needs CONFIG_SECCOMP_FILTER)");
  return true;
}

void jail_describe(const struct jail_report *report, char *line, size_t size) {
  char landlock[48] = "no Landlock in this kernel";
  const char *root = "root changed";
  const char *warning = "";
  if (report->landlock_abi > 0)
    snprintf(landlock, sizeof landlock, "Landlock version %d", report->landlock_abi);
  if (report->root == JAIL_ROOT_UNCHANGED)
    root = "root not changed (needs privileges or user namespaces)";
  if (report->landlock_abi == 0)
    warning = report->root == JAIL_ROOT_UNCHANGED
                  ? ": only the file server's own checks guard files outside shared directories"
                  : ": only the changed root guards files outside shared directories";
  snprintf(line, size, "jail: seccomp, no capabilities, %s, %s%s", landlock, root, warning);
}
