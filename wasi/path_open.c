/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* path_open. */
#include "wasi/call.h"

struct opening {
  struct wasi_call *call;
  struct wasi_descriptor *directory; /* the one opened through */
  uint32_t lookup, oflags, fdflags;
  uint64_t rights, inheriting;
  struct wasi_place place;
  struct wasi_descriptor opened; /* what comes of it */
};

static bool has_oflags(const struct opening *opening, uint32_t flags) {
  return (opening->oflags & flags) == flags;
}

static enum wasi_errno check_flags(const struct opening *opening) {
  if (opening->lookup & ~WASI_LOOKUP_ALL || opening->oflags & ~WASI_OFLAG_ALL ||
      opening->fdflags & ~WASI_FDFLAG_ALL)
    return WASI_ERRNO_INVAL;
  /* A file that must be a directory cannot be made here (Linux 6.4 and later say the same). */
  if (has_oflags(opening, WASI_OFLAG_CREAT | WASI_OFLAG_DIRECTORY))
    return WASI_ERRNO_INVAL;
  return WASI_ERRNO_SUCCESS;
}

/* New descriptors get at most what the directory passes on. Bits that are no rights at all are
 * ignored: Go's runtime sets them. */
static enum wasi_errno check_rights(const struct opening *opening) {
  const struct wasi_descriptor *directory = opening->directory;
  uint64_t has = directory->rights;
  if (opening->oflags & WASI_OFLAG_CREAT && !(has & WASI_RIGHT_PATH_CREATE_FILE))
    return WASI_ERRNO_NOTCAPABLE;
  /* PERM rather than NOTCAPABLE: the WASI test-suite asks for it. */
  if (opening->oflags & WASI_OFLAG_TRUNC && !(has & WASI_RIGHT_PATH_FILESTAT_SET_SIZE))
    return WASI_ERRNO_PERM;
  has |= directory->inheriting;
  if (opening->fdflags & WASI_FDFLAG_DSYNC && !(has & WASI_RIGHT_FD_DATASYNC))
    return WASI_ERRNO_NOTCAPABLE;
  if (opening->fdflags & (WASI_FDFLAG_RSYNC | WASI_FDFLAG_SYNC) && !(has & WASI_RIGHT_FD_SYNC))
    return WASI_ERRNO_NOTCAPABLE;
  uint64_t wanted = (opening->rights | opening->inheriting) & WASI_RIGHTS_ALL;
  return wanted & ~directory->inheriting ? WASI_ERRNO_NOTCAPABLE : WASI_ERRNO_SUCCESS;
}

/* Takes the place's node over into a hold. "." and ".." were not looked up: they are the call's own
 * directory, whose hold is shared, or the directory that the place holds. NULL: no memory. */
static struct wasi_hold *take_node(struct opening *opening) {
  struct wasi_place *place = &opening->place;
  if (!place->node_held && !place->directory_held) {
    opening->directory->hold->count++;
    return opening->directory->hold;
  }
  struct wasi_hold *hold = wasi_hold_new(opening->call->wasi->host, place->fs, place->node);
  if (hold && place->node_held)
    place->node_held = false;
  else if (hold)
    place->directory_held = false;
  return hold;
}

static void drop_node(struct opening *opening, struct wasi_hold *hold) {
  wasi_hold_drop(opening->call->wasi->host, hold);
}

/* A directory gets its handle when it is first listed. */
static enum wasi_errno open_directory(struct opening *opening) {
  if (opening->oflags & (WASI_OFLAG_CREAT | WASI_OFLAG_TRUNC) ||
      opening->rights & WASI_RIGHT_FD_WRITE)
    return WASI_ERRNO_ISDIR;
  struct wasi_hold *hold = take_node(opening);
  if (!hold)
    return WASI_ERRNO_NOMEM;
  opening->opened = (struct wasi_descriptor){.kind = WASI_KIND_DIRECTORY,
                                             .filetype = WASI_FILETYPE_DIRECTORY,
                                             .flags = opening->fdflags,
                                             .rights = opening->rights & WASI_RIGHTS_DIRECTORY,
                                             .inheriting = opening->inheriting & WASI_RIGHTS_ALL,
                                             .hold = hold};
  return WASI_ERRNO_SUCCESS;
}

static void set_opened_file(struct opening *opening, struct wasi_hold *hold, wasi_handle handle,
                            uint32_t mode) {
  opening->opened = (struct wasi_descriptor){.kind = WASI_KIND_FILE,
                                             .filetype = wasi_filetype_of_mode(mode),
                                             .flags = opening->fdflags,
                                             .rights = opening->rights & WASI_RIGHTS_FILE,
                                             .hold = hold,
                                             .handle = handle};
}

/* Truncation is a step of its own, so that it also works through a handle that may only read, and
 * happens only once the file could be opened. */
