/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The FUSE client against the file server, in one process: every operation, and what goes wrong. */
#include "tests/devices/harness.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define RDWR_CREATE (WASI_O_RDWR | WASI_O_CREAT)

/* What every test works with. */
struct share {
  struct harness h;
  char path[64]; /* of the shared directory */
  int dir;       /* the same, open: what tests do behind the server's back */
  struct wasi_fs *fs;
  uint8_t *buffer; /* scattered memory for data */
};

static void share_open(struct share *s, bool read_only) {
  harness_open(&s->h);
  harness_scatter(&s->h);
  if (!s->path[0])
    make_tree(s->path);
  s->dir = open(s->path, O_RDONLY | O_DIRECTORY);
  s->fs = harness_add_fs(&s->h, s->path, read_only, FS_CACHE_NONE);
  s->buffer = s->h.linear;
}

static void share_close(struct share *s) {
  harness_close(&s->h);
  close(s->dir);
}

/* ---- Short forms of the operations ------------------------------------------------------------
 */

static int look(struct share *s, wasi_node dir, const char *name, wasi_node *node,
                struct wasi_attr *attr) {
  return s->fs->ops->lookup(s->fs, dir, name, strlen(name), node, attr);
}

static int make(struct share *s, const char *name, uint32_t flags, wasi_node *node,
                wasi_handle *handle) {
  struct wasi_attr attr;
  return s->fs->ops->create(s->fs, WASI_ROOT_NODE, name, strlen(name), flags, 0666, node, handle,
                            &attr);
}

static void drop(struct share *s, wasi_node node, wasi_handle handle) {
  if (handle)
    EXPECT_EQUAL(s->fs->ops->release(s->fs, node, handle), 0);
  s->fs->ops->forget(s->fs, node);
}

static int write_bytes(struct share *s, wasi_node node, wasi_handle handle, uint64_t offset,
                       const char *text, size_t *count) {
  struct wasi_slice slice = {s->buffer, strlen(text)};
  memcpy(s->buffer, text, slice.length);
  return s->fs->ops->write(s->fs, node, handle, offset, &slice, 1, count);
}

/* What a file of the host holds, as text. */
static const char *host_text(struct share *s, const char *name) {
  static char text[4096];
  int fd = openat(s->dir, name, O_RDONLY);
  ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
  if (fd >= 0)
    close(fd);
  if (got < 0)
    return "(unreadable)";
  text[got] = 0;
  return text;
}

