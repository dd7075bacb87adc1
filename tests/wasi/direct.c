/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* WASI's functions called directly, with a stand-in for the engine: what programs cannot show, and
 * a storm of random calls that must neither leave the sandbox nor leak. Prints TAP. */
#include "wasi/call.h"
#include "wasi/posix/posix.h"
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- The stand-in for the engine ------------------------------------------------------------- */

#define MEMORY_BYTES 65536u

struct wasm_memory {
  uint8_t *base;
  uint64_t bytes;
};
struct wasm_instance {
  struct wasm_memory *memory;
};
struct wasm_func {
  wasm_host_function *function;
  void *context;
};
struct wasm_store {
  struct wasm_func funcs[WASI_FUNCTION_COUNT];
  uint32_t count;
  uint32_t exit_status;
};

struct wasm_func *wasm_func_new(struct wasm_store *store, const struct wasm_functype *type,
                                wasm_host_function *function, void *context) {
  (void)type;
  store->funcs[store->count] = (struct wasm_func){function, context};
  return &store->funcs[store->count++];
}

struct wasm_memory *wasm_instance_memory(struct wasm_instance *instance) {
  return instance->memory;
}

uint8_t *wasm_memory_base(const struct wasm_memory *memory) {
  return memory->base;
}

uint64_t wasm_memory_bytes(const struct wasm_memory *memory) {
  return memory->bytes;
}

enum wasm_trap_kind wasm_trap_exit(struct wasm_store *store, uint32_t status) {
  store->exit_status = status;
  return WASM_TRAP_EXIT;
}

/* ---- One program's world --------------------------------------------------------------------- */

struct world {
  char sandbox[64]; /* holds "scratch", the preopen, and "outside", which nobody may touch */
  struct wasm_store store;
  struct wasm_memory memory;
  struct wasm_instance instance;
  struct wasi_posix_host host;
  struct wasi_fs *fs;
  struct wasi_preopen preopen;
  struct wasi_config config;
  struct wasi *wasi;
  enum wasm_trap_kind trap; /* of the last call */
  int input[2];             /* a pipe for standard input */
};

static int test_number, failures;

static void report(bool good, const char *name) {
  failures += !good;
  printf("%sok %d - %s\n", good ? "" : "not ", ++test_number, name);
}

static bool check_at(bool good, int line, const char *what) {
  if (!good)
    printf("# line %d: not so: %s\n", line, what);
  return good;
}
#define CHECK(condition) (good &= check_at(condition, __LINE__, #condition))

static const char ARGS[] = "prog.wasm\0x";
static const char ENV[] = "A=1";

static void world_open(struct world *world) {
  memset(world, 0, sizeof *world);
  strcpy(world->sandbox, "/tmp/wasi-direct-XXXXXX");
  char path[128];
  if (!mkdtemp(world->sandbox) || pipe(world->input))
    abort();
  snprintf(path, sizeof path, "%s/scratch", world->sandbox);
  if (mkdir(path, 0777))
    abort();
  world->fs = wasi_posix_fs_new(open(path, O_RDONLY | O_DIRECTORY), false);
  snprintf(path, sizeof path, "%s/outside", world->sandbox);
  close(open(path, O_CREAT | O_WRONLY, 0600));
  world->memory = (struct wasm_memory){calloc(1, MEMORY_BYTES), MEMORY_BYTES};
  world->instance.memory = &world->memory;
  int null = open("/dev/null", O_RDWR);
  wasi_posix_host_init(&world->host, (int[]){world->input[0], null, null});
  world->preopen = (struct wasi_preopen){".", world->fs};
  world->config = (struct wasi_config){&world->host.host, ARGS, sizeof ARGS,     2, ENV,
                                       sizeof ENV,        1,    &world->preopen, 1};
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *where) {
  (void)status, (void)type, (void)where;
  return remove(path);
}

