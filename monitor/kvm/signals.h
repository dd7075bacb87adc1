/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The signals that end a VM: the deadline's SIGALRM, SIGINT, SIGTERM; and a tick, SIGVTALRM, which
 * only interrupts the guest.
 *
 * They are blocked at all times but inside KVM_RUN and ppoll, which get the masks `run` and `wait`;
 * so none can slip in between a check and the wait that follows it. The tick comes into KVM_RUN
 * only: who waits in ppoll has been served. SIGPIPE and SIGXFSZ are ignored: the
 * write that would raise them fails, and the guest is told. */
#ifndef MONITOR_KVM_SIGNALS_H
#define MONITOR_KVM_SIGNALS_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#define SIGNALS_COUNT 6

struct signals {
  sigset_t wait;     /* while waiting: lets those in that end the VM */
  sigset_t run;      /* in the guest: lets the tick in too */
  sigset_t previous; /* the caller's mask */
  struct sigaction previous_actions[SIGNALS_COUNT];
  timer_t timer;
  bool has_timer;
  timer_t ticks;
  bool has_ticks;
};

/* Blocks or ignores them. One that the caller ignores (nohup, a background job) stays ignored. */
void signals_block(struct signals *signals);
/* Sets the deadline. False: errno says why. */
bool signals_set_deadline(struct signals *signals, uint64_t timeout_ms);
/* Makes the tick's timer; signals_set_tick sets it off once. False: errno says why. */
bool signals_make_ticks(struct signals *signals);
void signals_set_tick(const struct signals *signals, uint32_t milliseconds);
/* True once for each tick that signals_take has let in. */
bool signals_take_tick(void);
/* The signal that came, 0: none. To be called after KVM_RUN or a device was interrupted. */
int signals_take(const struct signals *signals);
/* Undoes signals_block. */
void signals_restore(struct signals *signals);
/* Where that is forbidden, for a process that only tells its end: signals that would end it may
 * interrupt that. */
void signals_let_in(const struct signals *signals);

#endif
