/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* libFuzzer target: a guest that sends requests to the sockets device and to the console's control
 * queue, moves bytes and waits, as the input says; most requests are right but for a field or two.
 * What must hold: no sanitizer speaks, a fault has a reason, no descriptor is left. */
#include "abi/sockets.h"
#include "abi/streams.h"
#include "tests/devices/harness.h"
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define REQUEST_AT HEAP_AT
#define REPLY_AT (SLOT_BORDER - 100) /* replies cross the border between slots */
#define STEPS_MAX 48
#define PEERS 3

enum { CONSOLE, SOCKETS };

struct input {
  const uint8_t *bytes;
  size_t left;
};

static struct harness h;
static struct sockaddr_un address = {.sun_family = AF_UNIX};
static socklen_t address_length;
static int peers[PEERS];
static int files[2];

static uint8_t take_byte(struct input *in) {
  if (in->left == 0)
    return 0;
  in->left--;
  return *in->bytes++;
}

/* Small most of the time, sometimes the largest there is. */
static uint32_t take_number(struct input *in, uint32_t usual) {
  uint8_t byte = take_byte(in);
  return byte == 0xff ? UINT32_MAX - take_byte(in) : byte % usual;
}

static void fail(const char *what) {
  perror(what);
  abort();
}

/* ---- The guest's moves ----------------------------------------------------------------------- */

/* A signal is pending, so that nothing waits; what it interrupts goes on once, and is given up. */
static bool notify(uint32_t device, uint32_t queue) {
  struct guest_fault fault = {""};
  sigset_t pending;
  raise(SIGALRM);
  enum device_result result = raw_notify(&h, device, queue, &fault);
  if (result == DEVICE_INTERRUPTED)
    raise(SIGALRM);
  if (result == DEVICE_INTERRUPTED)
    result = raw_notify(&h, device, queue, &fault);
  if (result == DEVICE_GUEST_FAULT && !fault.text[0])
    abort();
  sigpending(&pending);
  if (sigismember(&pending, SIGALRM))
    sigwait(&pending, &(int){0});
  return result == DEVICE_OK;
}

static bool send_request(struct input *in, uint32_t device, uint32_t queue, const void *request,
                         uint32_t size, uint32_t reply) {
  uint8_t how = take_byte(in);
  uint32_t bytes = how & 1 ? take_number(in, 200) % 100000 : 0;
  uint32_t room = how & 2 ? take_number(in, 200) % 100000 : 0;
  if (how % 32 == 31)
    size -= 1 + take_byte(in) % size; /* cut short */
  if (how % 32 == 30)
    reply = 1 + take_byte(in) % reply;
  memcpy(physical_bytes(&h, REQUEST_AT, size + 1), request, size);
  raw_set(&h, device, queue, 0, REQUEST_AT, size + bytes, ABI_VIRTQ_NEXT, 1);
  raw_set(&h, device, queue, 1, REPLY_AT, reply + room, ABI_VIRTQ_WRITE, 0);
  raw_offer(&h, device, queue, 0);
  return notify(device, queue);
}

static bool ask_sockets(struct input *in) {
  struct abi_socket_request request = {.operation = take_number(in, ABI_SOCKET_OPERATION_COUNT),
                                       .socket = take_number(in, 4),
                                       .flags = take_number(in, 8)};
  if (take_byte(in) == 7)
    request.reserved = 1;
  return send_request(in, SOCKETS, 0, &request, sizeof request, sizeof(struct abi_socket_reply));
}

static bool ask_console(struct input *in) {
  struct abi_stream_request request = {.operation = take_number(in, ABI_STREAM_OPERATION_COUNT),
                                       .stream = take_number(in, 3),
                                       .offset = take_number(in, 200),
                                       .argument = take_number(in, 3)};
  if (take_byte(in) == 7)
    request.offset = ~request.offset;
  return send_request(in, CONSOLE, ABI_CONSOLE_CONTROL_QUEUE, &request, sizeof request,
                      sizeof(struct abi_stream_reply));
}

