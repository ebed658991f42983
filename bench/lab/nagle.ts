/**
 * Nagle's algorithm holds back a small segment while an earlier one has not been acknowledged (RFC
 * 896); a receiver acknowledges late, in the hope of an answer to go with it (RFC 1122, 4.2.3.2). Each
 * is good alone. Together they stop a server that writes its answer in two pieces: the second waits
 * for the acknowledgement of the first, the acknowledgement for 40 ms, and the processors for both.
 * TCP_NODELAY turns the algorithm off, and so does writing the answer in one piece.
 *
 * The claim would be refuted if the second piece were there as soon as it was written.
 *
 * @module
 */

import { IPPROTO_TCP, MSG_DONTWAIT, TCP_NODELAY } from "../../models/libc/constants.ts";
import { unavailableReason } from "../../models/libc/mod.ts";
import { type Lesson, LessonError, type Verdict } from "./lesson.ts";
import { pause } from "./stage/pause.ts";
import { Sockets } from "./stage/sockets.ts";

/** At first a receiver acknowledges at once (quick ACKs); these rounds are not counted. */
const FIRST_ROUNDS = 20;

/** Of all rounds: those in which something is held back, or only by a loopback that is late. */
const HELD_MIN = 0.8, LATE_MAX = 0.05;

/** A round with Nagle's price in it, milliseconds: a delayed ACK of Linux comes after 40 or more. */
const ROUND_MS_MIN = 30, ROUND_MS_MAX = 60;

/** How the server answers. */
const WAYS = {
  "two pieces": { noDelay: 0, pieces: 2 },
  "two pieces, TCP_NODELAY": { noDelay: 1, pieces: 2 },
  "one piece": { noDelay: 0, pieces: 1 },
} as const;

type Way = keyof typeof WAYS;

/** See Lesson. */
export const lesson: Lesson = {
  name: "nagle",
  title: "a small answer in two pieces waits for a late acknowledgement",
  claim: "Nagle's algorithm and the delayed acknowledgement cost an answer in two pieces 40 ms",
  plan: "Ask by one octet; answer by two pieces of one octet each, with and without TCP_NODELAY, " +
    "and by one piece. Look at once whether all has come, and count where it has not; then wait.",
  rule:
    `confirmed when the second piece is held back in ${100 * HELD_MIN} % of the rounds or more, ` +
    `of ${ROUND_MS_MIN} to ${ROUND_MS_MAX} ms each in the mean, and with TCP_NODELAY and in one ` +
    `piece in ${100 * LATE_MAX} % at most; refuted when one of these shares is the other way ` +
    "round; else inconclusive",
  refutedIf: "the second piece mostly goes out at once with Nagle's algorithm on, as to a " +
    "receiver that acknowledges at once, or is mostly held back with TCP_NODELAY or in one piece",
  code: [
    "models/kernel/sockets.ts: listenForControl(), TCP_NODELAY, which connections inherit",
    "models/driver/replies.ts: replies of one turn leave in one piece",
  ],
  unavailable: unavailableReason,
  async run({ size, say, signal }) {
    const rounds = size === "full" ? 50 : 8;
    const results = new Map<Way, Answers>();
    for (const way of Object.keys(WAYS) as Way[]) {
      await pause(0, signal);
      results.set(way, converse(way, rounds));
      say(`${way}: held back in ${results.get(way)!.held} of ${rounds} rounds`);
    }
    const [two, noDelay, one] = [...results.values()];
    const ms = two!.ms / rounds;
    return {
      measured: [
        { name: "rounds", value: rounds },
        ...[...results].flatMap(([way, { held, ms }]) => [
          { name: `held back, ${way}`, value: held },
          { name: `a round, ${way}`, value: ms / rounds, unit: "ms" },
        ]),
      ],
      verdict: verdictOf({
        held: two!.held / rounds,
        ms,
        others: Math.max(noDelay!.held, one!.held) / rounds,
      }),
      reason: `held back in ${two!.held} of ${rounds} rounds of ${ms.toFixed(1)} ms; in ` +
        `${noDelay!.held} of ${(noDelay!.ms / rounds).toFixed(2)} ms with TCP_NODELAY`,
    };
  },
};

/** The rule: parts of rounds held back, in two pieces and in the other ways, and a round's time. */
export function verdictOf({ held, ms, others }: {
  readonly held: number;
  readonly ms: number;
  readonly others: number;
}): Verdict {
  if (held <= LATE_MAX || others >= HELD_MIN) return "refuted";
  const price = ms >= ROUND_MS_MIN && ms <= ROUND_MS_MAX;
  return held >= HELD_MIN && price && others <= LATE_MAX ? "confirmed" : "inconclusive";
}

/** In how many rounds something was held back, and how long all of them took. */
interface Answers {
  readonly held: number;
  readonly ms: number;
}

function converse(way: Way, rounds: number): Answers {
  const { noDelay, pieces } = WAYS[way];
  using sockets = new Sockets();
  const [client, server] = sockets.pair();
  sockets.libc.setOption(server, IPPROTO_TCP, TCP_NODELAY, noDelay);
  // The client's requests are of one piece each and never wait.
  sockets.libc.setOption(client, IPPROTO_TCP, TCP_NODELAY, 1);
  for (let round = 0; round < FIRST_ROUNDS; round++) ask(sockets, client, server, 1);
  let held = 0;
  const begun = performance.now();
  for (let round = 0; round < rounds; round++) {
    if (ask(sockets, client, server, pieces)) held++;
  }
  return { held, ms: performance.now() - begun };
}

/** One round: whether the answer was not complete as soon as it was written. */
function ask(sockets: Sockets, client: number, server: number, pieces: number): boolean {
  const { libc } = sockets;
  const octets = new Uint8Array(2);
  libc.send(client, octets.subarray(0, 1), 0);
  if (sockets.receive(server, octets.subarray(0, 1)) !== 1) {
    throw new LessonError("No request came");
  }
  for (let piece = 0; piece < pieces; piece++) {
    libc.send(server, octets.subarray(0, 2 / pieces), 0);
  }
  let got = Math.max(0, libc.recv(client, octets, 2n, MSG_DONTWAIT));
  const held = got < 2;
  while (got < 2) {
    const count = sockets.receive(client, octets.subarray(got));
    if (count <= 0) throw new LessonError("A piece of an answer did not come in time");
    got += count;
  }
  return held;
}
