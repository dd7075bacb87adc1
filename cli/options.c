/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The command line: which words are ours and which the module's.
 *
 *   hermit-wasm run [OPTIONS] MODULE ARGUMENTS           all behind the module is the module's
 *   hermit-wasm run [OPTIONS] MODULE [OPTIONS] -- ARGUMENTS   the first -- behind the module
 *                                                        divides ours from the module's
 *   hermit-wasm run [OPTIONS] -- MODULE ARGUMENTS        as the first form, but a -- among
 *                                                        ARGUMENTS is the module's too
 */
#include "cli/cli.h"
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

enum option_id {
  OPTION_FIRST = 256, /* above every letter */
#define OPTION(id, letter, name, argument, shown, commands, help) OPTION_##id,
#include "cli/options.def"
#undef OPTION
};

struct option_row {
  int id;
  char letter;
  const char *name;
  int argument;
  const char *shown;
  int commands;
  const char *help;
};

static const struct option_row option_rows[] = {
#define OPTION(id, letter, name, argument, shown, commands, help)                                  \
  {OPTION_##id, letter, name, argument, shown, commands, help},
#include "cli/options.def"
#undef OPTION
};
#define OPTION_ROWS (sizeof option_rows / sizeof option_rows[0])

static const char *command_name(enum cli_command command) {
  return command == CLI_RUN ? "run" : command == CLI_INSPECT ? "inspect" : "doctor";
}

static void print_help(enum cli_command command) {
  const char *operands = command == CLI_RUN       ? " MODULE [OPTIONS --] [ARGUMENTS]"
                         : command == CLI_INSPECT ? " MODULE"
                                                  : "";
  printf("Usage: hermit-wasm %s [OPTIONS]%s\n", command_name(command), operands);
  if (command == CLI_RUN)
    printf("All words behind MODULE are the module's; or, when there is a -- behind MODULE, all\n"
           "behind that --, and options may stand before it.\n");
  for (size_t i = 0; i < OPTION_ROWS; i++) {
    const struct option_row *row = &option_rows[i];
    if (!(row->commands & command))
      continue;
    char letter[] = "-x, ";
    letter[1] = row->letter;
    printf("  %s--%s%s\n        %s\n", row->letter ? letter : "", row->name, row->shown, row->help);
  }
}

/* The rows of one command as getopt_long(3) wants them. */
static void fill_getopt_tables(enum cli_command command, struct option longs[OPTION_ROWS + 1],
                               char letters[OPTION_ROWS + 3]) {
  strcpy(letters, "+:"); /* stop at the first operand; tell a missing argument from ? */
  size_t letter = 2;
  for (size_t i = 0; i < OPTION_ROWS; i++) {
    const struct option_row *row = &option_rows[i];
    if (!(row->commands & command))
      continue;
    *longs++ = (struct option){row->name, row->argument, NULL, row->id};
    if (row->letter)
      letters[letter++] = row->letter;
  }
  *longs = (struct option){0};
  letters[letter] = '\0';
}

static int id_of_letter(int letter) {
  for (size_t i = 0; i < OPTION_ROWS; i++)
    if (option_rows[i].letter == letter)
      return option_rows[i].id;
  return letter;
}

static enum hermit_wasm_monitor parse_monitor(const char *text) {
  static const char *const names[] = {[HERMIT_WASM_MONITOR_AUTO] = "auto",
                                      [HERMIT_WASM_MONITOR_KVM] = "kvm",
                                      [HERMIT_WASM_MONITOR_QEMU] = "qemu"};
  for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++)
    if (strcmp(text, names[i]) == 0)
      return (enum hermit_wasm_monitor)i;
  cli_fail("--monitor %s: unknown; there are auto, kvm and qemu", text);
}

static void parse_stats(const char *text, struct cli_options *options) {
  options->stats = CLI_STATS_TABLE;
  if (!text)
    return;
  if (strncmp(text, "json", 4) != 0 || (text[4] != '\0' && text[4] != ':') ||
      strcmp(text, "json:") == 0)
    cli_fail("--stats=%s: unknown form; write --stats, --stats=json or --stats=json:FILE", text);
  options->stats = CLI_STATS_JSON;
  options->stats_file = text[4] == ':' ? text + 5 : NULL;
}

/* The config's lists are const for the library; while parsing they grow here. */
struct lists {
  struct hermit_wasm_dir *dirs;
  const char **env;
  const char **listen;
};

