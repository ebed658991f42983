// One loop over select(2), poll(2) or epoll(7), level-triggered: the same handlers for all, and a
// choice of what waits. select's bitmaps are as large as descriptors get: its limit of 1,024 is the C
// library's type and not the kernel's.

#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

#include "twin.h"

enum { EVENTS_MAX = 512, WORD_BITS = 64 };

enum kind { NOBODY, LISTENER, CONTROL, SENDING, RECEIVING };

static struct entry {
  enum kind kind;
  struct session *session;
} table[FDS_MAX];

static char sink[SINK_BYTES];

// --- what waits ---

static enum { SELECT, POLL, EPOLL } way;
static int epoll, highest = -1;
static uint64_t reading[FDS_MAX / WORD_BITS], writing[FDS_MAX / WORD_BITS];
static struct pollfd watched[FDS_MAX];
static int watched_count, place[FDS_MAX];

static void mark(uint64_t *bits, int fd, bool on) {
  uint64_t bit = 1ull << (fd % WORD_BITS);
  if (on) bits[fd / WORD_BITS] |= bit;
  else bits[fd / WORD_BITS] &= ~bit;
}

static void watch(int fd, bool writes) {
  if (way == SELECT) {
    mark(writes ? writing : reading, fd, true);
    if (fd > highest) highest = fd;
  } else if (way == POLL) {
    place[fd] = watched_count;
    watched[watched_count++] = (struct pollfd){.fd = fd, .events = writes ? POLLOUT : POLLIN};
  } else {
    struct epoll_event event = {.events = writes ? EPOLLOUT : EPOLLIN, .data.fd = fd};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0) die("epoll_ctl");
  }
  if (way != POLL) place[fd] = 0;
}

static void unwatch(int fd) {
  if (way == SELECT) {
    mark(reading, fd, false);
    mark(writing, fd, false);
  } else if (way == POLL && place[fd] >= 0) {
    struct pollfd last = watched[--watched_count];
    if (last.fd != fd) {
      watched[place[fd]] = last;
      place[last.fd] = place[fd];
    }
    place[fd] = -1;
  }
}

// Waits, and writes down who is ready.
static int wait_for(int *ready) {
  int found = 0;
  if (way == EPOLL) {
    static struct epoll_event events[EVENTS_MAX];
    int count = epoll_wait(epoll, events, EVENTS_MAX, -1);
    for (int index = 0; index < count; index++) ready[found++] = events[index].data.fd;
  } else if (way == POLL) {
    int count = poll(watched, (nfds_t)watched_count, -1);
    for (int index = 0; index < watched_count && count > 0; index++) {
      if (watched[index].revents == 0) continue;
      ready[found++] = watched[index].fd;
      count--;
    }
  } else {
    static uint64_t in[FDS_MAX / WORD_BITS], out[FDS_MAX / WORD_BITS];
    size_t words = (size_t)highest / WORD_BITS + 1;
    memcpy(in, reading, words * sizeof *in);
    memcpy(out, writing, words * sizeof *out);
    if (select(highest + 1, (fd_set *)in, (fd_set *)out, NULL, NULL) < 0) return 0;
    for (size_t word = 0; word < words; word++) {
      for (uint64_t bits = in[word] | out[word]; bits != 0; bits &= bits - 1) {
        ready[found++] = (int)word * WORD_BITS + __builtin_ctzll(bits);
      }
    }
  }
  return found;
}

// --- what is done ---

static void forget(int fd) {
  if (place[fd] >= 0) unwatch(fd);
  table[fd].kind = NOBODY;
  close(fd);
}

static void end(struct session *session) {
  if (session->data >= 0) forget(session->data);
  forget(session->fd);
  free(session);
}

// false: the session has ended.
static bool flush(struct session *session) {
  size_t length = session->said;
  session->said = 0;
  if (length == 0) return true;
  if (send(session->fd, session->output, length, MSG_NOSIGNAL) == (ssize_t)length) return true;
  end(session);
  return false;
}

// As far as a transfer goes without waiting; false: it has to wait.
static bool move(struct session *session, enum kind kind) {
  for (;;) {
    ssize_t count = kind == RECEIVING
      ? recv(session->data, sink, sizeof sink, 0)
      : send(session->data, content + session->moved, content_bytes - session->moved, MSG_NOSIGNAL);
    if (count < 0 && errno == EAGAIN) return false;
    if (count > 0) session->moved += (size_t)count;
    if (count > 0 && (kind == RECEIVING || session->moved < content_bytes)) continue;
    forget(session->data);  // first: a client may connect anew as soon as it has the reply
    session->data = -1;
    say(session, count < 0 ? "426 Broken\r\n" : "226 Done\r\n");
    return true;
  }
}

static void work(struct session *session) {
  for (;;) {
    enum act act = obey(session);
    if (!flush(session)) return;
    if (act == LEAVE) return end(session);
    if (act == HEAR) return;
    int fd = accept4(data_listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
      say(session, "425 No data connection\r\n");
      continue;
    }
    if (fd >= FDS_MAX) die("accept4");
    enum kind kind = act == RETRIEVE ? SENDING : RECEIVING;
    table[fd] = (struct entry){kind, session};
    place[fd] = -1;
    session->data = fd;
    if (kind == RECEIVING || !move(session, kind)) return watch(fd, kind == SENDING);
  }
}

static void hear(struct session *session) {
  ssize_t count = recv(session->fd, session->input + session->used, INPUT_BYTES - session->used, 0);
  if (count < 0 && errno == EAGAIN) return;
  if (count <= 0) return end(session);
  session->used += (size_t)count;
  if (session->data < 0) work(session);
}

static void accept_all(void) {
  int fd;
  while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
    struct session *session = malloc(sizeof *session);
    if (fd >= FDS_MAX || session == NULL) die("accept4");
    table[fd] = (struct entry){CONTROL, session};
    greet(session, fd);
    watch(fd, false);
    flush(session);
  }
  if (errno != EAGAIN && errno != ECONNABORTED) die("accept4");
}

void serve_readiness(const char *name) {
  way = strcmp(name, "select") == 0 ? SELECT : strcmp(name, "poll") == 0 ? POLL : EPOLL;
  if (way == EPOLL && strcmp(name, "epoll") != 0) {
    errno = EINVAL;
    die(name);
  }
  epoll = epoll_create1(EPOLL_CLOEXEC);
  if (epoll < 0) die("epoll_create1");
  memset(place, -1, sizeof place);
  table[listener].kind = LISTENER;
  watch(listener, false);
  static int ready[FDS_MAX];
  for (;;) {
    int count = wait_for(ready);
    for (int index = 0; index < count; index++) {
      struct entry *entry = &table[ready[index]];
      // A number closed earlier in this round may be another's by now: it gets EAGAIN.
      if (entry->kind == LISTENER) accept_all();
      else if (entry->kind == CONTROL) hear(entry->session);
      else if (entry->kind != NOBODY && move(entry->session, entry->kind)) work(entry->session);
    }
  }
}
