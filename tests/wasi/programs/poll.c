/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* poll_oneoff: clocks, files, streams, and what is wrong with a subscription. */
#include "check.h"

#define MS UINT64_C(1000000)
#define HOUR (UINT64_C(3600) * 1000 * MS)
#define ABSTIME __WASI_SUBCLOCKFLAGS_SUBSCRIPTION_CLOCK_ABSTIME

static __wasi_subscription_t clock_in(uint64_t userdata, uint32_t id, uint64_t timeout,
                                      unsigned flags) {
  __wasi_subscription_t subscription = {.userdata = userdata};
  subscription.u.tag = __WASI_EVENTTYPE_CLOCK;
  subscription.u.u.clock.id = id;
  subscription.u.u.clock.timeout = timeout;
  subscription.u.u.clock.flags = (__wasi_subclockflags_t)flags;
  return subscription;
}

static __wasi_subscription_t fd_in(uint64_t userdata, unsigned type, int fd) {
  __wasi_subscription_t subscription = {.userdata = userdata};
  subscription.u.tag = (uint8_t)type;
  subscription.u.u.fd_read.file_descriptor = fd;
  return subscription;
}

static __wasi_event_t events[8];

static size_t poll(const __wasi_subscription_t *subscriptions, size_t count) {
  size_t happened = 99;
  memset(events, 0x55, sizeof events);
  CHECK_OK(__wasi_poll_oneoff(subscriptions, events, count, &happened));
  CHECK(happened >= 1 && happened <= count);
  return happened;
}

static void check_event(const __wasi_event_t *event, uint64_t userdata, unsigned type,
                        unsigned error) {
  CHECK_EQUAL(userdata, event->userdata);
  CHECK_EQUAL(type, event->type);
  CHECK_EQUAL(error, event->error);
}

static uint64_t now(uint32_t id) {
  __wasi_timestamp_t time;
  CHECK_OK(__wasi_clock_time_get(id, 0, &time));
  return time;
}

static void test_clocks(void) {
  for (uint32_t id = 0; id < 2; id++) {
    uint64_t start = now(1);
    __wasi_subscription_t subscription = clock_in(7, id, 5 * MS, 0);
    CHECK_EQUAL(1, poll(&subscription, 1));
    check_event(&events[0], 7, __WASI_EVENTTYPE_CLOCK, 0);
    CHECK(now(1) - start >= 5 * MS);
    subscription = clock_in(8, id, now(id) + 5 * MS, ABSTIME);
    CHECK_EQUAL(1, poll(&subscription, 1));
    check_event(&events[0], 8, __WASI_EVENTTYPE_CLOCK, 0);
    CHECK(now(1) - start >= 10 * MS);
    subscription = clock_in(9, id, 1, ABSTIME); /* long past */
    CHECK_EQUAL(1, poll(&subscription, 1));
  }
  /* The first of several, and everything that is due with it. */
  __wasi_subscription_t several[3] = {clock_in(1, 1, HOUR, 0), clock_in(2, 1, 2 * MS, 0),
                                      clock_in(UINT64_MAX, 0, 0, 0)};
  CHECK_EQUAL(1, poll(several, 3));
  check_event(&events[0], UINT64_MAX, __WASI_EVENTTYPE_CLOCK, 0);
  several[2] = clock_in(3, 0, 1 * MS, 0);
  several[0] = clock_in(1, 1, UINT64_MAX, 0);
  CHECK(poll(several, 3) <= 2);
  check_event(&events[0], events[0].userdata == 2 ? 2 : 3, __WASI_EVENTTYPE_CLOCK, 0);
  __wasi_subscription_t wrong[2] = {clock_in(1, 1, HOUR, 0), clock_in(2, 9, 0, 0)};
  CHECK_EQUAL(1, poll(wrong, 2));
  check_event(&events[0], 2, __WASI_EVENTTYPE_CLOCK, __WASI_ERRNO_INVAL);
}

