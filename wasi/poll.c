/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* poll_oneoff: waits until one of several subscriptions has happened and reports all that have.
 *
 * Two passes over the subscriptions: the first finds out how long to wait for what, the second
 * writes the events. Deadlines are turned into durations from one reading of each clock. What is
 * wrong with a single subscription is reported in its event. */
#include "wasi/call.h"

/* Bytes a stream or socket that is ready for writing takes without blocking: a pipe takes PIPE_BUF.
 */
#define WRITABLE_BYTES 4096u

struct subscription {
  uint64_t userdata;
  uint32_t type;  /* enum wasi_eventtype */
  uint32_t fd;    /* FD_READ, FD_WRITE */
  uint32_t clock; /* CLOCK, with the next two */
  uint64_t timeout;
  uint32_t flags;
};

/* What one subscription is at the moment. */
struct state {
  enum wasi_errno error;
  bool happened;
  uint32_t watch;  /* bit of the stream it waits for, or 0 */
  uint32_t events; /* WASI_SOCKET_* that it waits for at `socket`, or 0 */
  uint32_t socket;
  uint64_t wait_ns; /* clocks: from the start of the call; else FOREVER */
  uint64_t bytes;
  uint32_t flags;
};

struct poll {
  struct wasi *wasi;
  uint64_t start[2];     /* REALTIME and MONOTONIC when the call began */
  uint64_t elapsed;      /* nanoseconds since then */
  uint32_t ready;        /* streams, a bit each */
  uint64_t readable;     /* bytes on standard input */
  uint32_t socket_count; /* of wasi->watches */
  bool socket_ready;     /* one of them is */
};

static struct subscription read_subscription(const uint8_t *at) {
  return (struct subscription){.userdata = wasi_get64(at),
                               .type = at[WASI_SUBSCRIPTION_TAG],
                               .fd = wasi_get32(at + WASI_SUBSCRIPTION_FD),
                               .clock = wasi_get32(at + WASI_SUBSCRIPTION_CLOCK),
                               .timeout = wasi_get64(at + WASI_SUBSCRIPTION_TIMEOUT),
                               .flags = wasi_get16(at + WASI_SUBSCRIPTION_FLAGS)};
}

static void put_event(uint8_t *at, const struct subscription *subscription,
                      const struct state *state) {
  memset(at, 0, WASI_EVENT_SIZE);
  wasi_put64(at, subscription->userdata);
  wasi_put16(at + WASI_EVENT_ERROR, (uint16_t)state->error);
  at[WASI_EVENT_TYPE] = (uint8_t)subscription->type;
  wasi_put64(at + WASI_EVENT_BYTES, state->bytes);
  wasi_put16(at + WASI_EVENT_FLAGS, (uint16_t)state->flags);
}

/* A deadline that has passed is due at once, also when the clock was set back meanwhile: durations
 * count on the monotonic clock. */
static struct state clock_state(const struct poll *poll, const struct subscription *subscription) {
  struct state state = {.wait_ns = subscription->timeout};
  if (subscription->clock >= WASI_CLOCK_COUNT || subscription->flags & ~WASI_SUBSCRIPTION_ABSTIME)
    state.error = WASI_ERRNO_INVAL;
  else if (subscription->clock > WASI_CLOCK_MONOTONIC) /* CPU time stands still while waiting */
    state.error = WASI_ERRNO_NOTSUP;
  else if (subscription->flags & WASI_SUBSCRIPTION_ABSTIME) {
    uint64_t start = poll->start[subscription->clock];
    state.wait_ns = subscription->timeout > start ? subscription->timeout - start : 0;
  }
  state.happened = state.error || state.wait_ns <= poll->elapsed;
  return state;
}

/* What the last wait said of a stream; before it, nothing has happened. */
static struct state stream_state(const struct poll *poll, uint32_t stream, bool read) {
  struct state state = {.watch = 1u << stream, .wait_ns = WASI_WAIT_FOREVER};
  state.happened = poll->ready & state.watch;
  if (!state.happened)
    return state;
  state.bytes = read ? poll->readable : WRITABLE_BYTES;
  if (read && !poll->readable)
    state.flags = WASI_EVENT_HANGUP; /* readable without a byte: the end */
  return state;
}

