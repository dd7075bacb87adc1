/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Internal to the library. */
#ifndef LIB_RUN_H
#define LIB_RUN_H

#include <stddef.h>

/* Listening sockets of one run. */
#define HERMIT_WASM_LISTEN_MAX 32u

/* Opens a non-blocking TCP socket that listens on "ADDR:PORT" (127.0.0.1:8080, [::1]:8080). Returns
 * its descriptor, or -1 with one line in `error`. */
int listen_open(const char *text, char *error, size_t error_size);
/* "listening on ADDR:PORT", with the port it really has. */
void listen_describe(int fd, char *line, size_t size);

/* Called once the jail has closed, before the first guest instruction. Does nothing
 * (lib/after_jail.c); a test links another one that tries to break out. */
void monitor_after_jail(void);

#endif