/* Files are always ready, with what is left to read; a deadline does not matter then. */
static void test_files(void) {
  make_file(SCRATCH, "file", "12345");
  __wasi_fd_t fd = open_file(SCRATCH, "file");
  __wasi_filesize_t place;
  CHECK_OK(__wasi_fd_seek(fd, 2, __WASI_WHENCE_SET, &place));
  __wasi_subscription_t subscriptions[4] = {
      clock_in(1, 1, HOUR, 0), fd_in(2, __WASI_EVENTTYPE_FD_READ, fd),
      fd_in(3, __WASI_EVENTTYPE_FD_WRITE, fd), fd_in(4, __WASI_EVENTTYPE_FD_READ, 77)};
  CHECK_EQUAL(3, poll(subscriptions, 4));
  check_event(&events[0], 2, __WASI_EVENTTYPE_FD_READ, 0);
  CHECK_EQUAL(3, events[0].fd_readwrite.nbytes);
  CHECK_EQUAL(0, events[0].fd_readwrite.flags);
  check_event(&events[1], 3, __WASI_EVENTTYPE_FD_WRITE, 0);
  check_event(&events[2], 4, __WASI_EVENTTYPE_FD_READ, __WASI_ERRNO_BADF);
  CHECK_OK(__wasi_fd_seek(fd, 9, __WASI_WHENCE_SET, &place));
  CHECK_EQUAL(1, poll(subscriptions + 1, 1));
  CHECK_EQUAL(0, events[0].fd_readwrite.nbytes);
  CHECK_OK(__wasi_fd_close(fd));
  CHECK_OK(open_at(SCRATCH, "file", 0, __WASI_RIGHTS_FD_READ, &fd));
  __wasi_subscription_t no_right = fd_in(5, __WASI_EVENTTYPE_FD_WRITE, fd);
  CHECK_EQUAL(1, poll(&no_right, 1));
  check_event(&events[0], 5, __WASI_EVENTTYPE_FD_WRITE, __WASI_ERRNO_BADF);
  CHECK_OK(__wasi_fd_close(fd));
}

/* Standard input holds "in" and then ends. */
static void test_streams(void) {
  __wasi_subscription_t subscriptions[3] = {clock_in(1, 1, HOUR, 0),
                                            fd_in(2, __WASI_EVENTTYPE_FD_READ, 0),
                                            fd_in(3, __WASI_EVENTTYPE_FD_WRITE, 1)};
  CHECK_EQUAL(1, poll(subscriptions, 2));
  check_event(&events[0], 2, __WASI_EVENTTYPE_FD_READ, 0);
  CHECK_EQUAL(2, events[0].fd_readwrite.nbytes);
  CHECK_EQUAL(2, poll(subscriptions, 3));
  check_event(&events[1], 3, __WASI_EVENTTYPE_FD_WRITE, 0);
  CHECK(!strcmp(read_text(0), "in"));
  CHECK_EQUAL(1, poll(subscriptions, 2));
  CHECK_EQUAL(0, events[0].fd_readwrite.nbytes);
  CHECK_EQUAL(__WASI_EVENTRWFLAGS_FD_READWRITE_HANGUP, events[0].fd_readwrite.flags);
  CHECK(!strcmp(read_text(0), ""));
  subscriptions[1] = fd_in(2, __WASI_EVENTTYPE_FD_WRITE, 0);
  CHECK_EQUAL(1, poll(subscriptions, 2));
  CHECK_EQUAL(__WASI_ERRNO_BADF, events[0].error);
}

static void test_bad_arguments(void) {
  size_t happened;
  __wasi_subscription_t subscription = clock_in(1, 1, 0, 0);
  CHECK_ERRNO(INVAL, __wasi_poll_oneoff(&subscription, events, 0, &happened));
  uint32_t in = (uint32_t)(uintptr_t)&subscription, out = (uint32_t)(uintptr_t)events;
  uint32_t count = (uint32_t)(uintptr_t)&happened;
  CHECK_ERRNO(FAULT, raw_poll_oneoff(memory_end() - 47, out, 1, count));
  CHECK_ERRNO(FAULT, raw_poll_oneoff(in, memory_end() - 31, 1, count));
  CHECK_ERRNO(FAULT, raw_poll_oneoff(in, out, 1, memory_end() - 3));
  CHECK_ERRNO(FAULT, raw_poll_oneoff(in, out, UINT32_MAX, count));
  CHECK_ERRNO(FAULT, raw_poll_oneoff(in, out, 0x05555556, count)); /* 48 times this wraps */
  subscription.u.tag = 3;
  CHECK_ERRNO(INVAL, __wasi_poll_oneoff(&subscription, events, 1, &happened));
}

int main(void) {
  test_clocks();
  test_files();
  test_streams();
  test_bad_arguments();
  return 0;
}
