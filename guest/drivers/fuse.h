/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The FUSE client over virtio-fs. In layers, each a file: fuse.c makes, sends and checks requests;
 * fuse_post.c sends those that nobody waits for; fuse_cache.c remembers nodes and names;
 * fuse_names.c, fuse_files.c, fuse_data.c and fuse_dirs.c are the operations of wasi_fs_ops.
 *
 * The server says with every answer how long it may be relied on; 0 turns all caching off. What
 * this client changes itself it never sees as it was before. */
#ifndef GUEST_DRIVERS_FUSE_H
#define GUEST_DRIVERS_FUSE_H

#include "guest/drivers/errors.h"
#include "guest/drivers/virtqueue.h"
#include <linux/fuse.h>

#define FUSE_NAME_BYTES_MAX 255u
#define FUSE_TARGET_BYTES_MAX 4095u
#define FUSE_FORGETS_MAX 64u

/* The longest request: SYMLINK. The longest fixed answer: CREATE. */
#define FUSE_REQUEST_BYTES                                                                         \
  (sizeof(struct fuse_in_header) + FUSE_NAME_BYTES_MAX + 1 + FUSE_TARGET_BYTES_MAX + 1)
#define FUSE_REPLY_BYTES                                                                           \
  (sizeof(struct fuse_out_header) + sizeof(struct fuse_entry_out) + sizeof(struct fuse_open_out))

/* Bounds of what is remembered. Each name costs the server a descriptor at most. */
#define FUSE_NAMES_MAX 4096u
#define FUSE_BUCKETS 1024u
/* Pieces of files read ahead, for as many handles at once, and how long one gets. */
#define FUSE_WINDOWS_MAX 8u
#define FUSE_WINDOW_BYTES (256u << 10)
/* Requests on their way that nobody waits for, and the room for what they say. */
#define FUSE_POSTS_MAX 60u
#define FUSE_POST_BYTES (256u << 10)

/* A file of the server, as long as WASI holds it, a name leads to it or it is open. */
struct fuse_node {
  struct fuse_node *next; /* in its bucket */
  wasi_node id;
  uint64_t lookups; /* that the server counts */
  uint32_t users;   /* holds, names, handles */
  uint32_t version; /* grows with each change that we make to its bytes or entries */
  uint32_t unlinks; /* fuse->unlinks when the attributes came */
  bool listed;      /* a directory whose names were given out without their nodes */
  bool changed;     /* by us since: times, link count */
  bool size_unknown;
  uint64_t ttl_ns;   /* of the latest attributes */
  uint64_t until_ns; /* when they expire */
  struct wasi_attr attr;
};

/* Where a name leads. */
struct fuse_name {
  struct fuse_name *next;          /* in its bucket */
  struct fuse_name *newer, *older; /* by use */
  struct fuse_node *node;          /* one user of it */
  wasi_node dir;
  uint64_t until_ns;
  uint32_t length;
  bool unused; /* it came with a listing, and nobody has asked for it */
  char text[];
};

/* Bytes of an open file, read ahead. */
struct fuse_window {
  struct fuse_handle *owner; /* NULL: free */
  uint64_t used;             /* when, counted by fuse->ticks */
  uint64_t start, until_ns;
  uint32_t length;
  uint32_t version; /* of the node */
  uint8_t *bytes;   /* FUSE_WINDOW_BYTES, once needed */
};

/* Entries of an open directory, as the server sent them. */
struct fuse_portion {
  uint64_t until_ns;
  uint32_t version; /* of the node */
  uint32_t length;  /* bytes */
  bool plus;        /* of struct fuse_direntplus */
  uint32_t at;      /* where the listing stopped, */
  uint64_t offset;  /* and that place's offset */
  _Alignas(8) uint8_t bytes[];
};

/* An open file or directory; a wasi_handle is its address. */
struct fuse_handle {
  uint64_t fh; /* the server's number */
  struct fuse_node *node;
  bool cached; /* not FOPEN_DIRECT_IO */
  bool append;
  bool synchronous; /* O_SYNC, O_DSYNC: a write is done when it is on disk */
  bool written;     /* ever */
  int error;        /* of a posted write; nobody was told yet */
  /* Reading. */
  struct fuse_window *window;
  uint64_t next;         /* offset behind the latest read */
  uint32_t seen;         /* the node's version then */
  uint64_t end;          /* where a read met the file's end, */
  uint32_t end_seen;     /* at this version; */
  uint64_t end_until_ns; /* 0: it did not */
  /* Listing. */
  struct fuse_portion *portion;
};

