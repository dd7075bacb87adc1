/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A directory of the host as a wasi_fs: a table of nodes, each an O_PATH descriptor, as a FUSE
 * server keeps them. Files are opened through /proc/self/fd, so nothing depends on names. */
#include "wasi/posix/posix.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define NS_PER_S 1000000000ull

struct node {
  int fd; /* O_PATH; -1: free */
  dev_t dev;
  ino_t ino;
  uint64_t lookups;
};

struct posix_fs {
  struct wasi_fs fs;
  struct node *nodes; /* node n is nodes[n - 1]; nodes[0] is the root */
  size_t node_count;
  size_t files, directories; /* open handles */
};

static struct posix_fs *posix_of(struct wasi_fs *fs) {
  return (struct posix_fs *)fs;
}

/* WASI only names nodes it holds; anything else is its bug. */
static struct node *node_at(struct wasi_fs *fs, wasi_node id) {
  struct posix_fs *posix = posix_of(fs);
  if (!id || id > posix->node_count || posix->nodes[id - 1].fd < 0) {
    fprintf(stderr, "wasi/posix: node %llu is not held\n", (unsigned long long)id);
    abort();
  }
  return &posix->nodes[id - 1];
}

static int fd_of(struct wasi_fs *fs, wasi_node id) {
  return node_at(fs, id)->fd;
}

/* Handles are descriptors plus one, so that 0 is none. */
static int fd_of_handle(wasi_handle handle) {
  return (int)handle - 1;
}

/* The one gate for names; WASI sees to it too, and a server must not rely on that. */
static int copy_name(char copy[NAME_MAX + 1], const char *name, size_t length) {
  if (!length || length > NAME_MAX || memchr(name, '/', length) || memchr(name, 0, length) ||
      (name[0] == '.' && (length == 1 || (length == 2 && name[1] == '.')))) {
    fprintf(stderr, "wasi/posix: not a name: '%.*s'\n", (int)length, name);
    abort();
  }
  memcpy(copy, name, length);
  copy[length] = 0;
  return 0;
}

struct proc_path {
  char text[32];
};

static struct proc_path proc_path(int fd) {
  struct proc_path path;
  snprintf(path.text, sizeof path.text, "/proc/self/fd/%d", fd);
  return path;
}

static int result_of(int result) {
  return result < 0 ? errno : 0;
}

/* ---- Nodes ----------------------------------------------------------------------------------- */

static uint64_t nanoseconds(struct timespec time) {
  return (uint64_t)time.tv_sec * NS_PER_S + (uint64_t)time.tv_nsec;
}

void wasi_posix_set_attr(struct wasi_attr *attr, const struct stat *status) {
  *attr = (struct wasi_attr){.ino = status->st_ino,
                             .dev = status->st_dev,
                             .size = (uint64_t)status->st_size,
                             .nlink = status->st_nlink,
                             .atime_ns = nanoseconds(status->st_atim),
                             .mtime_ns = nanoseconds(status->st_mtim),
                             .ctime_ns = nanoseconds(status->st_ctim),
                             .mode = status->st_mode};
}

/* The node of an O_PATH descriptor, which is taken over: a known one, or a new one. */
static int add_node(struct posix_fs *posix, int fd, wasi_node *node, struct wasi_attr *attr) {
  struct stat status;
  if (fstat(fd, &status)) {
    int error = errno;
    close(fd);
    return error;
  }
  wasi_posix_set_attr(attr, &status);
  size_t free_at = posix->node_count;
  for (size_t i = 0; i < posix->node_count; i++) {
    struct node *known = &posix->nodes[i];
    if (known->fd < 0) {
      free_at = i;
    } else if (known->dev == status.st_dev && known->ino == status.st_ino) {
      close(fd);
      known->lookups++;
      *node = i + 1;
      return 0;
    }
  }
  if (free_at == posix->node_count) {
    struct node *nodes = realloc(posix->nodes, (posix->node_count + 1) * sizeof *nodes);
    if (!nodes) {
      close(fd);
      return ENOMEM;
    }
    posix->nodes = nodes;
    posix->node_count++;
  }
  posix->nodes[free_at] = (struct node){fd, status.st_dev, status.st_ino, 1};
  *node = free_at + 1;
  return 0;
}

