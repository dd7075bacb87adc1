/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* filestat_get, set_size, set_times, allocate, advise, sync. */
#include "check.h"

#define ATIM __WASI_FSTFLAGS_ATIM
#define ATIM_NOW __WASI_FSTFLAGS_ATIM_NOW
#define MTIM __WASI_FSTFLAGS_MTIM
#define MTIM_NOW __WASI_FSTFLAGS_MTIM_NOW

static const uint64_t OLD = UINT64_C(1234567890123456789);

static __wasi_filestat_t stat_path(const char *path, unsigned lookup) {
  __wasi_filestat_t stat;
  memset(&stat, 0x55, sizeof stat);
  CHECK_OK(__wasi_path_filestat_get(SCRATCH, lookup, path, &stat));
  return stat;
}

static __wasi_filestat_t stat_fd(int fd) {
  __wasi_filestat_t stat;
  memset(&stat, 0x55, sizeof stat);
  CHECK_OK(__wasi_fd_filestat_get(fd, &stat));
  return stat;
}

static __wasi_fd_t open_all(const char *path) {
  __wasi_fd_t fd;
  CHECK_OK(open_at(SCRATCH, path, __WASI_OFLAGS_CREAT, ALL_RIGHTS, &fd));
  return fd;
}

static void test_identity(void) {
  make_file(SCRATCH, "file", "12345");
  make_file(SCRATCH, "other", "");
  CHECK_OK(__wasi_path_link(SCRATCH, 0, "file", SCRATCH, "same"));
  CHECK_OK(__wasi_path_create_directory(SCRATCH, "dir"));
  __wasi_filestat_t file = stat_path("file", 0), same = stat_path("same", 0),
                    other = stat_path("other", 0), dir = stat_path("dir", 0),
                    here = stat_path(".", 0);
  CHECK_EQUAL(file.dev, same.dev);
  CHECK_EQUAL(file.ino, same.ino);
  CHECK(file.ino != other.ino && dir.ino != file.ino && here.ino != dir.ino);
  CHECK_EQUAL(file.dev, other.dev);
  CHECK_EQUAL(2, file.nlink);
  CHECK_EQUAL(1, other.nlink);
  CHECK_EQUAL(5, file.size);
  CHECK_EQUAL(__WASI_FILETYPE_REGULAR_FILE, file.filetype);
  CHECK_EQUAL(__WASI_FILETYPE_DIRECTORY, dir.filetype);
  __wasi_fd_t fd = open_file(SCRATCH, "same");
  __wasi_filestat_t opened = stat_fd(fd);
  CHECK(!memcmp(&opened, &file, sizeof file) || opened.ino == file.ino);
  CHECK_OK(__wasi_fd_close(fd));
  CHECK_EQUAL(here.ino, stat_fd(SCRATCH).ino);
  __wasi_filestat_t stat;
  CHECK_ERRNO(NOENT, __wasi_path_filestat_get(SCRATCH, 0, "none", &stat));
  CHECK_ERRNO(INVAL, __wasi_path_filestat_get(SCRATCH, 2, "file", &stat));
  CHECK_ERRNO(FAULT, raw_fd_filestat_get(SCRATCH, memory_end() - 63));
}

static void test_size(void) {
  __wasi_fd_t fd = open_all("sized");
  CHECK_OK(write_at_end(fd, "abcdef", 6));
  CHECK_OK(__wasi_fd_filestat_set_size(fd, 3));
  CHECK_EQUAL(3, stat_fd(fd).size);
  __wasi_filesize_t place;
  CHECK_OK(__wasi_fd_tell(fd, &place));
  CHECK_EQUAL(6, place); /* the size does not move the offset */
  CHECK_OK(__wasi_fd_filestat_set_size(fd, 100));
  CHECK_EQUAL(100, stat_fd(fd).size);
  CHECK_ERRNO(INVAL, __wasi_fd_filestat_set_size(fd, UINT64_C(1) << 63));
  CHECK_OK(__wasi_fd_allocate(fd, 10, 20));
  CHECK_EQUAL(100, stat_fd(fd).size);
  CHECK_OK(__wasi_fd_allocate(fd, 90, 20));
  CHECK_EQUAL(110, stat_fd(fd).size);
  CHECK_ERRNO(INVAL, __wasi_fd_allocate(fd, 0, 0));
  CHECK_ERRNO(INVAL, __wasi_fd_allocate(fd, 0, UINT64_C(1) << 63));
  CHECK_ERRNO(FBIG, __wasi_fd_allocate(fd, INT64_MAX, 1));
  CHECK_OK(__wasi_fd_close(fd));
  CHECK_ERRNO(BADF, __wasi_fd_filestat_set_size(SCRATCH, 0));
  CHECK_ERRNO(BADF, __wasi_fd_allocate(SCRATCH, 0, 1));
}

