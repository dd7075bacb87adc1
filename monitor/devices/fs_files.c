/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* FUSE requests on open files and directories. Data moves straight between file and guest memory.
 */
#include "monitor/devices/fs.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The open flags a guest may choose. The rest of them concerns names, which are the server's. */
#define GUEST_FLAGS (O_ACCMODE | O_APPEND | O_DSYNC | O_SYNC)

/* Always: opening never waits and never makes a terminal the controlling one. */
#define OWN_FLAGS (O_CLOEXEC | O_NOCTTY | O_NONBLOCK)

/* Through /proc/self/fd: the entry leads to the very file the descriptor stands for, so neither a
 * rename nor a name that now means something else matters. That file is verified, in case the
 * directory belongs to another process (a descriptor number of before a fork). */
int fs_reopen(const struct fs *fs, int path_fd, int flags) {
  struct stat want, have;
  char path[16];
  snprintf(path, sizeof path, "%d", path_fd);
  int fd = openat(fs->descriptors, path, flags | OWN_FLAGS);
  if (fd < 0)
    return -1;
  if (fstat(path_fd, &want) < 0 || fstat(fd, &have) < 0 || want.st_dev != have.st_dev ||
      want.st_ino != have.st_ino) {
    close(fd);
    errno = ESTALE;
    return -1;
  }
  return fd;
}

/* Only regular files are opened: a pipe, socket or device would let the guest wait for, or talk
 * to, somebody outside the share. */
static int check_openable(mode_t type) {
  switch (type) {
  case S_IFREG:
    return 0;
  case S_IFDIR:
    return EISDIR;
  case S_IFLNK:
    return ELOOP;
  case S_IFSOCK:
    return ENXIO;
  }
  return EACCES;
}

static int check_flags(const struct fs *fs, uint32_t flags) {
  if ((flags & O_ACCMODE) == O_ACCMODE)
    return EINVAL;
  if (fs->read_only && ((flags & O_ACCMODE) != O_RDONLY || (flags & O_TRUNC)))
    return EROFS;
  return 0;
}

static int open_node(struct fs *fs, const struct fs_node *node, uint32_t flags, int *fd) {
  int error = check_openable(node->type);
  if (!error)
    error = check_flags(fs, flags);
  if (error)
    return error;
  *fd = fs_reopen(fs, node->fd, (int)(flags & GUEST_FLAGS));
  if (*fd < 0)
    return errno;
  /* Only now that it is known to be the right file; a read-only descriptor cannot do it. */
  if (flags & O_TRUNC)
    error = fs_set_size(fs, node, (flags & O_ACCMODE) == O_RDONLY ? node->fd : *fd, 0);
  if (error)
    close(*fd);
  return error;
}

/* FOPEN_NOFLUSH: closing reports lost writes in RELEASE, a FLUSH before it is not needed. */
static int reply_handle(struct fs *fs, int fd, const struct fs_node *node, bool directory,
                        void *reply) {
  static const uint32_t cache_flags[] = {[FS_CACHE_NONE] = FOPEN_DIRECT_IO,
                                         [FS_CACHE_AUTO] = 0,
                                         [FS_CACHE_ALWAYS] = FOPEN_KEEP_CACHE | FOPEN_CACHE_DIR};
  struct fuse_open_out *out = reply;
  out->open_flags = FOPEN_NOFLUSH | cache_flags[fs->cache];
  return fs_handle_add(fs, fd, node, directory, &out->fh);
}

int fs_open(struct fs *fs, struct fs_request *request) {
  const struct fuse_open_in *in = request->body;
  int fd;
  int error = open_node(fs, request->node, in->flags, &fd);
  return error ? error : reply_handle(fs, fd, request->node, false, fs->reply);
}

/* ---- Creating -------------------------------------------------------------------------------- */

/* Opens a file that is there already. */
static int create_existing(struct fs *fs, struct fs_request *request, uint32_t flags,
                           struct fs_node **node, int *fd) {
  struct stat status;
  int error = fs_find(fs, request->node, request->strings[0], node, &status);
  if (error)
    return error;
  error = open_node(fs, *node, flags, fd);
  if (error)
    fs_node_forget(fs, *node, 1);
  return error;
}

/* Makes a file that is not there: nothing but a new regular file can come of O_EXCL. A second
 * descriptor is set aside for its node, so that running out of them is noticed before anything is
 * made. */
