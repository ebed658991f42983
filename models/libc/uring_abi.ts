/**
 * The numbers of <linux/io_uring.h>: operations, flags, and where the fields of its structs are,
 * the same on x86-64 and arm64. uring.ts and buffer_ring.ts write with them; a test compares them
 * with the C compiler's.
 *
 * @module
 */

/** <asm/unistd.h>, the same on x86-64 and arm64. */
export const SYS_IO_URING_SETUP = 425n, SYS_IO_URING_ENTER = 426n, SYS_IO_URING_REGISTER = 427n;

/** io_uring_setup(2): the caller says how many completions there is room for; go on after errors. */
export const SETUP_CQSIZE = 1 << 3, SETUP_SUBMIT_ALL = 1 << 7;

/** io_uring_setup(2): a thread of the kernel looks for submissions. */
export const SETUP_SQPOLL = 1 << 1;

/** Only this thread submits, and completions come when it asks for them; both since Linux 6.1. */
export const SETUP_SINGLE_ISSUER = 1 << 12, SETUP_DEFER_TASKRUN = 1 << 13;

/** One mapping shows both rings; time-outs may be given to io_uring_enter(2). */
export const FEAT_SINGLE_MMAP = 1 << 0, FEAT_EXT_ARG = 1 << 8;

/** io_uring_enter(2): wait for completions; wake the kernel's thread, wait until it makes room. */
export const ENTER_GETEVENTS = 1 << 0, ENTER_SQ_WAKEUP = 1 << 1, ENTER_SQ_WAIT = 1 << 2;

/** io_uring_enter(2): an argument with a time-out. */
export const ENTER_EXT_ARG = 1 << 3;

/** The flags of the submission ring: the kernel's thread sleeps; completions found no room. */
export const SQ_NEED_WAKEUP = 1 << 0, SQ_CQ_OVERFLOW = 1 << 1;

/** io_uring_register(2): a ring of buffers. */
export const REGISTER_PBUF_RING = 22;

/** Which part of the ring an mmap(2) of its descriptor shows. */
export const OFFSET_RINGS = 0n, OFFSET_ENTRIES = 0x10000000n;

/** struct io_uring_params: its size, and where its fields are, octets. */
export const PARAMS_BYTES = 120, PARAMS_SQ_ENTRIES = 0, PARAMS_CQ_ENTRIES = 4, PARAMS_FLAGS = 8;
export const PARAMS_SQ_IDLE = 16, PARAMS_FEATURES = 20, PARAMS_SQ_OFF = 40, PARAMS_CQ_OFF = 80;

/** struct io_sqring_offsets and io_cqring_offsets: where their fields are, octets. */
export const SQ_OFF_HEAD = 0, SQ_OFF_TAIL = 4, SQ_OFF_FLAGS = 16, SQ_OFF_ARRAY = 24;
export const CQ_OFF_HEAD = 0, CQ_OFF_TAIL = 4, CQ_OFF_CQES = 20;

/** struct io_uring_sqe: its size, and where its fields are in units of 32 bits. */
export const SQE_BYTES = 64, SQE_WORDS = 16;
export const SQE_FD = 1, SQE_OFF = 2, SQE_ADDR = 4, SQE_LEN = 6, SQE_OP_FLAGS = 7;
export const SQE_USER_DATA = 8, SQE_BUF_GROUP = 10;

/** In the first 32 bits of an entry: the operation, and from these bits on its two kinds of flags. */
export const SQE_FLAGS_SHIFT = 8, SQE_IOPRIO_SHIFT = 16;

/** struct io_uring_cqe: its size, and where its fields are in units of 32 bits. */
export const CQE_BYTES = 16, CQE_WORDS = 4, CQE_RES = 2, CQE_FLAGS = 3;

/** struct io_uring_buf: its size; where len, bid and, of the first one, the ring's tail are. */
export const BUF_BYTES = 16, BUF_LEN = 8, BUF_BID = 12, BUF_TAIL = 14;

/** struct io_uring_buf_reg: its size; where ring_entries and bgid are. */
export const BUF_REG_BYTES = 40, BUF_REG_ENTRIES = 8, BUF_REG_GROUP = 12;

/** struct io_uring_getevents_arg: its size, and where its pointer to a time-out is. */
export const EVENTS_ARG_BYTES = 24, EVENTS_ARG_TIMEOUT = 16;

/** Operations (io_uring_enter(2)). */
export const OP_NOP = 0, OP_POLL_ADD = 6, OP_ACCEPT = 13, OP_ASYNC_CANCEL = 14;
export const OP_CLOSE = 19, OP_READ = 22, OP_SEND = 26, OP_RECV = 27;

/** Flags of an entry: the next one begins when this one is done; a buffer of a ring is picked. */
export const IOSQE_IO_LINK = 1 << 2, IOSQE_BUFFER_SELECT = 1 << 5;

/** Flags of an entry: no completion unless it fails. */
export const IOSQE_CQE_SKIP_SUCCESS = 1 << 6;

/** Told again and again: a flag of accept and recv in ioprio, of poll in len. */
export const ACCEPT_MULTISHOT = 1 << 0, RECV_MULTISHOT = 1 << 1, POLL_ADD_MULTI = 1 << 0;

/** Of recv and send, in ioprio: wait first, since nothing is there yet. */
export const RECVSEND_POLL_FIRST = 1 << 0;

/** Of a completion: a buffer was picked, its number stands above; more completions will follow. */
export const CQE_F_BUFFER = 1 << 0, CQE_F_MORE = 1 << 1, CQE_BUFFER_SHIFT = 16;
