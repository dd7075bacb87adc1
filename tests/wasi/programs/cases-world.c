/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the surroundings give: arguments and environment, a directory that is read-only (descriptor
 * 4), two directories at once, and no socket. */
#include "cases.h"

#define READ_ONLY 4

static uint8_t buffer[256], *pointers[16];
static __wasi_size_t count, size, moved;
static __wasi_fd_t fd;

static void try_strings(void) {
  CASE(args_sizes_get, "two arguments", __wasi_args_sizes_get(&count, &size));
  CHECK_EQUAL(3, count);
  CASE(args_get, "two arguments", __wasi_args_get(pointers, buffer));
  CASE(environ_sizes_get, "one variable of odd bytes", __wasi_environ_sizes_get(&count, &size));
  CHECK_EQUAL(1, count);
  CHECK_EQUAL(8, size);
  CASE(environ_get, "one variable of odd bytes", __wasi_environ_get(pointers, buffer));
  CHECK(!memcmp(buffer, "ODD=\xff\n=", 8));
}

static void try_read_only(void) {
  const unsigned creat = __WASI_OFLAGS_CREAT;
  CASE(path_open, "read-only, for reading", open_at(READ_ONLY, "file", 0, FILE_RIGHTS & 6, &fd));
  CASE(fd_filestat_set_times, "read-only",
       __wasi_fd_filestat_set_times(READ_ONLY, 1, 1, __WASI_FSTFLAGS_MTIM));
  CASE(path_open, "read-only, for writing",
       open_at(READ_ONLY, "file", 0, __WASI_RIGHTS_FD_WRITE, &fd));
  CASE(path_open, "read-only, creating", open_at(READ_ONLY, "new", creat, 0, &fd));
  CASE(path_open, "read-only, creating what is there", open_at(READ_ONLY, "file", creat, 0, &fd));
  CASE(path_open, "read-only, truncating", open_at(READ_ONLY, "file", __WASI_OFLAGS_TRUNC, 0, &fd));
  CASE(path_create_directory, "read-only", __wasi_path_create_directory(READ_ONLY, "new"));
  CASE(path_filestat_set_times, "read-only",
       __wasi_path_filestat_set_times(READ_ONLY, 0, "file", 1, 1, __WASI_FSTFLAGS_MTIM));
  CASE(path_link, "read-only", __wasi_path_link(READ_ONLY, 0, "file", READ_ONLY, "new"));
  CASE(path_remove_directory, "read-only", __wasi_path_remove_directory(READ_ONLY, "sub"));
  CASE(path_rename, "read-only", __wasi_path_rename(READ_ONLY, "file", READ_ONLY, "new"));
  CASE(path_symlink, "read-only", __wasi_path_symlink("target", READ_ONLY, "new"));
  CASE(path_unlink_file, "read-only", __wasi_path_unlink_file(READ_ONLY, "file"));
  CASE(path_link, "from one directory to another",
       __wasi_path_link(READ_ONLY, 0, "file", SCRATCH, "new"));
  CASE(path_rename, "from one directory to another",
       __wasi_path_rename(SCRATCH, "file", READ_ONLY, "new"));
}

/* Names that are not UTF-8 are the host's own: seen in listings, but no paths. */
static void try_odd_name(void) {
  bool found = false;
  CASE(fd_readdir, "with a name that is not UTF-8",
       __wasi_fd_readdir(READ_ONLY, buffer, sizeof buffer, 0, &moved));
  for (size_t at = 0; at + sizeof(__wasi_dirent_t) < moved;) {
    __wasi_dirent_t entry;
    memcpy(&entry, buffer + at, sizeof entry);
    found |= buffer[at + sizeof entry] == 0xff;
    at += sizeof entry + entry.d_namlen;
  }
  CHECK(found);
  CASE(path_open, "a name that is not UTF-8", open_at(READ_ONLY, "\xff", 0, 0, &fd));
}

static void try_others(void) {
  __wasi_fd_t file = open_file(SCRATCH, "file");
  const __wasi_fd_t fds[] = {0, SCRATCH, (int)file, 77};
  static const char *const NAMES[] = {"standard input", "a directory", "a file", "a closed number"};
  __wasi_iovec_t in = {buffer, 1};
  __wasi_ciovec_t out = {buffer, 1};
  __wasi_roflags_t flags;
  for (int i = 0; i < 4; i++) {
    tell("sock_accept", NAMES[i], __wasi_sock_accept(fds[i], 0, &fd));
    tell("sock_recv", NAMES[i], __wasi_sock_recv(fds[i], &in, 1, 0, &moved, &flags));
    tell("sock_send", NAMES[i], __wasi_sock_send(fds[i], &out, 1, 0, &moved));
    tell("sock_shutdown", NAMES[i], __wasi_sock_shutdown(fds[i], __WASI_SDFLAGS_RD));
  }
  CASE(fd_fdstat_set_flags, "synchronous writes to a stream",
       __wasi_fd_fdstat_set_flags(0, __WASI_FDFLAGS_SYNC));
  CASE(path_rename, "the directory itself", __wasi_path_rename(SCRATCH, ".", SCRATCH, "new"));
  CASE(path_rename, "onto the directory above",
       __wasi_path_rename(SCRATCH, "file", SCRATCH, "dir/.."));
  CASE(path_rename, "a directory into itself",
       __wasi_path_rename(SCRATCH, "dir", SCRATCH, "dir/inside"));
  CASE(path_remove_directory, "\".\"", __wasi_path_remove_directory(SCRATCH, "."));
  CASE(path_unlink_file, "\".\"", __wasi_path_unlink_file(SCRATCH, "."));
  CASE(path_create_directory, "\".\"", __wasi_path_create_directory(SCRATCH, "."));
}

int main(void) {
  make_file(SCRATCH, "file", "file");
  CHECK_OK(__wasi_path_create_directory(SCRATCH, "dir"));
  try_strings();
  try_read_only();
  try_odd_name();
  try_others();
  return 0;
}
