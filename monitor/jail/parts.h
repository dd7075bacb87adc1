/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The jail's parts, in the order in which jail_enter raises them. */
#ifndef MONITOR_JAIL_PARTS_H
#define MONITOR_JAIL_PARTS_H

#include "monitor/jail/jail.h"
#include <linux/filter.h>

/* Changes "/", with the caller's privileges or those of a user namespace of its own. The host may
 * permit neither: JAIL_ROOT_UNCHANGED. */
enum jail_root jail_change_root(void);

/* Restricts files to the shared directories with Landlock `abi` (1 or more). False: errno says
 * why. no_new_privs must be set. */
bool jail_restrict_files(const struct jail_config *config, int abi);

/* The seccomp programs, made at build time from syscalls.def by tools/seccomp: for monitors
 * without listening sockets, and with. */
extern const struct sock_filter jail_filter[];
extern const unsigned short jail_filter_length;
extern const struct sock_filter jail_filter_listening[];
extern const unsigned short jail_filter_listening_length;

#endif
