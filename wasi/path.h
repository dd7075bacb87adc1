/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Path resolution: one component at a time, symbolic links expanded here, never above the directory
 * the call started from. Hosts see single names only. */
#ifndef WASI_PATH_H
#define WASI_PATH_H

#include "wasi/abi.h"
#include "wasi/host.h"

#define WASI_NAME_MAX 255u
#define WASI_PATH_MAX 4095u   /* as Linux: PATH_MAX less the NUL */
#define WASI_PATH_DEPTH 2048u /* a path of PATH_MAX bytes has no more components */
#define WASI_LINKS_MAX 40u    /* as Linux: more are a loop */

/* Scratch memory for one resolution at a time; contents mean nothing between calls. */
struct wasi_path_work {
  char text[2][WASI_PATH_MAX + 1];
  wasi_node ancestors[WASI_PATH_DEPTH];
};

enum wasi_path_mode {
  WASI_PATH_PARENT,   /* stop before the last name: it will be made or removed */
  WASI_PATH_NOFOLLOW, /* look the last name up, but do not expand a link, unless a slash follows */
  WASI_PATH_FOLLOW,   /* look the last name up, expanding links */
};

/* What the last component was. DOT and DOTDOT leave no name: the path means `directory`. */
enum wasi_path_last { WASI_LAST_NAME, WASI_LAST_DOT, WASI_LAST_DOTDOT };

/* Where a path leads. */
struct wasi_place {
  struct wasi_fs *fs;
  wasi_node directory; /* the one the last name stands in */
  bool directory_held; /* it was looked up for this place; else it is the call's own directory */
  enum wasi_path_last last;
  bool slash; /* slashes followed: the last name must be a directory's */
  char name[WASI_NAME_MAX];
  uint32_t name_length;
  /* NOFOLLOW and FOLLOW: the object itself. */
  bool found;            /* false: no such name in `directory` */
  wasi_node node;        /* found */
  bool node_held;        /* it was looked up for this place (false for DOT and DOTDOT) */
  struct wasi_attr attr; /* found */
};

/* Bytes that may be a path: ILSEQ if not UTF-8, INVAL with a NUL inside. For contents of links. */
enum wasi_errno wasi_path_check(const char *bytes, size_t length);

/* Resolves `path` from `start`. On SUCCESS *place must be released. NOENT: a directory on the way
 * is missing (a missing last name is not an error here). */
enum wasi_errno wasi_path_resolve(struct wasi_path_work *work, struct wasi_fs *fs, wasi_node start,
                                  const char *path, size_t length, enum wasi_path_mode mode,
                                  struct wasi_place *place);
/* The same; a missing last name is NOENT, and one with a slash behind must be a directory. */
enum wasi_errno wasi_path_find(struct wasi_path_work *work, struct wasi_fs *fs, wasi_node start,
                               const char *path, size_t length, bool follow,
                               struct wasi_place *place);
/* Forgets what the place still holds. */
void wasi_place_release(struct wasi_place *place);

/* What a Linux st_mode means in WASI; and a Linux DT_*. */
enum wasi_filetype wasi_filetype_of_mode(uint32_t mode);
enum wasi_filetype wasi_filetype_of_dirent(uint32_t type);

#endif