static void test_times(void) {
  __wasi_fd_t fd = open_all("timed");
  CHECK_OK(__wasi_fd_filestat_set_times(fd, OLD, OLD + 1, ATIM | MTIM));
  CHECK_EQUAL(OLD, stat_fd(fd).atim);
  CHECK_EQUAL(OLD + 1, stat_fd(fd).mtim);
  CHECK_OK(__wasi_fd_filestat_set_times(fd, OLD + 2, 7, ATIM));
  CHECK_EQUAL(OLD + 2, stat_fd(fd).atim);
  CHECK_EQUAL(OLD + 1, stat_fd(fd).mtim);
  CHECK_ERRNO(INVAL, __wasi_fd_filestat_set_times(fd, 1, 1, ATIM | ATIM_NOW));
  CHECK_ERRNO(INVAL, __wasi_fd_filestat_set_times(fd, 1, 1, MTIM | MTIM_NOW));
  CHECK_ERRNO(INVAL, __wasi_fd_filestat_set_times(fd, 1, 1, 0x10));
  CHECK_OK(__wasi_fd_filestat_set_times(fd, 1, 1, 0));
  CHECK_EQUAL(OLD + 2, stat_fd(fd).atim);
  CHECK_OK(__wasi_fd_filestat_set_times(fd, 0, 0, MTIM_NOW));
  CHECK(stat_fd(fd).mtim > OLD + 1);
  CHECK_EQUAL(OLD + 2, stat_fd(fd).atim);
  CHECK_OK(__wasi_fd_close(fd));

  CHECK_OK(__wasi_path_symlink("timed", SCRATCH, "to-timed"));
  uint64_t link_mtim = stat_path("to-timed", 0).mtim;
  CHECK_OK(__wasi_path_filestat_set_times(SCRATCH, FOLLOW, "to-timed", OLD, OLD, ATIM | MTIM));
  CHECK_EQUAL(OLD, stat_path("timed", 0).mtim);
  CHECK_EQUAL(link_mtim, stat_path("to-timed", 0).mtim);
  CHECK_OK(__wasi_path_filestat_set_times(SCRATCH, 0, "to-timed", 0, OLD + 5, MTIM));
  CHECK_EQUAL(OLD + 5, stat_path("to-timed", 0).mtim);
  CHECK_EQUAL(OLD, stat_path("timed", 0).mtim);
  CHECK_OK(__wasi_path_filestat_set_times(SCRATCH, 0, "dir", OLD, OLD, ATIM | MTIM));
  CHECK_EQUAL(OLD, stat_path("dir", 0).mtim);
  CHECK_ERRNO(INVAL, __wasi_path_filestat_set_times(SCRATCH, 0, "timed", 1, 1, MTIM | MTIM_NOW));
  CHECK_ERRNO(NOENT, __wasi_path_filestat_set_times(SCRATCH, 0, "none", 1, 1, MTIM));
}

/* A file without a name can still be used. */
static void test_unlinked(void) {
  __wasi_fd_t fd = open_all("gone");
  CHECK_OK(__wasi_path_unlink_file(SCRATCH, "gone"));
  CHECK_OK(write_at_end(fd, "still", 5));
  CHECK_EQUAL(5, stat_fd(fd).size);
  CHECK_EQUAL(0, stat_fd(fd).nlink);
  CHECK_OK(__wasi_fd_filestat_set_size(fd, 2));
  CHECK_EQUAL(2, stat_fd(fd).size);
  CHECK_OK(__wasi_fd_filestat_set_times(fd, OLD, OLD, MTIM));
  CHECK_EQUAL(OLD, stat_fd(fd).mtim);
  CHECK_OK(__wasi_fd_close(fd));
}

static void test_advice_and_sync(void) {
  __wasi_fd_t fd = open_all("file");
  for (unsigned advice = 0; advice <= __WASI_ADVICE_NOREUSE; advice++)
    CHECK_OK(__wasi_fd_advise(fd, 0, 4096, (__wasi_advice_t)advice));
  CHECK_ERRNO(INVAL, __wasi_fd_advise(fd, 0, 4096, 6));
  CHECK_EQUAL(5, stat_fd(fd).size);
  CHECK_OK(__wasi_fd_sync(fd));
  CHECK_OK(__wasi_fd_datasync(fd));
  CHECK_OK(__wasi_fd_close(fd));
  CHECK_ERRNO(BADF, __wasi_fd_sync(fd));
  CHECK_ERRNO(BADF, __wasi_fd_advise(SCRATCH, 0, 1, __WASI_ADVICE_NORMAL));
  CHECK_OK(__wasi_fd_sync(SCRATCH));
  CHECK_OK(__wasi_fd_datasync(SCRATCH));
  /* Synchronous modes are accepted and shown. */
  __wasi_fdstat_t fdstat;
  CHECK_OK(__wasi_path_open(SCRATCH, 0, "file", 0, ALL_RIGHTS, 0,
                            __WASI_FDFLAGS_SYNC | __WASI_FDFLAGS_DSYNC, &fd));
  CHECK_OK(__wasi_fd_fdstat_get(fd, &fdstat));
  CHECK_EQUAL(__WASI_FDFLAGS_SYNC | __WASI_FDFLAGS_DSYNC, fdstat.fs_flags);
  CHECK_OK(write_at_end(fd, "x", 1));
  CHECK_ERRNO(INVAL, __wasi_fd_fdstat_set_flags(fd, 0x20));
  for (unsigned flags = 0; flags < 0x20; flags++) { /* APPEND, DSYNC, NONBLOCK, RSYNC, SYNC */
    CHECK_OK(__wasi_fd_fdstat_set_flags(fd, (__wasi_fdflags_t)flags));
    CHECK_OK(__wasi_fd_fdstat_get(fd, &fdstat));
    CHECK_EQUAL(flags, fdstat.fs_flags);
    CHECK_OK(write_at_end(fd, "y", 1));
  }
  CHECK_OK(__wasi_fd_close(fd));
}

int main(void) {
  test_identity();
  test_size();
  test_times();
  test_unlinked();
  test_advice_and_sync();
  return 0;
}
