/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Every function that takes a descriptor, with each kind of descriptor; what each right is needed
 * for; and that rights never widen. */
#include "cases.h"

static uint8_t byte;
static __wasi_iovec_t in = {&byte, 1};
static __wasi_ciovec_t piece = {&byte, 1};
static __wasi_size_t moved;
static __wasi_filesize_t place;
static __wasi_filestat_t filestat;
static __wasi_fdstat_t fdstat;
static __wasi_prestat_t prestat;
static uint8_t buffer[256];

static __wasi_errno_t advise(int fd) {
  return __wasi_fd_advise(fd, 0, 1, __WASI_ADVICE_SEQUENTIAL);
}

static __wasi_errno_t allocate(int fd) {
  return __wasi_fd_allocate(fd, 0, 1);
}

static __wasi_errno_t fdstat_get(int fd) {
  return __wasi_fd_fdstat_get(fd, &fdstat);
}

static __wasi_errno_t set_flags(int fd) {
  return __wasi_fd_fdstat_set_flags(fd, 0);
}

static __wasi_errno_t keep_rights(int fd) {
  if (__wasi_fd_fdstat_get(fd, &fdstat))
    fdstat.fs_rights_base = fdstat.fs_rights_inheriting = 0;
  return __wasi_fd_fdstat_set_rights(fd, fdstat.fs_rights_base, fdstat.fs_rights_inheriting);
}

static __wasi_errno_t filestat_get(int fd) {
  return __wasi_fd_filestat_get(fd, &filestat);
}

static __wasi_errno_t set_size(int fd) {
  return __wasi_fd_filestat_set_size(fd, 4);
}

static __wasi_errno_t set_times(int fd) {
  return __wasi_fd_filestat_set_times(fd, 1, 1, __WASI_FSTFLAGS_MTIM);
}

static __wasi_errno_t pread_it(int fd) {
  return __wasi_fd_pread(fd, &in, 1, 0, &moved);
}

static __wasi_errno_t prestat_get(int fd) {
  return __wasi_fd_prestat_get(fd, &prestat);
}

static __wasi_errno_t prestat_dir_name(int fd) {
  return __wasi_fd_prestat_dir_name(fd, buffer, 1);
}

static __wasi_errno_t pwrite_it(int fd) {
  return __wasi_fd_pwrite(fd, &piece, 1, 0, &moved);
}

/* Of the standard streams only what answers at once, whatever they are. */
static __wasi_errno_t read_it(int fd) {
  return __wasi_fd_read(fd, &in, fd >= 0 && fd <= 2 ? 0 : 1, &moved);
}

static __wasi_errno_t readdir_it(int fd) {
  return __wasi_fd_readdir(fd, buffer, sizeof buffer, 0, &moved);
}

static __wasi_errno_t renumber_to_closed(int fd) {
  return __wasi_fd_renumber(fd, 1000);
}

static __wasi_errno_t renumber_to_itself(int fd) {
  return __wasi_fd_renumber(fd, fd);
}

static __wasi_errno_t seek_set(int fd) {
  return __wasi_fd_seek(fd, 0, __WASI_WHENCE_SET, &place);
}

static __wasi_errno_t seek_nowhere(int fd) {
  return __wasi_fd_seek(fd, 0, __WASI_WHENCE_CUR, &place);
}

static __wasi_errno_t tell_place(int fd) {
  return __wasi_fd_tell(fd, &place);
}

static __wasi_errno_t write_it(int fd) {
  return __wasi_fd_write(fd, &piece, fd >= 0 && fd <= 2 ? 0 : 1, &moved);
}

