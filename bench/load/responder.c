/*
 * The least FTP server that the load can be run against: it knows no files, no users and no state
 * but an open transfer, and answers by the verb. No server can be measured to be faster than the
 * load is against this one. bench/responder.ts compiles and starts it.
 *
 *     responder HOST PORT FILE     PORT 0 picks one; FILE is what every RETR sends
 *
 * One epoll, level-triggered. A session is an entry of a table by its descriptor, and so is a data
 * connection; `other` leads from one to the other. All sessions share one data listener: whose a
 * connection is does not matter as long as all of them transfer in the same direction.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 512, EVENTS_MAX = 256, FDS_MAX = 1 << 16, SINK_BYTES = 1 << 18 };

static struct connection {
    enum kind { CLOSED, CONTROL, SENDING, RECEIVING } kind;
    int other; /* the session's data connection, or the data connection's session; -1: none */
    size_t used; /* octets of a command so far, or octets sent */
    char line[LINE_MAX_BYTES];
} table[FDS_MAX];

static int epoll, data_listener;
static char *content, passive_reply[64], sink[SINK_BYTES];
static size_t content_bytes;

static void die(const char *what) {
    fprintf(stderr, "responder: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void watch(int fd, uint32_t events) {
    struct epoll_event event = {.events = events, .data.fd = fd};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0) die("epoll_ctl");
}

static void end(int fd) {
    int other = table[fd].other;
    if (table[fd].kind == CLOSED) return;
    table[fd].kind = CLOSED;
    close(fd);
    if (other < 0) return;
    table[other].other = -1;
    if (table[other].kind != CONTROL) end(other); /* a transfer does not outlive its session */
}

static void reply(int fd, const char *text) {
    ssize_t length = strlen(text);
    /* What does not fit belongs to a client that does not read: nothing is kept for it. */
    if (send(fd, text, length, MSG_NOSIGNAL) != length) end(fd);
}

static int take(int listener, enum kind kind, int other) {
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
    if (fd < 0) return -1;
    if (fd >= FDS_MAX) errno = EMFILE, die("accept");
    table[fd] = (struct connection){.kind = kind, .other = other};
    return fd;
}

/* One turn of a transfer: as far as it goes without waiting. */
static void move(int fd) {
    struct connection *data = &table[fd];
    ssize_t count;
    do {
        count = data->kind == RECEIVING ? recv(fd, sink, sizeof sink, 0)
                : send(fd, content + data->used, content_bytes - data->used, MSG_NOSIGNAL);
        if (count < 0 && errno == EAGAIN) return;
        if (count > 0) data->used += count;
    } while (count > 0 && (data->kind == RECEIVING || data->used < content_bytes));
    int session = data->other;
    end(fd); /* first: a client may connect anew as soon as it has the reply */
    if (session >= 0) reply(session, count < 0 ? "426 Broken\r\n" : "226 Done\r\n");
}

static void transfer(int session, enum kind kind) {
    reply(session, "150 Here\r\n");
    if (table[session].kind == CLOSED) return;
    int fd = table[session].other < 0 ? take(data_listener, kind, session) : -1;
    if (fd < 0) return reply(session, "425 No data connection\r\n");
    table[session].other = fd;
    if (kind == SENDING) move(fd); /* mostly that is all of it */
    if (table[fd].kind == kind) watch(fd, kind == SENDING ? EPOLLOUT : EPOLLIN);
}

static void obey(int fd, const char *line) {
    if (!strncmp(line, "NOOP", 4) || !strncmp(line, "TYPE", 4)) reply(fd, "200 OK\r\n");
    else if (!strncmp(line, "EPSV", 4)) reply(fd, passive_reply);
    else if (!strncmp(line, "RETR", 4)) transfer(fd, SENDING);
    else if (!strncmp(line, "STOR", 4)) transfer(fd, RECEIVING);
    else if (!strncmp(line, "USER", 4)) reply(fd, "331 Any password\r\n");
    else if (!strncmp(line, "PASS", 4)) reply(fd, "230 Welcome\r\n");
    else if (!strncmp(line, "QUIT", 4)) reply(fd, "221 Bye\r\n"), end(fd);
    else reply(fd, "502 Unknown\r\n");
}

static void read_commands(int fd) {
    struct connection *session = &table[fd];
    ssize_t count = recv(fd, session->line + session->used, LINE_MAX_BYTES - session->used, 0);
    if (count < 0 && errno == EAGAIN) return;
    if (count <= 0) return end(fd);
    session->used += count;
    char *line = session->line, *stop = line + session->used, *feed;
    while ((feed = memchr(line, '\n', stop - line)) != NULL) {
        obey(fd, line);
        if (session->kind != CONTROL) return;
        line = feed + 1;
    }
    session->used = stop - line;
    if (session->used == LINE_MAX_BYTES) end(fd);
    else memmove(session->line, line, session->used);
}

static int listen_on(struct sockaddr_in *address, int flags) {
    int fd = socket(AF_INET, SOCK_STREAM | flags, 0), on = 1;
    socklen_t length = sizeof *address;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* accepted sockets inherit it */
    if (bind(fd, (void *)address, length) < 0 || listen(fd, 4096) < 0) die("listen");
    getsockname(fd, (void *)address, &length);
    return fd;
}

static void accept_all(int listener) {
    int session;
    while ((session = take(listener, CONTROL, -1)) >= 0) {
        watch(session, EPOLLIN);
        reply(session, "220 Ready\r\n");
    }
    if (errno != EAGAIN && errno != ECONNABORTED) die("accept");
}

int main(int argc, char **argv) {
    struct sockaddr_in address = {.sin_family = AF_INET}, data;
    /* A connection is there when its transfer is asked for, or comes in a moment. */
    struct timeval patience = {.tv_sec = 1};
    if (argc != 4 || inet_pton(AF_INET, argv[1], &address.sin_addr) != 1)
        return fprintf(stderr, "usage: responder HOST PORT FILE\n"), 2;
    int file = open(argv[3], O_RDONLY);
    if (file < 0) die(argv[3]);
    content_bytes = lseek(file, 0, SEEK_END);
    content = mmap(NULL, content_bytes, PROT_READ, MAP_PRIVATE | MAP_POPULATE, file, 0);
    if (content == MAP_FAILED) die(argv[3]);
    data = address;
    data_listener = listen_on(&data, 0);
    setsockopt(data_listener, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    snprintf(passive_reply, sizeof passive_reply, "229 OK (|||%d|)\r\n", ntohs(data.sin_port));
    address.sin_port = htons(atoi(argv[2]));
    int listener = listen_on(&address, SOCK_NONBLOCK);
    if ((epoll = epoll_create1(0)) < 0) die("epoll_create1");
    watch(listener, EPOLLIN);
    printf("responder: %s:%d\n", argv[1], ntohs(address.sin_port));
    fflush(stdout);
    for (;;) {
        struct epoll_event events[EVENTS_MAX];
        int count = epoll_wait(epoll, events, EVENTS_MAX, -1);
        if (count < 0 && errno != EINTR) die("epoll_wait");
        for (int index = 0; index < count; index++) {
            int fd = events[index].data.fd;
            /* A number closed earlier in this round may be another's by now: it gets EAGAIN. */
            if (fd == listener) accept_all(listener);
            else if (table[fd].kind == CONTROL) read_commands(fd);
            else if (table[fd].kind != CLOSED) move(fd);
        }
    }
}