static void host_write(struct share *s, const char *name, const char *text) {
  int fd = openat(s->dir, name, O_WRONLY | O_CREAT | O_TRUNC, 0666);
  EXPECT(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
  close(fd);
}

static bool host_has(struct share *s, const char *name) {
  struct stat status;
  return fstatat(s->dir, name, &status, AT_SYMLINK_NOFOLLOW) == 0;
}

static uint8_t pattern(size_t at) {
  return (uint8_t)(at * 31 + (at >> 8) * 7 + (at >> 16));
}

/* ---- Files ----------------------------------------------------------------------------------- */

static void test_lookup(struct share *s) {
  wasi_node node, again;
  struct wasi_attr attr, root;
  test("lookup and attributes");
  host_write(s, "a", "hello");
  EXPECT_EQUAL(look(s, WASI_ROOT_NODE, "a", &node, &attr), 0);
  struct stat status;
  EXPECT_EQUAL(fstatat(s->dir, "a", &status, 0), 0);
  EXPECT_EQUAL(attr.ino, status.st_ino);
  EXPECT_EQUAL(attr.size, 5);
  EXPECT_EQUAL(attr.mode, status.st_mode);
  EXPECT_EQUAL(attr.nlink, 1);
  EXPECT_EQUAL(attr.mtime_ns,
               (uint64_t)status.st_mtim.tv_sec * 1000000000u + (uint64_t)status.st_mtim.tv_nsec);
  EXPECT_EQUAL(s->fs->ops->getattr(s->fs, node, 0, &root), 0);
  EXPECT_EQUAL(memcmp(&attr, &root, sizeof attr), 0);
  EXPECT_EQUAL(look(s, WASI_ROOT_NODE, "a", &again, &attr), 0);
  EXPECT_EQUAL(again, node);
  s->fs->ops->forget(s->fs, node);
  s->fs->ops->forget(s->fs, node);
  EXPECT_EQUAL(s->fs->ops->getattr(s->fs, WASI_ROOT_NODE, 0, &root), 0);
  EXPECT(S_ISDIR(root.mode));

  test("lookup of what is not there");
  EXPECT_EQUAL(look(s, WASI_ROOT_NODE, "missing", &node, &attr), ENOENT);
  EXPECT_EQUAL(look(s, WASI_ROOT_NODE, "", &node, &attr), ENOENT);
  EXPECT_EQUAL(look(s, WASI_ROOT_NODE, "a", &node, &attr), 0);
  EXPECT_EQUAL(look(s, node, "below-a-file", &again, &attr), ENOTDIR);
  drop(s, node, 0);
}

static void test_names(struct share *s) {
  char name[257];
  wasi_node node;
  wasi_handle handle;
  struct wasi_attr attr;
  memset(name, 'n', 256);
  test("names of 255 and 256 bytes");
  name[255] = 0;
  EXPECT_EQUAL(make(s, name, RDWR_CREATE, &node, &handle), 0);
  drop(s, node, handle);
  EXPECT_EQUAL(look(s, WASI_ROOT_NODE, name, &node, &attr), 0);
  drop(s, node, 0);
  EXPECT_EQUAL(s->fs->ops->unlink(s->fs, WASI_ROOT_NODE, name, 255), 0);
  name[255] = 'n', name[256] = 0;
  EXPECT_EQUAL(look(s, WASI_ROOT_NODE, name, &node, &attr), ENAMETOOLONG);
  EXPECT_EQUAL(make(s, name, RDWR_CREATE, &node, &handle), ENAMETOOLONG);
  test("names of any bytes");
  EXPECT_EQUAL(make(s, "\xff \n...\x01", RDWR_CREATE, &node, &handle), 0);
  drop(s, node, handle);
  EXPECT(host_has(s, "\xff \n...\x01"));
  EXPECT_EQUAL(unlinkat(s->dir, "\xff \n...\x01", 0), 0);
}

static void test_create(struct share *s) {
  wasi_node node, other;
  wasi_handle handle, second;
  size_t count;
  test("create, write, read back");
  EXPECT_EQUAL(make(s, "new", RDWR_CREATE | WASI_O_EXCL, &node, &handle), 0);
  EXPECT_EQUAL(write_bytes(s, node, handle, 0, "some text", &count), 0);
  EXPECT_EQUAL(count, 9);
  EXPECT_EQUAL(strcmp(host_text(s, "new"), "some text"), 0);
  struct wasi_slice slice = {s->buffer + 100, 50};
  EXPECT_EQUAL(s->fs->ops->read(s->fs, node, handle, 5, &slice, 1, &count), 0);
  EXPECT_EQUAL(count, 4);
  EXPECT_EQUAL(memcmp(s->buffer + 100, "text", 4), 0);
  EXPECT_EQUAL(s->fs->ops->read(s->fs, node, handle, 1000, &slice, 1, &count), 0);
  EXPECT_EQUAL(count, 0);
  EXPECT_EQUAL(s->fs->ops->read(s->fs, node, handle, UINT64_MAX - 5, &slice, 1, &count), EINVAL);
  slice.length = 0;
  EXPECT_EQUAL(s->fs->ops->read(s->fs, node, handle, 0, &slice, 1, &count), 0);
  EXPECT_EQUAL(count, 0);

  test("create what exists");
  EXPECT_EQUAL(make(s, "new", RDWR_CREATE | WASI_O_EXCL, &other, &second), EEXIST);
  EXPECT_EQUAL(make(s, "new", RDWR_CREATE, &other, &second), 0);
  EXPECT_EQUAL(other, node);
  EXPECT(second != handle);
  drop(s, other, second);
  EXPECT_EQUAL(make(s, "new", RDWR_CREATE | WASI_O_TRUNC, &other, &second), 0);
  EXPECT_EQUAL(strcmp(host_text(s, "new"), ""), 0);
  drop(s, other, second);
  drop(s, node, handle);

  test("permissions of new files have no set-id bits");
  struct wasi_attr attr;
  EXPECT_EQUAL(s->fs->ops->create(s->fs, WASI_ROOT_NODE, "mode", 4, RDWR_CREATE, 07600, &node,
                                  &handle, &attr),
               0);
  EXPECT_EQUAL(attr.mode, S_IFREG | 0600);
  drop(s, node, handle);
}

/* More than one request can carry, between memory whose pages are all apart. */
static void test_big(struct share *s) {
  const size_t size = 6u << 20;
  wasi_node node;
  wasi_handle handle;
  size_t count;
  struct wasi_slice slice = {s->buffer + 3, size};
  test("6 MiB from and to scattered memory");
  for (size_t i = 0; i < size; i++)
    s->buffer[3 + i] = pattern(i);
  EXPECT_EQUAL(make(s, "big", RDWR_CREATE, &node, &handle), 0);
  EXPECT_EQUAL(s->fs->ops->write(s->fs, node, handle, 0, &slice, 1, &count), 0);
  EXPECT_EQUAL(count, size);
  uint8_t *copy = malloc(size);
  int fd = openat(s->dir, "big", O_RDONLY);
  EXPECT_EQUAL(read(fd, copy, size), size);
  close(fd);
  EXPECT_EQUAL(memcmp(copy, s->buffer + 3, size), 0);
  memset(s->buffer, 0, LINEAR_BYTES);
  slice.bytes = s->buffer + 777;
  slice.length = size + 1000;
  EXPECT_EQUAL(s->fs->ops->read(s->fs, node, handle, 0, &slice, 1, &count), 0);
  EXPECT_EQUAL(count, size);
  EXPECT_EQUAL(memcmp(copy, s->buffer + 777, size), 0);
  EXPECT_EQUAL(s->buffer[776] | s->buffer[777 + size], 0);
  free(copy);

  test("1000 slices of odd lengths");
  struct wasi_slice slices[1000];
  size_t total = 0;
  for (size_t i = 0; i < 1000; i++) {
    slices[i] = (struct wasi_slice){s->buffer + i * 8000 + i % 13, i % 17 * 100};
    for (size_t j = 0; j < slices[i].length; j++)
      ((uint8_t *)slices[i].bytes)[j] = pattern(total + j);
    total += slices[i].length;
  }
  EXPECT_EQUAL(s->fs->ops->write(s->fs, node, handle, 12345, slices, 1000, &count), 0);
  EXPECT_EQUAL(count, total);
  slice = (struct wasi_slice){s->buffer, total};
  EXPECT_EQUAL(s->fs->ops->read(s->fs, node, handle, 12345, &slice, 1, &count), 0);
  EXPECT_EQUAL(count, total);
  size_t wrong = 0;
  for (size_t i = 0; i < total; i++)
    wrong += s->buffer[i] != pattern(i);
  EXPECT_EQUAL(wrong, 0);

  test("memory that is not mapped");
  slice = (struct wasi_slice){&node, 8};
  EXPECT_EQUAL(s->fs->ops->read(s->fs, node, handle, 0, &slice, 1, &count), EFAULT);
  drop(s, node, handle);
}

static void test_append_truncate(struct share *s) {
  wasi_node node, other;
  wasi_handle handle, append;
  size_t count;
  test("append handles write at the end");
  EXPECT_EQUAL(make(s, "log", RDWR_CREATE, &node, &handle), 0);
  EXPECT_EQUAL(write_bytes(s, node, handle, 0, "one ", &count), 0);
  EXPECT_EQUAL(s->fs->ops->open(s->fs, node, WASI_O_WRONLY | WASI_O_APPEND, &append), 0);
  EXPECT_EQUAL(write_bytes(s, node, append, 0, "two ", &count), 0);
  EXPECT_EQUAL(write_bytes(s, node, handle, 8, "three ", &count), 0);
  EXPECT_EQUAL(write_bytes(s, node, append, 1, "four", &count), 0);
  EXPECT_EQUAL(strcmp(host_text(s, "log"), "one two three four"), 0);

  test("access modes of handles");
  struct wasi_slice slice = {s->buffer, 4};
  EXPECT_EQUAL(s->fs->ops->read(s->fs, node, append, 0, &slice, 1, &count), EBADF);
  EXPECT_EQUAL(s->fs->ops->release(s->fs, node, append), 0);
  EXPECT_EQUAL(s->fs->ops->open(s->fs, node, WASI_O_RDONLY, &append), 0);
  EXPECT_EQUAL(write_bytes(s, node, append, 0, "x", &count), EBADF);
  EXPECT_EQUAL(s->fs->ops->release(s->fs, node, append), 0);
  EXPECT_EQUAL(s->fs->ops->open(s->fs, node, 3, &append), EINVAL);

  test("truncate: by node, by handle, by opening");
  struct wasi_setattr set = {.valid = WASI_SET_SIZE, .size = 7};
  EXPECT_EQUAL(s->fs->ops->setattr(s->fs, node, 0, &set), 0);
  EXPECT_EQUAL(strcmp(host_text(s, "log"), "one two"), 0);
  set.size = 3;
  EXPECT_EQUAL(s->fs->ops->setattr(s->fs, node, handle, &set), 0);
  EXPECT_EQUAL(strcmp(host_text(s, "log"), "one"), 0);
  set.size = 1u << 20;
  EXPECT_EQUAL(s->fs->ops->setattr(s->fs, node, handle, &set), 0);
  struct wasi_attr attr;
  EXPECT_EQUAL(s->fs->ops->getattr(s->fs, node, handle, &attr), 0);
  EXPECT_EQUAL(attr.size, 1u << 20);
  EXPECT_EQUAL(s->fs->ops->open(s->fs, node, WASI_O_RDONLY | WASI_O_TRUNC, &append), 0);
  EXPECT_EQUAL(s->fs->ops->release(s->fs, node, append), 0);
  EXPECT_EQUAL(s->fs->ops->getattr(s->fs, node, 0, &attr), 0);
  EXPECT_EQUAL(attr.size, 0);
  set.size = UINT64_MAX;
  EXPECT_EQUAL(s->fs->ops->setattr(s->fs, node, handle, &set), EINVAL);
  set.size = 0;
  EXPECT_EQUAL(s->fs->ops->setattr(s->fs, WASI_ROOT_NODE, 0, &set), EISDIR);

  test("allocate and fsync");
  int error = s->fs->ops->allocate(s->fs, node, handle, 1000, 5000);
  if (error == EOPNOTSUPP) {
    skip("the file system under /tmp has no fallocate");
  } else {
    EXPECT_EQUAL(error, 0);
    EXPECT_EQUAL(s->fs->ops->getattr(s->fs, node, 0, &attr), 0);
    EXPECT_EQUAL(attr.size, 6000);
  }
  EXPECT_EQUAL(s->fs->ops->allocate(s->fs, node, handle, UINT64_MAX, 1), EFBIG);
  EXPECT_EQUAL(s->fs->ops->fsync(s->fs, node, handle, false, false), 0);
  EXPECT_EQUAL(s->fs->ops->fsync(s->fs, node, handle, true, false), 0);

  test("a file keeps its handle when its name goes");
  EXPECT_EQUAL(s->fs->ops->unlink(s->fs, WASI_ROOT_NODE, "log", 3), 0);
  EXPECT_EQUAL(write_bytes(s, node, handle, 0, "still here", &count), 0);
  slice.length = 10;
  memset(s->buffer, 0, 10);
  EXPECT_EQUAL(s->fs->ops->read(s->fs, node, handle, 0, &slice, 1, &count), 0);
  EXPECT_EQUAL(memcmp(s->buffer, "still here", 10), 0);
  EXPECT_EQUAL(s->fs->ops->getattr(s->fs, node, handle, &attr), 0);
  EXPECT_EQUAL(attr.nlink, 0);
  drop(s, node, handle);

  test("a node stays itself when the host renames it");
  host_write(s, "before", "content");
  EXPECT_EQUAL(look(s, WASI_ROOT_NODE, "before", &other, &attr), 0);
  EXPECT_EQUAL(renameat(s->dir, "before", s->dir, "after"), 0);
  host_write(s, "before", "an impostor");
  EXPECT_EQUAL(s->fs->ops->open(s->fs, other, WASI_O_RDONLY, &handle), 0);
  slice.length = 20;
  EXPECT_EQUAL(s->fs->ops->read(s->fs, other, handle, 0, &slice, 1, &count), 0);
  EXPECT_EQUAL(count, 7);
  drop(s, other, handle);
}

static void test_times(struct share *s) {
  wasi_node node;
  struct wasi_attr attr;
  struct wasi_setattr set = {.valid = WASI_SET_ATIME | WASI_SET_MTIME,
                             .atime_ns = 1234567890123456789u,
                             .mtime_ns = 1000000000999999999u};
  test("times: explicit, one alone, now, and a link's own");
  host_write(s, "t", "");
  EXPECT_EQUAL(look(s, WASI_ROOT_NODE, "t", &node, &attr), 0);
  EXPECT_EQUAL(s->fs->ops->setattr(s->fs, node, 0, &set), 0);
  EXPECT_EQUAL(s->fs->ops->getattr(s->fs, node, 0, &attr), 0);
  EXPECT_EQUAL(attr.atime_ns, set.atime_ns);
  EXPECT_EQUAL(attr.mtime_ns, set.mtime_ns);
  set = (struct wasi_setattr){.valid = WASI_SET_MTIME_NOW};
  EXPECT_EQUAL(s->fs->ops->setattr(s->fs, node, 0, &set), 0);
  EXPECT_EQUAL(s->fs->ops->getattr(s->fs, node, 0, &attr), 0);
  EXPECT_EQUAL(attr.atime_ns, 1234567890123456789u);
  EXPECT(attr.mtime_ns > 1500000000000000000u);
  drop(s, node, 0);
  EXPECT_EQUAL(symlinkat("t", s->dir, "tl"), 0);
  EXPECT_EQUAL(look(s, WASI_ROOT_NODE, "tl", &node, &attr), 0);
  set = (struct wasi_setattr){.valid = WASI_SET_MTIME, .mtime_ns = 42};
  EXPECT_EQUAL(s->fs->ops->setattr(s->fs, node, 0, &set), 0);
  EXPECT_EQUAL(s->fs->ops->getattr(s->fs, node, 0, &attr), 0);
  EXPECT_EQUAL(attr.mtime_ns, 42);
  drop(s, node, 0);
  struct stat status;
  EXPECT_EQUAL(fstatat(s->dir, "t", &status, 0), 0);
  EXPECT(status.st_mtim.tv_sec > 1500000000);
}

/* ---- Links and names ---------------------------------------------------------------------------
 */

static void test_symlinks(struct share *s) {
  wasi_node node, other;
  wasi_handle handle;
  struct wasi_attr attr;
  char target[4096];
  size_t length;
  test("symbolic links are read, never followed");
  EXPECT_EQUAL(s->fs->ops->symlink(s->fs, WASI_ROOT_NODE, "out", 3, "/etc", 4), 0);
  EXPECT_EQUAL(look(s, WASI_ROOT_NODE, "out", &node, &attr), 0);
  EXPECT(S_ISLNK(attr.mode));
  EXPECT_EQUAL(s->fs->ops->readlink(s->fs, node, target, sizeof target, &length), 0);
  EXPECT_EQUAL(length, 4);
  EXPECT_EQUAL(memcmp(target, "/etc", 4), 0);
  EXPECT_EQUAL(s->fs->ops->readlink(s->fs, node, target, 2, &length), 0);
  EXPECT_EQUAL(length, 2);
  EXPECT_EQUAL(look(s, node, "passwd", &other, &attr), ENOTDIR);
  EXPECT_EQUAL(s->fs->ops->opendir(s->fs, node, &handle), ENOTDIR);
  EXPECT_EQUAL(s->fs->ops->open(s->fs, node, WASI_O_RDONLY, &handle), ELOOP);
  struct wasi_setattr set = {.valid = WASI_SET_SIZE};
  EXPECT_EQUAL(s->fs->ops->setattr(s->fs, node, 0, &set), EINVAL);
  drop(s, node, 0);

  test("create does not go through a symbolic link");
  EXPECT_EQUAL(symlinkat("victim", s->dir, "trap"), 0);
  EXPECT_EQUAL(make(s, "trap", RDWR_CREATE, &node, &handle), ELOOP);
  EXPECT_EQUAL(make(s, "trap", RDWR_CREATE | WASI_O_TRUNC, &node, &handle), ELOOP);
  EXPECT_EQUAL(make(s, "trap", RDWR_CREATE | WASI_O_EXCL, &node, &handle), EEXIST);
  EXPECT(!host_has(s, "victim"));

  test("a target of 4000 bytes; an empty one; a file is no link");
  memset(target, 't', sizeof target);
  EXPECT_EQUAL(s->fs->ops->symlink(s->fs, WASI_ROOT_NODE, "long", 4, target, 4000), 0);
  EXPECT_EQUAL(look(s, WASI_ROOT_NODE, "long", &node, &attr), 0);
  memset(target, 0, sizeof target);
  EXPECT_EQUAL(s->fs->ops->readlink(s->fs, node, target, sizeof target, &length), 0);
  EXPECT_EQUAL(length, 4000);
  EXPECT_EQUAL(target[3999], 't');
  drop(s, node, 0);
  EXPECT_EQUAL(s->fs->ops->symlink(s->fs, WASI_ROOT_NODE, "e", 1, "", 0), ENOENT);
  EXPECT_EQUAL(s->fs->ops->symlink(s->fs, WASI_ROOT_NODE, "e", 1, target, 4096), ENAMETOOLONG);
  EXPECT_EQUAL(s->fs->ops->symlink(s->fs, WASI_ROOT_NODE, "long", 4, "x", 1), EEXIST);
  EXPECT_EQUAL(s->fs->ops->readlink(s->fs, WASI_ROOT_NODE, target, 9, &length), EINVAL);
}

static void test_hard_links(struct share *s) {
  wasi_node node, other;
  struct wasi_attr attr, second;
  test("hard links: to a file, to a symbolic link, to a directory");
  host_write(s, "l1", "shared");
  EXPECT_EQUAL(look(s, WASI_ROOT_NODE, "l1", &node, &attr), 0);
  EXPECT_EQUAL(s->fs->ops->link(s->fs, node, WASI_ROOT_NODE, "l2", 2), 0);
  EXPECT_EQUAL(look(s, WASI_ROOT_NODE, "l2", &other, &second), 0);
  EXPECT_EQUAL(other, node);
  EXPECT_EQUAL(second.ino, attr.ino);
  EXPECT_EQUAL(second.nlink, 2);
  EXPECT_EQUAL(s->fs->ops->link(s->fs, node, WASI_ROOT_NODE, "l2", 2), EEXIST);
  drop(s, node, 0);
  drop(s, other, 0);
  EXPECT_EQUAL(symlinkat("nowhere", s->dir, "dangling"), 0);
  EXPECT_EQUAL(look(s, WASI_ROOT_NODE, "dangling", &node, &attr), 0);
  EXPECT_EQUAL(s->fs->ops->link(s->fs, node, WASI_ROOT_NODE, "dangling2", 9), 0);
  drop(s, node, 0);
  EXPECT_EQUAL(look(s, WASI_ROOT_NODE, "dangling2", &node, &attr), 0);
  EXPECT(S_ISLNK(attr.mode));
  drop(s, node, 0);
  EXPECT_EQUAL(s->fs->ops->link(s->fs, WASI_ROOT_NODE, WASI_ROOT_NODE, "dirlink", 7), EPERM);
}

static void test_directories(struct share *s) {
  const struct wasi_fs_ops *ops = s->fs->ops;
  wasi_node d1, d2, node;
  wasi_handle handle;
  struct wasi_attr attr;
  test("mkdir, rmdir, unlink and their refusals");
  EXPECT_EQUAL(ops->mkdir(s->fs, WASI_ROOT_NODE, "d1", 2, 0777), 0);
  EXPECT_EQUAL(ops->mkdir(s->fs, WASI_ROOT_NODE, "d1", 2, 0777), EEXIST);
  EXPECT_EQUAL(ops->mkdir(s->fs, WASI_ROOT_NODE, "d2", 2, 0777), 0);
  EXPECT_EQUAL(look(s, WASI_ROOT_NODE, "d1", &d1, &attr), 0);
  EXPECT_EQUAL(look(s, WASI_ROOT_NODE, "d2", &d2, &attr), 0);
  EXPECT_EQUAL(ops->open(s->fs, d1, WASI_O_RDONLY, &handle), EISDIR);
  EXPECT_EQUAL(ops->create(s->fs, d1, "f", 1, RDWR_CREATE, 0666, &node, &handle, &attr), 0);
  drop(s, node, handle);
  EXPECT_EQUAL(make(s, "d1", RDWR_CREATE, &node, &handle), EISDIR);
  EXPECT_EQUAL(ops->rmdir(s->fs, WASI_ROOT_NODE, "d1", 2), ENOTEMPTY);
  EXPECT_EQUAL(ops->unlink(s->fs, WASI_ROOT_NODE, "d1", 2), EISDIR);
  EXPECT_EQUAL(ops->rmdir(s->fs, d1, "f", 1), ENOTDIR);
  EXPECT_EQUAL(ops->unlink(s->fs, d1, "g", 1), ENOENT);

  test("rename: across directories, over a file, and refusals");
  host_write(s, "over", "old");
  EXPECT_EQUAL(ops->rename(s->fs, d1, "f", 1, WASI_ROOT_NODE, "over", 4), 0);
  EXPECT_EQUAL(strcmp(host_text(s, "over"), ""), 0);
  EXPECT_EQUAL(ops->rename(s->fs, d1, "f", 1, d2, "x", 1), ENOENT);
  EXPECT_EQUAL(ops->rename(s->fs, WASI_ROOT_NODE, "d1", 2, d1, "self", 4), EINVAL);
  EXPECT_EQUAL(ops->rename(s->fs, WASI_ROOT_NODE, "d1", 2, WASI_ROOT_NODE, "over", 4), ENOTDIR);
  EXPECT_EQUAL(ops->rename(s->fs, WASI_ROOT_NODE, "over", 4, WASI_ROOT_NODE, "d1", 2), EISDIR);
  EXPECT_EQUAL(ops->rename(s->fs, WASI_ROOT_NODE, "d1", 2, d2, "inner", 5), 0);
  EXPECT_EQUAL(ops->rename(s->fs, WASI_ROOT_NODE, "over", 4, d1, "f", 1), 0);
  EXPECT_EQUAL(ops->mkdir(s->fs, WASI_ROOT_NODE, "d1", 2, 0777), 0);
  EXPECT_EQUAL(ops->rename(s->fs, WASI_ROOT_NODE, "d1", 2, d2, "inner", 5), ENOTEMPTY);
  drop(s, d1, 0);
  drop(s, d2, 0);
}

/* ---- Listing -----------------------------------------------------------------------------------
 */

struct listing {
  unsigned count, dots, stop_after;
  uint64_t last;
  uint8_t seen[1000];
  bool nonsense;
};

static bool list_one(void *context, const struct wasi_dirent *entry) {
  struct listing *list = context;
  if (list->stop_after && list->count == list->stop_after)
    return false;
  char name[256] = "";
  memcpy(name, entry->name, entry->name_length);
  unsigned number;
  if (sscanf(name, "file-%u", &number) == 1 && number < 1000) {
    list->seen[number]++;
    list->nonsense |= entry->type != DT_REG;
  } else if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) {
    list->dots++;
    list->nonsense |= entry->type != DT_DIR;
  } else {
    list->nonsense = true;
  }
  list->nonsense |= entry->next == 0;
  list->last = entry->next;
  list->count++;
  return true;
}

