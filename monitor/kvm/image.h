/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The guest's image: an ELF file of ours, inside this executable or in a file of its own. */
#ifndef MONITOR_KVM_IMAGE_H
#define MONITOR_KVM_IMAGE_H

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IMAGE_SEGMENTS_MAX 8
#define IMAGE_SIZE_MAX (64u << 20) /* bytes of guest memory that an image may occupy */

struct image_segment {
  uint64_t address; /* virtual and physical, page aligned */
  uint64_t offset;  /* in the file */
  uint64_t file_size;
  uint64_t size;
  bool writable;
  bool executable;
};

struct image {
  int fd;               /* the file; -1: the bytes alone, which are copied */
  uint64_t fd_offset;   /* where the ELF file starts in it */
  const uint8_t *bytes; /* the built-in image; NULL: read from fd */
  uint64_t length;
  uint64_t base; /* lowest address */
  uint64_t end;  /* behind the highest, page aligned */
  struct image_segment segments[IMAGE_SEGMENTS_MAX];
  uint32_t segment_count;
};

/* Opens the image: `path`, or the built-in one when it is NULL. False: `error` says why. */
bool image_open(struct image *image, const char *path, char *error, size_t error_size);
/* Puts the segments into guest memory whose address 0 is, or would be, at `memory`; up to
 * image->end it must be there. What is not writable is mapped, not copied. */
bool image_load(const struct image *image, uint8_t *memory, char *error, size_t error_size);
/* Writes what lies in memory from image->base to image->end, zeros aside, to `to`. */
bool image_write_flat(const struct image *image, uint8_t *to);
void image_close(struct image *image);

#endif
