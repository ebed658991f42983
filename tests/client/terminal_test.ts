/**
 * What a person sees on a real terminal: bars at any width, Ctrl-C, what is waited for.
 *
 * @module
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { SAME_INTERRUPT_MS } from "../../client/cli/interrupts.ts";
import { EXIT } from "../../client/cli/mod.ts";
import { textWidth } from "../../client/cli/width.ts";
import { Child } from "../child.ts";
import { eventually } from "../eventually.ts";
import { testWith } from "../permission.ts";
import { noTerminal, Terminal, TERMINAL_NEEDS, type TerminalOptions } from "../tmux.ts";
import { type Script, ScriptedServer, type ScriptedSession } from "./scripted_server.ts";

const MAIN = fromFileUrl(new URL("../../main.ts", import.meta.url));
const BARS = fromFileUrl(new URL("bars_program.ts", import.meta.url));
const PERMISSIONS = ["--allow-net", "--allow-read", "--allow-write", "--allow-env=TERM"];

/** Size of the file that the server sends in parts. */
const SIZE = 100_000;

/** A server that sends a file in parts, when it is told to. */
class SlowServer implements AsyncDisposable {
  readonly #server: ScriptedServer;
  readonly #parts: (() => void)[] = [];
  #session: ScriptedSession | undefined;