/* A request on its way that nobody waits for. */
struct fuse_post {
  struct fuse_handle *handle; /* NULL: its answer is of no interest */
  uint64_t unique;
  uint64_t offset;
  const uint8_t *bytes; /* to be written */
  uint32_t length;
};

struct fuse_write_request {
  struct fuse_in_header header;
  struct fuse_write_in body;
};

struct fuse_post_reply {
  struct fuse_out_header header;
  struct fuse_write_out write;
};

struct fuse {
  struct wasi_fs base; /* first: a struct wasi_fs * is the fuse */
  const struct driver_machine *machine;
  struct fuse *sibling; /* ring of all clients; they share the server's descriptors */
  struct virtqueue hiprio;
  struct virtqueue requests;
  uint64_t dev;              /* st_dev of everything here: FUSE does not tell the host's */
  uint64_t unique;           /* of the latest request */
  bool started;              /* INIT has been tried */
  int failed;                /* errno for everything when it failed */
  bool server_truncates;     /* FUSE_ATOMIC_O_TRUNC */
  bool flush_before_release; /* the server did not say FOPEN_NOFLUSH */
  uint32_t io_max;           /* bytes of one READ or WRITE */
  bool can_plus;             /* FUSE_DO_READDIRPLUS */

  /* fuse_cache.c */
  struct fuse_node root;
  struct fuse_node **nodes; /* FUSE_BUCKETS of each */
  struct fuse_name **names;
  struct fuse_name *newest, *oldest;
  uint32_t name_count;
  uint32_t unlinks; /* names that we took from files so far */

  /* fuse_dirs.c: whether listings shall bring nodes along. The program has looked up a name that it
   * was told without one; and what came of the latest listing that did. */
  bool wants_plus, tried_plus, used_plus;

  /* fuse_data.c */
  struct fuse_window windows[FUSE_WINDOWS_MAX];
  uint64_t ticks;

  /* fuse_post.c */
  uint8_t *post_bytes; /* FUSE_POST_BYTES, once needed */
  uint32_t post_used;
  uint32_t post_count;

  uint32_t forgotten_count; /* nodes given back, not yet told to the server */

  /* From here on nothing is cleared at the start: pages that are not used are never populated. */
  struct fuse_post posts[FUSE_POSTS_MAX];
  struct fuse_post_reply post_replies[FUSE_POSTS_MAX];
  struct fuse_write_request retry;
  struct fuse_forget_one forgotten[FUSE_FORGETS_MAX];
  struct {
    struct fuse_in_header header;
    struct fuse_batch_forget_in batch;
    struct fuse_forget_one nodes[FUSE_FORGETS_MAX];
  } forget;                                        /* the latest message */
  _Alignas(8) uint8_t request[FUSE_REQUEST_BYTES]; /* header, body, names */
  _Alignas(8) uint8_t reply[FUSE_REPLY_BYTES];     /* header, fixed body */
  char target[FUSE_TARGET_BYTES_MAX + 1];          /* READLINK */
};

static inline struct fuse *to_fuse(struct wasi_fs *fs) {
  return (struct fuse *)fs;
}

static inline struct fuse_handle *to_handle(wasi_handle handle) {
  return (struct fuse_handle *)(uintptr_t)handle;
}

/* ---- fuse.c: requests ---- */

/* Data that travels beside a request's or reply's fixed part, straight from or to its place. */
struct fuse_data {
  const struct wasi_slice *slices;
  size_t slice_count;
  size_t skip;    /* bytes of the slices dealt with already */
  bool to_guest;  /* READ and its like; else WRITE */
  uint32_t *size; /* the field of the body that says how many bytes; set when sent. NULL: none */
  size_t added;   /* out: bytes asked or given */
  size_t moved;   /* out, to_guest: bytes that came */
};

