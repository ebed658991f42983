/** hello and chat with a server process, whose output and input are the operator's terminal. */

import { assertEquals } from "@std/assert";
import { models } from "../../models/mod.ts";
import { Child } from "../child.ts";
import { type Need, SERVER_NEEDS, testWith } from "../permission.ts";

const NEEDS: readonly Need[] = [...SERVER_NEEDS, "run"];

async function withServer(
  args: readonly string[],
  run: (server: Child, port: number) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const flags = [...args, "--port", "0", "--root", folder];
    await using server = Child.serve(flags, { cwd: folder, input: true });
    const { port } = await server.serving();
    await server.stdout.take(/^ftplab: serving .*\n/);
    await run(server, port);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function connect(port: number): Promise<Deno.TcpConn> {
  return await Deno.connect({ hostname: "127.0.0.1", port });
}

async function say(conn: Deno.Conn, text: string): Promise<void> {
  await conn.write(new TextEncoder().encode(text));
}

/** Exactly as much as `text`, which it must be. */
async function assertHears(conn: Deno.Conn, text: string): Promise<void> {
  const expected = new TextEncoder().encode(text);
  const heard = new Uint8Array(expected.length);
  for (let at = 0; at < heard.length;) {
    const count = await conn.read(heard.subarray(at));
    if (count === null) break;
    at += count;
  }
  assertEquals(new TextDecoder().decode(heard), text);
}

for (const { name, unavailable } of models.values()) {
  const flags = ["--model", name];

  testWith(NEEDS, `hello shows the client's message on the terminal [${name}]`, async () => {
    await withServer([...flags, "--protocol", "hello"], async (server, port) => {
      using conn = await connect(port);
      await assertHears(conn, "hello client");
      await say(conn, "good day");
      assertEquals(await server.stdout.take(/\n/), "good day\n");
      assertEquals(await conn.read(new Uint8Array(1)), null);
    });
  }, unavailable());

  testWith(NEEDS, `chat takes answers from standard input, line by line [${name}]`, async () => {
    await withServer([...flags, "--protocol", "chat"], async (server, port) => {
      using first = await connect(port);
      await say(first, "from the first");
      assertEquals(
        await server.stdout.take(/> /),
        "client 1: from the first\nanswer client 1> ",
      );
      using second = await connect(port);
      await say(second, "from the second");
      // It is shown on a line of its own, and the first question put again.
      assertEquals(
        await server.stdout.take(/> /),
        "\nclient 2: from the second\nanswer client 1> ",
      );
      await server.type("to the first");
      await assertHears(first, "to the first");
      assertEquals(await server.stdout.take(/> /), "answer client 2> ");
      await server.type("to the second");
      await assertHears(second, "to the second");
      await say(first, "again");
      assertEquals(await server.stdout.take(/> /), "client 1: again\nanswer client 1> ");
      await server.endInput();
      await say(second, "is anybody there?");
      await server.stdout.take(/client 2: is anybody there\?\n/);
      server.kill("SIGINT");
      assertEquals((await server.ended()).code, 0);
    });
  }, unavailable());
}
