/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The path functions other than path_open. Where POSIX leaves an error open, Linux's is given. */
#include "wasi/call.h"

enum wasi_errno wasi_path_argument(const struct wasi_call *call, uint32_t index, const char **path,
                                   size_t *length) {
  *length = wasi_arg32(call, index + 1);
  *path = (const char *)wasi_out(call, index, (uint32_t)*length);
  return *path ? WASI_ERRNO_SUCCESS : WASI_ERRNO_FAULT;
}

/* A path of a call: the directory in argument `fd`, the bytes in `path` and `path` + 1. */
struct path_argument {
  uint32_t fd, path;
  uint64_t rights; /* that the directory must have */
};

struct start {
  const struct wasi_hold *hold;
  const char *path;
  size_t length;
};

static enum wasi_errno take_start(struct wasi_call *call, struct path_argument argument,
                                  struct start *start) {
  enum wasi_errno status = wasi_path_argument(call, argument.path, &start->path, &start->length);
  struct wasi_descriptor *directory;
  if (!status)
    status = wasi_use_directory(call, argument.fd, argument.rights, &directory);
  if (!status)
    start->hold = directory->hold;
  return status;
}

/* The object a path leads to. */
static enum wasi_errno find_object(struct wasi_call *call, struct path_argument argument,
                                   bool follow, struct wasi_place *place) {
  struct start start;
  enum wasi_errno status = take_start(call, argument, &start);
  if (status)
    return status;
  return wasi_path_find(&call->wasi->path_work, start.hold->fs, start.hold->node, start.path,
                        start.length, follow, place);
}

/* The place where a name is to be made or removed. */
static enum wasi_errno find_parent(struct wasi_call *call, struct path_argument argument,
                                   struct wasi_place *place) {
  struct start start;
  enum wasi_errno status = take_start(call, argument, &start);
  if (status)
    return status;
  return wasi_path_resolve(&call->wasi->path_work, start.hold->fs, start.hold->node, start.path,
                           start.length, WASI_PATH_PARENT, place);
}

/* What stands at a place found by find_parent: NOENT or the type. */
static enum wasi_errno type_at(const struct wasi_place *place, enum wasi_filetype *type) {
  wasi_node node;
  struct wasi_attr attr;
  int error = place->fs->ops->lookup(place->fs, place->directory, place->name, place->name_length,
                                     &node, &attr);
  if (error)
    return wasi_errno_of(error);
  place->fs->ops->forget(place->fs, node);
  *type = wasi_filetype_of_mode(attr.mode);
  return WASI_ERRNO_SUCCESS;
}

/* Whether something other than a directory can be made there: not with slashes behind the name.
 * (For a file of that name the WASI test-suite wants NOTDIR, where Linux has EEXIST.) */
static enum wasi_errno check_new_name(const struct wasi_place *place) {
  if (place->last != WASI_LAST_NAME)
    return WASI_ERRNO_EXIST;
  if (!place->slash)
    return WASI_ERRNO_SUCCESS;
  enum wasi_filetype type;
  enum wasi_errno status = type_at(place, &type);
  if (status)
    return status;
  return type == WASI_FILETYPE_DIRECTORY ? WASI_ERRNO_EXIST : WASI_ERRNO_NOTDIR;
}

/* A name with slashes behind it is a directory's. */
static enum wasi_errno check_directory_if_slash(const struct wasi_place *place, bool slash) {
  enum wasi_filetype type = WASI_FILETYPE_DIRECTORY;
  enum wasi_errno status = slash ? type_at(place, &type) : WASI_ERRNO_SUCCESS;
  return !status && type != WASI_FILETYPE_DIRECTORY ? WASI_ERRNO_NOTDIR : status;
}

static enum wasi_errno check_lookup_flags(uint32_t flags, bool *follow) {
  *follow = flags & WASI_LOOKUP_SYMLINK_FOLLOW;
  return flags & ~WASI_LOOKUP_ALL ? WASI_ERRNO_INVAL : WASI_ERRNO_SUCCESS;
}

/* ---- Attributes ------------------------------------------------------------------------------ */