static int create_new(struct fs *fs, struct fs_request *request, const struct fuse_create_in *in,
                      struct fs_node **node, int *fd) {
  int spare = fcntl(fs->root->fd, F_DUPFD_CLOEXEC, 0);
  if (spare < 0)
    return errno;
  int flags = (int)(in->flags & GUEST_FLAGS) | O_CREAT | O_EXCL | O_NOFOLLOW | OWN_FLAGS;
  *fd = openat(request->node->fd, request->strings[0], flags, in->mode & 0777);
  int error = *fd < 0 ? errno : 0;
  close(spare);
  if (error)
    return error;
  struct stat status;
  int path_fd = fs_reopen(fs, *fd, O_PATH);
  error = path_fd < 0 ? errno : fs_node_adopt(fs, path_fd, node, &status);
  if (error)
    close(*fd);
  return error;
}

/* On a read-only share O_CREAT opens what is there. */
static int create_read_only(struct fs *fs, struct fs_request *request, uint32_t flags,
                            struct fs_node **node, int *fd) {
  int error = create_existing(fs, request, flags, node, fd);
  if (error == ENOENT)
    return EROFS;
  if (!error && (flags & O_EXCL)) {
    close(*fd);
    fs_node_forget(fs, *node, 1);
    return EEXIST;
  }
  return error;
}

/* Opens or makes, as O_CREAT and O_EXCL say. Two steps, so that a pipe or device of that name is
 * seen before it is opened; when the name comes or goes between them, it starts again. */
static int create_file(struct fs *fs, struct fs_request *request, struct fs_node **node, int *fd) {
  const struct fuse_create_in *in = request->body;
  int error = check_flags(fs, in->flags);
  if (error)
    return error;
  if (fs->read_only)
    return create_read_only(fs, request, in->flags, node, fd);
  for (int attempt = 0; attempt < 8; attempt++) {
    error = create_new(fs, request, in, node, fd);
    if (error != EEXIST || (in->flags & O_EXCL))
      return error;
    error = create_existing(fs, request, in->flags, node, fd);
    if (error != ENOENT)
      return error;
  }
  return EAGAIN;
}

int fs_make(struct fs *fs, struct fs_request *request) {
  struct fuse_entry_out *entry = (struct fuse_entry_out *)fs->reply;
  struct fs_node *node;
  struct stat status;
  int fd;
  int error = create_file(fs, request, &node, &fd);
  if (error)
    return error;
  if (fstat(fd, &status) < 0) {
    error = errno;
    close(fd);
  } else {
    fs_fill_entry(fs, node, &status, entry);
    error = reply_handle(fs, fd, node, false, entry + 1);
  }
  if (error)
    fs_node_forget(fs, node, 1);
  return error;
}

int fs_release(struct fs *fs, struct fs_request *request) {
  return fs_handle_close(fs, request->handle);
}

/* A descriptor more is closed: file systems that write late (NFS, quotas) report there. */
int fs_flush(struct fs *fs, struct fs_request *request) {
  (void)fs;
  int copy = fcntl(request->handle->fd, F_DUPFD_CLOEXEC, 0);
  if (copy < 0)
    return errno;
  return close(copy) < 0 && errno != EINTR ? errno : 0;
}

int fs_fsync(struct fs *fs, struct fs_request *request) {
  (void)fs;
  const struct fuse_fsync_in *in = request->body;
  int fd = request->handle->fd;
  return (in->fsync_flags & FUSE_FSYNC_FDATASYNC ? fdatasync(fd) : fsync(fd)) < 0 ? errno : 0;
}

int fs_fallocate(struct fs *fs, struct fs_request *request) {
  (void)fs;
  const struct fuse_fallocate_in *in = request->body;
  if (in->mode != 0)
    return EOPNOTSUPP;
  if (in->offset > INT64_MAX || in->length > INT64_MAX)
    return EFBIG;
  return fallocate(request->handle->fd, 0, (off_t)in->offset, (off_t)in->length) < 0 ? errno : 0;
}

/* ---- Data ------------------------------------------------------------------------------------ */

int fs_read(struct fs *fs, struct fs_request *request) {
  (void)fs;
  const struct fuse_read_in *in = request->body;
  if (in->size > request->room)
    return fs_fault(request, "%u bytes wanted, %zu are writable", in->size, request->room);
  if (in->size > FS_IO_MAX || in->offset > INT64_MAX)
    return EINVAL;
  struct iovec pieces[VIRTQUEUE_PIECES_MAX];
  int count =
      virtqueue_window(request->chain, true, sizeof(struct fuse_out_header), in->size, pieces);
  ssize_t got = preadv(request->handle->fd, pieces, count, (off_t)in->offset);
  if (got < 0)
    return errno;
  request->reply_in_place = true;
  request->reply_size = (size_t)got;
  return 0;
}

