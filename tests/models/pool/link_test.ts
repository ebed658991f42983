/**
 * A worker's side of its link: the control connection that it lends to the supervisor, the
 * operator's answers in the mailbox, what is said once.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import {
  EMPTY,
  EVENT_CHARS_MAX,
  EVENTS_UNTAKEN_MAX,
  FULL,
  lendControl,
  LENT,
  MAILBOX,
  NONE,
  OWN,
  SHARED,
  WARNING_CHARS_MAX,
  type WorkerMessage,
} from "../../../models/pool/link.ts";
import { workerOf } from "../worker.ts";

const REFUSED = { kind: "refused", host: "192.0.2.1", reason: "enough" } as const;

/** All events that were posted. */
function told(posted: readonly WorkerMessage[]) {
  return posted.flatMap((message) => message.kind === "events" ? message.events : []);
}

/** What the supervisor does with an answer. */
function put(mailbox: Int32Array<SharedArrayBuffer>, ask: number, line: string | undefined): void {
  const octets = new TextEncoder().encode(line ?? "");
  new Uint8Array(mailbox.buffer, MAILBOX.headBytes).set(octets);
  mailbox[MAILBOX.ask] = ask;
  mailbox[MAILBOX.length] = line === undefined ? -1 : octets.length;
  Atomics.store(mailbox, MAILBOX.state, FULL);
}

Deno.test("WorkerContext.hideControl: the number is nobody's once the connection is closed", () => {
  const { context, own } = workerOf();
  context.showControl(7);
  assertEquals(own[OWN.control], 7);
  context.hideControl(7);
  assertEquals(own[OWN.control], NONE);
});

Deno.test("WorkerContext.hideControl waits while the supervisor works on the connection", async () => {
  const { context, own } = workerOf();
  context.showControl(7);
  Atomics.store(own, OWN.control, LENT);
  const supervisor = new Worker(
    `data:text/javascript,onmessage = ({ data: own }) => {
      postMessage("lent");
      Atomics.wait(own, 0, ${LENT}, 50);
      Atomics.store(own, 0, 7);
      postMessage("given back");
    }`,
    { type: "module" },
  );
  const messages: string[] = [];
  const lent = Promise.withResolvers<void>(), given = Promise.withResolvers<void>();
  supervisor.onmessage = ({ data }) => {
    messages.push(data);
    if (data === "lent") lent.resolve();
    else given.resolve();
  };
  supervisor.postMessage(own);
  await lent.promise;
  context.hideControl(7); // blocks
  assertEquals(own[OWN.control], NONE);
  await given.promise;
  supervisor.terminate();
  assertEquals(messages, ["lent", "given back"]);
});

Deno.test("WorkerContext.hideControl waits for a supervisor that has died, but not for ever", () => {
  const { context, own } = workerOf();
  context.showControl(7);
  Atomics.store(own, OWN.control, LENT);
  context.hideControl(7); // returns
  assertEquals(own[OWN.control], LENT);
});

Deno.test("lendControl lends the number of a connection, and gives it back", () => {
  const { context, own } = workerOf();
  const seen: (number | undefined)[] = [];
  const work = (control: number) => void seen.push(control, own[OWN.control]);
  lendControl(own, work);
  assertEquals([seen, own[OWN.control]], [[], NONE]);
  context.showControl(7);
  lendControl(own, work);
  assertEquals([seen, own[OWN.control]], [[7, LENT], 7]);
});

Deno.test("lendControl keeps the number of a connection that is accepted meanwhile", () => {
  const { context, own } = workerOf();
  const { exchange } = Atomics;
  const meanwhile = (words: Int32Array, index: number, value: number) => {
    const before = exchange(words, index, value);
    context.showControl(7);
    return before;
  };
  Object.assign(Atomics, { exchange: meanwhile });
  try {
    lendControl(own, () => {});
  } finally {
    Object.assign(Atomics, { exchange });
  }
  assertEquals(own[OWN.control], 7);
});

Deno.test("WorkerContext.deliver hands an answer to who asked, and empties the mailbox", () => {
  const { context, posted, mailbox } = workerOf();
  const heard: string[] = [];
  const asks = [1, 2].map((number) =>
    context.ask(`${number}> `, (line) => void heard.push(`${number} ${line}`))
  );
  assertEquals(asks, [1, 2]);
  context.deliver();
  put(mailbox, 2, "zwei é");
  context.deliver();
  context.deliver(); // once
  put(mailbox, 1, undefined);
  context.deliver();
  assertEquals(heard, ["2 zwei é", "1 undefined"]);
  assertEquals(Atomics.load(mailbox, MAILBOX.state), EMPTY);
  assertEquals(posted.map(({ kind }) => kind), ["ask", "ask", "taken", "taken"]);
});