enum wasi_errno wasi_path_filestat_get(struct wasi_call *call) {
  uint8_t *out = wasi_out(call, 4, WASI_FILESTAT_SIZE);
  if (!out)
    return WASI_ERRNO_FAULT;
  bool follow;
  enum wasi_errno status = check_lookup_flags(wasi_arg32(call, 1), &follow);
  struct wasi_place place;
  if (!status)
    status = find_object(call, (struct path_argument){0, 2, WASI_RIGHT_PATH_FILESTAT_GET}, follow,
                         &place);
  if (status)
    return status;
  if (place.attr.in_doubt)
    status = wasi_errno_of(place.fs->ops->getattr(place.fs, place.node, 0, &place.attr));
  if (!status)
    wasi_put_filestat(out, &place.attr);
  wasi_place_release(&place);
  return status;
}

/* Of a link itself unless it is to be followed. Nothing to set is fine, but the path must lead
 * somewhere. */
enum wasi_errno wasi_path_filestat_set_times(struct wasi_call *call) {
  struct wasi_setattr set;
  bool follow;
  enum wasi_errno status =
      wasi_set_times(wasi_arg64(call, 4), wasi_arg64(call, 5), wasi_arg32(call, 6), &set);
  if (!status)
    status = check_lookup_flags(wasi_arg32(call, 1), &follow);
  struct wasi_place place;
  if (!status)
    status = find_object(call, (struct path_argument){0, 2, WASI_RIGHT_PATH_FILESTAT_SET_TIMES},
                         follow, &place);
  if (status)
    return status;
  if (set.valid)
    status = wasi_errno_of(place.fs->ops->setattr(place.fs, place.node, 0, &set));
  wasi_place_release(&place);
  return status;
}

/* Gives as much of the target as fits. */
enum wasi_errno wasi_path_readlink(struct wasi_call *call) {
  uint32_t room = wasi_arg32(call, 4);
  uint8_t *buffer = wasi_out(call, 3, room);
  uint8_t *out = wasi_out(call, 5, 4);
  if (!buffer || !out)
    return WASI_ERRNO_FAULT;
  struct wasi_place place;
  enum wasi_errno status =
      find_object(call, (struct path_argument){0, 1, WASI_RIGHT_PATH_READLINK}, false, &place);
  if (status)
    return status;
  char *target = call->wasi->path_work.text[0];
  size_t length = 0;
  if (wasi_filetype_of_mode(place.attr.mode) != WASI_FILETYPE_SYMBOLIC_LINK)
    status = WASI_ERRNO_INVAL;
  else
    status = wasi_errno_of(
        place.fs->ops->readlink(place.fs, place.node, target, WASI_PATH_MAX, &length));
  wasi_place_release(&place);
  if (status)
    return status;
  if (length > room)
    length = room;
  memcpy(buffer, target, length);
  wasi_put32(out, (uint32_t)length);
  return WASI_ERRNO_SUCCESS;
}

/* ---- Making ---------------------------------------------------------------------------------- */

/* The mode is narrowed by the host's umask. A slash behind the name is as good as none. */
enum wasi_errno wasi_path_create_directory(struct wasi_call *call) {
  struct wasi_place place;
  enum wasi_errno status =
      find_parent(call, (struct path_argument){0, 1, WASI_RIGHT_PATH_CREATE_DIRECTORY}, &place);
  if (status)
    return status;
  if (place.last != WASI_LAST_NAME)
    status = WASI_ERRNO_EXIST;
  else
    status = wasi_errno_of(
        place.fs->ops->mkdir(place.fs, place.directory, place.name, place.name_length, 0777));
  wasi_place_release(&place);
  return status;
}

/* Targets that leave the sandbox by being absolute are refused when made, not only when followed:
 * programs of the host would follow them. */
static enum wasi_errno check_target(const char *target, size_t length) {
  if (!length)
    return WASI_ERRNO_NOENT;
  if (length > WASI_PATH_MAX)
    return WASI_ERRNO_NAMETOOLONG;
  if (target[0] == '/')
    return WASI_ERRNO_PERM;
  return wasi_path_check(target, length);
}

enum wasi_errno wasi_path_symlink(struct wasi_call *call) {
  const char *target;
  size_t length;
  enum wasi_errno status = wasi_path_argument(call, 0, &target, &length);
  if (!status)
    status = check_target(target, length);
  struct wasi_place place;
  if (!status)
    status = find_parent(call, (struct path_argument){2, 3, WASI_RIGHT_PATH_SYMLINK}, &place);
  if (status)
    return status;
  status = check_new_name(&place);
  if (!status)
    status = wasi_errno_of(place.fs->ops->symlink(place.fs, place.directory, place.name,
                                                  place.name_length, target, length));
  wasi_place_release(&place);
  return status;
}

