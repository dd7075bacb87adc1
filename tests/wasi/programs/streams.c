/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Standard streams: copied through in order, and what can be done to them. Standard input and
 * output are pipes, standard error is a file. */
#include "check.h"
#include <unistd.h>

/* A stream that is a file: its place, size and attributes are the file's. */
static void check_file(int fd) {
  __wasi_fdstat_t stat;
  __wasi_filestat_t file;
  __wasi_filesize_t place;
  __wasi_size_t moved;
  __wasi_ciovec_t out = {(const uint8_t *)"0123456789", 10};
  CHECK_OK(__wasi_fd_fdstat_get(fd, &stat));
  CHECK_EQUAL(__WASI_FILETYPE_REGULAR_FILE, stat.fs_filetype);
  CHECK(!isatty(fd));
  CHECK_OK(__wasi_fd_write(fd, &out, 1, &moved));
  CHECK_OK(__wasi_fd_tell(fd, &place));
  CHECK_EQUAL(10, place);
  CHECK_OK(__wasi_fd_filestat_get(fd, &file));
  CHECK_EQUAL(__WASI_FILETYPE_REGULAR_FILE, file.filetype);
  CHECK_EQUAL(10, file.size);
  CHECK(file.ino != 0 && file.mtim != 0);
  out.buf_len = 3;
  CHECK_OK(__wasi_fd_pwrite(fd, &out, 1, 20, &moved));
  CHECK_EQUAL(3, moved);
  CHECK_EQUAL(23, size_of(fd));
  CHECK_OK(__wasi_fd_seek(fd, -3, __WASI_WHENCE_END, &place));
  CHECK_EQUAL(20, place);
  CHECK_OK(__wasi_fd_seek(fd, 5, __WASI_WHENCE_CUR, &place));
  CHECK_EQUAL(25, place);
  CHECK_ERRNO(INVAL, __wasi_fd_seek(fd, -26, __WASI_WHENCE_CUR, &place));
  CHECK_ERRNO(INVAL, __wasi_fd_seek(fd, 0, 3, &place));
  CHECK_OK(__wasi_fd_advise(fd, 0, 1, __WASI_ADVICE_NORMAL));
  CHECK_OK(__wasi_fd_sync(fd));
  CHECK_OK(__wasi_fd_datasync(fd));
  __wasi_iovec_t in = {(uint8_t *)&stat, 1};
  CHECK_ERRNO(BADF, __wasi_fd_pread(fd, &in, 1, 0, &moved)); /* it is for writing */
  CHECK_ERRNO(NOTCAPABLE, __wasi_fd_allocate(fd, 0, 1));
  CHECK_ERRNO(NOTCAPABLE, __wasi_fd_filestat_set_times(fd, 0, 0, __WASI_FSTFLAGS_ATIM_NOW));
  CHECK_ERRNO(NOTSUP, __wasi_fd_fdstat_set_flags(fd, __WASI_FDFLAGS_SYNC));
  CHECK_OK(__wasi_fd_fdstat_set_flags(fd, __WASI_FDFLAGS_NONBLOCK));
  CHECK_OK(__wasi_fd_write(fd, &out, 1, &moved)); /* files do not block */
  CHECK_OK(__wasi_fd_filestat_set_size(fd, 0));
  CHECK_OK(__wasi_fd_seek(fd, 0, __WASI_WHENCE_SET, &place));
}

int main(void) {
  char buffer[7];
  ssize_t got;
  while ((got = read(0, buffer, sizeof buffer)) > 0)
    CHECK_EQUAL(got, write(1, buffer, (size_t)got));
  CHECK_EQUAL(0, got);
  CHECK_EQUAL(0, read(0, buffer, sizeof buffer)); /* the end stays the end */

  __wasi_fdstat_t stat;
  for (int fd = 0; fd < 2; fd++) {
    CHECK_OK(__wasi_fd_fdstat_get(fd, &stat));
    CHECK(stat.fs_filetype != __WASI_FILETYPE_DIRECTORY);
    CHECK(!isatty(fd));
    __wasi_filestat_t file;
    CHECK_OK(__wasi_fd_filestat_get(fd, &file));
    CHECK_EQUAL(stat.fs_filetype, file.filetype);
    __wasi_filesize_t place;
    __wasi_size_t moved;
    __wasi_iovec_t piece = {(uint8_t *)buffer, 1};
    CHECK_ERRNO(SPIPE, __wasi_fd_seek(fd, 0, __WASI_WHENCE_CUR, &place));
    CHECK_ERRNO(SPIPE, __wasi_fd_tell(fd, &place));
    if (fd == 0)
      CHECK_ERRNO(SPIPE, __wasi_fd_pread(fd, &piece, 1, 0, &moved));
    CHECK_ERRNO(SPIPE, __wasi_fd_allocate(fd, 0, 1));
    CHECK_ERRNO(SPIPE, __wasi_fd_advise(fd, 0, 1, __WASI_ADVICE_NORMAL));
    CHECK_ERRNO(INVAL, __wasi_fd_sync(fd));
    CHECK_ERRNO(INVAL, __wasi_fd_filestat_set_size(fd, 0));
  }
  check_file(2);
  __wasi_size_t moved = 9;
  __wasi_iovec_t in = {(uint8_t *)buffer, 1};
  __wasi_ciovec_t out = {(uint8_t *)buffer, 1};
  CHECK_ERRNO(BADF, __wasi_fd_write(0, &out, 1, &moved));
  CHECK_ERRNO(BADF, __wasi_fd_read(1, &in, 1, &moved));
  CHECK_ERRNO(BADF, __wasi_fd_read(2, &in, 1, &moved));
  out.buf_len = 0;
  CHECK_OK(__wasi_fd_write(1, &out, 1, &moved));
  CHECK_EQUAL(0, moved);

  /* At the end of the input a reader that must not block gets the end, not AGAIN. */
  CHECK_OK(__wasi_fd_fdstat_set_flags(0, __WASI_FDFLAGS_NONBLOCK));
  CHECK_OK(__wasi_fd_fdstat_get(0, &stat));
  CHECK_EQUAL(__WASI_FDFLAGS_NONBLOCK, stat.fs_flags);
  CHECK_OK(__wasi_fd_read(0, &in, 1, &moved));
  CHECK_EQUAL(0, moved);
  CHECK_OK(__wasi_fd_fdstat_set_flags(0, 0));

  /* Standard output can be given another number, and closed. */
  make_file(SCRATCH, "file", "");
  __wasi_fd_t file = open_file(SCRATCH, "file");
  CHECK_OK(__wasi_fd_renumber(1, file));
  CHECK_ERRNO(BADF, __wasi_fd_fdstat_get(1, &stat));
  CHECK_EQUAL(5, write(file, "moved", 5));
  CHECK_EQUAL(1, open_file(SCRATCH, "file"));
  CHECK_OK(__wasi_fd_close(file));
  return 0;
}
