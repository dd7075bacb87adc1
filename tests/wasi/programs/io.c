/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* fd_read, fd_write, fd_pread, fd_pwrite, fd_seek, fd_tell: offsets, append, lists of pieces. */
#include "check.h"

static __wasi_filesize_t tell(int fd) {
  __wasi_filesize_t place = 999;
  CHECK_OK(__wasi_fd_tell(fd, &place));
  return place;
}

static __wasi_filesize_t seek(int fd, int64_t delta, unsigned whence) {
  __wasi_filesize_t place = 999;
  CHECK_OK(__wasi_fd_seek(fd, delta, (__wasi_whence_t)whence, &place));
  CHECK_EQUAL(place, tell(fd));
  return place;
}

static const char *text_at(int fd, uint64_t offset, size_t length) {
  static char text[64];
  memset(text, 0, sizeof text);
  __wasi_iovec_t piece = {(uint8_t *)text, length};
  __wasi_size_t got;
  CHECK_OK(__wasi_fd_pread(fd, &piece, 1, offset, &got));
  return text;
}

static __wasi_fd_t new_file(const char *path, unsigned fdflags) {
  __wasi_fd_t fd;
  CHECK_OK(__wasi_path_open(SCRATCH, 0, path, __WASI_OFLAGS_CREAT | __WASI_OFLAGS_TRUNC,
                            READ_WRITE | __WASI_RIGHTS_FD_FDSTAT_SET_FLAGS, 0,
                            (__wasi_fdflags_t)fdflags, &fd));
  return fd;
}

static void test_offsets(void) {
  __wasi_fd_t fd = new_file("file", 0);
  __wasi_filesize_t place;
  CHECK_EQUAL(0, tell(fd));
  CHECK_OK(write_at_end(fd, "0123456789", 10));
  CHECK_EQUAL(10, tell(fd));
  CHECK(!strcmp(read_text(fd), ""));
  CHECK_EQUAL(2, seek(fd, 2, __WASI_WHENCE_SET));
  CHECK_EQUAL(4, seek(fd, 2, __WASI_WHENCE_CUR));
  CHECK_EQUAL(3, seek(fd, -1, __WASI_WHENCE_CUR));
  CHECK(!strcmp(read_text(fd), "3456789"));
  CHECK_EQUAL(7, seek(fd, -3, __WASI_WHENCE_END));
  CHECK_ERRNO(INVAL, __wasi_fd_seek(fd, -1, __WASI_WHENCE_SET, &place));
  CHECK_ERRNO(INVAL, __wasi_fd_seek(fd, -11, __WASI_WHENCE_END, &place));
  CHECK_ERRNO(INVAL, __wasi_fd_seek(fd, INT64_MIN, __WASI_WHENCE_CUR, &place));
  CHECK_ERRNO(INVAL, __wasi_fd_seek(fd, INT64_MAX, __WASI_WHENCE_CUR, &place));
  CHECK_ERRNO(INVAL, __wasi_fd_seek(fd, 0, 3, &place));
  CHECK_EQUAL(7, tell(fd)); /* what failed moved nothing */
  /* Past the end: nothing to read, writing leaves a hole of zeros, 64-bit places are places. */
  CHECK_EQUAL(20, seek(fd, 20, __WASI_WHENCE_SET));
  CHECK(!strcmp(read_text(fd), ""));
  CHECK_OK(write_at_end(fd, "x", 1));
  CHECK_EQUAL(21, size_of(fd));
  CHECK(!memcmp(text_at(fd, 8, 13), "89\0\0\0\0\0\0\0\0\0\0x", 13));
  const int64_t far = INT64_C(5) << 32;
  CHECK_EQUAL(far, seek(fd, far, __WASI_WHENCE_SET));
  CHECK_OK(write_at_end(fd, "far", 3));
  CHECK_EQUAL(far + 3, size_of(fd));
  CHECK(!strcmp(text_at(fd, (uint64_t)far, 8), "far"));
  CHECK_OK(__wasi_fd_close(fd));
  CHECK_OK(__wasi_path_unlink_file(SCRATCH, "file"));
}

