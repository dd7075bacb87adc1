/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* For programs of cases: each call prints one line, `function: what: ERRNO`. What a program has to
 * print stands beside it in NAME.txt, which reads as a table of the specification. A program goes
 * on after an unexpected answer, so that differences between hosts can be listed line by line. */
#ifndef TESTS_WASI_CASES_H
#define TESTS_WASI_CASES_H

#include "check.h"

static inline const char *errno_name(uint32_t number) {
  switch (number) {
#define ERRNO(name, number, linux_number)                                                          \
  case number:                                                                                     \
    return #name;
#define ERRNO_WASI(name, number)                                                                   \
  case number:                                                                                     \
    return #name;
#include "wasi/errno.def"
#undef ERRNO
#undef ERRNO_WASI
  default:
    return "no errno of WASI";
  }
}

/* Tells what a call gave, at once; returns it. */
static inline uint32_t tell(const char *function, const char *what, uint32_t error) {
  printf("%s: %s: %s\n", function, what, errno_name(error));
  fflush(stdout);
  return error;
}

#define CASE(function, what, call) tell(#function, what, call)

/* The functions as the specification has them: paths with lengths, addresses as numbers. */
RAW(clock_res_get) uint32_t raw_clock_res_get(uint32_t id, uint32_t out);
RAW(environ_sizes_get) uint32_t raw_environ_sizes_get(uint32_t count, uint32_t size);
RAW(fd_fdstat_get) uint32_t raw_fd_fdstat_get(uint32_t fd, uint32_t out);
RAW(fd_pread)
uint32_t raw_fd_pread(uint32_t fd, uint32_t iovs, uint32_t count, uint64_t offset, uint32_t out);
RAW(fd_pwrite)
uint32_t raw_fd_pwrite(uint32_t fd, uint32_t iovs, uint32_t count, uint64_t offset, uint32_t out);
RAW(fd_prestat_get) uint32_t raw_fd_prestat_get(uint32_t fd, uint32_t out);
RAW(fd_prestat_dir_name)
uint32_t raw_fd_prestat_dir_name(uint32_t fd, uint32_t name, uint32_t length);
RAW(fd_seek) uint32_t raw_fd_seek(uint32_t fd, uint64_t offset, uint32_t whence, uint32_t out);
RAW(fd_tell) uint32_t raw_fd_tell(uint32_t fd, uint32_t out);
RAW(path_filestat_get)
uint32_t raw_path_filestat_get(uint32_t fd, uint32_t lookup, const char *path, uint32_t length,
                               uint32_t out);
RAW(path_filestat_set_times)
uint32_t raw_path_filestat_set_times(uint32_t fd, uint32_t lookup, const char *path,
                                     uint32_t length, uint64_t atim, uint64_t mtim, uint32_t flags);
RAW(path_link)
uint32_t raw_path_link(uint32_t fd, uint32_t lookup, const char *path, uint32_t length,
                       uint32_t new_fd, const char *new_path, uint32_t new_length);
RAW(path_readlink)
uint32_t raw_path_readlink(uint32_t fd, const char *path, uint32_t length, uint32_t buffer,
                           uint32_t size, uint32_t out);
RAW(path_remove_directory)
uint32_t raw_path_remove_directory(uint32_t fd, const char *path, uint32_t length);
RAW(path_rename)
uint32_t raw_path_rename(uint32_t fd, const char *path, uint32_t length, uint32_t new_fd,
                         const char *new_path, uint32_t new_length);
RAW(path_symlink)
uint32_t raw_path_symlink(const char *target, uint32_t target_length, uint32_t fd, const char *path,
                          uint32_t length);
RAW(path_unlink_file)
uint32_t raw_path_unlink_file(uint32_t fd, const char *path, uint32_t length);

/* All rights that mean something to a file, and to a directory. */
#define FILE_IF_F(bit) | UINT64_C(1) << bit
#define FILE_IF_B(bit) | UINT64_C(1) << bit
#define FILE_IF_D(bit)
#define FILE_IF_S(bit)
#define DIRECTORY_IF_F(bit)
#define DIRECTORY_IF_B(bit) | UINT64_C(1) << bit
#define DIRECTORY_IF_D(bit) | UINT64_C(1) << bit
#define DIRECTORY_IF_S(bit)
static const uint64_t FILE_RIGHTS = 0
#define RIGHT(name, bit, applies) FILE_IF_##applies(bit)
#include "wasi/rights.def"
#undef RIGHT
    ;
static const uint64_t DIRECTORY_RIGHTS = 0
#define RIGHT(name, bit, applies) DIRECTORY_IF_##applies(bit)
#include "wasi/rights.def"
#undef RIGHT
    ;

static inline uint32_t address_of(const void *object) {
  return (uint32_t)(uintptr_t)object;
}

/* Whatever stands there, a directory with all that is in it included. */
static inline void remove_tree(int dir, const char *path) {
  __wasi_errno_t error = __wasi_path_unlink_file(dir, path);
  if (!error || error == __WASI_ERRNO_NOENT)
    return;
  __wasi_fd_t fd = open_directory(dir, path);
  uint8_t buffer[1024];
  __wasi_size_t used;
  bool removed;
  do { /* from the start each time, as entries go */
    removed = false;
    CHECK_OK(__wasi_fd_readdir(fd, buffer, sizeof buffer, 0, &used));
    for (size_t at = 0; at + sizeof(__wasi_dirent_t) <= used;) {
      __wasi_dirent_t entry;
      char name[256] = {0};
      memcpy(&entry, buffer + at, sizeof entry);
      at += sizeof entry + entry.d_namlen;
      if (at > used)
        break;
      memcpy(name, buffer + at - entry.d_namlen, entry.d_namlen);
      if (!strcmp(name, ".") || !strcmp(name, ".."))
        continue;
      remove_tree((int)fd, name);
      removed = true;
    }
  } while (removed);
  CHECK_OK(__wasi_fd_close(fd));
  CHECK_OK(__wasi_path_remove_directory(dir, path));
}

#endif
