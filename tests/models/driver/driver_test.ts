/**
 * The driver of sessions: in which order effects are carried out, when answers arrive, what leaves
 * in one piece, what the operator hears, and that a bug in one session ends that session only.
 *
 * The session here is a script, since the driver's contract with any session is what is tested; the
 * wire writes down what it is asked to do. Needs no permission.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { send, stage } from "./script.ts";

import type { Completion, Effect } from "../../../server/mod.ts";

const CLOSE: Effect = { kind: "close" };

const OPEN: Effect = {
  kind: "file",
  id: 90,
  operation: { do: "openRead", path: "/file", offset: 0 },
};

function transfer(id: number): Effect {
  return {
    kind: "startTransfer",
    id,
    direction: "send",
    user: "writer",
    path: "/file",
    connectTimeoutMs: 1_000,
    stallTimeoutMs: 1_000,
  };
}

const QUESTION: Effect = { kind: "askOperator", id: 1, prompt: "?" };

Deno.test("Driver: effects are carried out in order, replies of a turn leave as one", () => {
  const { log, driver } = stage(() => [
    send("1"),
    { kind: "print", text: "p" },
    send("2"),
    { kind: "closePassive" },
    { kind: "abortTransfer" },
    send("3"),
  ]);
  driver.input("in");
  assertEquals(log, ["in", "print p", "pursue", "send 123"]);
  driver.input("more");
  assertEquals(log.slice(4), ["more", "print p", "pursue", "send 123"]); // nothing is sent twice
});

Deno.test("Driver: a session that says nothing sends nothing", () => {
  const { log, driver } = stage(() => []);
  driver.begin();
  driver.resume();
  assertEquals(log, []);
});

Deno.test("Driver: what was said before a transfer or a question leaves before it", () => {
  const { log, driver } = stage((input) =>
    input === "in" ? [OPEN, send("150 "), transfer(1), send("a"), QUESTION, send("b")] : []
  );
  driver.input("in");
  assertEquals(log, ["in", "send 150 ", "pursue", "send a", "ask ?", "<90 opened>", "send b"]);
});

Deno.test("Driver: an answer that comes while effects are carried out waits for its turn", () => {
  const { log, driver } = stage((input) => {
    if (input === "in") return [OPEN, { kind: "print", text: "after" }, send("x")];
    return [send(input)];
  });
  driver.input("in");
  assertEquals(log, ["in", "print after", "<90 opened>", "send x<90 opened>"]);
});

Deno.test("Driver: answers come in the order of their effects, each drained first", () => {
  const { log, driver } = stage((input) => {
    if (input !== "in") return [{ kind: "print", text: input }];
    return [1, 2, 3].map((id) => ({ kind: "file", id, operation: { do: "closeFile" } }));
  });
  driver.input("in");
  const turns = [1, 2, 3].flatMap((id) => [`<${id} done>`, `print <${id} done>`]);
  assertEquals(log, ["in", ...turns]);
});

Deno.test("Driver: an answer that comes later begins a turn of its own", () => {
  const { log, driver, store } = stage((input) => input === "in" ? [OPEN] : [send("213")]);
  store.slow = true;
  driver.input("in");
  assertEquals(log, ["in"]);
  store.release();
  assertEquals(log, ["in", "<90 opened>", "send 213"]);
});

Deno.test("Driver: every input is followed by its effects: begin, end, timeout, stop", () => {
  const { log, driver, session } = stage((input) => [send(input)]);
  session.deadline = 10;
  driver.begin();
  driver.end();
  driver.expire(9);
  driver.expire(10);
  driver.stop();
  const inputs = ["<end>", "<timeout>", "<stop>"];
  assertEquals(log, inputs.flatMap((input) => [input, `send ${input}`]));
});

Deno.test("Driver: what a session says first is sent by begin", () => {
  const { log, driver, session } = stage(() => []);
  session.queue(send("220 "), send("Hello"));
  driver.begin();
  assertEquals(log, ["send 220 Hello"]);
});

Deno.test("Driver: a passive port is answered, or that there is none, which the operator hears", () => {
  const answers: Completion[] = [];
  const { driver, link, ports } = stage((input, completion) => {
    if (completion !== undefined) answers.push(completion);
    return input === "in" ? [{ kind: "openPassive", id: 1 }] : [];
  });
  driver.input("in");
  assertEquals(answers, [{ kind: "passive", port: 5_000 }]);
  ports.taken = true;
  driver.driver.passive.giveBack();
  driver.driver.tools.passive.close();
  driver.input("in");
  assertEquals(answers[1]?.kind === "failed" && answers[1].failure, "noPort");
  assertEquals(link.events.map((event) => event.kind), ["failure"]);
});

Deno.test("Driver: progress is answered with what has been moved, 0 where nothing is", () => {
  const answers: Completion[] = [];
  const { wire, driver } = stage((input, completion) => {
    if (input === "transfer") return [OPEN, transfer(1)];
    if (completion === undefined) return [{ kind: "askProgress", id: 2 }];
    if (completion.kind === "progress") answers.push(completion);
    return [];
  });
  driver.input("in");
  driver.input("transfer");
  wire.accept();
  wire.sendSome(3);
  driver.input("in");
  assertEquals(answers, [{ kind: "progress", octets: 0 }, { kind: "progress", octets: 3 }]);
});

Deno.test("Driver: a connection that is made first is told, and waits for its start", () => {
  const address = { family: 4, host: "192.0.2.1", port: 4_000 } as const;
  const { log, driver, wire } = stage((input, completion) => {
    if (input === "in") return [OPEN, { kind: "connectData", id: 1, address, timeoutMs: 500 }];
    if (completion?.kind === "connected") return [send("150"), transfer(2)];
    return [];
  });
  driver.input("in");
  assertEquals(driver.driver.transfer?.act, "connect");
  assertEquals(driver.driver.deadline, driver.now + 500);
  wire.connect();
  assertEquals(log, ["in", "pursue", "<90 opened>", "<1 connected>", "send 150", "pursue"]);
  assertEquals(driver.driver.transfer?.act, "read");
  assertEquals(driver.driver.deadline, driver.now + 1_000);
});

Deno.test("Driver: a connection that cannot be made is answered and told once, as no transfer", () => {
  const address = { family: 4, host: "192.0.2.1", port: 4_000 } as const;
  const { log, driver, wire, link } = stage((input) =>
    input === "in" ? [{ kind: "connectData", id: 1, address, timeoutMs: 500 }] : []
  );
  driver.input("in");
  driver.driver.transfer!.socketFailed("connection refused");
  wire.closeData();
  assertEquals(log, ["in", "pursue", "<1 failed>"]);
  assertEquals([driver.driver.transfer, link.events.length], [undefined, 1]);
  const [event] = link.events;
  assert(event?.kind === "failure");
  assertEquals([event.operation, event.reason], ["connectData", "connection refused"]);
});

Deno.test("Driver: the close of a file is answered when the data connection is closed, too", () => {
  const address = { family: 4, host: "192.0.2.1", port: 4_000 } as const;
  const { log, driver, wire } = stage((input) => {
    if (input === "in") return [OPEN, { kind: "connectData", id: 1, address, timeoutMs: 500 }];
    if (input !== "<1 connected>") return [];
    return [{ kind: "abortTransfer" }, { kind: "file", id: 2, operation: { do: "closeFile" } }];
  });
  driver.input("in");
  wire.connect();
  assertEquals(log.slice(3), ["<1 connected>", "pursue", "pursue"]);
  wire.closeData();
  assertEquals([log.at(-1), driver.driver.transfer], ["<2 done>", undefined]);
});

Deno.test("Driver: after close the last words are sent, and nothing happens any more", () => {
  const { log, driver, store } = stage((input) =>
    input === "in" ? [OPEN, send("221"), send(" bye"), CLOSE, send("never")] : [send("no")]
  );
  store.slow = true;
  driver.input("in");
  const ended = ["in", "send 221 bye", "close"];
  assertEquals(log, ended);
  store.release();
  driver.input("late");
  driver.end();
  driver.expire(1e15);
  driver.stop();
  driver.resume();
  driver.driver.abandon(driver.now);
  driver.driver.refuse("it is too late", driver.now);
  assertEquals(log, ended);
  assert(!store.isOpen);
  assertEquals([driver.driver.deadline, driver.driver.wantsInput], [Infinity, false]);
});

Deno.test("Driver: answers to a connection that closes meanwhile are dropped", () => {
  const { log, driver } = stage((input) => input === "in" ? [OPEN, CLOSE] : [send("never")]);
  driver.input("in");
  assertEquals(log, ["in", "close"]);
});

for (const next of [transfer(1), QUESTION]) {
  Deno.test(`Driver: a wire that breaks while it sends is asked no ${next.kind}`, () => {
    const { log, wire, driver } = stage(() => [send("150"), next, send("226")]);
    wire.onSend = () => driver.driver.abandon(driver.now);
    driver.input("in");
    assertEquals(log, ["in", "send 150", "close"]);
  });
}

Deno.test("Driver: a question of a connection that ends is withdrawn", () => {
  const { log, driver, link } = stage((input) => input === "in" ? [QUESTION] : []);
  driver.input("in");
  assert(driver.driver.asking);
  driver.driver.abandon(driver.now);
  assertEquals(log, ["in", "ask ?", "withdraw 1", "close"]);
  assertEquals(link.questions, []);
});

Deno.test("Driver: a question that was answered is not withdrawn", () => {
  const { log, driver, link } = stage((input) => input === "in" ? [QUESTION] : []);
  driver.input("in");
  link.reply("yes", driver.now);
  assert(!driver.driver.asking);
  driver.driver.abandon(driver.now);
  assertEquals(log, ["in", "ask ?", "<1 line>", "close"]);
});

Deno.test("Driver: the deadline is the session's where there is no transfer", () => {
  const { session, driver } = stage(() => []);
  assertEquals(driver.driver.deadline, Infinity);
  session.deadline = 10;
  assertEquals(driver.driver.deadline, 10);
});

Deno.test("Driver.refuse says why to the client and to the operator, then closes", () => {
  const { log, driver, link } = stage(() => []);
  driver.driver.refuse("Others wait", driver.now);
  assertEquals(log, ["send no: Others wait", "close"]);
  assertEquals(link.events, [
    { kind: "refused", session: 1, host: "192.0.2.1", reason: "Others wait" },
  ]);
});

/** Every way into a session, by which one with a bug may throw. */
const ENTRIES: Readonly<Record<string, (of: ReturnType<typeof stage>["driver"]) => void>> = {
  "in": (driver) => driver.input("in"),
  "<end>": (driver) => driver.end(),
  "<timeout>": (driver) => driver.expire(1e15),
  "<stop>": (driver) => driver.stop(),
};

