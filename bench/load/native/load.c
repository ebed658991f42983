// The load in C: reads jobs from standard input, does them one after the other, and says on standard
// output when everybody is there, when a window opens, when it has closed, and what was measured.
// ../native.ts starts it and writes the jobs, one line for the job and one for each group, fields
// between tabs:
//
//     host port setupMs warmupMs measureMs stallMs groups
//     name clients action path octets source replaces perSecond readRate once timeline
//
// Answers are lines of JSON. After "opening" and "closed" it stands still until a line comes. See
// bench/load/loop.ts for the parts of a job and the constants.
//
// With the argument "first" it goes before all others on a processor (sched(7), SCHED_FIFO) where it
// may: what has little to do, at times of its own, is then not late because others are busy.

#define _GNU_SOURCE
#include <errno.h>
#include <math.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "load.h"

enum { EVENTS_MAX = 512, TICK_MS = 100, LOGINS_MAX = 64, SLOW_TICK_MS = 100 };
enum { ERRORS_MAX = 100, ERROR_KINDS_MAX = 20, REASON_BYTES = 200, GROUPS_MAX = 16 };
static const double SPIN_MS = 1.2, SPIN_FIRST_MS = 0.1;

const char *host;
int port;

static double setup_ms, warmup_ms, measure_ms, stall_ms;
static struct group *groups[GROUPS_MAX];
static int group_count;
static int epoll;
static struct client **owners;
static long owners_max;
static struct { char reason[REASON_BYTES]; long count; } errors[ERROR_KINDS_MAX + 1];
static int error_kinds;
static long error_count;
static double last_finish, spun_ms, slow_at, spin_ms = SPIN_MS;
static struct client **unstarted;
static long unstarted_count, starting;
static struct { struct client *client; long number; } *uploads;
static size_t upload_count, upload_room;
static const char *failure;