/* True if WASI gave back all it took. */
static bool world_close(struct world *world) {
  if (world->wasi)
    wasi_delete(world->wasi);
  struct wasi_posix_left left = wasi_posix_fs_left(world->fs);
  wasi_posix_fs_delete(world->fs);
  free(world->memory.base);
  close(world->host.stdio[1]);
  close(world->input[0]);
  close(world->input[1]);
  nftw(world->sandbox, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
  if (left.nodes || left.files || left.directories || world->host.bytes_held)
    printf("# left: %zu nodes, %zu files, %zu directories, %zu bytes\n", left.nodes, left.files,
           left.directories, world->host.bytes_held);
  return !left.nodes && !left.files && !left.directories && !world->host.bytes_held;
}

static struct wasm_name name_of(const char *text) {
  return (struct wasm_name){text, (uint32_t)strlen(text)};
}

static const struct {
  const char *name, *params, *results;
} TYPES[] = {
#define FUNCTION(name, params, results) {#name, params, results},
#include "wasi/functions.def"
#undef FUNCTION
};

static struct wasm_func *import(struct world *world, const char *space, const char *name,
                                const char *params, const char *results, bool *mismatch) {
  uint8_t types[2][16];
  for (size_t i = 0; params[i]; i++)
    types[0][i] = params[i] == 'I' ? WASM_I64 : WASM_I32;
  types[1][0] = WASM_I32;
  struct wasm_functype type = {(uint32_t)strlen(params), (uint32_t)strlen(results), types[0],
                               types[1]};
  return wasi_import(world->wasi, name_of(space), name_of(name), &type, mismatch);
}

/* Calls function `number` as a module would; 32-bit arguments use the low half. */
static uint32_t call(struct world *world, enum wasi_function_number number,
                     const union wasm_value args[9]) {
  bool mismatch;
  const struct wasm_func *func = import(world, "wasi_snapshot_preview1", TYPES[number].name,
                                        TYPES[number].params, TYPES[number].results, &mismatch);
  union wasm_value result = {0};
  world->trap = func->function(func->context, &world->instance, args, &result);
  return result.i32;
}

#define CALL(world, name, ...)                                                                     \
  call(world, WASI_FUNCTION_##name, (const union wasm_value[9]){__VA_ARGS__})
#define N(value)                                                                                   \
  { .i64 = (uint64_t)(value) }

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

/* ---- Tests ----------------------------------------------------------------------------------- */

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

static void test_imports(void) {
  bool good = true, mismatch = true;
  struct world world;
  world_open(&world);
  world.wasi = wasi_new(&world.store, &world.config);
  for (uint32_t i = 0; i < WASI_FUNCTION_COUNT; i++) {
    struct wasm_func *func = import(&world, "wasi_snapshot_preview1", TYPES[i].name,
                                    TYPES[i].params, TYPES[i].results, &mismatch);
    CHECK(func && !mismatch);
    CHECK(func == import(&world, "wasi_snapshot_preview1", TYPES[i].name, TYPES[i].params,
                         TYPES[i].results, &mismatch));
    CHECK(!import(&world, "wasi_snapshot_preview1", TYPES[i].name, "iiiiiiiiii", "i", &mismatch));
    CHECK(mismatch);
  }
  CHECK(WASI_FUNCTION_COUNT == 46 && world.store.count == 46);
  CHECK(!import(&world, "wasi_snapshot_preview1", "fd_tell", "iI", "i", &mismatch) && mismatch);
  CHECK(!import(&world, "wasi_snapshot_preview1", "fd_tell", "ii", "", &mismatch) && mismatch);
  CHECK(!import(&world, "wasi_snapshot_preview1", "fd_tel", "ii", "i", &mismatch) && !mismatch);
  CHECK(!import(&world, "wasi_snapshot_preview1", "fd_tells", "ii", "i", &mismatch));
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
  close(world.input[1]);
  CHECK(CALL(&world, fd_read, N(0), N(64), N(1), N(80)) == WASI_ERRNO_SUCCESS);
  CHECK(wasi_get32(memory + 80) == 0);
  CHECK(CALL(&world, fd_fdstat_set_flags, N(0), N(WASI_FDFLAG_SYNC)) == WASI_ERRNO_NOTSUP);
  /* A closed stream's number is free, as in POSIX, and the next one opened. */
  CHECK(CALL(&world, fd_write, N(2), N(64), N(1), N(80)) == WASI_ERRNO_BADF);
  uint32_t fd;
  CHECK(!open_path(&world, "file", WASI_OFLAG_CREAT, 0, &fd) && fd == 2);
  world.input[1] = open("/dev/null", O_RDONLY);
  CHECK(world_close(&world));
  report(good, "streams that would block, end, or are closed");
}

/* Terminals are told from other character devices by a missing right. */
static void test_terminal(void) {
  bool good = true;
  struct world world;
  world_open(&world);
  int terminal = posix_openpt(O_RDWR | O_NOCTTY);
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
  real_ops = world.fs->ops;
  struct wasi_fs_ops ops = *real_ops;
  ops.release = failing_release;
  world.fs->ops = &ops;
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

/* ---- The storm ------------------------------------------------------------------------------- */

static uint64_t random_state = 0x9e3779b97f4a7c15;

static uint32_t roll(uint32_t below) {
  random_state = random_state * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(random_state >> 33) % below;
}

/* Paths of few names, so that they often exist. */
static uint32_t random_path(char *path) {
  static const char *const PARTS[] = {"a", "b", "c", ".", "..", "/", "//", "a/", "../outside", "x"};
  uint32_t length = 0;
  for (uint32_t parts = roll(6); parts--;) {
    const char *part = PARTS[roll(sizeof PARTS / sizeof *PARTS)];
    length += (uint32_t)sprintf(path + length, "%s%s", part, roll(3) ? "/" : "");
  }
  if (roll(3) && length && path[length - 1] == '/')
    length--;
  return length;
}

/* A small number, often a descriptor or an address with a path; at times an absurd one. */
static uint64_t random_number(void) {
  static const uint64_t ODD[] = {UINT32_MAX, INT32_MAX,  MEMORY_BYTES, MEMORY_BYTES - 8,
                                 UINT64_MAX, 1ull << 63, 1ull << 32};
  switch (roll(8)) {
  case 0:
    return ODD[roll(sizeof ODD / sizeof *ODD)];
  case 1:
    return roll(MEMORY_BYTES);
  case 2:
    return (uint64_t)roll(256) * 256;
  default:
    return roll(16);
  }
}

/* Arguments for a call: any numbers, but pointers to paths are likely to point to one. */
static void random_arguments(struct world *world, enum wasi_function_number number,
                             union wasm_value args[9]) {
  const char *params = TYPES[number].params;
  for (uint32_t i = 0; params[i]; i++)
    args[i].i64 = params[i] == 'I' && roll(2) ? WASI_RIGHTS_ALL : random_number();
  bool takes_path = !strncmp(TYPES[number].name, "path_", 5);
  for (uint32_t i = 0; takes_path && params[i] && params[i + 1]; i++) {
    if (params[i] != 'i' || params[i + 1] != 'i' || roll(2))
      continue;
    uint32_t at = roll(64) * 512;
    args[i].i64 = at;
    args[i + 1].i64 = random_path((char *)world->memory.base + at);
  }
  if (takes_path && roll(4))
    args[0].i64 = 3;
}

/* Waiting for hours or filling the disk is allowed, but not wanted here. */
static bool is_left_out(enum wasi_function_number number) {
  return number == WASI_FUNCTION_poll_oneoff || number == WASI_FUNCTION_fd_allocate;
}

static bool outside_is_untouched(const struct world *world) {
  char path[128];
  struct stat status;
  snprintf(path, sizeof path, "%s/outside", world->sandbox);
  if (stat(path, &status) || status.st_size || status.st_nlink != 1)
    return false;
  return !stat(world->sandbox, &status) && status.st_nlink == 3; /* no directory but scratch */
}

static void test_storm(void) {
  bool good = true;
  struct rlimit limit = {1 << 20, 1 << 20};
  signal(SIGXFSZ, SIG_IGN);
  setrlimit(RLIMIT_FSIZE, &limit);
  uint32_t successes = 0;
  for (int round = 0; round < 20; round++) {
    struct world world;
    world_open(&world);
    close(world.input[1]); /* reading gives the end, not patience */
    world.wasi = wasi_new(&world.store, &world.config);
    for (uint32_t i = 0; i < 5000; i++) {
      enum wasi_function_number number = roll(WASI_FUNCTION_COUNT);
      union wasm_value args[9];
      if (is_left_out(number))
        continue;
      random_arguments(&world, number, args);
      successes += !call(&world, number, args);
    }
    CHECK(outside_is_untouched(&world));
    world.input[1] = open("/dev/null", O_RDONLY);
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
  return failures != 0;
}
