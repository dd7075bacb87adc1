/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Path resolution over a host that knows single names only. */
#include "wasi/path.h"
#include "wasi/table.h"
#include <string.h>

/* One resolution. `text[current]` holds what is still to be walked, from `at` on. The ancestors are
 * the nodes from the starting directory down to the one we are in; all but the first are held. */
struct walk {
  struct wasi_path_work *work;
  struct wasi_fs *fs;
  uint32_t current; /* which of work->text */
  size_t at, length;
  uint32_t depth; /* index of the present directory in work->ancestors */
  uint32_t links; /* expanded so far */
  enum wasi_path_mode mode;
  struct wasi_place *place;
};

/* Linux's DT_* are the type bits of st_mode, shifted. */
#define MODE_TYPE_SHIFT 12

enum wasi_filetype wasi_filetype_of_dirent(uint32_t type) {
  switch (type) {
  case 2:
    return WASI_FILETYPE_CHARACTER_DEVICE;
  case 4:
    return WASI_FILETYPE_DIRECTORY;
  case 6:
    return WASI_FILETYPE_BLOCK_DEVICE;
  case 8:
    return WASI_FILETYPE_REGULAR_FILE;
  case 10:
    return WASI_FILETYPE_SYMBOLIC_LINK;
  case 12:
    return WASI_FILETYPE_SOCKET_STREAM;
  default: /* pipes have no number in WASI */
    return WASI_FILETYPE_UNKNOWN;
  }
}

enum wasi_filetype wasi_filetype_of_mode(uint32_t mode) {
  return wasi_filetype_of_dirent(mode >> MODE_TYPE_SHIFT & 0xf);
}

/* WASI's strings are UTF-8 by definition; other bytes are refused rather than passed to a host that
 * may take them for something else.
 * Length of the UTF-8 sequence at `at` (Unicode 15, table 3-7), or 0 if it is ill-formed. */
static size_t utf8_length(const uint8_t *at, size_t left) {
  uint8_t lead = at[0];
  if (lead < 0x80)
    return 1;
  size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || length > left)
    return 0;
  /* The second byte's range excludes over-long forms, surrogates and what is above U+10FFFF. */
  uint8_t low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
  uint8_t high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
  if (at[1] < low || at[1] > high)
    return 0;
  for (size_t i = 2; i < length; i++)
    if ((at[i] & 0xc0) != 0x80)
      return 0;
  return length;
}

enum wasi_errno wasi_path_check(const char *bytes, size_t length) {
  for (size_t at = 0; at < length;) {
    if (!bytes[at])
      return WASI_ERRNO_INVAL;
    size_t step = utf8_length((const uint8_t *)bytes + at, length - at);
    if (!step)
      return WASI_ERRNO_ILSEQ;
    at += step;
  }
  return WASI_ERRNO_SUCCESS;
}

static wasi_node present_directory(const struct walk *walk) {
  return walk->work->ancestors[walk->depth];
}

/* Leaves the present directory, which is not the starting one. */
static void leave_directory(struct walk *walk) {
  walk->fs->ops->forget(walk->fs, present_directory(walk));
  walk->depth--;
}

/* Enters a looked-up node, taking it over. */
static enum wasi_errno enter_directory(struct walk *walk, wasi_node node) {
  if (walk->depth + 1 >= WASI_PATH_DEPTH) {
    walk->fs->ops->forget(walk->fs, node);
    return WASI_ERRNO_NAMETOOLONG;
  }
  walk->work->ancestors[++walk->depth] = node;
  return WASI_ERRNO_SUCCESS;
}

/* Several slashes are as one. */
static void skip_slashes(struct walk *walk) {
  const char *text = walk->work->text[walk->current];
  while (walk->at < walk->length && text[walk->at] == '/')
    walk->at++;
}

/* Replaces what is to be walked by the link's target followed by the rest. The rest keeps its
 * leading slash if a slash followed the link, so that a trailing slash keeps its meaning. */