static void test_positioned(void) {
  __wasi_fd_t fd = new_file("positioned", 0);
  __wasi_size_t moved;
  CHECK_OK(write_at_end(fd, "abcdef", 6));
  CHECK_EQUAL(1, seek(fd, 1, __WASI_WHENCE_SET));
  __wasi_ciovec_t pieces[2] = {{(const uint8_t *)"XY", 2}, {(const uint8_t *)"Z", 1}};
  CHECK_OK(__wasi_fd_pwrite(fd, pieces, 2, 3, &moved));
  CHECK_EQUAL(3, moved);
  CHECK_EQUAL(1, tell(fd));
  CHECK(!strcmp(text_at(fd, 0, 32), "abcXYZ"));
  CHECK(!strcmp(text_at(fd, 6, 32), ""));
  CHECK(!strcmp(text_at(fd, 600, 32), ""));
  CHECK_EQUAL(1, tell(fd));
  __wasi_iovec_t in = {(uint8_t *)&moved, 1};
  CHECK_ERRNO(INVAL, __wasi_fd_pread(fd, &in, 1, UINT64_MAX, &moved));
  CHECK_ERRNO(INVAL, __wasi_fd_pwrite(fd, pieces, 2, UINT64_C(1) << 63, &moved));
  CHECK_OK(__wasi_fd_close(fd));
}

/* Pieces are filled and taken in order; empty ones are fine, and so is an empty list. */
static void test_pieces(void) {
  __wasi_fd_t fd = new_file("pieces", 0);
  char a[3] = {0}, b[8] = {0};
  __wasi_size_t moved = 99;
  __wasi_ciovec_t out[4] = {{(const uint8_t *)"he", 2},
                            {NULL, 0},
                            {(const uint8_t *)"llo", 3},
                            {(const uint8_t *)"!", 1}};
  CHECK_OK(__wasi_fd_write(fd, out, 4, &moved));
  CHECK_EQUAL(6, moved);
  CHECK_EQUAL(0, seek(fd, 0, __WASI_WHENCE_SET));
  __wasi_iovec_t in[3] = {{(uint8_t *)a, 2}, {(uint8_t *)b, 0}, {(uint8_t *)b, 7}};
  CHECK_OK(__wasi_fd_read(fd, in, 3, &moved));
  CHECK_EQUAL(6, moved);
  CHECK(!strcmp(a, "he") && !strcmp(b, "llo!"));
  CHECK_OK(__wasi_fd_read(fd, in, 0, &moved));
  CHECK_EQUAL(0, moved);
  CHECK_OK(__wasi_fd_write(fd, out, 0, &moved));
  CHECK_EQUAL(0, moved);
  CHECK_OK(__wasi_fd_close(fd));
}

static void test_append(void) {
  __wasi_fd_t fd = new_file("log", __WASI_FDFLAGS_APPEND), other = new_file("log", 0);
  __wasi_fdstat_t stat;
  CHECK_OK(__wasi_fd_fdstat_get(fd, &stat));
  CHECK_EQUAL(__WASI_FDFLAGS_APPEND, stat.fs_flags);
  CHECK_OK(write_at_end(fd, "one", 3));
  CHECK_EQUAL(0, seek(fd, 0, __WASI_WHENCE_SET));
  CHECK_OK(write_at_end(fd, "two", 3));
  CHECK_EQUAL(6, tell(fd));
  /* Somebody else's bytes come before ours. */
  CHECK_OK(write_at_end(other, "ONETWOTHREE", 11));
  CHECK_OK(write_at_end(fd, "!", 1));
  CHECK_EQUAL(12, tell(fd));
  CHECK(!strcmp(text_at(fd, 0, 32), "ONETWOTHREE!"));
  /* As Linux, and unlike POSIX: a place is no matter in append mode. */
  __wasi_ciovec_t piece = {(const uint8_t *)"?", 1};
  __wasi_size_t moved;
  CHECK_OK(__wasi_fd_pwrite(fd, &piece, 1, 0, &moved));
  CHECK_EQUAL(12, tell(fd));
  CHECK(!strcmp(text_at(fd, 0, 32), "ONETWOTHREE!?"));
  /* The mode can be left and entered. */
  CHECK_OK(__wasi_fd_fdstat_set_flags(fd, 0));
  CHECK_EQUAL(0, seek(fd, 0, __WASI_WHENCE_SET));
  CHECK_OK(write_at_end(fd, "one", 3));
  CHECK_OK(__wasi_fd_fdstat_set_flags(fd, __WASI_FDFLAGS_APPEND));
  CHECK_OK(write_at_end(fd, ".", 1));
  CHECK(!strcmp(text_at(fd, 0, 32), "oneTWOTHREE!?."));
  CHECK_OK(__wasi_fd_close(fd));
  CHECK_OK(__wasi_fd_close(other));
}

