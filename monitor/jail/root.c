/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The changed root: no absolute path leads into the host's tree.
 *
 * It covers what Landlock does not judge (stat, times, reading links), and is all there is for
 * files on a kernel without Landlock. There ".." from a shared directory's descriptor still leads
 * out: only mount namespaces would stop it, and they cost about 150 us with their removal. */
#include "monitor/jail/parts.h"
#include <sched.h>
#include <unistd.h>

/* A directory that always exists and holds only what the process has anyway. The file server
 * reopens files through it; as it is the root, ".." from the descriptor it does that with stays
 * inside. */
static bool change_root(void) {
  return chroot("/proc/self/fd") == 0 && chdir("/") == 0;
}

/* chroot needs CAP_SYS_CHROOT, which everybody has in a user namespace of their own, where the
 * host permits one. Files still belong to and are made by the same user: no identity is mapped,
 * and the kernel compares its own. The namespace costs about 20 us. */
enum jail_root jail_change_root(void) {
  if (change_root() || (unshare(CLONE_NEWUSER) == 0 && change_root()))
    return JAIL_ROOT_OWN;
  return JAIL_ROOT_UNCHANGED;
}
