// One FTP client of the load; see bench/load/ftp_client.ts, whose steps these are. Every reply moves it
// one step along, and a transfer is over when both the final reply and the end of the data have come.

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include "load.h"

// See ftp_client.ts for each.
enum { READ_BYTES = 1 << 18, SEND_BYTES = 1 << 18, REPLIES_BYTES = 4096, SLOW_BUFFER_BYTES = 8192 };
enum { CALLS_PER_TURN_MAX = 2, SAMPLED_READS_ONE_IN = 8, SAMPLE_BYTES = 8 };

static uint8_t buffer[READ_BYTES];

static void fail(struct client *client, const char *reason) {
  client_close(client);
  if (client->served && client->group->action != LOGIN) {
    client->served = false;
    client->group->served--;
  }
  client->busy = false;
  if (client->group->once && !client->done) {
    client->done = true;
    client->group->done++;
  }
  failed(client, reason);
}

static void fail_call(struct client *client, const char *what) {
  char reason[200];
  snprintf(reason, sizeof reason, "%s: %s", what, strerror(errno));
  fail(client, reason);
}

static void unexpected(struct client *client) {
  static const char *const names[] = {"closed", "greeting", "user", "password", "type", "ready",
                                      "noop", "passive", "transfer", "quit", "farewell"};
  char reason[200];
  snprintf(reason, sizeof reason, "unexpected reply in step %s: %.*s", names[client->step],
           client->replies.length, client->replies.text);
  fail(client, reason);
}

// --- replies ---

static void read_port(struct replies *replies, uint8_t octet) {
  if (octet == '|') {
    if (++replies->bars == 3) replies->port = 0;
  } else if (replies->bars == 3 && octet >= '0' && octet <= '9' && replies->port < 65536) {
    replies->port = replies->port * 10 + octet - '0';
  }
}

// Takes one octet; the code of the reply that it completes, else 0.
static int push(struct replies *replies, uint8_t octet) {
  if (octet == '\n') {
    bool complete = replies->column > 3;
    replies->column = 0;
    if (!complete || replies->code < 0) return 0;
    if (replies->open_code != 0 && replies->code != replies->open_code) return 0;
    replies->open_code = replies->final ? 0 : replies->code;
    return replies->final ? replies->code : 0;
  }
  int column = replies->column++;
  if (column == 0) {
    replies->code = replies->bars = replies->length = 0;
    replies->final = false;
  }
  if (column < 3) {
    bool digit = octet >= '0' && octet <= '9';
    replies->code = digit && replies->code >= 0 ? replies->code * 10 + octet - '0' : -1;
  } else if (column == 3) {
    replies->final = octet == ' ';
  } else if (replies->code == 229) {
    read_port(replies, octet);
  }
  if (replies->length < (int)sizeof replies->text && octet >= ' ' && octet < 0x7f && octet != '"' &&
      octet != '\\') {
    replies->text[replies->length++] = (char)octet;
  }
  return 0;
}

// --- connections ---

static int connect_to(struct client *client, int to) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return fail_call(client, "socket"), -1;
  if (client->group->read_rate > 0) {
    int size = SLOW_BUFFER_BYTES;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
  }
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)to)};
  inet_pton(AF_INET, host, &address.sin_addr);
  if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0 && errno != EINPROGRESS) {
    int error = errno;
    close(fd);
    errno = error;
    return fail_call(client, "connect"), -1;
  }
  return fd;
}

static void connect_control(struct client *client) {
  client->step = GREETING;
  memset(&client->replies, 0, sizeof client->replies);
  client->control = connect_to(client, port);
  if (client->control >= 0) watch(client->control, client, false);
}

static void close_data(struct client *client) {
  if (client->data >= 0) release(client->data);
  if (client->source >= 0) close(client->source);
  client->data = client->source = -1;
}

void client_close(struct client *client) {
  close_data(client);
  if (client->control >= 0) release(client->control);
  client->control = -1;
  client->step = CLOSED;
}

