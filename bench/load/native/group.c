// Clients that do the same, and what they did inside the window; see bench/load/group.ts, whose rules
// these are: latency counts from when an operation was due, what has not ended when the window closes
// counts with the time so far, and the standstill before it is taken off what was due before that.

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "load.h"

// Operations that may wait for a free client.
enum { BACKLOG_MAX = 100000 };

// What randomFrom(1) of bench/claims/statistics.ts begins with.
static const uint32_t CHANCE = (1u ^ 0x5bd1e995u) * 0x9e3779b1u;

// --- histograms ---

static void record(struct histogram *histogram, double milliseconds) {
  double us = round(milliseconds * 1e3);
  uint64_t value = us < 1 ? 1 : us >= 4e9 ? 4000000000u : (uint64_t)us;
  int doubling = value < 2 * STEPS ? 0 : 63 - __builtin_clzll(value) - 10;
  size_t bucket = (size_t)doubling * STEPS + (size_t)(value >> doubling);
  histogram->counts[bucket]++;
  histogram->total++;
}

// As [[microseconds, count], ...], the middle of each bucket.
static void print_histogram(const char *name, const struct histogram *histogram) {
  printf(",\"%s\":[", name);
  const char *comma = "";
  for (size_t bucket = 0; bucket < BUCKETS; bucket++) {
    if (histogram->counts[bucket] == 0) continue;
    int doubling = bucket < 2 * STEPS ? 0 : (int)(bucket / STEPS) - 1;
    uint64_t step = (uint64_t)bucket - (uint64_t)doubling * STEPS;
    uint64_t value = (step << doubling) + ((1ull << doubling) >> 1);
    printf("%s[%llu,%llu]", comma, (unsigned long long)value,
           (unsigned long long)histogram->counts[bucket]);
    comma = ",";
  }
  printf("]");
}

// --- a group's life ---

void group_open(struct group *group) {
  group->all = calloc((size_t)group->clients, sizeof *group->all);
  group->free = calloc((size_t)group->clients, sizeof *group->free);
  group->waiting = calloc(BACKLOG_MAX, sizeof *group->waiting);
  if (!group->all || !group->free || !group->waiting) abort();
  group->next_due = INFINITY;
  for (long index = 0; index < group->clients; index++) {
    struct client *client = &group->all[index];
    client->group = group;
    client->index = index;
    client->control = client->data = client->source = -1;
    client->served = group->action == LOGIN;
  }
  if (group->action == LOGIN) group->served = group->clients;
}

void group_close(struct group *group) {
  for (long index = 0; index < group->clients; index++) client_close(&group->all[index]);
  free(group->all);
  free(group->free);
  free(group->waiting);
  free(group->name);
  free(group->path);
  free(group->source);
}

static void begin(struct client *client, double due, double now) {
  client->begun = now;
  client_begin(client, due);
}

void group_client_free(struct group *group, struct client *client, double now) {
  if (group->action == HOLD) return;
  if (group->once && (!group->recording || client->done)) return;
  if (group->per_second == 0) return client_begin(client, now);
  if (group->waiting_count == 0) {
    group->free[(group->free_from + group->free_count++) % group->clients] = client;
    return;
  }
  double due = group->waiting[group->waiting_from];
  group->waiting_from = (group->waiting_from + 1) % BACKLOG_MAX;
  group->waiting_count--;
  begin(client, due, now);
}

void group_client_failed(struct group *group, const struct client *client) {
  long kept = 0;
  for (long index = 0; index < group->free_count; index++) {
    struct client *one = group->free[(group->free_from + index) % group->clients];
    if (one != client) group->free[(group->free_from + kept++) % group->clients] = one;
  }
  group->free_count = kept;
}

// The next operation is due at some time of the next period, which bench/load/group.ts says why.
static void set_next_due(struct group *group) {
  double period = 1e3 / group->per_second;
  group->chance ^= group->chance << 13;
  group->chance ^= group->chance >> 17;
  group->chance ^= group->chance << 5;
  group->next_due = group->period_from + period * (group->chance / 4294967296.0);
  group->period_from += period;
}

