/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The engine at work on typical modules, for the profile that the guest's build is optimised by.
 * Usage: train MODULE...: decodes, validates and compiles each. */
#include "engine/engine.h"
#include "tests/platform/posix.h"
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

static bool fail(const char *path, const char *why) {
  fprintf(stderr, "train: loading %s: %s\n", path, why);
  return false;
}

static bool load_module(const char *path) {
  struct stat status;
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0 || fstat(fd, &status) < 0)
    return fail(path, strerror(errno));
  size_t size = (size_t)status.st_size;
  const uint8_t *bytes = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
  if (bytes == MAP_FAILED)
    return fail(path, strerror(errno));

  struct posix_platform platform;
  struct wasm_module *module;
  struct wasm_error error;
  posix_platform_init(&platform);
  struct wasm_store *store = wasm_store_new(&platform.hooks);
  if (!store)
    return fail(path, "no memory");
  if (wasm_module_load(store, bytes, size, true, &module, &error) != WASM_OK)
    return fail(path, error.text);
  wasm_store_delete(store);
  return true;
}

int main(int argc, char **argv) {
  for (int i = 1; i < argc; i++)
    if (!load_module(argv[i]))
      return 1;
  return 0;
}