static void command(struct client *client, enum step next, const char *line) {
  client->step = next;
  size_t length = strlen(line);
  ssize_t count = send(client->control, line, length, MSG_DONTWAIT | MSG_NOSIGNAL);
  if (count < 0) fail_call(client, "control connection");
  else if ((size_t)count < length) fail(client, "control connection: the command did not fit");
}

void client_start(struct client *client) {
  if (client->group->action == LOGIN) return became_free(client);
  connect_control(client);
}

void client_begin(struct client *client, double intended) {
  client->intended = intended;
  client->busy = true;
  switch (client->group->action) {
    case LOGIN: return connect_control(client);
    case NOOP: return command(client, NOOPS, "NOOP\r\n");
    default: return command(client, PASSIVE, "EPSV\r\n");
  }
}

static void become_free(struct client *client) {
  client->step = READY;
  if (!client->served) client->group->served++;
  client->served = true;
  became_free(client);
}

static void end(struct client *client, int64_t octets) {
  client->busy = false;
  if (client->group->once && !client->done) {
    client->done = true;
    client->group->done++;
  }
  if (client->control >= 0) client->step = READY;
  finished(client, octets);
}

static void logged_in(struct client *client) {
  switch (client->group->action) {
    case LOGIN: return command(client, QUIT, "QUIT\r\n");
    case NOOP:
    case HOLD: return become_free(client);
    default: return command(client, TYPE, "TYPE I\r\n");
  }
}

// --- transfers ---

void client_upload_name(const struct client *client, long number, char *name) {
  const struct group *group = client->group;
  if (group->replaces) snprintf(name, NAME_BYTES, "%s-%ld", group->name, client->index);
  else snprintf(name, NAME_BYTES, "%s-%ld-%ld", group->name, client->index, number);
}

static void begin_transfer(struct client *client) {
  client->final_reply = client->data_ended = client->watching = false;
  client->moved = client->reads = 0;
  client->data = connect_to(client, client->replies.port);
  if (client->data < 0) return;
  char line[2 * NAME_BYTES], name[NAME_BYTES];
  if (client->group->action == DOWNLOAD) {
    snprintf(line, sizeof line, "RETR %s\r\n", client->group->path);
    return command(client, TRANSFER, line);
  }
  client->source = open(client->group->source, O_RDONLY | O_CLOEXEC);
  if (client->source < 0) return fail_call(client, "open the file to upload");
  client_upload_name(client, client->uploads++, name);
  client->whole = false;
  snprintf(line, sizeof line, "STOR %s/%s\r\n", client->group->path, name);
  command(client, TRANSFER, line);
}

static void end_transfer(struct client *client) {
  if (client->step != TRANSFER || !client->final_reply || !client->data_ended) return;
  if (client->group->replaces) client->whole = true;
  else if (client->group->action == UPLOAD) uploaded(client, client->uploads - 1);
  end(client, client->moved);
}

static void end_data(struct client *client) {
  if (client->moved != client->group->octets) {
    char reason[100];
    snprintf(reason, sizeof reason, "wrong size: %lld of %lld octets", (long long)client->moved,
             (long long)client->group->octets);
    return fail(client, reason);
  }
  client->data_ended = true;
  close_data(client);
  end_transfer(client);
}

static uint8_t octet_at(int64_t offset) {
  return (uint8_t)((uint32_t)(offset / 4 + 1) * 0x9e3779b1u >> 8 * (offset % 4));
}

static bool sample_matches(size_t from, size_t length, int64_t offset) {
  size_t to = from + SAMPLE_BYTES < length ? from + SAMPLE_BYTES : length;
  for (size_t index = from; index < to; index++) {
    if (buffer[index] != octet_at(offset + (int64_t)index)) return false;
  }
  return true;
}

// Octets have come; whether they were right, at the beginning, the middle and the end of a read.
static bool took(struct client *client, size_t count, bool looked) {
  size_t last = count > SAMPLE_BYTES ? count - SAMPLE_BYTES : 0;
  if (looked && !(sample_matches(0, count, client->moved) &&
                  sample_matches(count / 2, count, client->moved) &&
                  sample_matches(last, count, client->moved))) {
    fail(client, "wrong octets");
    return false;
  }
  client->moved += (int64_t)count;
  client->reads++;
  return true;
}