/* O_PATH opens anything without side effects, links and devices included. */
static int fs_lookup(struct wasi_fs *fs, wasi_node dir, const char *name, size_t length,
                     wasi_node *node, struct wasi_attr *attr) {
  char copy[NAME_MAX + 1];
  copy_name(copy, name, length);
  int fd = openat(fd_of(fs, dir), copy, O_PATH | O_NOFOLLOW | O_CLOEXEC);
  return fd < 0 ? errno : add_node(posix_of(fs), fd, node, attr);
}

/* The last of as many forgets as lookups frees the node. */
static void fs_forget(struct wasi_fs *fs, wasi_node id) {
  struct node *node = node_at(fs, id);
  if (id == WASI_ROOT_NODE || --node->lookups)
    return;
  close(node->fd);
  node->fd = -1;
}

/* Through the handle if there is one: the node's descriptor would do as well, but a server that
 * goes by handles should see them used. */
static int fs_getattr(struct wasi_fs *fs, wasi_node node, wasi_handle handle,
                      struct wasi_attr *attr) {
  struct stat status;
  if (fstat(handle ? fd_of_handle(handle) : fd_of(fs, node), &status))
    return errno;
  wasi_posix_set_attr(attr, &status);
  return 0;
}

static int fs_size(struct wasi_fs *fs, wasi_node node, wasi_handle handle, uint64_t *size) {
  struct wasi_attr attr;
  int error = fs_getattr(fs, node, handle, &attr);
  if (!error)
    *size = attr.size;
  return error;
}

static struct timespec time_to_set(uint32_t valid, uint32_t given, uint32_t now, uint64_t ns) {
  if (valid & now)
    return (struct timespec){.tv_nsec = UTIME_NOW};
  if (!(valid & given))
    return (struct timespec){.tv_nsec = UTIME_OMIT};
  return (struct timespec){(time_t)(ns / NS_PER_S), (long)(ns % NS_PER_S)};
}

/* By node where there is no handle: through /proc for the size, which follows no link because the
 * node is the object itself; by descriptor for times, which also does for links. */
static int fs_setattr(struct wasi_fs *fs, wasi_node node, wasi_handle handle,
                      const struct wasi_setattr *set) {
  int fd = fd_of(fs, node);
  if (fs->read_only)
    return EROFS;
  if (set->valid & WASI_SET_SIZE) {
    int result = handle ? ftruncate(fd_of_handle(handle), (off_t)set->size)
                        : truncate(proc_path(fd).text, (off_t)set->size);
    if (result)
      return errno;
  }
  if (!(set->valid & ~WASI_SET_SIZE))
    return 0;
  struct timespec times[2] = {
      time_to_set(set->valid, WASI_SET_ATIME, WASI_SET_ATIME_NOW, set->atime_ns),
      time_to_set(set->valid, WASI_SET_MTIME, WASI_SET_MTIME_NOW, set->mtime_ns)};
  return result_of(utimensat(fd, "", times, AT_EMPTY_PATH));
}

static int fs_readlink(struct wasi_fs *fs, wasi_node node, char *buffer, size_t size,
                       size_t *length) {
  ssize_t got = readlinkat(fd_of(fs, node), "", buffer, size);
  if (got < 0)
    return errno == ENOENT ? EINVAL : errno; /* what an empty path gives for other types */
  *length = (size_t)got;
  return 0;
}

/* ---- Names ----------------------------------------------------------------------------------- */

static int fs_symlink(struct wasi_fs *fs, wasi_node dir, const char *name, size_t length,
                      const char *target, size_t target_length) {
  char copy[NAME_MAX + 1], target_copy[PATH_MAX];
  copy_name(copy, name, length);
  if (fs->read_only)
    return EROFS;
  if (target_length >= sizeof target_copy)
    return ENAMETOOLONG;
  memcpy(target_copy, target, target_length);
  target_copy[target_length] = 0;
  return result_of(symlinkat(target_copy, fd_of(fs, dir), copy));
}

static int fs_mkdir(struct wasi_fs *fs, wasi_node dir, const char *name, size_t length,
                    uint32_t mode) {
  char copy[NAME_MAX + 1];
  copy_name(copy, name, length);
  return fs->read_only ? EROFS : result_of(mkdirat(fd_of(fs, dir), copy, mode));
}

static int remove_name(struct wasi_fs *fs, wasi_node dir, const char *name, size_t length,
                       int flags) {
  char copy[NAME_MAX + 1];
  copy_name(copy, name, length);
  return fs->read_only ? EROFS : result_of(unlinkat(fd_of(fs, dir), copy, flags));
}