static bool move_bytes(struct input *in) {
  static const uint32_t queues[] = {ABI_CONSOLE_STDIN_QUEUE, ABI_CONSOLE_STDOUT_QUEUE,
                                    ABI_CONSOLE_STDERR_QUEUE};
  uint32_t stream = take_byte(in) % 3;
  raw_set(&h, CONSOLE, queues[stream], 0, REPLY_AT, 1 + take_number(in, 200) % 100000,
          stream ? 0 : ABI_VIRTQ_WRITE, 0);
  raw_offer(&h, CONSOLE, queues[stream], 0);
  return notify(CONSOLE, queues[stream]);
}

static bool wait_for_some(struct input *in) {
  struct guest_fault fault = {""};
  struct device_wait wait = {.streams = take_byte(in) % 8, .socket_count = take_byte(in) % 5};
  for (uint32_t i = 0; i < wait.socket_count; i++)
    wait.sockets[i] =
        (struct abi_wait_socket){.socket = (uint16_t)take_number(in, 4), .events = take_byte(in)};
  enum device_result result = device_wait(h.devices[CONSOLE], h.devices[SOCKETS], &wait, &fault);
  if (result == DEVICE_GUEST_FAULT && !fault.text[0])
    abort();
  return result == DEVICE_OK;
}

/* ---- The world ------------------------------------------------------------------------------- */

static int connect_peer(void) {
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0 || connect(fd, (struct sockaddr *)&address, address_length) < 0)
    fail("connect");
  return fd;
}

/* Two connections wait; one has sent something, one is gone already. */
static void open_devices(void) {
  const char *error;
  int stdio[3] = {files[0], files[1], -1};
  int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  address_length = sizeof address.sun_family; /* the kernel chooses a name */
  if (listener < 0 || bind(listener, (struct sockaddr *)&address, address_length) < 0)
    fail("bind");
  address_length = sizeof address;
  if (listen(listener, PEERS) < 0 ||
      getsockname(listener, (struct sockaddr *)&address, &address_length) < 0)
    fail("listen");
  for (unsigned i = 0; i < PEERS; i++)
    peers[i] = connect_peer();
  if (write(peers[0], "hello", 5) != 5)
    fail("write");
  close(peers[1]);
  memset(physical_bytes(&h, RINGS_AT, 2 * RINGS_PER_DEVICE), 0, 2 * RINGS_PER_DEVICE);
  h.boot.device_count = 0;
  harness_add(&h, console_create(&h.host, stdio, &error));
  harness_add(&h, sockets_create(&h.host, &listener, 1, &error));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  static bool (*const moves[])(struct input *) = {ask_sockets, ask_console, move_bytes,
                                                  wait_for_some};
  static unsigned runs;
  bool counts = runs++ % 256 == 0;
  unsigned descriptors = counts ? count_descriptors() : 0;
  struct input in = {bytes, size};
  signal(SIGXFSZ, SIG_IGN); /* libFuzzer has set its own handler after the start */
  open_devices();
  for (unsigned step = 0; step < STEPS_MAX && in.left > 0; step++)
    if (!moves[take_byte(&in) % 4](&in))
      break;
  for (uint32_t i = 0; i < h.boot.device_count; i++)
    h.devices[i]->ops->destroy(h.devices[i]);
  close(peers[0]), close(peers[2]);
  if (counts && count_descriptors() != descriptors)
    abort();
  return 0;
}

static void note_alarm(int signal) {
  (void)signal;
}

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerInitialize(int *argc, char ***argv) {
  (void)argc, (void)argv;
  struct rlimit limit = {1 << 20, 1 << 20};
  sigset_t alarm;
  struct sigaction action = {.sa_handler = note_alarm};
  signal(SIGPIPE, SIG_IGN);
  sigaction(SIGALRM, &action, NULL);
  sigemptyset(&alarm);
  sigaddset(&alarm, SIGALRM);
  sigprocmask(SIG_BLOCK, &alarm, NULL);
  for (int i = 0; i < 2; i++)
    files[i] = memfd_create("file", MFD_CLOEXEC);
  harness_open(&h);
  setrlimit(RLIMIT_FSIZE, &limit);
  return 0;
}
