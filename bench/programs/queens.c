/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* All ways to place queens that do not attack each other: sets as bits, counting of zeros and ones,
 * recursion. */
#include "bench.h"

const struct bench_cases bench_cases = {{14, 0x42a627f192285745}, {7, 0x866716e25d47b85f}};

struct search {
  uint64_t solutions, nodes, choices;
};

/* One row: free columns, and those that a diagonal to the left or right takes. */
static void place(struct search *search, uint64_t free, uint64_t left, uint64_t right) {
  uint64_t open = free & ~left & ~right;
  search->nodes++;
  search->choices += (uint64_t)__builtin_popcountll(open);
  while (open) {
    uint64_t queen = (uint64_t)1 << __builtin_ctzll(open);
    open ^= queen;
    if (free == queen)
      search->solutions++;
    else
      place(search, free ^ queen, (left | queen) << 1, (right | queen) >> 1);
  }
}

uint64_t bench_run(uint32_t size) {
  struct search search = {0};
  place(&search, ((uint64_t)1 << size) - 1, 0, 0);
  return bench_mix(bench_mix(search.solutions, search.nodes), search.choices);
}
