/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Values of options: sizes, durations, directories, variables. */
#include "cli/cli.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Reads the decimal number at the start of text; *rest: what follows. false: none, or too big. */
static bool parse_number(const char *text, uint64_t *value, const char **rest) {
  if (*text < '0' || *text > '9')
    return false; /* strtoull would take blanks and a sign */
  char *end;
  errno = 0;
  *value = strtoull(text, &end, 10);
  *rest = end;
  return errno == 0;
}

struct unit {
  const char *name;
  uint64_t factor;
};

/* number times the factor of the unit behind it. false: no such number or unit, zero, or more than
 * 64 bits hold. */
static bool parse_quantity(const char *text, const struct unit *units, uint64_t *value) {
  uint64_t number;
  const char *rest;
  if (!parse_number(text, &number, &rest))
    return false;
  for (; units->name; units++)
    if (strcmp(rest, units->name) == 0)
      return !__builtin_mul_overflow(number, units->factor, value) && *value != 0;
  return false;
}

uint64_t cli_parse_size(const char *text) {
  static const struct unit units[] = {{"", 1},
                                      {"K", UINT64_C(1) << 10},
                                      {"M", UINT64_C(1) << 20},
                                      {"G", UINT64_C(1) << 30},
                                      {NULL, 0}};
  uint64_t bytes;
  if (!parse_quantity(text, units, &bytes))
    cli_fail("--memory %s: no size; write bytes, or a number with K, M or G, like 512M", text);
  return bytes;
}

uint64_t cli_parse_duration(const char *text) {
  static const struct unit units[] = {{"", 1000},   {"ms", 1},      {"s", 1000},
                                      {"m", 60000}, {"h", 3600000}, {NULL, 0}};
  uint64_t milliseconds;
  if (!parse_quantity(text, units, &milliseconds))
    cli_fail("--timeout %s: no duration; write seconds, or a number with ms, s, m or h, like 500ms",
             text);
  return milliseconds;
}

static enum hermit_wasm_cache parse_cache(const char *text) {
  static const char *const names[] = {[HERMIT_WASM_CACHE_AUTO] = "auto",
                                      [HERMIT_WASM_CACHE_NONE] = "none",
                                      [HERMIT_WASM_CACHE_ALWAYS] = "always"};
  for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++)
    if (strcmp(text, names[i]) == 0)
      return (enum hermit_wasm_cache)i;
  cli_fail("--dir: cache=%s: unknown; there are none, auto and always", text);
}

/* Takes the last :ro or :cache=MODE off the text. Only those are options: directories may have
 * colons in their names. */
static bool take_dir_option(char *text, struct hermit_wasm_dir *dir) {
  char *colon = strrchr(text, ':');
  if (colon && strcmp(colon, ":ro") == 0)
    dir->read_only = true;
  else if (colon && strncmp(colon, ":cache=", 7) == 0)
    dir->cache = parse_cache(colon + 7);
  else
    return false;
  *colon = '\0';
  return true;
}

struct hermit_wasm_dir cli_parse_dir(char *text) {
  struct hermit_wasm_dir dir = {.host = text, .guest = text};
  while (take_dir_option(text, &dir))
    ;
  char *colons = strstr(text, "::");
  if (colons) {
    *colons = '\0';
    dir.guest = colons + 2;
  }
  if (*dir.host == '\0' || *dir.guest == '\0')
    cli_fail("--dir: a directory is empty; write HOST, HOST::GUEST or either with :ro or "
             ":cache=MODE behind");
  return dir;
}

const char *cli_parse_env(char *text) {
  size_t name = strcspn(text, "=");
  if (name == 0)
    cli_fail("--env %s: the variable has no name; write NAME=VALUE or NAME", text);
  if (text[name] == '=')
    return text;
  const char *value = getenv(text);
  if (!value)
    cli_fail("--env %s: not set in the environment; write %s=VALUE", text, text);
  /* What getenv returns stands right behind NAME= in one string (environ(7)). */
  return value - name - 1;
}