static void watch_data(struct client *client, bool writes) {
  if (client->watching) return;
  client->watching = true;
  watch(client->data, client, writes);
}

static void read_data(struct client *client) {
  for (int turn = 0; turn < CALLS_PER_TURN_MAX; turn++) {
    bool looked = client->reads % SAMPLED_READS_ONE_IN == 0;
    int flags = looked ? MSG_DONTWAIT : MSG_DONTWAIT | MSG_TRUNC;  // dropped in the kernel
    ssize_t count = recv(client->data, buffer, READ_BYTES, flags);
    if (count < 0 && errno == EAGAIN) break;
    if (count < 0) return fail_call(client, "data connection");
    if (count == 0) return end_data(client);
    if (!took(client, (size_t)count, looked)) return;
  }
  watch_data(client, false);
}

static void write_data(struct client *client) {
  for (int turn = 0; turn < CALLS_PER_TURN_MAX; turn++) {
    ssize_t count = sendfile(client->data, client->source, NULL, SEND_BYTES);
    if (count < 0 && errno == EAGAIN) break;
    if (count < 0) return fail_call(client, "data connection");
    client->moved += count;
    if (count == 0 || client->moved == client->group->octets) {
      shutdown(client->data, SHUT_WR);
      return end_data(client);
    }
  }
  watch_data(client, true);
}

static void move_data(struct client *client) {
  if (client->data < 0) return;
  if (client->group->action == UPLOAD) write_data(client);
  else if (client->group->read_rate == 0) read_data(client);
}

void client_read_slowly(struct client *client, size_t octets) {
  if (client->step != TRANSFER || client->data < 0) return;
  ssize_t count = recv(client->data, buffer, octets < READ_BYTES ? octets : READ_BYTES, MSG_DONTWAIT);
  if (count > 0) took(client, (size_t)count, true);
  else if (count == 0) end_data(client);
  else if (errno != EAGAIN) fail_call(client, "data connection");
}

static void transfer_reply(struct client *client, int code) {
  if (code == 150 || code == 125) return move_data(client);
  if (code != 226 && code != 250) return unexpected(client);
  client->final_reply = true;
  if (!client->data_ended) move_data(client);
  end_transfer(client);
}

// --- the control connection ---

static void handle_reply(struct client *client, int code) {
  switch (client->step) {
    case GREETING:
      client->greeted_at = now_ms();
      return code == 220 ? command(client, USER, "USER anonymous\r\n") : unexpected(client);
    case USER:
      if (code == 230) return logged_in(client);
      return code == 331 ? command(client, PASSWORD, "PASS load@localhost\r\n") : unexpected(client);
    case PASSWORD: return code == 230 ? logged_in(client) : unexpected(client);
    case TYPE: return code == 200 ? become_free(client) : unexpected(client);
    case NOOPS: return code == 200 ? end(client, 0) : unexpected(client);
    case PASSIVE: return code == 229 ? begin_transfer(client) : unexpected(client);
    case TRANSFER: return transfer_reply(client, code);
    case QUIT:
      if (code != 221) return unexpected(client);
      client->step = FAREWELL;
      return;
    default: return unexpected(client);
  }
}

static void read_control(struct client *client) {
  int fd = client->control;
  static uint8_t said[REPLIES_BYTES];
  ssize_t count = recv(fd, said, sizeof said, MSG_DONTWAIT);
  if (count < 0 && errno == EAGAIN) return;
  if (count < 0) return fail_call(client, "control connection");
  if (count == 0) {
    if (client->step != FAREWELL) return fail(client, "control connection: closed by the server");
    client_close(client);
    return end(client, 0);
  }
  for (ssize_t index = 0; index < count; index++) {
    int code = push(&client->replies, said[index]);
    if (code == 0) continue;
    handle_reply(client, code);
    if (client->control != fd) return;  // what follows belongs to nobody
  }
}

void client_ready(struct client *client, int fd) {
  if (fd == client->control) read_control(client);
  else if (fd == client->data) move_data(client);
}