/* Starts a request: returns its body, zeroed. The first one sends INIT before. */
void *fuse_begin(struct fuse *fuse, uint32_t opcode, wasi_node node, size_t body_size);
/* Adds a name. 0, ENOENT when it is empty, ENAMETOOLONG. */
int fuse_add_name(struct fuse *fuse, const char *name, size_t length);
/* Adds any string with its NUL; there must be room. */
void fuse_add_string(struct fuse *fuse, const char *string, size_t length);
/* Sends it; the reply's fixed part must have reply_size bytes. 0 or a Linux errno. */
int fuse_call(struct fuse *fuse, size_t reply_size);
int fuse_call_data(struct fuse *fuse, size_t reply_size, struct fuse_data *data);
/* The reply's fixed part. */
const void *fuse_reply(const struct fuse *fuse);
/* Gives back lookups of a node, sooner or later. */
void fuse_forget(struct fuse *fuse, wasi_node node, uint64_t lookups);
/* Nodes that are not forgotten hold descriptors, and the space of files that are deleted. So after
 * such an error everything that this client and its siblings keep for later only is given back;
 * true: there was something, and it is worth trying again. */
bool fuse_give_back(struct fuse *fuse, int error);
/* Tells the server what was given back, if that costs no exit. */
void fuse_post_forgets(struct fuse *fuse);
/* Sends INIT if that has not been tried. 0, or the errno with which everything fails. */
int fuse_start(struct fuse *fuse);

void fuse_fill_attr(const struct fuse *fuse, const struct fuse_attr *from, struct wasi_attr *to);
/* When something that is valid for that long expires; 0: at once. */
uint64_t fuse_deadline(const struct fuse *fuse, uint64_t ttl_ns);
bool fuse_expired(const struct fuse *fuse, uint64_t until_ns);

/* ---- fuse_post.c: requests that nobody waits for ---- */

/* Sends a write of at most FUSE_POST_LENGTH_MAX bytes behind the caller's back; its error is the
 * handle's. False: it is to be sent in the ordinary way. */
#define FUSE_POST_LENGTH_MAX 16384u
bool fuse_post_write(struct fuse *fuse, struct fuse_handle *handle, uint64_t offset,
                     const struct wasi_slice *slices, size_t slice_count, size_t total);
/* The same with a RELEASE whose answer does not matter. */
bool fuse_post_release(struct fuse *fuse, uint32_t opcode, const struct fuse_handle *handle);
/* Takes the answers that are there. */
void fuse_settle(struct fuse *fuse);
/* The first error of a handle's posted writes that is known, once; 0: none. After an ordinary
 * request all are known. */
int fuse_take_error(struct fuse *fuse, struct fuse_handle *handle);

/* ---- fuse_cache.c: nodes and names ---- */

int fuse_cache_start(struct fuse *fuse);
/* The node of that number; WASI and the handles name only those that are there. */
struct fuse_node *fuse_node_find(struct fuse *fuse, wasi_node id);
/* Takes a node out of an answer that counts as a lookup; one user more. NULL: no memory. */
struct fuse_node *fuse_node_take(struct fuse *fuse, const struct fuse_entry_out *entry);
/* One user less; the last one gives the node back. */
void fuse_node_drop(struct fuse *fuse, struct fuse_node *node);
/* Attributes out of an answer. */
void fuse_node_learn(struct fuse *fuse, struct fuse_node *node, const struct fuse_attr *attr,
                     uint64_t seconds, uint32_t nanoseconds);
/* The attributes have not expired. Those that we changed are in doubt: see fuse_node_is_exact. */
bool fuse_node_is_known(const struct fuse *fuse, const struct fuse_node *node);
bool fuse_node_is_exact(const struct fuse *fuse, const struct fuse_node *node);
/* We changed its bytes or entries: what was read before is void, and so are times and counts. */
void fuse_node_touch(struct fuse_node *node);

/* NULL: not known, or no more. */
struct fuse_name *fuse_name_find(struct fuse *fuse, wasi_node dir, const char *text, size_t length);
/* Remembers where a name leads, if `ttl_ns` lets it. */
void fuse_name_keep(struct fuse *fuse, wasi_node dir, const char *text, size_t length,
                    struct fuse_node *node, uint64_t ttl_ns);
