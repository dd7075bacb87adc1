/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Making and ending a WASI, and the way from an import to its function. */
#include "wasi/wasi.h"
#include "wasi/call.h"
#include <string.h>

#define FIRST_PREOPEN 3u

struct signature {
  const char *name, *params, *results;
};

/* Names and types, in letters, and handlers: both in the order of enum wasi_function_number. */
static const struct signature SIGNATURES[WASI_FUNCTION_COUNT] = {
#define FUNCTION(name, params, results) {#name, params, results},
#include "wasi/functions.def"
#undef FUNCTION
};

static wasi_function *const FUNCTIONS[WASI_FUNCTION_COUNT] = {
#define FUNCTION(name, params, results) wasi_##name,
#include "wasi/functions.def"
#undef FUNCTION
};

/* The host function behind every import. */
static enum wasm_trap_kind call_function(void *context, struct wasm_instance *caller,
                                         const union wasm_value *args, union wasm_value *results) {
  const struct wasi_binding *binding = context;
  const struct wasm_memory *memory = wasm_instance_memory(caller);
  struct wasi_call call = {.wasi = binding->wasi, .args = args, .trap = WASM_TRAP_NONE};
  if (memory)
    call.memory = (struct wasi_memory){wasm_memory_base(memory), wasm_memory_bytes(memory)};
  /* Arguments and results may share their place: the result is written last. */
  enum wasi_errno status = binding->function(&call);
  if (call.trap == WASM_TRAP_NONE && binding->has_result)
    results[0].i32 = status;
  return call.trap;
}

/* ---- Making ---------------------------------------------------------------------------------- */

/* Streams may do what their direction allows. Terminals lack the right to seek: that is how
 * programs tell them (isatty) from other character devices. */
static struct wasi_descriptor stream_descriptor(uint32_t stream, enum wasi_stream_kind kind) {
  uint64_t rights = WASI_RIGHT_FD_FDSTAT_SET_FLAGS | WASI_RIGHT_FD_SYNC | WASI_RIGHT_FD_DATASYNC |
                    WASI_RIGHT_FD_FILESTAT_GET | WASI_RIGHT_POLL_FD_READWRITE;
  rights |= stream ? WASI_RIGHT_FD_WRITE : WASI_RIGHT_FD_READ;
  enum wasi_filetype type = WASI_FILETYPE_UNKNOWN; /* pipes have no number of their own */
  if (kind == WASI_STREAM_TERMINAL || kind == WASI_STREAM_OTHER)
    type = WASI_FILETYPE_CHARACTER_DEVICE;
  if (kind == WASI_STREAM_OTHER)
    rights |= WASI_RIGHT_FD_SEEK | WASI_RIGHT_FD_TELL;
  if (kind == WASI_STREAM_FILE) {
    type = WASI_FILETYPE_REGULAR_FILE;
    rights |= WASI_RIGHT_FD_SEEK | WASI_RIGHT_FD_TELL | WASI_RIGHT_FD_ADVISE;
    rights |= stream ? WASI_RIGHT_FD_FILESTAT_SET_SIZE : 0;
  }
  return (struct wasi_descriptor){
      .kind = WASI_KIND_STREAM, .filetype = type, .rights = rights, .stream = stream};
}

/* Streams that the host has closed stay free numbers, as in POSIX. */
static void add_streams(struct wasi *wasi) {
  for (uint32_t stream = 0; stream < FIRST_PREOPEN; stream++) {
    enum wasi_stream_kind kind = wasi->host->ops->stream_kind(wasi->host, stream);
    if (kind != WASI_STREAM_CLOSED)
      wasi->table.entries[stream] = stream_descriptor(stream, kind);
  }
}

/* Descriptors 3, 4, ..., as wasmtime's --tcplisten numbers them. */
static bool add_listener(struct wasi *wasi, uint32_t socket) {
  uint32_t fd;
  if (wasi_table_reserve(&wasi->table, FIRST_PREOPEN, &fd))
    return false;
  wasi->table.entries[fd] = (struct wasi_descriptor){.kind = WASI_KIND_LISTENER,
                                                     .filetype = WASI_FILETYPE_SOCKET_STREAM,
                                                     .rights = WASI_RIGHTS_LISTENER,
                                                     .inheriting = WASI_RIGHTS_CONNECTION,
                                                     .socket = socket};
  return true;
}

/* Preopened directories may do everything and pass everything on; what the host shares read-only
 * refuses changes itself (EROFS). */
