/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Filters of an 8-bit image: blur, edges (Sobel), histogram equalisation; bytes loaded and stored.
 */
#include "bench.h"

const struct bench_cases bench_cases = {{2200, 0x6632e92fb4fdb2d9}, {48, 0x08d359d75d369a39}};

#define PASSES 8

static uint8_t clamp(int value) {
  return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

/* The border keeps its values. */
static void blur(const uint8_t *from, uint8_t *to, uint32_t n) {
  for (uint32_t y = 1; y + 1 < n; y++)
    for (uint32_t x = 1; x + 1 < n; x++) {
      const uint8_t *p = from + y * n + x, *above = p - n, *below = p + n;
      int corners = above[-1] + above[1] + below[-1] + below[1];
      int sides = above[0] + below[0] + p[-1] + p[1];
      to[y * n + x] = (uint8_t)((corners + 2 * sides + 4 * p[0] + 8) >> 4);
    }
}

static int magnitude(int value) {
  return value < 0 ? -value : value;
}

/* The gradient's size, by absolute values, over the darkened image. */
static void find_edges(const uint8_t *from, uint8_t *to, uint32_t n) {
  for (uint32_t y = 1; y + 1 < n; y++)
    for (uint32_t x = 1; x + 1 < n; x++) {
      const uint8_t *p = from + y * n + x, *above = p - n, *below = p + n;
      int dx = above[1] + 2 * p[1] + below[1] - above[-1] - 2 * p[-1] - below[-1];
      int dy = below[-1] + 2 * below[0] + below[1] - above[-1] - 2 * above[0] - above[1];
      to[y * n + x] = clamp(magnitude(dx) + magnitude(dy) + p[0] / 4);
    }
}

/* Spreads the values so that each is about as frequent; the table's look-ups are bytes. */
static void equalise(uint8_t *pixels, uint32_t count) {
  uint32_t histogram[256] = {0}, sum = 0;
  uint8_t map[256];
  for (uint32_t i = 0; i < count; i++)
    histogram[pixels[i]]++;
  for (int i = 0; i < 256; i++) {
    sum += histogram[i];
    map[i] = (uint8_t)((uint64_t)sum * 255 / count);
  }
  for (uint32_t i = 0; i < count; i++)
    pixels[i] = map[pixels[i]];
}

uint64_t bench_run(uint32_t size) {
  uint8_t *a = bench_allocate((uint64_t)size * size), *b = bench_allocate((uint64_t)size * size);
  uint32_t seed = 19;
  for (uint32_t i = 0; i < size * size; i++)
    a[i] = b[i] = (uint8_t)((i % size ^ i / size) + bench_random(&seed) % 32);
  for (int i = 0; i < PASSES; i++) {
    blur(a, b, size);
    find_edges(b, a, size);
    blur(a, b, size);
    blur(b, a, size);
    equalise(a, size * size);
  }
  uint64_t sum = 0;
  for (uint32_t i = 0; i < size * size; i++)
    sum = bench_mix(sum, a[i]);
  return sum;
}
