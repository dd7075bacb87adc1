/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A simple load on an HTTP server of 127.0.0.1: some connections, each asking again as soon as it
 * is answered; every answer is compared. Connections are renewed now and then.
 *
 * Usage: http_load PORT CONNECTIONS REQUESTS   so many requests in all
 *        http_load PORT CONNECTIONS 60s        so many seconds */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CONNECTIONS_MAX 900
#define REQUESTS_EACH 500 /* of one connection */

static const char REQUEST[] = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
static const char ANSWER[] =
    "HTTP/1.1 200 OK\r\nContent-Length: 23\r\nConnection: keep-alive\r\n\r\n"
    "hello from WebAssembly\n";
#define ANSWER_LENGTH (sizeof ANSWER - 1)

struct client {
  char in[ANSWER_LENGTH];
  size_t got;
  unsigned asked;
};

struct load {
  struct sockaddr_in address;
  struct pollfd polls[CONNECTIONS_MAX];
  struct client clients[CONNECTIONS_MAX];
  int count;
  unsigned long answers, errors;
};

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static void ask(struct load *load, int i) {
  load->clients[i].got = 0;
  load->clients[i].asked++;
  if (send(load->polls[i].fd, REQUEST, sizeof REQUEST - 1, MSG_NOSIGNAL) !=
      (ssize_t)sizeof REQUEST - 1)
    load->errors++;
}

static void renew(struct load *load, int i) {
  if (load->polls[i].fd >= 0)
    close(load->polls[i].fd);
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || connect(fd, (struct sockaddr *)&load->address, sizeof load->address) < 0)
    fail("connect");
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
  load->polls[i] = (struct pollfd){.fd = fd, .events = POLLIN};
  load->clients[i].asked = 0;
  ask(load, i);
}

static void take_answer(struct load *load, int i) {
  struct client *client = &load->clients[i];
  ssize_t got = recv(load->polls[i].fd, client->in + client->got, ANSWER_LENGTH - client->got, 0);
  if (got > 0)
    client->got += (size_t)got;
  if (got <= 0 || memcmp(client->in, ANSWER, client->got) != 0) {
    load->errors++;
    renew(load, i);
  } else if (client->got == ANSWER_LENGTH) {
    load->answers++;
    if (client->asked == REQUESTS_EACH)
      renew(load, i);
    else
      ask(load, i);
  }
}

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int main(int argc, char **argv) {
  static struct load load;
  if (argc != 4)
    fail("usage: http_load PORT CONNECTIONS REQUESTS|SECONDSs");
  load.address = (struct sockaddr_in){.sin_family = AF_INET,
                                      .sin_port = htons((uint16_t)atoi(argv[1])),
                                      .sin_addr = {htonl(INADDR_LOOPBACK)}};
  load.count = atoi(argv[2]);
  bool timed = strchr(argv[3], 's') != NULL;
  unsigned long wanted = strtoul(argv[3], NULL, 10);
  if (load.count < 1 || load.count > CONNECTIONS_MAX)
    fail("connections");
  double start = seconds();
  for (int i = 0; i < load.count; i++) {
    load.polls[i].fd = -1;
    renew(&load, i);
  }
  while (timed ? seconds() - start < (double)wanted : load.answers < wanted) {
    if (poll(load.polls, (nfds_t)load.count, 20000) <= 0)
      fail("no answer for 20 s");
    for (int i = 0; i < load.count && (timed || load.answers < wanted); i++)
      if (load.polls[i].revents)
        take_answer(&load, i);
  }
  printf("%lu answers, %lu errors\n", load.answers, load.errors);
  if (timed)
    printf("%.0f a second\n", (double)load.answers / (seconds() - start));
  return load.errors > 0;
}
