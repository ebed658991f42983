/**
 * The driver of sessions: in which order effects are carried out, when completions arrive, what
 * leaves in one piece, and that a bug in one session ends that session only.
 *
 * The session here is a script, since the driver's contract with any session is what is tested;
 * the wire writes down what it is asked to do.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { Connection, type StartTransfer, type Wire } from "../../../models/connection.ts";
import { Files } from "../../../models/files.ts";
import { FileFailure } from "../../../models/open_file.ts";
import type { Completion, Effect, Session } from "../../../server/mod.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

function send(text: string): Effect {
  return { kind: "send", octets: encoder.encode(text) };
}

const CLOSE: Effect = { kind: "close" };

/** What a script does with one input; its effects are polled in this order. */
type Reaction = (input: string, completion?: Completion) => readonly Effect[];

/** A session that reacts by a script and notes its inputs and each poll that found nothing. */
class ScriptedSession implements Session {
  readonly wantsInput = true;
  readonly #effects: Effect[] = [];

  constructor(readonly log: string[], readonly react: Reaction) {}

  #handle(input: string, completion?: Completion): void {
    this.log.push(input);
    this.#effects.push(...this.react(input, completion));
  }

  handleInput(octets: Uint8Array): void {
    this.#handle(decoder.decode(octets));
  }
  handleEnd(): void {
    this.#handle("<end>");
  }
  handleCompletion(id: number, completion: Completion): void {
    this.#handle(`<${id} ${completion.kind}>`, completion);
  }
  handleTimeout(): void {
    this.#handle("<timeout>");
  }
  handleStop(): void {
    this.#handle("<stop>");
  }
  pollEffect(): Effect | undefined {
    return this.#effects.shift();
  }
  pollDeadline(): undefined {}
}

/** A wire that notes what it is asked to do; `answer` may complete during the call. */
class NotingWire implements Wire {
  transferred = 0;
  port: number | undefined = 61_000;
  onTransfer: ((effect: StartTransfer) => void) | undefined;
  onAsk: ((id: number) => void) | undefined;
  onSend: (() => void) | undefined;

  constructor(readonly log: string[]) {}

  send(octets: Uint8Array): void {
    this.log.push(`send ${decoder.decode(octets)}`);
    this.onSend?.();
  }
  openPassive(): number | undefined {
    this.log.push("openPassive");
    return this.port;
  }
  closePassive(): void {
    this.log.push("closePassive");
  }
  startTransfer(effect: StartTransfer): void {
    this.log.push(`startTransfer ${effect.id}`);
    this.onTransfer?.(effect);
  }
  abortTransfer(): void {
    this.log.push("abortTransfer");
  }
  close(): void {
    this.log.push("close");
  }
  print(text: string): void {
    this.log.push(`print ${text}`);
  }
  askOperator(id: number, prompt: string): void {
    this.log.push(`askOperator ${prompt}`);
    this.onAsk?.(id);
  }
  crashed(error: unknown): void {
    this.log.push(`crashed ${error instanceof Error ? error.message : error}`);
  }
}

/** An executor without files: its slot is empty. */
const NO_FILES = new Files("/nowhere", () => {
  throw new FileFailure("notFound", "there are no files here");
});

/** A connection whose session reacts by `react`, with what happened so far. */
function connectionOf(react: Reaction) {
  const log: string[] = [];
  const session = new ScriptedSession(log, react);
  const wire = new NotingWire(log);
  return { log, wire, connection: new Connection(session, NO_FILES, wire) };
}

function transfer(id: number): Effect {
  return {
    kind: "startTransfer",
    id,
    direction: "send",
    route: "passive",
    connectTimeoutMs: 1,
    stallTimeoutMs: 1,
  };
}

const DONE: Completion = { kind: "done" };

Deno.test("Connection: effects are carried out in order, replies of a turn leave as one", () => {
  const { log, connection } = connectionOf(() => [
    send("1"),
    { kind: "print", text: "p" },
    send("2"),
    { kind: "closePassive" },
    { kind: "abortTransfer" },
    send("3"),
  ]);
  connection.input(encoder.encode("in"), 1);
  assertEquals(log, ["in", "print p", "closePassive", "abortTransfer", "send 123"]);
  connection.input(encoder.encode("more"), 2);
  assertEquals(log.slice(-1), ["send 123"]); // nothing is sent twice
});

