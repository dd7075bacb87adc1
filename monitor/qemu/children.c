/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Child processes: each dies with us, keeps only the descriptors it is meant to have, and tells
 * what went wrong on a pipe. */
#include "monitor/qemu/qemu.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static _Noreturn void die(const char *what) {
  dprintf(2, "%s: %s\n", what, strerror(errno));
  _exit(127);
}

/* Signals as a program expects them: nothing blocked, nothing ignored. */
static void reset_signals(void) {
  sigset_t none;
  sigemptyset(&none);
  signal(SIGPIPE, SIG_DFL);
  signal(SIGXFSZ, SIG_DFL);
  sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Its streams, and those descriptors that it keeps. */
static void arrange_descriptors(const struct qemu_start *start, int said) {
  int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  if (null < 0 || dup2(null, 0) < 0 || dup2(said, 1) < 0 || dup2(said, 2) < 0)
    die("arranging its streams");
  if (syscall(SYS_close_range, 3u, ~0u, 4u /* CLOSE_RANGE_CLOEXEC */) != 0)
    die("closing descriptors (needs Linux 5.11)");
  for (size_t i = 0; i < start->keep_count; i++)
    fcntl(start->keep[i], F_SETFD, 0);
}

static _Noreturn void become(const struct qemu_start *start, pid_t parent, int said) {
  /* Not in the terminal's foreground group: what ends the VM comes from us. */
  setsid();
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent)
    _exit(127);
  arrange_descriptors(start, said);
  const char *problem = start->prepare ? start->prepare(start->context) : NULL;
  if (problem)
    die(problem);
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  reset_signals();
  execv(start->arguments[0], (char *const *)start->arguments);
  die(start->arguments[0]);
}

bool qemu_start_child(struct qemu_vm *vm, struct qemu_child *child,
                      const struct qemu_start *start) {
  int said[2];
  if (pipe2(said, O_CLOEXEC) < 0)
    return qemu_fail(vm, "cannot make a pipe: %s", strerror(errno));
  pid_t parent = getpid();
  pid_t pid = fork();
  if (pid == 0)
    become(start, parent, said[1]);
  close(said[1]);
  child->said = said[0];
  fcntl(child->said, F_SETFL, O_NONBLOCK);
  if (pid < 0)
    return qemu_fail(vm, "cannot start %s: %s", start->arguments[0], strerror(errno));
  child->pid = pid;
  child->pidfd = (int)syscall(SYS_pidfd_open, pid, 0u);
  return child->pidfd >= 0 ||
         qemu_fail(vm, "cannot watch a process (needs Linux 5.3): %s", strerror(errno));
}

int qemu_end_child(struct qemu_child *child, int patience_ms) {
  int status = -1;
  if (child->pid > 0) {
    struct pollfd ended = {child->pidfd, POLLIN, 0};
    if (poll(&ended, 1, patience_ms) <= 0)
      kill(child->pid, SIGKILL);
    while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR) {
    }
    close(child->pidfd);
    child->pid = 0;
  }
  if (child->said >= 0)
    close(child->said);
  child->said = -1;
  return status;
}
