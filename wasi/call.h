/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What every WASI function works with. Internal to wasi/.
 *
 * A function gets its arguments as the module passed them and returns a WASI errno. Order inside
 * each: check flags and pointers, find descriptors, check kinds and rights, then act. */
#ifndef WASI_CALL_H
#define WASI_CALL_H

#include "wasi/memory.h"
#include "wasi/path.h"
#include "wasi/table.h"
#include "wasi/wasi.h"

#define WASI_SLICES_MAX 1024u /* as Linux: IOV_MAX */

/* Sockets: a listener passes a connection's rights on. */
#define WASI_RIGHTS_CONNECTION                                                                     \
  ((uint64_t)WASI_RIGHT_FD_READ | WASI_RIGHT_FD_WRITE | WASI_RIGHT_FD_FDSTAT_SET_FLAGS |           \
   WASI_RIGHT_FD_FILESTAT_GET | WASI_RIGHT_POLL_FD_READWRITE | WASI_RIGHT_SOCK_SHUTDOWN)
#define WASI_RIGHTS_LISTENER                                                                       \
  ((uint64_t)WASI_RIGHT_FD_READ | WASI_RIGHT_FD_FDSTAT_SET_FLAGS | WASI_RIGHT_FD_FILESTAT_GET |    \
   WASI_RIGHT_POLL_FD_READWRITE | WASI_RIGHT_SOCK_ACCEPT)

struct wasi_call {
  struct wasi *wasi;
  struct wasi_memory memory;
  const union wasm_value *args;
  enum wasm_trap_kind trap; /* NONE; else the program ends instead of getting a result */
};

typedef enum wasi_errno wasi_function(struct wasi_call *call);
#define FUNCTION(name, params, results) wasi_function wasi_##name;
#include "wasi/functions.def"
#undef FUNCTION

enum wasi_function_number {
#define FUNCTION(name, params, results) WASI_FUNCTION_##name,
#include "wasi/functions.def"
#undef FUNCTION
  WASI_FUNCTION_COUNT
};

/* What a host function is bound to. */
struct wasi_binding {
  struct wasi *wasi;
  wasi_function *function;
  struct wasm_func *func; /* NULL: not imported so far */
  bool has_result;
};

struct wasi {
  struct wasm_store *store;
  struct wasi_host *host;
  struct wasi_config config;
  struct wasi_table table;
  struct wasi_binding bindings[WASI_FUNCTION_COUNT];
  /* Scratch memory of single calls, not cleared: pages that no call needs stay untouched. */
  struct wasi_slice slices[WASI_SLICES_MAX];
  struct wasi_watch watches[WASI_SOCKETS_MAX];
  uint16_t watch_of[WASI_SOCKETS_MAX]; /* by socket: where it stands in watches, if it does */
  struct wasi_path_work path_work;
};

static inline uint32_t wasi_arg32(const struct wasi_call *call, uint32_t index) {
  return call->args[index].i32;
}

static inline uint64_t wasi_arg64(const struct wasi_call *call, uint32_t index) {
  return call->args[index].i64;
}

/* Where the result behind pointer argument `index` goes, `size` bytes; NULL: EFAULT. */
static inline uint8_t *wasi_out(const struct wasi_call *call, uint32_t index, uint32_t size) {
  return wasi_memory_range(&call->memory, wasi_arg32(call, index), size);
}

/* The descriptor in argument `index`: BADF if there is none, NOTCAPABLE without all of `rights`. */
enum wasi_errno wasi_use_any(struct wasi_call *call, uint32_t index, uint64_t rights,
                             struct wasi_descriptor **descriptor);
/* The same, which has to be a regular file, or a stream that is one (wasi_is_file_stream): BADF for
 * a directory, SPIPE for other streams. */
enum wasi_errno wasi_use_file(struct wasi_call *call, uint32_t index, uint64_t rights,
                              struct wasi_descriptor **descriptor);
/* The same, which has to be a directory: NOTDIR otherwise. */
enum wasi_errno wasi_use_directory(struct wasi_call *call, uint32_t index, uint64_t rights,
                                   struct wasi_descriptor **descriptor);

/* One transfer: what was asked for, checked. The pieces are in wasi->slices. */
struct wasi_transfer {
  struct wasi_descriptor *descriptor;
  size_t slice_count;
  uint64_t total;
  uint8_t *out; /* where the number of bytes moved goes */
};

/* Checks the arguments of the transfer functions: the descriptor in 0, the list in 1 and 2, the
 * result's place in `out_index`. */
enum wasi_errno wasi_take_transfer(struct wasi_call *call, uint64_t right, uint32_t out_index,
                                   struct wasi_transfer *transfer);
/* Moves the bytes of a transfer through a connection; flags: WASI_SOCKET_*. NONBLOCK counts. */
enum wasi_errno wasi_transfer_socket(struct wasi_call *call, const struct wasi_transfer *transfer,
                                     bool write, uint32_t flags, size_t *moved);

/* A directory is opened on the host when something first needs its handle. */
enum wasi_errno wasi_open_directory_handle(struct wasi_descriptor *directory);

/* The path in arguments `index` (address) and `index` + 1 (length). */
enum wasi_errno wasi_path_argument(const struct wasi_call *call, uint32_t index, const char **path,
                                   size_t *length);

/* Writes a filestat to checked memory. */
void wasi_put_filestat(uint8_t *out, const struct wasi_attr *attr);
/* The times and FSTFLAGS of the set_times functions; INVAL if a time is given twice. */
enum wasi_errno wasi_set_times(uint64_t atime, uint64_t mtime, uint32_t flags,
                               struct wasi_setattr *set);

/* The host's open flags for rights and WASI_FDFLAG_*. */
uint32_t wasi_host_flags(uint64_t rights, uint32_t fdflags);

#endif
