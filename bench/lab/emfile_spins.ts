/**
 * A process may have so many descriptors and no more (RLIMIT_NOFILE). When they are used up, accept(2)
 * says EMFILE, and the connection stays in the backlog: the listener is as readable as before. By
 * level the next wait says so at once, and the next. The loop turns without end, serves nobody new,
 * and uses a whole processor until some client leaves. A server has to stop watching its listener
 * until a descriptor is free, or for a while.
 *
 * The experiment is made in a process of its own with a low limit. The claim would be refuted if the
 * kernel told once only of what cannot be accepted, or dropped the connection.
 *
 * @module
 */

import { unavailableReason } from "../../models/libc/mod.ts";
import { type Lesson, LessonError, type Verdict } from "./lesson.ts";
import type { Starved } from "./stage/emfile_child.ts";

/** Enough for the runtime itself and for some more. */
const DESCRIPTORS = 128;

const CHILD = new URL("./stage/emfile_child.ts", import.meta.url);

/** See Lesson. */
export const lesson: Lesson = {
  name: "emfile-spins",
  title: "out of descriptors, a level-triggered listener wakes without end",
  claim:
    "At the limit of descriptors a level-triggered loop spins over its listener; pausing the " +
    "listener stops that",
  plan: `Start a process that may have ${DESCRIPTORS} descriptors, use them up while a client ` +
    "waits, and count waits that tell of the client and accepts that say EMFILE; stop watching " +
    "the listener and count again; free a descriptor, watch again, accept.",
  rule: "confirmed when every wait tells of the client and every accept says EMFILE, no wait " +
    "tells while the listener is not watched, and the client is accepted in the end",
  refutedIf:
    "a wait after the first tells nothing, as by edge, or accept(2) succeeds or drops the " +
    "client for want of a descriptor",
  code: [
    "models/kernel/loop_server.ts: nobody(), what becomes of a listener when accept says EMFILE",
    "bench/lab/stage/emfile_child.ts: the process",
  ],
  unavailable: unavailableReason,
  async run({ size, say, signal }) {
    const waits = size === "full" ? 10_000 : 100;
    signal.throwIfAborted();
    say(`a process with ${DESCRIPTORS} descriptors, ${waits.toLocaleString("en-US")} waits`);
    const starved = await starve(waits, signal);
    const { opened, told, refused, toldPaused, accepted } = starved;
    return {
      measured: [
        { name: "descriptors opened until there were none", value: opened },
        { name: "waits", value: waits },
        { name: "of them told of the client", value: told },
        { name: "accepts that said EMFILE", value: refused },
        { name: "waits that told while the listener was paused", value: toldPaused },
        { name: "clients accepted when a descriptor was free", value: accepted },
      ],
      verdict: verdictOf(starved),
      reason: `${told} of ${waits} waits told of a client that could not be accepted, ` +
        `${toldPaused} while the listener was paused`,
    };
  },
};

/** The rule. */
export function verdictOf(
  { waits, told, refused, toldPaused, accepted }: Omit<Starved, "opened">,
): Verdict {
  const spins = told === waits && refused === waits;
  return spins && toldPaused === 0 && accepted === 1 ? "confirmed" : "refuted";
}

/** The child's counts; the shell sets its limit, which holds for that process alone. */
async function starve(waits: number, signal: AbortSignal): Promise<Starved> {
  const words = [Deno.execPath(), "run", "--no-prompt", "--allow-all", CHILD.href, `${waits}`];
  const { success, stdout, stderr } = await new Deno.Command("sh", {
    args: ["-c", `ulimit -n ${DESCRIPTORS} && exec "$@"`, "sh", ...words],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    signal,
  }).output();
  signal.throwIfAborted();
  const text = (octets: Uint8Array) => new TextDecoder().decode(octets).trim();
  if (!success) throw new LessonError(`The process failed: ${text(stderr).split("\n")[0]}`);
  return JSON.parse(text(stdout));
}
