/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Runs the programs of list.txt in this process: our engine, our WASI, its POSIX host. Prints TAP.
 * Usage: runner LIST DIRECTORY-OF-WASM [NAME...] */
#include "tests/platform/posix.h"
#include "wasi/posix/posix.h"
#include "wasi/wasi.h"
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- The list -------------------------------------------------------------------------------- */

/* Bytes, NULs included. */
struct text {
  char bytes[1 << 16];
  size_t length;
};

struct test {
  char program[64], name[64];
  struct text args, env, stdin_text, stdout_text;
  uint32_t arg_count, env_count;
  int status;
  bool read_only; /* wants "/ro" */
};

static _Noreturn void give_up(const char *what, const char *which) {
  printf("Bail out! %s: %s\n", what, which);
  exit(2);
}

static void add_byte(struct text *text, char byte) {
  if (text->length == sizeof text->bytes)
    give_up("too long for this runner", "a text of the list");
  text->bytes[text->length++] = byte;
}

static void add_escaped(struct text *text, const char *value) {
  for (; *value; value++) {
    unsigned code;
    if (*value != '\\') {
      add_byte(text, *value);
    } else if (*++value == 'n') {
      add_byte(text, '\n');
    } else if (*value == 'x' && sscanf(value + 1, "%2x", &code) == 1) {
      add_byte(text, (char)code);
      value += 2;
    } else {
      add_byte(text, *value);
    }
  }
}

static void add_string(struct text *text, uint32_t *count, const char *value) {
  add_escaped(text, value);
  add_byte(text, 0);
  ++*count;
}

static void begin_test(struct test *test, const char *program) {
  char name[80];
  memset(test, 0, sizeof *test);
  snprintf(test->program, sizeof test->program, "%s", program);
  snprintf(test->name, sizeof test->name, "%s", program);
  snprintf(name, sizeof name, "%s.wasm", test->program);
  add_string(&test->args, &test->arg_count, name);
}

/* What the program has to print stands beside its source. */
static void read_transcript(struct test *test) {
  char path[128];
  snprintf(path, sizeof path, "tests/wasi/programs/%s.txt", test->program);
  FILE *file = fopen(path, "r");
  if (!file)
    give_up("cannot open", path);
  for (int byte; (byte = getc(file)) != EOF;)
    add_byte(&test->stdout_text, (char)byte);
  fclose(file);
}

static void set_key(struct test *test, const char *key, const char *value) {
  if (!strcmp(key, "arg"))
    add_string(&test->args, &test->arg_count, value);
  else if (!strcmp(key, "env"))
    add_string(&test->env, &test->env_count, value);
  else if (!strcmp(key, "stdin"))
    add_escaped(&test->stdin_text, value);
  else if (!strcmp(key, "stdout"))
    add_escaped(&test->stdout_text, value);
  else if (!strcmp(key, "name"))
    snprintf(test->name, sizeof test->name, "%s", value);
  else if (!strcmp(key, "status"))
    test->status = atoi(value);
  else if (!strcmp(key, "ro"))
    test->read_only = true;
  else if (!strcmp(key, "transcript"))
    read_transcript(test);
  else
    give_up("unknown key in the list", key);
}

#define TESTS_MAX 100
#define OUTPUT_MAX (1 << 17) /* of one test; writing more fails */

static int read_list(const char *path, struct test *tests) {
  FILE *file = fopen(path, "r");
  char line[1024];
  int count = 0;
  if (!file)
    give_up("cannot open the list", path);
  while (fgets(line, sizeof line, file)) {
    line[strcspn(line, "\n")] = 0;
    if (!line[0] || line[0] == '#')
      continue;
    char *value = strchr(line, ' ');
    if (value)
      *value++ = 0;
    if (strcmp(line, "program"))
      set_key(&tests[count - 1], line, value ? value : "");
    else if (count < TESTS_MAX)
      begin_test(&tests[count++], value);
  }
  fclose(file);
  return count;
}

/* ---- A test's world -------------------------------------------------------------------------- */

struct world {
  char directory[64];
  struct wasi_preopen preopens[2];
  uint32_t preopen_count;
  struct wasi_posix_host host;
  int stdio[3];
  int output; /* where what goes to stdio[1] comes out */
};

static struct wasi_fs *open_preopen(const char *path, bool read_only) {
  int fd = open(path, O_RDONLY | O_DIRECTORY);
  struct wasi_fs *fs = fd < 0 ? NULL : wasi_posix_fs_new(fd, read_only);
  if (!fs)
    give_up("cannot open the directory", path);
  return fs;
}

static void write_file(const char *path, const char *text) {
  FILE *file = fopen(path, "w");
  if (!file || fputs(text, file) < 0 || fclose(file))
    give_up("cannot write", path);
}

