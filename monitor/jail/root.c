/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The changed root: no absolute path leads into the host's tree.
 *
 * It also covers what Landlock does not judge (stat, times, links), and it is all there is for
 * files on a kernel without Landlock. */
#include "monitor/jail/parts.h"
#include <sched.h>
#include <unistd.h>

/* ".." stops at the root. So with one shared directory the best root is that directory: nothing
 * leads out of it. With several, or none, it is a directory that always exists and holds nothing
 * but numbers of our own descriptors, none of which can be written. */
static bool change_root(const struct jail_config *config) {
  if (config->directory_count == 1)
    return fchdir(config->directories[0].fd) == 0 && chroot(".") == 0;
  return chroot("/proc/self/fdinfo") == 0 && chdir("/") == 0;
}

/* chroot needs CAP_SYS_CHROOT, which everybody has in a user namespace of their own, where the
 * host permits one. Files still belong to and are made by the same user: no identity is mapped,
 * and the kernel compares its own. The namespace costs about 20 us; mount namespaces, which would
 * allow an empty file system, cost about 150 us with their removal. */
enum jail_root jail_change_root(const struct jail_config *config) {
  enum jail_root root = config->directory_count == 1 ? JAIL_ROOT_SHARED : JAIL_ROOT_EMPTY;
  if (change_root(config))
    return root;
  return unshare(CLONE_NEWUSER) == 0 && change_root(config) ? root : JAIL_ROOT_UNCHANGED;
}