static void test_listing(struct share *s) {
  const struct wasi_fs_ops *ops = s->fs->ops;
  wasi_node dir;
  wasi_handle handle;
  struct wasi_attr attr;
  char name[32];
  test("1000 entries, each once");
  EXPECT_EQUAL(mkdirat(s->dir, "many", 0777), 0);
  for (unsigned i = 0; i < 1000; i++) {
    snprintf(name, sizeof name, "many/file-%u", i);
    close(openat(s->dir, name, O_WRONLY | O_CREAT, 0666));
  }
  EXPECT_EQUAL(look(s, WASI_ROOT_NODE, "many", &dir, &attr), 0);
  EXPECT_EQUAL(ops->opendir(s->fs, dir, &handle), 0);
  struct listing list = {0};
  EXPECT_EQUAL(ops->readdir(s->fs, dir, handle, 0, list_one, &list), 0);
  EXPECT_EQUAL(list.count, 1002);
  EXPECT_EQUAL(list.dots, 2);
  EXPECT(!list.nonsense);
  unsigned wrong = 0;
  for (unsigned i = 0; i < 1000; i++)
    wrong += list.seen[i] != 1;
  EXPECT_EQUAL(wrong, 0);

  test("a listing goes on where it stopped, seven entries at a time");
  list = (struct listing){0};
  for (unsigned total = 0; total < 1002 && !list.nonsense; total += 7) {
    list.count = 0;
    list.stop_after = 7;
    EXPECT_EQUAL(ops->readdir(s->fs, dir, handle, list.last, list_one, &list), 0);
    if (list.count == 0)
      break;
  }
  wrong = list.dots != 2;
  for (unsigned i = 0; i < 1000; i++)
    wrong += list.seen[i] != 1;
  EXPECT_EQUAL(wrong, 0);

  test("a listing survives removals");
  list = (struct listing){.stop_after = 500};
  EXPECT_EQUAL(ops->readdir(s->fs, dir, handle, 0, list_one, &list), 0);
  for (unsigned i = 0; i < 1000; i += 2) {
    snprintf(name, sizeof name, "file-%u", i);
    EXPECT_EQUAL(ops->unlink(s->fs, dir, name, strlen(name)), 0);
  }
  list.stop_after = 0;
  EXPECT_EQUAL(ops->readdir(s->fs, dir, handle, list.last, list_one, &list), 0);
  wrong = 0;
  for (unsigned i = 1; i < 1000; i += 2)
    wrong += list.seen[i] != 1;
  EXPECT_EQUAL(wrong, 0);
  EXPECT_EQUAL(ops->fsync(s->fs, dir, handle, false, true), 0);
  EXPECT_EQUAL(ops->releasedir(s->fs, dir, handle), 0);
  drop(s, dir, 0);
}

