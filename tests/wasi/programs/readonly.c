/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A second preopen, descriptor 4, "/ro", read-only, holding "file" with the text "read only\n". */
#include "check.h"

#define RO 4

int main(void) {
  __wasi_prestat_t stat;
  CHECK_OK(__wasi_fd_prestat_get(RO, &stat));
  CHECK_EQUAL(3, stat.u.dir.pr_name_len);
  __wasi_fd_t fd;
  CHECK_OK(open_at(RO, "file", 0, __WASI_RIGHTS_FD_READ, &fd));
  CHECK(!strcmp(read_text(fd), "read only\n"));
  CHECK_OK(__wasi_fd_close(fd));
  /* Go asks for the right to set the size of what it only reads, and for bits that are no rights.
   */
  CHECK_OK(open_at(RO, "file", 0,
                   __WASI_RIGHTS_FD_READ | __WASI_RIGHTS_FD_FILESTAT_SET_SIZE | UINT64_C(3) << 30,
                   &fd));
  CHECK_ERRNO(ROFS, __wasi_fd_filestat_set_size(fd, 0));
  CHECK_OK(__wasi_fd_close(fd));
  CHECK_ERRNO(ROFS, open_at(RO, "file", 0, READ_WRITE, &fd));
  CHECK_ERRNO(ROFS, open_at(RO, "file", __WASI_OFLAGS_TRUNC, __WASI_RIGHTS_FD_READ, &fd));
  CHECK_ERRNO(ROFS, open_at(RO, "new", __WASI_OFLAGS_CREAT, __WASI_RIGHTS_FD_READ, &fd));
  CHECK_ERRNO(ROFS, __wasi_path_create_directory(RO, "new"));
  CHECK_ERRNO(ROFS, __wasi_path_unlink_file(RO, "file"));
  CHECK_ERRNO(ROFS, __wasi_path_symlink("file", RO, "new"));
  CHECK_ERRNO(ROFS, __wasi_path_link(RO, 0, "file", RO, "new"));
  CHECK_ERRNO(ROFS, __wasi_path_rename(RO, "file", RO, "new"));
  CHECK_ERRNO(ROFS, __wasi_path_filestat_set_times(RO, 0, "file", 1, 1, __WASI_FSTFLAGS_MTIM));
  /* The two directories are different file systems. */
  CHECK_ERRNO(XDEV, __wasi_path_rename(RO, "file", SCRATCH, "file"));
  CHECK_ERRNO(XDEV, __wasi_path_link(RO, 0, "file", SCRATCH, "file"));
  /* The C library finds both by name. */
  FILE *file = fopen("/ro/file", "r");
  CHECK(file && fgetc(file) == 'r' && !fclose(file));
  CHECK(!fopen("/ro/file", "r+"));
  file = fopen("mine", "w");
  CHECK(file && fputs("x", file) >= 0 && !fclose(file));
  return 0;
}