/* The watch of a socket, or NULL: none so far. The two arrays name one another where there is one
 * and need no clearing where there is not (Briggs and Torczon's sparse sets). */
static struct wasi_watch *find_watch(const struct poll *poll, uint32_t socket) {
  struct wasi *wasi = poll->wasi;
  uint32_t place = wasi->watch_of[socket];
  bool found = place < poll->socket_count && wasi->watches[place].socket == socket;
  return found ? &wasi->watches[place] : NULL;
}

static void add_watch(struct poll *poll, uint32_t socket, uint32_t events) {
  struct wasi_watch *watch = find_watch(poll, socket);
  if (!watch) {
    poll->wasi->watch_of[socket] = (uint16_t)poll->socket_count;
    watch = &poll->wasi->watches[poll->socket_count++];
    *watch = (struct wasi_watch){.socket = socket};
  }
  watch->events |= events;
}

static struct state socket_state(const struct poll *poll, uint32_t socket, bool read) {
  struct state state = {.socket = socket,
                        .events = read ? WASI_SOCKET_READ : WASI_SOCKET_WRITE,
                        .wait_ns = WASI_WAIT_FOREVER};
  const struct wasi_watch *watch = find_watch(poll, socket);
  state.happened = watch && watch->ready & state.events;
  if (!state.happened)
    return state;
  state.bytes = read ? watch->bytes : WRITABLE_BYTES;
  state.flags = watch->ready & WASI_SOCKET_HANGUP ? WASI_EVENT_HANGUP : 0;
  return state;
}

/* Files never block: there is always something, if only the end. */
static struct state file_state(const struct wasi_descriptor *file, bool read) {
  struct state state = {.happened = true, .wait_ns = WASI_WAIT_FOREVER, .bytes = WRITABLE_BYTES};
  if (!read)
    return state;
  uint64_t size = 0;
  struct wasi_fs *fs = file->hold->fs;
  state.error = wasi_errno_of(fs->ops->size(fs, file->hold->node, file->handle, &size));
  state.bytes = size > file->offset ? size - file->offset : 0;
  return state;
}

/* The right to read or write is enough: who may do that learns nothing new by polling. */
static struct state descriptor_state(const struct poll *poll,
                                     const struct subscription *subscription) {
  const struct wasi_descriptor *descriptor = wasi_table_get(&poll->wasi->table, subscription->fd);
  bool read = subscription->type == WASI_EVENT_FD_READ;
  uint64_t right = read ? WASI_RIGHT_FD_READ : WASI_RIGHT_FD_WRITE;
  if (!descriptor || !(descriptor->rights & right))
    return (struct state){.error = WASI_ERRNO_BADF, .happened = true, .wait_ns = WASI_WAIT_FOREVER};
  if (descriptor->kind == WASI_KIND_STREAM)
    return stream_state(poll, descriptor->stream, read);
  if (wasi_is_socket(descriptor))
    return socket_state(poll, descriptor->socket, read);
  return file_state(descriptor, read);
}

static struct state state_of(const struct poll *poll, const struct subscription *subscription) {
  return subscription->type == WASI_EVENT_CLOCK ? clock_state(poll, subscription)
                                                : descriptor_state(poll, subscription);
}

/* First pass: what to wait for. *timeout is 0 if something has happened already. */
static enum wasi_errno plan_wait(struct poll *poll, const uint8_t *in, uint32_t count,
                                 uint64_t *timeout, uint32_t *watch) {
  *timeout = WASI_WAIT_FOREVER;
  *watch = 0;
  for (uint32_t i = 0; i < count; i++) {
    struct subscription subscription = read_subscription(in + (uint64_t)i * WASI_SUBSCRIPTION_SIZE);
    if (subscription.type > WASI_EVENT_FD_WRITE)
      return WASI_ERRNO_INVAL;
    struct state state = state_of(poll, &subscription);
    *watch |= state.watch;
    if (state.events)
      add_watch(poll, state.socket, state.events);
    uint64_t wait = state.happened ? 0 : state.wait_ns;
    if (wait < *timeout)
      *timeout = wait;
  }
  return WASI_ERRNO_SUCCESS;
}

