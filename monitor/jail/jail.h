/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The jail: closes the monitor's process for good before the first guest instruction.
 *
 * Two steps. jail_close_inherited, before the monitor opens anything: from then on every descriptor
 * is one that the monitor means to have. jail_enter, when all is prepared. What stands afterwards:
 *   - "/" is a place that holds nothing but the process's own descriptors;
 *   - Landlock: files only beneath the shared directories, no TCP, no signals or abstract sockets
 *     to the outside;
 *   - no capabilities, none to be gained (no_new_privs), no core dump, no ptrace by others;
 *   - seccomp: only the system calls of syscalls.def. Any other ends the process with
 *     JAIL_EXIT_STATUS and one line on `violation_fd`.
 */
#ifndef MONITOR_JAIL_JAIL_H
#define MONITOR_JAIL_JAIL_H

#include <stdbool.h>
#include <stddef.h>

#define JAIL_EXIT_STATUS 125

/* A directory that the file server may still use. */
struct jail_directory {
  int fd; /* O_PATH is enough; stays open */
  bool read_only;
};

struct jail_config {
  const struct jail_directory *directories;
  size_t directory_count;
  bool listening;   /* there are listening sockets: accepting from them is allowed */
  int violation_fd; /* where a forbidden system call is reported, -1: nowhere */
};

/* Where "/" leads after the jail closed. */
enum jail_root {
  JAIL_ROOT_UNCHANGED, /* the host did not permit a change; Landlock still guards the files */
  JAIL_ROOT_OWN,       /* to the process's own descriptors: no absolute path leads to the host */
};

/* Which of the walls that depend on the host stand. The others always do. */
struct jail_report {
  int landlock_abi; /* 0: this kernel has no Landlock, or it is switched off */
  enum jail_root root;
};

/* Closes all descriptors but those in `keep`; negative ones are skipped. False: *error says why in
 * one line. */
bool jail_close_inherited(const int *keep, size_t count, char *error, size_t error_size);

/* Closes the jail around the calling process, which must have a single thread. There is no way
 * back. False: a wall that every supported host has could not be raised; *error says which in one
 * line, and the process must run no guest: some walls may stand already. */
bool jail_enter(const struct jail_config *config, struct jail_report *report, char *error,
                size_t error_size);

/* Says in one line which walls stand, and which this host lacks. */
void jail_describe(const struct jail_report *report, char *line, size_t size);

/* Version of Landlock's interface this kernel offers; 0: none. */
int jail_landlock_abi(void);

#endif
