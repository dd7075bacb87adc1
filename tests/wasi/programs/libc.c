/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The C library over WASI, as ordinary programs use it. */
#include "check.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static void test_stdio(void) {
  FILE *file = fopen("notes.txt", "w+");
  CHECK(file);
  for (int i = 0; i < 1000; i++)
    CHECK(fprintf(file, "line %d\n", i) > 0);
  CHECK(!fseek(file, 0, SEEK_SET));
  char line[64], expected[64];
  for (int i = 0; i < 1000; i++) {
    snprintf(expected, sizeof expected, "line %d\n", i);
    CHECK(fgets(line, sizeof line, file) && !strcmp(line, expected));
  }
  CHECK(!fgets(line, sizeof line, file) && feof(file));
  CHECK(ftell(file) == 8890);
  CHECK(!fclose(file));
  file = fopen("notes.txt", "a");
  CHECK(file && fputs("end\n", file) >= 0 && !fclose(file));
  struct stat status;
  CHECK(!stat("notes.txt", &status) && status.st_size == 8894 && S_ISREG(status.st_mode));
  CHECK(!fopen("missing.txt", "r") && errno == ENOENT);
}

static void test_posix(void) {
  CHECK(!mkdir("folder", 0777));
  CHECK(mkdir("folder", 0777) && errno == EEXIST);
  CHECK(!rename("notes.txt", "folder/notes.txt"));
  CHECK(access("notes.txt", F_OK) && !access("folder/notes.txt", R_OK));
  int fd = open("folder/new", O_RDWR | O_CREAT | O_EXCL, 0644);
  CHECK(fd >= 3 && write(fd, "abc", 3) == 3 && lseek(fd, 1, SEEK_SET) == 1);
  char byte;
  CHECK(read(fd, &byte, 1) == 1 && byte == 'b');
  CHECK(!ftruncate(fd, 1) && lseek(fd, 0, SEEK_END) == 1 && !fsync(fd) && !close(fd));
  CHECK(!symlink("new", "folder/link"));
  struct stat link, target;
  CHECK(!lstat("folder/link", &link) && S_ISLNK(link.st_mode));
  CHECK(!stat("folder/link", &target) && S_ISREG(target.st_mode) && target.st_size == 1);
  DIR *dir = opendir("folder");
  CHECK(dir);
  int entries = 0;
  while (readdir(dir))
    entries++;
  CHECK(entries == 5 && !closedir(dir));
  CHECK(rmdir("folder") && errno == ENOTEMPTY);
  CHECK(!unlink("folder/link") && !unlink("folder/new") && !unlink("folder/notes.txt"));
  CHECK(!rmdir("folder") && opendir("folder") == NULL && errno == ENOENT);
}

static void test_time(void) {
  struct timespec before, after, pause = {0, 3000000};
  CHECK(!clock_gettime(CLOCK_MONOTONIC, &before) && !nanosleep(&pause, NULL));
  CHECK(!clock_gettime(CLOCK_MONOTONIC, &after));
  CHECK((after.tv_sec - before.tv_sec) * 1000000000ll + after.tv_nsec - before.tv_nsec >= 3000000);
  CHECK(time(NULL) > 1600000000);
}

int main(void) {
  test_stdio();
  test_posix();
  test_time();
  puts("all well");
  return 0;
}
