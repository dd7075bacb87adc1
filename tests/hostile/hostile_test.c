/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Runs every hostile guest against the monitor and the library, which are built with ASan and
 * UBSan, and checks how its VM ended. TAP on stdout. Arguments: names of attacks; none: all. */
#include "include/hermit_wasm.h"
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* In the jail ASan cannot look for leaks: it would trace itself. */
const char *__asan_default_options(void);
const char *__asan_default_options(void) {
  return "detect_leaks=0";
}

#define MEMORY_BYTES (1ull << 30)
#define TIMEOUT_MS 500        /* for what only the time limit ends */
#define LONG_TIMEOUT_MS 60000 /* for what must end by itself, on the slowest machine */
#define FILE_TEXT "text\n"

struct attack {
  const char *name;
  int status;
  const char *reason;
};

static const struct attack attacks[] = {
#define ATTACK(name, status, reason) {#name, status, reason},
#include "tests/hostile/attacks.def"
#undef ATTACK
};

/* base/outside.txt, base/module.wasm, base/shared and base/readonly with inside.txt and sub/ each.
 */
struct fixture {
  char base[64], outside[96], module[96], shared[96], readonly[96];
  int input, output; /* the guest's streams; output is a file that is kept */
};

static void need(bool works, const char *what) {
  if (works)
    return;
  printf("Bail out! %s: %s\n", what, strerror(errno));
  exit(1);
}

static void write_file(const char *path, const char *bytes, size_t length) {
  FILE *file = fopen(path, "w");
  need(file != NULL && fwrite(bytes, 1, length, file) == length && fclose(file) == 0, path);
}

static void make_share(const char *path) {
  char inside[128];
  need(mkdir(path, 0755) == 0, path);
  snprintf(inside, sizeof inside, "%s/inside.txt", path);
  write_file(inside, FILE_TEXT, strlen(FILE_TEXT));
  snprintf(inside, sizeof inside, "%s/sub", path);
  need(mkdir(inside, 0755) == 0, inside);
}

static void make_fixture(struct fixture *f) {
  static const char empty_module[] = "\0asm\1\0\0";
  char output[96];
  snprintf(f->base, sizeof f->base, "/tmp/hermit-hostile-XXXXXX");
  need(mkdtemp(f->base) != NULL, f->base);
  snprintf(f->outside, sizeof f->outside, "%s/outside.txt", f->base);
  snprintf(f->module, sizeof f->module, "%s/module.wasm", f->base);
  snprintf(f->shared, sizeof f->shared, "%s/shared", f->base);
  snprintf(f->readonly, sizeof f->readonly, "%s/readonly", f->base);
  snprintf(output, sizeof output, "%s/output", f->base);
  write_file(f->outside, FILE_TEXT, strlen(FILE_TEXT));
  write_file(f->module, empty_module, sizeof empty_module);
  make_share(f->shared);
  make_share(f->readonly);
  f->input = open("/dev/null", O_RDONLY | O_CLOEXEC);
  f->output = open(output, O_CREAT | O_RDWR | O_APPEND | O_CLOEXEC, 0644);
  need(f->input >= 0 && f->output >= 0, output);
}

static void remove_fixture(struct fixture *f) {
  char command[96];
  close(f->input), close(f->output);
  snprintf(command, sizeof command, "rm -rf %s", f->base);
  need(system(command) == 0, command);
}

/* ---- One attack ---- */

static void run(const struct attack *attack, const struct fixture *f,
                struct hermit_wasm_result *result) {
  const char *args[] = {attack->name};
  const struct hermit_wasm_dir dirs[] = {
      {.host = f->shared, .guest = "shared"},
      {.host = f->readonly, .guest = "readonly", .read_only = true}};
  const char *listen[] = {"127.0.0.1:0"};
  struct hermit_wasm_config config = {
      .listen = listen,
      .listen_count = strncmp(attack->name, "socket_", 7) == 0,
      .monitor = HERMIT_WASM_MONITOR_KVM,
      .module = f->module,
      .args = args,
      .arg_count = 1,
      .dirs = dirs,
      .dir_count = 2,
      .memory_bytes = MEMORY_BYTES,
      .timeout_ms = attack->status == 124 ? TIMEOUT_MS : LONG_TIMEOUT_MS,
      .guest_image = HOSTILE_IMAGE,
      .stdio = {f->input, f->output, 2},
  };
  /* As descriptor 2, the sanitizers' reports get there too. */
  int own_stderr = dup(2);
  need(own_stderr >= 0 && dup2(f->output, 2) == 2, "dup2");
  hermit_wasm_run(&config, result);
  need(dup2(own_stderr, 2) == 2, "dup2");
  close(own_stderr);
}

