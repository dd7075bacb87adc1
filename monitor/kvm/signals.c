/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The signals that end a VM. */
#include "monitor/kvm/signals.h"

#include <string.h>

/* Those that end the VM, then those that are ignored. */
#define ENDING_COUNT 3
static const int numbers[SIGNALS_COUNT] = {SIGALRM, SIGINT, SIGTERM, SIGPIPE, SIGXFSZ};

/* A handler has no context of its own, so what came is kept here. It is per thread: signals_block
 * leaves the thread that runs the VM as the one to be interrupted. */
static _Thread_local volatile sig_atomic_t caught;

static void note_signal(int number) {
  caught = number;
}

void signals_block(struct signals *signals) {
  memset(signals, 0, sizeof(*signals));
  sigset_t blocked;
  sigemptyset(&blocked);
  caught = 0;
  for (int i = 0; i < SIGNALS_COUNT; i++) {
    sigaction(numbers[i], NULL, &signals->previous_actions[i]);
    bool ignored = signals->previous_actions[i].sa_handler == SIG_IGN;
    if (i < ENDING_COUNT && (!ignored || numbers[i] == SIGALRM))
      sigaddset(&blocked, numbers[i]);
  }
  sigprocmask(SIG_BLOCK, &blocked, &signals->previous);
  /* No SA_RESTART: what waits shall return. */
  struct sigaction action = {.sa_handler = note_signal};
  signals->wait = signals->previous;
  for (int i = 0; i < ENDING_COUNT; i++) {
    if (!sigismember(&blocked, numbers[i]))
      continue;
    sigaction(numbers[i], &action, NULL);
    sigdelset(&signals->wait, numbers[i]);
  }
  action.sa_handler = SIG_IGN;
  for (int i = ENDING_COUNT; i < SIGNALS_COUNT; i++)
    sigaction(numbers[i], &action, NULL);
}

bool signals_set_deadline(struct signals *signals, uint64_t timeout_ms) {
  struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM};
  if (timer_create(CLOCK_MONOTONIC, &event, &signals->timer) < 0)
    return false;
  signals->has_timer = true;
  uint64_t seconds = timeout_ms / 1000;
  struct itimerspec when = {
      .it_value = {.tv_sec = seconds > INT32_MAX ? INT32_MAX : (time_t)seconds,
                   .tv_nsec = (long)(timeout_ms % 1000) * 1000000}};
  return timer_settime(signals->timer, 0, &when, NULL) == 0;
}

int signals_take(const struct signals *signals) {
  /* KVM_RUN leaves the signal pending; let it in for a moment. ppoll has let it in already. */
  sigset_t blocked;
  sigprocmask(SIG_SETMASK, &signals->wait, &blocked);
  sigprocmask(SIG_SETMASK, &blocked, NULL);
  int number = caught;
  caught = 0;
  return number;
}

void signals_restore(struct signals *signals) {
  if (signals->has_timer)
    timer_delete(signals->timer);
  signals_take(signals); /* one that came too late must not reach the caller's handler */
  for (int i = 0; i < SIGNALS_COUNT; i++)
    sigaction(numbers[i], &signals->previous_actions[i], NULL);
  sigprocmask(SIG_SETMASK, &signals->previous, NULL);
}
