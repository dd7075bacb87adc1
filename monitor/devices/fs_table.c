/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The file server's nodes and handles: numbers known to the guest, descriptors known to us. */
#include "monitor/devices/fs.h"
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

/* An id is serial << 32 | place + 1: the place finds the entry, the serial keeps a number that was
 * given back from naming whoever uses the place next. The first entry ever gets 1, which is
 * FUSE_ROOT_ID. */
static uint32_t id_place(uint64_t id) {
  return (uint32_t)id - 1;
}

/* Doubles the places. The entries themselves do not move: requests hold pointers to them. */
static int grow_table(struct fs_table *table) {
  uint32_t capacity = table->capacity ? table->capacity * 2 : 64;
  struct fs_entry **entries = realloc(table->entries, capacity * sizeof *entries);
  if (!entries)
    return ENOMEM;
  for (uint32_t i = table->capacity; i < capacity; i++)
    entries[i] = NULL;
  table->entries = entries;
  table->capacity = capacity;
  return 0;
}

/* Takes the lowest free place, so a table is as large as what is open at once. */
int fs_table_add(struct fs_table *table, struct fs_entry *entry) {
  uint32_t place = table->first_free;
  while (place < table->capacity && table->entries[place])
    place++;
  /* Every entry owns a descriptor, so the table stays far below 2^32 places. */
  if (place == table->capacity && grow_table(table) != 0)
    return ENOMEM;
  entry->id = (uint64_t)table->serial++ << 32 | (place + 1);
  table->entries[place] = entry;
  table->first_free = place + 1;
  return 0;
}

struct fs_entry *fs_table_find(const struct fs_table *table, uint64_t id) {
  uint32_t place = id_place(id);
  if (place >= table->capacity || !table->entries[place] || table->entries[place]->id != id)
    return NULL;
  return table->entries[place];
}

void fs_table_remove(struct fs_table *table, struct fs_entry *entry) {
  uint32_t place = id_place(entry->id);
  table->entries[place] = NULL;
  if (place < table->first_free)
    table->first_free = place;
}

static struct fs_node **find_bucket(struct fs *fs, dev_t dev, ino_t ino) {
  uint64_t mix = ((uint64_t)ino ^ (uint64_t)dev << 32) * 0x9e3779b97f4a7c15ull;
  return &fs->buckets[(mix >> 32) % FS_BUCKETS];
}

/* One node per file, however many names it has. A node's descriptor keeps the inode alive, so its
 * number cannot mean another file meanwhile. */
static struct fs_node *find_file(struct fs *fs, const struct stat *status) {
  if (fs->root && fs->root->dev == status->st_dev && fs->root->ino == status->st_ino)
    return fs->root;
  struct fs_node *node = *find_bucket(fs, status->st_dev, status->st_ino);
  while (node && (node->dev != status->st_dev || node->ino != status->st_ino))
    node = node->next;
  return node;
}

/* The first node made is the root. */
static struct fs_node *make_node(struct fs *fs, int fd, const struct stat *status) {
  struct fs_node *node = calloc(1, sizeof *node);
  if (!node || fs_table_add(&fs->nodes, &node->entry) != 0) {
    free(node);
    return NULL;
  }
  node->fd = fd;
  node->dev = status->st_dev;
  node->ino = status->st_ino;
  node->type = status->st_mode & S_IFMT;
  if (!fs->root) {
    fs->root = node;
  } else {
    struct fs_node **bucket = find_bucket(fs, node->dev, node->ino);
    node->next = *bucket;
    *bucket = node;
  }
  return node;
}

int fs_node_adopt(struct fs *fs, int fd, struct fs_node **node, struct stat *status) {
  if (fstat(fd, status) < 0) {
    int error = errno;
    close(fd);
    return error;
  }
  *node = find_file(fs, status);
  if (*node)
    close(fd);
  else
    *node = make_node(fs, fd, status);
  if (!*node) {
    close(fd);
    return ENOMEM;
  }
  (*node)->lookups++;
  return 0;
}

static void drop_node(struct fs *fs, struct fs_node *node) {
  struct fs_node **link = find_bucket(fs, node->dev, node->ino);
  while (*link != node)
    link = &(*link)->next;
  *link = node->next;
  fs_table_remove(&fs->nodes, &node->entry);
  close(node->fd);
  free(node);
}

void fs_node_forget(struct fs *fs, struct fs_node *node, uint64_t count) {
  node->lookups -= count;
  if (node->lookups == 0 && node != fs->root)
    drop_node(fs, node);
}

int fs_handle_add(struct fs *fs, int fd, const struct fs_node *node, bool directory,
                  uint64_t *handle) {
  struct fs_handle *made = calloc(1, sizeof *made);
  if (!made || fs_table_add(&fs->handles, &made->entry) != 0) {
    free(made);
    close(fd);
    return ENOMEM;
  }
  made->fd = fd;
  made->node = node->entry.id;
  made->directory = directory;
  *handle = made->entry.id;
  return 0;
}

int fs_handle_close(struct fs *fs, struct fs_handle *handle) {
  /* close(2): the descriptor is gone even when it fails; EINTR loses nothing. */
  int error = close(handle->fd) < 0 && errno != EINTR ? errno : 0;
  fs_table_remove(&fs->handles, &handle->entry);
  free(handle);
  return error;
}

void fs_clear(struct fs *fs) {
  for (uint32_t i = 0; i < fs->handles.capacity; i++)
    if (fs->handles.entries[i])
      fs_handle_close(fs, (struct fs_handle *)fs->handles.entries[i]);
  for (uint32_t i = 0; i < fs->nodes.capacity; i++) {
    struct fs_node *node = (struct fs_node *)fs->nodes.entries[i];
    if (node && node != fs->root)
      drop_node(fs, node);
  }
}