/* One option and its argument; flat dispatch. */
static void apply_option(enum cli_command command, int id, char *argument,
                         struct cli_options *options, const struct lists *lists) {
  struct hermit_wasm_config *config = &options->config;
  switch (id) {
  case OPTION_DIR:
    lists->dirs[config->dir_count++] = cli_parse_dir(argument);
    break;
  case OPTION_ENV:
    lists->env[config->env_count++] = cli_parse_env(argument);
    break;
  case OPTION_LISTEN:
    lists->listen[config->listen_count++] = argument;
    break;
  case OPTION_INVOKE:
    config->invoke = argument;
    break;
  case OPTION_MEMORY:
    config->memory_bytes = cli_parse_size(argument);
    break;
  case OPTION_TIMEOUT:
    config->timeout_ms = cli_parse_duration(argument);
    break;
  case OPTION_MONITOR:
    config->monitor = parse_monitor(argument);
    break;
  case OPTION_ARCH:
    config->arch = argument;
    break;
  case OPTION_TIER:
    if (strcmp(argument, "baseline") != 0)
      cli_fail("--tier %s: this version has the tier baseline only; leave --tier out", argument);
    break;
  case OPTION_UNKNOWN_IMPORTS:
    config->unknown_imports_trap = strcmp(argument, "trap") == 0;
    if (!config->unknown_imports_trap && strcmp(argument, "refuse") != 0)
      cli_fail("--unknown-imports=%s: unknown; write trap or refuse", argument);
    break;
  case OPTION_STATS:
    parse_stats(argument, options);
    break;
  case OPTION_GUEST_IMAGE:
    config->guest_image = argument;
    break;
  case OPTION_VERBOSE:
    config->verbose = true;
    break;
  case OPTION_HELP:
    print_help(command);
    exit(fflush(stdout) == 0 ? 0 : CLI_STATUS_FAILED);
  }
}

/* Reads options from argv[1] on, up to the first operand. Returns its index (argc: none);
 * *closed: a -- stood before it. */
static int parse_run_of_options(enum cli_command command, int argc, char **argv,
                                struct cli_options *options, const struct lists *lists,
                                bool *closed) {
  struct option longs[OPTION_ROWS + 1];
  char letters[OPTION_ROWS + 3];
  fill_getopt_tables(command, longs, letters);
  const char *name = command_name(command);
  optind = 0; /* start over: glibc's way, getopt(3) */
  opterr = 0;
  for (;;) {
    int before = optind == 0 ? 1 : optind;
    int id = getopt_long(argc, argv, letters, longs, NULL);
    if (id == -1) {
      *closed = optind > before; /* only a -- is passed over without an option */
      return optind;
    }
    if (id == ':')
      cli_fail("%s: %s needs an argument; see hermit-wasm %s --help", name, argv[optind - 1], name);
    if (id == '?' && optopt != 0 && optopt < OPTION_FIRST)
      cli_fail("%s: unknown option -%c; see hermit-wasm %s --help", name, optopt, name);
    if (id == '?')
      cli_fail("%s: unknown option %s; see hermit-wasm %s --help", name, argv[optind - 1], name);
    apply_option(command, id_of_letter(id), optarg, options, lists);
  }
}

/* Index of the first -- from `from` on, or argc. */
static int find_divider(int argc, char **argv, int from) {
  while (from < argc && strcmp(argv[from], "--") != 0)
    from++;
  return from;
}

void cli_parse_options(enum cli_command command, int argc, char **argv,
                       struct cli_options *options) {
  *options = (struct cli_options){0};
  struct hermit_wasm_config *config = &options->config;
  /* No command line of argc words has more than argc directories, variables or sockets. */
  struct lists lists = {calloc((size_t)argc, sizeof *lists.dirs),
                        calloc((size_t)argc, sizeof *lists.env),
                        calloc((size_t)argc, sizeof *lists.listen)};
  if (!lists.dirs || !lists.env || !lists.listen)
    cli_fail("reading the command line: out of memory");
  config->dirs = lists.dirs;
  config->env = lists.env;
  config->listen = lists.listen;

  bool closed;
  int module = parse_run_of_options(command, argc, argv, options, &lists, &closed);
  if (command == CLI_DOCTOR) {
    if (module < argc)
      cli_fail("doctor: takes no arguments, but there is %s", argv[module]);
    return;
  }
  if (module >= argc)
    cli_fail("%s: which module? see hermit-wasm %s --help", command_name(command),
             command_name(command));
  config->module = argv[module];
  int arguments = module + 1;
  int divider = closed ? argc : find_divider(argc, argv, arguments);
  if (divider < argc) {
    bool ignored;
    int end = module + parse_run_of_options(command, divider - module, argv + module, options,
                                            &lists, &ignored);
    if (end < divider)
      cli_fail("%s: %s stands between the module and --, where only options may; write it behind "
               "the --",
               command_name(command), argv[end]);
    arguments = divider + 1;
  }
  if (command == CLI_INSPECT && arguments < argc)
    cli_fail("inspect: one module at a time, but there is %s too", argv[arguments]);
  config->args = (const char *const *)argv + arguments;
  config->arg_count = (size_t)(argc - arguments);
}