double now_ms(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

static double cpu_seconds(void) {
  struct timespec time;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

// --- what clients need ---

void watch(int fd, struct client *client, bool writes) {
  if (fd >= owners_max) abort();
  owners[fd] = client;
  struct epoll_event event = {.events = writes ? EPOLLOUT : EPOLLIN, .data.fd = fd};
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0) failure = "epoll_ctl failed";
}

void release(int fd) {
  if (fd < owners_max) owners[fd] = NULL;
  close(fd);
}

static void has_started(struct client *client) {
  if (client->starting) starting--;
  client->starting = false;
}

void became_free(struct client *client) {
  has_started(client);
  last_finish = now_ms();
  group_client_free(client->group, client, last_finish);
}

void finished(struct client *client, int64_t octets) {
  last_finish = now_ms();
  group_finish(client->group, client, octets, last_finish);
  became_free(client);
}

static void count_error(const char *reason) {
  error_count++;
  int kind = 0;
  int told_apart = error_kinds < ERROR_KINDS_MAX ? error_kinds : ERROR_KINDS_MAX;
  while (kind < told_apart && strcmp(errors[kind].reason, reason) != 0) kind++;
  if (kind == error_kinds) {
    if (kind == ERROR_KINDS_MAX) reason = "other errors";
    snprintf(errors[kind].reason, REASON_BYTES, "%s", reason);
    error_kinds++;
  }
  errors[kind].count++;
}

void failed(struct client *client, const char *reason) {
  has_started(client);
  group_client_failed(client->group, client);
  count_error(reason);
  if (!client->done) unstarted[unstarted_count++] = client;
}

void uploaded(struct client *client, long number) {
  if (upload_count == upload_room) {
    upload_room = upload_room == 0 ? 4096 : 2 * upload_room;
    uploads = realloc(uploads, upload_room * sizeof *uploads);
    if (uploads == NULL) abort();
  }
  uploads[upload_count].client = client;
  uploads[upload_count++].number = number;
}

// --- the loop ---

static void read_slowly(double now) {
  slow_at = now + SLOW_TICK_MS;
  for (int at = 0; at < group_count; at++) {
    struct group *group = groups[at];
    if (group->read_rate == 0) continue;
    size_t octets = (size_t)ceil(group->read_rate * SLOW_TICK_MS / 1e3);
    for (long index = 0; index < group->clients; index++) {
      client_read_slowly(&group->all[index], octets);
    }
  }
}

static void turn(double now) {
  static struct epoll_event events[EVENTS_MAX];
  // One that fails at once is to be started again: at the limit of errors there is an end to it.
  while (unstarted_count > 0 && starting < LOGINS_MAX && error_count <= ERRORS_MAX) {
    struct client *client = unstarted[--unstarted_count];
    client->starting = true;
    starting++;
    client_start(client);
  }
  double next = now + TICK_MS;
  bool slow = false;
  for (int at = 0; at < group_count; at++) {
    struct group *group = groups[at];
    slow = slow || group->read_rate > 0;
    if (group->per_second == 0) continue;
    if (group->next_due <= now) group_dispatch(group, now);
    next = fmin(next, group->next_due);
  }
  if (slow) {
    if (slow_at <= now) read_slowly(now);
    next = fmin(next, slow_at);
  }
  double wait_ms = fmax(0, next - now - spin_ms);
  struct timespec timeout = {0, (long)(wait_ms * 1e6)};  // TICK_MS at most
  int count = epoll_pwait2(epoll, events, EVENTS_MAX, &timeout, NULL);
  if (count == 0 && wait_ms == 0) spun_ms += now_ms() - now;
  for (int index = 0; index < count; index++) {
    int fd = events[index].data.fd;
    if (owners[fd] != NULL) client_ready(owners[fd], fd);
  }
}

typedef bool Over(double now);

// Turns until `over` says so; the time of the last turn.
static double turn_until(Over *over) {
  for (double now = now_ms();; now = now_ms()) {
    if (failure != NULL || over(now)) return now;
    if (error_count > ERRORS_MAX) {
      failure = "more than 100 errors";
    } else if (stall_ms > 0 && now - last_finish > stall_ms) {
      static char text[80];
      snprintf(text, sizeof text, "no operation finished for %g s", stall_ms / 1e3);
      failure = text;
    } else {
      turn(now);
    }
  }
}

// --- the parts of a job ---

static struct group *logging_in;
static double deadline;

static bool logged_in_or_late(double now) {
  return logging_in->served == logging_in->clients || now >= deadline;
}

static bool late(double now) { return now >= deadline; }

static bool late_or_done(double now) {
  bool finite = false, done = true;
  for (int at = 0; at < group_count; at++) {
    if (!groups[at]->once) continue;
    finite = true;
    done = done && groups[at]->done == groups[at]->clients;
  }
  return now >= deadline || (finite && done);
}

static void log_in(struct group *group) {
  if (group->once && group->action == LOGIN) return;  // a burst begins when the window opens
  for (long index = group->clients; index > 0; index--) {
    unstarted[unstarted_count++] = &group->all[index - 1];
  }
  logging_in = group;
  last_finish = now_ms();
  deadline = last_finish + setup_ms;
  turn_until(logged_in_or_late);
}

static void announce(const char *event) {
  printf("{\"event\":\"%s\"}\n", event);
  fflush(stdout);
}

static void pause_at(const char *event) {
  announce(event);
  for (int octet = getchar(); octet != '\n';) {
    if (octet == EOF) exit(1);
    octet = getchar();
  }
}

static void warm_up(void) {
  double now = now_ms();
  for (int at = 0; at < group_count; at++) group_schedule(groups[at], now);
  last_finish = now;
  deadline = now + warmup_ms;
  turn_until(late);
}

static double window(double start, double stood_ms) {
  spun_ms = 0;
  last_finish = start;
  deadline = start + measure_ms;
  for (int at = 0; at < group_count; at++) group_open_window(groups[at], start, stood_ms);
  return turn_until(late_or_done);
}

static void print_uploads(const struct group *group) {
  const char *comma = "";
  char name[NAME_BYTES];
  for (size_t index = 0; index < upload_count; index++) {
    if (uploads[index].client->group != group) continue;
    client_upload_name(uploads[index].client, uploads[index].number, name);
    printf("%s\"%s\"", comma, name);
    comma = ",";
  }
  for (long index = 0; index < group->clients; index++) {
    if (!group->all[index].whole) continue;
    client_upload_name(&group->all[index], 0, name);
    printf("%s\"%s\"", comma, name);
    comma = ",";
  }
}

static void print_result(double seconds, double cpu) {
  printf("{\"event\":\"result\",\"result\":{\"seconds\":%.9f,\"cpu\":%.9f", seconds, fmax(0, cpu));
  if (failure != NULL) printf(",\"failure\":\"%s\"", failure);
  printf(",\"errors\":{");
  for (int kind = 0; kind < error_kinds; kind++) {
    printf("%s\"%s\":%ld", kind == 0 ? "" : ",", errors[kind].reason, errors[kind].count);
  }
  printf("},\"groups\":[");
  for (int at = 0; at < group_count; at++) {
    printf(at == 0 ? "" : ",");
    group_print(groups[at]);
  }
  printf("],\"uploads\":[");
  for (int at = 0; at < group_count; at++) {
    printf(at == 0 ? "[" : ",[");
    print_uploads(groups[at]);
    printf("]");
  }
  printf("]}}\n");
  fflush(stdout);
}

static void run(void) {
  double seconds = 0, cpu = 0;
  for (int at = 0; at < group_count && failure == NULL; at++) log_in(groups[at]);
  if (failure == NULL) {
    announce("there");
    warm_up();
  }
  if (failure == NULL) {
    double stood_from = now_ms();
    pause_at("opening");
    double cpu_at_start = cpu_seconds(), start = now_ms(), end = window(start, start - stood_from);
    if (failure == NULL) {
      seconds = (end - start) / 1e3;
      cpu = cpu_seconds() - cpu_at_start - spun_ms / 1e3;
      for (int at = 0; at < group_count; at++) group_close_window(groups[at], end);
      pause_at("closed");
    }
  }
  print_result(seconds, cpu);
}

// --- jobs ---

// The next field of `line`, which moves on.
static char *field(char **line) {
  char *text = strsep(line, "\t\n");
  if (text == NULL) {
    fprintf(stderr, "The job is not as load.c wants it\n");
    exit(2);
  }
  return text;
}

static double number(char **line) { return strtod(field(line), NULL); }

static char *text(char **line) {
  char *copy = strdup(field(line));
  if (copy == NULL) abort();
  return copy;
}

static enum action action(const char *name) {
  static const char *const names[] = {"login", "noop", "download", "upload", "hold"};
  for (int at = 0; at < 5; at++) if (strcmp(name, names[at]) == 0) return (enum action)at;
  fprintf(stderr, "Unknown action: %s\n", name);
  exit(2);
}

static struct group *read_group(char *line) {
  struct group *group = calloc(1, sizeof *group);
  if (group == NULL) abort();
  group->name = text(&line);
  group->clients = (long)number(&line);
  group->action = action(field(&line));
  group->path = text(&line);
  group->octets = (int64_t)number(&line);
  group->source = text(&line);
  group->replaces = number(&line) != 0;
  group->per_second = number(&line);
  group->read_rate = number(&line);
  group->once = number(&line) != 0;
  group->timeline = number(&line) != 0;
  group_open(group);
  return group;
}

static char *line;
static size_t line_room;

static bool read_line(void) { return getline(&line, &line_room, stdin) > 0; }

static bool read_job(void) {
  static char *copy;
  if (!read_line()) return false;
  free(copy);
  char *rest = copy = strdup(line);
  if (copy == NULL) abort();
  host = field(&rest);
  port = (int)number(&rest);
  setup_ms = number(&rest);
  warmup_ms = number(&rest);
  measure_ms = number(&rest);
  stall_ms = number(&rest);
  int count = (int)number(&rest);
  if (count < 0 || count > GROUPS_MAX) return false;
  long clients = 0;
  for (group_count = 0; group_count < count; group_count++) {
    if (!read_line()) return false;
    groups[group_count] = read_group(line);
    clients += groups[group_count]->clients;
  }
  unstarted = calloc((size_t)clients + 1, sizeof *unstarted);  // there may be none
  if (unstarted == NULL) abort();
  return true;
}

static void forget_job(void) {
  for (int at = 0; at < group_count; at++) {
    group_close(groups[at]);
    free(groups[at]);
  }
  free(unstarted);
  unstarted_count = starting = error_count = error_kinds = group_count = 0;
  memset(errors, 0, sizeof errors);
  upload_count = 0;
  failure = NULL;
  slow_at = 0;
  close(epoll);
}

int main(int argc, char **argv) {
  const struct sched_param least = {.sched_priority = 1};
  if (argc > 1 && strcmp(argv[1], "first") == 0 && sched_setscheduler(0, SCHED_FIFO, &least) == 0) {
    spin_ms = SPIN_FIRST_MS;
  }
  // sendfile(2) has no MSG_NOSIGNAL: a server that breaks an upload off would end the load.
  signal(SIGPIPE, SIG_IGN);
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  owners_max = limit.rlim_max < 1 << 20 ? (long)limit.rlim_max : 1 << 20;
  owners = calloc((size_t)owners_max, sizeof *owners);
  if (owners == NULL) abort();
  setvbuf(stdout, NULL, _IOFBF, 1 << 16);
  while (read_job()) {
    epoll = epoll_create1(EPOLL_CLOEXEC);
    if (epoll < 0) abort();
    run();
    forget_job();
  }
  return 0;
}
