/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Making, removing, renaming and linking names. */
#include "check.h"

static bool exists(const char *path) {
  __wasi_filestat_t stat;
  __wasi_errno_t error = __wasi_path_filestat_get(SCRATCH, 0, path, &stat);
  CHECK(!error || error == __WASI_ERRNO_NOENT);
  return !error;
}

static void test_directories(void) {
  CHECK_OK(__wasi_path_create_directory(SCRATCH, "dir"));
  CHECK_OK(__wasi_path_create_directory(SCRATCH, "dir/sub/"));
  CHECK_ERRNO(EXIST, __wasi_path_create_directory(SCRATCH, "dir"));
  CHECK_ERRNO(EXIST, __wasi_path_create_directory(SCRATCH, "."));
  CHECK_ERRNO(EXIST, __wasi_path_create_directory(SCRATCH, "dir/.."));
  CHECK_ERRNO(NOENT, __wasi_path_create_directory(SCRATCH, ""));
  CHECK_ERRNO(NOENT, __wasi_path_create_directory(SCRATCH, "none/sub"));
  make_file(SCRATCH, "file", "file");
  CHECK_ERRNO(EXIST, __wasi_path_create_directory(SCRATCH, "file"));
  CHECK_ERRNO(NOTDIR, __wasi_path_create_directory(SCRATCH, "file/sub"));
  CHECK_ERRNO(NOTDIR, __wasi_path_create_directory(1, "x"));
  CHECK_ERRNO(BADF, __wasi_path_create_directory(77, "x"));
  CHECK_ERRNO(FAULT, raw_path_create_directory(SCRATCH, (const char *)memory_end(), 1));

  CHECK_ERRNO(NOTEMPTY, __wasi_path_remove_directory(SCRATCH, "dir"));
  CHECK_ERRNO(NOTDIR, __wasi_path_remove_directory(SCRATCH, "file"));
  CHECK_ERRNO(NOENT, __wasi_path_remove_directory(SCRATCH, "none"));
  CHECK_ERRNO(INVAL, __wasi_path_remove_directory(SCRATCH, "dir/."));
  CHECK_ERRNO(NOTEMPTY, __wasi_path_remove_directory(SCRATCH, "dir/sub/.."));
  CHECK_OK(__wasi_path_remove_directory(SCRATCH, "dir/sub/"));
  CHECK_OK(__wasi_path_remove_directory(SCRATCH, "dir"));
  CHECK(!exists("dir"));
}

static void test_unlink(void) {
  CHECK_OK(__wasi_path_create_directory(SCRATCH, "dir"));
  CHECK_OK(__wasi_path_symlink("dir", SCRATCH, "to-dir"));
  CHECK_ERRNO(ISDIR, __wasi_path_unlink_file(SCRATCH, "dir"));
  CHECK_ERRNO(ISDIR, __wasi_path_unlink_file(SCRATCH, "dir/"));
  CHECK_ERRNO(ISDIR, __wasi_path_unlink_file(SCRATCH, "."));
  CHECK_ERRNO(NOTDIR, __wasi_path_unlink_file(SCRATCH, "file/"));
  CHECK_ERRNO(NOTDIR, __wasi_path_unlink_file(SCRATCH, "to-dir/"));
  CHECK_ERRNO(NOENT, __wasi_path_unlink_file(SCRATCH, "none"));
  CHECK_ERRNO(NOENT, __wasi_path_unlink_file(SCRATCH, ""));
  CHECK_ERRNO(NOTDIR, __wasi_path_remove_directory(SCRATCH, "to-dir"));
  CHECK_OK(__wasi_path_unlink_file(SCRATCH, "to-dir"));
  CHECK(exists("dir"));
  CHECK_OK(__wasi_path_unlink_file(SCRATCH, "file"));
  CHECK(!exists("file"));
  CHECK_OK(__wasi_path_remove_directory(SCRATCH, "dir"));
}

static __wasi_errno_t move(const char *from, const char *to) {
  return __wasi_path_rename(SCRATCH, from, SCRATCH, to);
}

