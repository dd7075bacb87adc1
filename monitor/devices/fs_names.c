/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* FUSE requests on names and attributes. Every name is one component, checked in fs.c. */
#include "monitor/devices/fs.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/statfs.h>
#include <unistd.h>

/* 0, or the errno of a system call that said -1. */
static int check_call(int result) {
  return result < 0 ? errno : 0;
}

/* What the guest learns of a file. Not the device numbers: of the host's, and for special files
 * that it could not open anyway. */
static void fill_attr(const struct stat *status, struct fuse_attr *attr) {
  *attr = (struct fuse_attr){
      .ino = status->st_ino,
      .size = (uint64_t)status->st_size,
      .blocks = (uint64_t)status->st_blocks,
      .atime = (uint64_t)status->st_atim.tv_sec,
      .mtime = (uint64_t)status->st_mtim.tv_sec,
      .ctime = (uint64_t)status->st_ctim.tv_sec,
      .atimensec = (uint32_t)status->st_atim.tv_nsec,
      .mtimensec = (uint32_t)status->st_mtim.tv_nsec,
      .ctimensec = (uint32_t)status->st_ctim.tv_nsec,
      .mode = status->st_mode,
      .nlink = (uint32_t)status->st_nlink,
      .uid = status->st_uid,
      .gid = status->st_gid,
      .blksize = (uint32_t)status->st_blksize,
  };
}

/* The host changes files without telling, so how long the guest may believe what it is told is for
 * the user to say (--dir ...:cache=). */
static uint64_t valid_seconds(const struct fs *fs) {
  static const uint64_t seconds[] = {
      [FS_CACHE_NONE] = 0, [FS_CACHE_AUTO] = 1, [FS_CACHE_ALWAYS] = 24 * 60 * 60};
  return seconds[fs->cache];
}

void fs_fill_entry(const struct fs *fs, const struct fs_node *node, const struct stat *status,
                   struct fuse_entry_out *out) {
  out->nodeid = node->entry.id;
  out->entry_valid = out->attr_valid = valid_seconds(fs);
  fill_attr(status, &out->attr);
}

/* Another node that the body names. */
static int find_other(struct fs *fs, struct fs_request *request, uint64_t id,
                      struct fs_node **node) {
  *node = (struct fs_node *)fs_table_find(&fs->nodes, id);
  return *node ? 0 : fs_fault(request, "unknown node 0x%llx", (unsigned long long)id);
}

