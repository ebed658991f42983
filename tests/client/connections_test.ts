/**
 * The connections of a command line: Ctrl-C closes all that were made, and says so unless it answers
 * a question.
 *
 * @module
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { isQuestion, parseArguments, type Request } from "../../client/cli/arguments.ts";
import { Connections } from "../../client/cli/connection.ts";
import { SAME_INTERRUPT_MS } from "../../client/cli/interrupts.ts";
import { EXIT, main } from "../../client/cli/mod.ts";
import { reporterFor } from "../../client/cli/reporter.ts";
import { ShellSession } from "../../client/cli/shell/session.ts";
import { testWith } from "../permission.ts";
import { FakeConsole } from "./fake_console.ts";
import { directories, lines } from "./listing_answers.ts";
import { MemoryFiles } from "./memory_files.ts";
import { ScriptedServer } from "./scripted_server.ts";
import { retr } from "./scripted_test_case.ts";
import { NEEDS, run, scripted, withFolders } from "./stage.ts";

/** A request for the server at `port`. */
function requestTo(port: number): Request {
  const request = parseArguments(["--port", `${port}`, "ls"]);
  assert(!isQuestion(request));
  return request;
}

testWith(NEEDS, "Ctrl-C closes every connection that was made, not only the first", async () => {
  await using server = new ScriptedServer();
  const request = requestTo(server.address.port);
  const console = new FakeConsole();
  const line = {
    reporter: await reporterFor(console, request.telling),
    signal: new AbortController().signal,
  };
  const connections = new Connections({ console, request, ...line });
  await using session = new ShellSession(console, request);
  session.line = line;
  for (const source of [connections, session]) {
    const clients = [await source.connected(), await source.connect(), await source.connect()];
    assertEquals(clients.map(({ closed }) => closed), [false, false, false]);
    if (source === session) session.drop();
    else connections.close();
    assertEquals(clients.map(({ closed }) => closed), [true, true, true]);
  }
});

/** A terminal that cannot move its cursor, so that what is told stays to be read. */
const TERMINAL = { inTerminal: true, errTerminal: true, variables: { TERM: "dumb" } };
const INTERRUPTING = "Interrupting ... (Ctrl-C again ends at once)\n";

let typist: FakeConsole | undefined;
/** Settles when all is typed. */
let typed: Promise<void> | undefined;

/** The second one ends at once what does not answer. */
function interruptTwice(): Promise<void> {
  return typed = typeTwice(typist!);
}

async function typeTwice(person: FakeConsole): Promise<void> {
  person.interrupt();
  await new Promise((resume) => setTimeout(resume, SAME_INTERRUPT_MS));
  person.interrupt();
}

scripted("Ctrl-C is told of by every verb", {
  answers: { DELE: interruptTwice, RETR: interruptTwice, PWD: interruptTwice, CWD: interruptTwice },
}, async ({ port }) => {
  for (const args of [["rm", "a"], ["cat", "a"], ["ls", "a"], ["mirror", "a"], ["get", "a*"]]) {
    typist = new FakeConsole(TERMINAL);
    assertEquals(await main(["--port", `${port}`, ...args], typist), EXIT.interrupted);
    await typed;
    assertEquals(typist.errorText, `${INTERRUPTING}Interrupted\n`, args.join(" "));
  }
});

scripted("Ctrl-C at a question for a password ends it without another word", {}, async (stage) => {
  const console = new FakeConsole(TERMINAL);
  console.askSecret = () => {
    console.interrupt();
    return Promise.resolve(undefined);
  };
  const status = await main(["--port", `${stage.port}`, "--user", "me", "ls"], console);
  assertEquals([status, console.errorText], [EXIT.interrupted, "Interrupted\n"]);
});

for (const args of [["get", "/a", "-o", "-"], ["cat", "/a"], ["mirror", "--dry-run", "/d"]]) {
  const line = args.join(" ");
  testWith(
    NEEDS,
    `${line} tries for its first connection as often as --retries says`,
    () =>
      withFolders(async (_, here) => {
        const memory = new MemoryFiles();
        memory.put("/a", "text");
        const empty = retr(lines("."));
        /** To USER, before it lets anyone in. */
        let replies: string[] = [];
        await using server = new ScriptedServer({
          answers: {
            ...memory.answers,
            ...directories({ "/": empty, "/d": empty }),
            USER: (_, session) => session.say(replies.shift() ?? "230 In"),
          },
        });
        const tried = (next: string[], ...flags: string[]) => {
          replies = next;
          const target = args[0] === "mirror" ? [here] : [];
          return run(server.address.port, [...flags, ...args, ...target]);
        };
        const { status, error } = await tried(["421 Full"]);
        assertEquals(status, EXIT.ok, error);
        assertMatch(error, /^Cannot log in as "anonymous": 421 Full; trying again in [^\n]+\n/);
        const failed = [
          await tried(["421 Full"], "--retries", "0"),
          // Nobody is let in by asking again.
          await tried(["530 No"]),
        ];
        assertEquals(failed.map(({ status, error }) => [status, error]), [
          [EXIT.retry, 'Cannot log in as "anonymous": 421 Full\n'],
          [EXIT.login, 'Cannot log in as "anonymous": 530 No\n'],
        ]);
      }),
  );
}

testWith(["net"], "get does not try again where nobody listens", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  assertEquals(await run(port, ["get", "a"]), {
    status: EXIT.connection,
    output: "",
    error: `Cannot connect to 127.0.0.1:${port}: connection refused\n`,
  });
});
