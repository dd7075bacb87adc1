/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* clock_*, random_get, sched_yield. */
#include "check.h"

int main(void) {
  for (uint32_t id = 0; id < 4; id++) {
    __wasi_timestamp_t resolution = 0, first = 0, second = 0;
    CHECK_OK(__wasi_clock_res_get(id, &resolution));
    CHECK(resolution > 0 && resolution <= 1000000000);
    CHECK_OK(__wasi_clock_time_get(id, 1, &first));
    CHECK_OK(__wasi_clock_time_get(id, 0, &second));
    CHECK(id == __WASI_CLOCKID_REALTIME || second >= first);
  }
  __wasi_timestamp_t now;
  CHECK_OK(__wasi_clock_time_get(__WASI_CLOCKID_REALTIME, 0, &now));
  CHECK(now > UINT64_C(1600000000) * 1000000000); /* September 2020 */
  CHECK_ERRNO(INVAL, __wasi_clock_res_get(4, &now));
  CHECK_ERRNO(INVAL, __wasi_clock_time_get(77, 0, &now));
  CHECK_ERRNO(FAULT, raw_clock_time_get(0, 0, memory_end() - 7));
  CHECK_OK(raw_clock_time_get(0, 0, memory_end() - 8));

  uint8_t one[32] = {0}, other[32] = {0};
  CHECK_OK(__wasi_random_get(one, sizeof one));
  CHECK_OK(__wasi_random_get(other, sizeof other));
  CHECK(memcmp(one, other, sizeof one));
  CHECK_OK(__wasi_random_get(one, 0));
  CHECK_ERRNO(FAULT, raw_random_get(memory_end() - 8, 9));
  CHECK_ERRNO(FAULT, raw_random_get(16, UINT32_MAX));
  static uint8_t many[1 << 20]; /* more than one request's worth */
  CHECK_OK(__wasi_random_get(many, sizeof many));
  size_t zeros = 0;
  for (size_t i = 0; i < sizeof many; i++)
    zeros += !many[i];
  CHECK(zeros < sizeof many / 64);
  CHECK(many[sizeof many - 1] | many[sizeof many - 2] | many[sizeof many - 3] |
        many[sizeof many - 4]);

  CHECK_OK(__wasi_sched_yield());
  return 0;
}
