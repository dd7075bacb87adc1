/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Two of these in one directory. `race swap`: turns "d" again and again from a directory into a
 * link that leads out and back, until "stop" appears. `race look`: meanwhile opens, makes and
 * removes names below "d"; fails if it ever gets what is outside. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define WANTED 200 /* of each outcome, so that both states of "d" were met often */

static void fail(const char *what) {
  fprintf(stderr, "%s: %s\n", what, strerror(errno));
  exit(1);
}

static int swap(void) {
  struct stat status;
  while (stat("stop", &status)) {
    if (rename("d", "aside") || symlink("../outside", "d"))
      fail("turning d into a link");
    if (unlink("d") || rename("aside", "d"))
      fail("turning d back");
  }
  return 0;
}

/* What a name may turn out to be while it changes. */
static bool is_refusal(int error) {
  return error == ENOENT || error == EPERM || error == ENOTCAPABLE || error == ELOOP ||
         error == ENOTDIR || error == ESTALE || error == EEXIST;
}

/* True if the file inside was read. */
static bool read_inside(const char *path) {
  char text[16] = {0};
  int fd = open(path, O_RDONLY);
  if (fd < 0) {
    if (!is_refusal(errno))
      fail(path);
    return false;
  }
  if (read(fd, text, sizeof text - 1) < 0 || strcmp(text, "inside")) {
    fprintf(stderr, "%s: read \"%s\"\n", path, text);
    exit(1);
  }
  close(fd);
  return true;
}

static void make_and_remove(const char *path) {
  int fd = open(path, O_CREAT | O_WRONLY, 0600);
  if (fd >= 0)
    close(fd);
  else if (!is_refusal(errno))
    fail(path);
  if ((mkdir("d/made", 0700) || rmdir("d/made")) && !is_refusal(errno))
    fail("d/made");
  if (unlink(path) && !is_refusal(errno))
    fail(path);
}

static int look(void) {
  long inside = 0, refused = 0;
  while (inside < WANTED || refused < WANTED) {
    if (read_inside("d/secret"))
      inside++;
    else
      refused++;
    read_inside("d/../d/./secret");
    make_and_remove("d/new");
  }
  return 0;
}

int main(int argc, char **argv) {
  if (argc != 2)
    return 2;
  return strcmp(argv[1], "swap") ? look() : swap();
}
