/**
 * Connections that are reset before the server has accepted them, whole crowds of them: nothing of
 * them is kept, nobody waits for them, and the server ends when it is told to. The server is held
 * (SIGSTOP) while they come and go, so that it finds every one of them dead.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { Child } from "../child.ts";
import type { Endpoint } from "../conformance/client.ts";
import { resets, Stranger } from "../conformance/stranger.ts";
import { kinds } from "../conformance/variants.ts";
import { eventually } from "../eventually.ts";
import { testWith } from "../permission.ts";
import { login, Root } from "../served.ts";
import { descriptorsOf, flagsOf, NEEDS } from "./process.ts";

/** Connections that are dead when they are accepted. */
const DEAD = 100;

/** Descriptors that the runtime may have opened meanwhile. */
const RUNTIME_DESCRIPTORS = 8;

/** Lets `act` happen while the server stands still. */
async function whileHeld(server: Child, act: () => Promise<void>): Promise<void> {
  server.kill("SIGSTOP");
  try {
    await act();
  } finally {
    server.kill("SIGCONT");
  }
}

/** Where a connection can be when it is reset: what the client has sent by then. */
const STEPS: Readonly<Record<string, string>> = {
  "at once": "",
  "after half a line": "USER anon",
  "after a login": "USER anonymous\r\nPASS me\r\n",
  "after EPSV and RETR": "USER anonymous\r\nPASS me\r\nEPSV\r\nRETR large\r\n",
  "after QUIT": "QUIT\r\n",
};

async function resetsAfter(endpoint: Endpoint, said: string): Promise<void> {
  const stranger = await Stranger.connect(endpoint);
  if (said !== "") stranger.send(said);
  await new Promise((resume) => setTimeout(resume, 2)); // so that it has left this process
  stranger.reset();
  await stranger.ended;
}

for (const variant of kinds) {
  const absent = variant.unavailable();

  testWith(
    NEEDS,
    `serve ends after connections that were reset before it saw them [${variant.name}]`,
    async () => {
      using root = new Root();
      await using server = Child.serve([...flagsOf(variant, root.path), "--grace", "1"]);
      const endpoint = await server.serving();
      for (const said of Object.values(STEPS)) {
        await whileHeld(server, async () => {
          for (let count = 0; count < 3; count++) await resetsAfter(endpoint, said);
        });
        (await login(endpoint)).close();
      }
      server.kill("SIGTERM");
      const { code, signal } = await server.ended();
      assertEquals([code, signal], [0, null]);
    },
    absent,
  );

  testWith(
    NEEDS,
    `serve keeps nothing of a crowd that was reset, and does not pause [${variant.name}]`,
    async () => {
      using root = new Root();
      // All threads are there from the beginning: those that come later have descriptors, too.
      await using server = Child.serve([...flagsOf(variant, root.path, 6, 6), "--stats"]);
      const endpoint = await server.serving();
      (await login(endpoint)).close();
      const before = await descriptorsOf(server.pid);
      await whileHeld(server, () => resets(endpoint, DEAD));
      const ftp = await login(endpoint);
      await eventually(
        "no more descriptors than before",
        async () => await descriptorsOf(server.pid) <= before + RUNTIME_DESCRIPTORS,
      );
      await ftp.command("NOOP", 200);
      ftp.close();
      server.kill("SIGINT");
      const { code, stdout, stderr } = await server.ended();
      assertEquals(code, 0);
      assertEquals(/pauses/.exec(stderr), null);
      const { workers } = JSON.parse(stdout.slice(stdout.indexOf("\n{")));
      for (const { sessionsOpen } of workers) assertEquals(sessionsOpen, 0);
    },
    absent,
  );
}
