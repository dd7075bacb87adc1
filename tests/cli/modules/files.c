/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Files, one operation a run:
 *   write FILE TEXT · append FILE TEXT · cat FILE · size FILE · rm FILE · mkdir DIR · rmdir DIR
 *   ls DIR (sorted by nobody) · mv FROM TO · ln FROM TO · link TARGET NAME (symbolic)
 *   readlink NAME · fill FILE MIB · check FILE MIB (pattern that depends on the position)
 * What fails is told on stderr as "OPERATION: reason", status 1. */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK_WORDS (1 << 17) /* 1 MiB */
static uint64_t block[BLOCK_WORDS], expected[BLOCK_WORDS];

static void make_pattern(uint64_t *words, uint64_t mib) {
  uint64_t state = mib * 0x9e3779b97f4a7c15u + 1;
  for (size_t i = 0; i < BLOCK_WORDS; i++) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    words[i] = state;
  }
}

static int put_text(const char *name, const char *mode, const char *text) {
  FILE *file = fopen(name, mode);
  if (!file)
    return -1;
  int put = fputs(text, file);
  return fclose(file) == 0 && put >= 0 ? 0 : -1;
}

static int copy_out(const char *name) {
  FILE *file = fopen(name, "r");
  if (!file)
    return -1;
  for (int byte; (byte = fgetc(file)) != EOF;)
    putchar(byte);
  return ferror(file) ? -1 : fclose(file);
}

static int print_size(const char *name) {
  struct stat status;
  if (stat(name, &status) != 0)
    return -1;
  return printf("%lld\n", (long long)status.st_size) < 0 ? -1 : 0;
}

static int list(const char *name) {
  DIR *directory = opendir(name);
  if (!directory)
    return -1;
  for (struct dirent *entry; (entry = readdir(directory));)
    puts(entry->d_name);
  return closedir(directory);
}

static int print_link(const char *name) {
  char target[4096];
  ssize_t length = readlink(name, target, sizeof target);
  return length < 0 || printf("%.*s\n", (int)length, target) < 0 ? -1 : 0;
}

static int fill(const char *name, uint64_t mebibytes) {
  FILE *file = fopen(name, "w");
  if (!file)
    return -1;
  for (uint64_t i = 0; i < mebibytes; i++) {
    make_pattern(block, i);
    if (fwrite(block, sizeof block, 1, file) != 1)
      return -1;
  }
  return fclose(file);
}

static int check(const char *name, uint64_t mebibytes) {
  FILE *file = fopen(name, "r");
  if (!file)
    return -1;
  for (uint64_t i = 0; i < mebibytes; i++) {
    make_pattern(expected, i);
    if (fread(block, sizeof block, 1, file) != 1)
      return -1;
    if (memcmp(block, expected, sizeof block) != 0) {
      fprintf(stderr, "mebibyte %llu differs\n", (unsigned long long)i);
      exit(2);
    }
  }
  if (fgetc(file) != EOF) {
    fprintf(stderr, "the file is too long\n");
    exit(2);
  }
  return fclose(file);
}

static int operate(const char *what, const char *name, const char *other) {
  if (strcmp(what, "write") == 0)
    return put_text(name, "w", other);
  if (strcmp(what, "append") == 0)
    return put_text(name, "a", other);
  if (strcmp(what, "cat") == 0)
    return copy_out(name);
  if (strcmp(what, "size") == 0)
    return print_size(name);
  if (strcmp(what, "rm") == 0)
    return unlink(name);
  if (strcmp(what, "mkdir") == 0)
    return mkdir(name, 0777);
  if (strcmp(what, "rmdir") == 0)
    return rmdir(name);
  if (strcmp(what, "ls") == 0)
    return list(name);
  if (strcmp(what, "mv") == 0)
    return rename(name, other);
  if (strcmp(what, "ln") == 0)
    return link(name, other);
  if (strcmp(what, "link") == 0)
    return symlink(name, other);
  if (strcmp(what, "readlink") == 0)
    return print_link(name);
  if (strcmp(what, "fill") == 0)
    return fill(name, strtoull(other, NULL, 10));
  if (strcmp(what, "check") == 0)
    return check(name, strtoull(other, NULL, 10));
  errno = ENOSYS;
  return -1;
}

int main(int argc, char **argv) {
  if (argc < 3)
    return 2;
  if (operate(argv[1], argv[2], argc > 3 ? argv[3] : "") == 0)
    return 0;
  fprintf(stderr, "%s: %s\n", argv[1], strerror(errno));
  return 1;
}
