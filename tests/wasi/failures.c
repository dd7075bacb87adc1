/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Every function that asks the host's files for something, with each thing it asks for failing in
 * each way: the module gets that very errno, and nothing is lost. Prints TAP. */
#include "tests/wasi/world.h"
#include <errno.h>
#include <stdio.h>

/* ---- A host whose n-th operation fails --------------------------------------------------------*/

/* In place of a file system's operations, which are found behind them. */
struct failing_ops {
  struct wasi_fs_ops ops; /* first: where fs->ops points */
  const struct wasi_fs_ops *real;
  int left;  /* operations until the one that fails; negative: none does */
  int error; /* Linux errno it gives */
  bool failed;
};

static struct failing_ops *failing_of(struct wasi_fs *fs) {
  return (struct failing_ops *)fs->ops;
}

static int take_failure(struct wasi_fs *fs) {
  struct failing_ops *failing = failing_of(fs);
  if (failing->left < 0 || failing->left-- > 0)
    return 0;
  failing->failed = true;
  return failing->error;
}

#define FAILING(op, parameters, arguments)                                                         \
  static int fail_##op parameters {                                                                \
    int error = take_failure(fs);                                                                  \
    return error ? error : failing_of(fs)->real->op arguments;                                     \
  }
/* What is given back is given back, whatever is said of it. */
#define FAILING_RELEASE(op)                                                                        \
  static int fail_##op(struct wasi_fs *fs, wasi_node node, wasi_handle handle) {                   \
    int error = take_failure(fs), real = failing_of(fs)->real->op(fs, node, handle);               \
    return error ? error : real;                                                                   \
  }
#define FS struct wasi_fs *fs
#define NAME const char *name, size_t length

FAILING(lookup, (FS, wasi_node dir, NAME, wasi_node *node, struct wasi_attr *attr),
        (fs, dir, name, length, node, attr))
FAILING(getattr, (FS, wasi_node node, wasi_handle handle, struct wasi_attr *attr),
        (fs, node, handle, attr))
FAILING(size, (FS, wasi_node node, wasi_handle handle, uint64_t *size), (fs, node, handle, size))
FAILING(setattr, (FS, wasi_node node, wasi_handle handle, const struct wasi_setattr *set),
        (fs, node, handle, set))
FAILING(readlink, (FS, wasi_node node, char *buffer, size_t size, size_t *length),
        (fs, node, buffer, size, length))
FAILING(symlink, (FS, wasi_node dir, NAME, const char *target, size_t target_length),
        (fs, dir, name, length, target, target_length))
FAILING(mkdir, (FS, wasi_node dir, NAME, uint32_t mode), (fs, dir, name, length, mode))
FAILING(unlink, (FS, wasi_node dir, NAME), (fs, dir, name, length))
FAILING(rmdir, (FS, wasi_node dir, NAME), (fs, dir, name, length))
FAILING(rename, (FS, wasi_node dir, NAME, wasi_node to_dir, const char *to, size_t to_length),
        (fs, dir, name, length, to_dir, to, to_length))
FAILING(link, (FS, wasi_node node, wasi_node dir, NAME), (fs, node, dir, name, length))
FAILING(open, (FS, wasi_node node, uint32_t flags, wasi_handle *handle), (fs, node, flags, handle))
FAILING(create,
        (FS, wasi_node dir, NAME, uint32_t flags, uint32_t mode, wasi_node *node,
         wasi_handle *handle, struct wasi_attr *attr),
        (fs, dir, name, length, flags, mode, node, handle, attr))
FAILING(read,
        (FS, wasi_node node, wasi_handle handle, uint64_t offset, const struct wasi_slice *slices,
         size_t slice_count, size_t *count),
        (fs, node, handle, offset, slices, slice_count, count))
FAILING(write,
        (FS, wasi_node node, wasi_handle handle, uint64_t offset, const struct wasi_slice *slices,
         size_t slice_count, size_t *count),
        (fs, node, handle, offset, slices, slice_count, count))
FAILING(fsync, (FS, wasi_node node, wasi_handle handle, bool data_only, bool is_dir),
        (fs, node, handle, data_only, is_dir))
FAILING(allocate, (FS, wasi_node node, wasi_handle handle, uint64_t offset, uint64_t length),
        (fs, node, handle, offset, length))
FAILING(opendir, (FS, wasi_node node, wasi_handle *handle), (fs, node, handle))
FAILING(readdir,
        (FS, wasi_node node, wasi_handle handle, uint64_t offset, wasi_dirent_callback *callback,
         void *context),
        (fs, node, handle, offset, callback, context))
FAILING_RELEASE(release)
FAILING_RELEASE(releasedir)

static struct failing_ops failing_over(const struct wasi_fs_ops *real) {
  return (struct failing_ops){.ops = {.lookup = fail_lookup,
                                      .forget = real->forget,
                                      .getattr = fail_getattr,
                                      .size = fail_size,
                                      .setattr = fail_setattr,
                                      .readlink = fail_readlink,
                                      .symlink = fail_symlink,
                                      .mkdir = fail_mkdir,
                                      .unlink = fail_unlink,
                                      .rmdir = fail_rmdir,
                                      .rename = fail_rename,
                                      .link = fail_link,
                                      .open = fail_open,
                                      .create = fail_create,
                                      .release = fail_release,
                                      .read = fail_read,
                                      .write = fail_write,
                                      .fsync = fail_fsync,
                                      .allocate = fail_allocate,
                                      .opendir = fail_opendir,
                                      .releasedir = fail_releasedir,
                                      .readdir = fail_readdir},
                              .real = real,
                              .left = -1};
}

