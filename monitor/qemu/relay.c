/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Carries bytes between the standard streams and QEMU's ports until QEMU has ended and all it left
 * is delivered. */
#include "monitor/qemu/qemu.h"
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- One direction ---- */

static bool is_empty(const struct qemu_relay *relay) {
  return relay->start == relay->end;
}

/* The source is at its end and everything is delivered, or nobody takes any more. */
static void finish(struct qemu_vm *vm, int stream) {
  struct qemu_relay *relay = &vm->relays[stream];
  /* Of standard input only this direction: a hang-up would make QEMU drop what it has not read. */
  if (stream == QEMU_STDIN && relay->to >= 0)
    shutdown(relay->to, SHUT_WR);
  /* That nobody reads any more, the guest is told by the port's closing. */
  if (stream != QEMU_STDIN && vm->channels[stream] >= 0) {
    close(vm->channels[stream]);
    vm->channels[stream] = -1;
  }
  relay->from = relay->to = -1;
}

static void take(struct qemu_vm *vm, int stream) {
  struct qemu_relay *relay = &vm->relays[stream];
  ssize_t count = read(relay->from, relay->bytes, sizeof relay->bytes);
  if (count < 0 && (errno == EINTR || errno == EAGAIN))
    return;
  relay->start = 0;
  relay->end = count > 0 ? (uint32_t)count : 0;
  if (count <= 0)
    finish(vm, stream);
}

/* A pipe that poll says has room takes this much without blocking (pipe(7): PIPE_BUF). */
static void give(struct qemu_vm *vm, int stream) {
  struct qemu_relay *relay = &vm->relays[stream];
  ssize_t count = write(relay->to, relay->bytes + relay->start, relay->end - relay->start);
  if (count < 0 && (errno == EINTR || errno == EAGAIN))
    return;
  if (count < 0) {
    relay->start = relay->end = 0;
    finish(vm, stream);
    return;
  }
  relay->start += (uint32_t)count;
}

/* ---- What is only collected ---- */

/* True: there may be more. */
static bool collect(int fd, void *to, uint32_t *bytes, uint32_t most) {
  char rest[512];
  bool full = *bytes == most;
  ssize_t count = full ? recv(fd, rest, sizeof rest, MSG_DONTWAIT)
                       : read(fd, (char *)to + *bytes, most - *bytes);
  if (count > 0 && !full)
    *bytes += (uint32_t)count;
  return count > 0 || (count < 0 && errno == EINTR);
}

/* ---- All of them ---- */

#define SHARE_GRACE_MS 1000

enum { POLL_RELAYS = 6, POLL_FIXED = POLL_RELAYS + 4 };

static void prepare_polls(struct qemu_vm *vm, struct pollfd *polls, bool running) {
  for (int i = 0; i < 3; i++) {
    const struct qemu_relay *relay = &vm->relays[i];
    bool wants = relay->from >= 0 && (running || i != QEMU_STDIN);
    polls[2 * i] = (struct pollfd){wants && is_empty(relay) ? relay->from : -1, POLLIN, 0};
    polls[2 * i + 1] = (struct pollfd){wants && !is_empty(relay) ? relay->to : -1, POLLOUT, 0};
  }
  polls[POLL_RELAYS] = (struct pollfd){vm->channels[QEMU_REPORT], POLLIN, 0};
  polls[POLL_RELAYS + 1] = (struct pollfd){vm->channels[QEMU_SERIAL], POLLIN, 0};
  polls[POLL_RELAYS + 2] = (struct pollfd){vm->qemu.said, POLLIN, 0};
  polls[POLL_RELAYS + 3] = (struct pollfd){running ? vm->qemu.pidfd : -1, POLLIN, 0};
  for (size_t i = 0; i < vm->config->directory_count; i++)
    polls[POLL_FIXED + i] = (struct pollfd){running ? vm->shares[i].pidfd : -1, POLLIN, 0};
}