void group_dispatch(struct group *group, double now) {
  for (; group->next_due <= now; set_next_due(group)) {
    if (group->free_count == 0) {
      if (group->waiting_count == BACKLOG_MAX) continue;
      group->waiting[(group->waiting_from + group->waiting_count++) % BACKLOG_MAX] = group->next_due;
      continue;
    }
    struct client *client = group->free[group->free_from];
    group->free_from = (group->free_from + 1) % group->clients;
    group->free_count--;
    if (group->recording) record(&group->lateness, now - group->next_due);
    begin(client, group->next_due, now);
  }
}

void group_schedule(struct group *group, double now) {
  if (group->per_second == 0) return;
  group->chance = CHANCE;
  group->period_from = now;
  set_next_due(group);
  group->waiting_from = group->waiting_count = 0;
}

void group_open_window(struct group *group, double now, double stood_ms) {
  group->recording = true;
  group->opened_at = now;
  group->unserved = (uint64_t)(group->clients - group->served);
  group_schedule(group, now);
  for (long index = 0; index < group->clients; index++) {
    struct client *client = &group->all[index];
    client->operations = 0;
    if (client->busy) {
      client->intended += stood_ms;
      client->begun += stood_ms;
    }
    if (group->once && client->served && !client->busy) client_begin(client, now);
  }
}

void group_finish(struct group *group, struct client *client, int64_t octets, double now) {
  if (!group->recording) return;
  group->operations++;
  group->moved += (uint64_t)octets;
  client->operations++;
  double lasted = now - client->intended;
  group->longest_ms = fmax(group->longest_ms, lasted);
  record(&group->latency, lasted);
  if (group->per_second > 0) record(&group->from_start, now - client->begun);
  if (!group->timeline || group->timed == TIMELINE_MAX) return;
  double *times = group->times[group->timed++];
  times[0] = client->intended - group->opened_at;
  times[1] = client->greeted_at - group->opened_at;
  times[2] = now - group->opened_at;
}

static void count_unfinished(struct group *group, double milliseconds) {
  group->unfinished++;
  record(&group->latency, milliseconds);
}

void group_close_window(struct group *group, double now) {
  group->recording = false;
  if (group->action == HOLD) return;
  for (long index = 0; index < group->clients; index++) {
    struct client *client = &group->all[index];
    bool pending = client->busy || !client->served;
    if (!pending || client->done) continue;
    double since = client->busy ? client->intended : group->opened_at;
    double lasted = now - fmax(since, group->opened_at);
    // In a closed loop the operation that the close cut off says nothing, unless it is long.
    bool is_long = client->busy && lasted > group->longest_ms;
    bool cut = group->per_second == 0 && !group->once && client->operations > 0;
    if (!cut || is_long) count_unfinished(group, lasted);
  }
  for (long index = 0; index < group->waiting_count; index++) {
    count_unfinished(group, now - group->waiting[(group->waiting_from + index) % BACKLOG_MAX]);
  }
}

void group_print(const struct group *group) {
  printf("{\"unserved\":%llu,\"operations\":%llu,\"octets\":%llu,\"unfinished\":%llu",
         (unsigned long long)group->unserved, (unsigned long long)group->operations,
         (unsigned long long)group->moved, (unsigned long long)group->unfinished);
  double sum = 0, squares = 0;
  for (long index = 0; index < group->clients; index++) {
    double operations = (double)group->all[index].operations;
    sum += operations;
    squares += operations * operations;
  }
  if (squares > 0) printf(",\"fairness\":%.6f", sum * sum / ((double)group->clients * squares));
  print_histogram("latency", &group->latency);
  print_histogram("lateness", &group->lateness);
  print_histogram("fromStart", &group->from_start);
  printf(",\"timeline\":[");
  for (int index = 0; index < group->timed; index++) {
    const double *times = group->times[index];
    printf("%s[%.3f,%.3f,%.3f]", index == 0 ? "" : ",", times[0], times[1], times[2]);
  }
  printf("]}");
}
