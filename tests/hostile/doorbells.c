/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Attacks with doorbells: numbers, values and fields that abi/doorbell.h does not allow. */
#include "tests/hostile/hostile.h"

void attack_doorbell_number(struct machine *m) {
  (void)m;
  arch_ring(ABI_DOORBELL_COUNT, 0);
}

void attack_notify_unknown_device(struct machine *m) {
  machine_notify(m, 60000, 0);
}

void attack_notify_device_behind_last(struct machine *m) {
  machine_notify(m, m->boot->device_count, 0);
}

void attack_notify_unknown_queue(struct machine *m) {
  machine_notify(m, 0, 99);
}

/* virtio-console's control queues exist but stay unused (abi/boot.h). */
void attack_notify_idle_queue(struct machine *m) {
  struct queue control = open_queue(m, ABI_DEVICE_CONSOLE, 0, 2);
  offer_one(m, &control, buffer_physical(m), 8, ABI_VIRTQ_WRITE);
}

static void wait_for(struct machine *m, uint64_t timeout_ns, uint32_t watch) {
  m->control->wait_timeout_ns = timeout_ns;
  m->control->wait_watch = watch;
  arch_ring(ABI_DOORBELL_WAIT, 0);
}

void attack_wait_unknown_streams(struct machine *m) {
  wait_for(m, 0, 0x80000000u);
}

/* Nearly the largest number: seconds and nanoseconds of it must not overflow on the host. */
void attack_wait_absurdly_long(struct machine *m) {
  wait_for(m, ABI_WAIT_FOREVER - 1, 0);
}

void attack_wait_forever(struct machine *m) {
  wait_for(m, ABI_WAIT_FOREVER, 0);
}

void attack_exit_status_too_large(struct machine *m) {
  machine_exit(m, ABI_OUTCOME_EXIT, 256);
}

void attack_exit_outcome_unknown(struct machine *m) {
  machine_exit(m, (enum abi_outcome)77, 0);
}

void attack_exit_without_outcome(struct machine *m) {
  machine_exit(m, ABI_OUTCOME_NONE, 0);
}

/* The report is shown to people and never relied on: any number in it must be printable. */
void attack_report_is_absurd(struct machine *m) {
  memset(&m->control->report, 0xff, sizeof m->control->report);
}

/* ---- MEMORY ---- */

/* Bytes that the doorbell added, never more than boot information allows. */
static uint64_t want_memory(struct machine *m, uint64_t bytes, uint64_t before) {
  m->control->memory_want = bytes;
  arch_ring(ABI_DOORBELL_MEMORY, 0);
  uint64_t after = m->control->memory_end;
  REQUIRE(m, after >= before);
  REQUIRE(m, after <= memory_limit(m));
  return after - before;
}

void attack_memory_want_everything(struct machine *m) {
  REQUIRE(m, want_memory(m, UINT64_MAX, m->boot->memory_end) == 0);
  REQUIRE(m, want_memory(m, 1ull << 63, m->boot->memory_end) == 0);
}

/* Added to the memory there is, this is a small number. */
void attack_memory_want_wraps(struct machine *m) {
  REQUIRE(m, want_memory(m, 0 - m->boot->memory_end + 4096, m->boot->memory_end) == 0);
}

void attack_memory_want_nothing(struct machine *m) {
  (void)want_memory(m, 0, m->boot->memory_end);
}

void attack_memory_until_refused(struct machine *m) {
  uint64_t end = m->boot->memory_end;
  for (uint32_t i = 0; i < 100; i++) {
    m->control->memory_end = 0; /* the monitor must not take its own answer back as a fact */
    uint64_t added = want_memory(m, 1, end);
    if (added == 0)
      return;
    end += added;
  }
  give_up(m, "memory was never refused");
}

/* ---- GROW ---- */

/* Whatever is asked for, nothing but what the kernel remembers is mapped; the runtime, which has
 * not grown anything yet, remembers nothing. */
void attack_grow_anywhere(struct machine *m) {
  static const uint64_t places[] = {0, 4096, 1ull << 21, 1ull << 47, UINT64_MAX - 4095, UINT64_MAX};
  static const uint32_t counts[] = {0, 1, 16, 512, 513, UINT32_MAX};
  for (uint32_t i = 0; i < sizeof places / sizeof places[0]; i++)
    for (uint32_t k = 0; k < sizeof counts / sizeof counts[0]; k++) {
      m->control->grow_address = places[i];
      m->control->grow_physical = places[sizeof places / sizeof places[0] - 1 - i];
      arch_ring(ABI_DOORBELL_GROW, counts[k]);
      REQUIRE(m, m->control->grow_done == 0);
    }
}

/* ---- Without end ---- */

void attack_notify_endlessly(struct machine *m) {
  for (;;)
    machine_notify(m, 0, 0);
}

void attack_loop_endlessly(struct machine *m) {
  (void)m;
  for (;;)
    __asm__ volatile("");
}

/* ---- PANIC: its text reaches a person's terminal ---- */

static void panic_with(struct machine *m, const char *text, size_t length, uint32_t said) {
  memcpy(m->control->text, text, length);
  arch_ring(ABI_DOORBELL_PANIC, said);
}

void attack_panic_text_too_long(struct machine *m) {
  memset(m->control->text, 'a', ABI_TEXT_MAX);
  arch_ring(ABI_DOORBELL_PANIC, ABI_TEXT_MAX + 1);
}

void attack_panic_text_is_absurdly_long(struct machine *m) {
  panic_with(m, "short", 5, UINT32_MAX);
}

void attack_panic_text_moves_the_cursor(struct machine *m) {
  static const char text[] = "guest: \x1b[2J\x1b[31mred";
  panic_with(m, text, sizeof text - 1, sizeof text - 1);
}

void attack_panic_text_has_lines(struct machine *m) {
  panic_with(m, "one\ntwo\rthree", 13, 13);
}

void attack_panic_text_is_binary(struct machine *m) {
  for (uint32_t i = 0; i < ABI_TEXT_MAX; i++)
    m->control->text[i] = (char)i;
  arch_ring(ABI_DOORBELL_PANIC, ABI_TEXT_MAX);
}
