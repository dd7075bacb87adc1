/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* path_open: flags, what exists and what does not, and which number comes back. */
#include "check.h"

#define CREAT __WASI_OFLAGS_CREAT
#define EXCL __WASI_OFLAGS_EXCL
#define TRUNC __WASI_OFLAGS_TRUNC
#define DIRECTORY __WASI_OFLAGS_DIRECTORY

static void test_files(void) {
  __wasi_fd_t fd;
  CHECK_ERRNO(NOENT, open_at(SCRATCH, "file", 0, READ_WRITE, &fd));
  CHECK_ERRNO(NOENT, open_at(SCRATCH, "file", TRUNC, READ_WRITE, &fd));
  CHECK_OK(open_at(SCRATCH, "file", CREAT | EXCL, READ_WRITE, &fd));
  CHECK_OK(write_at_end(fd, "text", 4));
  CHECK_OK(__wasi_fd_close(fd));
  CHECK_ERRNO(EXIST, open_at(SCRATCH, "file", CREAT | EXCL, READ_WRITE, &fd));
  CHECK_OK(open_at(SCRATCH, "file", CREAT, READ_WRITE, &fd));
  CHECK(!strcmp(read_text(fd), "text"));
  CHECK_OK(__wasi_fd_close(fd));
  CHECK_OK(open_at(SCRATCH, "file", TRUNC, READ_WRITE, &fd));
  CHECK_EQUAL(0, size_of(fd));
  CHECK_OK(__wasi_fd_close(fd));
  CHECK_ERRNO(NOTDIR, open_at(SCRATCH, "file", DIRECTORY, __WASI_RIGHTS_FD_READ, &fd));
  CHECK_ERRNO(NOTDIR, open_at(SCRATCH, "file/x", 0, READ_WRITE, &fd));
  CHECK_ERRNO(NOTDIR, open_at(SCRATCH, "file/", 0, READ_WRITE, &fd));
  CHECK_ERRNO(NOENT, open_at(SCRATCH, "none/x", CREAT, READ_WRITE, &fd));
  CHECK_ERRNO(ISDIR, open_at(SCRATCH, "new/", CREAT, READ_WRITE, &fd));
}

static void test_directories(void) {
  __wasi_fd_t fd, inner;
  CHECK_OK(__wasi_path_create_directory(SCRATCH, "dir"));
  make_file(SCRATCH, "dir/inner", "inside");
  CHECK_ERRNO(ISDIR, open_at(SCRATCH, "dir", 0, READ_WRITE, &fd));
  CHECK_ERRNO(ISDIR, open_at(SCRATCH, "dir", CREAT, __WASI_RIGHTS_FD_READ, &fd));
  CHECK_ERRNO(EXIST, open_at(SCRATCH, "dir", CREAT | EXCL, __WASI_RIGHTS_FD_READ, &fd));
  CHECK_ERRNO(ISDIR, open_at(SCRATCH, "dir", TRUNC, __WASI_RIGHTS_FD_READ, &fd));
  CHECK_ERRNO(INVAL, open_at(SCRATCH, "dir2", CREAT | DIRECTORY, __WASI_RIGHTS_FD_READ, &fd));
  CHECK_OK(open_at(SCRATCH, "dir", 0, 0, &fd));
  CHECK_OK(__wasi_fd_close(fd));

  fd = open_directory(SCRATCH, "dir");
  inner = open_file(fd, "inner");
  CHECK(!strcmp(read_text(inner), "inside"));
  CHECK_OK(__wasi_fd_close(inner));
  /* A second descriptor of the same directory outlives the first. */
  __wasi_fd_t same = open_directory(fd, ".");
  CHECK_OK(__wasi_fd_close(fd));
  inner = open_file(same, "./inner");
  CHECK(!strcmp(read_text(inner), "inside"));
  CHECK_OK(__wasi_fd_close(inner));
  CHECK_OK(__wasi_fd_close(same));
  fd = open_directory(SCRATCH, "dir/../dir/.");
  CHECK_OK(open_at(fd, "inner", 0, __WASI_RIGHTS_FD_READ, &inner));
  CHECK_OK(__wasi_fd_close(inner));
  CHECK_OK(__wasi_fd_close(fd));
}

/* Lowest free number first; numbers of closed descriptors are BADF until then. */
static void test_numbers(void) {
  __wasi_fd_t first = open_file(SCRATCH, "file"), second = open_file(SCRATCH, "file"),
              third = open_file(SCRATCH, "file");
  CHECK(first < second && second < third);
  CHECK_OK(__wasi_fd_close(first));
  CHECK_OK(__wasi_fd_close(second));
  CHECK_ERRNO(BADF, __wasi_fd_close(second));
  CHECK_EQUAL(first, open_file(SCRATCH, "file"));
  CHECK_EQUAL(second, open_file(SCRATCH, "file"));
  for (__wasi_fd_t fd = first; fd <= third; fd++)
    CHECK_OK(__wasi_fd_close(fd));
  CHECK_ERRNO(BADF, __wasi_fd_close(-1));
  CHECK_ERRNO(BADF, __wasi_fd_close(INT32_MAX));
}

/* Many at once, which makes the table grow. */
static void test_many(void) {
  enum { COUNT = 100 };
  __wasi_fd_t fds[COUNT];
  for (int i = 0; i < COUNT; i++)
    fds[i] = open_file(SCRATCH, "dir/inner");
  for (int i = 0; i < COUNT; i++) {
    CHECK(!strcmp(read_text(fds[i]), "inside"));
    CHECK_OK(__wasi_fd_close(fds[i]));
  }
}

static void test_bad_arguments(void) {
  __wasi_fd_t fd;
  CHECK_ERRNO(INVAL, open_at(SCRATCH, "file", 0x10, READ_WRITE, &fd));
  CHECK_ERRNO(INVAL, __wasi_path_open(SCRATCH, 0, "file", 0, READ_WRITE, 0, 0x20, &fd));
  CHECK_ERRNO(INVAL, __wasi_path_open(SCRATCH, 2, "file", 0, READ_WRITE, 0, 0, &fd));
  CHECK_ERRNO(BADF, open_at(99, "file", 0, READ_WRITE, &fd));
  __wasi_fd_t file = open_file(SCRATCH, "file");
  CHECK_ERRNO(NOTDIR, open_at(file, "x", 0, READ_WRITE, &fd));
  CHECK_ERRNO(NOTDIR, open_at(1, "x", 0, READ_WRITE, &fd));
  CHECK_OK(__wasi_fd_close(file));
  uint32_t out = memory_end() - 3;
  CHECK_ERRNO(FAULT, raw_path_open(SCRATCH, 0, "never", 5, CREAT, 0, 0, 0, out));
  CHECK_ERRNO(NOENT, open_at(SCRATCH, "never", 0, READ_WRITE, &fd));
  const char *end = (const char *)memory_end();
  CHECK_ERRNO(FAULT, raw_path_open(SCRATCH, 0, end - 4, 5, 0, 0, 0, 0, 16));
  CHECK_ERRNO(FAULT, raw_path_open(SCRATCH, 0, "file", UINT32_MAX, 0, 0, 0, 0, 16));
}

int main(void) {
  test_files();
  test_directories();
  test_numbers();
  test_many();
  test_bad_arguments();
  return 0;
}
