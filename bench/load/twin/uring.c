// Completions: what is to be done is written into a ring, and the kernel says when it is done
// (io_uring_enter(2)). One call a round hands over all that is new and waits for what has ended.

#define _GNU_SOURCE
#include <errno.h>
#include <linux/io_uring.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "twin.h"

enum { ENTRIES = 4096 };

// What ended, in the low bits of user_data beside the session's address.
enum op { SILENT, ACCEPTED, HEARD, SAID, CONNECTED, SENT, RECEIVED, CLOSED, OP_MASK = 7 };

struct flow {
  struct session session;
  size_t sending;  // octets of `output` that are on their way
  int pending;     // operations that have not ended
  bool ending, moved;  // moved: a transfer is over, and nobody was told yet
  enum act act;
};

static int ring;
static struct io_uring_sqe *entries;
static struct io_uring_cqe *ended;
static _Atomic unsigned *sq_head, *sq_tail, *cq_head, *cq_tail;
static unsigned sq_mask, cq_mask, written, *sq_array;
static char sink[SINK_BYTES];

static void set_up(void) {
  struct io_uring_params params = {
    .flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_CQSIZE,
    .cq_entries = 4 * ENTRIES,
  };
  ring = (int)syscall(SYS_io_uring_setup, ENTRIES, &params);
  if (ring < 0) die("io_uring_setup");
  // One mapping shows both rings; the array of submissions stands behind the completions.
  size_t bytes = params.sq_off.array + params.sq_entries * sizeof *sq_array;
  size_t end = params.cq_off.cqes + params.cq_entries * sizeof *ended;
  if (end > bytes) bytes = end;
  int flags = MAP_SHARED | MAP_POPULATE, both = PROT_READ | PROT_WRITE;
  char *rings = mmap(NULL, bytes, both, flags, ring, IORING_OFF_SQ_RING);
  entries = mmap(NULL, ENTRIES * sizeof *entries, both, flags, ring, IORING_OFF_SQES);
  if (rings == MAP_FAILED || entries == MAP_FAILED) die("mmap");
  sq_head = (void *)(rings + params.sq_off.head);
  sq_tail = (void *)(rings + params.sq_off.tail);
  sq_array = (void *)(rings + params.sq_off.array);
  sq_mask = *(unsigned *)(rings + params.sq_off.ring_mask);
  cq_head = (void *)(rings + params.cq_off.head);
  cq_tail = (void *)(rings + params.cq_off.tail);
  cq_mask = *(unsigned *)(rings + params.cq_off.ring_mask);
  ended = (void *)(rings + params.cq_off.cqes);
}

static void enter(unsigned wanted) {
  unsigned new = written - *sq_head;
  *sq_tail = written;
  long count = syscall(SYS_io_uring_enter, ring, new, wanted, IORING_ENTER_GETEVENTS, NULL, 0);
  if (count < 0 && errno != EINTR && errno != EBUSY) die("io_uring_enter");
}

static struct io_uring_sqe *submit(struct flow *flow, enum op op, int opcode, int fd) {
  while (written - *sq_head > sq_mask) enter(0);
  unsigned at = written++ & sq_mask;
  sq_array[at] = at;
  struct io_uring_sqe *entry = &entries[at];
  memset(entry, 0, sizeof *entry);
  entry->opcode = (uint8_t)opcode;
  entry->fd = fd;
  entry->user_data = (uintptr_t)flow | op;
  if (flow != NULL) flow->pending++;
  return entry;
}

static void moves(struct io_uring_sqe *entry, const void *octets, size_t length) {
  entry->addr = (uintptr_t)octets;
  entry->len = (uint32_t)length;
}

// --- what a session wants ---

static void accept_next(void) {
  struct io_uring_sqe *entry = submit(NULL, ACCEPTED, IORING_OP_ACCEPT, listener);
  entry->ioprio = IORING_ACCEPT_MULTISHOT;
  entry->accept_flags = SOCK_CLOEXEC;
}

static void hear(struct flow *flow) {
  struct session *session = &flow->session;
  moves(submit(flow, HEARD, IORING_OP_RECV, session->fd), session->input + session->used,
        INPUT_BYTES - session->used);
}

