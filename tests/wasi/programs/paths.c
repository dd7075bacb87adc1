/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* How paths are walked: confinement, symbolic links, slashes, lengths, bytes. */
#include "check.h"

static __wasi_errno_t try_open(const char *path, unsigned lookup) {
  __wasi_fd_t fd;
  __wasi_errno_t error = __wasi_path_open(SCRATCH, lookup, path, 0, 0, 0, 0, &fd);
  return error ? error : __wasi_fd_close(fd);
}

static void make_tree(void) {
  CHECK_OK(__wasi_path_create_directory(SCRATCH, "a"));
  CHECK_OK(__wasi_path_create_directory(SCRATCH, "a/b"));
  make_file(SCRATCH, "a/b/file", "deep");
  make_file(SCRATCH, "top", "top");
  CHECK_OK(__wasi_path_symlink("b/file", SCRATCH, "a/down"));
  CHECK_OK(__wasi_path_symlink("../top", SCRATCH, "a/up"));
  CHECK_OK(__wasi_path_symlink("a/b", SCRATCH, "to-b"));
  CHECK_OK(__wasi_path_symlink("../outside", SCRATCH, "out"));
  CHECK_OK(__wasi_path_symlink("../../outside", SCRATCH, "a/out"));
  CHECK_OK(__wasi_path_symlink("none", SCRATCH, "dangling"));
  CHECK_OK(__wasi_path_symlink("loop-2", SCRATCH, "loop-1"));
  CHECK_OK(__wasi_path_symlink("loop-1", SCRATCH, "loop-2"));
}

static void test_confinement(void) {
  CHECK_OK(try_open(".", 0));
  CHECK_OK(try_open("a/..", 0));
  CHECK_OK(try_open("a/.//b/../../a/b/../b///./file", 0));
  CHECK_REFUSED(try_open("..", 0));
  CHECK_REFUSED(try_open("../top", 0));
  CHECK_REFUSED(try_open("a/../..", 0));
  CHECK_REFUSED(try_open("a/b/../../../a/b/file", 0));
  CHECK_REFUSED(try_open("/", 0));
  CHECK_REFUSED(try_open("/a/b/file", 0));
  CHECK_REFUSED(try_open("//a", 0));
  CHECK_REFUSED(try_open("out", FOLLOW));
  CHECK_REFUSED(try_open("out/x", 0));
  CHECK_REFUSED(try_open("a/out", FOLLOW));
  /* A descriptor confines to itself, not to the preopen it came from. */
  __wasi_fd_t dir = open_directory(SCRATCH, "a"), fd;
  CHECK_REFUSED(open_at(dir, "../top", 0, 0, &fd));
  CHECK_REFUSED(__wasi_path_open(dir, FOLLOW, "up", 0, 0, 0, 0, &fd));
  CHECK_REFUSED(__wasi_path_create_directory(dir, "../new"));
  CHECK_REFUSED(__wasi_path_unlink_file(dir, "../top"));
  CHECK_REFUSED(__wasi_path_rename(dir, "b", dir, "../b"));
  CHECK_OK(__wasi_fd_close(dir));
  /* What names an absolute place cannot be made either. */
  CHECK_REFUSED(__wasi_path_symlink("/etc/passwd", SCRATCH, "absolute"));
}

static void test_links(void) {
  CHECK_OK(try_open("a/down", FOLLOW));
  CHECK_OK(try_open("a/up", FOLLOW));
  CHECK_ERRNO(LOOP, try_open("a/down", 0));
  CHECK_OK(try_open("to-b/file", 0));      /* links on the way are always followed */
  CHECK_OK(try_open("to-b/../b/file", 0)); /* ".." is of where the link led */
  CHECK_ERRNO(NOENT, try_open("dangling", FOLLOW));
  CHECK_ERRNO(NOENT, try_open("dangling/x", FOLLOW));
  CHECK_ERRNO(LOOP, try_open("loop-1", FOLLOW));
  CHECK_ERRNO(LOOP, try_open("loop-1/x", 0));
  CHECK_ERRNO(NOTDIR, try_open("a/down/x", 0));
  __wasi_filestat_t stat;
  CHECK_OK(__wasi_path_filestat_get(SCRATCH, 0, "a/down", &stat));
  CHECK_EQUAL(__WASI_FILETYPE_SYMBOLIC_LINK, stat.filetype);
  CHECK_EQUAL(strlen("b/file"), stat.size);
  CHECK_OK(__wasi_path_filestat_get(SCRATCH, FOLLOW, "a/down", &stat));
  CHECK_EQUAL(__WASI_FILETYPE_REGULAR_FILE, stat.filetype);
  /* Making a file through a dangling link makes what it points to, unless it must be new. */
  __wasi_fd_t fd;
  unsigned creat = __WASI_OFLAGS_CREAT;
  CHECK_ERRNO(EXIST, __wasi_path_open(SCRATCH, FOLLOW, "dangling", creat | __WASI_OFLAGS_EXCL, 0, 0,
                                      0, &fd));
  CHECK_OK(__wasi_path_open(SCRATCH, FOLLOW, "dangling", creat, 0, 0, 0, &fd));
  CHECK_OK(__wasi_fd_close(fd));
  CHECK_OK(try_open("none", 0));
  CHECK_OK(__wasi_path_unlink_file(SCRATCH, "none"));
}