Deno.test("Connection: a session that says nothing sends nothing", () => {
  const { log, connection } = connectionOf(() => []);
  connection.begin(1);
  connection.timeout(1);
  assertEquals(log, ["<timeout>"]);
});

Deno.test("Connection: what was said before a transfer or a question leaves before it", () => {
  const { log, connection } = connectionOf((input) =>
    input === "in"
      ? [
        send("150 "),
        transfer(1),
        send("a"),
        { kind: "askOperator", id: 2, prompt: "?" },
        send("b"),
      ]
      : []
  );
  connection.input(encoder.encode("in"), 1);
  assertEquals(log, ["in", "send 150 ", "startTransfer 1", "send a", "askOperator ?", "send b"]);
});

Deno.test("Connection: a completion that arises while draining waits for its turn", () => {
  const { log, wire, connection } = connectionOf((input) => {
    if (input === "in") return [transfer(1), { kind: "print", text: "after" }, send("x")];
    return [send(input)];
  });
  wire.onTransfer = ({ id }) => {
    connection.complete(id, { kind: "transferred", octets: 0 }, 1);
    log.push("started");
  };
  connection.input(encoder.encode("in"), 1);
  assertEquals(log, [
    "in",
    "startTransfer 1",
    "started",
    "print after",
    "<1 transferred>",
    "send x<1 transferred>", // one turn, one piece
  ]);
});

Deno.test("Connection: completions come in the order of their effects, each drained first", () => {
  const operation = { do: "closeFile" } as const;
  const { log, connection } = connectionOf((input) => {
    if (input === "in") return [1, 2, 3].map((id) => ({ kind: "file", id, operation }));
    return [{ kind: "print", text: input }];
  });
  connection.input(encoder.encode("in"), 1);
  const turns = [1, 2, 3].flatMap((id) => [`<${id} done>`, `print <${id} done>`]);
  assertEquals(log, ["in", ...turns]);
});

Deno.test("Connection: a completion that comes later begins a turn of its own", () => {
  const { log, connection } = connectionOf((input) =>
    input === "in" ? [transfer(7)] : [send("226")]
  );
  connection.input(encoder.encode("in"), 1);
  connection.complete(7, { kind: "transferred", octets: 5 }, 2);
  assertEquals(log, ["in", "startTransfer 7", "<7 transferred>", "send 226"]);
});

Deno.test("Connection: every input is followed by its effects: begin, end, timeout, stop", () => {
  const { log, connection } = connectionOf((input) => [send(input)]);
  connection.begin(1);
  connection.end(2);
  connection.timeout(3);
  connection.stop(4);
  assertEquals(log, [
    "<end>",
    "send <end>",
    "<timeout>",
    "send <timeout>",
    "<stop>",
    "send <stop>",
  ]);
});

Deno.test("Connection: what a session says first is sent by begin", () => {
  const log: string[] = [];
  const session = new ScriptedSession(log, () => []);
  const greeting = [send("220 "), send("Hello")];
  session.pollEffect = () => greeting.shift();
  const connection = new Connection(
    session,
    NO_FILES,
    new NotingWire(log),
  );
  connection.begin(1);
  assertEquals(log, ["send 220 Hello"]);
});

Deno.test("Connection: a passive port is answered, or that there is none", () => {
  const answers: Completion[] = [];
  const { wire, connection } = connectionOf((input, completion) => {
    if (completion !== undefined) answers.push(completion);
    return input === "in" ? [{ kind: "openPassive", id: 1 }] : [];
  });
  connection.input(encoder.encode("in"), 1);
  wire.port = undefined;
  connection.input(encoder.encode("in"), 1);
  assertEquals(answers[0], { kind: "passive", port: 61_000 });
  assertEquals(answers[1]?.kind === "failed" && answers[1].failure, "noPort");
});

