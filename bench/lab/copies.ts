/**
 * To send a file, a program reads it into a buffer and writes the buffer to a socket. The octets
 * come from the device into the kernel's page cache, are copied from there into the program by
 * read(2), and are copied back into the kernel by send(2): twice through user space, for a program
 * that does not even look at them. The page cache keeps them for whoever reads the file next.
 *
 * sendfile(2) leaves the program out: the kernel hands pages of its cache to the socket, and nothing
 * passes through user space. O_DIRECT leaves the cache out: the device writes into the program's
 * buffer, which has to begin at a block's border; nothing is kept, and the next reader waits for the
 * device again. A buffer that is too small pays for a call of the kernel every few octets.
 *
 * A file goes to a socket over loopback in each of these ways. The kernel itself tells what passes
 * through the program: before each call the pages of the buffer are given back, so a call that copies
 * to it or from it finds them missing, and the kernel counts a page fault for each. (rchar and wchar
 * of /proc/self/io would not do: sendfile counts there as well, send does not.) A kernel that moved
 * pages instead of copying them would show less than two octets for each one, and refute the claim.
 *
 * @module
 */

import { O_DIRECT, SOCK_NONBLOCK } from "../../models/libc/constants.ts";
import { Libc, unavailableReason } from "../../models/libc/mod.ts";
import type { Lesson, Measured, Verdict } from "./lesson.ts";
import { estimate, inBlocks, ratio, shown } from "./stage/compare.ts";
import { cachedShare, writePastTheCache } from "./stage/cached_file.ts";
import { bufferedShare } from "./stage/ftp.ts";
import { type Journey, Mover, SMALL_BYTES, type Way, WAYS } from "./stage/mover.ts";
import { Sockets } from "./stage/sockets.ts";

/** The textbook's way, and the one past the cache. */
const THROUGH: Way = "read and send", PAST: Way = "O_DIRECT read and send";

/** A file system in memory (tmpfs) refuses O_DIRECT, or takes it and changes nothing. */
const NOTHING_PAST: Measured = { name: "O_DIRECT", value: "here files are kept in memory anyway" };

const MIB = 1 << 20;

/** The runtime touches a page now and then, too; and more pages may come at once. */
const TWO_MIN = 1.8, TWO_MAX = 2.3, NONE_MAX = 0.2;

/** Parts of the file in the cache: the kernel may take a few pages back at any time, not most. */
const KEPT_MIN = 0.9, KEPT_FEW = 0.5;

