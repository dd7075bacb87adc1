/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Every function with values that are no values of theirs, at their edges, and with addresses that
 * are not the module's. */
#include "cases.h"

static uint8_t byte;
static __wasi_size_t moved;
static __wasi_filesize_t place;
static __wasi_fd_t file;

/* ---- Values ---------------------------------------------------------------------------------- */

static void try_offsets(void) {
  const uint64_t most = INT64_MAX;
  CASE(fd_seek, "before the start", __wasi_fd_seek(file, -1, __WASI_WHENCE_SET, &place));
  CASE(fd_seek, "back before the start", __wasi_fd_seek(file, -1, __WASI_WHENCE_CUR, &place));
  CASE(fd_seek, "before the start from the end",
       __wasi_fd_seek(file, -5, __WASI_WHENCE_END, &place));
  CASE(fd_seek, "to the start from the end", __wasi_fd_seek(file, -4, __WASI_WHENCE_END, &place));
  CASE(fd_seek, "beyond the end", __wasi_fd_seek(file, 1 << 20, __WASI_WHENCE_END, &place));
  CASE(fd_seek, "beyond the largest offset",
       __wasi_fd_seek(file, INT64_MAX, __WASI_WHENCE_CUR, &place));
  CASE(fd_seek, "to the largest offset",
       __wasi_fd_seek(file, INT64_MAX, __WASI_WHENCE_SET, &place));
  CASE(fd_seek, "by nothing from there", __wasi_fd_seek(file, 0, __WASI_WHENCE_CUR, &place));
  __wasi_iovec_t in = {&byte, 1};
  __wasi_ciovec_t out = {&byte, 1};
  CASE(fd_read, "at the largest offset", __wasi_fd_read(file, &in, 1, &moved));
  CASE(fd_write, "at the largest offset", __wasi_fd_write(file, &out, 1, &moved));
  CASE(fd_seek, "an unknown whence", raw_fd_seek(file, 0, 3, address_of(&place)));
  CASE(fd_seek, "back to the start", __wasi_fd_seek(file, 0, __WASI_WHENCE_SET, &place));
  CASE(fd_pread, "at the end", __wasi_fd_pread(file, &in, 1, 4, &moved));
  CASE(fd_pread, "at a negative offset", __wasi_fd_pread(file, &in, 1, most + 1, &moved));
  CASE(fd_pwrite, "at a negative offset", __wasi_fd_pwrite(file, &out, 1, UINT64_MAX, &moved));
  CASE(fd_pwrite, "at the largest offset", __wasi_fd_pwrite(file, &out, 1, most, &moved));
  CASE(fd_advise, "an unknown advice", __wasi_fd_advise(file, 0, 1, 6));
  CASE(fd_advise, "a negative offset", __wasi_fd_advise(file, most + 1, 1, 0));
  CASE(fd_advise, "a negative length", __wasi_fd_advise(file, 0, most + 1, 0));
  CASE(fd_advise, "no length", __wasi_fd_advise(file, 0, 0, 0));
  CASE(fd_allocate, "no length", __wasi_fd_allocate(file, 0, 0));
  CASE(fd_allocate, "a negative offset", __wasi_fd_allocate(file, most + 1, 1));
  CASE(fd_allocate, "a negative length", __wasi_fd_allocate(file, 0, most + 1));
  CASE(fd_allocate, "beyond the largest offset", __wasi_fd_allocate(file, most, 1));
  CASE(fd_filestat_set_size, "a negative size", __wasi_fd_filestat_set_size(file, most + 1));
}

static void try_flags(void) {
  __wasi_filestat_t stat;
  __wasi_fd_t fd;
  for (unsigned flags = 0; flags <= 0x20; flags++) {
    char text[32];
    snprintf(text, sizeof text, "flags %#x", flags);
    tell("fd_fdstat_set_flags", text, __wasi_fd_fdstat_set_flags(file, (__wasi_fdflags_t)flags));
  }
  CHECK_OK(__wasi_fd_fdstat_set_flags(file, 0));
  CASE(path_filestat_get, "unknown lookup flag",
       __wasi_path_filestat_get(SCRATCH, 2, "file", &stat));
  CASE(path_link, "unknown lookup flag", __wasi_path_link(SCRATCH, 2, "file", SCRATCH, "new"));
  CASE(path_open, "unknown lookup flag", __wasi_path_open(SCRATCH, 2, "file", 0, 0, 0, 0, &fd));
  CASE(path_open, "unknown open flag", __wasi_path_open(SCRATCH, 0, "file", 16, 0, 0, 0, &fd));
  CASE(path_open, "unknown descriptor flag",
       __wasi_path_open(SCRATCH, 0, "file", 0, 0, 0, 32, &fd));
  for (unsigned flag = 1; flag <= __WASI_FDFLAGS_SYNC; flag <<= 1) {
    char text[32];
    snprintf(text, sizeof text, "descriptor flag %#x", flag);
    __wasi_errno_t error =
        __wasi_path_open(SCRATCH, 0, "file", 0, FILE_RIGHTS, 0, (__wasi_fdflags_t)flag, &fd);
    if (!tell("path_open", text, error))
      CHECK_OK(__wasi_fd_close(fd));
  }
}

