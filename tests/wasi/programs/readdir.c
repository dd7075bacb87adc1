/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* fd_readdir: every entry once, cookies, entries cut at the buffer's end. */
#include "check.h"

enum { FILES = 300 };

struct seen {
  int files[FILES];
  int dot, dot_dot, sub, link, others;
};

static void note_entry(struct seen *seen, const __wasi_dirent_t *entry, const char *name) {
  char text[256] = {0};
  memcpy(text, name, entry->d_namlen);
  int number = -1, type = __WASI_FILETYPE_DIRECTORY;
  if (!strcmp(text, ".")) {
    seen->dot++;
  } else if (!strcmp(text, "..")) {
    seen->dot_dot++;
  } else if (!strcmp(text, "sub")) {
    seen->sub++;
  } else if (!strcmp(text, "link")) {
    seen->link++;
    type = __WASI_FILETYPE_SYMBOLIC_LINK;
  } else if (sscanf(text, "file-number-%d", &number) == 1 && number >= 0 && number < FILES) {
    seen->files[number]++;
    type = __WASI_FILETYPE_REGULAR_FILE;
  } else {
    seen->others++;
    return;
  }
  CHECK_EQUAL(type, entry->d_type);
}

/* Lists with a buffer of that size; returns the number of calls. */
static int list(int dir, size_t size, struct seen *seen) {
  static uint8_t buffer[1 << 16];
  __wasi_dircookie_t cookie = __WASI_DIRCOOKIE_START;
  memset(seen, 0, sizeof *seen);
  for (int calls = 1;; calls++) {
    __wasi_size_t used;
    CHECK_OK(__wasi_fd_readdir(dir, buffer, size, cookie, &used));
    CHECK(used <= size);
    for (size_t at = 0; at + sizeof(__wasi_dirent_t) <= used;) {
      __wasi_dirent_t entry;
      memcpy(&entry, buffer + at, sizeof entry);
      at += sizeof entry;
      if (at + entry.d_namlen > used)
        break; /* cut: it comes again */
      CHECK(entry.d_next && entry.d_namlen > 0 && entry.d_namlen < 256);
      note_entry(seen, &entry, (const char *)buffer + at);
      at += entry.d_namlen;
      cookie = entry.d_next;
    }
    if (used < size)
      return calls;
  }
}

static void check_complete(const struct seen *seen) {
  CHECK(seen->dot == 1 && seen->dot_dot == 1 && seen->sub == 1 && seen->link == 1);
  CHECK_EQUAL(0, seen->others);
  for (int i = 0; i < FILES; i++)
    CHECK_EQUAL(1, seen->files[i]);
}

static void name_file(char name[32], int i) {
  snprintf(name, 32, "file-number-%d", i);
}

/* The number of a directory's "." is that of the directory, a file's is the file's. */
static void test_empty(int dir) {
  uint8_t buffer[256];
  __wasi_size_t used;
  __wasi_filestat_t stat;
  CHECK_OK(__wasi_fd_filestat_get(dir, &stat));
  CHECK_OK(__wasi_fd_readdir(dir, buffer, sizeof buffer, 0, &used));
  CHECK_EQUAL(2 * sizeof(__wasi_dirent_t) + 3, used);
  __wasi_dirent_t entry;
  memcpy(&entry, buffer, sizeof entry);
  bool first_is_dot = entry.d_namlen == 1;
  if (!first_is_dot)
    memcpy(&entry, buffer + sizeof entry + 2, sizeof entry);
  CHECK_EQUAL(1, entry.d_namlen);
  CHECK_EQUAL(stat.ino, entry.d_ino);
  /* From behind the last entry there is nothing. */
  memcpy(&entry, buffer + sizeof entry + (first_is_dot ? 1 : 2), sizeof entry);
  CHECK_OK(__wasi_fd_readdir(dir, buffer, sizeof buffer, entry.d_next, &used));
  CHECK_EQUAL(0, used);
  /* A buffer too small for one entry gets its beginning, one of no size nothing. */
  CHECK_OK(__wasi_fd_readdir(dir, buffer, 10, 0, &used));
  CHECK_EQUAL(10, used);
  CHECK_OK(__wasi_fd_readdir(dir, buffer, 0, 0, &used));
  CHECK_EQUAL(0, used);
}

