/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The file server behind virtio-fs: its state, and what its parts offer one another.
 *
 * A node is an O_PATH descriptor: it names a file without opening it, whatever becomes of the
 * file's names. A handle is a descriptor open for reading or writing. Names are resolved one
 * component at a time below a node's descriptor and a symbolic link is never followed, so nothing
 * outside the shared directory can be named. */
#ifndef MONITOR_DEVICES_FS_H
#define MONITOR_DEVICES_FS_H

#include "monitor/devices/virtqueue.h"
#include <linux/fuse.h>
#include <sys/stat.h>

/* What READ and WRITE move at most; told to the guest as max_write. */
#define FS_IO_MAX (1u << 20)
/* The longest request apart from WRITE's data: two names or a name and a target, or many forgets.
 * The longest reply apart from READ's data: a portion of a directory. */
#define FS_REQUEST_MAX 8192u
#define FS_REPLY_MAX 131072u
/* struct fuse_init_in as protocol 7.31 has it: major, minor, max_readahead, flags. */
#define FS_INIT_IN_MIN 16u
#define FS_BUCKETS 1024u

/* Bits of a request's entry in fuse_requests.def. */
#define FS_NO_NODE 0x01u   /* the header's node means nothing */
#define FS_NO_REPLY 0x02u  /* the guest expects no answer */
#define FS_CHANGES 0x04u   /* EROFS on a read-only share */
#define FS_FILE 0x08u      /* the body starts with a file's handle, open on the header's node */
#define FS_DIRECTORY 0x10u /* likewise a directory's */
#define FS_ROOM 0x20u      /* the reply is as long as it is; `room` bounds it */
#define FS_DATA 0x40u      /* bytes follow the body; they stay in guest memory */
#define FS_LONGER 0x80u    /* the body may be longer than said; the handler looks at body_size */

/* What a handler returns when the guest broke a rule; otherwise 0 or an errno. */
#define FS_FAULT (-1)

/* An entry of a table; first member of nodes and handles. */
struct fs_entry {
  uint64_t id; /* never 0; no two entries of a run share one */
};

/* Finds entries by the numbers the guest knows them by. */
struct fs_table {
  struct fs_entry **entries;
  uint32_t capacity;
  uint32_t first_free; /* no free place below */
  uint32_t serial;     /* distinguishes entries that use one place after the other */
};

struct fs_node {
  struct fs_entry entry;
  int fd; /* O_PATH */
  dev_t dev;
  ino_t ino;
  mode_t type;          /* S_IFMT part of its mode */
  uint64_t lookups;     /* how often the guest was told of it and has not forgotten */
  struct fs_node *next; /* in its bucket */
};

struct fs_handle {
  struct fs_entry entry;
  int fd;
  uint64_t node;
  bool directory;
};

struct fs {
  struct device device; /* first: a struct device * is the fs */
  bool read_only;
  enum fs_cache cache;
  bool initialised;                    /* between INIT and DESTROY */
  int descriptors;                     /* /proc/self/fd, opened before the jail closed */
  struct fs_node *root;                /* id FUSE_ROOT_ID; not in a bucket, never forgotten */
  struct fs_table nodes;               /* struct fs_node */
  struct fs_table handles;             /* struct fs_handle */
  struct fs_node *buckets[FS_BUCKETS]; /* nodes by dev and ino */
  _Alignas(8) uint8_t request[FS_REQUEST_MAX];
  _Alignas(8) uint8_t reply[FS_REPLY_MAX];
  _Alignas(8) char listing[FS_REPLY_MAX]; /* READDIR: what the host says */
};

/* One request whose framing has been checked. */
struct fs_request {
  struct fuse_in_header header;
  const struct virtqueue_chain *chain;
  struct guest_fault *fault;
  struct fs_node *node;     /* the header's, unless FS_NO_NODE */
  struct fs_handle *handle; /* FS_FILE, FS_DIRECTORY */
  const void *body;         /* aligned to 8 */
  size_t body_size;         /* FS_LONGER: more than the table says; strings not included */
  const char *strings[2];
  size_t room;         /* bytes of reply the guest has room for behind the header */
  size_t reply_size;   /* out, preset from the table. fs->reply holds them, unless: */
  bool reply_in_place; /* out: they are in guest memory already */
};

/* Names a request in a fault and returns FS_FAULT. */
int fs_fault(struct fs_request *request, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* One handler per request, named in the table. */
typedef int fs_handler(struct fs *fs, struct fs_request *request);
#define FUSE_REQUEST(opcode, handler, body, strings, reply, flags) fs_handler fs_##handler;
#include "monitor/devices/fuse_requests.def"

/* ---- fs_table.c ---- */

/* Puts an entry in and sets its id. 0 or ENOMEM. */
int fs_table_add(struct fs_table *table, struct fs_entry *entry);
/* NULL: there is none of that number. */
struct fs_entry *fs_table_find(const struct fs_table *table, uint64_t id);
void fs_table_remove(struct fs_table *table, struct fs_entry *entry);

/* The node of an O_PATH descriptor, which it takes over even when it fails; one more lookup is
 * counted. *status: what fstat says. 0 or an errno. */
int fs_node_adopt(struct fs *fs, int fd, struct fs_node **node, struct stat *status);
/* Takes back `count` lookups, at most node->lookups. */
void fs_node_forget(struct fs *fs, struct fs_node *node, uint64_t count);
/* A handle on an open descriptor, which it takes over even when it fails. */
int fs_handle_add(struct fs *fs, int fd, const struct fs_node *node, bool directory,
                  uint64_t *handle);
/* Closes; 0 or the errno with which data was lost. */
int fs_handle_close(struct fs *fs, struct fs_handle *handle);
/* Drops every handle and every node but the root. */
void fs_clear(struct fs *fs);

/* ---- fs_names.c, fs_files.c ---- */

/* Opens the file of an O_PATH descriptor, or -1 with errno. Never waits. */
int fs_reopen(const struct fs *fs, int path_fd, int flags);
/* Sets a regular file's size through `fd`: the node's own or one open for writing. 0 or an errno.
 */
int fs_set_size(struct fs *fs, const struct fs_node *node, int fd, uint64_t size);
/* Describes a new entry to the guest. */
void fs_fill_entry(const struct fs *fs, const struct fs_node *node, const struct stat *status,
                   struct fuse_entry_out *out);
/* Resolves one name below a directory node; no link is followed. 0 or an errno. */
int fs_find(struct fs *fs, const struct fs_node *dir, const char *name, struct fs_node **node,
            struct stat *status);

#endif
