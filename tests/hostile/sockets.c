/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Attacks on the sockets device: one listener, which nobody connects to. */
#include "tests/hostile/hostile.h"

/* Where the reply goes: behind the request. */
#define REPLY_OFFSET 4096u

/* One request with `size` bytes of reply at a physical address. */
static struct abi_socket_reply request_into(struct machine *m, struct abi_socket_request request,
                                            uint64_t reply, uint32_t size) {
  struct queue queue = open_queue(m, ABI_DEVICE_SOCKETS, 0, 0);
  struct abi_socket_reply answer = {0};
  memcpy(buffer, &request, sizeof request);
  queue.desc[0] = (struct abi_virtq_desc){buffer_physical(m), sizeof request, ABI_VIRTQ_NEXT, 1};
  queue.desc[1] = (struct abi_virtq_desc){reply, size, ABI_VIRTQ_WRITE, 0};
  offer(m, &queue, 0);
  memcpy(&answer, buffer + REPLY_OFFSET, sizeof answer);
  return answer;
}

static struct abi_socket_reply ask(struct machine *m, uint32_t operation, uint32_t socket,
                                   uint32_t flags) {
  return request_into(m, (struct abi_socket_request){operation, socket, flags, 0},
                      buffer_physical(m) + REPLY_OFFSET, sizeof(struct abi_socket_reply));
}

static void wait_for_socket(struct machine *m, uint32_t count, uint16_t number) {
  m->control->wait_timeout_ns = 0;
  m->control->wait_watch = 0;
  m->control->wait_socket_count = count;
  m->control->wait_sockets[0] =
      (struct abi_wait_socket){.socket = number, .events = 0xff, .ready = 0xff, .bytes = 77};
  arch_ring(ABI_DOORBELL_WAIT, 0);
}

void attack_socket_unknown_operation(struct machine *m) {
  ask(m, 0xffffffffu, 0, 0);
}

void attack_socket_not_open(struct machine *m) {
  ask(m, ABI_SOCKET_SHUTDOWN, 1, ABI_SOCKET_WRITE);
}

void attack_socket_number_absurd(struct machine *m) {
  ask(m, ABI_SOCKET_CLOSE, 0x80000000u, 0);
}

void attack_socket_closed_twice(struct machine *m) {
  REQUIRE(m, ask(m, ABI_SOCKET_CLOSE, 0, 0).error == 0);
  ask(m, ABI_SOCKET_CLOSE, 0, 0);
}

/* A listener has no peer: refused by the host, told to the guest. */
void attack_socket_listener_abused(struct machine *m) {
  struct abi_socket_request receive = {.operation = ABI_SOCKET_RECEIVE};
  REQUIRE(m, request_into(m, receive, buffer_physical(m) + REPLY_OFFSET, 100).error != 0);
  REQUIRE(m, ask(m, ABI_SOCKET_ACCEPT, 0, ABI_SOCKET_NOWAIT).error != 0);
}

void attack_socket_listener_shut_down(struct machine *m) {
  ask(m, ABI_SOCKET_SHUTDOWN, 0, ABI_SOCKET_READ | ABI_SOCKET_WRITE);
  REQUIRE(m, ask(m, ABI_SOCKET_ACCEPT, 0, 0).error != 0);
  wait_for_socket(m, 1, 0);
}

void attack_socket_reply_into_text(struct machine *m) {
  request_into(m, (struct abi_socket_request){.operation = ABI_SOCKET_CLOSE},
               (uintptr_t)machine_exit, 8); /* text: physical = virtual */
}

void attack_socket_reply_into_module(struct machine *m) {
  uint64_t module = m->boot->module - m->boot->window;
  request_into(m, (struct abi_socket_request){.operation = ABI_SOCKET_CLOSE}, module, 8);
}

void attack_socket_receive_outside_memory(struct machine *m) {
  request_into(m, (struct abi_socket_request){.operation = ABI_SOCKET_RECEIVE},
               m->boot->memory_end - 4, 4096);
}

void attack_socket_accepts_for_ever(struct machine *m) {
  ask(m, ABI_SOCKET_ACCEPT, 0, 0);
}

void attack_socket_accepts_endlessly(struct machine *m) {
  for (;;)
    ask(m, ABI_SOCKET_ACCEPT, 0, ABI_SOCKET_NOWAIT);
}

/* ---- Waiting ---- */

void attack_socket_waits_for_too_many(struct machine *m) {
  wait_for_socket(m, ABI_SOCKETS_MAX + 1, 0);
}

void attack_socket_waits_for_absurdly_many(struct machine *m) {
  wait_for_socket(m, 0xffffffffu, 0);
}

void attack_socket_waits_for_closed(struct machine *m) {
  wait_for_socket(m, 1, 0xffff);
}

/* The same socket as often as may be, with events that do not exist: it is just not ready. */
void attack_socket_waits_for_one_often(struct machine *m) {
  for (uint32_t i = 0; i < ABI_SOCKETS_MAX; i++)
    m->control->wait_sockets[i] = (struct abi_wait_socket){.events = 0xfd, .ready = 0xff};
  wait_for_socket(m, ABI_SOCKETS_MAX, 0);
  for (uint32_t i = 0; i < ABI_SOCKETS_MAX; i++)
    REQUIRE(m, m->control->wait_sockets[i].ready == 0);
}

void attack_wait_for_socket_without_device(struct machine *m) {
  wait_for_socket(m, 1, 0);
}
