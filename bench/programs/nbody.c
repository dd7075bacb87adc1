/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Six bodies attract each other: doubles in a small array of structures, square roots, divisions.
 */
#include "bench.h"

#define BODIES 6
#define STEP 0.001
#define SOFTENING 0.01 /* keeps near misses from throwing bodies out of the system */

const struct bench_cases bench_cases = {{2500000, 0xd6cec3dbfd7649e5}, {2000, 0x6cd8b1c9a1ae32e6}};

struct body {
  double x, y, z, vx, vy, vz, mass;
};

static void make_bodies(struct body *bodies) {
  uint32_t seed = 7;
  for (int i = 0; i < BODIES; i++) {
    double *values = &bodies[i].x;
    for (int j = 0; j < 6; j++)
      values[j] = (double)(bench_random(&seed) % 2001) / 1000 - 1;
    bodies[i].mass = 0.1 + (double)(bench_random(&seed) % 1000) / 1000;
  }
}

/* One Euler step of the velocities; each pair is looked at once. */
static void attract(struct body *bodies) {
  for (int i = 0; i < BODIES; i++) {
    struct body *a = &bodies[i];
    for (int j = i + 1; j < BODIES; j++) {
      struct body *b = &bodies[j];
      double dx = a->x - b->x, dy = a->y - b->y, dz = a->z - b->z;
      double square = dx * dx + dy * dy + dz * dz + SOFTENING;
      double pull = STEP / (square * __builtin_sqrt(square));
      a->vx -= dx * b->mass * pull;
      a->vy -= dy * b->mass * pull;
      a->vz -= dz * b->mass * pull;
      b->vx += dx * a->mass * pull;
      b->vy += dy * a->mass * pull;
      b->vz += dz * a->mass * pull;
    }
  }
}

static void move(struct body *bodies) {
  for (int i = 0; i < BODIES; i++) {
    bodies[i].x += STEP * bodies[i].vx;
    bodies[i].y += STEP * bodies[i].vy;
    bodies[i].z += STEP * bodies[i].vz;
  }
}

uint64_t bench_run(uint32_t size) {
  struct body bodies[BODIES];
  make_bodies(bodies);
  for (uint32_t i = 0; i < size; i++) {
    attract(bodies);
    move(bodies);
  }
  uint64_t sum = 0;
  for (int i = 0; i < BODIES; i++)
    sum = bench_mix(bench_mix(sum, bench_bits(bodies[i].x)), bench_bits(bodies[i].vy));
  return sum;
}
