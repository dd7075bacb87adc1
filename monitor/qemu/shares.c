/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* One virtiofsd for each directory. Debian 12 has QEMU's own, in C; Debian 13 the one in Rust, with
 * other options. Both listen on a socket that they are given. */
#include "monitor/qemu/qemu.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

/* QEMU's own virtiofsd lives among QEMU's other helpers. */
#define OLD_FOLDER "/usr/lib/qemu/"

/* Linux 5.12: include/uapi/linux/mount.h and fcntl.h; the C library's headers may lack them. */
#define TREE_CLONE 1u
#define TREE_RECURSIVE 0x8000u
#define TREE_EMPTY_PATH 0x1000u
#define MOVE_FROM_EMPTY_PATH 4u
#define ATTRIBUTE_READ_ONLY 1u
struct mount_attributes {
  uint64_t set, clear, propagation, userns;
};

struct share {
  char path[PATH_MAX]; /* absolute, without symbolic links */
  bool read_only;
  uid_t user;
  gid_t group;
};

/* ---- In the child ---- */

static bool write_file(const char *path, const char *text) {
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
  if (fd >= 0)
    close(fd);
  return ok;
}

/* virtiofsd jails itself, for which it has to be root; in a user namespace of its own everybody
 * is, over nothing but what they had. */
static const char *become_root(const struct share *share) {
  char line[64];
  if (unshare(CLONE_NEWUSER) != 0)
    return "a user namespace, which sharing directories takes for others than root";
  snprintf(line, sizeof line, "0 %u 1", (unsigned)share->user);
  if (!write_file("/proc/self/uid_map", line))
    return "mapping the user into a namespace";
  snprintf(line, sizeof line, "0 %u 1", (unsigned)share->group);
  if (!write_file("/proc/self/setgroups", "deny") || !write_file("/proc/self/gid_map", line))
    return "mapping the group into a namespace";
  return NULL;
}

/* In a mount namespace of its own a read-only copy of the tree covers the directory. */
static const char *make_read_only(const struct share *share) {
  if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
    return "a mount namespace for a read-only directory";
  int tree =
      (int)syscall(SYS_open_tree, AT_FDCWD, share->path, TREE_CLONE | TREE_RECURSIVE | O_CLOEXEC);
  struct mount_attributes attributes = {.set = ATTRIBUTE_READ_ONLY};
  if (tree < 0 || syscall(SYS_mount_setattr, tree, "", TREE_EMPTY_PATH | TREE_RECURSIVE,
                          &attributes, sizeof attributes) != 0)
    return "a read-only directory (needs Linux 5.12)";
  if (syscall(SYS_move_mount, tree, "", AT_FDCWD, share->path, MOVE_FROM_EMPTY_PATH) != 0)
    return "mounting a directory read-only";
  close(tree);
  return NULL;
}

static const char *prepare(const void *context) {
  const struct share *share = context;
  const char *problem = share->user == 0 ? NULL : become_root(share);
  if (!problem && share->read_only)
    problem = make_read_only(share);
  return problem;
}

/* ---- In the parent ---- */

/* A listening socket without a name that anybody could know before, and a connection to it, which
 * is the first in its queue and the only one that is ever taken. */
static bool make_sockets(int *listening, int *connected) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  socklen_t length = sizeof(sa_family_t); /* the kernel chooses an abstract name, unix(7) */
  *listening = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  *connected = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (*listening < 0 || *connected < 0 ||
      bind(*listening, (struct sockaddr *)&address, length) != 0 || listen(*listening, 1) != 0)
    return false;
  length = sizeof address;
  return getsockname(*listening, (struct sockaddr *)&address, &length) == 0 &&
         connect(*connected, (struct sockaddr *)&address, length) == 0;
}

static const char *cache_name(const struct qemu_directory *directory, bool is_old) {
  switch (directory->cache) {
  case QEMU_CACHE_NONE:
    return is_old ? "cache=none" : "--cache=never";
  case QEMU_CACHE_ALWAYS:
    return is_old ? "cache=always" : "--cache=always";
  default:
    return is_old ? "cache=auto" : "--cache=auto";
  }
}

/* "source=PATH" for the old one, whose options are divided by commas. */
static void write_source(const char *path, char option[2 * PATH_MAX + 16]) {
  char *to = stpcpy(option, "source=");
  for (; *path; path++) {
    if (*path == ',' || *path == '\\')
      *to++ = '\\';
    *to++ = *path;
  }
  *to = 0;
}

static bool start_server(struct qemu_vm *vm, size_t index, struct share *share, int listening) {
  const struct qemu_directory *directory = &vm->config->directories[index];
  const char *program = vm->config->virtiofsd;
  bool is_old = strncmp(program, OLD_FOLDER, sizeof(OLD_FOLDER) - 1) == 0;
  const char *cache = cache_name(directory, is_old);
  char socket[32], source[2 * PATH_MAX + 16];
  write_source(share->path, source);
  snprintf(socket, sizeof socket, "--fd=%d", listening);
  const char *old[] = {program, socket, "-f", "--thread-pool-size=0", "-o", source,
                       "-o",    cache,  "-o", "log_level=err",        NULL};
  const char *new[] = {program, socket, "--shared-dir", share->path, cache, "--log-level=error",
                       NULL};
  struct qemu_start start = {.arguments = is_old ? old : new,
                             .keep = &listening,
                             .keep_count = 1,
                             .prepare = prepare,
                             .context = share};
  return qemu_start_child(vm, &vm->shares[index], &start);
}

static bool start_share(struct qemu_vm *vm, size_t index) {
  const struct qemu_directory *directory = &vm->config->directories[index];
  struct share share = {.read_only = directory->read_only, .user = geteuid(), .group = getegid()};
  char *path = realpath(directory->host, NULL);
  struct stat status;
  if (!path || stat(path, &status) < 0 || (!S_ISDIR(status.st_mode) && (errno = ENOTDIR)) ||
      access(path, R_OK) != 0 || snprintf(share.path, sizeof share.path, "%s", path) < 0) {
    int reason = errno;
    free(path);
    return qemu_fail(vm, "cannot share the directory %s: %s", directory->host, strerror(reason));
  }
  free(path);
  /* virtiofsd changes its root to the directory, which does not work with the one it has. */
  if (strcmp(share.path, "/") == 0)
    return qemu_fail(vm, "QEMU's virtiofsd cannot share /: share directories below it");
  int listening = -1;
  bool ok = make_sockets(&listening, &vm->share_sockets[index]);
  if (!ok)
    qemu_fail(vm, "cannot make a socket for virtiofsd: %s", strerror(errno));
  ok = ok && start_server(vm, index, &share, listening);
  if (listening >= 0)
    close(listening);
  return ok;
}

bool qemu_start_shares(struct qemu_vm *vm) {
  const struct qemu_config *config = vm->config;
  if (config->directory_count > 0 && (!config->virtiofsd || !*config->virtiofsd))
    return qemu_fail(vm, "sharing a directory through QEMU needs virtiofsd: sudo apt-get install "
                         "virtiofsd (Debian 13) or qemu-system-common (Debian 12)");
  for (size_t i = 0; i < config->directory_count; i++)
    if (!start_share(vm, i))
      return false;
  return true;
}