static enum wasi_errno open_file(struct opening *opening) {
  struct wasi_hold *hold = take_node(opening);
  if (!hold)
    return WASI_ERRNO_NOMEM;
  struct wasi_fs *fs = hold->fs;
  wasi_handle handle = 0;
  uint32_t flags = wasi_host_flags(opening->rights, opening->fdflags);
  int error = fs->ops->open(fs, hold->node, flags, &handle);
  if (!error && opening->oflags & WASI_OFLAG_TRUNC) {
    bool can_write = flags & (WASI_O_WRONLY | WASI_O_RDWR);
    struct wasi_setattr set = {.valid = WASI_SET_SIZE};
    error = fs->ops->setattr(fs, hold->node, can_write ? handle : 0, &set);
    if (error)
      fs->ops->release(fs, hold->node, handle);
  }
  if (error)
    drop_node(opening, hold);
  else
    set_opened_file(opening, hold, handle, opening->place.attr.mode);
  return wasi_errno_of(error);
}

/* The order of the checks is Linux's: EXIST before LOOP, and both before what the object is. A
 * slash behind the name asks for a directory, which open does not make, wherever it leads: ISDIR.
 */
static enum wasi_errno open_existing(struct opening *opening) {
  enum wasi_filetype type = wasi_filetype_of_mode(opening->place.attr.mode);
  if (opening->place.slash && opening->oflags & WASI_OFLAG_CREAT)
    return WASI_ERRNO_ISDIR;
  if (has_oflags(opening, WASI_OFLAG_CREAT | WASI_OFLAG_EXCL))
    return WASI_ERRNO_EXIST;
  if (type == WASI_FILETYPE_SYMBOLIC_LINK)
    return WASI_ERRNO_LOOP;
  if (type == WASI_FILETYPE_DIRECTORY)
    return open_directory(opening);
  if (opening->place.slash || opening->oflags & WASI_OFLAG_DIRECTORY)
    return WASI_ERRNO_NOTDIR;
  return open_file(opening);
}

static enum wasi_errno open_new(struct opening *opening) {
  struct wasi_place *place = &opening->place;
  if (!(opening->oflags & WASI_OFLAG_CREAT))
    return WASI_ERRNO_NOENT;
  if (place->slash)
    return WASI_ERRNO_ISDIR;
  /* The hold's memory first: once the file is made, nothing may fail. */
  struct wasi_hold *hold = wasi_hold_new(opening->call->wasi->host, place->fs, WASI_ROOT_NODE);
  if (!hold)
    return WASI_ERRNO_NOMEM;
  uint32_t flags = wasi_host_flags(opening->rights, opening->fdflags) | WASI_O_CREAT;
  if (opening->oflags & WASI_OFLAG_EXCL)
    flags |= WASI_O_EXCL;
  if (opening->oflags & WASI_OFLAG_TRUNC)
    flags |= WASI_O_TRUNC;
  wasi_node node;
  wasi_handle handle;
  struct wasi_attr attr;
  int error = place->fs->ops->create(place->fs, place->directory, place->name, place->name_length,
                                     flags, 0666, &node, &handle, &attr);
  if (error) {
    drop_node(opening, hold);
    return wasi_errno_of(error);
  }
  hold->node = node;
  set_opened_file(opening, hold, handle, attr.mode);
  return WASI_ERRNO_SUCCESS;
}

/* With CREAT and EXCL a link in the last place is a name that exists, wherever it points. */
static enum wasi_errno open_path(struct opening *opening, const char *path, size_t length) {
  bool follow = opening->lookup & WASI_LOOKUP_SYMLINK_FOLLOW &&
                !has_oflags(opening, WASI_OFLAG_CREAT | WASI_OFLAG_EXCL);
  const struct wasi_hold *start = opening->directory->hold;
  enum wasi_errno status =
      wasi_path_resolve(&opening->call->wasi->path_work, start->fs, start->node, path, length,
                        follow ? WASI_PATH_FOLLOW : WASI_PATH_NOFOLLOW, &opening->place);
  if (status)
    return status;
  status = opening->place.found ? open_existing(opening) : open_new(opening);
  wasi_place_release(&opening->place);
  return status;
}

enum wasi_errno wasi_path_open(struct wasi_call *call) {
  struct opening opening = {.call = call,
                            .lookup = wasi_arg32(call, 1),
                            .oflags = wasi_arg32(call, 4),
                            .rights = wasi_arg64(call, 5),
                            .inheriting = wasi_arg64(call, 6),
                            .fdflags = wasi_arg32(call, 7)};
  uint8_t *out = wasi_out(call, 8, 4);
  const char *path;
  size_t length;
  enum wasi_errno status = wasi_path_argument(call, 2, &path, &length);
  if (!status && !out)
    status = WASI_ERRNO_FAULT;
  if (!status)
    status = check_flags(&opening);
  /* Making room may move the table, so the directory is looked up after it. */
  uint32_t fd;
  if (!status)
    status = wasi_table_reserve(&call->wasi->table, 0, &fd);
  if (!status)
    status = wasi_use_directory(call, 0, WASI_RIGHT_PATH_OPEN, &opening.directory);
  if (!status)
    status = check_rights(&opening);
  if (!status)
    status = open_path(&opening, path, length);
  if (status)
    return status;
  call->wasi->table.entries[fd] = opening.opened;
  wasi_put32(out, fd);
  return WASI_ERRNO_SUCCESS;
}