static bool check_parent(void *context, const struct wasi_dirent *entry) {
  uint64_t *ino = context;
  if (entry->name_length == 2 && memcmp(entry->name, "..", 2) == 0)
    *ino = entry->ino;
  return true;
}

static void test_root_parent(struct share *s) {
  wasi_handle handle;
  struct wasi_attr attr;
  uint64_t parent = 0;
  test("\"..\" of the share is the share");
  EXPECT_EQUAL(s->fs->ops->getattr(s->fs, WASI_ROOT_NODE, 0, &attr), 0);
  EXPECT_EQUAL(s->fs->ops->opendir(s->fs, WASI_ROOT_NODE, &handle), 0);
  EXPECT_EQUAL(s->fs->ops->readdir(s->fs, WASI_ROOT_NODE, handle, 0, check_parent, &parent), 0);
  EXPECT_EQUAL(parent, attr.ino);
  EXPECT_EQUAL(s->fs->ops->releasedir(s->fs, WASI_ROOT_NODE, handle), 0);
}

/* ---- Refusals ----------------------------------------------------------------------------------
 */

static void make_socket(struct share *s, const char *name) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  snprintf(address.sun_path, sizeof address.sun_path, "%s/%s", s->path, name);
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  EXPECT_EQUAL(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
  close(fd);
}

