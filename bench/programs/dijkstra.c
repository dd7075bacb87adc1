/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Shortest paths from several starts in a random directed graph, with a binary heap. */
#include "bench.h"

#define DEGREE 6
#define STARTS 4
#define FAR UINT32_MAX

const struct bench_cases bench_cases = {{180000, 0x77aa14ccc39222b1}, {500, 0x8a45846004e38f6c}};

struct edge {
  uint32_t target, length;
};

struct entry {
  uint32_t distance, node;
};

struct graph {
  uint32_t nodes;
  struct edge *edges; /* DEGREE of each node */
  uint32_t *distances;
  struct entry *heap; /* outdated entries stay in it: one for each edge at most */
  uint32_t heap_count;
};

/* Each node has DEGREE edges to any nodes, itself included. */
static void make_graph(struct graph *graph, uint32_t nodes) {
  uint32_t seed = 17;
  graph->nodes = nodes;
  graph->edges = bench_allocate((uint64_t)nodes * DEGREE * sizeof *graph->edges);
  graph->distances = bench_allocate((uint64_t)nodes * sizeof *graph->distances);
  graph->heap = bench_allocate(((uint64_t)nodes * DEGREE + 1) * sizeof *graph->heap);
  graph->heap_count = 0;
  for (uint32_t i = 0; i < nodes * DEGREE; i++) {
    graph->edges[i].target = bench_random(&seed) % nodes;
    graph->edges[i].length = 1 + bench_random(&seed) % 1000;
  }
}

/* A new entry rises from the end until its parent is nearer. */
static void push(struct graph *graph, struct entry entry) {
  struct entry *heap = graph->heap;
  uint32_t at = graph->heap_count++;
  while (at > 0 && heap[(at - 1) / 2].distance > entry.distance) {
    heap[at] = heap[(at - 1) / 2];
    at = (at - 1) / 2;
  }
  heap[at] = entry;
}

/* The nearest entry; the last one sinks from the root into its place. */
static struct entry pop(struct graph *graph) {
  struct entry *heap = graph->heap, first = heap[0], last = heap[--graph->heap_count];
  uint32_t at = 0, child;
  while ((child = 2 * at + 1) < graph->heap_count) {
    if (child + 1 < graph->heap_count && heap[child + 1].distance < heap[child].distance)
      child++;
    if (heap[child].distance >= last.distance)
      break;
    heap[at] = heap[child];
    at = child;
  }
  heap[at] = last;
  return first;
}

static void find_paths(struct graph *graph, uint32_t start) {
  for (uint32_t i = 0; i < graph->nodes; i++)
    graph->distances[i] = FAR;
  graph->distances[start] = 0;
  push(graph, (struct entry){0, start});
  while (graph->heap_count > 0) {
    struct entry entry = pop(graph);
    if (entry.distance > graph->distances[entry.node])
      continue; /* outdated */
    for (uint32_t i = 0; i < DEGREE; i++) {
      struct edge edge = graph->edges[entry.node * DEGREE + i];
      uint32_t distance = entry.distance + edge.length;
      if (distance < graph->distances[edge.target]) {
        graph->distances[edge.target] = distance;
        push(graph, (struct entry){distance, edge.target});
      }
    }
  }
}

uint64_t bench_run(uint32_t size) {
  struct graph graph;
  uint64_t sum = 0;
  make_graph(&graph, size);
  for (uint32_t start = 0; start < STARTS; start++) {
    find_paths(&graph, start * (size / STARTS));
    for (uint32_t i = 0; i < size; i++)
      sum = bench_mix(sum, graph.distances[i]);
  }
  return sum;
}
