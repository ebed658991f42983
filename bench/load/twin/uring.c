// Completions: what is to be done is written into a ring, and the kernel says when it is done
// (io_uring_enter(2)). One call a round hands over all that is new and waits for what has ended.
// Techniques are rungs of a ladder, each beside those before it: what they are worth is measured.

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

// What is on from which rung. A thread that submits cannot have work deferred to the one who waits.
enum { DEFERS = 1, RECEIVES_ON = 2, ACCEPTS_ON = 3, POLLS = 4 };

// POLLER_IDLE_MS: a thread of the kernel that has had nothing to submit for so long goes to sleep.
enum { ENTRIES = 4096, BUFFERS = 1024, POLLER_IDLE_MS = 20 };

// What ended, in the low bits of user_data beside the session's address.
enum op { SILENT, ACCEPTED, HEARD, SAID, CONNECTED, SENT, RECEIVED, CLOSED, OP_MASK = 7 };

struct flow {
  struct session session;
  size_t sending;  // octets of `output` that are on their way
  int pending;     // operations that have not ended
  bool hearing;    // a receive is under way
  bool ending, moved;  // moved: a transfer is over, and nobody was told yet
  enum act act;
};

static int ring, on;
static struct io_uring_sqe *entries;
static struct io_uring_cqe *ended;
static _Atomic unsigned *sq_head, *sq_tail, *sq_flags, *cq_head, *cq_tail;
static unsigned sq_mask, cq_mask, written, *sq_array;
static char sink[SINK_BYTES];
static struct io_uring_buf_ring *lent;
static char buffers[BUFFERS][INPUT_BYTES];

// Gives a buffer to the kernel, to receive into.
static void lend(unsigned short id) {
  struct io_uring_buf *buffer = &lent->bufs[lent->tail & (BUFFERS - 1)];
  buffer->addr = (uintptr_t)buffers[id];
  buffer->len = INPUT_BYTES;
  buffer->bid = id;
  __atomic_store_n(&lent->tail, (unsigned short)(lent->tail + 1), __ATOMIC_RELEASE);
}

static void lend_all(void) {
  size_t bytes = BUFFERS * sizeof(struct io_uring_buf);
  lent = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);
  if (lent == MAP_FAILED) die("mmap");
  struct io_uring_buf_reg group = {.ring_addr = (uintptr_t)lent, .ring_entries = BUFFERS};
  if (syscall(SYS_io_uring_register, ring, IORING_REGISTER_PBUF_RING, &group, 1) < 0) {
    die("io_uring_register");
  }
  for (unsigned short id = 0; id < BUFFERS; id++) lend(id);
}

static void set_up(void) {
  struct io_uring_params params = {.flags = IORING_SETUP_CQSIZE, .cq_entries = 4 * ENTRIES};
  if (on >= DEFERS) params.flags |= IORING_SETUP_SINGLE_ISSUER;
  if (on >= POLLS) {
    params.flags |= IORING_SETUP_SQPOLL;
    params.sq_thread_idle = POLLER_IDLE_MS;
  } else if (on >= DEFERS) {
    params.flags |= IORING_SETUP_DEFER_TASKRUN;
  }
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
  sq_flags = (void *)(rings + params.sq_off.flags);
  sq_mask = *(unsigned *)(rings + params.sq_off.ring_mask);
  cq_head = (void *)(rings + params.cq_off.head);
  cq_tail = (void *)(rings + params.cq_off.tail);
  cq_mask = *(unsigned *)(rings + params.cq_off.ring_mask);
  ended = (void *)(rings + params.cq_off.cqes);
  if (on >= RECEIVES_ON) lend_all();
}

static void enter(unsigned wanted) {
  unsigned new = written - *sq_head;
  *sq_tail = written;
  unsigned flags = IORING_ENTER_GETEVENTS;
  if (on >= POLLS) {
    if (*sq_flags & IORING_SQ_NEED_WAKEUP) flags |= IORING_ENTER_SQ_WAKEUP;
    else if (wanted == 0 || *cq_head != *cq_tail) return;
  }
  long count = syscall(SYS_io_uring_enter, ring, new, wanted, flags, NULL, 0);
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
  if (on >= ACCEPTS_ON) entry->ioprio = IORING_ACCEPT_MULTISHOT;
  entry->accept_flags = SOCK_CLOEXEC;
}

static void hear(struct flow *flow) {
  if (flow->hearing) return;
  flow->hearing = true;
  struct session *session = &flow->session;
  struct io_uring_sqe *entry = submit(flow, HEARD, IORING_OP_RECV, session->fd);
  if (on >= RECEIVES_ON) {
    entry->ioprio = IORING_RECV_MULTISHOT;
    entry->flags = IOSQE_BUFFER_SELECT;
  } else {
    moves(entry, session->input + session->used, INPUT_BYTES - session->used);
  }
}

// Takes what came into `input`; false: the client has ended, or says more than there is room for.
static bool heard(struct flow *flow, int result, unsigned flags) {
  struct session *session = &flow->session;
  flow->hearing = flags & IORING_CQE_F_MORE;
  bool fits = result > 0 && (size_t)result <= INPUT_BYTES - session->used;
  if (flags & IORING_CQE_F_BUFFER) {
    unsigned short id = (unsigned short)(flags >> IORING_CQE_BUFFER_SHIFT);
    if (fits) memcpy(session->input + session->used, buffers[id], (size_t)result);
    lend(id);
  }
  if (fits) session->used += (size_t)result;
  return fits || result == -ENOBUFS;  // all were lent: it goes on when it is asked again
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
  if (!flow->ending && flow->hearing) {  // it would go on until the client ends
    struct io_uring_sqe *entry = submit(NULL, SILENT, IORING_OP_ASYNC_CANCEL, -1);
    entry->addr = (uintptr_t)flow | HEARD;
    entry->flags = IOSQE_CQE_SKIP_SUCCESS;
  }
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
    end(flow);
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
  if (fd < 0) return end(flow);
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
  if (!(flags & IORING_CQE_F_MORE)) flow->pending--;
  bool goes_on = op != HEARD || heard(flow, result, flags);
  if (op == SAID) {
    if (result < (int)flow->sending) flow->ending = true;
    flow->sending = session->said = 0;
  }
  if (op == CONNECTED && result >= 0) session->data = result;  // to be closed, if it is ending, too
  if (op == CLOSED && result == 0) session->data = -1;
  if (flow->ending) return end(flow);
  switch (op) {
    case HEARD:
      if (!goes_on) return end(flow);
      return flow->act == HEAR ? work(flow) : hear(flow);
    case SAID:
      if (flow->moved) return end_transfer(flow);
      if (flow->act == HEAR && session->used > 0) work(flow);  // input came before
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

void serve_uring(int rung) {
  on = rung;
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
