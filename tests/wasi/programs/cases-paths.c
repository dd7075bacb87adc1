/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Every function that takes a path, with paths and directories that are wrong: what the bytes are,
 * where they lead, what they are relative to. */
#include "cases.h"

static uint8_t buffer[64];
static uint32_t out[16];

/* One path and the descriptor it starts from. */
struct start {
  int fd;
  const char *path;
  uint32_t length;
};

/* A function with everything else as it should be. What may succeed is undone. */
typedef uint32_t path_call(struct start start);

static uint32_t create_directory(struct start at) {
  return raw_path_create_directory((uint32_t)at.fd, at.path, at.length);
}

static uint32_t filestat_get(struct start at) {
  return raw_path_filestat_get((uint32_t)at.fd, 0, at.path, at.length, address_of(out));
}

static uint32_t filestat_get_follow(struct start at) {
  return raw_path_filestat_get((uint32_t)at.fd, FOLLOW, at.path, at.length, address_of(out));
}

static uint32_t filestat_set_times(struct start at) {
  return raw_path_filestat_set_times((uint32_t)at.fd, 0, at.path, at.length, 1, 1,
                                     __WASI_FSTFLAGS_ATIM);
}

static uint32_t link_old(struct start at) {
  return raw_path_link((uint32_t)at.fd, 0, at.path, at.length, SCRATCH, "new", 3);
}

static uint32_t link_new(struct start at) {
  return raw_path_link(SCRATCH, 0, "file", 4, (uint32_t)at.fd, at.path, at.length);
}

static uint32_t open_it(struct start at) {
  return raw_path_open((uint32_t)at.fd, 0, at.path, at.length, 0, 0, 0, 0, address_of(out));
}

static uint32_t open_new(struct start at) {
  return raw_path_open((uint32_t)at.fd, 0, at.path, at.length, __WASI_OFLAGS_CREAT, 0, 0, 0,
                       address_of(out));
}

static uint32_t readlink_it(struct start at) {
  return raw_path_readlink((uint32_t)at.fd, at.path, at.length, address_of(buffer), sizeof buffer,
                           address_of(out));
}

static uint32_t remove_directory(struct start at) {
  return raw_path_remove_directory((uint32_t)at.fd, at.path, at.length);
}

static uint32_t rename_old(struct start at) {
  return raw_path_rename((uint32_t)at.fd, at.path, at.length, SCRATCH, "new", 3);
}

static uint32_t rename_new(struct start at) {
  return raw_path_rename(SCRATCH, "file", 4, (uint32_t)at.fd, at.path, at.length);
}

static uint32_t symlink_new(struct start at) {
  return raw_path_symlink("target", 6, (uint32_t)at.fd, at.path, at.length);
}

static uint32_t unlink_file(struct start at) {
  return raw_path_unlink_file((uint32_t)at.fd, at.path, at.length);
}

static const struct {
  const char *name, *which; /* function, and which of its paths or how called */
  path_call *call;
} CALLS[] = {
    {"path_create_directory", "", create_directory},
    {"path_filestat_get", "", filestat_get},
    {"path_filestat_get", "following ", filestat_get_follow},
    {"path_filestat_set_times", "", filestat_set_times},
    {"path_link", "old ", link_old},
    {"path_link", "new ", link_new},
    {"path_open", "", open_it},
    {"path_open", "creating ", open_new},
    {"path_readlink", "", readlink_it},
    {"path_remove_directory", "", remove_directory},
    {"path_rename", "old ", rename_old},
    {"path_rename", "new ", rename_new},
    {"path_symlink", "new ", symlink_new},
    {"path_unlink_file", "", unlink_file},
};
enum { CALL_COUNT = sizeof CALLS / sizeof CALLS[0] };

static void make_tree(void) {
  static const char *const NAMES[] = {"new", "dir", "out", "loop", "to-file"};
  for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++)
    remove_tree(SCRATCH, NAMES[i]);
  make_file(SCRATCH, "file", "file");
  CHECK_OK(__wasi_path_create_directory(SCRATCH, "dir"));
  (void)__wasi_path_symlink("../outside", SCRATCH, "out"); /* some hosts refuse already this */
  CHECK_OK(__wasi_path_symlink("loop", SCRATCH, "loop"));
  CHECK_OK(__wasi_path_symlink("file", SCRATCH, "to-file"));
}

