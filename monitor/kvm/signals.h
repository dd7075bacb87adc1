/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The signals that end a VM: the deadline's SIGALRM, SIGINT, SIGTERM.
 *
 * They are blocked at all times but inside KVM_RUN and ppoll, which get the mask `wait`; so none
 * can slip in between a check and the wait that follows it. SIGPIPE and SIGXFSZ are ignored: the
 * write that would raise them fails, and the guest is told. */
#ifndef MONITOR_KVM_SIGNALS_H
#define MONITOR_KVM_SIGNALS_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#define SIGNALS_COUNT 5

struct signals {
  sigset_t wait;     /* while waiting: lets them in */
  sigset_t previous; /* the caller's mask */
  struct sigaction previous_actions[SIGNALS_COUNT];
  timer_t timer;
  bool has_timer;
};

/* Blocks or ignores them. One that the caller ignores (nohup, a background job) stays ignored. */
void signals_block(struct signals *signals);
/* Sets the deadline. False: errno says why. */
bool signals_set_deadline(struct signals *signals, uint64_t timeout_ms);
/* The signal that came, 0: none. To be called after KVM_RUN or a device was interrupted. */
int signals_take(const struct signals *signals);
/* Undoes signals_block. */
void signals_restore(struct signals *signals);

#endif