static void tell(struct flow *flow) {
  struct session *session = &flow->session;
  if (session->said == 0) return;
  struct io_uring_sqe *entry = submit(flow, SAID, IORING_OP_SEND, session->fd);
  moves(entry, session->output, session->said);
  entry->msg_flags = MSG_NOSIGNAL | MSG_WAITALL;
  flow->sending = session->said;
}

static void close_silently(int fd) {
  submit(NULL, SILENT, IORING_OP_CLOSE, fd)->flags = IOSQE_CQE_SKIP_SUCCESS;
}

static void end(struct flow *flow) {
  flow->ending = true;
  if (flow->pending > 0) return;
  if (flow->session.data >= 0) close_silently(flow->session.data);
  close_silently(flow->session.fd);
  free(flow);
}

static void work(struct flow *flow) {
  if (flow->sending > 0) return;  // `output` is the kernel's until it is sent
  flow->act = obey(&flow->session);
  tell(flow);
  if (flow->act == LEAVE) {
    flow->ending = true;
    if (flow->pending == 0) end(flow);
  } else if (flow->act == HEAR) {
    hear(flow);
  } else {
    submit(flow, CONNECTED, IORING_OP_ACCEPT, data_listener)->accept_flags = SOCK_CLOEXEC;
  }
}

static void close_data(struct flow *flow) {
  submit(flow, CLOSED, IORING_OP_CLOSE, flow->session.data);
}

static void receive(struct flow *flow) {
  moves(submit(flow, RECEIVED, IORING_OP_RECV, flow->session.data), sink, sizeof sink);
}

// --- what has ended ---

static void accepted(int fd, bool more) {
  if (!more) accept_next();
  if (fd < 0) return;
  struct flow *flow = calloc(1, sizeof *flow);
  if (flow == NULL) die("calloc");
  greet(&flow->session, fd);
  tell(flow);
  hear(flow);
}

static void connected(struct flow *flow, int fd) {
  struct session *session = &flow->session;
  if (fd < 0) return end(flow);
  session->data = fd;
  if (flow->act == STORE) return receive(flow);
  struct io_uring_sqe *entry = submit(flow, SENT, IORING_OP_SEND, fd);
  moves(entry, content, content_bytes);
  entry->msg_flags = MSG_NOSIGNAL | MSG_WAITALL;
  entry->flags = IOSQE_IO_LINK;  // closed when all is sent
  close_data(flow);
}

static void end_transfer(struct flow *flow) {
  flow->moved = false;
  say(&flow->session, "226 Done\r\n");
  work(flow);
}

static void handle(struct flow *flow, enum op op, int result, unsigned flags) {
  if (op == SILENT) return;
  if (op == ACCEPTED) return accepted(result, flags & IORING_CQE_F_MORE);
  struct session *session = &flow->session;
  flow->pending--;
  if (op == SAID) {
    if (result < (int)flow->sending) flow->ending = true;
    flow->sending = session->said = 0;
  }
  if (op == CLOSED && result == 0) session->data = -1;
  if (flow->ending) return end(flow);
  switch (op) {
    case HEARD:
      if (result <= 0) return end(flow);
      session->used += (size_t)result;
      return work(flow);
    case SAID:
      if (flow->moved) return end_transfer(flow);
      if (flow->pending == 0) work(flow);  // input came before
      return;
    case CONNECTED: return connected(flow, result);
    case RECEIVED: return result > 0 ? receive(flow) : close_data(flow);
    case CLOSED:
      if (session->data >= 0) return end(flow);  // not all was sent
      flow->moved = true;
      return flow->sending == 0 ? end_transfer(flow) : (void)0;
    default: return;
  }
}

void serve_uring(void) {
  set_up();
  accept_next();
  for (;;) {
    enter(1);
    unsigned head = *cq_head;
    for (unsigned tail = *cq_tail; head != tail; head++) {
      struct io_uring_cqe *entry = &ended[head & cq_mask];
      uint64_t data = entry->user_data;
      int result = entry->res;
      unsigned flags = entry->flags;
      *cq_head = head + 1;
      handle((struct flow *)(uintptr_t)(data & ~(uint64_t)OP_MASK), (enum op)(data & OP_MASK), result,
             flags);
    }
  }
}
