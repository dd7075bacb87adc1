/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Internal to the library. */
#ifndef LIB_RUN_H
#define LIB_RUN_H

/* Called once the jail has closed, before the first guest instruction. Does nothing
 * (lib/after_jail.c); a test links another one that tries to break out. */
void monitor_after_jail(void);

#endif