static enum wasi_errno expand_link(struct walk *walk, wasi_node link, bool slash) {
  if (++walk->links > WASI_LINKS_MAX)
    return WASI_ERRNO_LOOP;
  const char *rest = walk->work->text[walk->current] + walk->at;
  size_t rest_length = walk->length - walk->at;
  char *text = walk->work->text[!walk->current];
  size_t length = 0;
  int error = walk->fs->ops->readlink(walk->fs, link, text, WASI_PATH_MAX, &length);
  if (error)
    return wasi_errno_of(error);
  if (!length)
    return WASI_ERRNO_NOENT;
  /* Out of the sandbox by definition: refused, never followed. */
  if (text[0] == '/')
    return WASI_ERRNO_PERM;
  if (length + slash + rest_length > WASI_PATH_MAX)
    return WASI_ERRNO_NAMETOOLONG;
  /* The host's bytes are no more trusted than the module's. */
  enum wasi_errno status = wasi_path_check(text, length);
  if (status)
    return status;
  if (slash)
    text[length++] = '/';
  memcpy(text + length, rest, rest_length);
  walk->current = !walk->current;
  walk->at = 0;
  walk->length = length + rest_length;
  return WASI_ERRNO_SUCCESS;
}

/* One component as it stands in the text. */
struct component {
  const char *name;
  size_t length;
  bool slash; /* at least one slash follows */
  bool is_last;
};

/* Takes the next component off the text, with the slashes behind it. */
static struct component next_component(struct walk *walk) {
  const char *text = walk->work->text[walk->current];
  size_t start = walk->at;
  while (walk->at < walk->length && text[walk->at] != '/')
    walk->at++;
  struct component component = {text + start, walk->at - start, walk->at < walk->length, false};
  skip_slashes(walk);
  component.is_last = walk->at == walk->length;
  return component;
}

/* Exactly `count` dots, 1 or 2. */
static bool is_dots(const struct component *component, size_t count) {
  return component->length == count && !memcmp(component->name, "..", count);
}

/* "." and "..": where they lead, and what they are as a last component. */
static enum wasi_errno walk_dots(struct walk *walk, bool up) {
  walk->place->last = up ? WASI_LAST_DOTDOT : WASI_LAST_DOT;
  walk->place->name_length = 0;
  if (!up)
    return WASI_ERRNO_SUCCESS;
  if (!walk->depth)
    return WASI_ERRNO_PERM;
  leave_directory(walk);
  return WASI_ERRNO_SUCCESS;
}

/* The last component is a name: looks it up as the mode says. *again: it was a link, now expanded.
 */
static enum wasi_errno walk_last(struct walk *walk, const struct component *component,
                                 bool *again) {
  struct wasi_place *place = walk->place;
  place->last = WASI_LAST_NAME;
  place->slash = component->slash;
  memcpy(place->name, component->name, component->length);
  place->name_length = (uint32_t)component->length;
  if (walk->mode == WASI_PATH_PARENT)
    return WASI_ERRNO_SUCCESS;
  wasi_node node;
  int error = walk->fs->ops->lookup(walk->fs, present_directory(walk), place->name,
                                    place->name_length, &node, &place->attr);
  if (error)
    return error == 2 ? WASI_ERRNO_SUCCESS : wasi_errno_of(error); /* ENOENT: not found */
  bool is_link = wasi_filetype_of_mode(place->attr.mode) == WASI_FILETYPE_SYMBOLIC_LINK;
  if (is_link && (walk->mode == WASI_PATH_FOLLOW || component->slash)) {
    enum wasi_errno status = expand_link(walk, node, component->slash);
    walk->fs->ops->forget(walk->fs, node);
    *again = true;
    return status;
  }
  place->found = true;
  place->node = node;
  place->node_held = true;
  return WASI_ERRNO_SUCCESS;
}

