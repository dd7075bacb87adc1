/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The signals that end a VM. */
#include "monitor/kvm/signals.h"

#include <string.h>

/* Those that end the VM, the tick, then those that are ignored. */
#define ENDING_COUNT 3
#define TICK ENDING_COUNT
static const int numbers[SIGNALS_COUNT] = {SIGALRM, SIGINT, SIGTERM, SIGVTALRM, SIGPIPE, SIGXFSZ};

/* A handler has no context of its own, so what came is kept here. It is per thread: signals_block
 * leaves the thread that runs the VM as the one to be interrupted. */
static _Thread_local volatile sig_atomic_t caught;
static _Thread_local volatile sig_atomic_t ticked;

static void note_signal(int number) {
  if (number == numbers[TICK])
    ticked = 1;
  else
    caught = number;
}

void signals_block(struct signals *signals) {
  memset(signals, 0, sizeof(*signals));
  sigset_t blocked;
  sigemptyset(&blocked);
  caught = ticked = 0;
  for (int i = 0; i < SIGNALS_COUNT; i++) {
    sigaction(numbers[i], NULL, &signals->previous_actions[i]);
    bool ignored = signals->previous_actions[i].sa_handler == SIG_IGN;
    if (i == TICK || (i < ENDING_COUNT && (!ignored || numbers[i] == SIGALRM)))
      sigaddset(&blocked, numbers[i]);
  }
  sigprocmask(SIG_BLOCK, &blocked, &signals->previous);
  /* No SA_RESTART: what waits shall return. */
  struct sigaction action = {.sa_handler = note_signal};
  signals->wait = signals->previous;
  for (int i = 0; i <= TICK; i++) {
    if (!sigismember(&blocked, numbers[i]))
      continue;
    sigaction(numbers[i], &action, NULL);
    sigdelset(&signals->wait, numbers[i]);
  }
  signals->run = signals->wait;
  sigaddset(&signals->wait, numbers[TICK]);
  action.sa_handler = SIG_IGN;
  for (int i = TICK + 1; i < SIGNALS_COUNT; i++)
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

bool signals_make_ticks(struct signals *signals) {
  struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = numbers[TICK]};
  signals->has_ticks = timer_create(CLOCK_MONOTONIC, &event, &signals->ticks) == 0;
  return signals->has_ticks;
}

void signals_set_tick(const struct signals *signals, uint32_t milliseconds) {
  struct itimerspec when = {.it_value = {.tv_nsec = (long)milliseconds * 1000000}};
  timer_settime(signals->ticks, 0, &when, NULL);
}

bool signals_take_tick(void) {
  bool came = ticked;
  ticked = 0;
  return came;
}

int signals_take(const struct signals *signals) {
  /* KVM_RUN leaves the signal pending; let it in for a moment. ppoll has let it in already. */
  sigset_t blocked;
  sigprocmask(SIG_SETMASK, &signals->run, &blocked);
  sigprocmask(SIG_SETMASK, &blocked, NULL);
  int number = caught;
  caught = 0;
  return number;
}

void signals_restore(struct signals *signals) {
  if (signals->has_timer)
    timer_delete(signals->timer);
  if (signals->has_ticks)
    timer_delete(signals->ticks);
  signals_take(signals); /* one that came too late must not reach the caller's handler */
  for (int i = 0; i < SIGNALS_COUNT; i++)
    sigaction(numbers[i], &signals->previous_actions[i], NULL);
  sigprocmask(SIG_SETMASK, &signals->previous, NULL);
}

void signals_let_in(const struct signals *signals) {
  sigprocmask(SIG_SETMASK, &signals->wait, NULL);
}
