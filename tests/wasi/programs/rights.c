/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Rights narrow and never widen, and each operation asks for its own. */
#include "check.h"

static __wasi_fdstat_t stat_of(int fd) {
  __wasi_fdstat_t stat;
  memset(&stat, 0x55, sizeof stat);
  CHECK_OK(__wasi_fd_fdstat_get(fd, &stat));
  return stat;
}

static void test_shown(void) {
  __wasi_fdstat_t stat = stat_of(SCRATCH);
  CHECK_EQUAL(__WASI_FILETYPE_DIRECTORY, stat.fs_filetype);
  CHECK_EQUAL(0, stat.fs_flags);
  CHECK(stat.fs_rights_base & __WASI_RIGHTS_PATH_OPEN);
  CHECK(!(stat.fs_rights_base & (__WASI_RIGHTS_FD_WRITE | __WASI_RIGHTS_FD_SEEK)));
  CHECK(stat.fs_rights_inheriting & __WASI_RIGHTS_FD_WRITE);
  /* Rights that mean nothing to a file are not shown by one. */
  __wasi_fd_t fd;
  CHECK_OK(open_at(SCRATCH, "file", __WASI_OFLAGS_CREAT,
                   __WASI_RIGHTS_FD_READ | __WASI_RIGHTS_PATH_FILESTAT_GET, &fd));
  stat = stat_of(fd);
  CHECK_EQUAL(__WASI_FILETYPE_REGULAR_FILE, stat.fs_filetype);
  CHECK_EQUAL(__WASI_RIGHTS_FD_READ, stat.fs_rights_base);
  CHECK_EQUAL(0, stat.fs_rights_inheriting);
  CHECK_OK(__wasi_fd_close(fd));
}

static void test_file_operations(void) {
  __wasi_fd_t fd;
  uint8_t byte = 0;
  __wasi_iovec_t in = {&byte, 1};
  __wasi_ciovec_t out = {&byte, 1};
  __wasi_size_t moved;
  __wasi_filesize_t place;
  __wasi_filestat_t stat;
  CHECK_OK(open_at(SCRATCH, "file", 0, __WASI_RIGHTS_FD_READ, &fd));
  CHECK_ERRNO(BADF, __wasi_fd_write(fd, &out, 1, &moved));
  CHECK_ERRNO(BADF, __wasi_fd_pwrite(fd, &out, 1, 0, &moved));
  CHECK_ERRNO(NOTCAPABLE, __wasi_fd_pread(fd, &in, 1, 0, &moved));
  CHECK_ERRNO(NOTCAPABLE, __wasi_fd_seek(fd, 0, __WASI_WHENCE_CUR, &place));
  CHECK_ERRNO(NOTCAPABLE, __wasi_fd_tell(fd, &place));
  CHECK_ERRNO(NOTCAPABLE, __wasi_fd_filestat_get(fd, &stat));
  CHECK_ERRNO(NOTCAPABLE, __wasi_fd_filestat_set_size(fd, 1));
  CHECK_ERRNO(NOTCAPABLE, __wasi_fd_filestat_set_times(fd, 1, 1, __WASI_FSTFLAGS_ATIM));
  CHECK_ERRNO(NOTCAPABLE, __wasi_fd_fdstat_set_flags(fd, 0));
  CHECK_ERRNO(NOTCAPABLE, __wasi_fd_sync(fd));
  CHECK_ERRNO(NOTCAPABLE, __wasi_fd_datasync(fd));
  CHECK_ERRNO(NOTCAPABLE, __wasi_fd_advise(fd, 0, 1, __WASI_ADVICE_NORMAL));
  CHECK_ERRNO(NOTCAPABLE, __wasi_fd_allocate(fd, 0, 1));
  CHECK_OK(__wasi_fd_close(fd));
  /* The right to tell lets one ask where one is, not move. */
  CHECK_OK(open_at(SCRATCH, "file", 0, __WASI_RIGHTS_FD_READ | __WASI_RIGHTS_FD_TELL, &fd));
  CHECK_OK(__wasi_fd_tell(fd, &place));
  CHECK_OK(__wasi_fd_seek(fd, 0, __WASI_WHENCE_CUR, &place));
  CHECK_ERRNO(NOTCAPABLE, __wasi_fd_seek(fd, 0, __WASI_WHENCE_SET, &place));
  CHECK_OK(__wasi_fd_close(fd));
  CHECK_OK(open_at(SCRATCH, "file", 0, __WASI_RIGHTS_FD_WRITE, &fd));
  CHECK_ERRNO(BADF, __wasi_fd_read(fd, &in, 1, &moved));
  CHECK_OK(__wasi_fd_write(fd, &out, 1, &moved));
  CHECK_OK(__wasi_fd_close(fd));
}

