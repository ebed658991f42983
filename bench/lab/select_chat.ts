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

/** Who writes first, and who once more, in these orders: clients are numbered as they connected. */
const FIRST = [3, 1, 4, 2], AGAIN = [1, 3];

/** How many clients there are. */
const CLIENTS = 4;

/** Longer than any message takes over loopback, milliseconds. */
const ARRIVAL_MS = 2_000;

/** Several clients, one operator, one thread. */
export const lesson: Lesson = {
  name: "select-chat",
  title: "a chat of one person with several clients, by select",
  claim: "With select one thread talks with several clients at once: whoever speaks is heard, " +
    "and nobody waits for another one to speak first; a client's next message is shown when its " +
    "last has been answered, and each answer reaches the one who asked.",
  plan: `Serve chat by the model multiplex with select. ${CLIENTS} clients connect and write, ` +
    `${FIRST.join(", ")}, each when the last was shown; then ${AGAIN.join(" and ")} once more. ` +
    "The operator here answers each question with the number of the client that it names, but " +
    "not before all have written.",
  rule:
    "confirmed when each first message is shown before another client writes, the next ones in " +
    "the order of the answers that they wait for, each client reads the answers meant for it and " +
    "no others, and all sessions were open in one thread at once",
  refutedIf:
    "a client is not heard before another one has spoken or left, as by a thread that sits in a " +
    "read of one, or a next message is shown before its client's answer, or an answer reaches " +
    "another client or none",
  code: [
    "models/selector/select.ts: the call",
    "server/small/chat.ts: #advance(), messages, questions, answers",
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
  const said = [...FIRST, ...AGAIN]
    .map((number, index) => ({ number, text: `message ${index + 1}` }));
  let [octets, heard] = [0, true];
  for (const [index, { number, text }] of said.entries()) {
    await clients[number - 1]!.send(`${text}\n`);
    octets += text.length + 1;
    if (index >= FIRST.length) continue; // it waits for an answer: shown then, not now
    heard = await until(() => operator.shown.length > index, ARRIVAL_MS, signal) && heard;
  }
  // Before the first answer all are there: so what is shown next is no matter of luck.
  await until(() => served.stats().octetsIn === octets, ARRIVAL_MS, signal);
  operator.begin();
  await until(() => operator.shown.length === said.length, ARRIVAL_MS, signal);
  for (const line of operator.shown) say(`the server shows "${line}"`);
  const answers = clients.map((_, index) =>
    answerTo(index + 1).repeat(said.filter(({ number }) => number === index + 1).length)
  );
  const read = await Promise.all(
    clients.map((client, index) => client.receiveAll(answers[index]!.length)),
  );
  const right = read.filter((text, index) => text === answers[index]);
  // Questions are answered in the order in which they were put.
  const again = said.slice(FIRST.length)
    .sort((one, other) => FIRST.indexOf(one.number) - FIRST.indexOf(other.number));
  const due = [...said.slice(0, FIRST.length), ...again]
    .map(({ number, text }) => `client ${number}: ${text}`);
  const inOrder = heard && `${operator.shown}` === `${due}`;
  // Reading ends where the own answers do: what others got beside theirs is in the server's count.
  const octetsDue = answers.join("").length;
  await until(() => served.stats().octetsOut >= octetsDue, ARRIVAL_MS, signal);
  const { octetsOut, wakeups } = served.stats();
  const complete = right.length === CLIENTS && octetsOut === octetsDue;
  return {
    measured: [
      { name: "sessions open at once", value: together },
      { name: "threads that serve them", value: served.server.stats().length },
      { name: "messages shown", value: operator.shown.length },
      { name: "shown when they spoke, and then as answered", value: inOrder ? "yes" : "no" },
      { name: "clients that read their own answers only", value: right.length },
      { name: "octets of all answers, and octets that left", value: `${octetsDue}, ${octetsOut}` },
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
