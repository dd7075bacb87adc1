/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* File I/O as programs do it, one kind a run; the same source natively and as WebAssembly:
 *
 *   files hello               | files stat DIRECTORY COUNT   | files read FILE BYTES PIECE
 *   files write FILE BYTES PIECE | files readdir DIRECTORY COUNT | files stdout COUNT
 *
 * Prints "time_ns N" on standard error: the work alone, without the start of the process. Ends with
 * status 1 when something is not as it should be: a benchmark that reads nothing is fast. */
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

_Noreturn static void fail(const char *what) {
  perror(what);
  exit(1);
}

static uint64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* All names are new to the process. */
static void stat_files(const char *directory, unsigned long count) {
  char path[4096];
  struct stat status;
  for (unsigned long i = 0; i < count; i++) {
    snprintf(path, sizeof path, "%s/f%06lu", directory, i);
    if (stat(path, &status) != 0)
      fail(path);
  }
}

static void read_file(const char *path, unsigned long bytes, unsigned long piece) {
  char *buffer = malloc(piece);
  int fd = open(path, O_RDONLY);
  unsigned long total = 0;
  if (!buffer || fd < 0)
    fail(path);
  for (ssize_t got; (got = read(fd, buffer, piece)) != 0; total += (unsigned long)got)
    if (got < 0)
      fail(path);
  close(fd);
  if (total != bytes)
    fail("the file has another size");
}

static void write_file(const char *path, unsigned long bytes, unsigned long piece) {
  char *buffer = malloc(piece);
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
  if (!buffer || fd < 0)
    fail(path);
  memset(buffer, 'x', piece);
  for (unsigned long done = 0; done < bytes; done += piece)
    if (write(fd, buffer, piece) != (ssize_t)piece)
      fail(path);
  if (close(fd) != 0)
    fail(path);
}

static void list_directory(const char *path, unsigned long count) {
  DIR *directory = opendir(path);
  unsigned long found = 0;
  if (!directory)
    fail(path);
  for (struct dirent *entry; (entry = readdir(directory));)
    found += entry->d_name[0] != '.';
  closedir(directory);
  if (found != count)
    fail("the directory has another number of entries");
}

/* What programs do that do not buffer, or flush each line. */
static void write_output(unsigned long count) {
  for (unsigned long i = 0; i < count; i++)
    if (write(STDOUT_FILENO, "sixteen bytes.\r\n", 16) != 16)
      fail("standard output");
}

static unsigned long number(char **argv, int index) {
  return strtoul(argv[index], NULL, 10);
}

int main(int argc, char **argv) {
  const char *kind = argc > 1 ? argv[1] : "";
  uint64_t start = now_ns();
  if (argc == 2 && strcmp(kind, "hello") == 0)
    puts("hello");
  else if (argc == 4 && strcmp(kind, "stat") == 0)
    stat_files(argv[2], number(argv, 3));
  else if (argc == 5 && strcmp(kind, "read") == 0)
    read_file(argv[2], number(argv, 3), number(argv, 4));
  else if (argc == 5 && strcmp(kind, "write") == 0)
    write_file(argv[2], number(argv, 3), number(argv, 4));
  else if (argc == 4 && strcmp(kind, "readdir") == 0)
    list_directory(argv[2], number(argv, 3));
  else if (argc == 3 && strcmp(kind, "stdout") == 0)
    write_output(number(argv, 2));
  else
    fail("usage");
  fprintf(stderr, "time_ns %llu\n", (unsigned long long)(now_ns() - start));
  return 0;
}