/* Bad addresses are found before anything moves. */
static void test_bad_addresses(void) {
  __wasi_fd_t fd = new_file("faults", 0);
  __wasi_size_t moved;
  uint32_t out = (uint32_t)(uintptr_t)&moved;
  CHECK_OK(write_at_end(fd, "bytes", 5));
  CHECK_EQUAL(0, seek(fd, 0, __WASI_WHENCE_SET));
  char good[8] = "........";
  uint32_t list[4] = {(uint32_t)(uintptr_t)good, 8, memory_end() - 4, 5};
  uint32_t at = (uint32_t)(uintptr_t)list;
  CHECK_ERRNO(FAULT, raw_fd_read((uint32_t)fd, at, 2, out));
  CHECK(!memcmp(good, "........", 8) && tell(fd) == 0);
  CHECK_ERRNO(FAULT, raw_fd_write((uint32_t)fd, at, 2, out));
  CHECK_EQUAL(5, size_of(fd));
  list[3] = 4;
  CHECK_OK(raw_fd_write((uint32_t)fd, at, 2, out));
  CHECK_EQUAL(12, size_of(fd));
  list[2] = 16, list[3] = UINT32_MAX; /* a length that wraps */
  CHECK_ERRNO(FAULT, raw_fd_write((uint32_t)fd, at, 2, out));
  list[2] = UINT32_MAX, list[3] = 2;
  CHECK_ERRNO(FAULT, raw_fd_write((uint32_t)fd, at, 2, out));
  CHECK_ERRNO(FAULT, raw_fd_write((uint32_t)fd, at, UINT32_MAX, out)); /* 8 times this wraps */
  CHECK_ERRNO(FAULT, raw_fd_write((uint32_t)fd, at, 1u << 29, out));
  CHECK_ERRNO(FAULT, raw_fd_write((uint32_t)fd, memory_end() - 7, 1, out));
  CHECK_ERRNO(FAULT, raw_fd_write((uint32_t)fd, at, 1, memory_end() - 3));
  CHECK_ERRNO(FAULT, raw_fd_read((uint32_t)fd, at, 1, UINT32_MAX));
  CHECK_ERRNO(INVAL, raw_fd_write((uint32_t)fd, 0, 1025, out)); /* more than IOV_MAX */
  CHECK_EQUAL(12, size_of(fd));
  CHECK_OK(__wasi_fd_close(fd));
  CHECK_ERRNO(BADF, raw_fd_read((uint32_t)fd, at, 1, out));
}

/* Several megabytes in one piece and in odd ones, there and back. */
static void test_large(void) {
  enum { SIZE = 3 << 20 };
  uint8_t *bytes = malloc(SIZE), *back = malloc(SIZE);
  CHECK(bytes && back);
  for (uint32_t i = 0; i < SIZE; i++)
    bytes[i] = (uint8_t)(i * 2654435761u >> 24);
  __wasi_fd_t fd = new_file("large", 0);
  for (uint32_t done = 0; done < SIZE;) {
    __wasi_ciovec_t pieces[3] = {
        {bytes + done, 1}, {bytes + done, 0}, {bytes + done + 1, SIZE - done - 1}};
    __wasi_size_t moved = 0;
    CHECK_OK(__wasi_fd_write(fd, pieces, 3, &moved));
    CHECK(moved > 0);
    done += moved;
  }
  CHECK_EQUAL(SIZE, size_of(fd));
  CHECK_EQUAL(0, seek(fd, 0, __WASI_WHENCE_SET));
  for (uint32_t done = 0; done < SIZE;) {
    __wasi_iovec_t piece = {back + done, SIZE - done};
    __wasi_size_t moved = 0;
    CHECK_OK(__wasi_fd_read(fd, &piece, 1, &moved));
    CHECK(moved > 0);
    done += moved;
  }
  CHECK(!memcmp(bytes, back, SIZE));
  CHECK_OK(__wasi_fd_close(fd));
}

static void test_directory(void) {
  __wasi_fd_t dir = open_directory(SCRATCH, ".");
  uint8_t byte = 0;
  __wasi_iovec_t in = {&byte, 1};
  __wasi_ciovec_t out = {&byte, 1};
  __wasi_size_t moved;
  __wasi_filesize_t place;
  CHECK_ERRNO(ISDIR, __wasi_fd_read(dir, &in, 1, &moved));
  CHECK_ERRNO(ISDIR, __wasi_fd_pread(dir, &in, 1, 0, &moved));
  CHECK_ERRNO(BADF, __wasi_fd_write(dir, &out, 1, &moved));
  CHECK_ERRNO(BADF, __wasi_fd_pwrite(dir, &out, 1, 0, &moved));
  CHECK_ERRNO(BADF, __wasi_fd_seek(dir, 0, __WASI_WHENCE_CUR, &place));
  CHECK_ERRNO(BADF, __wasi_fd_tell(dir, &place));
  CHECK_OK(__wasi_fd_close(dir));
}

int main(void) {
  test_offsets();
  test_positioned();
  test_pieces();
  test_append();
  test_bad_addresses();
  test_large();
  test_directory();
  return 0;
}