/* A name with more behind it: goes into that directory, or expands the link. */
static enum wasi_errno walk_through(struct walk *walk, const struct component *component) {
  wasi_node node;
  struct wasi_attr attr;
  int error = walk->fs->ops->lookup(walk->fs, present_directory(walk), component->name,
                                    component->length, &node, &attr);
  if (error)
    return wasi_errno_of(error);
  enum wasi_filetype type = wasi_filetype_of_mode(attr.mode);
  if (type == WASI_FILETYPE_DIRECTORY)
    return enter_directory(walk, node);
  enum wasi_errno status = WASI_ERRNO_NOTDIR;
  if (type == WASI_FILETYPE_SYMBOLIC_LINK)
    status = expand_link(walk, node, true);
  walk->fs->ops->forget(walk->fs, node);
  return status;
}

/* Until the last component has been dealt with and no link has put new ones behind it. */
static enum wasi_errno walk_components(struct walk *walk) {
  enum wasi_errno status = WASI_ERRNO_SUCCESS;
  skip_slashes(walk); /* only a link's target can begin with one here, and that is refused */
  for (bool again = true; again && !status;) {
    struct component component = next_component(walk);
    again = !component.is_last;
    if (component.length > WASI_NAME_MAX)
      status = WASI_ERRNO_NAMETOOLONG;
    else if (is_dots(&component, 1) || is_dots(&component, 2))
      status = walk_dots(walk, component.length == 2);
    else if (component.is_last)
      status = walk_last(walk, &component, &again);
    else
      status = walk_through(walk, &component);
  }
  return status;
}

/* A path that ended in "." or "..": the object is the directory reached. */
static enum wasi_errno find_directory_itself(struct walk *walk) {
  struct wasi_place *place = walk->place;
  if (walk->mode == WASI_PATH_PARENT || place->last == WASI_LAST_NAME)
    return WASI_ERRNO_SUCCESS;
  place->node = present_directory(walk);
  place->found = true;
  return wasi_errno_of(walk->fs->ops->getattr(walk->fs, place->node, 0, &place->attr));
}

enum wasi_errno wasi_path_resolve(struct wasi_path_work *work, struct wasi_fs *fs, wasi_node start,
                                  const char *path, size_t length, enum wasi_path_mode mode,
                                  struct wasi_place *place) {
  if (!length)
    return WASI_ERRNO_NOENT;
  if (length > WASI_PATH_MAX)
    return WASI_ERRNO_NAMETOOLONG;
  memcpy(work->text[0], path, length);
  enum wasi_errno status = wasi_path_check(work->text[0], length);
  if (status)
    return status;
  if (work->text[0][0] == '/')
    return WASI_ERRNO_PERM;

  struct walk walk = {.work = work, .fs = fs, .length = length, .mode = mode, .place = place};
  work->ancestors[0] = start;
  memset(place, 0, sizeof *place);
  place->fs = fs;
  status = walk_components(&walk);
  if (!status)
    status = find_directory_itself(&walk);
  /* The place keeps the directory it ends in; the ones above it are done with. */
  place->directory = present_directory(&walk);
  place->directory_held = walk.depth > 0;
  while (walk.depth > 1)
    fs->ops->forget(fs, work->ancestors[--walk.depth]);
  if (status)
    wasi_place_release(place);
  return status;
}

enum wasi_errno wasi_path_find(struct wasi_path_work *work, struct wasi_fs *fs, wasi_node start,
                               const char *path, size_t length, bool follow,
                               struct wasi_place *place) {
  enum wasi_errno status = wasi_path_resolve(work, fs, start, path, length,
                                             follow ? WASI_PATH_FOLLOW : WASI_PATH_NOFOLLOW, place);
  if (status)
    return status;
  if (!place->found)
    status = WASI_ERRNO_NOENT;
  else if (place->slash && wasi_filetype_of_mode(place->attr.mode) != WASI_FILETYPE_DIRECTORY)
    status = WASI_ERRNO_NOTDIR;
  if (status)
    wasi_place_release(place);
  return status;
}

void wasi_place_release(struct wasi_place *place) {
  if (place->node_held)
    place->fs->ops->forget(place->fs, place->node);
  if (place->directory_held)
    place->fs->ops->forget(place->fs, place->directory);
  place->node_held = place->directory_held = false;
}