for (const [input, enter] of Object.entries(ENTRIES)) {
  Deno.test(`Driver: a session that throws at ${input} ends itself, not its model`, () => {
    const { log, driver, session, link, admission } = stage(() => {
      throw new Error("a bug");
    });
    session.deadline = 1;
    enter(driver); // does not throw
    assertEquals(log, [input, "crashed a bug", "close"]);
    enter(driver);
    assertEquals(log.length, 3);
    driver.driver.ended();
    assertEquals(link.ended, 1);
    admission.assertEmpty();
  });
}

Deno.test("Driver: a session that throws when it is polled, or at an answer, ends itself", () => {
  const polled = stage(() => []);
  polled.session.pollEffect = () => {
    throw new Error("a bug");
  };
  polled.driver.begin();
  assertEquals(polled.log, ["crashed a bug", "close"]);

  const answered = stage((input) => {
    if (input === "in") return [OPEN];
    throw new Error("a bug");
  });
  answered.driver.input("in");
  assertEquals(answered.log, ["in", "<90 opened>", "crashed a bug", "close"]);
  assert(!answered.store.isOpen, "what it had open is closed");
});

Deno.test("Driver: an effect that nobody knows is a bug of the session's", () => {
  const { log, driver } = stage(() => [{ kind: "levitate" } as unknown as Effect]);
  driver.input("in");
  assertEquals([log[0], log[1]?.startsWith("crashed"), log[2]], ["in", true, "close"]);
});

Deno.test("Driver: a bug in one session does not touch another", () => {
  const one = stage(() => {
    throw new Error("a bug");
  });
  const other = stage((input) => [send(input)]);
  one.driver.input("in");
  other.driver.input("in");
  assertEquals(other.log, ["in", "send in"]);
});
