/**
 * A server process whose output nobody reads: it serves on, it ends when it is told to, and it says
 * what was lost once somebody reads again.
 *
 * @module
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { models } from "../../models/mod.ts";
import { TERMINAL_BYTES_MAX } from "../../models/serve/output.ts";
import { servePermissions } from "../child.ts";
import { type Need, SERVER_NEEDS, testWith } from "../permission.ts";

const NEEDS: readonly Need[] = [...SERVER_NEEDS, "run"];

/** A server that needs so long for anything is stuck. */
const PATIENCE_MS = 20_000;

/** What one client of hello says. */
const MESSAGE = new TextEncoder().encode("m".repeat(1_000));

/** More than the pipe, this end of it, and the server's queue hold together. */
const CLIENTS = Math.ceil((TERMINAL_BYTES_MAX + (1 << 19)) / MESSAGE.length);

const AT_A_TIME = 50;

/** Those that come. */
const CLIENTS_SERVED = Math.ceil(CLIENTS / AT_A_TIME) * AT_A_TIME;

/** A server of hello, and what it wrote as far as it is asked for. */
class Unread implements AsyncDisposable {
  readonly process: Deno.ChildProcess;
  readonly out: ReadableStreamDefaultReader<string>;
  readonly #patience: ReturnType<typeof setTimeout>;
  readonly #folder = Deno.makeTempDirSync();

  /** @param merged standard error goes the same way as standard output. */
  constructor(model: string, protocol: string, merged: boolean) {
    const main = fromFileUrl(new URL("../../main.ts", import.meta.url));
    const serve = ["serve", "--model", model, "--protocol", protocol, "--port", "0", "--root", "."];
    const run = ["run", "--quiet", "--no-prompt", ...servePermissions(), main, ...serve];
    this.process = new Deno.Command("sh", {
      args: ["-c", merged ? 'exec "$0" "$@" 2>&1' : 'exec "$0" "$@"', Deno.execPath(), ...run],
      cwd: this.#folder,
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.out = this.process.stdout.pipeThrough(new TextDecoderStream()).getReader();
    this.#patience = setTimeout(() => this.process.kill("SIGKILL"), PATIENCE_MS);
  }

  /** Reads the ready line, and then nothing. */
  async port(): Promise<number> {
    const { value } = await this.out.read();
    return Number(/ on 127\.0\.0\.1:(\d+), /.exec(value ?? "")![1]);
  }

  /** The rest of standard output. */
  async rest(): Promise<string> {
    let text = "";
    for (;;) {
      const { value, done } = await this.out.read();
      if (done) return text;
      text += value;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#patience);
    try {
      this.process.kill("SIGKILL");
    } catch {
      // It has ended, as it should.
    }
    await this.process.stdin.close().catch(() => {});
    await this.out.cancel();
    await this.process.stderr.cancel().catch(() => {}); // it may have been read
    await Deno.remove(this.#folder, { recursive: true });
  }
}

/** Has one client greeted, which then says its message. */
async function greet(port: number): Promise<void> {
  using conn = await Deno.connect({ hostname: "127.0.0.1", port });
  await conn.read(new Uint8Array(100));
  await conn.write(MESSAGE);
  while (await conn.read(new Uint8Array(100)) !== null) { /* until it closes */ }
}

async function crowd(port: number): Promise<void> {
  for (let at = 0; at < CLIENTS; at += AT_A_TIME) {
    await Promise.all(Array.from({ length: AT_A_TIME }, () => greet(port)));
  }
}

for (const { name, unavailable } of models.values()) {
  testWith(
    NEEDS,
    `serve with output that nobody reads serves on, and SIGTERM ends it [${name}]`,
    async () => {
      await using server = new Unread(name, "hello", false);
      const port = await server.port();
      await crowd(port);
      await greet(port);
      server.process.kill("SIGTERM");
      assertEquals((await server.process.status).code, 0);
      const stderr = await new Response(server.process.stderr).text();
      assertMatch(
        stderr,
        /^ftplab: \d+ lines were dropped: nobody read standard output in time\n$/,
      );
    },
    unavailable(),
  );
}

testWith(NEEDS, "serve says what was dropped once its output is read again", async () => {
  await using server = new Unread("async", "hello", true);
  const port = await server.port();
  await crowd(port);
  const reading = server.rest();
  server.process.kill("SIGTERM");
  const lines = (await reading).trimEnd().split("\n");
  const dropped = lines.map((line) =>
    Number(/^ftplab: (\d+) lines? (?:was|were) dropped: /.exec(line)?.[1] ?? 0)
  ).reduce((sum, count) => sum + count, 0);
  const shown = lines.filter((line) => line.startsWith("m")).length;
  assert(dropped > 0 && shown > 0);
  assertEquals(dropped + shown, CLIENTS_SERVED);
});

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  testWith(NEEDS, `serve at a prompt that nobody answers or reads ends on ${signal}`, async () => {
    await using server = new Unread("async", "chat", true);
    const port = await server.port();
    using conn = await Deno.connect({ hostname: "127.0.0.1", port });
    await conn.write(MESSAGE);
    const { value } = await server.out.read();
    assertMatch(value ?? "", /^client 1: m/);
    server.process.kill(signal);
    assertEquals((await server.process.status).code, 0);
  });
}
