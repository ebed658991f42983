// twin WAY HOST PORT FILE [RUNG]: serves until it is killed. WAY is threads, select, poll, epoll or
// uring; PORT 0 picks one; FILE is what every RETR sends, and is not empty. With RUNG, from 0, so many
// techniques of uring are on.

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "twin.h"

enum { BACKLOG = 4096 };

const char *content;
size_t content_bytes;
int listener, data_listener;

void die(const char *what) {
  fprintf(stderr, "twin: %s: %s\n", what, strerror(errno));
  exit(1);
}

int listen_on(const char *host, int port, int flags, int *chosen) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
  if (inet_pton(AF_INET, host, &address.sin_addr) != 1) {
    errno = EINVAL;
    die(host);
  }
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0), on = 1;
  socklen_t length = sizeof address;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);  // accepted sockets inherit it
  if (bind(fd, (struct sockaddr *)&address, length) < 0 || listen(fd, BACKLOG) < 0) die("listen");
  getsockname(fd, (struct sockaddr *)&address, &length);
  *chosen = ntohs(address.sin_port);
  return fd;
}

int main(int argc, char **argv) {
  int rung = argc == 6 ? atoi(argv[5]) : RUNG_USUAL;
  if (argc < 5 || argc > 6 || rung < 0 || rung > RUNG_MAX) {
    fprintf(stderr, "usage: twin threads|select|poll|epoll|uring HOST PORT FILE [RUNG]\n");
    return 2;
  }
  const char *way = argv[1], *host = argv[2];
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  signal(SIGPIPE, SIG_IGN);
  int file = open(argv[4], O_RDONLY);
  if (file < 0) die(argv[4]);
  content_bytes = (size_t)lseek(file, 0, SEEK_END);
  content = mmap(NULL, content_bytes, PROT_READ, MAP_PRIVATE | MAP_POPULATE, file, 0);
  if (content == MAP_FAILED) die(argv[4]);
  // What waits in a call, or for a completion, waits on sockets that block.
  bool threads = strcmp(way, "threads") == 0, uring = strcmp(way, "uring") == 0;
  int port;
  data_listener = listen_on(host, 0, 0, &port);
  // A connection is there when its transfer is asked for, or comes in a moment.
  struct timeval patience = {.tv_sec = 1};
  setsockopt(data_listener, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  passive_port(port);
  listener = listen_on(host, atoi(argv[3]), threads || uring ? 0 : SOCK_NONBLOCK, &port);
  printf("twin: %s:%d\n", host, port);
  fflush(stdout);
  if (threads) serve_threads();
  if (uring) serve_uring(rung);
  serve_readiness(way);
}