static const struct {
  const char *name, *how;
  __wasi_errno_t (*call)(int fd);
} CALLS[] = {
    {"fd_advise", "", advise},
    {"fd_allocate", "", allocate},
    {"fd_datasync", "", __wasi_fd_datasync},
    {"fd_fdstat_get", "", fdstat_get},
    {"fd_fdstat_set_flags", "", set_flags},
    {"fd_fdstat_set_rights", "the same on ", keep_rights},
    {"fd_filestat_get", "", filestat_get},
    {"fd_filestat_set_size", "", set_size},
    {"fd_filestat_set_times", "", set_times},
    {"fd_pread", "", pread_it},
    {"fd_prestat_get", "", prestat_get},
    {"fd_prestat_dir_name", "", prestat_dir_name},
    {"fd_pwrite", "", pwrite_it},
    {"fd_read", "", read_it},
    {"fd_readdir", "", readdir_it},
    {"fd_renumber", "to a closed number ", renumber_to_closed},
    {"fd_renumber", "to itself ", renumber_to_itself},
    {"fd_seek", "from the start ", seek_set},
    {"fd_seek", "by nothing ", seek_nowhere},
    {"fd_sync", "", __wasi_fd_sync},
    {"fd_tell", "", tell_place},
    {"fd_write", "", write_it},
};
enum { CALL_COUNT = sizeof CALLS / sizeof CALLS[0] };

static void try_calls(const char *what, int fd) {
  char text[80];
  for (int i = 0; i < CALL_COUNT; i++) {
    snprintf(text, sizeof text, "%s%s", CALLS[i].how, what);
    tell(CALLS[i].name, text, CALLS[i].call(fd));
  }
}

/* ---- Kinds ----------------------------------------------------------------------------------- */

static __wasi_fd_t open_with(const char *path, uint64_t rights, unsigned fdflags) {
  __wasi_fd_t fd;
  CHECK_OK(__wasi_path_open(SCRATCH, 0, path, 0, rights, 0, (__wasi_fdflags_t)fdflags, &fd));
  return fd;
}

static void try_opened(const char *what, const char *path, uint64_t rights, unsigned fdflags) {
  __wasi_fd_t fd = open_with(path, rights, fdflags);
  try_calls(what, (int)fd);
  CHECK_OK(__wasi_fd_close(fd));
}

static void try_kinds(void) {
  try_calls("a closed number", 77);
  try_calls("-1", -1);
  try_calls("standard input", 0);
  try_calls("standard output", 1);
  try_calls("a preopen", SCRATCH);
  /* For some hosts this right is one to write. */
  try_opened("a directory", "dir", DIRECTORY_RIGHTS & ~(uint64_t)__WASI_RIGHTS_FD_DATASYNC, 0);
  try_opened("a file", "file", FILE_RIGHTS, 0);
  try_opened("a file to append to", "file", FILE_RIGHTS, __WASI_FDFLAGS_APPEND);
  try_opened("a file without rights", "file", 0, 0);
  try_opened("a directory without rights", "dir", 0, 0);
}

/* ---- Rights ---------------------------------------------------------------------------------- */

#define RIGHT_NAME(name, bit, applies) [bit] = #name,
static const char *const RIGHT_NAMES[] = {
#define RIGHT RIGHT_NAME
#include "wasi/rights.def"
#undef RIGHT
};

/* A file that lacks one right: which functions miss it. */
static void try_missing_rights(void) {
  for (unsigned bit = 0; bit < sizeof RIGHT_NAMES / sizeof RIGHT_NAMES[0]; bit++) {
    __wasi_fd_t fd = open_with("file", FILE_RIGHTS & ~(UINT64_C(1) << bit), 0);
    for (int i = 0; i < CALL_COUNT; i++) {
      char text[80];
      __wasi_errno_t error = CALLS[i].call((int)fd);
      snprintf(text, sizeof text, "a file without only %s", RIGHT_NAMES[bit]);
      if (error && strncmp(CALLS[i].name, "fd_re", 5) && strncmp(CALLS[i].name, "fd_prestat", 10))
        tell(CALLS[i].name, text, error);
    }
    CHECK_OK(__wasi_fd_close(fd));
  }
}

