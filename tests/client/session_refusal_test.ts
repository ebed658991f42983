/**
 * Servers that take no TLS session but that of the very control connection, as a script: who goes
 * on after a refusal, over which connections, and what is told of it.
 *
 * @module
 */

import { assertEquals, assertRejects } from "@std/assert";
import { parseArguments, type Request } from "../../client/cli/arguments.ts";
import { reporterFor } from "../../client/cli/reporter.ts";
import { verbNamed } from "../../client/cli/run.ts";
import { type ConnectionSource, taskOver } from "../../client/cli/task.ts";
import {
  type Client,
  ClientPool,
  connect,
  ConnectionError,
  type LentClient,
  ProtocolError,
  SessionRefusal,
  type Transport,
  withRetries,
} from "../../client/mod.ts";
import { DATA_BUFFER_BYTES } from "../../client/data.ts";
import { plainTransport } from "../../client/transport.ts";
import { eventually } from "../eventually.ts";
import { testWith } from "../permission.ts";
import { FakeConsole } from "./fake_console.ts";
import { type Answer, ScriptedServer, type ScriptedSession } from "./scripted_server.ts";
import { names, NEEDS, withFolders } from "./stage.ts";

const REFUSAL = "425 Unable to build data connection: Operation not permitted";

/** FileZilla Server 0.9 says it so, when it has begun the transfer. */
const LATE_REFUSAL = "150 Opening data channel\r\n450 TLS session of data connection has not " +
  "resumed or the session does not match the control connection";

/** Directories d0 to d3, each with a file that is called like it: d0/f0. */
const DIRECTORIES = ["d0", "d1", "d2", "d3"];

/**
 * A server that serves the first data connections and refuses the others, until the client keeps
 * the TLS session of its latest connection: then it serves that one.
 */
class DemandingServer implements AsyncDisposable {
  readonly #server: ScriptedServer;
  readonly #refusal: string;
  #left: number;
  #isImproved = false;
  #latest: ScriptedSession | undefined;
  /** Connections so far. */
  accepted = 0;
  /** What was stored, by name. */
  readonly stored = new Map<string, string>();

  /**
   * @param served How many data connections are served at first.
   * @param refusal What is said of the others.
   */
  constructor(served: number, refusal = REFUSAL) {
    this.#left = served;
    this.#refusal = refusal;
    this.#server = new ScriptedServer({
      onAccept: () => void this.accepted++,
      answers: {
        AUTH: "234 Go",
        USER: (_, session) => {
          this.#latest = this.#isImproved ? session : undefined;
          return session.say("230 In");
        },
        FEAT: "211-Features:\r\n MLST type*;size*;\r\n SIZE\r\n211 End",
        PBSZ: "200 Fine",
        PROT: "200 Fine",
        SIZE: "213 1",
        MLST: (path, session) =>
          session.say(
            DIRECTORIES.includes(path) ? `250-It\r\n type=dir; ${path}\r\n250 End` : "550 No",
          ),
        DELE: (path, session) => session.say(path.includes("/") ? "250 Gone" : "550 No file"),
        RMD: "250 Gone",
        MLSD: this.#demanding((path) =>
          path === ""
            ? DIRECTORIES.map((name) => `type=dir; ${name}\r\n`).join("")
            : `type=file;size=1; f${path.slice(1)}\r\n`
        ),
        RETR: this.#demanding(() => "x"),
        STOR: async (path, session) => {
          const isServed = this.#isServed(session);
          if (!isServed && path !== "late") return await session.say(this.#refusal);
          const octets = await session.receive();
          if (!isServed) return await session.say(LATE_REFUSAL.split("\r\n")[1]!);
          this.stored.set(path, new TextDecoder().decode(octets));
          await session.say("226 Done");
        },
      },
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
  }

