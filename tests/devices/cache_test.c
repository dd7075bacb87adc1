/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the FUSE client remembers and sends later: how many notifications that saves, that it is
 * never older than the mode allows, and that a program always sees its own changes. The clock is
 * the test's. */
#include "tests/devices/harness.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECOND 1000000000ull
#define RDWR_CREATE (WASI_O_RDWR | WASI_O_CREAT)

struct share {
  struct harness h;
  char path[64];
  int dir; /* what the host does behind the client's back */
  struct wasi_fs *fs;
  const struct wasi_fs_ops *ops;
};

static void share_open(struct share *s, enum fs_cache cache) {
  harness_open(&s->h);
  harness_scatter(&s->h);
  make_tree(s->path);
  s->dir = open(s->path, O_RDONLY | O_DIRECTORY);
  s->fs = harness_add_fs(&s->h, s->path, false, cache);
  s->ops = s->fs->ops;
  s->h.now = 5 * SECOND;
}

static void share_close(struct share *s) {
  harness_close(&s->h);
  close(s->dir);
  remove_tree(s->path);
}

/* ---- Short forms ----------------------------------------------------------------------------- */

/* Notifications since the last time. */
static unsigned spent(struct share *s) {
  unsigned count = s->h.notifications;
  s->h.notifications = 0;
  return count;
}

static wasi_node look(struct share *s, const char *name) {
  wasi_node node = 0;
  struct wasi_attr attr;
  EXPECT_EQUAL(s->ops->lookup(s->fs, WASI_ROOT_NODE, name, strlen(name), &node, &attr), 0);
  return node;
}

/* What a stat of a name says: its size, or -errno. */
static int64_t size_of(struct share *s, const char *name) {
  wasi_node node;
  struct wasi_attr attr;
  int error = s->ops->lookup(s->fs, WASI_ROOT_NODE, name, strlen(name), &node, &attr);
  if (error)
    return -error;
  if (attr.in_doubt)
    EXPECT_EQUAL(s->ops->getattr(s->fs, node, 0, &attr), 0);
  s->ops->forget(s->fs, node);
  return (int64_t)attr.size;
}

static uint64_t links_of(struct share *s, const char *name) {
  struct wasi_attr attr = {0};
  wasi_node node = look(s, name);
  EXPECT_EQUAL(s->ops->getattr(s->fs, node, 0, &attr), 0);
  s->ops->forget(s->fs, node);
  return attr.nlink;
}

static wasi_handle open_node(struct share *s, wasi_node node, uint32_t flags) {
  wasi_handle handle = 0;
  EXPECT_EQUAL(s->ops->open(s->fs, node, flags, &handle), 0);
  return handle;
}

static wasi_node make(struct share *s, const char *name, uint32_t flags, wasi_handle *handle) {
  wasi_node node = 0;
  struct wasi_attr attr;
  EXPECT_EQUAL(
      s->ops->create(s->fs, WASI_ROOT_NODE, name, strlen(name), flags, 0666, &node, handle, &attr),
      0);
  return node;
}

static void drop(struct share *s, wasi_node node, wasi_handle handle) {
  EXPECT_EQUAL(s->ops->release(s->fs, node, handle), 0);
  s->ops->forget(s->fs, node);
}

/* Reads at most `length` bytes as a string. */
static const char *text_at(struct share *s, wasi_node node, wasi_handle handle, uint64_t offset,
                           size_t length) {
  char *bytes = (char *)s->h.linear;
  struct wasi_slice slice = {bytes, length};
  size_t count = 0;
  EXPECT_EQUAL(s->ops->read(s->fs, node, handle, offset, &slice, 1, &count), 0);
  bytes[count] = 0;
  return bytes;
}

#define EXPECT_TEXT(have, want) EXPECT_EQUAL(strcmp((have), (want)), 0)

static int write_text(struct share *s, wasi_node node, wasi_handle handle, uint64_t offset,
                      const char *text) {
  struct wasi_slice slice = {s->h.linear + 4096, strlen(text)};
  memcpy(slice.bytes, text, slice.length);
  size_t count = 0;
  int error = s->ops->write(s->fs, node, handle, offset, &slice, 1, &count);
  EXPECT_EQUAL(count, error ? 0 : strlen(text));
  return error;
}

