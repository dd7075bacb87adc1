/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Does with files what standard input says, a line at a time, and answers each with a line: what
 * was asked for, "ok", or "error: REASON".
 *
 *   open NAME r|w|a   the open file, for: read OFFSET LENGTH · write TEXT · sync · close
 *   cat NAME · size NAME · count DIRECTORY · mkdir NAME · deep COUNT (directories in each other)
 *   exhaust NAME      opens it until that fails: how often, and why
 *   flood COUNT       that many writes of 16 bytes to the open file; the first error ends it
 *   spin TEXT         writes TEXT to the open file and to stdout, then computes for ever
 *   journal NAME      appends numbered lines to a file, syncs each, then prints its number; for
 *                     ever
 *   end               status 0, with the file still open */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int file = -1;

static void say(const char *text) {
  char line[8192];
  int length = snprintf(line, sizeof line, "%s\n", text);
  if (write(STDOUT_FILENO, line, (size_t)length) != length)
    exit(9);
}

/* "ok", or the reason if a call said -1. */
static void say_result(long result) {
  char line[128] = "ok";
  if (result < 0)
    snprintf(line, sizeof line, "error: %s", strerror(errno));
  say(line);
}

static void say_number(long number) {
  char line[32];
  snprintf(line, sizeof line, "%ld", number);
  if (number < 0)
    say_result(-1);
  else
    say(line);
}

static int open_as(const char *name, char mode) {
  int flags = mode == 'r'   ? O_RDONLY
              : mode == 'a' ? O_WRONLY | O_APPEND | O_CREAT
                            : O_RDWR | O_CREAT;
  return open(name, flags, 0666);
}

static void read_from(int fd, long offset, size_t length) {
  char text[4096];
  ssize_t got = pread(fd, text, length < sizeof text ? length : sizeof text - 1, offset);
  if (got < 0) {
    say_result(-1);
    return;
  }
  text[got] = 0;
  say(text);
}

static void cat(const char *name) {
  int fd = open(name, O_RDONLY);
  if (fd < 0) {
    say_result(-1);
    return;
  }
  read_from(fd, 0, 4000);
  close(fd);
}

static long size(const char *name) {
  struct stat status;
  return stat(name, &status) < 0 ? -1 : (long)status.st_size;
}

static long count(const char *name) {
  DIR *directory = opendir(name);
  long entries = 0;
  if (!directory)
    return -1;
  errno = 0;
  while (readdir(directory))
    entries++;
  int error = errno;
  closedir(directory);
  errno = error;
  return error ? -1 : entries;
}

/* Makes directories in each other, a file at the bottom, through descriptors: no path is that long.
 */
static int make_deep(long levels) {
  int at = open(".", O_RDONLY | O_DIRECTORY);
  for (long i = 0; i < levels && at >= 0; i++) {
    if (mkdirat(at, "d", 0777) < 0)
      return -1;
    int next = openat(at, "d", O_RDONLY | O_DIRECTORY);
    close(at);
    at = next;
  }
  int bottom = at < 0 ? -1 : openat(at, "bottom", O_WRONLY | O_CREAT, 0666);
  return bottom < 0 || close(bottom) < 0 ? -1 : close(at);
}

static void exhaust(const char *name) {
  static int fds[100000];
  char line[128];
  int opened = 0;
  while (opened < 100000 && (fds[opened] = open(name, O_RDONLY)) >= 0)
    opened++;
  snprintf(line, sizeof line, "%d: %s", opened, strerror(errno));
  for (int i = 0; i < opened; i++)
    close(fds[i]);
  say(line);
}

static long flood(long writes) {
  for (long i = 0; i < writes; i++)
    if (write(file, "sixteen bytes.\r\n", 16) != 16)
      return -1;
  return 0;
}

static void spin(const char *text) {
  if (write(file, text, strlen(text)) < 0)
    exit(9);
  say(text);
  for (volatile unsigned turn = 0;; turn++)
    continue;
}

static void journal(const char *name) {
  int fd = open(name, O_WRONLY | O_CREAT | O_APPEND, 0666);
  for (long number = 1;; number++) {
    char line[32];
    int length = snprintf(line, sizeof line, "entry %ld\n", number);
    if (fd < 0 || write(fd, line, (size_t)length) != length || fsync(fd) < 0)
      exit(9);
    say_number(number);
  }
}

static void obey(const char *command, const char *argument, const char *more) {
  if (strcmp(command, "open") == 0)
    say_result(file = open_as(argument, more[0]));
  else if (strcmp(command, "read") == 0)
    read_from(file, atol(argument), (size_t)atol(more));
  else if (strcmp(command, "write") == 0)
    say_result(write(file, argument, strlen(argument)));
  else if (strcmp(command, "sync") == 0)
    say_result(fsync(file));
  else if (strcmp(command, "close") == 0)
    say_result(close(file));
  else if (strcmp(command, "cat") == 0)
    cat(argument);
  else if (strcmp(command, "size") == 0)
    say_number(size(argument));
  else if (strcmp(command, "count") == 0)
    say_number(count(argument));
  else if (strcmp(command, "mkdir") == 0)
    say_result(mkdir(argument, 0777));
  else if (strcmp(command, "deep") == 0)
    say_result(make_deep(atol(argument)));
  else if (strcmp(command, "exhaust") == 0)
    exhaust(argument);
  else if (strcmp(command, "flood") == 0)
    say_result(flood(atol(argument)));
  else if (strcmp(command, "spin") == 0)
    spin(argument);
  else if (strcmp(command, "journal") == 0)
    journal(argument);
  else
    exit(8);
}

int main(void) {
  char line[512];
  setvbuf(stdin, NULL, _IONBF, 0);
  while (fgets(line, sizeof line, stdin)) {
    char command[64] = "", argument[256] = "", more[64] = "";
    sscanf(line, "%63s %255s %63s", command, argument, more);
    if (strcmp(command, "end") == 0)
      break;
    obey(command, argument, more);
  }
  return 0;
}
