/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The stand-in for the engine, a sandbox on disk, and random calls. */
#include "tests/wasi/world.h"
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- The stand-in for the engine ------------------------------------------------------------- */

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

/* ---- The world ------------------------------------------------------------------------------- */

static const char ARGS[] = "prog.wasm\0x";
static const char ENV[] = "A=1";

void world_open(struct world *world) {
  memset(world, 0, sizeof *world);
  strcpy(world->sandbox, "/tmp/wasi-world-XXXXXX");
  char path[128];
  if (!mkdtemp(world->sandbox) || pipe(world->input))
    abort();
  snprintf(world->scratch, sizeof world->scratch, "%s/scratch", world->sandbox);
  if (mkdir(world->scratch, 0777))
    abort();
  world->posix_fs = wasi_posix_fs_new(open(world->scratch, O_RDONLY | O_DIRECTORY), false);
  snprintf(path, sizeof path, "%s/outside", world->sandbox);
  close(open(path, O_CREAT | O_WRONLY, 0600));
  world->memory = (struct wasm_memory){calloc(1, MODULE_BYTES), MODULE_BYTES};
  world->instance.memory = &world->memory;
  int null = open("/dev/null", O_RDWR);
  wasi_posix_host_init(&world->host, (int[]){world->input[0], null, null});
  world->preopen = (struct wasi_preopen){".", world->posix_fs};
  world->config = (struct wasi_config){.host = &world->host.host,
                                       .args = ARGS,
                                       .args_size = sizeof ARGS,
                                       .arg_count = 2,
                                       .env = ENV,
                                       .env_size = sizeof ENV,
                                       .env_count = 1,
                                       .preopens = &world->preopen,
                                       .preopen_count = 1};
}

void world_end_input(struct world *world) {
  close(world->input[1]);
  world->input[1] = -1;
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *where) {
  (void)status, (void)type, (void)where;
  return remove(path);
}

static bool outside_is_untouched(const struct world *world) {
  char path[128];
  struct stat status;
  snprintf(path, sizeof path, "%s/outside", world->sandbox);
  if (stat(path, &status) || status.st_size || status.st_nlink != 1)
    return false;
  return !stat(world->sandbox, &status) && status.st_nlink == 3; /* no directory but scratch */
}

