/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* WASI preview 1 for one program: the import module `wasi_snapshot_preview1`. */
#ifndef WASI_WASI_H
#define WASI_WASI_H

#include "engine/engine.h"
#include "wasi/host.h"

/* What the program is given. Everything is borrowed and must outlive the wasi. */
struct wasi_config {
  struct wasi_host *host;
  const char *args; /* strings one after the other, each ended by a NUL */
  size_t args_size;
  uint32_t arg_count;
  const char *env; /* NAME=VALUE, likewise */
  size_t env_size;
  uint32_t env_count;
  const struct wasi_preopen *preopens; /* descriptors 3, 4, ..., behind the listeners */
  uint32_t preopen_count;
  uint32_t listener_count; /* listening sockets: descriptors 3, 4, ... */
};

struct wasi;

/* NULL: no memory. Makes no host function yet. */
struct wasi *wasi_new(struct wasm_store *store, const struct wasi_config *config);
/* Closes what is open; returns 0 or the first errno of a close that failed (lost writes). */
int wasi_delete(struct wasi *wasi);

/* The host function for an import, or NULL when WASI has none of that name. A function that
 * exists but is imported with another type gives *type_mismatch = true. `unstable` spellings
 * (wasi_unstable) are not supported. */
struct wasm_func *wasi_import(struct wasi *wasi, struct wasm_name space, struct wasm_name name,
                              const struct wasm_functype *type, bool *type_mismatch);

#endif
