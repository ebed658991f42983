/**
 * A descriptor is a number, and the number is a place in a table that the kernel keeps for each
 * process: 0, 1 and 2 are there from the start, what is opened takes the lowest place that is
 * free. Redirection in a shell rests on it, and so does select(2), whose sets are bits by number.
 * The number says nothing of what it stands for, and is used again at once: closing a descriptor
 * twice closes somebody else's.
 *
 * @module
 */

import { O_RDONLY } from "../../models/libc/constants.ts";
import { unavailableReason } from "../../models/libc/mod.ts";
import type { Finding, Lesson, Stage, Verdict } from "./lesson.ts";
import { Sockets } from "./stage/sockets.ts";
import { procUnavailable } from "./stage/thread.ts";

/** Places of the table that are shown. */
const SHOWN_MAX = 12;

/** Tries until nothing else in this process opened or closed anything meanwhile. */
const TRIES_MAX = 5;

/** What is opened, in this order. */
const STEPS = [
  "opened a first",
  "a second",
  "a third",
  "closed the second, opened",
  "closed the first and the third, opened",
  "opened once more",
];

/** The descriptor table and its free places. */
export const lesson: Lesson = {
  name: "lowest-descriptor",
  title: "a descriptor is a small number, and the lowest free one is taken",
  claim:
    "A descriptor is a small number in a table; the lowest free one is taken: close 5, open, " +
    "and it is 5 again.",
  plan: "Show this process's table. Open /dev/null three times; close the middle one and open it " +
    "again; close the first and the last, and open twice. Compare each number with the lowest " +
    "that the table says is free.",
  rule: "confirmed when each of the six numbers is the lowest one free; inconclusive when " +
    "something else in the process opened or closed a descriptor at every try",
  refutedIf:
    "a new descriptor gets a number above one that was closed, as by a kernel that deals them " +
    "in turn",
  code: [
    "models/readiness/loop.ts: #watches, an array by descriptor: numbers are small, so it is short",
    "models/selector/select.ts: set(), a bit by descriptor",
  ],
  unavailable: () => unavailableReason() ?? procUnavailable(),
  run,
};

/** The rule: numbers that were given, what was free, and whether nobody else took one. */
export function verdictOf({ numbers, lowest, alone }: {
  readonly numbers: readonly number[];
  readonly lowest: readonly number[];
  readonly alone: boolean;
}): Verdict {
  if (numbers.every((fd, index) => fd === lowest[index])) return "confirmed";
  return alone ? "refuted" : "inconclusive";
}

function run({ say }: Stage): Promise<Finding> {
  const before = table();
  for (const [fd, target] of [...before].slice(0, SHOWN_MAX)) say(`${fd} -> ${target}`);
  if (before.size > SHOWN_MAX) say(`and ${before.size - SHOWN_MAX} more`);
  let attempt = openAndClose();
  for (let tries = 1; !attempt.alone && tries < TRIES_MAX; tries++) attempt = openAndClose();
  const { numbers, lowest } = attempt;
  return Promise.resolve({
    measured: STEPS.map((name, index) => ({
      name,
      value: `${numbers[index]}, lowest free: ${lowest[index]}`,
    })),
    verdict: verdictOf(attempt),
    reason: `opened ${numbers.slice(0, 3).join(", ")}; closed ${numbers[1]}, opened ` +
      `${numbers[3]}; closed ${numbers[0]} and ${numbers[2]}, opened ${numbers[4]} and ${
        numbers[5]
      }`,
  });
}

/** Open descriptors and what they stand for, by number. */
function table(): Map<number, string> {
  const entries: [number, string][] = [];
  for (const { name } of Deno.readDirSync("/proc/self/fd")) {
    try {
      entries.push([Number(name), Deno.readLinkSync(`/proc/self/fd/${name}`)]);
    } catch {
      // The descriptor of this reading itself, which is closed by now.
    }
  }
  return new Map(entries.sort(([one], [other]) => one - other));
}

function lowestFree(): number {
  const taken = table();
  let fd = 0;
  while (taken.has(fd)) fd++;
  return fd;
}

/** The experiment; `alone`: nothing else changed the table meanwhile. */
function openAndClose() {
  using sockets = new Sockets();
  const before = [...table().keys()];
  const lowest: number[] = [];
  const open = (): number => {
    lowest.push(lowestFree());
    return sockets.own(sockets.libc.open("/dev/null", O_RDONLY, 0));
  };
  const [first, second, third] = [open(), open(), open()];
  sockets.close(second);
  const fourth = open();
  sockets.close(first);
  sockets.close(third);
  const numbers = [first, second, third, fourth, open(), open()];
  const others = [...table().keys()].filter((fd) => !numbers.includes(fd));
  return { numbers, lowest, alone: `${others}` === `${before}` };
}