/* ---- Calls ----------------------------------------------------------------------------------- */

/* Descriptors that each call finds: the preopen, a file with all rights, the same to append to. */
enum { PREOPEN = 3, FILE_FD = 4, LOG_FD = 5 };
/* Places in the module's memory: strings, a list of one piece, results. */
enum { OUT = 1024, LIST = 2048, BUFFER = 4096 };

static const char STRINGS[] = "file\0dir/sub\0dir/link\0new\0empty";
enum { FILE_AT = 0, SUB_AT = 5, LINK_AT = 13, NEW_AT = 22, EMPTY_AT = 26 };
#define FILE_PATH N(FILE_AT), N(4)
#define SUB_PATH N(SUB_AT), N(7)
#define LINK_PATH N(LINK_AT), N(8)
#define NEW_PATH N(NEW_AT), N(3)
#define EMPTY_PATH N(EMPTY_AT), N(5)

static uint32_t open_path(struct world *world, uint64_t path, uint64_t length, uint64_t lookup,
                          uint64_t oflags, uint64_t rights, uint64_t fdflags) {
  return CALL(world, path_open, N(PREOPEN), N(lookup), N(path), N(length), N(oflags), N(rights),
              N(0), N(fdflags), N(OUT));
}

/* Its world: "file", "dir/sub", "dir/link" to the file, "empty", and the descriptors. */
static bool furnish(struct world *world) {
  uint8_t *memory = world->memory.base;
  const uint64_t creat = WASI_OFLAG_CREAT, all = WASI_RIGHTS_FILE;
  memcpy(memory, STRINGS, sizeof STRINGS);
  memcpy(memory + BUFFER, "../file", 7);
  wasi_put32(memory + LIST, BUFFER);
  wasi_put32(memory + LIST + 4, 16);
  return !open_path(world, FILE_AT, 4, 0, creat, all, 0) &&
         !open_path(world, FILE_AT, 4, 0, 0, all, WASI_FDFLAG_APPEND) &&
         !CALL(world, path_create_directory, N(PREOPEN), N(SUB_AT), N(3)) &&
         !CALL(world, path_create_directory, N(PREOPEN), SUB_PATH) &&
         !CALL(world, path_create_directory, N(PREOPEN), EMPTY_PATH) &&
         !CALL(world, path_symlink, N(BUFFER), N(7), N(PREOPEN), LINK_PATH);
}

#define FAILING_CALL(function, name, call)                                                         \
  static uint32_t call_##function##_##name(struct world *world) {                                  \
    return call;                                                                                   \
  }
#include "tests/wasi/failing_calls.def"
#undef FAILING_CALL

static const struct {
  const char *name;
  uint32_t (*call)(struct world *);
} CALLS[] = {
#define FAILING_CALL(function, name, call) {#function " (" #name ")", call_##function##_##name},
#include "tests/wasi/failing_calls.def"
#undef FAILING_CALL
};
enum { CALL_COUNT = sizeof CALLS / sizeof CALLS[0] };

/* ---- Tests ----------------------------------------------------------------------------------- */

/* What hosts say when there is something wrong with the disk, the limits or the permissions. */
static const int ERRORS[] = {EIO,    ENOSPC, EDQUOT, EACCES, EPERM,  EROFS,
                             EMFILE, ENFILE, ENOMEM, ESTALE, EFBIG,  ETXTBSY,
                             EMLINK, EINTR,  ENXIO,  EBUSY,  ENOLCK, ENAMETOOLONG};
enum { ERROR_COUNT = sizeof ERRORS / sizeof ERRORS[0] };

/* One call in a new world with its n-th operation failing. Returns false when it has fewer: then it
 * succeeds. */
static bool fail_once(int call, int error, int n, bool *all_good) {
  bool good = true;
  struct world world;
  world_open(&world);
  world_end_input(&world);
  struct failing_ops failing = failing_over(world.posix_fs->ops);
  world.posix_fs->ops = &failing.ops;
  world.wasi = wasi_new(&world.store, &world.config);
  CHECK(furnish(&world));
  failing.left = n;
  failing.error = error;
  uint32_t result = CALLS[call].call(&world);
  failing.left = -1;
  enum wasi_errno expected = failing.failed ? wasi_errno_of(error) : WASI_ERRNO_SUCCESS;
  if (result != expected)
    printf("# operation %d failed with %d: result %u, expected %u\n", n, error, result, expected);
  CHECK(result == expected);
  CHECK(world_close(&world));
  *all_good &= good;
  return failing.failed;
}

int main(void) {
  printf("1..%d\n", CALL_COUNT);
  for (int call = 0; call < CALL_COUNT; call++) {
    bool good = true;
    int operations = 0;
    while (fail_once(call, ERRORS[0], operations, &good))
      operations++;
    CHECK(operations > 0);
    for (int i = 1; i < ERROR_COUNT && good; i++)
      for (int n = 0; n < operations && good; n++)
        CHECK(fail_once(call, ERRORS[i], n, &good));
    report(good, CALLS[call].name);
  }
  return failures() != 0;
}