/* 40 links in a row are as many as Linux follows. */
static void test_link_chain(void) {
  char name[16], target[16];
  make_file(SCRATCH, "chain-0", "");
  for (int i = 1; i <= 41; i++) {
    snprintf(name, sizeof name, "chain-%d", i);
    snprintf(target, sizeof target, "chain-%d", i - 1);
    CHECK_OK(__wasi_path_symlink(target, SCRATCH, name));
  }
  CHECK_OK(try_open("chain-32", FOLLOW));
  CHECK_ERRNO(LOOP, try_open("chain-41", FOLLOW));
}

static void test_slashes(void) {
  CHECK_OK(try_open("a/", 0));
  CHECK_OK(try_open("a///", 0));
  CHECK_ERRNO(NOTDIR, try_open("top/", 0));
  CHECK_ERRNO(NOTDIR, try_open("top///", FOLLOW));
  CHECK_OK(try_open("to-b/", 0)); /* a slash asks for what the link leads to */
  CHECK_ERRNO(NOTDIR, try_open("a/down/", FOLLOW));
  __wasi_filestat_t stat;
  CHECK_ERRNO(NOTDIR, __wasi_path_filestat_get(SCRATCH, 0, "top/", &stat));
  CHECK_OK(__wasi_path_filestat_get(SCRATCH, 0, "to-b/", &stat));
  CHECK_EQUAL(__WASI_FILETYPE_DIRECTORY, stat.filetype);
}

static void test_bytes(void) {
  __wasi_fd_t fd;
  uint32_t out = (uint32_t)(uintptr_t)&fd;
  CHECK_ERRNO(NOENT, try_open("", 0));
  CHECK_ERRNO(INVAL, raw_path_open(SCRATCH, 0, "top\0x", 5, 0, 0, 0, 0, out));
  CHECK_ERRNO(INVAL, raw_path_open(SCRATCH, 0, "top", 4, 0, 0, 0, 0, out));
  CHECK_ERRNO(ILSEQ, try_open("\xff", 0));
  CHECK_ERRNO(ILSEQ, try_open("\xc0\xaf", 0));         /* over-long '/' */
  CHECK_ERRNO(ILSEQ, try_open("\xed\xa0\x80", 0));     /* surrogate */
  CHECK_ERRNO(ILSEQ, try_open("\xf4\x90\x80\x80", 0)); /* above U+10FFFF */
  CHECK_ERRNO(ILSEQ, try_open("x\xe2\x82", 0));        /* cut short */
  make_file(SCRATCH, "\xe2\x82\xac \xf0\x9f\x90\x9a", "");
  CHECK_OK(try_open("\xe2\x82\xac \xf0\x9f\x90\x9a", 0));
}

static void test_lengths(void) {
  static char path[8192];
  memset(path, 'n', 256);
  CHECK_ERRNO(NAMETOOLONG, try_open(path, 0));
  path[255] = 0;
  CHECK_ERRNO(NOENT, try_open(path, 0));
  make_file(SCRATCH, path, "long");
  CHECK_OK(try_open(path, 0));
  memset(path, 0, sizeof path);
  for (size_t i = 0; i < 4094; i += 2)
    memcpy(path + i, "./", 2);
  strcpy(path + 4092, "top"); /* 4095 bytes in all, as long as Linux allows */
  CHECK_OK(try_open(path, 0));
  memset(path, '/', 8191);
  path[0] = 'a';
  CHECK_ERRNO(NAMETOOLONG, try_open(path, 0));
}

int main(void) {
  make_tree();
  test_confinement();
  test_links();
  test_link_chain();
  test_slashes();
  test_bytes();
  test_lengths();
  return 0;
}
