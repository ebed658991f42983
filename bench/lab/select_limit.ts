/**
 * select(2) takes a set of descriptors as an array of bits, and the C library fixed its length at
 * FD_SETSIZE, 1024. It is no limit on how many are watched but on their numbers: one descriptor of
 * 1024 is too many, and a program that sets its bit all the same writes past the end of the array.
 * So a server with select must refuse such a client, and say so. poll(2) and epoll(7) are handed
 * numbers, not bits.
 *
 * @module
 */

import { FD_SETSIZE } from "../../models/libc/constants.ts";
import { unavailableReason } from "../../models/libc/mod.ts";
import { READ, ReadyList } from "../../models/selector/mod.ts";
import type { SelectorName } from "../../models/mod.ts";
import { type Finding, type Lesson, LessonError, type Stage } from "./lesson.ts";
import { KINDS, selectorOf } from "./stage/selectors.ts";
import { serve } from "./stage/serving.ts";
import { Sockets } from "./stage/sockets.ts";

/** Descriptors beyond the limit that are tried. */
const BEYOND = 16;

/** Clients of each server: their two ends together must pass the limit. */
const CLIENTS = 8;

/** Where select ends. */
export const lesson: Lesson = {
  name: "select-limit",
  title: "select cannot watch descriptor 1024 and up",
  claim: "select(2) can watch no descriptor of 1024 or more; poll and epoll go on.",
  plan: `Open event descriptors up to number ${FD_SETSIZE + BEYOND - 1}, make each readable, and ` +
    "give it to each selector: which does it refuse, of which is it told? Then let so many be " +
    "open that the next clients of a server are beyond the limit, and see what each server says.",
  rule: "confirmed when the selector select refuses exactly the descriptors from 1024 on and its " +
    "server the clients that get them, while poll and epoll are told of all and serve all",
  code: [
    "models/selector/select.ts: refuses()",
    "models/kernel/clients.ts: #admit(), what becomes of a client that is refused",
  ],
  unavailable: unavailableReason,
  run,
};

async function run({ say, signal }: Stage): Promise<Finding> {
  const watched = KINDS.map((name) => ({ name, ...watch(name) }));
  for (const { name, told, refused } of watched) {
    say(`${name}: told of ${told}, refused ${refused}`);
  }
  const answers = [];
  for (const name of KINDS) {
    const said = await greetings(name, signal);
    answers.push({ name, served: said.filter((text) => text === "hello client").length, said });
    say(`a server with ${name}: the last client reads "${said.at(-1)}"`);
  }
  const [select, ...others] = watched;
  const exact = select!.firstRefused === FD_SETSIZE && select!.refused === BEYOND &&
    others.every(({ refused, missed }) => refused === 0 && missed === 0);
  const refusal = answers[0]!.said.at(-1)!;
  const served = answers[0]!.served < CLIENTS && refusal.startsWith("select(2) cannot watch") &&
    answers.slice(1).every(({ served }) => served === CLIENTS);
  return {
    measured: [
      { name: "select: first descriptor refused", value: select!.firstRefused ?? "none" },
      ...watched.map(({ name, refused }) => ({ name: `${name}: refused`, value: refused })),
      ...watched.map(({ name, told }) => ({ name: `${name}: told of`, value: told })),
      ...answers.map(({ name, served }) => ({
        name: `of ${CLIENTS} clients around the limit, served with ${name}`,
        value: served,
      })),
      { name: "what the others read", value: refusal },
    ],
    verdict: exact && served && select!.missed === 0 ? "confirmed" : "refuted",
    reason: `select refuses from ${select!.firstRefused} on; poll and epoll refused ` +
      `${others.map(({ refused }) => refused).join(" and ")}`,
  };
}

/** Opens descriptors until one is `last`; they are numbered upwards with few holes. */
function openUpTo(last: number, sockets: Sockets): number[] {
  const opened: number[] = [];
  for (let fd = -1; fd < last;) {
    fd = sockets.own(sockets.libc.eventfd());
    if (opened.length > last) throw new LessonError(`Descriptors end before number ${last}`);
    opened.push(fd);
  }
  return opened;
}

function watch(name: SelectorName) {
  using sockets = new Sockets();
  const selector = selectorOf(name, sockets.libc);
  const descriptors = openUpTo(FD_SETSIZE + BEYOND - 1, sockets);
  const refused = descriptors.filter((fd) => selector.refuses(fd) !== undefined);
  const accepted = descriptors.filter((fd) => !refused.includes(fd));
  const one = new Uint8Array(new BigUint64Array([1n]).buffer);
  for (const fd of accepted) {
    sockets.libc.write(fd, one);
    selector.set(fd, READ);
  }
  const told = new Set<number>();
  const ready = new ReadyList();
  const consumed = new Uint8Array(8);
  // One wait may bring a part only; what is consumed makes room for the rest.
  for (let before = -1; told.size > before;) {
    before = told.size;
    selector.wait(0, ready);
    for (const fd of ready.descriptors()) {
      told.add(fd);
      sockets.libc.read(fd, consumed);
    }
  }
  selector.close();
  const missed = accepted.length - told.size;
  return { refused: refused.length, firstRefused: refused[0], told: told.size, missed };
}

/** What clients read whose descriptors, and the server's for them, lie around the limit. */
async function greetings(selector: SelectorName, signal: AbortSignal): Promise<string[]> {
  await using served = await serve("multiplex", { protocol: "hello", selector }, signal);
  using sockets = new Sockets();
  // Two for each client, so that half of the clients find a place below the limit.
  openUpTo(FD_SETSIZE - 1 - CLIENTS, sockets);
  const said: string[] = [];
  while (said.length < CLIENTS) {
    said.push(await (await served.connect()).receive() ?? "nothing");
  }
  return said;
}
