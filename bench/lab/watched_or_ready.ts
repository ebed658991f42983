/**
 * A program that waits for many connections has to tell the kernel which. select(2) and poll(2) are
 * told with every call: the whole list goes in, the kernel looks at each entry, the whole list comes
 * out, and the program looks at each entry again. The work grows with what is _watched_, even when
 * nobody says a word.
 *
 * epoll(7) is told once, when a connection comes and when it goes. The kernel keeps the list, and
 * puts a descriptor on a second, short one when something happens to it. A wait brings that short
 * list: the work grows with what is _ready_.
 *
 * So: four descriptors that are always ready, among more and more that never are. The experiment
 * lays a straight line through the cost of a wait; its slope is the price of one more silent client.
 *
 * @module
 */

import { unavailableReason } from "../../models/libc/mod.ts";
import type { Lesson, Verdict } from "./lesson.ts";
import type { Interval } from "../claims/inference.ts";
import { slope } from "../claims/statistics.ts";
import { type Blocks, estimate, inBlocks, shown, verdictBy } from "./stage/compare.ts";
import { type Kind, KINDS, selectorOf } from "./stage/selectors.ts";
import { READY, Watched } from "./stage/waits.ts";

/** How many times steeper the line of select and poll has to be. */
const STEEPER = 10;

/** One point of a line. */
interface Point {
  readonly kind: Kind;
  readonly idle: number;
}

/** See Lesson. */
export const lesson: Lesson = {
  name: "watched-or-ready",
  title: "what a silent client costs in select, poll and epoll",
  claim: "select and poll cost O(watched), epoll costs O(ready)",
  plan: `Watch ${READY} descriptors that are always ready, spread among more and more that never ` +
    "are, and take the processor time of a wait in each selector; one more silent one adds the " +
    "slope",
  rule: `confirmed when the slopes of select and of poll are more than ${STEEPER} times epoll's, ` +
    "by their intervals, refuted when one is less, by the same; else inconclusive",
  refutedIf:
    "the slope of select and poll is surely less than that many times epoll's, as by an epoll " +
    "that looked through its whole list in each wait",
  code: [
    "models/selector/select.ts: two bit sets copied and looked through in every wait",
    "models/selector/poll.ts: the array of all entries in every wait",
    "models/selector/epoll.ts: set() tells the kernel, wait() brings what is ready",
  ],
  unavailable: unavailableReason,
  async run({ size, say, signal }) {
    const full = size === "full";
    const [blocks, waits] = full ? [11, 300] : [1, 5];
    const ladders: Record<Kind, readonly number[]> = full
      ? { select: [100, 350, 600, 850], poll: [100, 1000, 4000], epoll: [100, 1000, 4000] }
      : { select: [10, 100], poll: [10, 100], epoll: [10, 100] };
    using watched = new Watched(Math.max(...ladders.poll));
    const { sockets } = watched;
    say(`${watched.silentMax} silent descriptors are open, and ${READY} ready ones`);

    const points = KINDS.flatMap((kind) => ladders[kind].map((idle): Point => ({ kind, idle })));
    const told: Record<Kind, number> = { select: 0, poll: 0, epoll: 0 };
    const costs = await inBlocks(points, blocks, signal, ({ kind, idle }) => {
      const one = watched.measure(selectorOf(kind, sockets.libc), idle, waits);
      told[kind] += one.told;
      return one.cpuUs;
    });

    const lineOf = (kind: Kind) => estimate(slopes(costs, kind).map((us) => us * 1e3));
    const [select, poll, epoll] = [lineOf("select"), lineOf("poll"), lineOf("epoll")];
    const rounds = KINDS.map((kind) => sockets.count(kind === "epoll" ? "epoll_wait" : kind));
    return {
      measured: [
        ...KINDS.map((kind, index) => ({
          name: `told by one wait, ${kind}`,
          value: told[kind] / rounds[index]!,
          unit: "descriptors",
        })),
        ...points.map((point) => ({
          name: `one wait beside ${point.idle} silent ones, ${point.kind}`,
          value: estimate(costs.get(point)!.values()).median,
          unit: "us CPU",
        })),
        { name: "one more silent one, select", value: shown(select), unit: "ns" },
        { name: "one more silent one, poll", value: shown(poll), unit: "ns" },
        { name: "one more silent one, epoll", value: shown(epoll), unit: "ns" },
      ],
      verdict: verdictOf(blocks, [select.interval, poll.interval], epoll.interval),
      reason: `one more silent descriptor costs select ${shown(select)} ns, poll ${shown(poll)} ` +
        `ns, epoll ${shown(epoll)} ns`,
    };
  },
};

/** The rule: intervals of the slopes of select and poll, and of epoll's. */
export function verdictOf(blocks: number, scanning: readonly Interval[], epoll: Interval): Verdict {
  const [lowest, highest] = epoll.map((end) => STEEPER * Math.max(0, end)) as [number, number];
  return verdictBy(
    blocks,
    scanning.every(([low]) => low > highest),
    scanning.some(([, high]) => high < lowest),
  );
}

/** Of `kind`, one slope for each block: microseconds per silent descriptor. */
function slopes(costs: ReadonlyMap<Point, Blocks>, kind: Kind): number[] {
  const own = [...costs].filter(([point]) => point.kind === kind);
  const blocks = [...own[0]![1].keys()];
  return blocks.map((block) => slope(own.map(([{ idle }, us]) => [idle, us.get(block)!]))!);
}
