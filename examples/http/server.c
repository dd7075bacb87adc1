/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A small HTTP/1.1 server for wasm32-wasip1: many connections, one poll loop, nothing blocks.
 *
 *   hermit-wasm run --listen 127.0.0.1:8080 http-server.wasm
 *
 * The listening socket is descriptor 3. GET / greets, GET /bytes/N sends N bytes, POST /echo sends
 * the body back, GET /quit ends the server once every answer is out. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define LISTENER 3
#define CONNECTIONS_MAX 1000
#define REQUEST_MAX (1u << 20)
#define ANSWER_MAX (64u << 20)

struct connection {
  int fd;
  char *in, *out;
  size_t in_length, in_room;
  size_t out_length, out_sent;
  bool ends; /* after this answer */
};

static struct connection connections[CONNECTIONS_MAX];
static size_t connection_count;
static bool quits;

static void close_connection(struct connection *c) {
  close(c->fd);
  free(c->in);
  free(c->out);
  *c = connections[--connection_count];
}

/* ---- Answers --------------------------------------------------------------------------------- */

static bool set_answer(struct connection *c, const char *status, const char *body, size_t length) {
  char head[160];
  int head_length =
      snprintf(head, sizeof head, "HTTP/1.1 %s\r\nContent-Length: %zu\r\nConnection: %s\r\n\r\n",
               status, length, c->ends ? "close" : "keep-alive");
  c->out = malloc((size_t)head_length + length);
  if (!c->out)
    return false;
  memcpy(c->out, head, (size_t)head_length);
  if (body)
    memcpy(c->out + head_length, body, length);
  else /* a pattern that shows what is lost or doubled */
    for (size_t i = 0; i < length; i++)
      c->out[(size_t)head_length + i] = (char)('a' + i % 26);
  c->out_length = (size_t)head_length + length;
  c->out_sent = 0;
  return true;
}

static bool set_text(struct connection *c, const char *status, const char *text) {
  return set_answer(c, status, text, strlen(text));
}

static bool answer(struct connection *c, const char *method, const char *path, const char *body,
                   size_t length) {
  if (strcmp(method, "GET") == 0 && strcmp(path, "/") == 0)
    return set_text(c, "200 OK", "hello from WebAssembly\n");
  if (strcmp(method, "GET") == 0 && strncmp(path, "/bytes/", 7) == 0) {
    unsigned long wanted = strtoul(path + 7, NULL, 10);
    if (wanted <= ANSWER_MAX)
      return set_answer(c, "200 OK", NULL, wanted);
  }
  if (strcmp(method, "POST") == 0 && strcmp(path, "/echo") == 0)
    return set_answer(c, "200 OK", body, length);
  if (strcmp(method, "GET") == 0 && strcmp(path, "/quit") == 0) {
    quits = c->ends = true;
    return set_text(c, "200 OK", "bye\n");
  }
  return set_text(c, "404 Not Found", "not found\n");
}

/* ---- Requests -------------------------------------------------------------------------------- */

/* The value of a header, or NULL. `in` is one NUL-terminated head. */
static const char *find_header(const char *in, const char *name) {
  size_t length = strlen(name);
  for (const char *line = strstr(in, "\r\n"); line; line = strstr(line, "\r\n")) {
    line += 2;
    if (strncasecmp(line, name, length) == 0 && line[length] == ':')
      return line + length + 1 + strspn(line + length + 1, " ");
  }
  return NULL;
}

/* Answers the first request when all of it is there. False: the connection is to be closed. */
static bool take_request(struct connection *c) {
  char *end = memmem(c->in, c->in_length, "\r\n\r\n", 4);
  if (!end)
    return c->in_length < REQUEST_MAX;
  end[2] = '\0';
  const char *length_text = find_header(c->in, "Content-Length");
  const char *connection = find_header(c->in, "Connection");
  size_t length = length_text ? strtoul(length_text, NULL, 10) : 0;
  size_t head = (size_t)(end - c->in) + 4;
  if (length > REQUEST_MAX)
    return false;
  if (c->in_length - head < length) {
    end[2] = '\r';
    return true;
  }
  char method[8], path[256], version[16];
  if (sscanf(c->in, "%7s %255s %15s", method, path, version) != 3)
    return false;
  c->ends = strcmp(version, "HTTP/1.0") == 0;
  if (connection)
    c->ends = strncasecmp(connection, "close", 5) == 0;
  if (!answer(c, method, path, c->in + head, length))
    return false;
  c->in_length -= head + length;
  memmove(c->in, c->in + head + length, c->in_length);
  return true;
}

static bool receive(struct connection *c) {
  if (c->in_room - c->in_length < 4096) {
    char *in = realloc(c->in, c->in_room + 16384);
    if (!in)
      return false;
    c->in = in;
    c->in_room += 16384;
  }
  ssize_t got = recv(c->fd, c->in + c->in_length, c->in_room - c->in_length, 0);
  if (got < 0)
    return errno == EAGAIN;
  c->in_length += (size_t)got;
  return got > 0 && take_request(c);
}

static bool send_answer(struct connection *c) {
  ssize_t sent = send(c->fd, c->out + c->out_sent, c->out_length - c->out_sent, 0);
  if (sent < 0)
    return errno == EAGAIN;
  c->out_sent += (size_t)sent;
  if (c->out_sent < c->out_length)
    return true;
  free(c->out);
  c->out = NULL;
  return !c->ends && take_request(c); /* the next may be there already */
}

/* Goes on as long as there is something to send at once. False: close it. */
static bool serve(struct connection *c, short events) {
  if (!c->out && events & (POLLRDNORM | POLLHUP | POLLERR) && !receive(c))
    return false;
  while (c->out) {
    size_t before = c->out_sent;
    if (!send_answer(c))
      return false;
    if (c->out && c->out_sent == before)
      break; /* the peer takes no more now */
  }
  return true;
}

/* ---- The loop -------------------------------------------------------------------------------- */

static void accept_all(void) {
  while (connection_count < CONNECTIONS_MAX) {
    int fd = accept4(LISTENER, NULL, NULL, SOCK_NONBLOCK);
    if (fd < 0)
      return;
    connections[connection_count++] = (struct connection){.fd = fd};
  }
}

int main(void) {
  static struct pollfd polls[CONNECTIONS_MAX + 1];
  int flags = fcntl(LISTENER, F_GETFL);
  if (flags < 0 || fcntl(LISTENER, F_SETFL, flags | O_NONBLOCK) < 0) {
    perror("no listening socket (--listen)");
    return 1;
  }
  while (!quits || connection_count > 0) {
    size_t count = connection_count;
    for (size_t i = 0; i < count; i++)
      polls[i] = (struct pollfd){.fd = connections[i].fd,
                                 .events = connections[i].out ? POLLWRNORM : POLLRDNORM};
    polls[count] = (struct pollfd){.fd = quits ? -1 : LISTENER, .events = POLLRDNORM};
    if (poll(polls, (nfds_t)(count + !quits), -1) < 0) {
      perror("poll");
      return 1;
    }
    bool accepts = polls[count].revents;
    for (size_t i = count; i-- > 0;) { /* from the end: closing moves the last one here */
      bool idle = quits && !connections[i].out;
      if ((polls[i].revents && !serve(&connections[i], polls[i].revents)) || idle)
        close_connection(&connections[i]);
    }
    if (accepts && !quits)
      accept_all();
  }
  return 0;
}
