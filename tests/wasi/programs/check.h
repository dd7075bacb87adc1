/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* For self-checking WASI programs: a failed check says what it saw and ends with its line number
 * (255 for lines that do not fit) as status. The scratch directory is descriptor 3, ".". */
#ifndef TESTS_WASI_CHECK_H
#define TESTS_WASI_CHECK_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wasi/api.h>

#define SCRATCH 3
#define ALL_RIGHTS ((UINT64_C(1) << 30) - 1)
#define READ_WRITE                                                                                 \
  (__WASI_RIGHTS_FD_READ | __WASI_RIGHTS_FD_WRITE | __WASI_RIGHTS_FD_SEEK |                        \
   __WASI_RIGHTS_FD_TELL | __WASI_RIGHTS_FD_FILESTAT_GET)
#define FOLLOW __WASI_LOOKUPFLAGS_SYMLINK_FOLLOW

static inline _Noreturn void check_failed(int line) {
  exit(line < 255 ? line : 255);
}

#define CHECK(condition)                                                                           \
  do {                                                                                             \
    if (!(condition)) {                                                                            \
      fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                      \
      check_failed(__LINE__);                                                                      \
    }                                                                                              \
  } while (0)

/* The two are equal as unsigned 64-bit numbers. */
#define CHECK_EQUAL(expected, actual)                                                              \
  do {                                                                                             \
    uint64_t check_expected = (uint64_t)(expected), check_actual = (uint64_t)(actual);             \
    if (check_expected != check_actual) {                                                          \
      fprintf(stderr, "%s:%d: %s is %lld, expected %lld\n", __FILE__, __LINE__, #actual,           \
              (long long)check_actual, (long long)check_expected);                                 \
      check_failed(__LINE__);                                                                      \
    }                                                                                              \
  } while (0)

#define CHECK_ERRNO(name, call) CHECK_EQUAL(__WASI_ERRNO_##name, call)
#define CHECK_OK(call) CHECK_ERRNO(SUCCESS, call)

/* The sandbox's refusal has two spellings among implementations. */
#define CHECK_REFUSED(call)                                                                        \
  do {                                                                                             \
    uint32_t check_errno = (call);                                                                 \
    if (check_errno != __WASI_ERRNO_PERM && check_errno != __WASI_ERRNO_NOTCAPABLE) {              \
      fprintf(stderr, "%s:%d: %s is %u, expected PERM or NOTCAPABLE\n", __FILE__, __LINE__, #call, \
              check_errno);                                                                        \
      check_failed(__LINE__);                                                                      \
    }                                                                                              \
  } while (0)

/* Imports with nothing checked or counted by the C library: addresses are plain numbers. */
#define RAW(name) __attribute__((import_module("wasi_snapshot_preview1"), import_name(#name)))
RAW(args_get) uint32_t raw_args_get(uint32_t argv, uint32_t bytes);
RAW(args_sizes_get) uint32_t raw_args_sizes_get(uint32_t count, uint32_t size);
RAW(environ_get) uint32_t raw_environ_get(uint32_t environ, uint32_t bytes);
RAW(clock_time_get) uint32_t raw_clock_time_get(uint32_t id, uint64_t precision, uint32_t out);
RAW(fd_read) uint32_t raw_fd_read(uint32_t fd, uint32_t iovs, uint32_t count, uint32_t out);
RAW(fd_write) uint32_t raw_fd_write(uint32_t fd, uint32_t iovs, uint32_t count, uint32_t out);
RAW(fd_readdir)
uint32_t raw_fd_readdir(uint32_t fd, uint32_t buffer, uint32_t size, uint64_t cookie, uint32_t out);
RAW(fd_filestat_get) uint32_t raw_fd_filestat_get(uint32_t fd, uint32_t out);
RAW(random_get) uint32_t raw_random_get(uint32_t buffer, uint32_t length);
RAW(poll_oneoff)
uint32_t raw_poll_oneoff(uint32_t in, uint32_t out, uint32_t count, uint32_t events);
RAW(proc_raise) uint32_t raw_proc_raise(uint32_t number);
RAW(path_open)
uint32_t raw_path_open(uint32_t fd, uint32_t lookup, const char *path, uint32_t length,
                       uint32_t oflags, uint64_t rights, uint64_t inheriting, uint32_t fdflags,
                       uint32_t out);
RAW(path_create_directory)
uint32_t raw_path_create_directory(uint32_t fd, const char *path, uint32_t length);

/* The address behind the last byte of memory. */
static inline uint32_t memory_end(void) {
  return (uint32_t)(__builtin_wasm_memory_size(0) * 65536);
}

/* ---- Short forms ----------------------------------------------------------------------------- */

/* Opens with the rights of the scratch directory, nothing followed. */
static inline __wasi_errno_t open_at(int dir, const char *path, unsigned oflags, uint64_t rights,
                                     __wasi_fd_t *fd) {
  return __wasi_path_open(dir, 0, path, (__wasi_oflags_t)oflags, rights, 0, 0, fd);
}

static inline __wasi_errno_t write_at_end(int fd, const void *bytes, size_t length) {
  __wasi_ciovec_t piece = {bytes, length};
  __wasi_size_t written = 0;
  __wasi_errno_t error = __wasi_fd_write(fd, &piece, 1, &written);
  return !error && written != length ? __WASI_ERRNO_IO : error;
}

/* Makes a file with this text, or gives it this text. */
static inline void make_file(int dir, const char *path, const char *text) {
  __wasi_fd_t fd;
  CHECK_OK(open_at(dir, path, __WASI_OFLAGS_CREAT | __WASI_OFLAGS_TRUNC, READ_WRITE, &fd));
  CHECK_OK(write_at_end(fd, text, strlen(text)));
  CHECK_OK(__wasi_fd_close(fd));
}

/* What can be read from the descriptor's place on, up to 255 bytes. */
static inline const char *read_text(int fd) {
  static char text[256];
  __wasi_iovec_t piece = {(uint8_t *)text, sizeof text - 1};
  __wasi_size_t got = 0;
  CHECK_OK(__wasi_fd_read(fd, &piece, 1, &got));
  text[got] = 0;
  return text;
}

static inline __wasi_fd_t open_file(int dir, const char *path) {
  __wasi_fd_t fd;
  CHECK_OK(open_at(dir, path, 0, READ_WRITE, &fd));
  return fd;
}

/* Everything, for descriptors to narrow or walk from. */
static inline __wasi_fd_t open_directory(int dir, const char *path) {
  __wasi_fd_t fd;
  __wasi_fdstat_t stat;
  CHECK_OK(__wasi_fd_fdstat_get(dir, &stat));
  CHECK_OK(__wasi_path_open(dir, 0, path, __WASI_OFLAGS_DIRECTORY, stat.fs_rights_base,
                            stat.fs_rights_inheriting, 0, &fd));
  return fd;
}

static inline uint64_t size_of(int fd) {
  __wasi_filestat_t stat;
  CHECK_OK(__wasi_fd_filestat_get(fd, &stat));
  return stat.size;
}

#endif