static void test_special(struct share *s) {
  wasi_node node;
  wasi_handle handle;
  struct wasi_attr attr;
  test("pipes and sockets are refused at once");
  EXPECT_EQUAL(mkfifoat(s->dir, "fifo", 0666), 0);
  make_socket(s, "socket");
  EXPECT_EQUAL(look(s, WASI_ROOT_NODE, "fifo", &node, &attr), 0);
  EXPECT(S_ISFIFO(attr.mode));
  EXPECT_EQUAL(s->fs->ops->open(s->fs, node, WASI_O_RDONLY, &handle), EACCES);
  EXPECT_EQUAL(s->fs->ops->open(s->fs, node, WASI_O_WRONLY | WASI_O_TRUNC, &handle), EACCES);
  drop(s, node, 0);
  EXPECT_EQUAL(make(s, "fifo", RDWR_CREATE, &node, &handle), EACCES);
  EXPECT_EQUAL(make(s, "socket", RDWR_CREATE, &node, &handle), ENXIO);
  EXPECT_EQUAL(unlinkat(s->dir, "fifo", 0), 0);
  EXPECT_EQUAL(unlinkat(s->dir, "socket", 0), 0);
}

static void test_size_limit(struct share *s) {
  struct rlimit old, limit;
  wasi_node node;
  wasi_handle handle;
  size_t count;
  test("a write that fits in part says so, the next one says why");
  signal(SIGXFSZ, SIG_IGN);
  getrlimit(RLIMIT_FSIZE, &old);
  limit = old;
  limit.rlim_cur = 3 << 20;
  EXPECT_EQUAL(make(s, "limited", RDWR_CREATE | WASI_O_TRUNC, &node, &handle), 0);
  setrlimit(RLIMIT_FSIZE, &limit);
  struct wasi_slice slice = {s->buffer, 5 << 20};
  EXPECT_EQUAL(s->fs->ops->write(s->fs, node, handle, 0, &slice, 1, &count), 0);
  EXPECT_EQUAL(count, 3 << 20);
  EXPECT_EQUAL(s->fs->ops->write(s->fs, node, handle, count, &slice, 1, &count), EFBIG);
  setrlimit(RLIMIT_FSIZE, &old);
  drop(s, node, handle);
}