static void try_clocks(void) {
  __wasi_timestamp_t time;
  for (uint32_t id = 0; id < 5; id++) {
    char text[32];
    snprintf(text, sizeof text, "clock %u", id);
    tell("clock_res_get", text, __wasi_clock_res_get(id, &time));
    tell("clock_time_get", text, __wasi_clock_time_get(id, 0, &time));
  }
  CASE(clock_res_get, "clock -1", __wasi_clock_res_get(UINT32_MAX, &time));
  CASE(clock_time_get, "clock -1", __wasi_clock_time_get(UINT32_MAX, 0, &time));
}

/* One subscription; its event's error is what is told. */
static void try_poll(const char *what, const __wasi_subscription_t *subscription) {
  __wasi_event_t event = {.error = 0};
  __wasi_errno_t error = __wasi_poll_oneoff(subscription, &event, 1, &moved);
  tell("poll_oneoff", what, error ? error : event.error);
}

static void try_polls(void) {
  __wasi_subscription_t clock = {.u = {.tag = __WASI_EVENTTYPE_CLOCK}}, fd = clock;
  CASE(poll_oneoff, "nothing at all", raw_poll_oneoff(16, 16, 0, address_of(&moved)));
  for (uint32_t id = 0; id < 5; id++) {
    char text[32];
    snprintf(text, sizeof text, "clock %u", id);
    clock.u.u.clock.id = id;
    try_poll(text, &clock);
  }
  clock.u.u.clock.id = 0;
  clock.u.u.clock.flags = 2;
  try_poll("unknown clock flag", &clock);
  fd.u.tag = __WASI_EVENTTYPE_FD_READ;
  fd.u.u.fd_read.file_descriptor = 77;
  try_poll("reading a closed number", &fd);
  fd.u.u.fd_read.file_descriptor = SCRATCH;
  try_poll("reading a directory", &fd);
  fd.u.u.fd_read.file_descriptor = (int)file;
  try_poll("reading a file", &fd);
  fd.u.tag = __WASI_EVENTTYPE_FD_WRITE;
  try_poll("writing a file", &fd);
  fd.u.u.fd_write.file_descriptor = 0;
  try_poll("writing standard input", &fd);
  fd.u.tag = 3;
  try_poll("unknown kind of event", &fd);
}

static void try_others(void) {
  uint8_t buffer[64];
  CASE(fd_prestat_dir_name, "more room than the name", raw_fd_prestat_dir_name(SCRATCH, 16, 5));
  CASE(fd_prestat_dir_name, "no room", raw_fd_prestat_dir_name(SCRATCH, 16, 0));
  CASE(fd_readdir, "no room", __wasi_fd_readdir(SCRATCH, buffer, 0, 0, &moved));
  CASE(path_readlink, "no room", __wasi_path_readlink(SCRATCH, "link", buffer, 0, &moved));
  CASE(path_readlink, "too little room", __wasi_path_readlink(SCRATCH, "link", buffer, 2, &moved));
  CASE(random_get, "nothing", __wasi_random_get(buffer, 0));
  CASE(random_get, "a little", __wasi_random_get(buffer, 3));
  CASE(sched_yield, "at any time", __wasi_sched_yield());
  CASE(fd_read, "into nothing", __wasi_fd_read(file, NULL, 0, &moved));
  CASE(fd_write, "of nothing", __wasi_fd_write(file, NULL, 0, &moved));
  CASE(fd_write, "of 1025 pieces", raw_fd_write(file, 0, 1025, address_of(&moved)));
  CASE(fd_read, "into 1025 pieces", raw_fd_read(file, 0, 1025, address_of(&moved)));
}

/* ---- Addresses ------------------------------------------------------------------------------- */

/* The functions that take addresses, with all good but one; `bad` is that one. */
static uint8_t zeros[4096]; /* enough for any structure here */
#define GOOD address_of(zeros)

#define ADDRESS_CASES(function, what, call)                                                        \
  do {                                                                                             \
    uint32_t bad = memory_end() - 1;                                                               \
    CASE(function, what " over the end", call);                                                    \
    bad = UINT32_MAX;                                                                              \
    CASE(function, what " wrapping", call);                                                        \
  } while (0)