/* What is above the preopened directory does not show, not even its number. */
static void test_above(void) {
  uint8_t buffer[4096];
  __wasi_size_t used;
  __wasi_filestat_t here;
  CHECK_OK(__wasi_fd_filestat_get(SCRATCH, &here));
  CHECK_OK(__wasi_fd_readdir(SCRATCH, buffer, sizeof buffer, 0, &used));
  int dots = 0;
  for (size_t at = 0; at + sizeof(__wasi_dirent_t) < used;) {
    __wasi_dirent_t entry;
    memcpy(&entry, buffer + at, sizeof entry);
    at += sizeof entry;
    if (buffer[at] == '.') {
      CHECK_EQUAL(here.ino, entry.d_ino);
      dots++;
    }
    at += entry.d_namlen;
  }
  CHECK_EQUAL(2, dots);
}

/* What stays is listed once although other entries go while the listing is under way. */
static void test_removal(int dir) {
  uint8_t buffer[512];
  __wasi_size_t used;
  __wasi_dircookie_t cookie = 0;
  int kept = 0;
  char name[32];
  do {
    CHECK_OK(__wasi_fd_readdir(dir, buffer, sizeof buffer, cookie, &used));
    for (size_t at = 0; at + sizeof(__wasi_dirent_t) <= used;) {
      __wasi_dirent_t entry;
      memcpy(&entry, buffer + at, sizeof entry);
      at += sizeof entry;
      if (at + entry.d_namlen > used)
        break;
      int number;
      char text[256] = {0};
      memcpy(text, buffer + at, entry.d_namlen);
      at += entry.d_namlen;
      cookie = entry.d_next;
      if (sscanf(text, "file-number-%d", &number) != 1)
        continue;
      name_file(name, number);
      if (number % 2)
        CHECK_OK(__wasi_path_unlink_file(dir, name));
      else
        kept++;
    }
  } while (used == sizeof buffer);
  CHECK_EQUAL(FILES / 2, kept);
}

int main(void) {
  static struct seen seen;
  char name[32];
  CHECK_OK(__wasi_path_create_directory(SCRATCH, "dir"));
  __wasi_fd_t dir = open_directory(SCRATCH, "dir");
  test_empty(dir);
  test_above();
  CHECK_OK(__wasi_path_create_directory(dir, "sub"));
  CHECK_OK(__wasi_path_symlink("sub", dir, "link"));
  for (int i = 0; i < FILES; i++) {
    name_file(name, i);
    make_file(dir, name, "");
  }
  CHECK_EQUAL(1, list(dir, 1 << 16, &seen));
  check_complete(&seen);
  CHECK(list(dir, 4096, &seen) > 1);
  check_complete(&seen);
  CHECK(list(dir, 61, &seen) > FILES / 2);
  check_complete(&seen);
  test_removal(dir);

  __wasi_size_t used;
  uint8_t buffer[8];
  __wasi_fd_t file = open_file(dir, "file-number-0");
  CHECK_ERRNO(NOTDIR, __wasi_fd_readdir(file, buffer, sizeof buffer, 0, &used));
  CHECK_OK(__wasi_fd_close(file));
  CHECK_ERRNO(BADF, __wasi_fd_readdir(77, buffer, sizeof buffer, 0, &used));
  uint32_t out = (uint32_t)(uintptr_t)&used;
  CHECK_ERRNO(FAULT, raw_fd_readdir((uint32_t)dir, memory_end() - 8, 9, 0, out));
  CHECK_ERRNO(FAULT, raw_fd_readdir((uint32_t)dir, 0, UINT32_MAX, 0, out));
  CHECK_ERRNO(FAULT, raw_fd_readdir((uint32_t)dir, 0, 64, 0, memory_end()));
  CHECK_OK(__wasi_fd_close(dir));
  return 0;
}