  constructor(answers: Script["answers"] = {}) {
    this.#server = new ScriptedServer({
      answers: {
        SIZE: `213 ${SIZE}`,
        RETR: async (_, session) => {
          this.#session = session;
          const data = await session.data();
          await session.say("150 Opening");
          for (let sent = 0; sent < SIZE;) {
            const count = await new Promise<number>((resolve) => {
              this.#parts.push(() => resolve(SIZE / 10));
            });
            for (let at = 0; at < count;) at += await data.write(new Uint8Array(count - at));
            sent += count;
          }
          session.closeData();
          await session.say("226 Done");
        },
        ...answers,
      },
    });
  }

  get port(): number {
    return this.#server.address.port;
  }

  get verbs(): string[] {
    return this.#server.verbs;
  }

  /** Sends so many tenths of the file. */
  async send(tenths: number): Promise<void> {
    for (let sent = 0; sent < tenths; sent++) {
      await eventually("a tenth is waited for", () => this.#parts.length > 0);
      this.#parts.shift()!();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#session?.close();
    for (const part of this.#parts) part();
    await this.#server[Symbol.asyncDispose]();
  }
}

function onTerminal(name: string, body: () => Promise<void>): void {
  testWith(TERMINAL_NEEDS, `on a terminal ${name}`, body, noTerminal());
}

/** The client on a terminal. */
function client(
  port: number,
  args: readonly string[],
  options: Omit<TerminalOptions, "command"> = {},
): Promise<Terminal> {
  const command = ["run", "--quiet", "--no-prompt", ...PERMISSIONS, MAIN, "client"] as const;
  return Terminal.open({
    ...options,
    command: [Deno.execPath(), ...command, "--port", `${port}`, ...args],
  });
}

const linesOf = (screen: string) => screen.split("\n").filter((line) => line !== "");

onTerminal("get draws a bar in 60 columns, and one line stays", async () => {
  await using server = new SlowServer();
  await using terminal = await client(server.port, ["get", "a.avi"], { columns: 60, rows: 10 });
  await server.send(4);
  const screen = await terminal.waitFor(/ 40% .*ETA/);
  assertEquals(linesOf(screen).length, 1, screen);
  assert(textWidth(screen) < 60);
  await server.send(6);
  assertEquals(await terminal.ended(), EXIT.ok);
  assertMatch(await terminal.screen(), /^a\.avi: 97\.7 KiB in [\d.]+ m?s \([\d.]+ [KM]iB\/s\)$/);
});

onTerminal("a bar stays one line while the window changes", async () => {
  await using server = new SlowServer();
  const name = "a film with a name that is longer than half a line.avi";
  await using terminal = await client(server.port, ["get", name], { columns: 80, rows: 10 });
  await server.send(2);
  await terminal.waitFor(/ 20% /);
  for (const [index, columns] of [40, 120, 25, 61].entries()) {
    await terminal.resize(columns, 10);
    await server.send(1);
    const screen = await terminal.waitFor((text) =>
      text.includes(` ${index + 3}0%`) && linesOf(text).length === 1
    );
    assert(textWidth(screen) < columns, screen);
  }
});

onTerminal("names of wide characters leave no junk behind", async () => {
  await using server = new SlowServer();
  const name = `${"\u231a".repeat(12)}${"映画".repeat(20)}.avi`;
  await using terminal = await client(server.port, ["get", name], { columns: 80, rows: 10 });
  for (let tenth = 1; tenth < 10; tenth++) {
    await server.send(1);
    const screen = await terminal.waitFor(new RegExp(` ${tenth}0% `));
    assertEquals(linesOf(screen).length, 1, screen);
  }
  await server.send(1);
  assertEquals(await terminal.ended(), EXIT.ok);
  assertEquals(linesOf(await terminal.screen()).length, 2, "the line that stays takes two");
});

onTerminal("several bars and their total survive every width", async () => {
  const command = [Deno.execPath(), "run", "--quiet", "--no-prompt", BARS] as const;
  await using terminal = await Terminal.open({ command, columns: 80, rows: 12 });
  await terminal.waitFor(/^0 of 4 files.* 0%/m);
  for (const [index, columns] of [60, 30, 100, 45, 80].entries()) {
    await terminal.resize(columns, 12);
    await terminal.type(".");
    const total = new RegExp(`^0 of 4 files.* ${index + 1}0%`, "m");
    // Nothing is left of wider lines; the remark may have been scrolled out.
    await terminal.waitFor((screen) =>
      total.test(screen) && linesOf(screen.replace(/^What .*\n/, "")).length === 5
    );
  }
  await terminal.type("q");
  assertEquals(await terminal.ended(), 0);
  const history = await terminal.history();
  assertEquals(history.match(/^What was there before/gm)?.length, 1, history);
  assertMatch(history, /^4 files: 1\.9 MiB in /m);
});

onTerminal("Ctrl-C says that it interrupts, and a second one ends at once", async () => {
  await using server = new SlowServer({ ABOR: () => {} });
  await using terminal = await client(server.port, ["get", "a.avi"], { rows: 10 });
  await server.send(4);
  await terminal.waitFor(/ 40% /);
  await terminal.press("C-c");
  await terminal.waitFor(/^Interrupting \.\.\./m);
  await new Promise((resume) => setTimeout(resume, SAME_INTERRUPT_MS));
  await terminal.press("C-c");
  assertEquals(await terminal.ended(), EXIT.interrupted);
  assertMatch(await terminal.screen(), /Kept 39\.1 KiB in "a\.avi\.part".*\nInterrupted$/);
});

onTerminal("a server that says nothing is named, and Ctrl-C ends that", async () => {
  await using server = new ScriptedServer({ greeting: "" });
  const { port } = server.address;
  await using terminal = await client(port, ["get", "a.avi"], { rows: 10 });
  await terminal.waitFor(new RegExp(`^Connecting to 127\\.0\\.0\\.1:${port} \\.\\.\\.$`, "m"));
  await terminal.press("C-c");
  assertEquals(await terminal.ended(), EXIT.interrupted);
  assertMatch(await terminal.screen(), /Interrupted$/);
});

onTerminal("TERM=dumb gets lines and no bar", async () => {
  await using server = new SlowServer();
  const options = { rows: 10, env: { TERM: "dumb" } };
  await using terminal = await client(server.port, ["get", "a.avi"], options);
  await server.send(10);
  assertEquals(await terminal.ended(), EXIT.ok);
  assertMatch(await terminal.history(), /^a\.avi: 97\.7 KiB in [^\n]*$/);
});

testWith(TERMINAL_NEEDS, "what is piped has no control characters", async () => {
  await using server = new SlowServer();
  const cwd = await Deno.makeTempDir();
  try {
    const args = ["client", "--port", `${server.port}`, "get", "a.avi"];
    await using child = Child.main(args, { permissions: PERMISSIONS, cwd });
    await server.send(10);
    const { code, stderr } = await child.ended();
    assertEquals(code, EXIT.ok);
    assertMatch(stderr, /^a\.avi: 97\.7 KiB in [ -~]*\n$/);
  } finally {
    await Deno.remove(cwd, { recursive: true });
  }
});
