/**
 * "The C10K problem" was the name, in 1999, of ten thousand clients at once on one machine: with a
 * process or a thread for each, memory and switches ended long before the network did. With one
 * thread that waits for all of them, a silent client is an entry in the kernel's list, a socket, and
 * what the session has to remember.
 *
 * Ten thousand clients connect to one worker and stay. Then some of them, whom chance picks, ask
 * one after the other: each has to get its own answer beside all who are silent, and what the
 * server does for it is counted. The claim would be refuted by a client that is refused, or by an
 * answer that does not come.
 *
 * @module
 */

import { unavailableReason } from "../../models/libc/mod.ts";
import { randomFrom, shuffled } from "../claims/statistics.ts";
import type { Finding, Lesson, Stage, Verdict } from "./lesson.ts";
import { Apart } from "./stage/apart.ts";
import { openFilesMax } from "../run/machine.ts";
import { pause } from "./stage/pause.ts";
import { Sockets } from "./stage/sockets.ts";
import { procUnavailable } from "./stage/thread.ts";

/** Clients, and how many of them ask. */
const CLIENTS = { full: 10_000, small: 200 }, ASKING = { full: 1_000, small: 20 };

/** Descriptors of a process beside those of its clients. */
const SPARE = 200;

/** So many clients connect, and ask, between two looks at Ctrl-C. */
const BATCH = 100;

/** Who asks is the same each time. */
const SEED = 1;

/** See Lesson. */
export const lesson: Lesson = {
  name: "ten-thousand",
  title: "ten thousand sessions in one thread",
  claim: "One thread keeps ten thousand sessions open at once, and answers whoever of them asks",
  plan: `Connect ${CLIENTS.full.toLocaleString("en-US")} clients to one worker over epoll, have ` +
    `${ASKING.full.toLocaleString("en-US")} of them ask, one after the other, and look at the ` +
    "memory of each and at the calls for an answer",
  rule: "confirmed when all sessions are open at once in the one worker and each answer is what " +
    "its client sent",
  refutedIf: "a client is refused, as by a table that is too small for all, or an answer is " +
    "missing or another's",
  code: [
    "models/readiness/loop.ts: round(), which knows who is ready and nobody else",
    "models/pool/gate.ts: who is let in",
  ],
  unavailable() {
    const reason = unavailableReason() ?? procUnavailable();
    if (reason !== undefined) return reason;
    const most = openFilesMax();
    return most < CLIENTS.full + SPARE
      ? `it takes ${CLIENTS.full + SPARE} descriptors, and a process has ${most} (ulimit -n)`
      : undefined;
  },
  run,
};

/** The rule: sessions open of so many, and right answers of so many that asked, and the last. */
export function verdictOf({ clients, open, asking, right, last }: {
  readonly clients: number;
  readonly open: number;
  readonly asking: number;
  readonly right: number;
  readonly last: boolean;
}): Verdict {
  const holds = open === clients && last && right === asking;
  return holds ? "confirmed" : "refuted";
}

async function run({ size, say, signal }: Stage): Promise<Finding> {
  const [clients, asking] = [CLIENTS[size], ASKING[size]];
  const flags = ["--model", "multiplex", "--protocol", "echo", "--workers", "1"];
  const room = ["--max-sessions", `${clients + SPARE}`];
  await using apart = await Apart.start([...flags, ...room], signal);
  const { server } = apart;
  using sockets = new Sockets();
  const { libc } = sockets;
  const connected: number[] = [];
  const first = server.memoryBytes();
  while (connected.length < clients) {
    connected.push(sockets.connect(server.port));
    if (connected.length % BATCH === 0) await pause(1, signal);
  }
  const [message, answer] = [new Uint32Array(1), new Uint32Array(1)];
  const [sent, got] = [new Uint8Array(message.buffer), new Uint8Array(answer.buffer)];
  let right = 0;
  const ask = (fd: number) => {
    message[0] = fd;
    answer[0] = 0;
    libc.send(fd, sent, 0);
    sockets.receive(fd, got);
    return answer[0] === fd;
  };
  // The backlog is empty when the last of all has its answer.
  const last = ask(connected.at(-1)!);
  const before = await apart.sample("opening");
  const kilobytes = (server.memoryBytes() - first) / clients / 1e3;
  const open = before.workers!.reduce((sum, { sessionsOpen }) => sum + sessionsOpen, 0);
  say(`${open} sessions are open`);
  for (const [index, fd] of shuffled(connected, randomFrom(SEED)).slice(0, asking).entries()) {
    if (index % BATCH === 0) await pause(0, signal);
    if (!ask(fd)) break; // each other one would wait as long
    right++;
  }
  const after = await apart.sample("closed");
  const total = (of: typeof after) =>
    of.workers!.flatMap(({ calls }) => Object.values(calls)).reduce((sum, count) => sum + count, 0);
  const calls = (total(after) - total(before)) / asking;
  return {
    measured: [
      { name: "clients", value: clients },
      { name: "sessions open at once", value: open },
      { name: "workers", value: after.workers!.length },
      { name: "memory of the server for each", value: kilobytes, unit: "kB" },
      { name: "clients that asked", value: asking },
      { name: "answers that were what was sent", value: right },
      { name: "calls of the kernel for an answer", value: calls },
    ],
    verdict: verdictOf({ clients, open, asking, right, last }),
    reason: `${open} of ${clients} sessions open at once in ${after.workers!.length} worker, ` +
      `${kilobytes.toFixed(1)} kB each; ${right} of ${asking} answers right, ` +
      `${calls.toFixed(1)} calls for one`,
  };
}