static void test_descriptors(struct share *s) {
  wasi_node nodes[300];
  struct wasi_attr attr;
  struct rlimit old, limit;
  char name[32];
  unsigned held = 0;
  int error = 0;
  test("too many open nodes: EMFILE, and forgetting helps");
  for (unsigned i = 0; i < 300; i++) {
    snprintf(name, sizeof name, "fd-%u", i);
    host_write(s, name, "");
  }
  getrlimit(RLIMIT_NOFILE, &old);
  limit = old;
  limit.rlim_cur = 100;
  setrlimit(RLIMIT_NOFILE, &limit);
  for (unsigned i = 0; i < 300 && !error; i++) {
    snprintf(name, sizeof name, "fd-%u", i);
    error = look(s, WASI_ROOT_NODE, name, &nodes[held], &attr);
    held += !error;
  }
  EXPECT_EQUAL(error, EMFILE);
  EXPECT(held > 50 && held < 100);
  wasi_node node;
  wasi_handle handle;
  EXPECT_EQUAL(s->fs->ops->open(s->fs, nodes[0], WASI_O_RDONLY, &handle), EMFILE);
  EXPECT_EQUAL(make(s, "not-made", RDWR_CREATE, &node, &handle), EMFILE);
  EXPECT(!host_has(s, "not-made"));
  for (unsigned i = 0; i < 2; i++)
    s->fs->ops->forget(s->fs, nodes[--held]);
  EXPECT_EQUAL(make(s, "made", RDWR_CREATE, &node, &handle), 0);
  drop(s, node, handle);
  while (held > 0)
    s->fs->ops->forget(s->fs, nodes[--held]);
  setrlimit(RLIMIT_NOFILE, &old);

  test("what is forgotten and released leaves no descriptor");
  unsigned before = count_descriptors();
  for (unsigned round = 0; round < 640; round++) {
    snprintf(name, sizeof name, "fd-%u", round % 300);
    EXPECT_EQUAL(look(s, WASI_ROOT_NODE, name, &node, &attr), 0);
    EXPECT_EQUAL(s->fs->ops->open(s->fs, node, WASI_O_RDONLY, &handle), 0);
    drop(s, node, handle);
  }
  /* Up to 64 forgets are still on their way. */
  EXPECT(count_descriptors() <= before + 64);
}

