/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A trial: a child enters the jail, attempts something and is judged by how it ended. */
#ifndef TESTS_JAIL_TRIAL_H
#define TESTS_JAIL_TRIAL_H

#include "monitor/jail/jail.h"
#include <stdbool.h>
#include <sys/types.h>

/* Which directories the child may use, or that it may accept connections. */
enum sharing { SHARE_NONE, SHARE_ONE, SHARE_TWO, SHARE_LISTENER };

/* What the attempts work with. The tree that make_fixture builds:
 *   outside.txt  shared/inside.txt  shared/sub/  shared/out -> ../outside.txt  second/file.txt */
struct fixture {
  char base[64];      /* absolute path */
  char outside[96];   /* absolute path of outside.txt */
  int shared;         /* descriptor of shared/ */
  int second;         /* descriptor of second/; read-only */
  int kept, not_kept; /* both open before the jail closes */
  int pipe[2];        /* kept; empty */
  int descriptors;    /* /proc/self/fd, kept */
  int listener;       /* a listening socket, kept; a connection waits */
};

/* Returns 0 when what was attempted worked, otherwise the errno. */
typedef int attempt(const struct fixture *fixture);

enum ending {
  WORKS,     /* the attempt returned 0 */
  FAILS,     /* the attempt returned an errno */
  FORBIDDEN, /* seccomp ended the process, the line names system call `number` */
};

struct trial {
  const char *name;
  attempt *attempt;
  enum sharing sharing;
  enum ending ending;
  int number;
  bool needs_root; /* only a changed root stops it: skipped where the host permits none */
};

/* Who the child is before it is jailed. */
struct identity {
  const char *name;
  uid_t uid; /* 0: unchanged */
};

/* Landlock as the child sees it: -1: what the kernel has. */
extern int landlock_abi_override;

void make_fixture(struct fixture *fixture);
void remove_fixture(const struct fixture *fixture);

/* Runs one trial in a child; prints its line of TAP. */
void run_trial(const struct trial *trial, struct identity identity);

/* Prints one line of TAP, and `detail` as a comment when it failed. */
void report(bool passed, const char *detail, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Prints the plan; the program's exit status. */
int finish(void);

/* Closes what is not kept and enters the jail in the calling process with what `sharing` grants;
 * ends it when that fails. */
struct jail_report enter(const struct fixture *fixture, enum sharing sharing, int violation_fd);

/* attempts.c */
extern const struct trial trials[];
extern const size_t trial_count;

#endif
