/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* One thing with standard streams, as the first argument says:
 *   both OUT ERR   writes OUT to stdout and ERR to stderr
 *   spew           writes to stdout until that fails, tells stderr how, ends with 3
 *   burst          writes a hundred lines, one by one, then computes for ever
 *   turns          writes lines to stdout and stderr in turn
 *   last           writes to stdout twice, without looking what became of it
 *   tty            tells which of the three streams are terminals
 *   ready          prints "ready", then computes for ever
 *   wait           prints "ready", then waits for a line on stdin and repeats it */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int spew(void) {
  while (puts("y") != EOF && fflush(stdout) != EOF)
    continue;
  fprintf(stderr, "stdout: %s\n", strerror(errno));
  return 3;
}

/* A write each. */
static void put_lines(void) {
  for (int i = 1; i <= 100; i++) {
    printf("line %d\n", i);
    fflush(stdout);
  }
}

static int turns(void) {
  for (int i = 1; i <= 50; i++) {
    printf("out %d\n", i);
    if (fflush(stdout) == EOF || fprintf(stderr, "err %d\n", i) < 0)
      return 1;
  }
  return 0;
}

static int wait_for_line(void) {
  char line[256];
  if (!fgets(line, sizeof line, stdin))
    return 4;
  fputs(line, stdout);
  return 0;
}

int main(int argc, char **argv) {
  const char *what = argc > 1 ? argv[1] : "";
  if (strcmp(what, "both") == 0 && argc == 4)
    return fputs(argv[2], stdout) == EOF || fputs(argv[3], stderr) == EOF;
  if (strcmp(what, "spew") == 0)
    return spew();
  if (strcmp(what, "turns") == 0)
    return turns();
  if (strcmp(what, "last") == 0) {
    ssize_t ignored = write(1, "one\n", 4) + write(1, "two\n", 4);
    return ignored > 100;
  }
  if (strcmp(what, "tty") == 0)
    return printf("%d%d%d\n", isatty(0), isatty(1), isatty(2)) < 0;
  if (strcmp(what, "burst") == 0)
    put_lines();
  else
    puts("ready");
  fflush(stdout);
  if (strcmp(what, "wait") == 0)
    return wait_for_line();
  if (strcmp(what, "ready") != 0 && strcmp(what, "burst") != 0)
    return 2;
  for (volatile unsigned turn = 0;; turn++)
    continue;
}
