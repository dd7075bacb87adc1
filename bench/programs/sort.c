/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Sorts numbers by quicksort, then the same numbers by heapsort, and compares. */
#include "bench.h"

#define SHORT 16 /* ranges up to this are sorted by insertion */

const struct bench_cases bench_cases = {{1500000, 0xb83b347832ca8a51}, {5000, 0x9340ba5396de05b8}};

static void swap(uint32_t *a, uint32_t *b) {
  uint32_t kept = *a;
  *a = *b;
  *b = kept;
}

/* Insertion: few values, and nearly in order. */
static void sort_short(uint32_t *values, uint32_t count) {
  for (uint32_t i = 1; i < count; i++) {
    uint32_t value = values[i], j = i;
    for (; j > 0 && values[j - 1] > value; j--)
      values[j] = values[j - 1];
    values[j] = value;
  }
}

static uint32_t median_of_three(uint32_t a, uint32_t b, uint32_t c) {
  if (a > b)
    swap(&a, &b);
  return c < a ? a : c > b ? b : c;
}

/* Hoare's partition; recursion into the shorter part keeps the stack small. */
static void sort_quickly(uint32_t *values, uint32_t count) {
  while (count > SHORT) {
    uint32_t pivot = median_of_three(values[0], values[count / 2], values[count - 1]);
    uint32_t low = 0, high = count - 1;
    for (;; low++, high--) {
      while (values[low] < pivot)
        low++;
      while (values[high] > pivot)
        high--;
      if (low >= high)
        break;
      swap(&values[low], &values[high]);
    }
    uint32_t left = high + 1;
    if (left < count - left) {
      sort_quickly(values, left);
      values += left;
      count -= left;
    } else {
      sort_quickly(values + left, count - left);
      count = left;
    }
  }
  sort_short(values, count);
}

/* Lets the root's value sink until no child is larger. The children of i are 2i + 1 and 2i + 2. */
static void sift_down(uint32_t *heap, uint32_t root, uint32_t count) {
  uint32_t value = heap[root];
  for (;;) {
    uint32_t child = 2 * root + 1;
    if (child >= count)
      break;
    if (child + 1 < count && heap[child + 1] > heap[child])
      child++;
    if (heap[child] <= value)
      break;
    heap[root] = heap[child];
    root = child;
  }
  heap[root] = value;
}

/* The first loop makes the heap, the second takes its largest value off, again and again. */
static void sort_by_heap(uint32_t *values, uint32_t count) {
  for (uint32_t i = count / 2; i-- > 0;)
    sift_down(values, i, count);
  for (uint32_t i = count; i-- > 1;) {
    swap(&values[0], &values[i]);
    sift_down(values, 0, i);
  }
}

uint64_t bench_run(uint32_t size) {
  uint32_t *quick = bench_allocate((uint64_t)size * 4), *heap = bench_allocate((uint64_t)size * 4);
  uint32_t seed = 3;
  for (uint32_t i = 0; i < size; i++)
    quick[i] = heap[i] = bench_random(&seed);
  sort_quickly(quick, size);
  sort_by_heap(heap, size);
  uint64_t sum = 0;
  for (uint32_t i = 0; i < size; i++) {
    if (quick[i] != heap[i] || (i && quick[i - 1] > quick[i]))
      bench_fail("not sorted");
    sum = bench_mix(sum, quick[i]);
  }
  return sum;
}
