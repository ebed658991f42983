// Blocking, a thread per connection: every call waits for its own.

#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "twin.h"

// What one thread needs: a session and a sink for what it receives.
enum { STACK_BYTES = 64 << 10, SINK_PART_BYTES = 16 << 10 };

static bool send_all(int fd, const char *octets, size_t length) {
  while (length > 0) {
    ssize_t count = send(fd, octets, length, MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return false;
    octets += count;
    length -= (size_t)count;
  }
  return true;
}

static bool flush(struct session *session) {
  size_t length = session->said;
  session->said = 0;
  return send_all(session->fd, session->output, length);
}

static bool transfer(struct session *session, enum act act) {
  if (!flush(session)) return false;
  int fd = accept4(data_listener, NULL, NULL, SOCK_CLOEXEC);
  if (fd < 0) return say(session, "425 No data connection\r\n"), true;
  bool whole = true;
  if (act == RETRIEVE) {
    whole = send_all(fd, content, content_bytes);
  } else {
    char part[SINK_PART_BYTES];
    ssize_t count;
    while ((count = recv(fd, part, sizeof part, 0)) > 0) continue;
    whole = count == 0;
  }
  close(fd);
  say(session, whole ? "226 Done\r\n" : "426 Broken\r\n");
  return true;
}

static void *serve_one(void *argument) {
  struct session session;
  greet(&session, (int)(long)argument);
  enum act act = HEAR;
  while (flush(&session) && act != LEAVE) {
    if (act == HEAR) {
      ssize_t count = recv(session.fd, session.input + session.used, INPUT_BYTES - session.used, 0);
      if (count <= 0) break;
      session.used += (size_t)count;
    } else if (!transfer(&session, act)) {
      break;
    }
    act = obey(&session);
  }
  close(session.fd);
  return NULL;
}

void serve_threads(void) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, STACK_BYTES);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  for (;;) {
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0 && errno != EINTR && errno != ECONNABORTED) die("accept");
    pthread_t thread;
    if (fd >= 0 && pthread_create(&thread, &attributes, serve_one, (void *)(long)fd) != 0) close(fd);
  }
}
