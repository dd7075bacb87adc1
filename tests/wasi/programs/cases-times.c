/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* fd_filestat_set_times and path_filestat_set_times: each combination of flags, lookup flags, and
 * times at the edges. A program of its own: some hosts hang after a refused call. */
#include "cases.h"

static __wasi_fd_t file;

static void try_times(const char *what, uint64_t atim, uint64_t mtim, unsigned flags) {
  tell("fd_filestat_set_times", what,
       __wasi_fd_filestat_set_times(file, atim, mtim, (__wasi_fstflags_t)flags));
  tell("path_filestat_set_times", what,
       __wasi_path_filestat_set_times(SCRATCH, 0, "file", atim, mtim, (__wasi_fstflags_t)flags));
}

int main(void) {
  make_file(SCRATCH, "file", "file");
  CHECK_OK(open_at(SCRATCH, "file", 0, FILE_RIGHTS, &file));
  try_times("nothing", 1, 1, 0);
  for (unsigned flags = 1; flags < 16; flags++) {
    char text[64];
    snprintf(text, sizeof text, "%s%s%s%s", flags & __WASI_FSTFLAGS_ATIM ? "ATIM " : "",
             flags & __WASI_FSTFLAGS_ATIM_NOW ? "ATIM_NOW " : "",
             flags & __WASI_FSTFLAGS_MTIM ? "MTIM " : "",
             flags & __WASI_FSTFLAGS_MTIM_NOW ? "MTIM_NOW " : "");
    text[strlen(text) - 1] = 0;
    try_times(text, 1, 1, flags);
  }
  try_times("an unknown flag", 1, 1, 0x10);
  try_times("the beginning of time", 0, 0, __WASI_FSTFLAGS_ATIM | __WASI_FSTFLAGS_MTIM);
  CASE(path_filestat_set_times, "an unknown lookup flag",
       __wasi_path_filestat_set_times(SCRATCH, 2, "file", 1, 1, __WASI_FSTFLAGS_MTIM));
  CASE(path_filestat_set_times, "following",
       __wasi_path_filestat_set_times(SCRATCH, FOLLOW, "file", 1, 1, __WASI_FSTFLAGS_MTIM));
  return 0;
}
