/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the FUSE client remembers: nodes with their attributes, and where names lead. A name that is
 * remembered keeps its node with the server, so names are few and the least recently used one goes
 * first. */
#include "guest/drivers/fuse.h"
#include <string.h>

uint64_t fuse_deadline(const struct fuse *fuse, uint64_t ttl_ns) {
  return ttl_ns ? fuse->machine->now(fuse->machine->context) + ttl_ns : 0;
}

/* The clock is asked only where something may be valid: reading it can cost an exit. */
bool fuse_expired(const struct fuse *fuse, uint64_t until_ns) {
  return !until_ns || fuse->machine->now(fuse->machine->context) >= until_ns;
}

/* Both tables in one piece, made with the first operation. */
int fuse_cache_start(struct fuse *fuse) {
  const size_t size = FUSE_BUCKETS * (sizeof *fuse->nodes + sizeof *fuse->names);
  void *tables = fuse->machine->allocate(fuse->machine->context, size);
  if (!tables)
    return LINUX_ENOMEM;
  memset(tables, 0, size);
  fuse->nodes = tables;
  fuse->names = (struct fuse_name **)(fuse->nodes + FUSE_BUCKETS);
  return 0;
}

static uint32_t mix(uint64_t value) {
  return (uint32_t)(value * 0x9e3779b97f4a7c15u >> 32) % FUSE_BUCKETS;
}

/* ---- Nodes ----------------------------------------------------------------------------------- */

struct fuse_node *fuse_node_find(struct fuse *fuse, wasi_node id) {
  if (id == WASI_ROOT_NODE)
    return &fuse->root;
  struct fuse_node *node = fuse->nodes[mix(id)];
  while (node && node->id != id)
    node = node->next;
  return node;
}

static struct fuse_node *add_node(struct fuse *fuse, wasi_node id) {
  struct fuse_node *node = fuse->machine->allocate(fuse->machine->context, sizeof *node);
  if (!node)
    return NULL;
  struct fuse_node **bucket = &fuse->nodes[mix(id)];
  *node = (struct fuse_node){.id = id, .next = *bucket};
  return *bucket = node;
}

struct fuse_node *fuse_node_take(struct fuse *fuse, const struct fuse_entry_out *entry) {
  struct fuse_node *node = fuse_node_find(fuse, entry->nodeid);
  if (!node)
    node = add_node(fuse, entry->nodeid);
  if (!node) {
    fuse_forget(fuse, entry->nodeid, 1);
    return NULL;
  }
  node->users++;
  node->lookups++;
  fuse_node_learn(fuse, node, &entry->attr, entry->attr_valid, entry->attr_valid_nsec);
  return node;
}

void fuse_node_drop(struct fuse *fuse, struct fuse_node *node) {
  if (--node->users > 0)
    return;
  struct fuse_node **link = &fuse->nodes[mix(node->id)];
  while (*link != node)
    link = &(*link)->next;
  *link = node->next;
  fuse_forget(fuse, node->id, node->lookups);
  fuse->machine->free(fuse->machine->context, node, sizeof *node);
}

void fuse_node_learn(struct fuse *fuse, struct fuse_node *node, const struct fuse_attr *attr,
                     uint64_t seconds, uint32_t nanoseconds) {
  fuse_fill_attr(fuse, attr, &node->attr);
  node->ttl_ns = fuse_ttl(seconds, nanoseconds);
  node->until_ns = fuse_deadline(fuse, node->ttl_ns);
  node->changed = node->size_unknown = false;
  node->unlinks = fuse->unlinks;
}

bool fuse_node_is_known(const struct fuse *fuse, const struct fuse_node *node) {
  return !fuse_expired(fuse, node->until_ns);
}

/* A name that we took away may have been one of any file with several. */
bool fuse_node_is_exact(const struct fuse *fuse, const struct fuse_node *node) {
  bool unlinked = node->attr.nlink > 1 && node->unlinks != fuse->unlinks;
  return !node->changed && !unlinked && fuse_node_is_known(fuse, node);
}

void fuse_node_touch(struct fuse_node *node) {
  node->version++;
  node->changed = true;
}

/* ---- Names ----------------------------------------------------------------------------------- */

