/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What WASI needs from its host: streams, files, clocks, random bytes, waiting.
 *
 * Two implementations: the guest's runtime (over the virtio drivers) and a POSIX one for tests
 * (wasi/posix). Every operation returns 0 or a Linux errno number (positive), the currency of
 * FUSE; WASI turns it into its own. Buffers may point straight into linear memory.
 *
 * Files are nodes, in FUSE's sense: names are resolved one component at a time, symbolic links
 * are never followed by the host. A component is 1 to 255 bytes without '/' or NUL and is never
 * "." or "..": wasi/path.c sees to that, and the host checks again.
 */
#ifndef WASI_HOST_H
#define WASI_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A piece of a buffer. */
struct wasi_slice {
  void *bytes;
  size_t length;
};

/* Nodes and handles mean something to their file system only. A node is held from the lookup,
 * create, mkdir, symlink or link that returned it until as many forgets. */
typedef uint64_t wasi_node;
typedef uint64_t wasi_handle;
#define WASI_ROOT_NODE 1u /* the preopened directory itself; never forgotten */

/* The Linux numbers that cross this interface (fcntl.h, stat.h). */
#define WASI_O_RDONLY 0u
#define WASI_O_WRONLY 1u
#define WASI_O_RDWR 2u
#define WASI_O_CREAT 0x40u
#define WASI_O_EXCL 0x80u
#define WASI_O_TRUNC 0x200u
#define WASI_O_APPEND 0x400u
#define WASI_O_NONBLOCK 0x800u
#define WASI_O_DSYNC 0x1000u
#define WASI_O_SYNC 0x101000u

struct wasi_attr {
  uint64_t ino;
  uint64_t dev; /* the file system's own number when the host does not say */
  uint64_t size;
  uint64_t nlink;
  uint64_t atime_ns, mtime_ns, ctime_ns;
  uint32_t mode; /* Linux st_mode: type and permissions */
  bool in_doubt; /* from lookup only: size, nlink and times may be older than our own changes; ask
                    getattr */
};

/* What setattr changes. */
#define WASI_SET_SIZE 0x1u
#define WASI_SET_ATIME 0x2u
#define WASI_SET_MTIME 0x4u
#define WASI_SET_ATIME_NOW 0x8u
#define WASI_SET_MTIME_NOW 0x10u
struct wasi_setattr {
  uint32_t valid; /* WASI_SET_* */
  uint64_t size;
  uint64_t atime_ns, mtime_ns;
};

/* One directory entry while listing. */
struct wasi_dirent {
  uint64_t ino;
  uint64_t next; /* offset to continue behind this entry; opaque, never 0 */
  uint32_t type; /* Linux DT_* */
  uint32_t name_length;
  const char *name; /* valid until the callback returns */
};
/* Returns false to stop; the entry then counts as not seen. */
typedef bool wasi_dirent_callback(void *context, const struct wasi_dirent *entry);

struct wasi_fs;
struct wasi_fs_ops {
  int (*lookup)(struct wasi_fs *, wasi_node dir, const char *name, size_t length, wasi_node *node,
                struct wasi_attr *attr);
  void (*forget)(struct wasi_fs *, wasi_node node);
  /* handle: an open one of the node, or 0 */
  int (*getattr)(struct wasi_fs *, wasi_node node, wasi_handle handle, struct wasi_attr *attr);
  /* The size alone, which may cost less. */
  int (*size)(struct wasi_fs *, wasi_node node, wasi_handle handle, uint64_t *size);
  int (*setattr)(struct wasi_fs *, wasi_node node, wasi_handle handle,
                 const struct wasi_setattr *set);
  int (*readlink)(struct wasi_fs *, wasi_node node, char *buffer, size_t size, size_t *length);
  int (*symlink)(struct wasi_fs *, wasi_node dir, const char *name, size_t length,
                 const char *target, size_t target_length);
  int (*mkdir)(struct wasi_fs *, wasi_node dir, const char *name, size_t length, uint32_t mode);
  int (*unlink)(struct wasi_fs *, wasi_node dir, const char *name, size_t length);
  int (*rmdir)(struct wasi_fs *, wasi_node dir, const char *name, size_t length);
  int (*rename)(struct wasi_fs *, wasi_node from_dir, const char *from, size_t from_length,
                wasi_node to_dir, const char *to, size_t to_length);
  int (*link)(struct wasi_fs *, wasi_node node, wasi_node dir, const char *name, size_t length);
  /* flags: WASI_O_*; create makes and opens in one step (O_CREAT, perhaps O_EXCL). */
  int (*open)(struct wasi_fs *, wasi_node node, uint32_t flags, wasi_handle *handle);
  int (*create)(struct wasi_fs *, wasi_node dir, const char *name, size_t length, uint32_t flags,
                uint32_t mode, wasi_node *node, wasi_handle *handle, struct wasi_attr *attr);
  int (*release)(struct wasi_fs *, wasi_node node, wasi_handle handle);
  /* *count: bytes moved; short at the end of the file. An O_APPEND handle ignores offset. */
  int (*read)(struct wasi_fs *, wasi_node node, wasi_handle handle, uint64_t offset,
              const struct wasi_slice *slices, size_t slice_count, size_t *count);
  int (*write)(struct wasi_fs *, wasi_node node, wasi_handle handle, uint64_t offset,
               const struct wasi_slice *slices, size_t slice_count, size_t *count);
  int (*fsync)(struct wasi_fs *, wasi_node node, wasi_handle handle, bool data_only, bool is_dir);
  int (*allocate)(struct wasi_fs *, wasi_node node, wasi_handle handle, uint64_t offset,
                  uint64_t length);
  int (*opendir)(struct wasi_fs *, wasi_node node, wasi_handle *handle);
  int (*releasedir)(struct wasi_fs *, wasi_node node, wasi_handle handle);
  /* Lists from `offset` (0: start), "." and ".." included, until the callback stops it. */
  int (*readdir)(struct wasi_fs *, wasi_node node, wasi_handle handle, uint64_t offset,
                 wasi_dirent_callback *callback, void *context);
};
struct wasi_fs {
  const struct wasi_fs_ops *ops;
  bool read_only;
};