static int fs_unlink(struct wasi_fs *fs, wasi_node dir, const char *name, size_t length) {
  return remove_name(fs, dir, name, length, 0);
}

static int fs_rmdir(struct wasi_fs *fs, wasi_node dir, const char *name, size_t length) {
  return remove_name(fs, dir, name, length, AT_REMOVEDIR);
}

static int fs_rename(struct wasi_fs *fs, wasi_node from_dir, const char *from, size_t from_length,
                     wasi_node to_dir, const char *to, size_t to_length) {
  char from_copy[NAME_MAX + 1], to_copy[NAME_MAX + 1];
  copy_name(from_copy, from, from_length);
  copy_name(to_copy, to, to_length);
  if (fs->read_only)
    return EROFS;
  return result_of(renameat(fd_of(fs, from_dir), from_copy, fd_of(fs, to_dir), to_copy));
}

/* Through /proc, as a node has no name; what is followed there is /proc's link only. */
static int fs_link(struct wasi_fs *fs, wasi_node node, wasi_node dir, const char *name,
                   size_t length) {
  char copy[NAME_MAX + 1];
  copy_name(copy, name, length);
  if (fs->read_only)
    return EROFS;
  return result_of(
      linkat(AT_FDCWD, proc_path(fd_of(fs, node)).text, fd_of(fs, dir), copy, AT_SYMLINK_FOLLOW));
}

/* ---- Files ----------------------------------------------------------------------------------- */

static bool wants_write(uint32_t flags) {
  return (flags & O_ACCMODE) != O_RDONLY || flags & (O_TRUNC | O_CREAT);
}

static int fs_open(struct wasi_fs *fs, wasi_node node, uint32_t flags, wasi_handle *handle) {
  struct stat status;
  if (fs->read_only && wants_write(flags))
    return EROFS;
  if (fstat(fd_of(fs, node), &status))
    return errno;
  if (!S_ISREG(status.st_mode))
    return EACCES; /* devices and pipes would reach out of the directory */
  int fd = open(proc_path(fd_of(fs, node)).text, (int)flags | O_CLOEXEC);
  if (fd < 0)
    return errno;
  posix_of(fs)->files++;
  *handle = (wasi_handle)fd + 1;
  return 0;
}

/* The new node is found through the new handle, so it is that file whatever the name is by now. */
static int fs_create(struct wasi_fs *fs, wasi_node dir, const char *name, size_t length,
                     uint32_t flags, uint32_t mode, wasi_node *node, wasi_handle *handle,
                     struct wasi_attr *attr) {
  char copy[NAME_MAX + 1];
  copy_name(copy, name, length);
  if (fs->read_only)
    return EROFS;
  int fd = openat(fd_of(fs, dir), copy, (int)flags | O_CREAT | O_NOFOLLOW | O_CLOEXEC, mode);
  if (fd < 0)
    return errno;
  int path_fd = open(proc_path(fd).text, O_PATH | O_CLOEXEC);
  int error = path_fd < 0 ? errno : add_node(posix_of(fs), path_fd, node, attr);
  if (error) {
    close(fd);
    return error;
  }
  posix_of(fs)->files++;
  *handle = (wasi_handle)fd + 1;
  return 0;
}

static int fs_release(struct wasi_fs *fs, wasi_node node, wasi_handle handle) {
  node_at(fs, node);
  posix_of(fs)->files--;
  return result_of(close(fd_of_handle(handle)));
}

static int fs_read(struct wasi_fs *fs, wasi_node node, wasi_handle handle, uint64_t offset,
                   const struct wasi_slice *slices, size_t slice_count, size_t *count) {
  node_at(fs, node);
  ssize_t moved =
      preadv(fd_of_handle(handle), (const struct iovec *)slices, (int)slice_count, (off_t)offset);
  if (moved < 0)
    return errno;
  *count = (size_t)moved;
  return 0;
}

static int fs_write(struct wasi_fs *fs, wasi_node node, wasi_handle handle, uint64_t offset,
                    const struct wasi_slice *slices, size_t slice_count, size_t *count) {
  node_at(fs, node);
  ssize_t moved =
      pwritev(fd_of_handle(handle), (const struct iovec *)slices, (int)slice_count, (off_t)offset);
  if (moved < 0)
    return errno;
  *count = (size_t)moved;
  return 0;
}