static void host_write(struct share *s, const char *name, const char *text) {
  int fd = openat(s->dir, name, O_WRONLY | O_CREAT | O_TRUNC, 0666);
  EXPECT(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
  close(fd);
}

/* In place: the same length, the same inode. */
static void host_patch(struct share *s, const char *name, off_t at, const char *text) {
  int fd = openat(s->dir, name, O_WRONLY);
  EXPECT(fd >= 0 && pwrite(fd, text, strlen(text), at) == (ssize_t)strlen(text));
  close(fd);
}

static const char *host_text(struct share *s, const char *name) {
  static char text[4096];
  int fd = openat(s->dir, name, O_RDONLY);
  ssize_t got = fd < 0 ? 0 : read(fd, text, sizeof text - 1);
  close(fd);
  text[got < 0 ? 0 : got] = 0;
  return text;
}

static void host_fill(struct share *s, const char *name, size_t size) {
  int fd = openat(s->dir, name, O_WRONLY | O_CREAT | O_TRUNC, 0666);
  char *bytes = malloc(size);
  for (size_t i = 0; i < size; i++)
    bytes[i] = (char)(i * 7 + (i >> 12));
  EXPECT(fd >= 0 && write(fd, bytes, size) == (ssize_t)size);
  free(bytes);
  close(fd);
}

/* ---- Names and attributes -------------------------------------------------------------------- */

static void test_names(void) {
  struct share s;
  share_open(&s, FS_CACHE_AUTO);
  test("auto: a name is looked up once in a second");
  host_write(&s, "a", "12345");
  EXPECT_EQUAL(size_of(&s, "a"), 5);
  spent(&s);
  EXPECT_EQUAL(size_of(&s, "a"), 5);
  EXPECT_EQUAL(spent(&s), 0);
  host_write(&s, "a", "123456789");
  s.h.now += SECOND - 1;
  EXPECT_EQUAL(size_of(&s, "a"), 5);
  EXPECT_EQUAL(spent(&s), 0);
  s.h.now += 1;
  EXPECT_EQUAL(size_of(&s, "a"), 9);
  EXPECT_EQUAL(spent(&s), 1);

  test("auto: what the host removes is gone after a second, what it makes is seen at once");
  EXPECT_EQUAL(unlinkat(s.dir, "a", 0), 0);
  EXPECT_EQUAL(size_of(&s, "b"), -ENOENT);
  host_write(&s, "b", "new");
  EXPECT_EQUAL(size_of(&s, "b"), 3);
  s.h.now += SECOND;
  EXPECT_EQUAL(size_of(&s, "a"), -ENOENT);
  share_close(&s);

  share_open(&s, FS_CACHE_NONE);
  test("none: every change of the host is seen at once");
  host_write(&s, "a", "12345");
  EXPECT_EQUAL(size_of(&s, "a"), 5);
  host_write(&s, "a", "1");
  EXPECT_EQUAL(size_of(&s, "a"), 1);
  EXPECT_EQUAL(unlinkat(s.dir, "a", 0), 0);
  EXPECT_EQUAL(size_of(&s, "a"), -ENOENT);
  share_close(&s);

  share_open(&s, FS_CACHE_ALWAYS);
  test("always: for a day");
  host_write(&s, "a", "12345");
  EXPECT_EQUAL(size_of(&s, "a"), 5);
  host_write(&s, "a", "1");
  s.h.now += 24 * 60 * 60 * SECOND - 1;
  EXPECT_EQUAL(size_of(&s, "a"), 5);
  s.h.now += 1;
  EXPECT_EQUAL(size_of(&s, "a"), 1);
  share_close(&s);
}

static void test_own_changes(void) {
  struct share s;
  share_open(&s, FS_CACHE_ALWAYS);
  wasi_handle handle;
  test("own changes of names are never hidden");
  wasi_node node = make(&s, "one", RDWR_CREATE, &handle);
  EXPECT_EQUAL(size_of(&s, "two"), -ENOENT);
  EXPECT_EQUAL(s.ops->link(s.fs, node, WASI_ROOT_NODE, "two", 3), 0);
  EXPECT_EQUAL(links_of(&s, "one"), 2);
  EXPECT_EQUAL(links_of(&s, "two"), 2);
  EXPECT_EQUAL(s.ops->unlink(s.fs, WASI_ROOT_NODE, "two", 3), 0);
  EXPECT_EQUAL(size_of(&s, "two"), -ENOENT);
  EXPECT_EQUAL(links_of(&s, "one"), 1);
  EXPECT_EQUAL(s.ops->rename(s.fs, WASI_ROOT_NODE, "one", 3, WASI_ROOT_NODE, "three", 5), 0);
  EXPECT_EQUAL(size_of(&s, "one"), -ENOENT);
  EXPECT_EQUAL(size_of(&s, "three"), 0);

  test("a name that we remove unseen takes a link from the file we know");
  EXPECT_EQUAL(linkat(s.dir, "three", s.dir, "behind", 0), 0);
  EXPECT_EQUAL(s.ops->link(s.fs, node, WASI_ROOT_NODE, "four", 4), 0);
  EXPECT_EQUAL(links_of(&s, "three"), 3);
  EXPECT_EQUAL(s.ops->unlink(s.fs, WASI_ROOT_NODE, "behind", 6), 0);
  EXPECT_EQUAL(links_of(&s, "three"), 2);

  test("own writes and truncations are seen by size and by stat");
  EXPECT_EQUAL(write_text(&s, node, handle, 3, "text"), 0);
  uint64_t size = 0;
  EXPECT_EQUAL(s.ops->size(s.fs, node, handle, &size), 0);
  EXPECT_EQUAL(size, 7);
  EXPECT_EQUAL(size_of(&s, "three"), 7);
  EXPECT_EQUAL(size_of(&s, "four"), 7);
  struct wasi_setattr set = {.valid = WASI_SET_SIZE, .size = 2};
  EXPECT_EQUAL(s.ops->setattr(s.fs, node, 0, &set), 0);
  EXPECT_EQUAL(size_of(&s, "four"), 2);
  EXPECT_EQUAL(s.ops->allocate(s.fs, node, handle, 0, 100), 0);
  EXPECT_EQUAL(s.ops->size(s.fs, node, handle, &size), 0);
  EXPECT_EQUAL(size, 100);
  wasi_handle truncated = open_node(&s, node, WASI_O_RDWR | WASI_O_TRUNC);
  EXPECT_EQUAL(s.ops->size(s.fs, node, handle, &size), 0);
  EXPECT_EQUAL(size, 0);
  EXPECT_EQUAL(s.ops->release(s.fs, node, truncated), 0);

  test("a directory's times follow what we make in it, without looking it up again");
  struct wasi_attr before, after;
  wasi_node dir, again;
  EXPECT_EQUAL(s.ops->mkdir(s.fs, WASI_ROOT_NODE, "d", 1, 0777), 0);
  EXPECT_EQUAL(s.ops->lookup(s.fs, WASI_ROOT_NODE, "d", 1, &dir, &before), 0);
  EXPECT_EQUAL(s.ops->mkdir(s.fs, dir, "sub", 3, 0777), 0);
  spent(&s);
  EXPECT_EQUAL(s.ops->lookup(s.fs, WASI_ROOT_NODE, "d", 1, &again, &after), 0);
  EXPECT_EQUAL(spent(&s), 0);
  EXPECT(after.in_doubt);
  EXPECT_EQUAL(s.ops->getattr(s.fs, dir, 0, &after), 0);
  EXPECT_EQUAL(after.nlink, before.nlink + 1);
  s.ops->forget(s.fs, dir);
  s.ops->forget(s.fs, again);
  drop(&s, node, handle);
  share_close(&s);
}

/* ---- Reading --------------------------------------------------------------------------------- */

static void test_read_ahead(void) {
  struct share s;
  const size_t size = 2 << 20;
  share_open(&s, FS_CACHE_AUTO);
  host_fill(&s, "file", size);
  uint8_t *bytes = malloc(size);
  int fd = openat(s.dir, "file", O_RDONLY);
  EXPECT_EQUAL(read(fd, bytes, size), size);
  close(fd);
  test("small reads in a row: one request for 128 KiB or more, and the right bytes");
  wasi_node node = look(&s, "file");
  wasi_handle handle = open_node(&s, node, WASI_O_RDONLY);
  spent(&s);
  size_t wrong = 0, done = 0;
  for (size_t count = 1; count > 0; done += count) {
    struct wasi_slice slices[2] = {{s.h.linear + 9, 1000}, {s.h.linear + 5000, 777}};
    EXPECT_EQUAL(s.ops->read(s.fs, node, handle, done, slices, 2, &count), 0);
    size_t first = count < 1000 ? count : 1000;
    wrong += memcmp(s.h.linear + 9, bytes + done, first) != 0;
    wrong += memcmp(s.h.linear + 5000, bytes + done + first, count - first) != 0;
  }
  EXPECT_EQUAL(done, size);
  EXPECT_EQUAL(wrong, 0);
  EXPECT(spent(&s) <= size / (128 << 10));

  test("reads here and there ask for what they want, each once");
  for (size_t i = 0; i < 20; i++) {
    uint64_t at = (i * 7919 % 20) * 100000 + 50;
    EXPECT_EQUAL(memcmp(text_at(&s, node, handle, at, 64), bytes + at, 64), 0);
  }
  unsigned requests = spent(&s);
  EXPECT(requests >= 15 && requests <= 20); /* some lie in what was read before */

  test("a large read is one request, straight to its place");
  struct wasi_slice slice = {s.h.linear, 300 << 10};
  size_t count;
  EXPECT_EQUAL(s.ops->read(s.fs, node, handle, 0, &slice, 1, &count), 0);
  EXPECT_EQUAL(count, 300 << 10);
  EXPECT_EQUAL(memcmp(s.h.linear, bytes, count), 0);
  EXPECT(spent(&s) <= 3); /* scattered memory takes more descriptors than a request has */
  drop(&s, node, handle);

  test("more files read in turn than there are windows");
  for (int i = 0; i < 12; i++) {
    char name[16];
    snprintf(name, sizeof name, "turn%d", i);
    EXPECT_EQUAL(linkat(s.dir, "file", s.dir, name, 0), 0);
  }
  wasi_node nodes[12];
  wasi_handle handles[12];
  for (int i = 0; i < 12; i++) {
    nodes[i] = look(&s, "file");
    handles[i] = open_node(&s, nodes[i], WASI_O_RDONLY);
  }
  wrong = 0;
  for (size_t at = 0; at < 40; at++)
    for (int i = 0; i < 12; i++)
      wrong += memcmp(text_at(&s, nodes[i], handles[i], at * 100, 100), bytes + at * 100, 100) != 0;
  EXPECT_EQUAL(wrong, 0);
  for (int i = 0; i < 12; i++)
    drop(&s, nodes[i], handles[i]);
  free(bytes);
  share_close(&s);
}

/* The host changes a file between two reads. */
static void test_host_changes(void) {
  struct share s;
  share_open(&s, FS_CACHE_AUTO);
  host_write(&s, "f", "aaaabbbbcccc");
  wasi_node node = look(&s, "f");
  wasi_handle handle = open_node(&s, node, WASI_O_RDONLY);
  test("auto: bytes read ahead are a second old at most");
  EXPECT_TEXT(text_at(&s, node, handle, 0, 4), "aaaa");
  host_patch(&s, "f", 4, "BBBB");
  EXPECT_TEXT(text_at(&s, node, handle, 4, 4), "bbbb");
  s.h.now += SECOND;
  EXPECT_TEXT(text_at(&s, node, handle, 4, 4), "BBBB");
  EXPECT_TEXT(text_at(&s, node, handle, 8, 4), "cccc");

  test("auto: what is opened is read as it is now");
  EXPECT_TEXT(text_at(&s, node, handle, 0, 12), "aaaaBBBBcccc");
  host_patch(&s, "f", 0, "AAAA");
  wasi_handle fresh = open_node(&s, node, WASI_O_RDONLY);
  EXPECT_TEXT(text_at(&s, node, fresh, 0, 12), "AAAABBBBcccc");
  EXPECT_EQUAL(s.ops->release(s.fs, node, fresh), 0);

  test("auto: a file that grows is followed");
  s.h.now += SECOND;
  EXPECT_TEXT(text_at(&s, node, handle, 0, 100), "AAAABBBBcccc");
  spent(&s);
  EXPECT_TEXT(text_at(&s, node, handle, 12, 100), ""); /* the end costs nothing once, */
  EXPECT_EQUAL(spent(&s), 0);
  host_patch(&s, "f", 12, "dddd");
  EXPECT_TEXT(text_at(&s, node, handle, 12, 100), "dddd"); /* and is asked for then */

  test("auto: a file that is truncated while it is read");
  host_fill(&s, "large", 1 << 20);
  wasi_node large = look(&s, "large");
  wasi_handle reader = open_node(&s, large, WASI_O_RDONLY);
  size_t got = strlen(text_at(&s, large, reader, 1, 1000));
  EXPECT(got > 0);
  int fd = openat(s.dir, "large", O_WRONLY);
  EXPECT_EQUAL(ftruncate(fd, 500), 0);
  close(fd);
  s.h.now += SECOND;
  struct wasi_slice slice = {s.h.linear, 1000};
  size_t count = 7;
  EXPECT_EQUAL(s.ops->read(s.fs, large, reader, 1001, &slice, 1, &count), 0);
  EXPECT_EQUAL(count, 0);
  EXPECT_EQUAL(s.ops->read(s.fs, large, reader, 0, &slice, 1, &count), 0);
  EXPECT_EQUAL(count, 500);
  drop(&s, large, reader);
  drop(&s, node, handle);
  share_close(&s);

  share_open(&s, FS_CACHE_NONE);
  test("none: the host's bytes at each read");
  host_write(&s, "f", "aaaabbbb");
  node = look(&s, "f");
  handle = open_node(&s, node, WASI_O_RDONLY);
  EXPECT_TEXT(text_at(&s, node, handle, 0, 4), "aaaa");
  host_patch(&s, "f", 4, "BBBB");
  EXPECT_TEXT(text_at(&s, node, handle, 4, 4), "BBBB");
  drop(&s, node, handle);
  share_close(&s);

  share_open(&s, FS_CACHE_ALWAYS);
  test("always: bytes read ahead stay until the file is opened again");
  host_write(&s, "f", "aaaabbbb");
  node = look(&s, "f");
  handle = open_node(&s, node, WASI_O_RDONLY);
  EXPECT_TEXT(text_at(&s, node, handle, 0, 4), "aaaa");
  host_patch(&s, "f", 4, "BBBB");
  s.h.now += 3600 * SECOND;
  EXPECT_TEXT(text_at(&s, node, handle, 4, 4), "bbbb");
  drop(&s, node, handle);
  share_close(&s);
}

/* Whatever is remembered, own writes are read back: through another handle, another name. */
static void test_own_writes(void) {
  struct share s;
  share_open(&s, FS_CACHE_ALWAYS);
  host_write(&s, "f", "aaaabbbbcccc");
  EXPECT_EQUAL(linkat(s.dir, "f", s.dir, "g", 0), 0);
  wasi_node node = look(&s, "f"), other = look(&s, "g");
  wasi_handle reader = open_node(&s, node, WASI_O_RDONLY);
  wasi_handle writer = open_node(&s, other, WASI_O_RDWR);
  wasi_handle appender = open_node(&s, node, WASI_O_WRONLY | WASI_O_APPEND);
  test("a read sees the write before it, through another name and handle");
  EXPECT_TEXT(text_at(&s, node, reader, 0, 4), "aaaa");
  EXPECT_EQUAL(write_text(&s, other, writer, 4, "XXXX"), 0);
  EXPECT_TEXT(text_at(&s, node, reader, 4, 4), "XXXX");
  EXPECT_TEXT(text_at(&s, node, reader, 8, 100), "cccc");
  EXPECT_TEXT(text_at(&s, node, reader, 12, 100), "");

  test("and the append, and the truncation");
  EXPECT_TEXT(text_at(&s, node, reader, 8, 100), "cccc");
  EXPECT_EQUAL(write_text(&s, node, appender, 0, "dd"), 0);
  EXPECT_TEXT(text_at(&s, node, reader, 12, 100), "dd");
  uint64_t size = 0;
  EXPECT_EQUAL(s.ops->size(s.fs, node, reader, &size), 0);
  EXPECT_EQUAL(size, 14);
  struct wasi_setattr set = {.valid = WASI_SET_SIZE, .size = 5};
  EXPECT_EQUAL(s.ops->setattr(s.fs, other, writer, &set), 0);
  EXPECT_TEXT(text_at(&s, node, reader, 0, 100), "aaaaX");
  set.size = 7;
  EXPECT_EQUAL(s.ops->setattr(s.fs, other, 0, &set), 0);
  EXPECT_EQUAL(memcmp(text_at(&s, node, reader, 5, 100), "\0\0", 3), 0);
  EXPECT_EQUAL(s.ops->release(s.fs, node, appender), 0);
  drop(&s, node, reader);
  drop(&s, other, writer);
  share_close(&s);
}

/* ---- Writing later --------------------------------------------------------------------------- */

static void poll_device(struct share *s) {
  struct guest_fault fault;
  bool any = false;
  EXPECT_EQUAL(device_poll(s->h.devices[0], &any, &fault), DEVICE_OK);
}

static void set_polling(struct share *s, bool polling) {
  struct guest_fault fault;
  EXPECT_EQUAL(device_set_polling(s->h.devices[0], polling, &fault), DEVICE_OK);
}

static void test_posted_writes(void) {
  struct share s;
  wasi_handle handle;
  share_open(&s, FS_CACHE_AUTO);
  wasi_node node = make(&s, "log", RDWR_CREATE, &handle);
  wasi_handle other = open_node(&s, node, WASI_O_RDWR);
  test("small writes wait for the next exit where the device looks by itself");
  EXPECT_EQUAL(write_text(&s, node, handle, 0, "one "), 0);
  EXPECT_TEXT(host_text(&s, "log"), "one ");
  set_polling(&s, true);
  spent(&s);
  EXPECT_EQUAL(write_text(&s, node, handle, 4, "two "), 0);
  EXPECT_EQUAL(write_text(&s, node, handle, 8, "three "), 0);
  EXPECT_EQUAL(spent(&s), 0);
  EXPECT_TEXT(host_text(&s, "log"), "one ");
  poll_device(&s);
  EXPECT_TEXT(host_text(&s, "log"), "one two three ");

  test("a read, through another handle, comes after them; so do stat, fsync and close");
  EXPECT_EQUAL(write_text(&s, node, handle, 0, "ONE"), 0);
  EXPECT_TEXT(text_at(&s, node, other, 0, 7), "ONE two");
  EXPECT_EQUAL(write_text(&s, node, handle, 14, "four"), 0);
  EXPECT_EQUAL(size_of(&s, "log"), 18);
  EXPECT_TEXT(host_text(&s, "log"), "ONE two three four");
  EXPECT_EQUAL(write_text(&s, node, handle, 4, "TWO"), 0);
  EXPECT_EQUAL(s.ops->fsync(s.fs, node, handle, false, false), 0);
  EXPECT_TEXT(host_text(&s, "log"), "ONE TWO three four");
  EXPECT_EQUAL(write_text(&s, node, other, 8, "THREE"), 0);
  EXPECT_EQUAL(s.ops->release(s.fs, node, other), 0);
  EXPECT_TEXT(host_text(&s, "log"), "ONE TWO THREE four");

  test("a thousand of them cost few notifications, and are in order");
  spent(&s);
  char want[4001] = "";
  for (int i = 0; i < 1000; i++) {
    char text[8];
    snprintf(text, sizeof text, "%04d", i);
    EXPECT_EQUAL(write_text(&s, node, handle, (uint64_t)i * 4, text), 0);
    memcpy(want + i * 4, text, 5);
  }
  EXPECT(spent(&s) <= 20);
  poll_device(&s);
  EXPECT_TEXT(host_text(&s, "log"), want);

  test("a synchronous handle's and a large one do not wait");
  wasi_handle synchronous = open_node(&s, node, WASI_O_RDWR | WASI_O_DSYNC);
  EXPECT_EQUAL(write_text(&s, node, synchronous, 0, "sync"), 0);
  EXPECT_EQUAL(memcmp(host_text(&s, "log"), "sync", 4), 0);
  struct wasi_slice slice = {s.h.linear, 20000};
  size_t count;
  memset(s.h.linear, 'L', slice.length);
  EXPECT_EQUAL(s.ops->write(s.fs, node, handle, 0, &slice, 1, &count), 0);
  EXPECT_EQUAL(memcmp(host_text(&s, "log"), "LLLL", 4), 0);
  EXPECT_EQUAL(s.ops->release(s.fs, node, synchronous), 0);

  test("closing what was only read costs nothing, and leaves nothing open");
  unsigned before = count_descriptors();
  spent(&s);
  other = open_node(&s, node, WASI_O_RDONLY);
  EXPECT_EQUAL(s.ops->release(s.fs, node, other), 0);
  EXPECT_EQUAL(spent(&s), 1);
  poll_device(&s);
  EXPECT_EQUAL(count_descriptors(), before);

  test("where the device does not look, nothing waits");
  set_polling(&s, false);
  EXPECT_EQUAL(write_text(&s, node, handle, 0, "now"), 0);
  EXPECT_EQUAL(memcmp(host_text(&s, "log"), "nowL", 4), 0);
  drop(&s, node, handle);
  share_close(&s);

  share_open(&s, FS_CACHE_NONE);
  test("none: nothing waits either");
  set_polling(&s, true);
  node = make(&s, "log", RDWR_CREATE, &handle);
  EXPECT_EQUAL(write_text(&s, node, handle, 0, "now"), 0);
  EXPECT_TEXT(host_text(&s, "log"), "now");
  drop(&s, node, handle);
  share_close(&s);
}

/* A file size limit stands in for a full disk. */
static void test_posted_errors(void) {
  struct share s;
  wasi_handle handle;
  struct rlimit old, limit;
  share_open(&s, FS_CACHE_AUTO);
  wasi_node node = make(&s, "full", RDWR_CREATE, &handle);
  set_polling(&s, true);
  signal(SIGXFSZ, SIG_IGN);
  getrlimit(RLIMIT_FSIZE, &old);
  limit = old;
  limit.rlim_cur = 10;
  setrlimit(RLIMIT_FSIZE, &limit);
  test("the error of a write that waited meets the next one, once");
  EXPECT_EQUAL(write_text(&s, node, handle, 20, "lost"), 0);
  poll_device(&s);
  EXPECT_EQUAL(write_text(&s, node, handle, 0, "fits"), EFBIG);
  EXPECT_EQUAL(write_text(&s, node, handle, 0, "fits"), 0);

  test("or fsync");
  EXPECT_EQUAL(write_text(&s, node, handle, 20, "lost"), 0);
  EXPECT_EQUAL(s.ops->fsync(s.fs, node, handle, false, false), EFBIG);
  EXPECT_EQUAL(s.ops->fsync(s.fs, node, handle, false, false), 0);

  test("one that fitted in part says why the rest did not");
  EXPECT_EQUAL(write_text(&s, node, handle, 8, "half"), 0);
  EXPECT_EQUAL(s.ops->fsync(s.fs, node, handle, true, false), EFBIG);
  EXPECT_EQUAL(size_of(&s, "full"), 10);

  test("or closing, and the size is the true one");
  EXPECT_EQUAL(write_text(&s, node, handle, 20, "lost"), 0);
  EXPECT_EQUAL(s.ops->release(s.fs, node, handle), EFBIG);
  EXPECT_EQUAL(size_of(&s, "full"), 10);
  setrlimit(RLIMIT_FSIZE, &old);
  s.ops->forget(s.fs, node);
  share_close(&s);
}

/* ---- Listing --------------------------------------------------------------------------------- */

struct list {
  unsigned count, stop_after;
  uint64_t last;
};

static bool list_one(void *context, const struct wasi_dirent *entry) {
  struct list *list = context;
  if (list->stop_after == 0)
    return false;
  list->stop_after--;
  list->count++;
  list->last = entry->next;
  return true;
}

/* Lists on, `step` entries at a time, to the end. */
static unsigned list_all(struct share *s, wasi_handle handle, unsigned step, uint64_t from) {
  struct list list = {.last = from};
  for (unsigned before = UINT32_MAX; list.count != before;) {
    before = list.count;
    list.stop_after = step;
    EXPECT_EQUAL(s->ops->readdir(s->fs, WASI_ROOT_NODE, handle, list.last, list_one, &list), 0);
  }
  return list.count;
}

static void test_listing(void) {
  struct share s;
  char name[32];
  wasi_handle handle;
  share_open(&s, FS_CACHE_AUTO);
  test("5000 entries, ten at a time, in three requests");
  for (unsigned i = 0; i < 5000; i++) {
    snprintf(name, sizeof name, "entry-%u", i);
    close(openat(s.dir, name, O_WRONLY | O_CREAT, 0666));
  }
  EXPECT_EQUAL(s.ops->opendir(s.fs, WASI_ROOT_NODE, &handle), 0);
  spent(&s);
  EXPECT_EQUAL(list_all(&s, handle, 10, 0), 5002);
  EXPECT(spent(&s) <= 4);

  test("a listing from its start sees what is there now");
  close(openat(s.dir, "one-more", O_WRONLY | O_CREAT, 0666));
  EXPECT_EQUAL(list_all(&s, handle, 100, 0), 5003);

  test("own removals between two pieces: the rest is listed, each once");
  struct list list = {.stop_after = 2500};
  EXPECT_EQUAL(s.ops->readdir(s.fs, WASI_ROOT_NODE, handle, 0, list_one, &list), 0);
  EXPECT_EQUAL(s.ops->unlink(s.fs, WASI_ROOT_NODE, "one-more", 8), 0);
  unsigned rest = list_all(&s, handle, 100, list.last);
  EXPECT(rest == 2502 || rest == 2503); /* it may have come before */
  EXPECT_EQUAL(s.ops->releasedir(s.fs, WASI_ROOT_NODE, handle), 0);
  share_close(&s);
}

/* Lists a directory of the root and, if `stats`, asks about each entry as walking programs do.
 * Returns the notifications. */
static unsigned walk(struct share *s, unsigned number, bool stats) {
  char name[32];
  wasi_node dir, node;
  wasi_handle handle;
  struct wasi_attr attr;
  struct list list = {.stop_after = 1000};
  snprintf(name, sizeof name, "dir-%u", number);
  spent(s);
  EXPECT_EQUAL(s->ops->lookup(s->fs, WASI_ROOT_NODE, name, strlen(name), &dir, &attr), 0);
  EXPECT_EQUAL(s->ops->opendir(s->fs, dir, &handle), 0);
  EXPECT_EQUAL(s->ops->readdir(s->fs, dir, handle, 0, list_one, &list), 0);
  EXPECT_EQUAL(list.count, 52);
  for (unsigned i = 0; stats && i < 50; i++) {
    snprintf(name, sizeof name, "file-%u", i);
    EXPECT_EQUAL(s->ops->lookup(s->fs, dir, name, strlen(name), &node, &attr), 0);
    EXPECT_EQUAL(attr.size, i);
    s->ops->forget(s->fs, node);
  }
  EXPECT_EQUAL(s->ops->releasedir(s->fs, dir, handle), 0);
  s->ops->forget(s->fs, dir);
  return spent(s);
}

static void test_listing_with_nodes(void) {
  struct share s;
  char name[64], text[64];
  unsigned start = count_descriptors();
  share_open(&s, FS_CACHE_AUTO);
  memset(text, 'x', sizeof text);
  for (unsigned i = 0; i < 500; i++) {
    snprintf(name, sizeof name, "dir-%u", i / 50);
    mkdirat(s.dir, name, 0777);
    snprintf(name, sizeof name, "dir-%u/file-%u", i / 50, i % 50);
    int fd = openat(s.dir, name, O_WRONLY | O_CREAT, 0666);
    EXPECT_EQUAL(write(fd, text, i % 50), i % 50);
    close(fd);
  }
  test("who asks about names it was told gets the nodes with the next listing");
  EXPECT(walk(&s, 0, true) >= 50);
  unsigned before = count_descriptors();
  for (unsigned i = 1; i < 5; i++)
    EXPECT(walk(&s, i, true) <= 6);
  EXPECT_EQUAL(count_descriptors(), before + 4 * 51);

  test("who only lists does so again without, after one try");
  walk(&s, 5, false);
  before = count_descriptors();
  for (unsigned i = 6; i < 10; i++)
    walk(&s, i, false);
  EXPECT(count_descriptors() <= before + 4);
  share_close(&s);
  EXPECT_EQUAL(count_descriptors(), start);
}

/* ---- Bounds ---------------------------------------------------------------------------------- */

static void test_bounds(void) {
  struct share s;
  char name[32];
  struct rlimit old, limit;
  unsigned start = count_descriptors();
  share_open(&s, FS_CACHE_ALWAYS);
  test("what is remembered is bounded, in the guest and so at the server");
  getrlimit(RLIMIT_NOFILE, &old);
  unsigned before = count_descriptors();
  for (unsigned i = 0; i < 6000; i++) {
    snprintf(name, sizeof name, "bound-%u", i);
    close(openat(s.dir, name, O_WRONLY | O_CREAT, 0666));
    EXPECT_EQUAL(size_of(&s, name), 0);
  }
  unsigned held = count_descriptors() - before;
  EXPECT(held >= 4000 && held <= 4096 + 64);

  test("what has expired is given back while new names come");
  s.h.now += 48ull * 3600 * SECOND;
  for (unsigned i = 0; i < 4500; i++) {
    snprintf(name, sizeof name, "bound-%u", i % 10);
    size_of(&s, name);
    s.h.now += 25ull * 3600 * SECOND;
  }
  EXPECT(count_descriptors() - before <= 10 + 64);

  test("a shortage of descriptors is met by giving back, another share's too");
  struct wasi_fs *first = s.fs;
  s.fs = harness_add_fs(&s.h, s.path, false, FS_CACHE_ALWAYS);
  limit = old;
  limit.rlim_cur = count_descriptors() + 20;
  setrlimit(RLIMIT_NOFILE, &limit);
  for (unsigned i = 0; i < 300; i++) {
    snprintf(name, sizeof name, "bound-%u", i);
    s.fs = s.fs == first ? s.h.client : first;
    EXPECT_EQUAL(size_of(&s, name), 0);
  }
  setrlimit(RLIMIT_NOFILE, &old);
  share_close(&s);
  EXPECT_EQUAL(count_descriptors(), start);
}

int main(void) {
  test_names();
  test_own_changes();
  test_read_ahead();
  test_host_changes();
  test_own_writes();
  test_posted_writes();
  test_posted_errors();
  test_listing();
  test_listing_with_nodes();
  test_bounds();
  return finish();
}
