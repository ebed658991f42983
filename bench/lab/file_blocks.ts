/**
 * "Non-blocking" is a promise about sockets and pipes. On a regular file O_NONBLOCK has no effect
 * (open(2)): poll(2) calls it ready, read(2) is made, and if the octets are not in the kernel's memory
 * the thread sleeps until the device has brought them. A readiness loop that reads files therefore
 * waits for disks, and its other clients with it. Only what is begun and reported later, asynchronous
 * I/O such as io_uring(7) or a thread that does the waiting, never blocks the loop.
 *
 * Whether a read had to wait is asked of the kernel twice: preadv2(2) with RWF_NOWAIT says EAGAIN
 * in place of waiting, and a thread that sleeps is counted as a voluntary switch. The same read is
 * then handed to a ring by a call of this thread, in which it would sleep if the ring had it wait;
 * that the file is forgotten again, the kernel tells first (cachestat(2)).
 * The claim would be refuted by a read(2) that says EAGAIN, or by a ring in which the thread sleeps
 * as often.
 *
 * @module
 */

import { EAGAIN, O_CREAT, O_NONBLOCK, O_RDWR } from "../../models/libc/constants.ts";
import { LessonCalls } from "../../models/libc/lesson_calls.ts";
import { errorText, unavailableReason } from "../../models/libc/mod.ts";
import { Probe } from "../../models/libc/probe.ts";
import { uringUnavailable } from "../../models/libc/uring_setup.ts";
import { READ, ReadyList } from "../../models/selector/mod.ts";
import { PollSelector } from "../../models/selector/poll.ts";
import { type Lesson, LessonError, type Verdict } from "./lesson.ts";
import { pause } from "./stage/pause.ts";
import { RingReader } from "./stage/ring_read.ts";
import { Sockets } from "./stage/sockets.ts";

/** Octets of the file, all read at once. */
const BYTES = 1 << 20;

/** Of so many forgotten files at least, by read(2) as by the ring, something is concluded. */
const FORGOTTEN_MIN = 10;

/** Parts of the reads that had to wait: in these the thread slept, in these hardly ever. */
const MOST = 0.75, FEW = 0.25;

