/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Landlock: files can be reached only beneath the shared directories
 * (Documentation/userspace-api/landlock.rst of Linux).
 *
 * Landlock judges an open by the file's place in the tree, however the file was named, so it also
 * stops ".." from a shared directory's descriptor. It adds up rights along the path: a read-only
 * directory inside a writable one is writable as far as Landlock goes, and the file server alone
 * keeps it read-only. It does not judge stat, utimensat or readlink; the changed root does. */
#include "monitor/jail/parts.h"
#include <errno.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What newer kernels know and the oldest supported headers do not. The interface only grows. */
#define ACCESS_FS_TRUNCATE (1ull << 14)        /* version 3 */
#define ACCESS_FS_IOCTL_DEVICE (1ull << 15)    /* version 5 */
#define ACCESS_NET_BIND_TCP (1ull << 0)        /* version 4 */
#define ACCESS_NET_CONNECT_TCP (1ull << 1)     /* version 4 */
#define SCOPE_ABSTRACT_UNIX_SOCKET (1ull << 0) /* version 6 */
#define SCOPE_SIGNAL (1ull << 1)               /* version 6 */

/* struct landlock_ruleset_attr as of version 6. Older kernels take the longer structure as long as
 * what they do not know is zero. */
struct ruleset {
  uint64_t handled_access_fs;
  uint64_t handled_access_net;
  uint64_t scoped;
};

#define RIGHTS_READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)

/* Without the making of devices, sockets and FIFOs, and without execution: no WASI program can ask
 * for them. */
#define RIGHTS_WRITE                                                                               \
  (RIGHTS_READ | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |                   \
   LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |    \
   LANDLOCK_ACCESS_FS_MAKE_SYM | LANDLOCK_ACCESS_FS_REFER | ACCESS_FS_TRUNCATE)

/* Everything that version `abi` can forbid. */
static struct ruleset make_ruleset(int abi) {
  /* Version 1: bits 0 to 12. There, moving a file to another directory is always refused. */
  struct ruleset rules = {.handled_access_fs = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1};
  if (abi >= 2)
    rules.handled_access_fs |= LANDLOCK_ACCESS_FS_REFER;
  if (abi >= 3)
    rules.handled_access_fs |= ACCESS_FS_TRUNCATE;
  if (abi >= 4)
    rules.handled_access_net = ACCESS_NET_BIND_TCP | ACCESS_NET_CONNECT_TCP;
  if (abi >= 5)
    rules.handled_access_fs |= ACCESS_FS_IOCTL_DEVICE;
  if (abi >= 6)
    rules.scoped = SCOPE_ABSTRACT_UNIX_SOCKET | SCOPE_SIGNAL;
  return rules;
}

/* Rights that the ruleset does not handle must not stand in a rule, or the kernel refuses it. */
static bool allow_directory(int ruleset, const struct jail_directory *directory, uint64_t handled) {
  struct landlock_path_beneath_attr rule = {
      .allowed_access = (directory->read_only ? RIGHTS_READ : RIGHTS_WRITE) & handled,
      .parent_fd = directory->fd,
  };
  return syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0u) == 0;
}

static bool apply_rules(int ruleset, const struct jail_config *config, uint64_t handled) {
  for (size_t i = 0; i < config->directory_count; i++) {
    if (!allow_directory(ruleset, &config->directories[i], handled))
      return false;
  }
  return syscall(SYS_landlock_restrict_self, ruleset, 0u) == 0;
}

bool jail_restrict_files(const struct jail_config *config, int abi) {
  struct ruleset rules = make_ruleset(abi);
  int ruleset = (int)syscall(SYS_landlock_create_ruleset, &rules, sizeof rules, 0u);
  if (ruleset < 0)
    return false;
  bool done = apply_rules(ruleset, config, rules.handled_access_fs);
  int reason = errno;
  close(ruleset);
  errno = reason;
  return done;
}

int jail_landlock_abi(void) {
  long abi = syscall(SYS_landlock_create_ruleset, NULL, (size_t)0, LANDLOCK_CREATE_RULESET_VERSION);
  return abi > 0 ? (int)abi : 0; /* ENOSYS: not built in; EOPNOTSUPP: switched off at boot */
}