  /** One more connection, whose TLS is none but in name. */
  connect(): Promise<Client> {
    const transport: Transport = {
      ...plainTransport,
      secure: (wire) => Promise.resolve(wire),
      resumption: { hint: "one at a time", improve: () => this.#isImproved = true },
    };
    return connect({ ...this.#server.address, tls: "explicit", transport });
  }

  /** Whether this data connection is one that is served. */
  #isServed(session: ScriptedSession): boolean {
    return this.#left-- > 0 || session === this.#latest;
  }

  #demanding(content: (path: string) => string): Answer {
    return async (path, session) => {
      const isServed = this.#isServed(session);
      if (!isServed) return await session.say(this.#refusal);
      await session.send(content(path));
      await session.say("226 Done");
    };
  }
}

/** Runs a verb of the command line; what it wrote. */
function perform(server: DemandingServer, ...args: string[]): Promise<string> {
  return performWith("", server, ...args);
}

/** The same, with `input` as standard input. */
async function performWith(
  input: string,
  server: DemandingServer,
  ...args: string[]
): Promise<string> {
  const console = new FakeConsole({ input });
  const request = parseArguments(args) as Request;
  const reporter = await reporterFor(console, request.telling);
  let client = await server.connect();
  const source: ConnectionSource = {
    get last() {
      return client;
    },
    connected: async () => client.closed ? client = await server.connect() : client,
    connect: () => server.connect(),
  };
  const { signal } = new AbortController();
  await verbNamed(request.verb).run(taskOver({ console, reporter, request, signal }, source));
  await client.quit();
  return console.outputText;
}

for (const served of [0, 2]) {
  testWith(
    NEEDS,
    `verbs go on over a new connection after ${served} data connections, without retries`,
    () =>
      withFolders(async (_, here) => {
        const stories: readonly (readonly [string[], string])[] = [
          [["ls"], "d0\nd1\nd2\nd3\n"],
          [["ls", "-U"], "d0\nd1\nd2\nd3\n"],
          [["ls", "-R"], ".:\nd0\nd1\nd2\nd3\n\nd0:\nf0\n\nd1:\nf1\n\nd2:\nf2\n\nd3:\nf3\n"],
          [["ls", "d[1-3]/f*"], "d1/f1\nd2/f2\nd3/f3\n"],
          [["rm", "-r", "d0", "d1", "d2"], ""],
          [["rm", "*/f*"], ""],
          [["cat", "--retries", "0", "*/f*"], "xxxx"],
          [["get", "--retries", "0", "*/f*", "-O", here], ""],
          [["get", "--retries", "0", "d0/f0", "d1/f1", "d2/f2", "-O", here], ""],
        ];
        for (const [args, output] of stories) {
          await using server = new DemandingServer(served);
          assertEquals(await perform(server, ...args), output, args.join(" "));
          const isEnough = served === 2 && output === "d0\nd1\nd2\nd3\n";
          assertEquals(server.accepted, isEnough ? 1 : 2, args.join(" "));
        }
        assertEquals(await names(here), ["f0", "f1", "f2", "f3"]);
      }),
  );
}

testWith(["net"], "put of a pipe goes on over a new connection as long as it can", async () => {
  const put = (server: DemandingServer, name: string, input = "x") =>
    performWith(input, server, "put", "--direct", "-", "-o", name);
  await using server = new DemandingServer(0);
  await put(server, "early");
  assertEquals([[...server.stored], server.accepted], [[["early", "x"]], 2]);
  // All of it is gone before this one says so, but kept here.
  await using late = new DemandingServer(0);
  await put(late, "late");
  assertEquals([[...late.stored], late.accepted], [[["late", "x"]], 2]);
  await using long = new DemandingServer(0);
  const much = "x".repeat(DATA_BUFFER_BYTES + 1);
  await assertRejects(() => put(long, "late", much), SessionRefusal, "450 TLS session of data");
  assertEquals([[...long.stored], long.accepted], [[], 1]);
});

testWith(["net"], "a TLS session is refused with 450, too, which others say of files", async () => {
  await using server = new DemandingServer(0, LATE_REFUSAL);
  {
    await using client = await server.connect();
    await assertRejects(() => client.readFile("a"), SessionRefusal, "450 TLS session of data");
  }
  await using busy = new DemandingServer(0, "450 resume.txt: Operation not permitted");
  await using client = await busy.connect();
  await assertRejects(() => client.readFile("resume.txt"), ProtocolError, "450 resume.txt");
});

Deno.test("withRetries takes the first refusal of a TLS session for no failure", async () => {
  const refusal = new SessionRefusal("Cannot", { code: 425, lines: ["No"] }, "one at a time");
  const attempts = async (refusals: number, retries: number) => {
    let [count, waits] = [0, 0];
    const wait = () => Promise.resolve(void waits++);
    await withRetries(
      () => Promise.resolve("a client"),
      { retries, wait },
      () => count++ < refusals ? Promise.reject(refusal) : Promise.resolve(),
    );
    return [count, waits];
  };
  assertEquals(await attempts(1, 0), [2, 0]);
  assertEquals(await attempts(2, 1), [3, 1]);
  await assertRejects(() => attempts(2, 0), SessionRefusal, "Cannot: 425 No; one at a time");
});

/** A pool of four with three connections lent, and somebody who waits while the fourth is made. */
async function crowded(server: DemandingServer) {
  const told: number[] = [];
  const fourth = Promise.withResolvers<Client>();
  let calls = 0;
  const pool = new ClientPool({
    size: 4,
    connect: () => ++calls === 4 ? fourth.promise : server.connect(),
    onFewer: (size) => told.push(size),
  });
  const lent = await Promise.all([pool.lend(), pool.lend(), pool.lend()]);
  return { told, fourth, pool, lent, waiting: pool.lend() };
}

/** Uses a connection whose session is refused, and gives it back. */
async function refused(lent: LentClient): Promise<void> {
  await assertRejects(() => lent.client.list(), SessionRefusal);
  assertEquals(lent.client.closed, true);
  lent[Symbol.dispose]();
}

testWith(["net"], "ClientPool keeps one connection where sessions are refused", async () => {
  await using server = new DemandingServer(0);
  const { told, fourth, pool, lent: [first, second, third], waiting } = await crowded(server);
  await refused(first);
  assertEquals([told, pool.size], [[1], 1]);
  const reply = { code: 421, lines: ["Too many of you"] };
  fourth.reject(new ConnectionError("Too many", { kind: "transient", reply }));
  await fourth.promise.catch(() => {});
  await refused(second);
  third[Symbol.dispose]();
  const last = await waiting;
  assertEquals((await last.client.list()).length, DIRECTORIES.length);
  assertEquals([told, pool.size, pool.open], [[1], 1, 1]);
  last[Symbol.dispose]();
  await pool.run((client) => client.list());
  assertEquals(server.accepted, 4);
  await pool.close();
});

testWith(["net"], "ClientPool lends no connection that was begun before a refusal", async () => {
  await using server = new DemandingServer(0);
  const { told, fourth, pool, lent: [first, second, third], waiting } = await crowded(server);
  const early = await server.connect();
  await refused(first);
  second[Symbol.dispose]();
  third[Symbol.dispose]();
  await eventually("all connections are closed", () => pool.open === 0);
  fourth.resolve(early);
  const { client, [Symbol.dispose]: giveBack } = await waiting;
  assertEquals(client === early, false);
  assertEquals((await client.list()).length, DIRECTORIES.length);
  assertEquals([told, pool.size, early.closed], [[1], 1, true]);
  giveBack();
  await pool.close();
});