/* All functions with one path; each finds the same tree. */
static void try_all(const char *what, struct start start) {
  for (int i = 0; i < CALL_COUNT; i++) {
    char text[96];
    make_tree();
    out[0] = UINT32_MAX;
    snprintf(text, sizeof text, "%s%s", CALLS[i].which, what);
    uint32_t error = tell(CALLS[i].name, text, CALLS[i].call(start));
    if (!error && !strcmp(CALLS[i].name, "path_open"))
      CHECK_OK(__wasi_fd_close((int)out[0]));
  }
}

static void try_path(const char *path) {
  try_all(path, (struct start){SCRATCH, path, (uint32_t)strlen(path)});
}

static void try_bytes(const char *what, const char *bytes, size_t length) {
  try_all(what, (struct start){SCRATCH, bytes, (uint32_t)length});
}

static void try_contents(void) {
  static char text[4097];
  try_bytes("empty path", "", 0);
  try_bytes("NUL inside", "dir\0x", 5);
  try_bytes("NUL at the end", "file", 5);
  try_bytes("not UTF-8", "\xff", 1);
  try_bytes("over-long UTF-8", "\xc0\xae", 2);
  try_bytes("surrogate", "\xed\xa0\x80", 3);
  memset(text, 'n', sizeof text);
  try_bytes("name of 256 bytes", text, 256);
  memcpy(text, "dir/", 4);
  try_bytes("name of 256 bytes below", text, 260);
  memset(text, '/', sizeof text);
  text[0] = '.';
  try_bytes("path of 4096 bytes", text, 4096);
}

static void try_places(void) {
  try_path("/");
  try_path("/file");
  try_path("..");
  try_path("../file");
  try_path("dir/../../file");
  try_path("out/x");
  try_path("none/x");
  try_path("file/x");
  try_path("to-file/x");
  try_path("loop/x");
}

static void try_starts(void) {
  __wasi_fd_t file = open_file(SCRATCH, "file"), bare;
  CHECK_OK(open_at(SCRATCH, ".", __WASI_OFLAGS_DIRECTORY, 0, &bare));
  try_all("from a number not open", (struct start){77, "dir", 3});
  try_all("from a file", (struct start){(int)file, "dir", 3});
  try_all("from standard output", (struct start){1, "dir", 3});
  try_all("from a directory without rights", (struct start){(int)bare, "dir", 3});
  try_all("outside memory", (struct start){SCRATCH, (const char *)memory_end() - 2, 3});
  try_all("wrapping around", (struct start){SCRATCH, (const char *)UINT32_MAX, 3});
  try_all("longer than memory", (struct start){SCRATCH, "dir", UINT32_MAX});
  CHECK_OK(__wasi_fd_close(file));
  CHECK_OK(__wasi_fd_close(bare));
}

/* The contents of a link are no path yet, but what no path can be is refused. */
static void try_targets(void) {
  static char text[4097];
  remove_tree(SCRATCH, "new");
  CASE(path_symlink, "target empty", raw_path_symlink("", 0, SCRATCH, "new", 3));
  CASE(path_symlink, "target absolute", raw_path_symlink("/etc", 4, SCRATCH, "new", 3));
  CASE(path_symlink, "target with NUL", raw_path_symlink("a\0b", 3, SCRATCH, "new", 3));
  CASE(path_symlink, "target not UTF-8", raw_path_symlink("\xff", 1, SCRATCH, "new", 3));
  memset(text, 't', sizeof text);
  CASE(path_symlink, "target of 4096 bytes", raw_path_symlink(text, 4096, SCRATCH, "new", 3));
  CASE(path_symlink, "target outside memory",
       raw_path_symlink((const char *)memory_end() - 2, 3, SCRATCH, "new", 3));
  CASE(path_symlink, "target of 4095 bytes", raw_path_symlink(text, 4095, SCRATCH, "new", 3));
  remove_tree(SCRATCH, "new");
  CASE(path_symlink, "target above", raw_path_symlink("../x", 4, SCRATCH, "new", 3));
}

int main(void) {
  try_contents();
  try_places();
  try_starts();
  try_targets();
  return 0;
}