static void test_directory_operations(void) {
  __wasi_fd_t dir, fd;
  CHECK_OK(open_at(SCRATCH, ".", __WASI_OFLAGS_DIRECTORY, 0, &dir));
  uint8_t buffer[64];
  __wasi_size_t used;
  __wasi_filestat_t stat;
  CHECK_ERRNO(NOTCAPABLE, open_at(dir, "file", 0, 0, &fd));
  CHECK_ERRNO(NOTCAPABLE, __wasi_fd_readdir(dir, buffer, sizeof buffer, 0, &used));
  CHECK_ERRNO(NOTCAPABLE, __wasi_path_create_directory(dir, "x"));
  CHECK_ERRNO(NOTCAPABLE, __wasi_path_filestat_get(dir, 0, "file", &stat));
  CHECK_ERRNO(NOTCAPABLE, __wasi_path_filestat_set_times(dir, 0, "file", 1, 1, 1));
  CHECK_ERRNO(NOTCAPABLE, __wasi_path_link(dir, 0, "file", SCRATCH, "x"));
  CHECK_ERRNO(NOTCAPABLE, __wasi_path_link(SCRATCH, 0, "file", dir, "x"));
  CHECK_ERRNO(NOTCAPABLE, __wasi_path_readlink(dir, "file", buffer, sizeof buffer, &used));
  CHECK_ERRNO(NOTCAPABLE, __wasi_path_remove_directory(dir, "x"));
  CHECK_ERRNO(NOTCAPABLE, __wasi_path_rename(dir, "file", SCRATCH, "x"));
  CHECK_ERRNO(NOTCAPABLE, __wasi_path_rename(SCRATCH, "file", dir, "x"));
  CHECK_ERRNO(NOTCAPABLE, __wasi_path_symlink("file", dir, "x"));
  CHECK_ERRNO(NOTCAPABLE, __wasi_path_unlink_file(dir, "file"));
  CHECK_OK(__wasi_fd_close(dir));
}

static void test_narrowing(void) {
  __wasi_fd_t dir, fd;
  const uint64_t base = __WASI_RIGHTS_PATH_OPEN | __WASI_RIGHTS_FD_READDIR;
  const uint64_t inheriting = __WASI_RIGHTS_FD_READ | __WASI_RIGHTS_FD_SEEK;
  CHECK_OK(__wasi_path_open(SCRATCH, 0, ".", __WASI_OFLAGS_DIRECTORY, base, inheriting, 0, &dir));
  __wasi_fdstat_t stat = stat_of(dir);
  CHECK_EQUAL(base, stat.fs_rights_base);
  CHECK_EQUAL(inheriting, stat.fs_rights_inheriting);
  CHECK_OK(open_at(dir, "file", 0, __WASI_RIGHTS_FD_READ, &fd));
  CHECK_OK(__wasi_fd_close(fd));
  CHECK_ERRNO(NOTCAPABLE, open_at(dir, "file", 0, __WASI_RIGHTS_FD_WRITE, &fd));
  CHECK_ERRNO(NOTCAPABLE, __wasi_path_open(dir, 0, "file", 0, 0, base, 0, &fd));
  CHECK_ERRNO(NOTCAPABLE, open_at(dir, "new", __WASI_OFLAGS_CREAT, 0, &fd));
  CHECK_REFUSED(open_at(dir, "file", __WASI_OFLAGS_TRUNC, 0, &fd));
  CHECK_ERRNO(NOTCAPABLE,
              __wasi_fd_fdstat_set_rights(dir, base | __WASI_RIGHTS_PATH_SYMLINK, inheriting));
  CHECK_ERRNO(NOTCAPABLE, __wasi_fd_fdstat_set_rights(dir, base, inheriting | base));
  CHECK_OK(__wasi_fd_fdstat_set_rights(dir, base, 0));
  CHECK_ERRNO(NOTCAPABLE, open_at(dir, "file", 0, __WASI_RIGHTS_FD_READ, &fd));
  CHECK_OK(open_at(dir, "file", 0, 0, &fd));
  CHECK_OK(__wasi_fd_close(fd));
  CHECK_OK(__wasi_fd_fdstat_set_rights(dir, 0, 0));
  CHECK_ERRNO(NOTCAPABLE, open_at(dir, "file", 0, 0, &fd));
  CHECK_ERRNO(NOTCAPABLE, __wasi_fd_fdstat_set_rights(dir, base, 0));
  CHECK_OK(__wasi_fd_close(dir));
  CHECK_ERRNO(BADF, __wasi_fd_fdstat_set_rights(dir, 0, 0));
}

int main(void) {
  test_shown();
  test_file_operations();
  test_directory_operations();
  test_narrowing();
  return 0;
}
