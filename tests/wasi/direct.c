/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* WASI's functions called directly: what programs cannot show, and a storm of random calls that
 * must neither leave the sandbox nor leak. Prints TAP. */
#include "tests/wasi/world.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Puts a path at the start of memory; its length. */
static uint32_t put_path(struct world *world, const char *path) {
  memcpy(world->memory.base, path, strlen(path));
  return (uint32_t)strlen(path);
}

static uint32_t open_path(struct world *world, const char *path, uint32_t oflags, uint64_t rights,
                          uint32_t *fd) {
  uint32_t length = put_path(world, path);
  uint32_t error = CALL(world, path_open, N(3), N(0), N(0), N(length), N(oflags), N(rights), N(0),
                        N(0), N(8192));
  *fd = wasi_get32(world->memory.base + 8192);
  return error;
}

static void test_errno_table(void) {
  bool good = true;
#define ERRNO(name, number, linux_number)                                                          \
  CHECK(wasi_errno_of(linux_number) == WASI_ERRNO_##name);                                         \
  CHECK(linux_number == E##name);
#define ERRNO_WASI(name, number)
#define ESUCCESS 0
#include "wasi/errno.def"
#undef ERRNO
#undef ERRNO_WASI
  CHECK(wasi_errno_of(9999) == WASI_ERRNO_IO);
  CHECK(wasi_errno_of(-1) == WASI_ERRNO_IO);
  report(good, "every Linux number has its WASI number");
}

static void test_gate(void) {
  bool good = true;
  uint8_t bytes[16];
  struct wasi_memory memory = {bytes, sizeof bytes}, none = {NULL, 0};
  /* 4 GiB, of which nothing is touched here. */
  struct wasi_memory full = {(uint8_t *)0x100000000, 1ull << 32};
  CHECK(wasi_memory_range(&memory, 0, 16) == bytes);
  CHECK(wasi_memory_range(&memory, 16, 0) == bytes + 16);
  CHECK(!wasi_memory_range(&memory, 17, 0));
  CHECK(!wasi_memory_range(&memory, 1, 16));
  CHECK(!wasi_memory_range(&memory, UINT32_MAX, 1));
  CHECK(!wasi_memory_range(&memory, 8, UINT64_MAX - 4));
  CHECK(!wasi_memory_range(&memory, 8, UINT32_MAX * 48ull));
  CHECK(!wasi_memory_range(&none, 0, 0));
  CHECK(wasi_memory_range(&full, UINT32_MAX, 1) == full.base + UINT32_MAX);
  CHECK(!wasi_memory_range(&full, UINT32_MAX, 2));
  report(good, "the memory gate");
}

static struct wasm_func *import(struct world *world, const char *space, const char *name,
                                const char *params, const char *results, bool *mismatch) {
  return world_import(world, space, &(struct signature){name, params, results}, mismatch);
}

static void test_imports(void) {
  static const char *const SPACE = "wasi_snapshot_preview1";
  bool good = true, mismatch = true;
  struct world world;
  world_open(&world);
  world.wasi = wasi_new(&world.store, &world.config);
  for (uint32_t i = 0; i < WASI_FUNCTION_COUNT; i++) {
    struct wasm_func *func = world_import(&world, SPACE, &SIGNATURES[i], &mismatch);
    CHECK(func && !mismatch);
    CHECK(func == world_import(&world, SPACE, &SIGNATURES[i], &mismatch));
    CHECK(!import(&world, SPACE, SIGNATURES[i].name, "iiiiiiiiii", "i", &mismatch) && mismatch);
  }
  CHECK(WASI_FUNCTION_COUNT == 46 && world.store.count == 46);
  CHECK(!import(&world, SPACE, "fd_tell", "iI", "i", &mismatch) && mismatch);
  CHECK(!import(&world, SPACE, "fd_tell", "ii", "", &mismatch) && mismatch);
  CHECK(!import(&world, SPACE, "fd_tel", "ii", "i", &mismatch) && !mismatch);
  CHECK(!import(&world, SPACE, "fd_tells", "ii", "i", &mismatch) && !mismatch);
  CHECK(!import(&world, "wasi_unstable", "fd_tell", "ii", "i", &mismatch) && !mismatch);
  CHECK(!import(&world, "env", "fd_tell", "ii", "i", &mismatch) && !mismatch);
  CHECK(world_close(&world));
  report(good, "imports by name and type");
}

static void test_no_memory_in_module(void) {
  bool good = true;
  struct world world;
  world_open(&world);
  world.wasi = wasi_new(&world.store, &world.config);
  world.instance.memory = NULL;
  CHECK(CALL(&world, args_sizes_get, N(0), N(0)) == WASI_ERRNO_FAULT);
  CHECK(CALL(&world, random_get, N(0), N(0)) == WASI_ERRNO_FAULT);
  CHECK(CALL(&world, fd_write, N(1), N(0), N(0), N(0)) == WASI_ERRNO_FAULT);
  CHECK(CALL(&world, path_open, N(3), N(0), N(0), N(0), N(0), N(0), N(0), N(0), N(0)) ==
        WASI_ERRNO_FAULT);
  CHECK(CALL(&world, sched_yield, N(0)) == WASI_ERRNO_SUCCESS);
  CHECK(CALL(&world, fd_close, N(1)) == WASI_ERRNO_SUCCESS);
  CALL(&world, proc_exit, N(300));
  CHECK(world.trap == WASM_TRAP_EXIT && world.store.exit_status == 300);
  CHECK(world_close(&world));
  report(good, "a module without memory");
}

/* Fails the n-th allocation, for n = 1, 2, ... until all is well. */
static void test_allocation_failures(void) {
  bool good = true, made = false;
  for (long limit = 0; !made && limit < 100; limit++) {
    struct world world;
    world_open(&world);
    world.host.allocations_left = limit;
    world.wasi = wasi_new(&world.store, &world.config);
    if (world.wasi) {
      uint32_t fd, error = 0;
      for (int i = 0; i < 20 && !error; i++)
        error = open_path(&world, "file", WASI_OFLAG_CREAT, WASI_RIGHT_FD_READ, &fd);
      CHECK(!error || error == WASI_ERRNO_NOMEM);
      if (!error)
        error = open_path(&world, ".", WASI_OFLAG_DIRECTORY, 0, &fd);
      made = !error;
    }
    CHECK(world_close(&world));
  }
  CHECK(made);
  report(good, "the n-th allocation fails");
}

static void test_table_full(void) {
  bool good = true;
  struct world world;
  world_open(&world);
  world.wasi = wasi_new(&world.store, &world.config);
  uint32_t fd, error, count = 0;
  while (!(error = open_path(&world, ".", WASI_OFLAG_DIRECTORY, 0, &fd)))
    count++;
  CHECK(error == WASI_ERRNO_MFILE);
  CHECK(count == WASI_DESCRIPTORS_MAX - 4 && wasi_get32(world.memory.base + 8192) == 65535);
  /* Full: nothing may be made that could not be given a number. */
  CHECK(open_path(&world, "new", WASI_OFLAG_CREAT, 0, &fd) == WASI_ERRNO_MFILE);
  CHECK(CALL(&world, fd_close, N(70)) == WASI_ERRNO_SUCCESS);
  CHECK(open_path(&world, "new", 0, 0, &fd) == WASI_ERRNO_NOENT);
  CHECK(!open_path(&world, "new", WASI_OFLAG_CREAT, 0, &fd) && fd == 70);
  CHECK(world_close(&world));
  report(good, "a full descriptor table");
}

static void test_streams(void) {
  bool good = true;
  struct world world;
  world_open(&world);
  world.host.stdio[2] = -1;
  world.wasi = wasi_new(&world.store, &world.config);
  uint8_t *memory = world.memory.base;
  wasi_put32(memory + 64, 128);
  wasi_put32(memory + 68, 8);
  /* An empty pipe: AGAIN where blocking is not wanted, then bytes, then its end. */
  CHECK(CALL(&world, fd_fdstat_set_flags, N(0), N(WASI_FDFLAG_NONBLOCK)) == WASI_ERRNO_SUCCESS);
  CHECK(CALL(&world, fd_read, N(0), N(64), N(1), N(80)) == WASI_ERRNO_AGAIN);
  CHECK(write(world.input[1], "ab", 2) == 2);
  CHECK(CALL(&world, fd_read, N(0), N(64), N(1), N(80)) == WASI_ERRNO_SUCCESS);
  CHECK(wasi_get32(memory + 80) == 2 && !memcmp(memory + 128, "ab", 2));
  CHECK(CALL(&world, fd_read, N(0), N(64), N(1), N(80)) == WASI_ERRNO_AGAIN);
  world_end_input(&world);
  CHECK(CALL(&world, fd_read, N(0), N(64), N(1), N(80)) == WASI_ERRNO_SUCCESS);
  CHECK(wasi_get32(memory + 80) == 0);
  CHECK(CALL(&world, fd_fdstat_set_flags, N(0), N(WASI_FDFLAG_SYNC)) == WASI_ERRNO_NOTSUP);
  /* A closed stream's number is free, as in POSIX, and the next one opened. */
  CHECK(CALL(&world, fd_write, N(2), N(64), N(1), N(80)) == WASI_ERRNO_BADF);
  uint32_t fd;
  CHECK(!open_path(&world, "file", WASI_OFLAG_CREAT, 0, &fd) && fd == 2);
  CHECK(world_close(&world));
  report(good, "streams that would block, end, or are closed");
}

/* Terminals are told from other character devices by a missing right. */
static void test_terminal(void) {
  bool good = true;
  struct world world;
  world_open(&world);
  int terminal = posix_openpt(O_RDWR | O_NOCTTY);
  if (terminal < 0) {
    world.wasi = wasi_new(&world.store, &world.config);
    world_close(&world);
    report(true, "a terminal shows as one # SKIP this host gives no pseudo-terminals");
    return;
  }
  world.host.stdio[2] = terminal;
  world.wasi = wasi_new(&world.store, &world.config);
  const uint8_t *memory = world.memory.base;
  const uint64_t seek = WASI_RIGHT_FD_SEEK | WASI_RIGHT_FD_TELL;
  CHECK(CALL(&world, fd_fdstat_get, N(2), N(64)) == WASI_ERRNO_SUCCESS);
  CHECK(memory[64] == WASI_FILETYPE_CHARACTER_DEVICE);
  CHECK(!(wasi_get64(memory + 64 + WASI_FDSTAT_RIGHTS) & seek));
  CHECK(CALL(&world, fd_fdstat_get, N(1), N(64)) == WASI_ERRNO_SUCCESS);
  CHECK(memory[64] == WASI_FILETYPE_CHARACTER_DEVICE);
  CHECK(wasi_get64(memory + 64 + WASI_FDSTAT_RIGHTS) & seek);
  CHECK(world_close(&world));
  close(terminal);
  report(good, "a terminal shows as one");
}

static const struct wasi_fs_ops *real_ops;
static int failing_release(struct wasi_fs *fs, wasi_node node, wasi_handle handle) {
  real_ops->release(fs, node, handle);
  return ENOSPC;
}

/* An error while closing is told, and the descriptor is gone all the same. */
static void test_failing_close(void) {
  bool good = true;
  struct world world;
  world_open(&world);
  real_ops = world.posix_fs->ops;
  struct wasi_fs_ops ops = *real_ops;
  ops.release = failing_release;
  world.posix_fs->ops = &ops;
  world.wasi = wasi_new(&world.store, &world.config);
  uint32_t fd;
  CHECK(!open_path(&world, "file", WASI_OFLAG_CREAT, 0, &fd));
  CHECK(CALL(&world, fd_close, N(fd)) == WASI_ERRNO_NOSPC);
  CHECK(CALL(&world, fd_close, N(fd)) == WASI_ERRNO_BADF);
  CHECK(!open_path(&world, "file", WASI_OFLAG_CREAT, 0, &fd));
  CHECK(wasi_delete(world.wasi) == ENOSPC);
  world.wasi = NULL;
  CHECK(world_close(&world));
  report(good, "closing tells of lost writes");
}

static void test_storm(void) {
  bool good = true;
  struct storm storm = {1};
  uint32_t successes = 0;
  storm_limit_file_sizes();
  for (int round = 0; round < 20; round++) {
    struct world world;
    world_open(&world);
    world_end_input(&world); /* reading gives the end, not patience */
    world.wasi = wasi_new(&world.store, &world.config);
    for (uint32_t i = 0; i < 5000; i++) {
      struct step step;
      storm_step(&storm, &world, &step);
      successes += !step.result;
    }
    CHECK(world_close(&world));
  }
  printf("# %u calls of the storm succeeded\n", successes);
  CHECK(successes > 5000);
  report(good, "a storm of random calls stays inside and leaks nothing");
}

int main(void) {
  printf("1..10\n");
  test_errno_table();
  test_gate();
  test_imports();
  test_no_memory_in_module();
  test_allocation_failures();
  test_table_full();
  test_streams();
  test_terminal();
  test_failing_close();
  test_storm();
  return failures() != 0;
}
