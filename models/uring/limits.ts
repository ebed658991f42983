/**
 * What bounds the ring of one worker, and the memory that the kernel works with meanwhile.
 *
 * @module
 */

/** Submissions that a ring takes before it is handed over in the middle of a round. */
export const RING_ENTRIES = 256;

/** Completions that a ring has room for; what is beyond waits in the kernel (IORING_FEAT_NODROP). */
export const RING_COMPLETIONS = 4_096;

/** Buffers of a worker for what its clients say in one round. */
export const INPUT_BUFFERS = 256;

/** The size of each of them: some commands, or a part of many. */
export const INPUT_BUFFER_BYTES = 4_096;

/** Files of so many octets at most go through memory of the ring; more the kernel moves by itself. */
export const DATA_PIECE_BYTES = 65_536;

/** Transfers of a worker that have such memory; others go by calls. */
export const DATA_PIECES_MAX = 256;

/** Pause of a ring that the kernel has no memory for, milliseconds. */
export const BUSY_PAUSE_MS = 1;