Deno.test("WorkerContext.withdraw: nobody hears the answer, which is taken all the same", () => {
  const { context, posted, mailbox } = workerOf();
  const heard: unknown[] = [];
  const ask = context.ask("> ", (line) => void heard.push(line));
  context.withdraw(ask);
  context.withdraw(ask); // once
  put(mailbox, ask, "too late");
  context.deliver();
  assertEquals(heard, []);
  assertEquals(posted.map(({ kind }) => kind), ["ask", "withdraw", "taken"]);
});

Deno.test("WorkerContext numbers the sessions of the whole server, and counts those open", () => {
  const { context } = workerOf();
  assertEquals([context.beginSession(), context.beginSession()], [1, 2]);
  Atomics.add(context.shared, SHARED.connections, 5); // other workers
  assertEquals(context.beginSession(), 8);
  context.endSession();
  const { sessions, sessionsOpen } = context.counters.read();
  assertEquals([sessions, sessionsOpen], [3, 2]);
});

Deno.test("WorkerContext: a pause of accepting is told once, until somebody gets in", () => {
  const { context, posted } = workerOf();
  for (let count = 0; count < 3; count++) context.acceptingPauses("too many open files");
  assertEquals(posted.length, 1);
  context.beginSession();
  context.acceptingPauses("too many open files");
  assertEquals(posted.length, 2);
});

Deno.test("WorkerContext.sessionCrashed tells the operator which session, and where", () => {
  const { context, posted } = workerOf();
  context.sessionCrashed(12, new Error("a bug"));
  const [message] = posted;
  assert(message?.kind === "events" && message.events.length === 1);
  const { event } = message.events[0]!;
  assert(
    event.kind === "warning" && event.text.startsWith("Session 12 ended by a bug: Error: a bug"),
  );
});

Deno.test("WorkerContext.event tells the time of the system's clock, which is set now and then", () => {
  const { context, posted } = workerOf();
  const clock = Date.now;
  try {
    for (const at of [1_000, 9_000, 5_000]) {
      Date.now = () => at;
      context.event(REFUSED);
    }
  } finally {
    Date.now = clock;
  }
  assertEquals(told(posted).map(({ at }) => at), [1_000, 9_000, 5_000]);
});

Deno.test("WorkerContext.event: in a loop events are told together, and before a warning", () => {
  const { context, posted } = workerOf();
  const later: (() => void)[] = [];
  context.after = (_, run) => void later.push(run);
  context.event(REFUSED);
  context.event(REFUSED);
  assertEquals([posted.length, later.length], [0, 1]);
  later[0]!();
  context.event(REFUSED);
  context.event({ kind: "warning", text: "all workers are busy" });
  assertEquals(posted.map((message) => told([message]).length), [2, 2]);
  later[1]!();
  assertEquals(posted.length, 2, "Nothing is left to be told");
});

Deno.test("WorkerContext.event: where nobody shows them, only warnings are told", () => {
  for (const [warningsOnly, count] of [[false, 2], [true, 1]] as const) {
    const { context, posted } = workerOf({ warningsOnly });
    context.event(REFUSED);
    context.event({ kind: "warning", text: "all workers are busy" });
    assertEquals(posted.length, count);
  }
});

Deno.test("WorkerContext.event: to a supervisor that takes nothing so many are told, and no more", () => {
  for (const after of [undefined, () => {}]) {
    const { context, posted, own } = workerOf();
    context.after = after;
    for (let count = 0; count < EVENTS_UNTAKEN_MAX + 5; count++) context.event(REFUSED);
    assertEquals([told(posted).length, own[OWN.leftOut]], [EVENTS_UNTAKEN_MAX, 5]);
    own[OWN.untaken] = 1; // it is still behind, and one gap is told once
    context.event(REFUSED);
    own[OWN.untaken] = own[OWN.leftOut] = 0;
    context.event(REFUSED);
    context.tellEvents();
    assertEquals([told(posted).length, own[OWN.untaken]], [EVENTS_UNTAKEN_MAX + 1, 1]);
  }
});

Deno.test("WorkerContext.event cuts what a client made too long to be read, and long warnings", () => {
  const { context, posted } = workerOf();
  const origin = { session: 1, host: "192.0.2.1" };
  const failure = { ...origin, kind: "failure", operation: "stat", failure: "badName" } as const;
  const [path, text] = ["/".repeat(EVENT_CHARS_MAX), "w".repeat(WARNING_CHARS_MAX)];
  context.event({ ...failure, path: `${path}rest`, reason: "bad name" });
  context.event({ kind: "warning", text: `${text}rest` });
  for (const whole of [{ ...failure, path, reason: "" }, { kind: "warning", text } as const]) {
    context.event(whole);
  }
  assertEquals(told(posted).map(({ event }) => event), [
    { ...failure, path: `${path}...`, reason: "bad name" },
    { kind: "warning", text: `${text}...` },
    { ...failure, path, reason: "" },
    { kind: "warning", text },
  ]);
});
