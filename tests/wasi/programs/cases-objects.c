/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Every function that takes a path, with each kind of thing in the path's last place, with and
 * without a slash behind it; and renaming each kind onto each. */
#include "cases.h"

static const char *const KINDS[] = {"file",    "dir",      "full", "to-file",
                                    "to-full", "dangling", "loop", "absent"};
enum { KIND_COUNT = sizeof KINDS / sizeof KINDS[0] };

static uint8_t buffer[64];
static __wasi_filestat_t stat;
static __wasi_fd_t fd;
static __wasi_size_t used;

/* One of each kind, fresh: whatever the last call made or moved is gone. */
static void make_kinds(void) {
  remove_tree(SCRATCH, "k");
  CHECK_OK(__wasi_path_create_directory(SCRATCH, "k"));
  make_file(SCRATCH, "k/file", "file");
  CHECK_OK(__wasi_path_create_directory(SCRATCH, "k/dir"));
  CHECK_OK(__wasi_path_create_directory(SCRATCH, "k/full"));
  make_file(SCRATCH, "k/full/inside", "");
  CHECK_OK(__wasi_path_symlink("file", SCRATCH, "k/to-file"));
  CHECK_OK(__wasi_path_symlink("full", SCRATCH, "k/to-full"));
  CHECK_OK(__wasi_path_symlink("nowhere", SCRATCH, "k/dangling"));
  CHECK_OK(__wasi_path_symlink("loop", SCRATCH, "k/loop"));
}

static __wasi_errno_t create_directory(const char *path) {
  return __wasi_path_create_directory(SCRATCH, path);
}

static __wasi_errno_t filestat_get(const char *path) {
  return __wasi_path_filestat_get(SCRATCH, 0, path, &stat);
}

static __wasi_errno_t filestat_get_follow(const char *path) {
  return __wasi_path_filestat_get(SCRATCH, FOLLOW, path, &stat);
}

static __wasi_errno_t set_times(const char *path) {
  return __wasi_path_filestat_set_times(SCRATCH, 0, path, 1, 1, __WASI_FSTFLAGS_MTIM);
}

static __wasi_errno_t set_times_follow(const char *path) {
  return __wasi_path_filestat_set_times(SCRATCH, FOLLOW, path, 1, 1, __WASI_FSTFLAGS_MTIM);
}

static __wasi_errno_t link_old(const char *path) {
  return __wasi_path_link(SCRATCH, 0, path, SCRATCH, "k/new");
}

static __wasi_errno_t link_old_follow(const char *path) {
  return __wasi_path_link(SCRATCH, FOLLOW, path, SCRATCH, "k/new");
}

static __wasi_errno_t link_new(const char *path) {
  return __wasi_path_link(SCRATCH, 0, "k/file", SCRATCH, path);
}

static __wasi_errno_t readlink_it(const char *path) {
  return __wasi_path_readlink(SCRATCH, path, buffer, sizeof buffer, &used);
}

static __wasi_errno_t remove_directory(const char *path) {
  return __wasi_path_remove_directory(SCRATCH, path);
}

static __wasi_errno_t symlink_new(const char *path) {
  return __wasi_path_symlink("target", SCRATCH, path);
}

static __wasi_errno_t unlink_file(const char *path) {
  return __wasi_path_unlink_file(SCRATCH, path);
}

static const struct {
  const char *name, *which; /* function, and how it is called */
  __wasi_errno_t (*call)(const char *path);
} CALLS[] = {
    {"path_create_directory", "", create_directory},
    {"path_filestat_get", "", filestat_get},
    {"path_filestat_get", "following ", filestat_get_follow},
    {"path_filestat_set_times", "", set_times},
    {"path_filestat_set_times", "following ", set_times_follow},
    {"path_link", "of ", link_old},
    {"path_link", "following of ", link_old_follow},
    {"path_link", "onto ", link_new},
    {"path_readlink", "", readlink_it},
    {"path_remove_directory", "", remove_directory},
    {"path_symlink", "onto ", symlink_new},
    {"path_unlink_file", "", unlink_file},
};
enum { CALL_COUNT = sizeof CALLS / sizeof CALLS[0] };

static void try_calls(const char *kind, const char *slash) {
  char path[32], what[64];
  snprintf(path, sizeof path, "k/%s%s", kind, slash);
  for (int i = 0; i < CALL_COUNT; i++) {
    make_kinds();
    snprintf(what, sizeof what, "%s%s%s", CALLS[i].which, kind, slash);
    tell(CALLS[i].name, what, CALLS[i].call(path));
  }
}

static void try_rename(const char *from, const char *from_slash, const char *to,
                       const char *to_slash) {
  char old[32], new[32], what[64];
  make_kinds();
  snprintf(old, sizeof old, "k/%s%s", from, from_slash);
  snprintf(new, sizeof new, "k/%s%s", to, to_slash);
  snprintf(what, sizeof what, "%s%s to %s%s", from, from_slash, to, to_slash);
  tell("path_rename", what, __wasi_path_rename(SCRATCH, old, SCRATCH, new));
}

static void try_open(const char *kind, const char *slash, unsigned oflags, unsigned lookup) {
  char path[32], what[80];
  make_kinds();
  snprintf(path, sizeof path, "k/%s%s", kind, slash);
  snprintf(what, sizeof what, "%s%s%s%s%s%s%s", kind, slash, lookup ? " following" : "",
           oflags & __WASI_OFLAGS_CREAT ? " CREAT" : "",
           oflags & __WASI_OFLAGS_DIRECTORY ? " DIRECTORY" : "",
           oflags & __WASI_OFLAGS_EXCL ? " EXCL" : "",
           oflags & __WASI_OFLAGS_TRUNC ? " TRUNC" : "");
  __wasi_errno_t error = __wasi_path_open(SCRATCH, lookup, path, (__wasi_oflags_t)oflags,
                                          __WASI_RIGHTS_FD_READ, 0, 0, &fd);
  if (!tell("path_open", what, error))
    CHECK_OK(__wasi_fd_close(fd));
}

int main(void) {
  for (int kind = 0; kind < KIND_COUNT; kind++) {
    try_calls(KINDS[kind], "");
    try_calls(KINDS[kind], "/");
  }
  for (int from = 0; from < KIND_COUNT; from++)
    for (int to = 0; to < KIND_COUNT; to++)
      try_rename(KINDS[from], "", KINDS[to], "");
  for (int kind = 0; kind < KIND_COUNT; kind++) {
    try_rename(KINDS[kind], "/", "absent", "");
    try_rename(KINDS[kind], "", "absent", "/");
    try_rename("file", "", KINDS[kind], "/");
    try_rename("full", "", KINDS[kind], "/");
  }
  for (int kind = 0; kind < KIND_COUNT; kind++)
    for (unsigned oflags = 0; oflags < 16; oflags++) {
      try_open(KINDS[kind], "", oflags, 0);
      try_open(KINDS[kind], "", oflags, FOLLOW);
      try_open(KINDS[kind], "/", oflags, 0);
    }
  remove_tree(SCRATCH, "k");
  return 0;
}
