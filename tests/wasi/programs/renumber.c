/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* fd_renumber, fd_close, fd_prestat_*: which number means what. */
#include "check.h"

static void test_prestat(void) {
  __wasi_prestat_t stat;
  memset(&stat, 0x55, sizeof stat);
  CHECK_OK(__wasi_fd_prestat_get(SCRATCH, &stat));
  CHECK_EQUAL(__WASI_PREOPENTYPE_DIR, stat.tag);
  CHECK_EQUAL(1, stat.u.dir.pr_name_len);
  uint8_t name[4] = "____";
  CHECK_OK(__wasi_fd_prestat_dir_name(SCRATCH, name, 1));
  CHECK(!memcmp(name, ".___", 4));
  CHECK_OK(__wasi_fd_prestat_dir_name(SCRATCH, name, 4));
  CHECK(!memcmp(name, ".___", 4));
  CHECK_ERRNO(NAMETOOLONG, __wasi_fd_prestat_dir_name(SCRATCH, name, 0));
  CHECK_ERRNO(BADF, __wasi_fd_prestat_get(1, &stat));
  CHECK_ERRNO(BADF, __wasi_fd_prestat_get(4, &stat));
  CHECK_ERRNO(BADF, __wasi_fd_prestat_dir_name(4, name, 4));
}

static void test_renumber(void) {
  make_file(SCRATCH, "one", "one");
  make_file(SCRATCH, "two", "two");
  __wasi_fd_t one = open_file(SCRATCH, "one"), two = open_file(SCRATCH, "two");
  __wasi_filesize_t place;
  CHECK_OK(__wasi_fd_seek(one, 1, __WASI_WHENCE_SET, &place));
  CHECK_OK(__wasi_fd_renumber(one, one));
  CHECK_OK(__wasi_fd_renumber(one, two));
  CHECK_ERRNO(BADF, __wasi_fd_close(one));
  CHECK(!strcmp(read_text(two), "ne")); /* the offset moves along */
  CHECK_ERRNO(BADF, __wasi_fd_renumber(one, two));
  CHECK_ERRNO(BADF, __wasi_fd_renumber(two, one));
  CHECK_ERRNO(BADF, __wasi_fd_renumber(two, 1000));
  CHECK_ERRNO(BADF, __wasi_fd_renumber(-1, two));
  CHECK_EQUAL(one, open_file(SCRATCH, "two")); /* its number is free again */
  CHECK_OK(__wasi_fd_close(one));
  CHECK_OK(__wasi_fd_close(two));
}

/* A preopen can be overwritten and closed like anything else. */
static void test_preopen(void) {
  __wasi_fd_t dir = open_directory(SCRATCH, ".");
  __wasi_prestat_t stat;
  CHECK_OK(__wasi_fd_renumber(dir, SCRATCH));
  CHECK_ERRNO(BADF, __wasi_fd_close(dir));
  CHECK_ERRNO(BADF, __wasi_fd_prestat_get(SCRATCH, &stat));
  CHECK_OK(__wasi_fd_close(open_file(SCRATCH, "one")));
  CHECK_OK(__wasi_fd_close(SCRATCH));
  CHECK_ERRNO(BADF, __wasi_fd_close(SCRATCH));
  __wasi_fd_t fd;
  CHECK_ERRNO(BADF, open_at(SCRATCH, "one", 0, 0, &fd));
}

int main(void) {
  test_prestat();
  test_renumber();
  test_preopen();
  return 0;
}
