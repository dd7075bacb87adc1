/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What a guest is told to run, and the module itself. */
#include "monitor/boot_block.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static uint64_t strings_size(const char *const *strings, size_t count) {
  uint64_t size = 0;
  for (size_t i = 0; i < count; i++)
    size += strlen(strings[i]) + 1;
  return size;
}

uint64_t boot_block_size(const struct vm_config *config) {
  return sizeof(struct abi_boot) + strlen(config->module_name) + 1 +
         (config->invoke ? strlen(config->invoke) : 0) + 1 +
         strings_size(config->args, config->arg_count) + 1 +
         strings_size(config->env, config->env_count) + 1;
}

struct abi_span boot_block_add(struct boot_writer *writer, const char *text) {
  size_t length = strlen(text);
  struct abi_span span = {.offset = writer->used, .length = (uint32_t)length};
  memcpy((char *)writer->boot + writer->used, text, length + 1);
  writer->used += (uint32_t)length + 1;
  return span;
}

/* Strings one after the other, each with its NUL, and one NUL more. */
static struct abi_span add_strings(struct boot_writer *writer, const char *const *strings,
                                   size_t count) {
  struct abi_span span = {.offset = writer->used};
  for (size_t i = 0; i < count; i++)
    boot_block_add(writer, strings[i]);
  span.length = writer->used - span.offset;
  boot_block_add(writer, "");
  return span;
}

struct boot_writer boot_block_begin(struct abi_boot *boot, const struct vm_config *config) {
  struct boot_writer writer = {.boot = boot, .used = sizeof(*boot)};
  boot->magic = ABI_BOOT_MAGIC;
  boot->version = ABI_BOOT_VERSION;
  boot->mode = config->mode;
  boot->flags = config->flags;
  boot->module_length = config->module_length;
  boot->module_name = boot_block_add(&writer, config->module_name);
  boot->invoke = boot_block_add(&writer, config->invoke ? config->invoke : "");
  boot->args = add_strings(&writer, config->args, config->arg_count);
  boot->env = add_strings(&writer, config->env, config->env_count);
  boot->arg_count = (uint32_t)config->arg_count;
  boot->env_count = (uint32_t)config->env_count;
  return writer;
}

/* The module is read, not mapped: a file may change while the guest runs, which would pull checked
 * bytes from under the engine's feet. */
bool boot_block_read_module(const struct vm_config *config, uint8_t *to, char *error,
                            size_t error_size) {
  for (uint64_t done = 0; done < config->module_length;) {
    ssize_t count = pread(config->module, to + done, config->module_length - done, (off_t)done);
    if (count < 0 && errno == EINTR)
      continue;
    if (count <= 0) {
      snprintf(error, error_size, "cannot read %s: %s", config->module_name,
               count < 0 ? strerror(errno) : "it became shorter while being read");
      return false;
    }
    done += (uint64_t)count;
  }
  return true;
}
