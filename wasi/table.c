/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The descriptor table, node holds, and the mapping of errors. */
#include "wasi/table.h"
#include <string.h>

enum wasi_errno wasi_errno_of(int linux_errno) {
  switch (linux_errno) {
#define ERRNO(name, number, linux_number)                                                          \
  case linux_number:                                                                               \
    return WASI_ERRNO_##name;
#define ERRNO_WASI(name, number)
#include "wasi/errno.def"
#undef ERRNO
#undef ERRNO_WASI
  default:
    return WASI_ERRNO_IO;
  }
}

struct wasi_descriptor *wasi_table_get(struct wasi_table *table, uint32_t fd) {
  if (fd >= table->capacity || table->entries[fd].kind == WASI_KIND_FREE)
    return NULL;
  return &table->entries[fd];
}

/* Doubles, so that opening n files copies O(n) entries in all. */
static bool grow_table(struct wasi_table *table, uint32_t capacity) {
  size_t size = capacity * sizeof *table->entries;
  struct wasi_descriptor *entries = table->host->ops->allocate(table->host, size);
  if (!entries)
    return false;
  memset(entries, 0, size);
  if (table->capacity)
    memcpy(entries, table->entries, table->capacity * sizeof *entries);
  wasi_table_free(table);
  table->entries = entries;
  table->capacity = capacity;
  return true;
}

/* The number counts as free until the caller fills its entry. */
enum wasi_errno wasi_table_reserve(struct wasi_table *table, uint32_t from, uint32_t *fd) {
  uint32_t at = from > table->lowest ? from : table->lowest;
  while (at < table->capacity && table->entries[at].kind != WASI_KIND_FREE)
    at++;
  if (from <= table->lowest)
    table->lowest = at;
  if (at >= WASI_DESCRIPTORS_MAX)
    return WASI_ERRNO_MFILE;
  while (at >= table->capacity)
    if (!grow_table(table, table->capacity ? table->capacity * 2 : 16))
      return WASI_ERRNO_NOMEM;
  *fd = at;
  return WASI_ERRNO_SUCCESS;
}

void wasi_table_free(struct wasi_table *table) {
  if (table->entries)
    table->host->ops->free(table->host, table->entries, table->capacity * sizeof *table->entries);
  table->entries = NULL;
  table->capacity = 0;
}

struct wasi_hold *wasi_hold_new(struct wasi_host *host, struct wasi_fs *fs, wasi_node node) {
  struct wasi_hold *hold = host->ops->allocate(host, sizeof *hold);
  if (hold)
    *hold = (struct wasi_hold){.fs = fs, .node = node, .count = 1};
  return hold;
}

/* The root was never looked up, so it is not forgotten. */
void wasi_hold_drop(struct wasi_host *host, struct wasi_hold *hold) {
  if (--hold->count)
    return;
  if (hold->node != WASI_ROOT_NODE)
    hold->fs->ops->forget(hold->fs, hold->node);
  host->ops->free(host, hold, sizeof *hold);
}

static void free_number(struct wasi_table *table, struct wasi_descriptor *descriptor) {
  uint32_t fd = (uint32_t)(descriptor - table->entries);
  *descriptor = (struct wasi_descriptor){.kind = WASI_KIND_FREE};
  if (fd < table->lowest)
    table->lowest = fd;
}

enum wasi_errno wasi_table_close(struct wasi_table *table, struct wasi_descriptor *descriptor) {
  struct wasi_hold *hold = descriptor->hold;
  int error = 0;
  if (descriptor->kind == WASI_KIND_FILE)
    error = hold->fs->ops->release(hold->fs, hold->node, descriptor->handle);
  else if (wasi_is_socket(descriptor))
    error = table->host->ops->socket_close(table->host, descriptor->socket);
  else if (descriptor->kind == WASI_KIND_DIRECTORY && descriptor->is_open)
    error = hold->fs->ops->releasedir(hold->fs, hold->node, descriptor->handle);
  if (hold)
    wasi_hold_drop(table->host, hold);
  free_number(table, descriptor);
  return wasi_errno_of(error);
}

void wasi_table_move(struct wasi_table *table, struct wasi_descriptor *from,
                     struct wasi_descriptor *to) {
  wasi_table_close(table, to);
  *to = *from;
  free_number(table, from);
  /* Closing freed the number that is taken again; looking for the lowest steps over it. */
}