struct wasi_preopen {
  const char *name; /* as the module sees it, e.g. "." or "/data"; NUL terminated */
  struct wasi_fs *fs;
};

enum wasi_stream_kind {
  WASI_STREAM_CLOSED,
  WASI_STREAM_TERMINAL,
  WASI_STREAM_PIPE,
  WASI_STREAM_FILE,
  WASI_STREAM_OTHER,
};

#define WASI_WAIT_FOREVER UINT64_MAX

/* Sockets are numbers of the host, below this. Those below wasi_config.listener_count listen. */
#define WASI_SOCKETS_MAX 1024u

/* How a socket is used. NOWAIT: EAGAIN, or what is possible at once, instead of waiting. WAITALL:
 * wait until all room is full, unless PEEK leaves the bytes to be received again. */
#define WASI_SOCKET_NOWAIT 0x1u
#define WASI_SOCKET_PEEK 0x2u
#define WASI_SOCKET_WAITALL 0x4u

/* Directions of a socket; and what a wait may find beside: the peer is gone, nothing is left. */
#define WASI_SOCKET_READ 0x1u
#define WASI_SOCKET_WRITE 0x2u
#define WASI_SOCKET_HANGUP 0x4u

/* A socket to be waited for. */
struct wasi_watch {
  uint32_t socket;
  uint32_t events; /* WASI_SOCKET_READ, WRITE */
  uint32_t ready;  /* out: these, and HANGUP */
  uint32_t bytes;  /* out, READ: what can be received at once; 1 for a listener */
};

struct wasi_host;
struct wasi_host_ops {
  /* Standard streams 0, 1, 2. read blocks until there is something; *count 0: end of file. */
  enum wasi_stream_kind (*stream_kind)(struct wasi_host *, uint32_t stream);
  int (*stream_read)(struct wasi_host *, uint32_t stream, const struct wasi_slice *slices,
                     size_t slice_count, size_t *count);
  int (*stream_write)(struct wasi_host *, uint32_t stream, const struct wasi_slice *slices,
                      size_t slice_count, size_t *count);
  /* From now on a read or write that would wait is EAGAIN, or moves what is possible at once. */
  int (*stream_nowait)(struct wasi_host *, uint32_t stream, bool nowait);
  /* For streams of kind FILE. Their place is the host's, and moves with reads and writes; whence as
   * in WASI. read_at and write_at leave it alone. */
  int (*stream_seek)(struct wasi_host *, uint32_t stream, int64_t offset, uint32_t whence,
                     uint64_t *place);
  int (*stream_attr)(struct wasi_host *, uint32_t stream, struct wasi_attr *attr);
  int (*stream_sync)(struct wasi_host *, uint32_t stream, bool data_only);
  int (*stream_set_size)(struct wasi_host *, uint32_t stream, uint64_t size);
  int (*stream_read_at)(struct wasi_host *, uint32_t stream, uint64_t offset,
                        const struct wasi_slice *slices, size_t slice_count, size_t *count);
  int (*stream_write_at)(struct wasi_host *, uint32_t stream, uint64_t offset,
                         const struct wasi_slice *slices, size_t slice_count, size_t *count);
  /* Waits until a stream in `watch` (bit per stream) or one of the sockets (no two the same) is
   * ready or timeout_ns has passed. *ready: bits ready; *bytes: readable on stdin, 0 at its end. */
  int (*wait)(struct wasi_host *, uint64_t timeout_ns, uint32_t watch, struct wasi_watch *sockets,
              size_t socket_count, uint32_t *ready, uint64_t *bytes);
  /* Sockets; flags WASI_SOCKET_*. send without NOWAIT sends all or fails; *count is less only when
   * the connection broke. receive: *count 0 at the peer's end. */
  int (*socket_accept)(struct wasi_host *, uint32_t listener, uint32_t flags, uint32_t *connection);
  int (*socket_receive)(struct wasi_host *, uint32_t socket, uint32_t flags,
                        const struct wasi_slice *slices, size_t slice_count, size_t *count);
  int (*socket_send)(struct wasi_host *, uint32_t socket, uint32_t flags,
                     const struct wasi_slice *slices, size_t slice_count, size_t *count);
  int (*socket_shutdown)(struct wasi_host *, uint32_t socket, uint32_t directions);
  int (*socket_close)(struct wasi_host *, uint32_t socket);
  /* Nanoseconds; id as in WASI: 0 realtime, 1 monotonic, 2 process CPU, 3 thread CPU. */
  int (*clock)(struct wasi_host *, uint32_t id, uint64_t *now_ns);
  int (*clock_resolution)(struct wasi_host *, uint32_t id, uint64_t *ns);
  int (*random)(struct wasi_host *, void *bytes, size_t length);
  void *(*allocate)(struct wasi_host *, size_t size); /* 16-byte aligned; NULL: none */
  void (*free)(struct wasi_host *, void *address, size_t size);
};
struct wasi_host {
  const struct wasi_host_ops *ops;
};

#endif