/* What was given away does not come back, neither from the descriptor nor through it. */
static void try_widening(void) {
  __wasi_fd_t fd = open_with("file", __WASI_RIGHTS_FD_READ, 0), inner;
  CASE(fd_fdstat_set_rights, "adding a right to a file",
       __wasi_fd_fdstat_set_rights(fd, READ_WRITE, 0));
  CASE(fd_fdstat_set_rights, "adding inheriting rights to a file",
       __wasi_fd_fdstat_set_rights(fd, 0, 1));
  CASE(fd_fdstat_set_rights, "bits that are no rights",
       __wasi_fd_fdstat_set_rights(fd, UINT64_C(1) << 40, 0));
  CASE(fd_fdstat_set_rights, "giving all rights of a file away",
       __wasi_fd_fdstat_set_rights(fd, 0, 0));
  CASE(fd_fdstat_set_rights, "taking one back",
       __wasi_fd_fdstat_set_rights(fd, __WASI_RIGHTS_FD_READ, 0));
  CHECK_OK(__wasi_fd_close(fd));
  CHECK_OK(__wasi_path_open(SCRATCH, 0, ".", __WASI_OFLAGS_DIRECTORY, __WASI_RIGHTS_PATH_OPEN,
                            __WASI_RIGHTS_FD_READ, 0, &fd));
  CASE(path_open, "for rights that are inherited", open_at((int)fd, "file", 0, 2, &inner));
  CHECK_OK(__wasi_fd_close(inner));
  CASE(path_open, "for a right that is not", open_at((int)fd, "file", 0, 64, &inner));
  CASE(path_open, "for inheriting rights that are not",
       __wasi_path_open((int)fd, 0, "dir", 0, 0, 64, 0, &inner));
  CASE(path_open, "creating without PATH_CREATE_FILE",
       open_at((int)fd, "new", __WASI_OFLAGS_CREAT, 0, &inner));
  CASE(path_open, "truncating without PATH_FILESTAT_SET_SIZE",
       open_at((int)fd, "file", __WASI_OFLAGS_TRUNC, 0, &inner));
  CASE(path_open, "SYNC without FD_SYNC",
       __wasi_path_open((int)fd, 0, "file", 0, 0, 0, __WASI_FDFLAGS_SYNC, &inner));
  CASE(path_open, "RSYNC without FD_SYNC",
       __wasi_path_open((int)fd, 0, "file", 0, 0, 0, __WASI_FDFLAGS_RSYNC, &inner));
  CASE(path_open, "DSYNC without FD_DATASYNC",
       __wasi_path_open((int)fd, 0, "file", 0, 0, 0, __WASI_FDFLAGS_DSYNC, &inner));
  CHECK_OK(__wasi_fd_close(fd));
  CASE(path_open, "a directory for writing", open_at(SCRATCH, "dir", 0, 64, &inner));
}

/* ---- Numbers --------------------------------------------------------------------------------- */

static void try_numbers(void) {
  __wasi_fd_t first = open_with("file", READ_WRITE, 0), second = open_with("dir", 0, 0);
  CASE(fd_renumber, "a file onto a directory", __wasi_fd_renumber((int)first, (int)second));
  CASE(fd_write, "the old number", write_it((int)first));
  CASE(fd_write, "the new number", write_it((int)second));
  CASE(fd_close, "the old number", __wasi_fd_close((int)first));
  CASE(fd_close, "the new number", __wasi_fd_close((int)second));
  CASE(fd_close, "a second time", __wasi_fd_close((int)second));
  CASE(fd_close, "-1", __wasi_fd_close(-1));
  CASE(fd_renumber, "from a closed number", __wasi_fd_renumber(77, SCRATCH));
  second = open_with(".", __WASI_RIGHTS_PATH_FILESTAT_GET, 0);
  CASE(fd_renumber, "a directory onto the preopen", __wasi_fd_renumber((int)second, SCRATCH));
  CASE(fd_prestat_get, "what a preopen was replaced by", prestat_get(SCRATCH));
  CASE(path_filestat_get, "through it", __wasi_path_filestat_get(SCRATCH, 0, "file", &filestat));
  CASE(fd_close, "it", __wasi_fd_close(SCRATCH));
  CASE(path_filestat_get, "after it", __wasi_path_filestat_get(SCRATCH, 0, "file", &filestat));
}

int main(void) {
  make_file(SCRATCH, "file", "file");
  CHECK_OK(__wasi_path_create_directory(SCRATCH, "dir"));
  try_kinds();
  try_missing_rights();
  try_widening();
  try_numbers();
  return 0;
}
