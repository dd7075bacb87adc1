/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Allocation: binary trees of malloc'ed nodes, built, walked and freed; then blocks of all sizes,
 * freed in another order. */
#include "bench.h"

#include <stdlib.h>
#include <string.h>

#define BLOCKS 1024

const struct bench_cases bench_cases = {{19, 0x15607156b5983d71}, {8, 0xf29664e2ca2138c7}};

struct node {
  struct node *left, *right;
};

static struct node *build(uint32_t depth) {
  struct node *node = bench_allocate(sizeof *node);
  node->left = depth ? build(depth - 1) : NULL;
  node->right = depth ? build(depth - 1) : NULL;
  return node;
}

static uint32_t count(const struct node *node) {
  return node ? 1 + count(node->left) + count(node->right) : 0;
}

static void destroy(struct node *node) {
  if (!node)
    return;
  destroy(node->left);
  destroy(node->right);
  free(node);
}

/* Replaces a block by one of another size, in random order. */
static uint64_t shuffle_blocks(uint32_t steps) {
  static uint8_t *blocks[BLOCKS];
  uint32_t seed = 13;
  uint64_t sum = 0;
  for (uint32_t i = 0; i < steps; i++) {
    uint32_t random = bench_random(&seed), at = random % BLOCKS;
    uint32_t size = 1 + (random >> 12) % (random & 1 << 10 ? 64 : 2000);
    if (blocks[at])
      sum = bench_mix(sum, blocks[at][0]);
    free(blocks[at]);
    blocks[at] = bench_allocate(size);
    memset(blocks[at], (int)(random >> 24), size < 32 ? size : 32);
  }
  for (uint32_t i = 0; i < BLOCKS; i++)
    free(blocks[i]);
  return sum;
}

/* Many short-lived trees beside one that lives long: few large ones, many small ones. */
uint64_t bench_run(uint32_t size) {
  uint64_t sum = 0;
  struct node *long_lived = build(size);
  for (uint32_t depth = 4; depth < size; depth += 2)
    for (uint32_t i = 0; i < 1u << (size - depth); i++) {
      struct node *tree = build(depth);
      sum += count(tree);
      destroy(tree);
    }
  sum = bench_mix(sum, count(long_lived));
  destroy(long_lived);
  return bench_mix(sum, shuffle_blocks(1u << size));
}