static void test_rename(void) {
  make_file(SCRATCH, "one", "one");
  make_file(SCRATCH, "two", "two");
  CHECK_OK(move("one", "two"));
  CHECK(!exists("one"));
  __wasi_fd_t fd = open_file(SCRATCH, "two");
  CHECK(!strcmp(read_text(fd), "one"));
  CHECK_OK(move("two", "three")); /* open files stay open */
  CHECK_EQUAL(3, size_of(fd));
  CHECK_OK(__wasi_fd_close(fd));
  CHECK_ERRNO(NOENT, move("two", "four"));
  CHECK_ERRNO(NOTDIR, move("three/", "four"));
  CHECK_ERRNO(NOTDIR, move("three", "four/"));
  CHECK_ERRNO(NOENT, move("three", "none/four"));
  CHECK_ERRNO(NOENT, move("", "four"));

  CHECK_OK(__wasi_path_create_directory(SCRATCH, "d1"));
  CHECK_OK(__wasi_path_create_directory(SCRATCH, "d2"));
  CHECK_ERRNO(ISDIR, move("three", "d1"));
  CHECK_ERRNO(NOTDIR, move("d1", "three"));
  CHECK_OK(move("three", "d2/three"));
  CHECK_ERRNO(NOTEMPTY, move("d1", "d2"));
  CHECK_ERRNO(INVAL, move("d1", "d1/inside"));
  CHECK_ERRNO(BUSY, move(".", "d3"));
  CHECK_ERRNO(BUSY, move("d1", "d2/.."));
  CHECK_OK(move("d2/", "d1/")); /* onto an empty directory */
  CHECK(exists("d1/three") && !exists("d2"));
  __wasi_fd_t dir = open_directory(SCRATCH, "d1");
  CHECK_OK(__wasi_path_rename(dir, "three", SCRATCH, "three"));
  CHECK_OK(__wasi_fd_close(dir));
  CHECK_OK(__wasi_path_unlink_file(SCRATCH, "three"));
  CHECK_OK(__wasi_path_remove_directory(SCRATCH, "d1"));
}

static __wasi_errno_t link(const char *from, unsigned lookup, const char *to) {
  return __wasi_path_link(SCRATCH, lookup, from, SCRATCH, to);
}

static void test_link(void) {
  make_file(SCRATCH, "file", "");
  CHECK_OK(__wasi_path_create_directory(SCRATCH, "dir"));
  CHECK_OK(__wasi_path_symlink("file", SCRATCH, "soft"));
  CHECK_OK(__wasi_path_symlink("none", SCRATCH, "dangling"));
  CHECK_OK(link("file", 0, "dir/hard"));
  CHECK_ERRNO(EXIST, link("file", 0, "dir/hard"));
  CHECK_ERRNO(EXIST, link("file", 0, "file"));
  CHECK_ERRNO(EXIST, link("file", 0, "dir"));
  CHECK_ERRNO(EXIST, link("file", 0, "dir/"));
  CHECK_ERRNO(EXIST, link("file", 0, "dangling"));
  CHECK_ERRNO(EXIST, link("file", 0, "."));
  CHECK_ERRNO(NOENT, link("file", 0, "new/"));
  CHECK_ERRNO(NOENT, link("none", 0, "new"));
  CHECK_ERRNO(NOTDIR, link("file/", 0, "new"));
  CHECK_ERRNO(PERM, link("dir", 0, "new"));
  /* Of a symbolic link: itself, or what it leads to. */
  CHECK_OK(link("dangling", 0, "soft-2"));
  CHECK_ERRNO(NOENT, link("dangling", FOLLOW, "new"));
  CHECK_OK(link("soft", FOLLOW, "hard-2"));
  __wasi_filestat_t stat;
  CHECK_OK(__wasi_path_filestat_get(SCRATCH, 0, "soft-2", &stat));
  CHECK_EQUAL(__WASI_FILETYPE_SYMBOLIC_LINK, stat.filetype);
  CHECK_OK(__wasi_path_filestat_get(SCRATCH, 0, "hard-2", &stat));
  CHECK_EQUAL(__WASI_FILETYPE_REGULAR_FILE, stat.filetype);
  CHECK_EQUAL(3, stat.nlink);
}

static void test_symlink(void) {
  CHECK_ERRNO(EXIST, __wasi_path_symlink("x", SCRATCH, "file"));
  CHECK_ERRNO(EXIST, __wasi_path_symlink("x", SCRATCH, "dir/"));
  CHECK_ERRNO(NOTDIR, __wasi_path_symlink("x", SCRATCH, "file/"));
  CHECK_ERRNO(NOENT, __wasi_path_symlink("x", SCRATCH, "new/"));
  CHECK_ERRNO(NOENT, __wasi_path_symlink("", SCRATCH, "new"));
  CHECK_ERRNO(EXIST, __wasi_path_symlink("x", SCRATCH, "."));
  uint8_t text[16];
  __wasi_size_t used = 0;
  memset(text, '.', sizeof text);
  CHECK_OK(__wasi_path_readlink(SCRATCH, "soft", text, sizeof text, &used));
  CHECK_EQUAL(4, used);
  CHECK(!memcmp(text, "file....", 8));
  CHECK_OK(__wasi_path_readlink(SCRATCH, "soft", text, 2, &used));
  CHECK_EQUAL(2, used);
  CHECK_ERRNO(INVAL, __wasi_path_readlink(SCRATCH, "file", text, sizeof text, &used));
  CHECK_ERRNO(INVAL, __wasi_path_readlink(SCRATCH, "dir", text, sizeof text, &used));
  CHECK_ERRNO(NOENT, __wasi_path_readlink(SCRATCH, "none", text, sizeof text, &used));
}

int main(void) {
  test_directories();
  test_unlink();
  test_rename();
  test_link();
  test_symlink();
  return 0;
}
