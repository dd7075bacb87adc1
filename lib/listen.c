/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* --listen: from "ADDR:PORT" to a listening socket. Addresses are numeric: finding out what a name
 * means would load code and files of the host's C library. */
#include "lib/run.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

union address {
  struct sockaddr any;
  struct sockaddr_in v4;
  struct sockaddr_in6 v6;
};

static bool parse_port(const char *text, uint16_t *port) {
  size_t digits = strspn(text, "0123456789");
  if (digits == 0 || digits > 5 || text[digits] != '\0')
    return false;
  unsigned long number = strtoul(text, NULL, 10);
  *port = htons((uint16_t)number);
  return number <= 65535;
}

/* IPv6 stands in brackets, because it has colons of its own (RFC 3986, section 3.2.2). */
static bool parse_address(const char *text, union address *address, socklen_t *length) {
  char host[INET6_ADDRSTRLEN];
  const char *colon = strrchr(text, ':');
  bool bracketed = *text == '[' && colon && colon > text && colon[-1] == ']';
  const char *from = text + bracketed, *to = colon ? colon - bracketed : NULL;
  uint16_t port;
  if (!colon || to < from || (size_t)(to - from) >= sizeof host || !parse_port(colon + 1, &port))
    return false;
  memcpy(host, from, (size_t)(to - from));
  host[to - from] = '\0';
  memset(address, 0, sizeof *address);
  if (bracketed) {
    address->v6.sin6_family = AF_INET6;
    address->v6.sin6_port = port;
    *length = sizeof address->v6;
    return inet_pton(AF_INET6, host, &address->v6.sin6_addr) == 1;
  }
  address->v4.sin_family = AF_INET;
  address->v4.sin_port = port;
  *length = sizeof address->v4;
  return inet_pton(AF_INET, host, &address->v4.sin_addr) == 1;
}

/* What a module cannot set by itself, and what Linux hands on to the connections: small answers go
 * out at once, and urgent bytes stay in their place in the stream. */
static void set_options(int fd) {
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on); /* a server can be started again */
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt(fd, SOL_SOCKET, SO_OOBINLINE, &on, sizeof on);
}

int listen_open(const char *text, char *error, size_t error_size) {
  union address address;
  socklen_t length;
  if (!parse_address(text, &address, &length)) {
    snprintf(error, error_size,
             "cannot listen on %s: no address and port; write them in numbers, like "
             "127.0.0.1:8080 or [::1]:8080",
             text);
    return -1;
  }
  int fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd >= 0)
    set_options(fd);
  if (fd < 0 || bind(fd, &address.any, length) < 0 || listen(fd, SOMAXCONN) < 0) {
    snprintf(error, error_size, "cannot listen on %s: %s", text, strerror(errno));
    if (fd >= 0)
      close(fd);
    return -1;
  }
  return fd;
}

void listen_describe(int fd, char *line, size_t size) {
  union address address;
  socklen_t length = sizeof address;
  char host[INET6_ADDRSTRLEN] = "?";
  memset(&address, 0, sizeof address);
  getsockname(fd, &address.any, &length);
  bool v6 = address.any.sa_family == AF_INET6;
  inet_ntop(address.any.sa_family,
            v6 ? (void *)&address.v6.sin6_addr : (void *)&address.v4.sin_addr, host, sizeof host);
  snprintf(line, size, v6 ? "listening on [%s]:%u" : "listening on %s:%u", host,
           ntohs(v6 ? address.v6.sin6_port : address.v4.sin_port));
}