static int fs_fsync(struct wasi_fs *fs, wasi_node node, wasi_handle handle, bool data_only,
                    bool is_dir) {
  node_at(fs, node);
  int fd = is_dir ? dirfd((DIR *)(uintptr_t)handle) : fd_of_handle(handle);
  return result_of(data_only ? fdatasync(fd) : fsync(fd));
}

static int fs_allocate(struct wasi_fs *fs, wasi_node node, wasi_handle handle, uint64_t offset,
                       uint64_t length) {
  node_at(fs, node);
  return result_of(fallocate(fd_of_handle(handle), 0, (off_t)offset, (off_t)length));
}

/* ---- Directories ----------------------------------------------------------------------------- */

static int fs_opendir(struct wasi_fs *fs, wasi_node node, wasi_handle *handle) {
  int fd = openat(fd_of(fs, node), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0)
    return errno;
  DIR *dir = fdopendir(fd);
  if (!dir) {
    close(fd);
    return ENOMEM;
  }
  posix_of(fs)->directories++;
  *handle = (uintptr_t)dir;
  return 0;
}

static int fs_releasedir(struct wasi_fs *fs, wasi_node node, wasi_handle handle) {
  node_at(fs, node);
  posix_of(fs)->directories--;
  return result_of(closedir((DIR *)(uintptr_t)handle));
}

/* telldir's positions are the kernel's own cookies, which outlive changes to the directory. */
static int fs_readdir(struct wasi_fs *fs, wasi_node node, wasi_handle handle, uint64_t offset,
                      wasi_dirent_callback *callback, void *context) {
  DIR *dir = (DIR *)(uintptr_t)handle;
  node_at(fs, node);
  if (offset > LONG_MAX)
    return EINVAL;
  if (offset)
    seekdir(dir, (long)offset);
  else
    rewinddir(dir);
  for (;;) {
    errno = 0;
    struct dirent *entry = readdir(dir);
    if (!entry)
      return errno;
    struct wasi_dirent seen = {.ino = entry->d_ino,
                               .next = (uint64_t)telldir(dir),
                               .type = entry->d_type,
                               .name_length = (uint32_t)strlen(entry->d_name),
                               .name = entry->d_name};
    if (!callback(context, &seen))
      return 0;
  }
}

/* ---- The file system itself ------------------------------------------------------------------ */

static const struct wasi_fs_ops FS_OPS = {
    .lookup = fs_lookup,
    .forget = fs_forget,
    .getattr = fs_getattr,
    .size = fs_size,
    .setattr = fs_setattr,
    .readlink = fs_readlink,
    .symlink = fs_symlink,
    .mkdir = fs_mkdir,
    .unlink = fs_unlink,
    .rmdir = fs_rmdir,
    .rename = fs_rename,
    .link = fs_link,
    .open = fs_open,
    .create = fs_create,
    .release = fs_release,
    .read = fs_read,
    .write = fs_write,
    .fsync = fs_fsync,
    .allocate = fs_allocate,
    .opendir = fs_opendir,
    .releasedir = fs_releasedir,
    .readdir = fs_readdir,
};

struct wasi_fs *wasi_posix_fs_new(int directory, bool read_only) {
  struct posix_fs *posix = calloc(1, sizeof *posix);
  wasi_node root;
  struct wasi_attr attr;
  int fd = openat(directory, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
  close(directory);
  if (!posix || fd < 0 || add_node(posix, fd, &root, &attr)) {
    free(posix);
    return NULL;
  }
  posix->fs = (struct wasi_fs){&FS_OPS, read_only};
  return &posix->fs;
}

struct wasi_posix_left wasi_posix_fs_left(const struct wasi_fs *fs) {
  const struct posix_fs *posix = (const struct posix_fs *)fs;
  struct wasi_posix_left left = {0, posix->files, posix->directories};
  for (size_t i = 1; i < posix->node_count; i++)
    left.nodes += posix->nodes[i].fd >= 0;
  return left;
}

void wasi_posix_fs_delete(struct wasi_fs *fs) {
  struct posix_fs *posix = posix_of(fs);
  for (size_t i = 0; i < posix->node_count; i++)
    if (posix->nodes[i].fd >= 0)
      close(posix->nodes[i].fd);
  free(posix->nodes);
  free(posix);
}