static void serve_collected(struct qemu_vm *vm, const struct pollfd *polls) {
  if (polls[POLL_RELAYS].revents &&
      !collect(polls[POLL_RELAYS].fd, &vm->report, &vm->report_bytes, sizeof vm->report)) {
    close(vm->channels[QEMU_REPORT]);
    vm->channels[QEMU_REPORT] = -1;
  }
  if (polls[POLL_RELAYS + 1].revents &&
      !collect(polls[POLL_RELAYS + 1].fd, vm->serial, &vm->serial_bytes, QEMU_TEXT_MAX - 1)) {
    close(vm->channels[QEMU_SERIAL]);
    vm->channels[QEMU_SERIAL] = -1;
  }
  if (polls[POLL_RELAYS + 2].revents &&
      !collect(polls[POLL_RELAYS + 2].fd, vm->said, &vm->said_bytes, QEMU_TEXT_MAX - 1)) {
    close(vm->qemu.said);
    vm->qemu.said = -1;
  }
}

static void serve_relays(struct qemu_vm *vm, const struct pollfd *polls) {
  for (int i = 0; i < 3; i++) {
    if (polls[2 * i].revents)
      take(vm, i);
    else if (polls[2 * i + 1].revents)
      give(vm, i);
  }
}

/* Something ends the VM from outside. */
static bool is_ended(struct qemu_vm *vm) {
  int number = signals_take(vm->signals);
  if (number == 0 || (number == SIGALRM && !vm->signals->has_timer))
    return false;
  vm->result->end = number == SIGALRM ? VM_END_TIMED_OUT : VM_END_SIGNALLED;
  vm->result->status = (uint32_t)number;
  return true;
}

/* The text of a server that has ended. */
void qemu_blame_share(struct qemu_vm *vm, size_t index) {
  char text[256];
  ssize_t count = read(vm->shares[index].said, text, sizeof text - 1);
  text[count > 0 ? count : 0] = 0;
  text[strcspn(text, "\n")] = 0;
  qemu_fail(vm, "virtiofsd ended while it served %s: %s", vm->config->directories[index].host,
            *text ? text : "it did not say why");
}

/* A server also ends when QEMU has: then that may be seen a little later. */
static bool any_share_ended(struct qemu_vm *vm, const struct pollfd *polls) {
  for (size_t i = 0; i < vm->config->directory_count; i++)
    if (polls[POLL_FIXED + i].revents &&
        poll(&(struct pollfd){vm->qemu.pidfd, POLLIN, 0}, 1, SHARE_GRACE_MS) == 0) {
      qemu_blame_share(vm, i);
      return true;
    }
  return false;
}

/* When QEMU has ended, its ends of the channels are closed: each is read to its end. */
static bool is_drained(const struct qemu_vm *vm) {
  return vm->relays[QEMU_STDOUT].from < 0 && vm->relays[QEMU_STDERR].from < 0 &&
         vm->channels[QEMU_REPORT] < 0 && vm->channels[QEMU_SERIAL] < 0 && vm->qemu.said < 0;
}

/* QEMU was ended: what it has sent before is delivered as far as that takes no waiting. */
void qemu_drain(struct qemu_vm *vm) {
  struct pollfd polls[POLL_FIXED + QEMU_MAX_DIRECTORIES];
  for (;;) {
    prepare_polls(vm, polls, false);
    if (poll(polls, POLL_FIXED, 0) <= 0)
      return;
    serve_relays(vm, polls);
    serve_collected(vm, polls);
  }
}

void qemu_relay(struct qemu_vm *vm) {
  struct pollfd polls[POLL_FIXED + QEMU_MAX_DIRECTORIES];
  nfds_t count = POLL_FIXED + vm->config->directory_count;
  bool running = true;
  for (int i = 0; i < 3; i++) {
    int ours = vm->config->stdio[i], theirs = vm->channels[i];
    vm->relays[i].from = i == QEMU_STDIN ? ours : theirs;
    vm->relays[i].to = i == QEMU_STDIN ? theirs : ours;
  }
  while (running || !is_drained(vm)) {
    prepare_polls(vm, polls, running);
    if (ppoll(polls, count, NULL, &vm->signals->wait) < 0) {
      if (is_ended(vm))
        return;
      continue;
    }
    serve_relays(vm, polls);
    serve_collected(vm, polls);
    if (polls[POLL_RELAYS + 3].revents)
      running = false;
    else if (running && any_share_ended(vm, polls))
      return;
  }
}