bool world_close(struct world *world) {
  if (world->wasi)
    wasi_delete(world->wasi);
  struct wasi_posix_left left = wasi_posix_fs_left(world->posix_fs);
  wasi_posix_fs_delete(world->posix_fs);
  bool untouched = outside_is_untouched(world);
  if (world->preopen.fs == world->posix_fs)
    free(world->memory.base);
  close(world->host.stdio[1]);
  close(world->input[0]);
  close(world->input[1]);
  nftw(world->sandbox, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
  bool balanced = !left.nodes && !left.files && !left.directories && !world->host.bytes_held;
  if (!balanced)
    printf("# left: %zu nodes, %zu files, %zu directories, %zu bytes\n", left.nodes, left.files,
           left.directories, world->host.bytes_held);
  if (!untouched)
    printf("# something outside the sandbox was touched\n");
  return balanced && untouched;
}

const struct signature SIGNATURES[WASI_FUNCTION_COUNT] = {
#define FUNCTION(name, params, results) {#name, params, results},
#include "wasi/functions.def"
#undef FUNCTION
};

static struct wasm_name name_of(const char *text) {
  return (struct wasm_name){text, (uint32_t)strlen(text)};
}

struct wasm_func *world_import(struct world *world, const char *space,
                               const struct signature *signature, bool *mismatch) {
  uint8_t types[2][16];
  for (size_t i = 0; signature->params[i]; i++)
    types[0][i] = signature->params[i] == 'I' ? WASM_I64 : WASM_I32;
  types[1][0] = WASM_I32;
  struct wasm_functype type = {(uint32_t)strlen(signature->params),
                               (uint32_t)strlen(signature->results), types[0], types[1]};
  return wasi_import(world->wasi, name_of(space), name_of(signature->name), &type, mismatch);
}

uint32_t world_call(struct world *world, enum wasi_function_number number,
                    const union wasm_value args[9]) {
  bool mismatch;
  const struct wasm_func *func =
      world_import(world, "wasi_snapshot_preview1", &SIGNATURES[number], &mismatch);
  union wasm_value result = {0};
  world->trap = func->function(func->context, &world->instance, args, &result);
  return result.i32;
}

/* ---- The storm ------------------------------------------------------------------------------- */

static uint32_t roll(struct storm *storm, uint32_t below) {
  storm->state = storm->state * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(storm->state >> 33) % below;
}

/* Paths of few names, so that they often exist. */
static uint32_t random_path(struct storm *storm, char *path) {
  static const char *const PARTS[] = {"a", "b", "c", ".", "..", "/", "//", "a/", "../outside", "x"};
  uint32_t length = 0;
  for (uint32_t parts = roll(storm, 6); parts--;) {
    const char *part = PARTS[roll(storm, sizeof PARTS / sizeof *PARTS)];
    length += (uint32_t)sprintf(path + length, "%s%s", part, roll(storm, 3) ? "/" : "");
  }
  if (roll(storm, 3) && length && path[length - 1] == '/')
    length--;
  return length;
}

/* A small number, often a descriptor or an address with a path; at times an absurd one. */
static uint64_t random_number(struct storm *storm) {
  static const uint64_t ODD[] = {UINT32_MAX, INT32_MAX,  MODULE_BYTES, MODULE_BYTES - 8,
                                 UINT64_MAX, 1ull << 63, 1ull << 32};
  switch (roll(storm, 8)) {
  case 0:
    return ODD[roll(storm, sizeof ODD / sizeof *ODD)];
  case 1:
    return roll(storm, MODULE_BYTES);
  case 2:
    return (uint64_t)roll(storm, 256) * 256;
  default:
    return roll(storm, 16);
  }
}

/* Arguments for a call: any numbers, but pointers to paths are likely to point to one. */
static void random_arguments(struct storm *storm, struct world *world, struct step *step) {
  const char *name = SIGNATURES[step->number].name, *params = SIGNATURES[step->number].params;
  for (uint32_t i = 0; params[i]; i++)
    step->args[i].i64 = params[i] == 'I' && roll(storm, 2) ? WASI_RIGHTS_ALL : random_number(storm);
  bool takes_path = !strncmp(name, "path_", 5);
  for (uint32_t i = 0; takes_path && params[i] && params[i + 1]; i++) {
    if (params[i] != 'i' || params[i + 1] != 'i' || roll(storm, 2))
      continue;
    uint32_t at = roll(storm, 64) * 512;
    step->args[i].i64 = at;
    step->args[i + 1].i64 = random_path(storm, (char *)world->memory.base + at);
  }
  if (takes_path && roll(storm, 4))
    step->args[0].i64 = 3;
  /* A list of pieces where lists are likely to be taken from. */
  for (uint32_t i = 0; i < 16 && !takes_path; i++) {
    wasi_put32(world->memory.base + i * 8, roll(storm, MODULE_BYTES));
    wasi_put32(world->memory.base + i * 8 + 4, roll(storm, 10) ? roll(storm, 300) : UINT32_MAX);
  }
}

/* Waiting for hours is allowed, but not wanted here. */
void storm_step(struct storm *storm, struct world *world, struct step *step) {
  /* Nothing that differs from run to run may become an argument. */
  memset(world->memory.base, 0, MODULE_BYTES);
  do
    step->number = roll(storm, WASI_FUNCTION_COUNT);
  while (step->number == WASI_FUNCTION_poll_oneoff);
  random_arguments(storm, world, step);
  step->result = world_call(world, step->number, step->args);
}

void storm_limit_file_sizes(void) {
  struct rlimit limit = {1 << 20, 1 << 20};
  signal(SIGXFSZ, SIG_IGN);
  setrlimit(RLIMIT_FSIZE, &limit);
}

/* ---- TAP ------------------------------------------------------------------------------------- */

static int test_number, failed;

bool check_at(bool good, const char *file, int line, const char *what) {
  if (!good)
    printf("# %s:%d: not so: %s\n", file, line, what);
  return good;
}

void report(bool good, const char *name) {
  failed += !good;
  printf("%sok %d - %s\n", good ? "" : "not ", ++test_number, name);
}

int failures(void) {
  return failed;
}