/* The name came with a listing; finding it says that this was of use. */
void fuse_name_mark_unused(struct fuse *fuse, wasi_node dir, const char *text, size_t length);
void fuse_name_drop(struct fuse *fuse, wasi_node dir, const char *text, size_t length);
/* Forgets all names. True: the server got nodes to give back. */
bool fuse_cache_purge(struct fuse *fuse);

static inline uint64_t fuse_ttl(uint64_t seconds, uint32_t nanoseconds) {
  const uint64_t most = 1000000000; /* seconds; longer than any run */
  return (seconds < most ? seconds : most) * 1000000000u + nanoseconds % 1000000000u;
}

/* ---- fuse_names.c ---- */
int fuse_lookup(struct wasi_fs *fs, wasi_node dir, const char *name, size_t length, wasi_node *node,
                struct wasi_attr *attr);
int fuse_getattr(struct wasi_fs *fs, wasi_node node, wasi_handle handle, struct wasi_attr *attr);
int fuse_size(struct wasi_fs *fs, wasi_node node, wasi_handle handle, uint64_t *size);
int fuse_setattr(struct wasi_fs *fs, wasi_node node, wasi_handle handle,
                 const struct wasi_setattr *set);
int fuse_readlink(struct wasi_fs *fs, wasi_node node, char *buffer, size_t size, size_t *length);
int fuse_symlink(struct wasi_fs *fs, wasi_node dir, const char *name, size_t length,
                 const char *target, size_t target_length);
int fuse_mkdir(struct wasi_fs *fs, wasi_node dir, const char *name, size_t length, uint32_t mode);
int fuse_unlink(struct wasi_fs *fs, wasi_node dir, const char *name, size_t length);
int fuse_rmdir(struct wasi_fs *fs, wasi_node dir, const char *name, size_t length);
int fuse_rename(struct wasi_fs *fs, wasi_node from_dir, const char *from, size_t from_length,
                wasi_node to_dir, const char *to, size_t to_length);
int fuse_link(struct wasi_fs *fs, wasi_node node, wasi_node dir, const char *name, size_t length);
/* Takes an entry that an answer brought for a name; the caller becomes a user of the node. 0,
 * ENOENT when there is none in it, ENOMEM. */
int fuse_take_entry(struct fuse *fuse, wasi_node dir, const char *name, size_t length,
                    const struct fuse_entry_out *entry, struct fuse_node **node);

/* ---- fuse_files.c ---- */
int fuse_open_file(struct wasi_fs *fs, wasi_node node, uint32_t flags, wasi_handle *handle);
int fuse_create(struct wasi_fs *fs, wasi_node dir, const char *name, size_t length, uint32_t flags,
                uint32_t mode, wasi_node *node, wasi_handle *handle, struct wasi_attr *attr);
int fuse_release(struct wasi_fs *fs, wasi_node node, wasi_handle handle);
int fuse_fsync(struct wasi_fs *fs, wasi_node node, wasi_handle handle, bool data_only, bool is_dir);
int fuse_allocate(struct wasi_fs *fs, wasi_node node, wasi_handle handle, uint64_t offset,
                  uint64_t length);
/* A handle on a node, one user of it; fh and flags come with the answer. NULL: no memory. */
struct fuse_handle *fuse_handle_new(struct fuse *fuse, struct fuse_node *node);
void fuse_handle_free(struct fuse *fuse, struct fuse_handle *handle);

/* ---- fuse_data.c ---- */
int fuse_read(struct wasi_fs *fs, wasi_node node, wasi_handle handle, uint64_t offset,
              const struct wasi_slice *slices, size_t slice_count, size_t *count);
int fuse_write(struct wasi_fs *fs, wasi_node node, wasi_handle handle, uint64_t offset,
               const struct wasi_slice *slices, size_t slice_count, size_t *count);

/* ---- fuse_dirs.c ---- */
int fuse_opendir(struct wasi_fs *fs, wasi_node node, wasi_handle *handle);
int fuse_releasedir(struct wasi_fs *fs, wasi_node node, wasi_handle handle);
int fuse_readdir(struct wasi_fs *fs, wasi_node node, wasi_handle handle, uint64_t offset,
                 wasi_dirent_callback *callback, void *context);

#endif