static bool add_preopen(struct wasi *wasi, const struct wasi_preopen *preopen) {
  uint32_t fd;
  if (wasi_table_reserve(&wasi->table, FIRST_PREOPEN, &fd))
    return false;
  struct wasi_hold *hold = wasi_hold_new(wasi->host, preopen->fs, WASI_ROOT_NODE);
  if (!hold)
    return false;
  wasi->table.entries[fd] = (struct wasi_descriptor){.kind = WASI_KIND_DIRECTORY,
                                                     .filetype = WASI_FILETYPE_DIRECTORY,
                                                     .rights = WASI_RIGHTS_DIRECTORY,
                                                     .inheriting = WASI_RIGHTS_ALL,
                                                     .hold = hold,
                                                     .preopen = preopen->name};
  return true;
}

struct wasi *wasi_new(struct wasm_store *store, const struct wasi_config *config) {
  struct wasi_host *host = config->host;
  struct wasi *wasi = host->ops->allocate(host, sizeof *wasi);
  if (!wasi)
    return NULL;
  /* All but the scratch memory at the end. */
  memset(wasi, 0, offsetof(struct wasi, slices));
  wasi->store = store;
  wasi->host = host;
  wasi->config = *config;
  wasi->table.host = host;
  for (uint32_t i = 0; i < WASI_FUNCTION_COUNT; i++)
    wasi->bindings[i] = (struct wasi_binding){
        .wasi = wasi, .function = FUNCTIONS[i], .has_result = SIGNATURES[i].results[0]};
  uint32_t fd;
  bool done = !wasi_table_reserve(&wasi->table, FIRST_PREOPEN, &fd);
  if (done)
    add_streams(wasi);
  for (uint32_t i = 0; done && i < config->listener_count; i++)
    done = add_listener(wasi, i);
  for (uint32_t i = 0; done && i < config->preopen_count; i++)
    done = add_preopen(wasi, &config->preopens[i]);
  if (done)
    return wasi;
  wasi_delete(wasi);
  return NULL;
}

/* The Linux number of a WASI errno: wasi_delete speaks the host's language. */
static int linux_errno_of(enum wasi_errno status) {
  switch (status) {
#define ERRNO(name, number, linux_number)                                                          \
  case number:                                                                                     \
    return linux_number;
#define ERRNO_WASI(name, number)
#include "wasi/errno.def"
#undef ERRNO
#undef ERRNO_WASI
  default:
    return 5; /* EIO */
  }
}

/* Everything is closed whatever fails on the way; the first failure is told. */
int wasi_delete(struct wasi *wasi) {
  enum wasi_errno first = WASI_ERRNO_SUCCESS;
  for (uint32_t fd = 0; fd < wasi->table.capacity; fd++) {
    enum wasi_errno status = wasi_table_close(&wasi->table, &wasi->table.entries[fd]);
    if (!first)
      first = status;
  }
  wasi_table_free(&wasi->table);
  wasi->host->ops->free(wasi->host, wasi, sizeof *wasi);
  return linux_errno_of(first);
}

/* ---- Imports --------------------------------------------------------------------------------- */

static bool name_is(struct wasm_name name, const char *text) {
  return name.length == strlen(text) && !memcmp(name.bytes, text, name.length);
}

static uint8_t valtype_of(char letter) {
  return letter == 'I' ? WASM_I64 : WASM_I32;
}

static bool types_are(const char *letters, const uint8_t *types, uint32_t count) {
  if (strlen(letters) != count)
    return false;
  for (uint32_t i = 0; i < count; i++)
    if (types[i] != valtype_of(letters[i]))
      return false;
  return true;
}

/* A function is made once however often it is imported: equal imports are equal references. */
struct wasm_func *wasi_import(struct wasi *wasi, struct wasm_name space, struct wasm_name name,
                              const struct wasm_functype *type, bool *type_mismatch) {
  *type_mismatch = false;
  if (!name_is(space, "wasi_snapshot_preview1"))
    return NULL;
  uint32_t i = 0;
  while (i < WASI_FUNCTION_COUNT && !name_is(name, SIGNATURES[i].name))
    i++;
  if (i == WASI_FUNCTION_COUNT)
    return NULL;
  if (!types_are(SIGNATURES[i].params, type->params, type->param_count) ||
      !types_are(SIGNATURES[i].results, type->results, type->result_count)) {
    *type_mismatch = true;
    return NULL;
  }
  struct wasi_binding *binding = &wasi->bindings[i];
  if (!binding->func)
    binding->func = wasm_func_new(wasi->store, type, call_function, binding);
  return binding->func;
}
