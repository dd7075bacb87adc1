/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Loads the guest's image. The built-in one lies page aligned in this executable's file, so its
 * pages can be mapped from there: nothing is copied and all VMs of a host share them. */
#include "monitor/kvm/image.h"

#include "abi/kernel.h"
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* monitor/kvm/builtin.S */
extern const uint8_t builtin_image[];
extern const uint8_t builtin_image_end[];

static bool fail(char *error, size_t size, const char *what) {
  snprintf(error, size, "cannot load the guest image: %s", what);
  return false;
}

static bool fail_errno(char *error, size_t size, const char *what) {
  snprintf(error, size, "cannot load the guest image: %s: %s", what, strerror(errno));
  return false;
}

/* ---- Where the built-in image lies in a file ---- */

struct file_search {
  uintptr_t address;
  uint64_t offset;
  const char *path;
};

/* dl_iterate_phdr: is the address in a segment that comes from this object's file? */
static int search_object(struct dl_phdr_info *info, size_t size, void *context) {
  (void)size;
  struct file_search *search = context;
  for (int i = 0; i < info->dlpi_phnum; i++) {
    const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
    uintptr_t start = info->dlpi_addr + segment->p_vaddr;
    if (segment->p_type != PT_LOAD || search->address < start ||
        search->address - start >= segment->p_filesz)
      continue;
    search->offset = segment->p_offset + (search->address - start);
    search->path = info->dlpi_name && *info->dlpi_name ? info->dlpi_name : "/proc/self/exe";
    return 1;
  }
  return 0;
}

/* Finds the image's bytes in the file of this program. Where that fails (the file was replaced,
 * /proc is not there) image->fd stays -1 and the bytes are copied. */
static void find_builtin_file(struct image *image) {
  struct file_search search = {.address = (uintptr_t)builtin_image};
  if (!dl_iterate_phdr(search_object, &search) || search.offset % ABI_PAGE_SIZE)
    return;
  int fd = open(search.path, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return;
  uint8_t head[sizeof(Elf64_Ehdr)];
  if (pread(fd, head, sizeof(head), (off_t)search.offset) != (ssize_t)sizeof(head) ||
      memcmp(head, builtin_image, sizeof(head)) != 0) {
    close(fd);
    return;
  }
  image->fd = fd;
  image->fd_offset = search.offset;
}

/* ---- Reading ---- */

static bool read_bytes(const struct image *image, uint64_t offset, void *to, size_t size) {
  if (offset > image->length || size > image->length - offset)
    return false;
  if (image->bytes) {
    memcpy(to, image->bytes + offset, size);
    return true;
  }
  return pread(image->fd, to, size, (off_t)(image->fd_offset + offset)) == (ssize_t)size;
}

static const char *add_segment(struct image *image, const Elf64_Phdr *header) {
  if (image->segment_count == IMAGE_SEGMENTS_MAX)
    return "too many segments";
  if (header->p_vaddr % ABI_PAGE_SIZE || header->p_paddr != header->p_vaddr)
    return "a segment is not page aligned, or its physical address is another";
  if (header->p_filesz > header->p_memsz || header->p_offset > image->length ||
      header->p_filesz > image->length - header->p_offset)
    return "a segment lies outside the file";
  uint64_t base = image->segment_count ? image->base : header->p_vaddr & -(uint64_t)IMAGE_SIZE_MAX;
  if (header->p_vaddr < image->end || header->p_vaddr - base > IMAGE_SIZE_MAX ||
      header->p_memsz > IMAGE_SIZE_MAX - (header->p_vaddr - base))
    return "segments overlap or are too large";
  if (header->p_flags & PF_W && header->p_flags & PF_X)
    return "a segment is writable and executable";
  if (!image->segment_count)
    image->base = header->p_vaddr;
  image->end = (header->p_vaddr + header->p_memsz + ABI_PAGE_SIZE - 1) & -ABI_PAGE_SIZE;
  image->segments[image->segment_count++] =
      (struct image_segment){.address = header->p_vaddr,
                             .offset = header->p_offset,
                             .file_size = header->p_filesz,
                             .size = header->p_memsz,
                             .writable = header->p_flags & PF_W,
                             .executable = header->p_flags & PF_X};
  return NULL;
}

/* NULL, or what is wrong. */
static const char *read_headers(struct image *image) {
  Elf64_Ehdr header;
  if (!read_bytes(image, 0, &header, sizeof(header)) ||
      memcmp(header.e_ident, ELFMAG, SELFMAG) != 0)
    return "it is no ELF file";
  if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_type != ET_EXEC ||
      header.e_phentsize != sizeof(Elf64_Phdr))
    return "it is not a 64-bit ELF executable";
  for (uint32_t i = 0; i < header.e_phnum; i++) {
    Elf64_Phdr segment;
    if (!read_bytes(image, header.e_phoff + i * sizeof(segment), &segment, sizeof(segment)))
      return "its program headers lie outside the file";
    if (segment.p_type != PT_LOAD || !segment.p_memsz)
      continue;
    const char *problem = add_segment(image, &segment);
    if (problem)
      return problem;
  }
  return image->segment_count ? NULL : "it has nothing to load";
}

bool image_open(struct image *image, const char *path, char *error, size_t error_size) {
  memset(image, 0, sizeof(*image));
  image->fd = -1;
  if (path) {
    struct stat status;
    image->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (image->fd < 0 || fstat(image->fd, &status) < 0)
      return fail_errno(error, error_size, path);
    image->length = (uint64_t)status.st_size;
  } else {
    image->bytes = builtin_image;
    image->length = (uint64_t)(builtin_image_end - builtin_image);
    find_builtin_file(image);
  }
  const char *problem = read_headers(image);
  return problem ? fail(error, error_size, problem) : true;
}

/* ---- Loading ---- */

/* Maps the pages of a segment that is never written. False: it cannot be mapped, for one because
 * the host's pages are larger than ours and would hold a piece of the next segment too. */
static bool map_segment(const struct image *image, const struct image_segment *segment,
                        uint8_t *to) {
  uint64_t offset = image->fd_offset + segment->offset;
  if (image->fd < 0 || segment->writable || segment->file_size != segment->size ||
      offset % ABI_PAGE_SIZE || getpagesize() != ABI_PAGE_SIZE)
    return false;
  return mmap(to, segment->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, image->fd,
              (off_t)offset) == to;
}

bool image_write_flat(const struct image *image, uint8_t *to) {
  for (uint32_t i = 0; i < image->segment_count; i++) {
    const struct image_segment *segment = &image->segments[i];
    if (!read_bytes(image, segment->offset, to + (segment->address - image->base),
                    segment->file_size))
      return false;
  }
  return true;
}

bool image_load(const struct image *image, uint8_t *memory, char *error, size_t error_size) {
  for (uint32_t i = 0; i < image->segment_count; i++) {
    const struct image_segment *segment = &image->segments[i];
    uint8_t *to = memory + segment->address;
    if (!map_segment(image, segment, to) &&
        !read_bytes(image, segment->offset, to, segment->file_size))
      return fail(error, error_size, "it cannot be read");
  }
  return true;
}

void image_close(struct image *image) {
  if (image->fd >= 0)
    close(image->fd);
  image->fd = -1;
}
