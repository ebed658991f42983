// What all twins say: replies by the verb, RFC 959 as far as the load speaks it.

#include <stdio.h>
#include <string.h>

#include "twin.h"

static char passive_reply[64];

void greet(struct session *session, int fd) {
  session->fd = fd;
  session->data = -1;
  session->used = session->said = session->moved = 0;
  say(session, "220 Ready\r\n");
}

void say(struct session *session, const char *text) {
  size_t length = strlen(text);
  if (session->said + length > OUTPUT_BYTES) return;
  memcpy(session->output + session->said, text, length);
  session->said += length;
}

static enum act answer(struct session *session, const char *line, size_t length) {
  if (length < 4) return say(session, "502 Unknown\r\n"), HEAR;
  if (!memcmp(line, "NOOP", 4) || !memcmp(line, "TYPE", 4)) return say(session, "200 OK\r\n"), HEAR;
  if (!memcmp(line, "USER", 4)) return say(session, "331 Any password\r\n"), HEAR;
  if (!memcmp(line, "PASS", 4)) return say(session, "230 Welcome\r\n"), HEAR;
  if (!memcmp(line, "QUIT", 4)) return say(session, "221 Bye\r\n"), LEAVE;
  if (!memcmp(line, "EPSV", 4)) return say(session, passive_reply), HEAR;
  bool sends = !memcmp(line, "RETR", 4);
  if (!sends && memcmp(line, "STOR", 4)) return say(session, "502 Unknown\r\n"), HEAR;
  say(session, "150 Here\r\n");
  session->moved = 0;
  return sends ? RETRIEVE : STORE;
}

enum act obey(struct session *session) {
  enum act act = HEAR;
  char *line = session->input, *stop = line + session->used, *feed;
  while (act == HEAR && (feed = memchr(line, '\n', (size_t)(stop - line))) != NULL) {
    act = answer(session, line, (size_t)(feed - line));
    line = feed + 1;
  }
  session->used = (size_t)(stop - line);
  if (act == HEAR && session->used == INPUT_BYTES) return LEAVE;
  memmove(session->input, line, session->used);
  return act;
}

void passive_port(int port) {
  snprintf(passive_reply, sizeof passive_reply, "229 OK (|||%d|)\r\n", port);
}