/* O_PATH opens nothing: no permission on the file is needed, no pipe waits, no device wakes up. */
int fs_find(struct fs *fs, const struct fs_node *dir, const char *name, struct fs_node **node,
            struct stat *status) {
  int fd = openat(dir->fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
  return fd < 0 ? errno : fs_node_adopt(fs, fd, node, status);
}

/* Looks up the request's first name and puts the entry into the reply. */
static int reply_entry(struct fs *fs, struct fs_request *request) {
  struct fs_node *node;
  struct stat status;
  int error = fs_find(fs, request->node, request->strings[0], &node, &status);
  if (!error)
    fs_fill_entry(fs, node, &status, (struct fuse_entry_out *)fs->reply);
  return error;
}

int fs_lookup(struct fs *fs, struct fs_request *request) {
  return reply_entry(fs, request);
}

/* ---- Forgetting ------------------------------------------------------------------------------ */

/* Counts that do not add up would free a node that the guest still names, or never free it. */
static int forget_node(struct fs *fs, struct fs_request *request, struct fs_node *node,
                       uint64_t count) {
  if (count > node->lookups)
    return fs_fault(request, "%llu lookups of node 0x%llx taken back, there were %llu",
                    (unsigned long long)count, (unsigned long long)node->entry.id,
                    (unsigned long long)node->lookups);
  fs_node_forget(fs, node, count);
  return 0;
}

int fs_forget(struct fs *fs, struct fs_request *request) {
  const struct fuse_forget_in *in = request->body;
  return forget_node(fs, request, request->node, in->nlookup);
}

/* The count is checked against the length before any entry is looked at; 64 bits hold the product
 * of any 32-bit count. */
int fs_batch_forget(struct fs *fs, struct fs_request *request) {
  const struct fuse_batch_forget_in *in = request->body;
  const struct fuse_forget_one *one = (const struct fuse_forget_one *)(in + 1);
  if (request->body_size != sizeof *in + (uint64_t)in->count * sizeof *one)
    return fs_fault(request, "%u nodes in %zu bytes", in->count, request->body_size);
  for (uint32_t i = 0; i < in->count; i++) {
    struct fs_node *node;
    if (find_other(fs, request, one[i].nodeid, &node) == FS_FAULT ||
        forget_node(fs, request, node, one[i].nlookup) == FS_FAULT)
      return FS_FAULT;
  }
  return 0;
}

/* ---- Attributes ------------------------------------------------------------------------------ */

/* The descriptor to ask: that of the handle, when one is named, else the node's. */
static int choose_descriptor(struct fs *fs, struct fs_request *request, bool has_handle,
                             uint64_t id, int *fd) {
  *fd = request->node->fd;
  if (!has_handle)
    return 0;
  struct fs_handle *handle = (struct fs_handle *)fs_table_find(&fs->handles, id);
  if (!handle || handle->node != request->header.nodeid)
    return fs_fault(request, "handle 0x%llx is not one of this node's", (unsigned long long)id);
  *fd = handle->fd;
  return 0;
}

static int reply_attr(struct fs *fs, int fd) {
  struct stat status;
  if (fstat(fd, &status) < 0)
    return errno;
  struct fuse_attr_out *out = (struct fuse_attr_out *)fs->reply;
  out->attr_valid = valid_seconds(fs);
  fill_attr(&status, &out->attr);
  return 0;
}

int fs_getattr(struct fs *fs, struct fs_request *request) {
  const struct fuse_getattr_in *in = request->body;
  int fd;
  if (choose_descriptor(fs, request, in->getattr_flags & FUSE_GETATTR_FH, in->fh, &fd))
    return FS_FAULT;
  return reply_attr(fs, fd);
}

/* An O_PATH descriptor cannot be truncated, so without a handle the file is opened for it. The
 * permission to write is checked there and not needed with a handle, as with ftruncate(2). */
int fs_set_size(struct fs *fs, const struct fs_node *node, int fd, uint64_t size) {
  if (S_ISDIR(node->type))
    return EISDIR;
  if (!S_ISREG(node->type) || size > INT64_MAX)
    return EINVAL;
  if (fd != node->fd)
    return check_call(ftruncate(fd, (off_t)size));
  int opened = fs_reopen(fs, fd, O_WRONLY);
  if (opened < 0)
    return errno;
  int error = check_call(ftruncate(opened, (off_t)size));
  close(opened);
  return error;
}

/* One of the two times. Nanoseconds past 999999999 would mean UTIME_NOW or UTIME_OMIT. */
static int choose_time(uint32_t valid, uint32_t set, uint32_t now, uint64_t seconds,
                       uint32_t nanoseconds, struct timespec *time) {
  *time = (struct timespec){.tv_nsec = UTIME_OMIT};
  if (valid & now)
    time->tv_nsec = UTIME_NOW;
  else if (valid & set)
    *time = (struct timespec){(time_t)seconds, nanoseconds};
  return (valid & set) && !(valid & now) && nanoseconds > 999999999 ? EINVAL : 0;
}

/* Everything is checked first; then size before times, so that an explicit mtime survives the
 * truncation's. */
int fs_setattr(struct fs *fs, struct fs_request *request) {
  const struct fuse_setattr_in *in = request->body;
  const uint32_t ignored = FATTR_LOCKOWNER | FATTR_KILL_SUIDGID | FATTR_CTIME;
  const uint32_t times = FATTR_ATIME | FATTR_MTIME | FATTR_ATIME_NOW | FATTR_MTIME_NOW;
  struct timespec time[2];
  int fd;
  if (choose_descriptor(fs, request, in->valid & FATTR_FH, in->fh, &fd))
    return FS_FAULT;
  /* Owners and permissions are the host's business. */
  if (in->valid & (FATTR_MODE | FATTR_UID | FATTR_GID))
    return EPERM;
  if (in->valid & ~(times | ignored | FATTR_SIZE | FATTR_FH))
    return EINVAL;
  if (choose_time(in->valid, FATTR_ATIME, FATTR_ATIME_NOW, in->atime, in->atimensec, &time[0]) ||
      choose_time(in->valid, FATTR_MTIME, FATTR_MTIME_NOW, in->mtime, in->mtimensec, &time[1]))
    return EINVAL;
  int error = in->valid & FATTR_SIZE ? fs_set_size(fs, request->node, fd, in->size) : 0;
  /* With AT_EMPTY_PATH the node itself is meant, a symbolic link too (Linux 5.8). */
  if (!error && (in->valid & times))
    error = check_call(utimensat(request->node->fd, "", time, AT_EMPTY_PATH));
  return error ? error : reply_attr(fs, fd);
}

int fs_statfs(struct fs *fs, struct fs_request *request) {
  struct statfs status;
  if (fstatfs(request->node->fd, &status) < 0)
    return errno;
  struct fuse_kstatfs *out = &((struct fuse_statfs_out *)fs->reply)->st;
  out->blocks = status.f_blocks;
  out->bfree = status.f_bfree;
  out->bavail = status.f_bavail;
  out->files = status.f_files;
  out->ffree = status.f_ffree;
  out->bsize = (uint32_t)status.f_bsize;
  out->frsize = (uint32_t)status.f_frsize;
  out->namelen = (uint32_t)status.f_namelen;
  return 0;
}

/* ---- Making, removing, renaming -------------------------------------------------------------- */

int fs_readlink(struct fs *fs, struct fs_request *request) {
  if (!S_ISLNK(request->node->type))
    return EINVAL;
  ssize_t length = readlinkat(request->node->fd, "", (char *)fs->reply, PATH_MAX);
  if (length < 0)
    return errno;
  if ((size_t)length > request->room)
    return ENAMETOOLONG; /* never a part of a target */
  request->reply_size = (size_t)length;
  return 0;
}

int fs_symlink(struct fs *fs, struct fs_request *request) {
  int error = check_call(symlinkat(request->strings[1], request->node->fd, request->strings[0]));
  return error ? error : reply_entry(fs, request);
}

/* Of the mode only the permissions count, and the process's umask applies. */
int fs_mkdir(struct fs *fs, struct fs_request *request) {
  const struct fuse_mkdir_in *in = request->body;
  int error = check_call(mkdirat(request->node->fd, request->strings[0], in->mode & 0777));
  return error ? error : reply_entry(fs, request);
}

int fs_unlink(struct fs *fs, struct fs_request *request) {
  (void)fs;
  return check_call(unlinkat(request->node->fd, request->strings[0], 0));
}

int fs_rmdir(struct fs *fs, struct fs_request *request) {
  (void)fs;
  return check_call(unlinkat(request->node->fd, request->strings[0], AT_REMOVEDIR));
}

/* Both directories are nodes, so neither can be outside the share, and the host refuses to move a
 * directory into itself. */
static int rename_to(struct fs *fs, struct fs_request *request, uint64_t directory) {
  struct fs_node *to;
  if (find_other(fs, request, directory, &to) == FS_FAULT)
    return FS_FAULT;
  return check_call(renameat(request->node->fd, request->strings[0], to->fd, request->strings[1]));
}

int fs_rename(struct fs *fs, struct fs_request *request) {
  const struct fuse_rename_in *in = request->body;
  return rename_to(fs, request, in->newdir);
}

int fs_rename2(struct fs *fs, struct fs_request *request) {
  const struct fuse_rename2_in *in = request->body;
  return in->flags ? EINVAL : rename_to(fs, request, in->newdir);
}

int fs_link(struct fs *fs, struct fs_request *request) {
  const struct fuse_link_in *in = request->body;
  struct fs_node *node;
  if (find_other(fs, request, in->oldnodeid, &node) == FS_FAULT)
    return FS_FAULT;
  /* The entry in /proc/self/fd stands for the node itself; AT_EMPTY_PATH would need a capability
   * before Linux 6.10. */
  char path[16];
  snprintf(path, sizeof path, "%d", node->fd);
  int error = check_call(
      linkat(fs->descriptors, path, request->node->fd, request->strings[0], AT_SYMLINK_FOLLOW));
  return error ? error : reply_entry(fs, request);
}
