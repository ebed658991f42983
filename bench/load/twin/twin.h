// The least FTP servers that the load can be run against, one for each way to wait: what their files
// share. They know no files, no users and no state but an open transfer, and answer by the verb; what
// differs between two of them is the waiting, and what differs between one and the model of the same
// name is the runtime and all that a real server does.
//
// dialogue.c speaks, threads.c, readiness.c and uring.c wait, main.c chooses.

#ifndef FTPLAB_TWIN_H
#define FTPLAB_TWIN_H

#include <stdbool.h>
#include <stddef.h>

enum { INPUT_BYTES = 512, OUTPUT_BYTES = 1024, FDS_MAX = 1 << 16, SINK_BYTES = 1 << 18 };

// One control connection. Octets come to `input`, replies leave from `output`.
struct session {
  int fd, data;  // data: the connection of the transfer that runs, or -1
  size_t used, said, moved;
  char input[INPUT_BYTES], output[OUTPUT_BYTES];
};

// What a session wants when its replies are on their way.
enum act { HEAR, RETRIEVE, STORE, LEAVE };

// What every RETR sends.
extern const char *content;
extern size_t content_bytes;
// Whose a data connection is does not matter as long as all transfer in the same direction, so all
// sessions share the listener.
extern int listener, data_listener;

_Noreturn void die(const char *what);
int listen_on(const char *host, int port, int flags, int *chosen);

// Begins a session with its greeting.
void greet(struct session *session, int fd);
// Takes commands from `input` until one wants an act, or there is none.
enum act obey(struct session *session);
// What EPSV says from now on.
void passive_port(int port);
// Adds to `output`; what does not fit belongs to a client that does not read, and is lost.
void say(struct session *session, const char *text);

_Noreturn void serve_threads(void);
_Noreturn void serve_readiness(const char *way);
// So many techniques are on, see uring.c.
_Noreturn void serve_uring(int rung);
enum { RUNG_MAX = 4, RUNG_USUAL = 3 };

#endif
