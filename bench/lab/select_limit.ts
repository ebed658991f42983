/**
 * select(2) takes a set of descriptors as an array of bits. The C library fixed its length at
 * FD_SETSIZE, 1024: with its fd_set one descriptor of 1024 is too many, however few are watched, and
 * a program that sets its bit all the same writes past the end of the array. So a server that uses
 * fd_set must refuse such a client. But that is a constant of a header, and no limit of the kernel's,
 * which takes an array of whatever length it is told.
 *
 * poll(2) is handed numbers, not bits, and has a limit of another kind: no more entries than the
 * process may have descriptors (RLIMIT_NOFILE), whatever is in them; beyond that it says EINVAL.
 *
 * The claim would be confirmed by a kernel that cuts sets off at 1,024 bits.
 *
 * @module
 */

import { EINVAL, FD_SETSIZE } from "../../models/libc/constants.ts";
import { errorText, unavailableReason } from "../../models/libc/mod.ts";
import { READ, ReadyList } from "../../models/selector/mod.ts";
import { SelectSelector } from "../../models/selector/select.ts";
import type { Finding, Lesson, Stage, Verdict } from "./lesson.ts";
import { openFilesToTry, openUpTo, pollEntries } from "./stage/many_descriptors.ts";
import { KINDS, selectorOf } from "./stage/selectors.ts";
import { serve } from "./stage/serving.ts";
import { Sockets } from "./stage/sockets.ts";

/** The highest descriptor that is tried, and sets long enough for it. */
const LAST = 1_500, LONG_BITS = 4_096;

/** Clients of each server: their two ends together must pass the limit. */
const CLIENTS = 8;

/** Where select ends. */
export const lesson: Lesson = {
  name: "select-limit",
  title: "select, descriptor 1024 and up, and where poll ends",
  claim: "select(2) can watch no descriptor of 1024 or more; poll and epoll know no limit.",
  plan: `Open event descriptors up to number ${LAST}, make each readable, and give it to each ` +
    "selector, to select also with longer sets than the C library's: of which is it told? Then " +
    "the next clients of two servers over select are beyond the limit of the one and not of the " +
    "other. Last, hand poll as many entries as there may be descriptors, and one more.",
  rule: "confirmed when select is told of no descriptor from 1024 on, however long its sets are, " +
    "and poll takes any number of entries; refuted when it is told of all with longer sets; else " +
    "inconclusive",
  refutedIf: "select is told of descriptors above 1023 with longer sets, which is what Linux does",
  code: [
    "models/selector/select.ts: refuses(), and the length of the sets",
    "models/kernel/clients.ts: #admit(), what becomes of a client that is refused",
  ],
  unavailable: unavailableReason,
  run,
};

/** The rule: the highest descriptor that select tells of, and what poll says beyond the limit. */
export function verdictOf(highest: number, past: number | undefined): Verdict {
  if (highest === LAST) return "refuted";
  return highest < FD_SETSIZE && past !== undefined && past >= 0 ? "confirmed" : "inconclusive";
}

const SETS = { "select, fd_set": FD_SETSIZE, "select, longer sets": LONG_BITS } as const;

async function run({ say, signal }: Stage): Promise<Finding> {
  const watched = [
    ...Object.entries(SETS).map(([name, bits]) => ({ name, ...watch("select", bits) })),
    ...KINDS.slice(1).map((name) => ({ name, ...watch(name) })),
  ];
  for (const { name, told, highest } of watched) say(`${name}: told of ${told}, up to ${highest}`);
  const answers = [];
  for (const [name, bits] of Object.entries(SETS)) {
    const said = await greetings(bits, signal);
    answers.push({ name, served: said.filter((text) => text === "hello client").length, said });
    say(`a server with ${name}: the last client reads "${said.at(-1)}"`);
  }
  const limit = openFilesToTry();
  const past = limit === undefined ? undefined : pollEntries(limit + 1);
  const [, long] = watched;
  return {
    measured: [
      ...watched.map(({ name, told }) => ({ name: `${name}: told of`, value: told })),
      ...watched.map(({ name, highest }) => ({ name: `${name}: highest`, value: highest })),
      ...answers.map(({ name, served }) => ({
        name: `of ${CLIENTS} clients around 1024, served with ${name}`,
        value: served,
      })),
      { name: "what the others read", value: answers[0]!.said.at(-1)! },
      { name: "descriptors that this process may have", value: limit ?? "more than is tried" },
      { name: "poll with as many entries", value: words(limit && pollEntries(limit)) },
      { name: "poll with one entry more", value: words(past) },
    ],
    verdict: verdictOf(long!.highest, past),
    reason: `with sets of ${LONG_BITS} bits the kernel's select watches descriptor ` +
      `${long!.highest}${long!.highest < FD_SETSIZE ? "" : ": 1024 is the C library's"}; ` +
      (past === undefined
        ? "poll was not asked where descriptors end"
        : past === -EINVAL
        ? "poll ends where descriptors end"
        : "poll does not end where descriptors end"),
  };
}

/** Of how many readable descriptors the selector tells, and the highest of them. */
function watch(name: typeof KINDS[number], bits = FD_SETSIZE) {
  using sockets = new Sockets();
  const { libc } = sockets;
  const selector = name === "select" ? new SelectSelector(libc, bits) : selectorOf(name, libc);
  const one = new Uint8Array(new BigUint64Array([1n]).buffer);
  for (const fd of openUpTo(LAST, sockets)) {
    if (selector.refuses(fd) !== undefined) continue;
    libc.write(fd, one);
    selector.set(fd, READ);
  }
  const told = new Set<number>();
  const ready = new ReadyList();
  // One wait may bring a part only; what is consumed makes room for the rest.
  for (let before = -1; told.size > before;) {
    before = told.size;
    selector.wait(0, ready);
    for (const fd of ready.descriptors()) {
      told.add(fd);
      libc.read(fd, one);
    }
  }
  selector.close();
  return { told: told.size, highest: Math.max(...told) };
}

/** What clients read whose descriptors, and the server's for them, lie around 1024. */
async function greetings(fdSetBits: number, signal: AbortSignal): Promise<string[]> {
  const changes = { protocol: "hello", selector: "select", fdSetBits } as const;
  await using served = await serve("multiplex", changes, signal);
  using sockets = new Sockets();
  openUpTo(FD_SETSIZE - 1 - CLIENTS, sockets);
  const said: string[] = [];
  while (said.length < CLIENTS) {
    said.push(await (await served.connect()).receive() ?? "nothing");
  }
  return said;
}

function words(result: number | undefined): string {
  if (result === undefined) return "not tried";
  return result < 0 ? errorText(-result) : "taken";
}
