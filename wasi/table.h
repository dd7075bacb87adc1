/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The descriptor table: what each number stands for, lowest free number first. */
#ifndef WASI_TABLE_H
#define WASI_TABLE_H

#include "wasi/abi.h"
#include "wasi/host.h"

#define WASI_DESCRIPTORS_MAX 65536u

/* A node held at its file system for as long as descriptors use it. Opening "." gives a second
 * descriptor for the same node without a lookup, hence the count. */
struct wasi_hold {
  struct wasi_fs *fs;
  wasi_node node;
  uint32_t count;
  uint64_t root_ino; /* of the root, once it was asked for; else 0 */
};

enum wasi_kind {
  WASI_KIND_FREE = 0,
  WASI_KIND_STREAM,
  WASI_KIND_FILE,
  WASI_KIND_DIRECTORY,
  WASI_KIND_LISTENER,   /* a socket that accepts connections */
  WASI_KIND_CONNECTION, /* a connected socket */
};

struct wasi_descriptor {
  enum wasi_kind kind;
  enum wasi_filetype filetype;
  uint32_t flags;         /* WASI_FDFLAG_* */
  uint64_t rights;        /* what may be done with it */
  uint64_t inheriting;    /* what may be done with what is opened through it */
  uint32_t stream;        /* STREAM: 0, 1, 2 */
  uint32_t socket;        /* LISTENER, CONNECTION: the host's number */
  struct wasi_hold *hold; /* FILE, DIRECTORY */
  wasi_handle handle;     /* FILE: always open. DIRECTORY: when is_open, after the first need */
  bool is_open;
  uint64_t offset;     /* FILE: where the next read or write goes */
  const char *preopen; /* DIRECTORY: its name if it was there from the start; borrowed */
};

struct wasi_table {
  struct wasi_host *host;
  struct wasi_descriptor *entries;
  uint32_t capacity;
  uint32_t lowest; /* no number below it is free */
};

static inline bool wasi_is_socket(const struct wasi_descriptor *descriptor) {
  return descriptor->kind == WASI_KIND_LISTENER || descriptor->kind == WASI_KIND_CONNECTION;
}

/* A standard stream that is a file: it has a place, size and storage, which are the host's. */
static inline bool wasi_is_file_stream(const struct wasi_descriptor *descriptor) {
  return descriptor->kind == WASI_KIND_STREAM && descriptor->filetype == WASI_FILETYPE_REGULAR_FILE;
}

/* Other standard streams, and sockets: they have none of these. */
static inline bool wasi_is_streaming(const struct wasi_descriptor *descriptor) {
  return (descriptor->kind == WASI_KIND_STREAM && !wasi_is_file_stream(descriptor)) ||
         wasi_is_socket(descriptor);
}

/* The open descriptor of that number, or NULL. The pointer is good until the next reserve. */
struct wasi_descriptor *wasi_table_get(struct wasi_table *table, uint32_t fd);
/* Makes sure that one more descriptor can be added: what may fail comes before a file is made.
 * *fd: the lowest free number at or above `from`. SUCCESS, MFILE or NOMEM. */
enum wasi_errno wasi_table_reserve(struct wasi_table *table, uint32_t from, uint32_t *fd);
/* Returns the table's memory; descriptors must be closed before. */
void wasi_table_free(struct wasi_table *table);

/* A new hold with count 1, taking over one lookup of `node`. NULL: no memory. */
struct wasi_hold *wasi_hold_new(struct wasi_host *host, struct wasi_fs *fs, wasi_node node);
void wasi_hold_drop(struct wasi_host *host, struct wasi_hold *hold);

/* Closes what the descriptor stands for and frees its number. That is free whatever is returned:
 * an error tells of lost writes, as with close(2). */
enum wasi_errno wasi_table_close(struct wasi_table *table, struct wasi_descriptor *descriptor);
/* Gives `from` the number of `to`, which is closed; another one than `from`. */
void wasi_table_move(struct wasi_table *table, struct wasi_descriptor *from,
                     struct wasi_descriptor *to);

/* A Linux errno (0: success) as WASI's; IO for what WASI has no number for. */
enum wasi_errno wasi_errno_of(int linux_errno);

#endif
