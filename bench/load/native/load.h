// The load in C: what its files share. It does what bench/load/*.ts does, for servers that the load
// in TypeScript cannot keep busy; the two are compared by the benchmark itself.
//
// One thread, one epoll instance, no allocation while a window is open. load.c reads jobs and has the
// loop, group.c says when an operation is due and keeps what came of it, client.c speaks FTP.

#ifndef FTPLAB_LOAD_H
#define FTPLAB_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum action { LOGIN, NOOP, DOWNLOAD, UPLOAD, HOLD };

enum step {
  CLOSED, GREETING, USER, PASSWORD, TYPE, READY, NOOPS, PASSIVE, TRANSFER, QUIT, FAREWELL
};

// Clients of a burst whose times are kept one by one.
enum { TIMELINE_MAX = 64 };

// Latencies in microseconds, to three digits: 1,024 steps for each doubling.
enum { STEPS = 1024, DOUBLINGS = 32, BUCKETS = STEPS * (DOUBLINGS + 1) };
struct histogram {
  uint64_t counts[BUCKETS];
  uint64_t total;
};

struct client;

// Clients that do the same. The first fields are the job's, see job.ts.
struct group {
  char *name;
  long clients;
  enum action action;
  char *path;
  int64_t octets;
  char *source;
  bool replaces;
  double per_second;  // 0: closed loop
  double read_rate;   // 0: as fast as it goes
  bool once;
  bool timeline;

  struct client *all;
  struct histogram latency, lateness, from_start;
  double times[TIMELINE_MAX][3];
  int timed;
  struct client **free;  // a ring: logged in, nothing to do, each once (open loop)
  long free_from, free_count;
  double *waiting;  // a ring: when operations were due that nobody was free for
  long waiting_from, waiting_count;
  double next_due, period_from, opened_at;
  uint32_t chance;
  double longest_ms;  // of the operations that ended in the window
  bool recording;
  uint64_t operations, moved, unfinished, unserved;
  long done, served;
};

// Reads replies octet by octet (RFC 959 section 4.2).
struct replies {
  int port;  // of the last 229 (RFC 2428 section 3)
  int column, code, open_code, bars, length;
  bool final;
  char text[100];
};

struct client {
  struct group *group;
  long index;
  enum step step;
  bool busy, done, served, starting, watching, final_reply, data_ended;
  bool whole;  // what its one name holds, where the group replaces
  int control, data, source;
  double intended, greeted_at;
  double begun;  // open loop: when the operation was really begun
  int64_t moved;
  long reads, uploads, operations;
  struct replies replies;
};

// --- load.c: what clients and groups need of the loop ---

double now_ms(void);
extern const char *host;
extern int port;
void watch(int fd, struct client *client, bool writes);
void release(int fd);
void became_free(struct client *client);
void finished(struct client *client, int64_t octets);
void failed(struct client *client, const char *reason);
// The server has said that it has all of the upload of this number.
void uploaded(struct client *client, long number);

// --- group.c ---

void group_open(struct group *group);
void group_close(struct group *group);
void group_client_free(struct group *group, struct client *client, double now);
void group_client_failed(struct group *group, const struct client *client);
void group_dispatch(struct group *group, double now);
void group_schedule(struct group *group, double now);
void group_open_window(struct group *group, double now, double stood_ms);
void group_finish(struct group *group, struct client *client, int64_t octets, double now);
void group_close_window(struct group *group, double now);
void group_print(const struct group *group);

// --- client.c ---

void client_start(struct client *client);
void client_begin(struct client *client, double intended);
void client_ready(struct client *client, int fd);
void client_read_slowly(struct client *client, size_t octets);
void client_close(struct client *client);
// The name of the upload of this number, NAME_BYTES at most.
enum { NAME_BYTES = 512 };
void client_upload_name(const struct client *client, long number, char *name);

#endif