static uint32_t name_bucket(wasi_node dir, const char *text, size_t length) {
  uint64_t hash = dir;
  for (size_t i = 0; i < length; i++)
    hash = (hash ^ (uint8_t)text[i]) * 0x100000001b3u; /* FNV-1a */
  return mix(hash);
}

static struct fuse_name **find_link(struct fuse *fuse, wasi_node dir, const char *text,
                                    size_t length) {
  struct fuse_name **link = &fuse->names[name_bucket(dir, text, length)];
  while (*link && ((*link)->dir != dir || (*link)->length != length ||
                   memcmp((*link)->text, text, length) != 0))
    link = &(*link)->next;
  return link;
}

static void unlink_from_use(struct fuse *fuse, struct fuse_name *name) {
  *(name->newer ? &name->newer->older : &fuse->newest) = name->older;
  *(name->older ? &name->older->newer : &fuse->oldest) = name->newer;
}

static void link_as_newest(struct fuse *fuse, struct fuse_name *name) {
  name->newer = NULL;
  name->older = fuse->newest;
  *(fuse->newest ? &fuse->newest->newer : &fuse->oldest) = name;
  fuse->newest = name;
}

static void remove_name(struct fuse *fuse, struct fuse_name **link) {
  struct fuse_name *name = *link;
  *link = name->next;
  unlink_from_use(fuse, name);
  fuse->name_count--;
  fuse_node_drop(fuse, name->node);
  fuse->machine->free(fuse->machine->context, name, sizeof *name + name->length);
}

static void remove_oldest(struct fuse *fuse) {
  struct fuse_name *name = fuse->oldest;
  remove_name(fuse, find_link(fuse, name->dir, name->text, name->length));
}

struct fuse_name *fuse_name_find(struct fuse *fuse, wasi_node dir, const char *text,
                                 size_t length) {
  struct fuse_name **link = find_link(fuse, dir, text, length);
  struct fuse_name *name = *link;
  if (!name)
    return NULL;
  if (fuse_expired(fuse, name->until_ns)) {
    remove_name(fuse, link);
    return NULL;
  }
  unlink_from_use(fuse, name);
  link_as_newest(fuse, name);
  fuse->used_plus |= name->unused;
  name->unused = false;
  return name;
}

/* Room for one more; what has expired goes too, a few at a time, so that the server does not keep
 * files for names that nobody asks for any more. */
static void make_room(struct fuse *fuse) {
  if (fuse->name_count >= FUSE_NAMES_MAX)
    remove_oldest(fuse);
  for (int i = 0; i < 2 && fuse->oldest && fuse_expired(fuse, fuse->oldest->until_ns); i++)
    remove_oldest(fuse);
}

/* Without memory it is not remembered. */
void fuse_name_keep(struct fuse *fuse, wasi_node dir, const char *text, size_t length,
                    struct fuse_node *node, uint64_t ttl_ns) {
  fuse_name_drop(fuse, dir, text, length);
  if (!ttl_ns)
    return;
  make_room(fuse);
  struct fuse_name *name = fuse->machine->allocate(fuse->machine->context, sizeof *name + length);
  if (!name)
    return;
  struct fuse_name **bucket = &fuse->names[name_bucket(dir, text, length)];
  *name = (struct fuse_name){.next = *bucket,
                             .node = node,
                             .dir = dir,
                             .until_ns = fuse_deadline(fuse, ttl_ns),
                             .length = (uint32_t)length};
  memcpy(name->text, text, length);
  *bucket = name;
  link_as_newest(fuse, name);
  fuse->name_count++;
  node->users++;
}

void fuse_name_mark_unused(struct fuse *fuse, wasi_node dir, const char *text, size_t length) {
  struct fuse_name *name = *find_link(fuse, dir, text, length);
  if (name)
    name->unused = true;
}

void fuse_name_drop(struct fuse *fuse, wasi_node dir, const char *text, size_t length) {
  struct fuse_name **link = find_link(fuse, dir, text, length);
  if (*link)
    remove_name(fuse, link);
}

bool fuse_cache_purge(struct fuse *fuse) {
  bool any = fuse->forgotten_count > 0;
  while (fuse->oldest) {
    any = true;
    remove_oldest(fuse);
  }
  return any;
}
