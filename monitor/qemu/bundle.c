/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The files that QEMU is given in memory: the guest's image, and the bundle of what to run. */
#include "monitor/boot_block.h"
#include "monitor/qemu/qemu.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static uint64_t round_up(uint64_t size, uint64_t unit) {
  return (size + unit - 1) / unit * unit;
}

static bool write_all(int fd, const uint8_t *bytes, uint64_t size) {
  while (size > 0) {
    ssize_t count = write(fd, bytes, size);
    if (count < 0 && errno == EINTR)
      continue;
    if (count <= 0)
      return false;
    bytes += count;
    size -= (uint64_t)count;
  }
  return true;
}

/* What a standard stream is (ABI_STREAM_*), as for our own console. */
static uint32_t stream_kind(int fd) {
  struct stat status;
  if (fd < 0 || fstat(fd, &status) < 0)
    return ABI_STREAM_CLOSED;
  if (S_ISREG(status.st_mode))
    return ABI_STREAM_FILE;
  if (S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode))
    return ABI_STREAM_PIPE;
  return isatty(fd) ? ABI_STREAM_TERMINAL : ABI_STREAM_OTHER;
}

static void describe(const struct qemu_config *config, struct abi_boot *boot) {
  struct boot_writer writer = boot_block_begin(boot, config->program);
  boot->device_count = (uint32_t)config->directory_count;
  for (size_t i = 0; i < config->directory_count; i++)
    boot->devices[i] =
        (struct abi_device){.type = ABI_DEVICE_FS,
                            .name = boot_block_add(&writer, config->directories[i].guest),
                            .flags = config->directories[i].read_only ? ABI_DEVICE_READ_ONLY : 0};
  for (int i = 0; i < 3; i++)
    boot->virt.streams |= stream_kind(config->stdio[i]) << (8 * i);
  boot->size = writer.used;
}

static uint64_t description_size(const struct qemu_config *config) {
  uint64_t size = boot_block_size(config->program);
  for (size_t i = 0; i < config->directory_count; i++)
    size += strlen(config->directories[i].guest) + 1;
  return round_up(size, ABI_BUNDLE_ALIGN);
}

static bool write_flat_image(struct qemu_vm *vm) {
  const struct image *image = vm->config->image;
  size_t size = image->end - image->base;
  uint8_t *bytes = calloc(1, size);
  vm->image = memfd_create("hermit-wasm-image", MFD_CLOEXEC);
  bool ok = bytes && vm->image >= 0 && image_write_flat(image, bytes) &&
            write_all(vm->image, bytes, size);
  free(bytes);
  return ok || qemu_fail(vm, "cannot write the guest image for QEMU: %s", strerror(errno));
}

/* The built-in image is copied; QEMU reads no other file of ours. */
static bool write_image(struct qemu_vm *vm) {
  const struct image *image = vm->config->image;
  if (vm->config->board->flat)
    return write_flat_image(vm);
  if (!image->bytes) {
    vm->image = dup(image->fd);
    return vm->image >= 0 || qemu_fail(vm, "cannot pass the guest image: %s", strerror(errno));
  }
  vm->image = memfd_create("hermit-wasm-image", MFD_CLOEXEC);
  return (vm->image >= 0 && write_all(vm->image, image->bytes, image->length)) ||
         qemu_fail(vm, "cannot write the guest image for QEMU: %s", strerror(errno));
}

bool qemu_write_bundle(struct qemu_vm *vm) {
  const struct vm_config *program = vm->config->program;
  uint64_t header = description_size(vm->config);
  uint64_t size = header + program->module_length;
  if (header > UINT32_MAX)
    return qemu_fail(vm, "arguments and environment are too long: %llu bytes",
                     (unsigned long long)header);
  vm->bundle = memfd_create("hermit-wasm-bundle", MFD_CLOEXEC);
  if (vm->bundle < 0 || ftruncate(vm->bundle, (off_t)size) < 0)
    return qemu_fail(vm, "cannot write what QEMU shall run: %s", strerror(errno));
  uint8_t *bytes = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, vm->bundle, 0);
  if (bytes == MAP_FAILED)
    return qemu_fail(vm, "cannot write what QEMU shall run: %s", strerror(errno));
  describe(vm->config, (struct abi_boot *)bytes);
  bool ok =
      boot_block_read_module(program, bytes + header, vm->result->text, sizeof(vm->result->text));
  munmap(bytes, size);
  return ok && write_image(vm);
}