static void try_addresses(void) {
  const char *path = "file";
  uint32_t iov[2] = {GOOD, 1}, list = address_of(iov), fd = (uint32_t)file;
  ADDRESS_CASES(args_get, "pointers", raw_args_get(bad, GOOD));
  ADDRESS_CASES(args_get, "bytes", raw_args_get(GOOD, bad));
  ADDRESS_CASES(args_sizes_get, "count", raw_args_sizes_get(bad, GOOD));
  ADDRESS_CASES(args_sizes_get, "size", raw_args_sizes_get(GOOD, bad));
  ADDRESS_CASES(environ_get, "pointers", raw_environ_get(bad, GOOD));
  ADDRESS_CASES(environ_get, "bytes", raw_environ_get(GOOD, bad));
  ADDRESS_CASES(environ_sizes_get, "count", raw_environ_sizes_get(bad, GOOD));
  ADDRESS_CASES(environ_sizes_get, "size", raw_environ_sizes_get(GOOD, bad));
  ADDRESS_CASES(clock_res_get, "result", raw_clock_res_get(0, bad));
  ADDRESS_CASES(clock_time_get, "result", raw_clock_time_get(0, 0, bad));
  ADDRESS_CASES(fd_fdstat_get, "result", raw_fd_fdstat_get(fd, bad));
  ADDRESS_CASES(fd_filestat_get, "result", raw_fd_filestat_get(fd, bad));
  ADDRESS_CASES(fd_pread, "list", raw_fd_pread(fd, bad, 1, 0, GOOD));
  ADDRESS_CASES(fd_pread, "result", raw_fd_pread(fd, list, 1, 0, bad));
  ADDRESS_CASES(fd_prestat_get, "result", raw_fd_prestat_get(SCRATCH, bad));
  ADDRESS_CASES(fd_prestat_dir_name, "name", raw_fd_prestat_dir_name(SCRATCH, bad, 4));
  ADDRESS_CASES(fd_pwrite, "list", raw_fd_pwrite(fd, bad, 1, 0, GOOD));
  ADDRESS_CASES(fd_pwrite, "result", raw_fd_pwrite(fd, list, 1, 0, bad));
  ADDRESS_CASES(fd_read, "list", raw_fd_read(fd, bad, 1, GOOD));
  ADDRESS_CASES(fd_read, "result", raw_fd_read(fd, list, 1, bad));
  ADDRESS_CASES(fd_readdir, "buffer", raw_fd_readdir(SCRATCH, bad, 64, 0, GOOD));
  ADDRESS_CASES(fd_readdir, "result", raw_fd_readdir(SCRATCH, GOOD, 64, 0, bad));
  ADDRESS_CASES(fd_seek, "result", raw_fd_seek(fd, 0, 0, bad));
  ADDRESS_CASES(fd_tell, "result", raw_fd_tell(fd, bad));
  ADDRESS_CASES(fd_write, "list", raw_fd_write(fd, bad, 1, GOOD));
  ADDRESS_CASES(fd_write, "result", raw_fd_write(fd, list, 1, bad));
  ADDRESS_CASES(path_filestat_get, "result", raw_path_filestat_get(SCRATCH, 0, path, 4, bad));
  ADDRESS_CASES(path_open, "result", raw_path_open(SCRATCH, 0, path, 4, 0, 0, 0, 0, bad));
  ADDRESS_CASES(path_readlink, "buffer", raw_path_readlink(SCRATCH, "link", 4, bad, 9, GOOD));
  ADDRESS_CASES(path_readlink, "result", raw_path_readlink(SCRATCH, "link", 4, GOOD, 9, bad));
  ADDRESS_CASES(poll_oneoff, "subscriptions", raw_poll_oneoff(bad, GOOD, 1, GOOD));
  ADDRESS_CASES(poll_oneoff, "events", raw_poll_oneoff(GOOD, bad, 1, GOOD));
  ADDRESS_CASES(poll_oneoff, "count", raw_poll_oneoff(GOOD, GOOD, 1, bad));
  ADDRESS_CASES(random_get, "buffer", raw_random_get(bad, 2));
  for (iov[0] = memory_end() - 1, iov[1] = 2;; iov[0] = 16, iov[1] = UINT32_MAX) {
    const char *what = iov[0] == 16 ? "a piece longer than memory" : "a piece over the end";
    tell("fd_read", what, raw_fd_read(fd, list, 1, GOOD));
    tell("fd_pread", what, raw_fd_pread(fd, list, 1, 0, GOOD));
    tell("fd_write", what, raw_fd_write(fd, list, 1, GOOD));
    tell("fd_pwrite", what, raw_fd_pwrite(fd, list, 1, 0, GOOD));
    if (iov[0] == 16)
      break;
  }
}

int main(void) {
  make_file(SCRATCH, "file", "file");
  CHECK_OK(__wasi_path_symlink("file", SCRATCH, "link"));
  CHECK_OK(open_at(SCRATCH, "file", 0, FILE_RIGHTS, &file));
  try_offsets();
  try_flags();
  try_clocks();
  try_polls();
  try_others();
  try_addresses();
  return 0;
}
