/**
 * What every model keeps the same, so that a comparison of two is one of their waiting only.
 *
 * @module
 */

/** One read from a control connection: some hundred pipelined commands. */
export const CONTROL_BYTES = 16_384;

/** One read or write of bulk data; larger ones no longer raise the throughput on loopback. */
export const BULK_BYTES = 262_144;

/**
 * One move from a file by the kernel while few descriptors of a loop are ready: as much as a socket
 * can hold (the last number of tcp_wmem, tcp(7)). After each move the loop's own code is cold, and
 * each wait may put the thread to sleep: a quarter of it costs half as much again. It takes about a
 * millisecond, as a round of sixteen transfers does with BULK_BYTES each.
 */
export const MOVE_BYTES_MAX = 4_194_304;

/**
 * The most descriptors with work in a round that still count as few: with four transfers, larger
 * moves gained nothing.
 */
export const READY_FEW_MAX = 2;

/** Connections that the kernel keeps until they are accepted: Linux's somaxconn (listen(2)). */
export const BACKLOG = 4096;

/** The same for one passive data socket: one client, strangers are turned away by a filter. */
export const PASSIVE_BACKLOG = 8;

/** Turns that accept within so short a time are a burst, milliseconds. */
export const ACCEPT_BURST_MS = 1;

/** Connections accepted in one turn of a loop: a burst takes few rounds, and others get theirs. */
export const ACCEPTS_PER_TURN_MAX = 64;

/** Pause after accept(2) failed for want of descriptors or memory, milliseconds. */
export const ACCEPT_PAUSE_MS = 100;

/**
 * Ports for passive data connections: above the range from which Linux draws ephemeral ports
 * (32768 to 60999), so that the two never crowd each other.
 */
export const PASSIVE_PORTS_DEFAULT: readonly [number, number] = [61_000, 65_535];

/** Ports tried for one PASV or EPSV before it is refused; each try costs a bind(2). */
export const PASSIVE_TRIES_MAX = 256;

/** Listening data sockets that a worker keeps for the next transfer. */
export const PASSIVE_IDLE_MAX = 128;

/** With fewer idle ones than this a new port is drawn, else one of them is: nobody foresees it. */
export const PASSIVE_DRAWN_FROM = 32;

/**
 * Loans after which a port is given up for another: its calls, and the filter that the kernel
 * compiles for it, take as long as ten small transfers.
 */
export const PASSIVE_USES_MAX = 1_024;

/**
 * What one turn of a connection may cost before others have theirs, in replies; a call counts for
 * two, a block of a file or of a listing, or the search for a free name, for all.
 */
export const TURN_WORK_MAX = 64;

/**
 * The buffer that replies are put together in; what does not fit is sent before it, so no reply is
 * bounded by it.
 */
export const REPLIES_BYTES_MAX = 16_384;

/** How long a peer may leave replies untaken before it is given up, milliseconds. */
export const REPLIES_STALL_MS = 60_000;

/** The longest that the answer to a failed login waits, milliseconds. */
export const LOGIN_DELAY_MS_MAX = 10_000;

/** Steps of a transfer in one turn: a block moved by the kernel, or read and sent, is two. */
export const STEPS_PER_TURN_MAX = 2;

/** The same when it starts: small files need no readiness at all. */
export const STEPS_AT_ONCE_MAX = 5;

/**
 * The longest that a blocked thread waits in one call on a data connection, milliseconds: between
 * two it looks for ABOR, the deadline and the server's stop.
 */
export const TICK_MS = 200;

/**
 * How long a client of a thread of its own may say nothing at first before it gives way to others
 * that wait, milliseconds: a greeting and its answer take up to 700 by satellite.
 */
export const SILENT_GRACE_MS = 1_000;

/** How long a closed connection may take to accept its last reply, milliseconds. */
export const LAST_REPLY_MS = 5_000;

/** Reads of unread input before a connection is closed, lest the last reply be lost to a reset. */
export const UNREAD_READS_MAX = 16;

/** Descriptors that a new thread of the runtime takes for itself, and some to serve with. */
export const THREAD_DESCRIPTORS = 16;