/* Whether the output has a report of a sanitizer or of the jail. */
static bool has_report(const struct fixture *f) {
  char text[4096];
  ssize_t length = pread(f->output, text, sizeof text - 1, 0);
  text[length > 0 ? length : 0] = '\0';
  return strstr(text, "Sanitizer") != NULL || strstr(text, "runtime error") != NULL ||
         strstr(text, "internal error") != NULL;
}

static bool holds_text(const char *path) {
  char text[16] = "";
  FILE *file = fopen(path, "r");
  if (file == NULL)
    return false;
  size_t length = fread(text, 1, sizeof text - 1, file);
  fclose(file);
  return length == strlen(FILE_TEXT) && strcmp(text, FILE_TEXT) == 0;
}

/* One line that a terminal shows as it is. */
static bool is_printable(const char *text) {
  for (; *text != '\0'; text++) {
    if (*text < ' ' || *text > '~')
      return false;
  }
  return true;
}

/* NULL: as it should be. */
static const char *find_flaw(const struct attack *attack, const struct fixture *f,
                             const struct hermit_wasm_result *result) {
  char inside[128];
  if (hermit_wasm_exit_status(result) != attack->status)
    return "another exit status";
  if (attack->status == 125 && result->error[0] == '\0')
    return "no reason given";
  if (has_report(f) || strstr(result->error, "the monitor's process") != NULL)
    return "the monitor itself broke down";
  if (attack->status == 125 && fnmatch(attack->reason, result->error, 0) != 0)
    return "another reason";
  if (!is_printable(result->error))
    return "the reason is not one printable line";
  if (strlen(result->error) >= sizeof result->error - 1)
    return "the reason is cut off";
  snprintf(inside, sizeof inside, "%s/inside.txt", f->readonly);
  if (!holds_text(f->outside) || !holds_text(inside))
    return "a file was changed that is not the guest's";
  return NULL;
}

/* What the guest said, as TAP comments. */
static void show_output(const struct fixture *f) {
  char line[512];
  int copy = dup(f->output);
  FILE *file = copy < 0 ? NULL : fdopen(copy, "r");
  if (file == NULL)
    return;
  rewind(file);
  while (fgets(line, sizeof line, file) != NULL)
    printf("#   guest: %s", line);
  fclose(file);
}

static bool test_attack(int number, const struct attack *attack) {
  struct fixture f;
  struct hermit_wasm_result result;
  make_fixture(&f);
  run(attack, &f, &result);
  const char *flaw = find_flaw(attack, &f, &result);
  printf("%s %d - %s\n", flaw == NULL ? "ok" : "not ok", number, attack->name);
  if (flaw != NULL) {
    printf("# %s: status %d, wanted %d; reason: %s\n", flaw, hermit_wasm_exit_status(&result),
           attack->status, result.error);
    show_output(&f);
  } else if (getenv("HOSTILE_VERBOSE") != NULL) {
    printf("# status %d: %s\n", attack->status, result.error);
  }
  fflush(stdout);
  remove_fixture(&f);
  return flaw == NULL;
}

static bool is_wanted(const char *name, int count, char **names) {
  for (int i = 0; i < count; i++) {
    if (strcmp(names[i], name) == 0)
      return true;
  }
  return count == 0;
}

int main(int argc, char **argv) {
  struct hermit_wasm_host host;
  int number = 0, failed = 0;
  hermit_wasm_probe_host(&host);
  if (!host.kvm_usable) {
    printf("1..0 # SKIP no usable KVM: %s\n", host.kvm_error);
    return 0;
  }
  for (size_t i = 0; i < sizeof attacks / sizeof *attacks; i++) {
    if (is_wanted(attacks[i].name, argc - 1, argv + 1))
      failed += !test_attack(++number, &attacks[i]);
  }
  printf("1..%d\n", number);
  return failed != 0;
}