/* Directories have one name each: PERM, as Linux. */
static enum wasi_errno link_object(const struct wasi_place *object, const struct wasi_place *to) {
  enum wasi_errno status = check_new_name(to);
  if (status)
    return status;
  if (object->fs != to->fs)
    return WASI_ERRNO_XDEV;
  if (wasi_filetype_of_mode(object->attr.mode) == WASI_FILETYPE_DIRECTORY)
    return WASI_ERRNO_PERM;
  return wasi_errno_of(
      to->fs->ops->link(to->fs, object->node, to->directory, to->name, to->name_length));
}

/* What the old path leads to is held while the new one is walked, so it cannot become another. */
enum wasi_errno wasi_path_link(struct wasi_call *call) {
  bool follow;
  enum wasi_errno status = check_lookup_flags(wasi_arg32(call, 1), &follow);
  struct wasi_place object, to;
  if (!status)
    status = find_object(call, (struct path_argument){0, 2, WASI_RIGHT_PATH_LINK_SOURCE}, follow,
                         &object);
  if (status)
    return status;
  status = find_parent(call, (struct path_argument){4, 5, WASI_RIGHT_PATH_LINK_TARGET}, &to);
  if (!status) {
    status = link_object(&object, &to);
    wasi_place_release(&to);
  }
  wasi_place_release(&object);
  return status;
}

/* ---- Removing and renaming ------------------------------------------------------------------- */

/* A directory is ISDIR: from the host, or here where the path has no last name. */
enum wasi_errno wasi_path_unlink_file(struct wasi_call *call) {
  struct wasi_place place;
  enum wasi_errno status =
      find_parent(call, (struct path_argument){0, 1, WASI_RIGHT_PATH_UNLINK_FILE}, &place);
  if (status)
    return status;
  if (place.last != WASI_LAST_NAME)
    status = WASI_ERRNO_ISDIR;
  else
    status = check_directory_if_slash(&place, place.slash);
  if (!status)
    status = wasi_errno_of(
        place.fs->ops->unlink(place.fs, place.directory, place.name, place.name_length));
  wasi_place_release(&place);
  return status;
}

/* A directory cannot be removed through itself, nor through an entry of its own. */
enum wasi_errno wasi_path_remove_directory(struct wasi_call *call) {
  struct wasi_place place;
  enum wasi_errno status =
      find_parent(call, (struct path_argument){0, 1, WASI_RIGHT_PATH_REMOVE_DIRECTORY}, &place);
  if (status)
    return status;
  if (place.last == WASI_LAST_DOT)
    status = WASI_ERRNO_INVAL;
  else if (place.last == WASI_LAST_DOTDOT)
    status = WASI_ERRNO_NOTEMPTY;
  else
    status = wasi_errno_of(
        place.fs->ops->rmdir(place.fs, place.directory, place.name, place.name_length));
  wasi_place_release(&place);
  return status;
}

/* "." and ".." are in use by definition: BUSY. A slash behind either name says that a directory is
 * meant, and the host sees no slashes. */
static enum wasi_errno rename_object(const struct wasi_place *from, const struct wasi_place *to) {
  if (from->fs != to->fs)
    return WASI_ERRNO_XDEV;
  if (from->last != WASI_LAST_NAME || to->last != WASI_LAST_NAME)
    return WASI_ERRNO_BUSY;
  enum wasi_errno status = check_directory_if_slash(from, from->slash || to->slash);
  if (status)
    return status;
  return wasi_errno_of(from->fs->ops->rename(from->fs, from->directory, from->name,
                                             from->name_length, to->directory, to->name,
                                             to->name_length));
}

enum wasi_errno wasi_path_rename(struct wasi_call *call) {
  struct wasi_place from, to;
  enum wasi_errno status =
      find_parent(call, (struct path_argument){0, 1, WASI_RIGHT_PATH_RENAME_SOURCE}, &from);
  if (status)
    return status;
  status = find_parent(call, (struct path_argument){3, 4, WASI_RIGHT_PATH_RENAME_TARGET}, &to);
  if (!status) {
    status = rename_object(&from, &to);
    wasi_place_release(&to);
  }
  wasi_place_release(&from);
  return status;
}