Deno.test("Connection: progress is answered at once with what has been moved", () => {
  const answers: Completion[] = [];
  const { wire, connection } = connectionOf((_, completion) => {
    if (completion === undefined) return [{ kind: "askProgress", id: 1 }];
    answers.push(completion);
    return [];
  });
  wire.transferred = 4_711;
  connection.input(encoder.encode("in"), 1);
  assertEquals(answers, [{ kind: "progress", octets: 4_711 }]);
});

Deno.test("Connection: a file operation that fails is a completion like another", () => {
  const answers: Completion[] = [];
  const operation = { do: "read", length: 1 } as const;
  const { connection } = connectionOf((_, completion) => {
    if (completion === undefined) return [{ kind: "file", id: 1, operation }];
    answers.push(completion);
    return [];
  });
  connection.input(encoder.encode("in"), 1);
  assertEquals(answers.map(({ kind }) => kind), ["failed"]);
});

Deno.test("Connection: after close the last words are sent, and nothing happens any more", () => {
  const { log, connection } = connectionOf((input) =>
    input === "in" ? [send("221"), transfer(1), send(" bye"), CLOSE, send("never")] : [send("no")]
  );
  connection.input(encoder.encode("in"), 1);
  const ended = ["in", "send 221", "startTransfer 1", "send  bye", "close"];
  assertEquals(log, ended);
  connection.complete(1, DONE, 2);
  connection.input(encoder.encode("late"), 2);
  connection.end(2);
  connection.timeout(2);
  connection.stop(2);
  connection.abandon();
  assertEquals(log, ended);
});

Deno.test("Connection: completions of a connection that closes meanwhile are dropped", () => {
  const { log, wire, connection } = connectionOf((input) =>
    input === "in" ? [transfer(1), CLOSE] : [send("never")]
  );
  wire.onTransfer = ({ id }) => connection.complete(id, DONE, 1);
  connection.input(encoder.encode("in"), 1);
  assertEquals(log, ["in", "startTransfer 1", "close"]);
});

for (const next of [transfer(1), { kind: "askOperator", id: 1, prompt: "?" } as const]) {
  Deno.test(`Connection: a wire that breaks while it sends is asked no ${next.kind}`, () => {
    const { log, wire, connection } = connectionOf(() => [send("150"), next, send("226")]);
    wire.onSend = () => connection.abandon();
    connection.input(encoder.encode("in"), 1);
    assertEquals(log, ["in", "send 150", "close"]);
  });
}

/** Every way into a session, by which one with a bug may throw. */
const ENTRIES: Readonly<Record<string, (connection: Connection) => void>> = {
  "in": (connection) => connection.input(encoder.encode("in"), 1),
  "<end>": (connection) => connection.end(1),
  "<timeout>": (connection) => connection.timeout(1),
  "<stop>": (connection) => connection.stop(1),
  "<9 done>": (connection) => connection.complete(9, DONE, 1),
};

for (const [input, enter] of Object.entries(ENTRIES)) {
  Deno.test(`Connection: a session that throws at ${input} ends itself, not its model`, () => {
    const { log, connection } = connectionOf(() => {
      throw new Error("a bug");
    });
    enter(connection); // does not throw
    assertEquals(log, [input, "crashed a bug", "close"]);
    enter(connection);
    assertEquals(log.length, 3);
  });
}

Deno.test("Connection: a session that throws when asked for effects ends itself", () => {
  const log: string[] = [];
  const session = new ScriptedSession(log, () => []);
  session.pollEffect = () => {
    throw new Error("a bug");
  };
  const connection = new Connection(
    session,
    NO_FILES,
    new NotingWire(log),
  );
  connection.begin(1);
  assertEquals(log, ["crashed a bug", "close"]);
});

Deno.test("Connection: a bug in one session does not touch another", () => {
  const one = connectionOf(() => {
    throw new Error("a bug");
  });
  const other = connectionOf((input) => [send(input)]);
  one.connection.input(encoder.encode("in"), 1);
  other.connection.input(encoder.encode("in"), 1);
  assertEquals(other.log, ["in", "send in"]);
});
