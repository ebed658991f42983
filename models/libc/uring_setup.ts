/**
 * Whether there is an io_uring(7) to be had, and the call that makes one. uring.ts makes its ring
 * by it; models/uring.ts asks before a server is started.
 *
 * @module
 */

import * as c from "./constants.ts";
import { errorText } from "./errors.ts";
import { errnoOf, type Library, symbols } from "./library.ts";
import { Libc } from "./mod.ts";
import * as abi from "./uring_abi.ts";

/** The system's switch: 1 forbids rings to ordinary users, 2 to all. */
const SWITCH = "/proc/sys/kernel/io_uring_disabled", SWITCH_BYTES = 16;

/** How a ring is made. */
export interface RingPlan {
  /** Submissions that one `enter` can hand over: a power of two. */
  readonly entries: number;
  /** Completions that there is room for; more wait in the kernel. A power of two. */
  readonly completions?: number;
  /** A thread of the kernel looks for submissions, and sleeps after so many milliseconds. */
  readonly pollingIdleMs?: number;
}

/** The descriptor of a new ring, or -errno; `params` then tells its layout. */
export function setUp(library: Library, plan: RingPlan, params: DataView<ArrayBuffer>): number {
  const { entries, completions, pollingIdleMs } = plan;
  // Whoever lets the kernel's thread submit cannot also say when completions come.
  const way = pollingIdleMs === undefined ? abi.SETUP_DEFER_TASKRUN : abi.SETUP_SQPOLL;
  const room = completions === undefined ? 0 : abi.SETUP_CQSIZE;
  const flags = abi.SETUP_SINGLE_ISSUER | abi.SETUP_SUBMIT_ALL | way | room;
  params.setUint32(abi.PARAMS_FLAGS, flags, true);
  params.setUint32(abi.PARAMS_CQ_ENTRIES, completions ?? 0, true);
  params.setUint32(abi.PARAMS_SQ_IDLE, pollingIdleMs ?? 0, true);
  const octets = new Uint8Array(params.buffer);
  const errno = errnoOf(library);
  const fd = library.io_uring_setup(abi.SYS_IO_URING_SETUP, entries, octets);
  return fd < 0 ? -errno[0]! : fd;
}

/** A ring that cannot be made: one sentence why, without a capital. */
export class RingError extends Error {
  /** For whoever looks at the name of an error. */
  override name = "RingError";

  /** @param call what the kernel refused, by `errno`, a positive number */
  constructor(call: string, errno: number) {
    super(reasonOf(call, errno));
  }
}

/**
 * Why no ring of `plan` is to be had here, in one sentence, or undefined when one is. Since Linux
 * 6.14, and before 5.12, its memory counts as locked, so a large one may be refused where a small
 * one is not.
 */
export function uringUnavailable(plan: RingPlan = { entries: 1 }): string | undefined {
  const params = new DataView(new ArrayBuffer(abi.PARAMS_BYTES));
  const fd = setUp(symbols(), plan, params);
  if (fd < 0) return reasonOf("io_uring_setup(2)", -fd);
  symbols().close(fd);
  return undefined;
}

function reasonOf(call: string, errno: number): string {
  switch (errno) {
    case c.ENOSYS:
      return "the kernel has no io_uring, or a seccomp filter hides it";
    case c.EINVAL:
      return "the kernel's io_uring is older than Linux 6.1";
    case c.EPERM:
      return `${refusal()} forbids io_uring`;
    case c.ENOMEM:
      return "the limit on locked memory (ulimit -l) has no room for a ring";
    default:
      return `${call} fails: ${errorText(errno)}`;
  }
}

/** Who said EPERM: the switch, or else a filter. The runtime reads it with --allow-all only. */
function refusal(): string {
  const libc = new Libc();
  const fd = libc.open(SWITCH, c.O_RDONLY, 0);
  if (fd === -c.ENOENT) return "a seccomp filter"; // an older kernel has no such switch
  const octets = new Uint8Array(SWITCH_BYTES);
  const count = fd < 0 ? fd : libc.read(fd, octets);
  if (fd >= 0) libc.close(fd);
  if (count <= 0) return "the system";
  const value = new TextDecoder().decode(octets.subarray(0, count)).trim();
  return value === "0" ? "a seccomp filter" : `the sysctl kernel.io_uring_disabled = ${value}`;
}
