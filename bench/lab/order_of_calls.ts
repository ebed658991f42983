/**
 * "select is slow, poll is better, epoll is best" is how the three are told, in the order of their
 * years. Of epoll(7) that is true where many are silent. Of the other two it is less clear: both are
 * told all descriptors at each call and look at each. select(2) needs two or three bits for one where
 * poll(2) needs eight octets, so it hands over less and has more to sort out; and it can end earlier,
 * at the highest number in its sets.
 *
 * An order of three is two claims, so both quotients are looked at where the order would show best,
 * among many silent ones, and where it would show least. "Level" is a finding, too: an interval that
 * lies wholly within a margin named beforehand, be a hundredth on one side of 1 certain or not.
 * What the selectors do in this runtime, to fill the sets in and to look through them, is part of
 * the cost, as it is in every program.
 *
 * @module
 */

import { type Interval, judge, MARGIN } from "../claims/inference.ts";
import { unavailableReason } from "../../models/libc/mod.ts";
import { SelectSelector } from "../../models/selector/select.ts";
import type { Lesson, Verdict } from "./lesson.ts";
import { type Estimate, inBlocks, ratio, shown, verdictBy } from "./stage/compare.ts";
import { type Kind, KINDS, selectorOf } from "./stage/selectors.ts";
import { READY, Watched } from "./stage/waits.ts";

/** Sets that are longer than the C library's, so that select can be asked beyond 1,023. */
const SET_BITS = 8_192;

/** One cell of the table. */
interface Point {
  readonly kind: Kind;
  readonly idle: number;
}

/** See Lesson. */
export const lesson: Lesson = {
  name: "order-of-calls",
  title: "select, then poll, then epoll: is that an order of cost?",
  claim: "select costs more than poll, and poll more than epoll",
  plan:
    `Watch ${READY} descriptors that are always ready, spread among few and among many silent ` +
    "ones, with each selector, select with sets long enough, in blocks; take the processor time " +
    "of a wait, and the quotients of the neighbours in the order",
  rule:
    "confirmed when among the most silent ones both quotients, select over poll and poll over " +
    `epoll, are above 1 by their intervals and not level; refuted when one is below 1, or level ` +
    `(within ${MARGIN.join(" to ")}); else inconclusive`,
  refutedIf:
    "select costs as much as poll or less, as where the few bits that it hands over weigh more " +
    "than the sorting out, or poll costs as little as epoll, as beside no silent descriptor",
  code: [
    "models/selector/select.ts: two sets of bits, copied in every wait",
    "models/selector/poll.ts: an array of entries, handed over in every wait",
    "models/selector/epoll.ts: wait() brings what is ready",
  ],
  unavailable: unavailableReason,
  async run({ size, say, signal }) {
    const full = size === "full";
    const [blocks, waits] = full ? [11, 200] : [1, 5];
    const ladder = full ? [0, 64, 512, 4_000] : [0, 64];
    using watched = new Watched(ladder.at(-1)!);
    say(`${blocks} blocks, ${waits} waits each, beside ${ladder.join(", ")} silent descriptors`);
    const points = ladder.flatMap((idle) => KINDS.map((kind): Point => ({ kind, idle })));
    let told = 0;
    const costs = await inBlocks(points, blocks, signal, ({ kind, idle }) => {
      const { libc } = watched.sockets;
      const selector = kind === "select"
        ? new SelectSelector(libc, SET_BITS)
        : selectorOf(kind, libc);
      const one = watched.measure(selector, idle, waits);
      told += one.told;
      return one.cpuUs;
    });
    const over = (kind: Kind, other: Kind, idle: number): Estimate => {
      const of = (kind: Kind) => points.find((one) => one.kind === kind && one.idle === idle)!;
      return ratio(costs.get(of(kind))!, costs.get(of(other))!);
    };
    const rows = ladder.map((idle) => ({
      idle,
      select: over("select", "poll", idle),
      poll: over("poll", "epoll", idle),
    }));
    const { idle, ...last } = rows.at(-1)!;
    return {
      measured: [
        { name: "told by one wait", value: told / (blocks * waits * points.length) },
        ...rows.flatMap(({ idle, select, poll }) => [
          { name: `select over poll, ${idle} silent`, value: shown(select) },
          { name: `poll over epoll, ${idle} silent`, value: shown(poll) },
        ]),
      ],
      verdict: verdictOf(blocks, [last.select.interval, last.poll.interval]),
      reason: `beside ${idle} silent descriptors select costs ${shown(last.select)} times poll, ` +
        `poll ${shown(last.poll)} times epoll`,
    };
  },
};

/** The rule: intervals of select over poll, and of poll over epoll. */
export function verdictOf(blocks: number, intervals: readonly Interval[]): Verdict {
  const judged = intervals.map(judge);
  return verdictBy(
    blocks,
    judged.every(({ differs, equivalent }) => differs === "more" && !equivalent),
    judged.some(({ differs, equivalent }) => differs === "less" || equivalent),
  );
}