/** See Lesson. */
export const lesson: Lesson = {
  name: "copies",
  title: "buffered, direct and zero-copy I/O",
  claim: "Buffered I/O copies every octet through the kernel's cache and through user space",
  plan: "Move a file to a socket by read and send, with a large and with a small buffer, by " +
    "O_DIRECT and by sendfile; let the kernel count the pages of the program that it needs, ask " +
    "what is cached, and compare processor time",
  rule:
    `confirmed when read and send touch ${TWO_MIN} to ${TWO_MAX} octets of the program's pages ` +
    `for each one of the file, sendfile at most ${NONE_MAX}, and read leaves ${100 * KEPT_MIN} % ` +
    "of the file or more in the cache; refuted when read and send touch fewer, sendfile more, or " +
    `less than ${100 * KEPT_FEW} % is left; else inconclusive, as where the kernel does not tell ` +
    "what is cached (before Linux 6.5); the processor time is shown and decides nothing",
  refutedIf:
    "read and send touch fewer than two octets of the program's pages for each one, as by a " +
    "kernel that moves pages, or sendfile touches them, as where it copies through the program, " +
    "or the file is not in the cache then, as after reads past it (O_DIRECT)",
  code: [
    "bench/lab/stage/mover.ts: the ways",
    "models/kernel/data_connection.ts: sendfile in the models that call the kernel",
    "models/runtime/data_connection.ts: the runtime's sockets take octets from user space only",
  ],
  unavailable: unavailableReason,
  async run({ size, say, signal }) {
    const [bytes, blocks] = size === "full" ? [64 * MIB, 11] : [MIB, 1];
    const folder = await Deno.makeTempDir({ prefix: "ftplab-lab-" });
    using sockets = new Sockets(new Libc());
    try {
      const path = `${folder}/file`;
      const direct = writePastTheCache(sockets, path, bytes);
      const ways = (Object.keys(WAYS) as Way[]).filter((way) =>
        direct || (WAYS[way].flags & O_DIRECT) === 0
      );
      const [far, near] = sockets.pair(SOCK_NONBLOCK);
      const mover = new Mover(sockets.libc, near, far);
      const journeys = new Map<Way, Journey>(), touching = new Map<Way, number>();
      const move = (way: Way, missing = false) => {
        const file = sockets.own(sockets.libc.open(path, WAYS[way].flags, 0));
        const journey = mover.move(file, bytes, WAYS[way].bytes, missing);
        sockets.close(file);
        if (journey.arrived !== bytes) throw new Error(`${journey.arrived} octets arrived`);
        if (missing) touching.set(way, journey.touched / bytes);
        else journeys.set(way, journey);
        return journey.cpuUs / 1e3 / (bytes / 1e9);
      };

      say(`a file of ${bytes / MIB} MiB, ${ways.length} ways, ${blocks} blocks`);
      // What is kept of the file after a way that goes past the cache, and after one that does not.
      const keptPast = direct ? (move(PAST), cachedShare(sockets, path, bytes)) : undefined;
      move(THROUGH);
      const kept = cachedShare(sockets, path, bytes);
      const costs = await inBlocks(ways, blocks, signal, (way) => move(way));
      for (const way of ways) if (WAYS[way].bytes !== SMALL_BYTES) move(way, true);
      const served: Measured[] = [];
      for (const model of ["multiplex", "async"]) {
        const value = await bufferedShare(model, bytes, signal);
        served.push({ name: `through a buffer per octet of a download, ${model}`, value });
      }
      const zeroCopy = shown(ratio(costs.get("sendfile")!, costs.get(THROUGH)!));
      const per = (way: Way) => touching.get(way)!;
      const figures = (way: Way): Measured[] => [
        ...(touching.has(way)
          ? [{ name: `touched in user space per octet, ${way}`, value: per(way) }]
          : []),
        { name: `calls per MiB, ${way}`, value: journeys.get(way)!.calls / (bytes / MIB) },
        {
          name: `CPU per GB, ${way}`,
          value: shown(estimate(costs.get(way)!.values())),
          unit: "ms",
        },
      ];
      return {
        measured: [
          ...ways.flatMap(figures),
          { name: "sendfile over read and send, CPU", value: zeroCopy },
          { name: `of the file cached after ${PAST}`, ...inPercent(keptPast) },
          { name: `of the file cached after ${THROUGH}`, ...inPercent(kept) },
          ...(!direct || (keptPast ?? 0) > 0 ? [NOTHING_PAST] : []),
          ...served,
        ],
        verdict: verdictOf({ through: per(THROUGH), sendfile: per("sendfile"), kept }),
        reason: `${per(THROUGH).toFixed(2)} octets of user space touched per octet by read and ` +
          `send, ${
            per("sendfile").toFixed(2)
          } by sendfile, which took ${zeroCopy} times the processor time; of the file cached ` +
          `after read: ${kept === undefined ? "not known" : `${(100 * kept).toFixed(0)} %`}`,
      };
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
};

/** The rule: octets touched for each one, and the part of the file that is cached, if known. */
export function verdictOf({ through, sendfile, kept }: {
  readonly through: number;
  readonly sendfile: number;
  readonly kept: number | undefined;
}): Verdict {
  const lost = kept !== undefined && kept < KEPT_FEW;
  if (through < TWO_MIN || sendfile > NONE_MAX || lost) return "refuted";
  const holds = through <= TWO_MAX && kept !== undefined && kept >= KEPT_MIN;
  return holds ? "confirmed" : "inconclusive";
}

function inPercent(share: number | undefined): Pick<Measured, "value" | "unit"> {
  return share === undefined ? { value: "not known" } : { value: 100 * share, unit: "%" };
}
