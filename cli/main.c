/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* hermit-wasm: the command, a thin client of the library. */
#include "cli/cli.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

void cli_fail(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fputs("hermit-wasm: ", stderr);
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
  va_end(arguments);
  exit(CLI_STATUS_FAILED);
}

static void print_note(void *context, const char *line) {
  (void)context;
  fprintf(stderr, "hermit-wasm: %s\n", line);
}

static void print_usage(FILE *file) {
  fputs("hermit-wasm runs WebAssembly programs, each in a tiny virtual machine of its own.\n"
        "Usage: hermit-wasm run [OPTIONS] MODULE [ARGUMENTS]   run a module (wasm32-wasip1)\n"
        "       hermit-wasm inspect [OPTIONS] MODULE           what it imports, exports, needs\n"
        "       hermit-wasm doctor                             what this host offers\n"
        "       hermit-wasm COMMAND --help                     the command's options\n"
        "       hermit-wasm --version\n",
        file);
}

/* Streams that are closed must stay so for the module: the numbers 0 to 2 are occupied before a
 * descriptor of the monitor's lands there, and the library is told -1. */
static void find_streams(int stdio[3]) {
  for (int fd = 0; fd < 3; fd++) {
    stdio[fd] = fd;
    if (fcntl(fd, F_GETFD) != -1 || errno != EBADF)
      continue;
    stdio[fd] = -1;
    if (open("/dev/null", O_RDWR) != fd)
      cli_fail("opening /dev/null in place of closed stream %d: %s", fd, strerror(errno));
  }
}

static void interrupt_write(int number) {
  (void)number;
}

/* A deadline holds for our own words too: what stderr does not take within a second is given up,
 * and so is each further write. */
static void stop_waiting_for_stderr(void) {
  struct sigaction action = {.sa_handler = interrupt_write};
  struct itimerval each_second = {{.tv_sec = 1}, {.tv_sec = 1}};
  sigset_t alarm;
  sigemptyset(&alarm);
  sigaddset(&alarm, SIGALRM);
  sigaction(SIGALRM, &action, NULL);
  setitimer(ITIMER_REAL, &each_second, NULL);
  sigprocmask(SIG_UNBLOCK, &alarm, NULL);
}

/* One line for ends that the guest could not explain itself. */
static void explain_end(const struct hermit_wasm_config *config,
                        const struct hermit_wasm_result *result) {
  if (result->outcome == HERMIT_WASM_TIMED_OUT) {
    stop_waiting_for_stderr();
    fprintf(stderr, "hermit-wasm: running %s: timed out after %" PRIu64 " ms\n", config->module,
            config->timeout_ms);
  }
  if (result->outcome == HERMIT_WASM_FAILED && result->error[0])
    fprintf(stderr, "hermit-wasm: %s\n", result->error);
}

static int run_module(enum cli_command command, int argc, char **argv) {
  struct cli_options options;
  cli_parse_options(command, argc, argv, &options);
  struct hermit_wasm_config *config = &options.config;
  config->action = command == CLI_INSPECT ? HERMIT_WASM_INSPECT : HERMIT_WASM_RUN;
  config->note = print_note;
  config->stats = options.stats != CLI_STATS_NONE;
  find_streams(config->stdio);
  FILE *stats = stderr;
  if (options.stats_file && !(stats = fopen(options.stats_file, "we")))
    cli_fail("opening %s for --stats: %s", options.stats_file, strerror(errno));
  /* The jail of a VM in this process leaves only the streams open: a file for the statistics
   * needs a process outside of it. */
  config->in_process = options.stats_file == NULL;

  struct hermit_wasm_result result;
  hermit_wasm_run(config, &result);
  explain_end(config, &result);
  cli_print_stats(stats, options.stats, &result.stats);
  if (options.stats_file && fclose(stats) != 0)
    cli_fail("writing %s for --stats: %s", options.stats_file, strerror(errno));
  return hermit_wasm_exit_status(&result);
}

int main(int argc, char **argv) {
  if (argc < 2) {
    print_usage(stderr);
    return CLI_STATUS_FAILED;
  }
  const char *command = argv[1];
  if (strcmp(command, "run") == 0)
    return run_module(CLI_RUN, argc - 1, argv + 1);
  if (strcmp(command, "inspect") == 0)
    return run_module(CLI_INSPECT, argc - 1, argv + 1);
  if (strcmp(command, "doctor") == 0) {
    struct cli_options options;
    cli_parse_options(CLI_DOCTOR, argc - 1, argv + 1, &options);
    return cli_doctor();
  }
  if (strcmp(command, "compile") == 0)
    cli_fail("compile: this version has no optimising compiler; hermit-wasm run compiles a module "
             "as it loads it");
  if (strcmp(command, "--version") == 0) {
    puts("hermit-wasm " HERMIT_WASM_VERSION);
    return 0;
  }
  if (strcmp(command, "--help") == 0 || strcmp(command, "-h") == 0) {
    print_usage(stdout);
    return 0;
  }
  cli_fail("%s: unknown command; see hermit-wasm --help", command);
}