/* Second pass: reports what has happened. An event is smaller than a subscription, so lists that
 * share their memory do not get into each other's way. */
static uint32_t put_events(const struct poll *poll, const uint8_t *in, uint8_t *out,
                           uint32_t count) {
  uint32_t happened = 0;
  for (uint32_t i = 0; i < count; i++) {
    struct subscription subscription = read_subscription(in + (uint64_t)i * WASI_SUBSCRIPTION_SIZE);
    struct state state = state_of(poll, &subscription);
    if (state.happened)
      put_event(out + (uint64_t)happened++ * WASI_EVENT_SIZE, &subscription, &state);
  }
  return happened;
}

static enum wasi_errno read_clock(struct wasi_host *host, uint32_t id, uint64_t *ns) {
  return wasi_errno_of(host->ops->clock(host, id, ns));
}

/* One wait of at most `timeout` from the start of the call. */
static enum wasi_errno wait_once(struct poll *poll, uint64_t timeout, uint32_t watch) {
  struct wasi_host *host = poll->wasi->host;
  uint64_t rest = timeout == WASI_WAIT_FOREVER ? timeout : timeout - poll->elapsed;
  struct wasi_watch *sockets = poll->wasi->watches;
  /* Nothing to look at and something to report: no need to ask the host. */
  if (!rest && !watch && !poll->socket_count)
    return WASI_ERRNO_SUCCESS;
  int error = host->ops->wait(host, rest, watch, sockets, poll->socket_count, &poll->ready,
                              &poll->readable);
  if (error)
    return wasi_errno_of(error);
  for (uint32_t i = 0; i < poll->socket_count; i++)
    poll->socket_ready |= sockets[i].ready != 0;
  uint64_t now;
  enum wasi_errno status = read_clock(host, WASI_CLOCK_MONOTONIC, &now);
  if (!status && now > poll->start[WASI_CLOCK_MONOTONIC])
    poll->elapsed = now - poll->start[WASI_CLOCK_MONOTONIC];
  return status;
}

enum wasi_errno wasi_poll_oneoff(struct wasi_call *call) {
  uint32_t count = wasi_arg32(call, 2);
  const uint8_t *in = wasi_memory_range(&call->memory, wasi_arg32(call, 0),
                                        (uint64_t)count * WASI_SUBSCRIPTION_SIZE);
  uint8_t *out =
      wasi_memory_range(&call->memory, wasi_arg32(call, 1), (uint64_t)count * WASI_EVENT_SIZE);
  uint8_t *count_out = wasi_out(call, 3, 4);
  if (!in || !out || !count_out)
    return WASI_ERRNO_FAULT;
  if (!count)
    return WASI_ERRNO_INVAL;
  struct poll poll = {.wasi = call->wasi};
  struct wasi_host *host = call->wasi->host;
  enum wasi_errno status = read_clock(host, WASI_CLOCK_REALTIME, &poll.start[WASI_CLOCK_REALTIME]);
  if (!status)
    status = read_clock(host, WASI_CLOCK_MONOTONIC, &poll.start[WASI_CLOCK_MONOTONIC]);
  uint64_t timeout;
  uint32_t watch;
  if (!status)
    status = plan_wait(&poll, in, count, &timeout, &watch);
  /* Hosts may wake early and find nothing: then the rest of the time is waited. */
  do {
    if (status || (status = wait_once(&poll, timeout, watch)))
      return status;
  } while (!poll.ready && !poll.socket_ready && poll.elapsed < timeout);
  wasi_put32(count_out, put_events(&poll, in, out, count));
  return WASI_ERRNO_SUCCESS;
}
