/**
 * FIFOs of this machine as what is sent and as what is written to: octets come and go once, and
 * whoever waits for the other end can be told to stop.
 *
 * @module
 */

import { assertEquals, assertMatch } from "@std/assert";
import { concatenate } from "../../server/octets.ts";
import { EXIT, main } from "../../client/cli/mod.ts";
import { type Need, testWith } from "../permission.ts";
import { FakeConsole } from "./fake_console.ts";
import { MemoryFiles } from "./memory_files.ts";
import { type Answer, ScriptedServer } from "./scripted_server.ts";
import { script } from "./shell/shell_stage.ts";
import { names, NEEDS, octets, run, withFolders } from "./stage.ts";

const CONTENT = octets(300_000);

/** What stands behind all that was written to a FIFO. */
const MARK = "<end>";

/** A FIFO of the client's, and a server in memory. */
interface Stage {
  readonly fifo: string;
  readonly here: string;
  readonly memory: MemoryFiles;
  readonly server: ScriptedServer;
}

/** A test whose server cuts the first `cuts` transfers. */
function withFifo(name: string, cuts: number, body: (stage: Stage) => Promise<void>): void {
  const needs: readonly Need[] = [...NEEDS, "run"];
  const run = () =>
    withFolders(async (_, here) => {
      const fifo = `${here}/fifo`;
      await new Deno.Command("mkfifo", { args: [fifo] }).output();
      let left = cuts;
      const memory = new MemoryFiles({ cutsAfter: () => left-- > 0 ? 70_000 : undefined });
      await using server = new ScriptedServer({ answers: memory.answers });
      await body({ fifo, here, memory, server });
    });
  testWith(needs, name, run, Deno.build.os === "windows" ? "needs mkfifo" : undefined);
}

for (const flags of [[], ["--direct"]]) {
  withFifo(`put of a pipe is not tried again: ${["put", ...flags].join(" ")}`, 1, async (stage) => {
    const { fifo, memory, server } = stage;
    const writing = (async () => {
      using pipe = await Deno.open(fifo, { write: true });
      await new Blob([CONTENT]).stream().pipeTo(pipe.writable, { preventClose: true });
    })().catch(() => "nobody reads any more");
    const { status, error } = await run(server.address.port, ["put", ...flags, fifo, "-o", "a"]);
    assertEquals([status, error.includes("trying again")], [EXIT.retry, false], error);
    assertEquals(server.verbs.filter((verb) => verb === "STOR").length, 1);
    if (flags.length === 0) {
      assertEquals(memory.files.has("a"), false, "no rest of it has the name");
    }
    await writing;
  });
}

withFifo("put of a pipe sends all of it", 0, async ({ fifo, memory, server }) => {
  const { port } = server.address;
  const writing = Deno.writeFile(fifo, CONTENT, { create: false });
  const { status, error } = await run(port, ["put", fifo, "-o", "a"]);
  assertEquals(status, EXIT.ok, error);
  assertEquals(memory.files.get("a")!.content, CONTENT);
  await writing;
});

withFifo("put -c of a pipe is refused", 0, async ({ fifo, server }) => {
  const { status, error } = await run(server.address.port, ["put", "-c", fifo, "-o", "a"]);
  assertEquals([status, error], [EXIT.local, `Cannot continue "a": "${fifo}" is no file\n`]);
});

withFifo("get into a pipe brings each octet once, though it breaks", 1, async (stage) => {
  const { fifo, here, memory, server } = stage;
  memory.put("/a", CONTENT);
  // Open for both, it has a writer all the time (fifo(7)).
  using pipe = await Deno.open(fifo, { read: true, write: true });
  const chunks: Uint8Array[] = [];
  const reading = (async () => {
    const text = (octets: Uint8Array) => new TextDecoder("latin1").decode(octets);
    const buffer = new Uint8Array(4_096);
    do {
      const count = await pipe.read(buffer);
      chunks.push(buffer.slice(0, count!));
    } while (!text(chunks.at(-1)!).endsWith(MARK));
  })();
  const { status, error } = await run(server.address.port, ["get", "/a", "-o", fifo]);
  await Deno.writeTextFile(fifo, MARK, { create: false });
  await reading;
  assertEquals(status, EXIT.ok, error);
  assertMatch(error, /; trying again in /);
  assertEquals(concatenate(chunks).subarray(0, -MARK.length), CONTENT);
  assertEquals(await names(here), ["fifo"]);
});

for (const verb of ["put", "get"] as const) {
  withFifo(`${verb} waits for nobody at the other end of a pipe once Ctrl-C is typed`, 0, async (
    { fifo, memory },
  ) => {
    const connected = Promise.withResolvers<void>();
    const FEAT: Answer = async (_, session) => {
      await session.say("211 None");
      connected.resolve();
    };
    await using server = new ScriptedServer({ answers: { ...memory.answers, FEAT } });
    const console = new FakeConsole();
    const args = verb === "put" ? [fifo, "-o", "a"] : ["/a", "-o", fifo];
    const running = main(["--port", `${server.address.port}`, verb, ...args], console);
    await connected.promise;
    // Until it waits in open(2), which nothing tells; sooner it would be interrupted as well.
    await new Promise((resume) => setTimeout(resume, 50));
    console.interrupt();
    assertEquals([await running, console.errorText], [EXIT.interrupted, "Interrupted\n"]);
    // The thread that waits there is the runtime's.
    using _ = await Deno.open(fifo, { read: true, write: true });
  });
}

withFifo("mput leaves out what is neither file nor link", 0, async ({ here, server, memory }) => {
  await Deno.writeTextFile(`${here}/file`, "file");
  await Deno.symlink("file", `${here}/flink`);
  const { port } = server.address;
  const client = (args: readonly string[], more = {}) => run(port, args, more);
  const { status, error } = await script({ here, client }, ["mput -q f*"]);
  assertEquals([status, error], [EXIT.ok, ""]);
  assertEquals([...memory.files.keys()].sort(), ["file", "flink"]);
});