static void world_open(struct world *world, const struct test *test) {
  char path[128];
  int input[2];
  memset(world, 0, sizeof *world);
  strcpy(world->directory, "/tmp/wasi-runner-XXXXXX");
  if (!mkdtemp(world->directory) || pipe(input))
    give_up("cannot make a directory and a pipe", world->directory);
  snprintf(path, sizeof path, "%s/scratch", world->directory);
  mkdir(path, 0777);
  world->preopens[world->preopen_count++] = (struct wasi_preopen){".", open_preopen(path, false)};
  if (test->read_only) {
    snprintf(path, sizeof path, "%s/ro", world->directory);
    mkdir(path, 0777);
    world->preopens[world->preopen_count++] =
        (struct wasi_preopen){"/ro", open_preopen(path, true)};
    snprintf(path, sizeof path, "%s/ro/file", world->directory);
    write_file(path, "read only\n");
    snprintf(path, sizeof path, "%s/ro/\xff", world->directory);
    write_file(path, "read only\n");
  }
  ssize_t length = (ssize_t)test->stdin_text.length; /* fits into a pipe */
  if (write(input[1], test->stdin_text.bytes, (size_t)length) != length)
    give_up("cannot write standard input", test->name);
  close(input[1]);
  world->stdio[0] = input[0];
  int output[2];
  if (pipe2(output, O_NONBLOCK) || fcntl(output[1], F_SETPIPE_SZ, OUTPUT_MAX) < 0)
    give_up("cannot make a pipe", world->directory);
  world->output = output[0];
  world->stdio[1] = output[1];
  world->stdio[2] = memfd_create("stderr", 0);
  wasi_posix_host_init(&world->host, world->stdio);
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *where) {
  (void)status, (void)type, (void)where;
  return remove(path);
}

/* Standard output is a pipe that has ended, standard error a file. */
static void take_outputs(struct world *world, struct text *out, struct text *err) {
  ssize_t got = pread(world->stdio[2], err->bytes, sizeof err->bytes, 0);
  err->length = got < 0 ? 0 : (size_t)got;
  close(world->stdio[1]);
  world->stdio[1] = -1;
  out->length = 0;
  while (out->length < sizeof out->bytes &&
         (got = read(world->output, out->bytes + out->length, sizeof out->bytes - out->length)) > 0)
    out->length += (size_t)got;
  close(world->output);
}