/* An O_APPEND descriptor writes at the end, whatever the offset (pwrite(2), BUGS). */
int fs_write(struct fs *fs, struct fs_request *request) {
  const struct fuse_write_in *in = request->body;
  uint64_t before = sizeof request->header + sizeof *in;
  if (request->chain->readable_bytes - before != in->size)
    return fs_fault(request, "%u bytes announced, %llu given", in->size,
                    (unsigned long long)(request->chain->readable_bytes - before));
  if (in->size > FS_IO_MAX || in->offset > INT64_MAX)
    return EINVAL;
  struct iovec pieces[VIRTQUEUE_PIECES_MAX];
  int count = virtqueue_window(request->chain, false, before, in->size, pieces);
  ssize_t put = pwritev(request->handle->fd, pieces, count, (off_t)in->offset);
  if (put < 0)
    return errno;
  ((struct fuse_write_out *)fs->reply)->size = (uint32_t)put;
  return 0;
}

/* ---- Directories ----------------------------------------------------------------------------- */

int fs_opendir(struct fs *fs, struct fs_request *request) {
  if (!S_ISDIR(request->node->type))
    return ENOTDIR;
  int fd = openat(request->node->fd, ".", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | OWN_FLAGS);
  return fd < 0 ? errno : reply_handle(fs, fd, request->node, true, fs->reply);
}

/* Where the next entry of `size` bytes goes in the reply, or NULL: there is no room for it. */
static void *take_reply(struct fs *fs, struct fs_request *request, size_t limit, size_t size) {
  if (size > limit - request->reply_size)
    return NULL;
  void *out = fs->reply + request->reply_size;
  memset(out, 0, size); /* no stale bytes of ours in the padding */
  request->reply_size += size;
  return out;
}

static bool is_dots(const char *name) {
  return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static void fill_dirent(const struct fs *fs, const struct fs_request *request,
                        const struct dirent64 *entry, struct fuse_dirent *out) {
  out->ino = entry->d_ino;
  /* What lies above the share is not the guest's to know. */
  if (request->node == fs->root && strcmp(entry->d_name, "..") == 0)
    out->ino = fs->root->ino;
  out->off = (uint64_t)entry->d_off;
  out->namelen = (uint32_t)strlen(entry->d_name);
  out->type = entry->d_type;
  memcpy(out->name, entry->d_name, out->namelen);
}

/* Appends one entry to the reply. False: there is no room for it. */
static bool add_entry(struct fs *fs, struct fs_request *request, size_t limit,
                      const struct dirent64 *entry) {
  size_t size = FUSE_DIRENT_ALIGN(FUSE_NAME_OFFSET + strlen(entry->d_name));
  struct fuse_dirent *out = take_reply(fs, request, limit, size);
  if (out)
    fill_dirent(fs, request, entry, out);
  return out;
}

/* The same with what a lookup would say; node 0: nothing, as of "." and "..", or of a name that is
 * gone, or where descriptors ran out: the entry alone is no less true. */
static bool add_entry_plus(struct fs *fs, struct fs_request *request, size_t limit,
                           const struct dirent64 *entry) {
  size_t size = FUSE_DIRENT_ALIGN(FUSE_NAME_OFFSET_DIRENTPLUS + strlen(entry->d_name));
  struct fuse_direntplus *out = take_reply(fs, request, limit, size);
  if (!out)
    return false;
  fill_dirent(fs, request, entry, &out->dirent);
  struct fs_node *node;
  struct stat status;
  if (!is_dots(entry->d_name) && fs_find(fs, request->node, entry->d_name, &node, &status) == 0)
    fs_fill_entry(fs, node, &status, &out->entry_out);
  return true;
}

typedef bool add_function(struct fs *fs, struct fs_request *request, size_t limit,
                          const struct dirent64 *entry);

static int list_directory(struct fs *fs, struct fs_request *request, add_function *add) {
  const struct fuse_read_in *in = request->body;
  if (in->size > request->room)
    return fs_fault(request, "%u bytes wanted, %zu are writable", in->size, request->room);
  size_t limit = in->size < FS_REPLY_MAX ? in->size : FS_REPLY_MAX;
  /* Offsets are the file system's cookies; one it never gave is its to refuse. */
  if (lseek(request->handle->fd, (off_t)in->offset, SEEK_SET) < 0)
    return errno;
  /* Our plain records are at most 8 bytes longer than the host's, so what it gives nearly always
   * fits; what does not is read again with the next request. */
  long got = syscall(SYS_getdents64, request->handle->fd, fs->listing, limit);
  if (got < 0)
    return errno;
  for (long at = 0; at < got;) {
    const struct dirent64 *entry = (const struct dirent64 *)(fs->listing + at);
    if (!add(fs, request, limit, entry))
      return request->reply_size == 0 ? EINVAL : 0;
    at += entry->d_reclen;
  }
  return 0;
}

int fs_readdir(struct fs *fs, struct fs_request *request) {
  return list_directory(fs, request, add_entry);
}

int fs_readdirplus(struct fs *fs, struct fs_request *request) {
  return list_directory(fs, request, add_entry_plus);
}