static void test_read_only(struct share *s) {
  const struct wasi_fs_ops *ops = s->fs->ops;
  wasi_node node, other;
  wasi_handle handle;
  struct wasi_attr attr, after;
  struct wasi_setattr set = {.valid = WASI_SET_SIZE};
  size_t count;
  test("a read-only share is read");
  EXPECT(s->fs->read_only);
  EXPECT_EQUAL(look(s, WASI_ROOT_NODE, "keep", &node, &attr), 0);
  EXPECT_EQUAL(ops->open(s->fs, node, WASI_O_RDONLY, &handle), 0);
  struct wasi_slice slice = {s->buffer, 100};
  EXPECT_EQUAL(ops->read(s->fs, node, handle, 0, &slice, 1, &count), 0);
  EXPECT_EQUAL(count, 7);

  test("a read-only share is not changed by anything");
  EXPECT_EQUAL(write_bytes(s, node, handle, 0, "x", &count), EROFS);
  EXPECT_EQUAL(ops->allocate(s->fs, node, handle, 0, 100), EROFS);
  EXPECT_EQUAL(ops->setattr(s->fs, node, handle, &set), EROFS);
  EXPECT_EQUAL(ops->setattr(s->fs, node, 0, &set), EROFS);
  set.valid = WASI_SET_MTIME_NOW;
  EXPECT_EQUAL(ops->setattr(s->fs, node, 0, &set), EROFS);
  EXPECT_EQUAL(ops->release(s->fs, node, handle), 0);
  EXPECT_EQUAL(ops->open(s->fs, node, WASI_O_WRONLY, &handle), EROFS);
  EXPECT_EQUAL(ops->open(s->fs, node, WASI_O_RDWR, &handle), EROFS);
  EXPECT_EQUAL(ops->open(s->fs, node, WASI_O_RDONLY | WASI_O_TRUNC, &handle), EROFS);
  EXPECT_EQUAL(make(s, "nope", RDWR_CREATE, &other, &handle), EROFS);
  EXPECT_EQUAL(make(s, "nope", WASI_O_RDONLY, &other, &handle), EROFS);
  EXPECT_EQUAL(make(s, "keep", WASI_O_EXCL, &other, &handle), EEXIST);
  EXPECT_EQUAL(make(s, "keep", WASI_O_RDONLY, &other, &handle), 0);
  drop(s, other, handle);
  EXPECT_EQUAL(ops->mkdir(s->fs, WASI_ROOT_NODE, "nope", 4, 0777), EROFS);
  EXPECT_EQUAL(ops->symlink(s->fs, WASI_ROOT_NODE, "nope", 4, "keep", 4), EROFS);
  EXPECT_EQUAL(ops->link(s->fs, node, WASI_ROOT_NODE, "nope", 4), EROFS);
  EXPECT_EQUAL(ops->rename(s->fs, WASI_ROOT_NODE, "keep", 4, WASI_ROOT_NODE, "nope", 4), EROFS);
  EXPECT_EQUAL(ops->unlink(s->fs, WASI_ROOT_NODE, "keep", 4), EROFS);
  EXPECT_EQUAL(ops->rmdir(s->fs, WASI_ROOT_NODE, "many", 4), EROFS);
  EXPECT_EQUAL(ops->getattr(s->fs, node, 0, &after), 0);
  EXPECT_EQUAL(after.ctime_ns, attr.ctime_ns);
  EXPECT(!host_has(s, "nope"));
  drop(s, node, 0);
}