/** See Lesson. */
export const lesson: Lesson = {
  name: "file-blocks",
  title: "a read of a file blocks, non-blocking or not",
  claim: "Only asynchronous I/O never blocks: a non-blocking descriptor of a file that is not in " +
    "memory does",
  plan:
    "Write a file, have the kernel forget it, and open it with O_NONBLOCK. Ask poll whether it " +
    "is ready, preadv2 with RWF_NOWAIT whether a read would wait, then read, and count how often " +
    "the thread slept in it. The same when the file is in memory, and through io_uring.",
  rule:
    "confirmed when poll calls the forgotten file ready, RWF_NOWAIT says EAGAIN, and read brings " +
    `octets all the same, having slept ${100 * MOST} % of the times or more, and less than half ` +
    "as often through the ring; refuted when poll or a read says otherwise, the thread slept " +
    `${100 * FEW} % of the times or fewer, or as often through the ring; inconclusive between, ` +
    `and when the kernel forgot the file fewer than ${FORGOTTEN_MIN} times for either, as one in ` +
    "memory (tmpfs)",
  refutedIf:
    "poll calls a forgotten file not ready, or a read(2) of it says EAGAIN, or brings the octets " +
    "while the thread hardly ever slept, as from a device as fast as memory, or the thread " +
    "sleeps as often in the calls of the ring",
  code: [
    "models/files/slow_disk.ts: slowStore, the disk that keeps a loop waiting",
    "models/async.ts: files are read synchronously: from memory that is quicker than by a thread",
  ],
  unavailable: () => unavailableReason() ?? uringUnavailable(),
  async run({ size, say, signal }) {
    const rounds = size === "full" ? 20 : 3;
    using sockets = new Sockets();
    const { libc } = sockets;
    const [more, probe] = [new LessonCalls(), new Probe()];
    const path = await Deno.makeTempFile({ prefix: "ftplab-lab-" });
    try {
      const fd = sockets.own(libc.open(path, O_RDWR | O_CREAT | O_NONBLOCK, 0o600));
      const buffer = new Uint8Array(BYTES);
      if (libc.write(fd, buffer) !== BYTES) throw new LessonError("Cannot write a file");
      const selector = new PollSelector(libc);
      selector.set(fd, READ);
      const ready = new ReadyList();
      const counts = { ready: 0, wouldWait: 0, brought: 0, slept: 0, eagain: 0 };
      const kept = { wouldWait: 0, slept: 0 };
      using ring = new RingReader();
      const ringed = { forgotten: 0, slept: 0, worked: 0 };
      const read = () => {
        libc.seek(fd, 0);
        const before = probe.switches().voluntary;
        const count = libc.read(fd, buffer);
        const slept = probe.switches().voluntary > before ? 1 : 0;
        if (count < 0 && count !== -EAGAIN) throw new LessonError(errorText(-count));
        return { count, slept };
      };
      const wouldWait = () => more.readWithoutWaiting(fd, buffer.subarray(0, 1)) === -EAGAIN;
      const forgotten = () => {
        const pages = probe.cachedPages(fd);
        return pages === undefined ? wouldWait() : pages === 0;
      };
      for (let round = 0; round < rounds; round++) {
        await pause(0, signal);
        more.forgetFile(fd);
        selector.wait(0, ready);
        counts.ready += ready.count;
        // What is forgotten and what is told of it, only where the kernel did forget.
        if (!wouldWait()) continue;
        counts.wouldWait++;
        const cold = read();
        if (cold.count > 0) counts.brought++;
        if (cold.count === -EAGAIN) counts.eagain++;
        counts.slept += cold.slept;
        if (wouldWait()) kept.wouldWait++;
        kept.slept += read().slept;
        more.forgetFile(fd);
        if (!forgotten()) continue;
        ringed.forgotten++;
        libc.seek(fd, 0);
        const { slept, worked } = ring.read(fd, buffer);
        ringed.slept += slept;
        ringed.worked += worked;
      }
      say(`forgotten ${counts.wouldWait} of ${rounds} times; slept in ${counts.slept} reads`);
      return {
        measured: [
          { name: "rounds", value: rounds },
          { name: "poll calls the forgotten file ready", value: counts.ready },
          { name: "a read would wait (RWF_NOWAIT says EAGAIN)", value: counts.wouldWait },
          { name: "read says EAGAIN", value: counts.eagain },
          { name: "read brings octets", value: counts.brought },
          { name: "reads in which the thread slept", value: counts.slept },
          { name: "the same in memory: a read would wait", value: kept.wouldWait },
          { name: "the same in memory: the thread slept", value: kept.slept },
          { name: "forgotten again, and read through io_uring", value: ringed.forgotten },
          { name: "reads through io_uring in which the thread slept", value: ringed.slept },
          { name: "own work meanwhile", value: ringed.worked, unit: "times" },
        ],
        verdict: verdictOf({ rounds, ...counts, ringed }),
        reason: counts.wouldWait > 0
          ? `of ${counts.wouldWait} reads that had to wait ${counts.slept} slept, ` +
            `${counts.eagain} said EAGAIN; of ${ringed.forgotten} through io_uring it slept in ` +
            `${ringed.slept}`
          : "the kernel forgot nothing of the file",
      };
    } finally {
      await Deno.remove(path);
    }
  },
};

/** The rule, of counts in so many rounds; `ringed`: reads by the ring, and those that slept. */
export function verdictOf({ rounds, ready, wouldWait, brought, slept, ringed }: {
  readonly rounds: number;
  readonly ready: number;
  readonly wouldWait: number;
  readonly brought: number;
  readonly slept: number;
  readonly ringed: { readonly forgotten: number; readonly slept: number };
}): Verdict {
  if (Math.min(wouldWait, ringed.forgotten) < FORGOTTEN_MIN) return "inconclusive";
  const [asleep, asleepByRing] = [slept / wouldWait, ringed.slept / ringed.forgotten];
  const blocks = ready === rounds && brought === wouldWait && asleep > FEW;
  if (!blocks || asleepByRing >= asleep) return "refuted";
  return asleep >= MOST && asleepByRing < asleep / 2 ? "confirmed" : "inconclusive";
}
