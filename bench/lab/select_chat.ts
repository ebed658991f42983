/**
 * Several clients write, one person answers: with one blocking read at a time the program would
 * sit before one of them and be deaf to the rest. select(2) watches all at once and tells who has
 * said something; this is what it was made for, and a chat is how it is taught.
 *
 * @module
 */

import { models, type Terminal } from "../../models/mod.ts";
import type { Finding, Lesson, Stage, Verdict } from "./lesson.ts";
import { until } from "./stage/pause.ts";
import { serve } from "./stage/serving.ts";

/** Who writes, in this order: clients are numbered as they connected. */
const SPEAKERS = [3, 1, 4, 2, 3, 1];

/** How many clients there are. */
const CLIENTS = 4;

/** Longer than any message takes over loopback, milliseconds. */
const ARRIVAL_MS = 2_000;

/** Several clients, one operator, one thread. */
export const lesson: Lesson = {
  name: "select-chat",
  title: "a chat of one person with several clients, by select",
  claim: "With select one thread talks with several clients at once: what they write is shown in " +
    "the order in which it arrives, and each answer reaches the one who asked.",
  plan:
    `Serve chat by the model multiplex with select. ${CLIENTS} clients connect; they write in ` +
    `the order ${SPEAKERS.join(", ")}. The operator here answers each question with the number ` +
    "of the client that it names, but not before all have written.",
  rule:
    "confirmed when messages are shown as they were written, in that order, each client reads " +
    "the answers meant for it and no others, and all sessions were open in one thread at once",
  refutedIf:
    "an answer reaches another client, messages are shown in another order than they came, or a " +
    "client has to leave before the next can be heard",
  code: [
    "models/selector/select.ts: the call",
    "server/small/chat.ts: messages, questions, answers",
    "models/pool/questions.ts: one question at a time",
  ],
  unavailable: () => models.get("multiplex")!.unavailable(),
  run,
};

/** The rule: how messages were shown, whether all read their own answers, and sessions at once. */
export function verdictOf({ inOrder, complete, together }: {
  readonly inOrder: boolean;
  readonly complete: boolean;
  readonly together: number;
}): Verdict {
  return inOrder && complete && together === CLIENTS ? "confirmed" : "refuted";
}

async function run({ say, signal }: Stage): Promise<Finding> {
  const operator = new Operator();
  const options = { protocol: "chat", selector: "select" } as const;
  await using served = await serve("multiplex", options, signal, operator);
  const clients = [];
  for (let number = 1; number <= CLIENTS; number++) {
    clients.push(await served.connect());
    await until(() => served.stats().sessions === number, ARRIVAL_MS, signal);
  }
  const together = served.stats().sessionsOpen;
  const written: string[] = [];
  const spoken = new Set<number>();
  for (const [index, number] of SPEAKERS.entries()) {
    const message = `message ${index + 1}`;
    await clients[number - 1]!.send(`${message}\n`);
    written.push(`client ${number}: ${message}`);
    // A client's next message waits for the answer to its first: shown then, not now.
    if (spoken.has(number)) continue;
    spoken.add(number);
    await until(() => operator.shown.length === spoken.size, ARRIVAL_MS, signal);
  }
  operator.begin();
  await until(() => operator.shown.length === SPEAKERS.length, ARRIVAL_MS, signal);
  for (const line of operator.shown) say(`the server shows "${line}"`);
  const read = [];
  for (const [index, client] of clients.entries()) {
    const answers = SPEAKERS.filter((number) => number === index + 1).length;
    read.push(await client.receiveAll(answers * answerTo(1).length));
  }
  const right = read.filter((text, index) => text.replaceAll(answerTo(index + 1), "") === "");
  const inOrder = `${operator.shown}` === `${written}`;
  const complete = right.length === CLIENTS && read.every((text) => text !== "");
  const { wakeups } = served.stats();
  return {
    measured: [
      { name: "sessions open at once", value: together },
      { name: "threads that serve them", value: served.server.stats().length },
      { name: "messages shown", value: operator.shown.length },
      { name: "in the order of arrival", value: inOrder ? "yes" : "no" },
      { name: "clients that read their own answers only", value: right.length },
      { name: "returns from select", value: wakeups },
    ],
    verdict: verdictOf({ inOrder, complete, together }),
    reason: `${operator.shown.length} messages of ${CLIENTS} clients shown ${
      inOrder ? "in order" : "out of order"
    }, ${right.length} clients read what was meant for them`,
  };
}

function answerTo(number: number | string): string {
  return `to ${number}.`;
}

/** Somebody at the server's terminal who lets them all speak first. */
class Operator implements Terminal {
  readonly shown: string[] = [];
  readonly #begun = Promise.withResolvers<void>();

  /** Answers from now on. */
  begin(): void {
    this.#begun.resolve();
  }

  print(text: string): void {
    this.shown.push(text);
  }

  event(): void {}

  async ask(prompt: string): Promise<string> {
    await this.#begun.promise;
    return answerTo(/^answer client (\d+)>/.exec(prompt)![1]!);
  }
}