static void test_open_device(void) {
  struct device_host host = {0};
  const char *error = NULL;
  test("a share must be a directory");
  EXPECT(fs_create(&host, open("/dev/null", O_RDONLY), false, FS_CACHE_NONE, &error) == NULL);
  EXPECT(error && strcmp(error, "Not a directory") == 0);
  error = NULL;
  EXPECT(fs_create(&host, -1, false, FS_CACHE_NONE, &error) == NULL);
  EXPECT(error && strcmp(error, "Bad file descriptor") == 0);
}

int main(void) {
  struct share s = {0};
  unsigned descriptors = count_descriptors();
  share_open(&s, false);
  test_lookup(&s);
  test_names(&s);
  test_create(&s);
  test_big(&s);
  test_append_truncate(&s);
  test_times(&s);
  test_symlinks(&s);
  test_hard_links(&s);
  test_directories(&s);
  test_listing(&s);
  test_root_parent(&s);
  test_special(&s);
  test_size_limit(&s);
  test_descriptors(&s);
  host_write(&s, "keep", "content");
  share_close(&s);
  share_open(&s, true);
  test_read_only(&s);
  share_close(&s);
  test_open_device();
  test("nothing stays open");
  EXPECT_EQUAL(count_descriptors(), descriptors);
  remove_tree(s.path);
  return finish();
}
