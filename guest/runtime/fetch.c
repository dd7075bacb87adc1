/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The module, when it came neither from our monitor nor in a RAM disk: a file of a share. */
#include "guest/runtime/program.h"

#include <string.h>

#define REGULAR_FILE(mode) (((mode)&0170000) == 0100000)

/* A file's way from a share's root; symbolic links are not followed. */
struct walk {
  struct wasi_fs *fs;
  wasi_node node;
  struct wasi_attr attr;
};

static _Noreturn void refuse(struct program *program, const char *why) {
  struct printer *printer = program_message(program, "fetching");
  print_text(printer, why);
  print_text(printer, "\n");
  program_end(program, ABI_OUTCOME_REFUSED, 0);
}

/* The share whose name the path begins with; *rest: the path below it. */
static struct wasi_fs *find_share(const struct program *program, const char *path,
                                  const char **rest) {
  for (uint32_t i = 0; i < program->preopen_count; i++) {
    size_t length = strlen(program->preopens[i].name);
    if (strlen(path) > length && memcmp(path, program->preopens[i].name, length) == 0 &&
        path[length] == '/') {
      *rest = path + length + 1;
      return program->preopens[i].fs;
    }
  }
  return NULL;
}

/* One component of the path further. */
static int step(struct walk *walk, const char *name, size_t length) {
  wasi_node node;
  int error = walk->fs->ops->lookup(walk->fs, walk->node, name, length, &node, &walk->attr);
  if (walk->node != WASI_ROOT_NODE)
    walk->fs->ops->forget(walk->fs, walk->node);
  walk->node = error ? WASI_ROOT_NODE : node;
  return error;
}

static int walk_path(struct walk *walk, const char *path) {
  int error = 0;
  while (*path && !error) {
    size_t length = 0;
    while (path[length] && path[length] != '/')
      length++;
    if (length)
      error = step(walk, path, length);
    path += length + (path[length] == '/');
  }
  return error;
}

static int read_file(const struct walk *walk, uint8_t *bytes, uint64_t size) {
  struct wasi_fs *fs = walk->fs;
  wasi_handle handle;
  int error = fs->ops->open(fs, walk->node, WASI_O_RDONLY, &handle);
  if (error)
    return error;
  for (uint64_t done = 0; done < size && !error;) {
    struct wasi_slice slice = {bytes + done, size - done};
    size_t count = 0;
    error = fs->ops->read(fs, walk->node, handle, done, &slice, 1, &count);
    if (!error && count == 0)
      break; /* it became shorter: the engine sees zeros */
    done += count;
  }
  fs->ops->release(fs, walk->node, handle);
  return error;
}

void program_fetch_module(struct program *program) {
  const struct abi_boot *boot = program->machine->boot;
  const char *rest;
  struct walk walk = {.node = WASI_ROOT_NODE};
  walk.fs = find_share(program, boot_text(boot, boot->module_name), &rest);
  if (!walk.fs)
    refuse(program, "there is no initial RAM disk, and no virtio-fs share has such a path: "
                    "-initrd MODULE, or a share with the tag of the path's first part");
  if (walk_path(&walk, rest) != 0)
    refuse(program, "there is no such file in the share");
  if (!REGULAR_FILE(walk.attr.mode) || walk.attr.size == 0)
    refuse(program, "it is not a regular file with something in it");
  uint8_t *bytes = program->platform.allocate(program->platform.context, walk.attr.size);
  if (!bytes)
    refuse(program, "out of memory (-m)");
  if (read_file(&walk, bytes, walk.attr.size) != 0)
    refuse(program, "it cannot be read");
  if (walk.node != WASI_ROOT_NODE)
    walk.fs->ops->forget(walk.fs, walk.node);
  program->module_bytes = bytes;
  program->module_length = walk.attr.size;
}