/* True if WASI gave back all it took. */
static bool world_close(struct world *world) {
  bool balanced = !world->host.bytes_held;
  for (uint32_t i = 0; i < world->preopen_count; i++) {
    struct wasi_posix_left left = wasi_posix_fs_left(world->preopens[i].fs);
    balanced &= !left.nodes && !left.files && !left.directories;
    wasi_posix_fs_delete(world->preopens[i].fs);
  }
  for (int i = 0; i < 3; i++)
    close(world->stdio[i]);
  nftw(world->directory, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
  return balanced;
}

/* ---- Running --------------------------------------------------------------------------------- */

/* How a program ended: its status, or why there is none. */
struct ending {
  int status;
  char problem[320]; /* empty: none */
};

static struct wasm_extern *link_imports(struct wasi *wasi, const struct wasm_module *module,
                                        struct ending *ending) {
  uint32_t count = wasm_module_import_count(module);
  struct wasm_extern *imports = calloc(count + 1, sizeof *imports);
  for (uint32_t i = 0; i < count; i++) {
    struct wasm_name space, name;
    struct wasm_externtype type;
    bool mismatch;
    wasm_module_import(module, i, &space, &name, &type);
    if (type.kind == WASM_EXTERN_FUNC)
      imports[i].func = wasi_import(wasi, space, name, &type.func, &mismatch);
    imports[i].kind = type.kind;
    if (!imports[i].any)
      snprintf(ending->problem, sizeof ending->problem, "no import '%.*s'", (int)name.length,
               name.bytes);
  }
  return imports;
}

static void end_with(struct ending *ending, enum wasm_status status, const struct wasm_trap *trap,
                     const struct wasm_error *error) {
  if (status == WASM_TRAPPED && trap->kind == WASM_TRAP_EXIT)
    ending->status = (int)(trap->exit_status & 0xff);
  else if (status == WASM_TRAPPED)
    snprintf(ending->problem, sizeof ending->problem, "trap: %s", wasm_trap_text(trap->kind));
  else if (status != WASM_OK)
    snprintf(ending->problem, sizeof ending->problem, "%s", error->text);
}

static void run_module(struct wasm_store *store, struct wasi *wasi, const uint8_t *bytes,
                       size_t length, struct ending *ending) {
  struct wasm_module *module;
  struct wasm_instance *instance;
  struct wasm_error error = {0};
  struct wasm_trap trap = {0};
  enum wasm_status status = wasm_module_load(store, bytes, length, true, &module, &error);
  if (status != WASM_OK) {
    end_with(ending, status, &trap, &error);
    return;
  }
  struct wasm_extern *imports = link_imports(wasi, module, ending);
  if (!ending->problem[0]) {
    status = wasm_instance_new(store, module, imports, &instance, &trap, &error);
    if (status == WASM_OK) {
      struct wasm_extern start = wasm_instance_export(instance, (struct wasm_name){"_start", 6});
      if (start.any)
        status = wasm_func_call(store, start.func, NULL, NULL, &trap);
      else
        snprintf(ending->problem, sizeof ending->problem, "no _start");
    }
    end_with(ending, status, &trap, &error);
  }
  free(imports);
}

static uint8_t *read_module(const char *directory, const char *program, size_t *length) {
  char path[256];
  struct stat status;
  snprintf(path, sizeof path, "%s/%s.wasm", directory, program);
  int fd = open(path, O_RDONLY);
  if (fd < 0 || fstat(fd, &status))
    give_up("cannot open", path);
  *length = (size_t)status.st_size;
  uint8_t *bytes = malloc(*length + 1);
  if (!bytes || read(fd, bytes, *length) != (ssize_t)*length)
    give_up("cannot read", path);
  close(fd);
  return bytes;
}

static struct ending run_test(const struct test *test, struct world *world, const char *directory) {
  struct ending ending = {0};
  struct posix_platform platform;
  size_t length;
  uint8_t *bytes = read_module(directory, test->program, &length);
  posix_platform_init(&platform);
  struct wasm_store *store = wasm_store_new(&platform.hooks);
  struct wasi_config config = {.host = &world->host.host,
                               .args = test->args.bytes,
                               .args_size = test->args.length,
                               .arg_count = test->arg_count,
                               .env = test->env.bytes,
                               .env_size = test->env.length,
                               .env_count = test->env_count,
                               .preopens = world->preopens,
                               .preopen_count = world->preopen_count};
  struct wasi *wasi = wasi_new(store, &config);
  posix_guard_store(store);
  run_module(store, wasi, bytes, length, &ending);
  posix_guard_store(NULL);
  if (wasi_delete(wasi))
    snprintf(ending.problem, sizeof ending.problem, "closing failed");
  wasm_store_delete(store);
  free(bytes);
  return ending;
}

static void print_lines(const struct text *text) {
  printf("# ");
  for (size_t i = 0; i < text->length; i++) {
    putchar(text->bytes[i] ? text->bytes[i] : '?');
    if (text->bytes[i] == '\n' && i + 1 < text->length)
      printf("# ");
  }
  printf("\n");
}

/* Shows the first line in which the output is another than expected. */
static void print_difference(const struct text *out, const struct text *expected) {
  size_t start = 0, at = 0;
  while (at < out->length && at < expected->length && out->bytes[at] == expected->bytes[at])
    if (out->bytes[at++] == '\n')
      start = at;
  const struct text *texts[2] = {expected, out};
  static const char *const NAMES[2] = {"expected", "printed"};
  for (int i = 0; i < 2; i++) {
    const char *line = texts[i]->bytes + start;
    size_t left = texts[i]->length - start;
    const char *end = memchr(line, '\n', left);
    printf("# %s: %.*s\n", NAMES[i], (int)(end ? (size_t)(end - line) : left), line);
  }
}

static bool run_and_report(const struct test *test, int number, const char *directory) {
  static struct text out, err;
  struct world world;
  world_open(&world, test);
  struct ending ending = run_test(test, &world, directory);
  take_outputs(&world, &out, &err);
  bool balanced = world_close(&world);
  bool same_output = out.length == test->stdout_text.length &&
                     !memcmp(out.bytes, test->stdout_text.bytes, out.length);
  bool good = !ending.problem[0] && ending.status == test->status && same_output && balanced;
  printf("%sok %d - %s\n", good ? "" : "not ", number, test->name);
  if (good)
    return true;
  printf("# status %d, expected %d; %s\n", ending.status, test->status, ending.problem);
  if (!balanced)
    printf("# nodes, handles or memory were not given back\n");
  if (!same_output)
    print_difference(&out, &test->stdout_text);
  print_lines(&err);
  return false;
}

static bool is_wanted(const struct test *test, char **names, int count) {
  for (int i = 0; i < count; i++)
    if (!strcmp(test->name, names[i]))
      return true;
  return !count;
}

int main(int argc, char **argv) {
  static struct test tests[TESTS_MAX];
  if (argc < 3)
    give_up("usage", "runner LIST DIRECTORY-OF-WASM [NAME...]");
  int count = read_list(argv[1], tests), wanted = 0, failures = 0;
  setvbuf(stdout, NULL, _IOLBF, 0);
  for (int i = 0; i < count; i++)
    wanted += is_wanted(&tests[i], argv + 3, argc - 3);
  printf("1..%d\n", wanted);
  for (int i = 0, number = 0; i < count; i++)
    if (is_wanted(&tests[i], argv + 3, argc - 3))
      failures += !run_and_report(&tests[i], ++number, argv[2]);
  return failures != 0;
}
