/**
 * Lessons over whose loopback something comes late: they wait for it before they count, so that it
 * is no verdict. The kernel is this machine's, but for a call that takes effect later than it says.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { lesson as connectedNotAccepted } from "../../bench/lab/connected_not_accepted.ts";
import { lesson as dupStillTold } from "../../bench/lab/dup_still_told.ts";
import { lesson as levelAndEdge } from "../../bench/lab/level_and_edge.ts";
import { lesson as reuseport } from "../../bench/lab/reuseport.ts";
import { read } from "../../bench/lab/stage/edge_readers.ts";
import { POSTED, turn } from "../../bench/lab/stage/event_loop.ts";
import { EAGAIN } from "../../models/libc/constants.ts";
import { Libc, unavailableReason } from "../../models/libc/mod.ts";
import { missing, testWith } from "../permission.ts";

const absent = missing(["ffi"]).length > 0 ? undefined : unavailableReason();

/** A call of Libc. */
type Call = (this: Libc, ...args: unknown[]) => number;

/** Calls by which a program sees what has come; the last argument of the others is a time-out. */
const LOOKS = ["backlogLength", "poll", "select", "epollWait"] as const;

const CALLS = Libc.prototype as unknown as Record<string, Call>;

/** Puts `changes` in the place of calls of every Libc, until it is disposed of. */
function exchanged(changes: Record<string, Call>): Disposable {
  const before = Object.fromEntries(Object.keys(changes).map((name) => [name, CALLS[name]!]));
  Object.assign(CALLS, changes);
  return { [Symbol.dispose]: () => void Object.assign(CALLS, before) };
}

/**
 * The first call of `name` says `answer` at once, and takes effect after the next of `looks` only, or
 * as soon as one of them waits.
 */
function late(name: string, answer: number, looks: readonly typeof LOOKS[number][] = LOOKS) {
  const call = CALLS[name]!;
  let [isFirst, due] = [true, () => {}];
  const changes: Record<string, Call> = {
    [name](...args) {
      if (!isFirst) return call.apply(this, args);
      isFirst = false;
      due = () => void call.apply(this, args);
      return answer;
    },
  };
  for (const look of looks) {
    const ask = CALLS[look]!;
    changes[look] = function (...args) {
      const waits = look !== "backlogLength" && args.at(-1) !== 0;
      const found = ask.apply(this, waits ? args.with(-1, 0) : args);
      due();
      due = () => {};
      return waits && found === 0 ? ask.apply(this, args) : found;
    };
  }
  return exchanged(changes);
}

function stage() {
  return { size: "small", say() {}, signal: new AbortController().signal } as const;
}

testWith(["ffi"], "lesson dup-still-told, waits for an octet that comes late", async () => {
  using _ = late("send", 1);
  assertEquals((await dupStillTold.run(stage())).verdict, "confirmed");
}, absent);

testWith(["ffi"], "lesson level-and-edge, waits for a client that comes late", async () => {
  using _ = late("connect", 0);
  assertEquals((await levelAndEdge.run(stage())).verdict, "confirmed");
}, absent);

testWith(["ffi"], "lesson connected-not-accepted, waits for an octet that comes late", async () => {
  using _ = late("send", 1, ["poll"]);
  assertEquals((await connectedNotAccepted.run(stage())).verdict, "confirmed");
}, absent);

testWith(["ffi"], "turn, what is posted first comes first, late or not", () => {
  using _ = late("send", 1);
  assertEquals(turn("epoll", 0).trace.map(({ name }) => name), POSTED);
}, absent);

testWith(["ffi"], "read, the end comes along, late or not", () => {
  using _ = late("shutdown", 0);
  assertEquals(read("edge, until a short read", 1).end, false);
}, absent);

testWith(["ffi"], "lesson reuseport, waits for clients and for resets that come late", async () => {
  const backlogLength = CALLS["backlogLength"]!, recv = CALLS["recv"]!;
  let looks = 0;
  const asked = new Set<unknown>();
  using _ = exchanged({
    backlogLength(fd) {
      return looks++ < 4 ? 0 : backlogLength.call(this, fd);
    },
    recv(...args) {
      const [fd] = args;
      if (asked.has(fd)) return recv.apply(this, args);
      asked.add(fd);
      return -EAGAIN;
    },
  });
  const { measured } = await reuseport.run(stage());
  const figures = new Map(measured.map(({ name, value }) => [name, value]));
  const queues = String(figures.get("in the queues")).split(", ").map(Number);
  assertEquals(queues.reduce((total, length) => total + length), 80);
  assertEquals(
    figures.get("clients that were reset"),
    figures.get("waited for the listener that closed"),
  );
}, absent);
