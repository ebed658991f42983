/**
 * The contract of a model for who embeds it: starting, counting, stopping, and errors that leave
 * nothing behind.
 *
 * @module
 */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { BULK_BYTES } from "../../models/limits.ts";
import { models, ServeError, type ServeOptions, SILENT, type Terminal } from "../../models/mod.ts";
import type { ServerEvent } from "../../server/mod.ts";
import { missing, type Need, SERVER_NEEDS, testWith } from "../permission.ts";
import { connected, LARGE_BYTES, login, Root } from "../served.ts";
import { OPTIONS } from "./options.ts";

const NEEDS: readonly Need[] = [...SERVER_NEEDS, "run"];

/** What the runtime may have opened meanwhile for itself; ATTEMPTS leaks are more. */
const RUNTIME_DESCRIPTORS = 4;

/** Looks at the descriptors: a thread that has ended gives its own back a moment later. */
const LOOKS_MAX = 300;

/** Failed starts, between two counts of descriptors. */
const ATTEMPTS = 12;

async function openDescriptors(): Promise<number> {
  const { stdout } = await new Deno.Command("ls", { args: [`/proc/${Deno.pid}/fd`] }).output();
  return new TextDecoder().decode(stdout).trim().split("\n").length;
}

/** An option that makes `serve` fail, and what it then says. */
type Mistake = readonly [name: string, overrides: Partial<ServeOptions>, says: string];

for (const model of models.values()) {
  const absent = missing(["ffi"]).length > 0 ? undefined : model.unavailable();
  const workers = 2;

  testWith(NEEDS, `Model.serve counts while it runs, and after [${model.name}]`, async () => {
    using root = new Root();
    const options = { ...OPTIONS, root: root.path, workers, maxWorkers: 3 };
    const server = await model.serve(options);
    assertEquals(server.address, { family: 4, host: "127.0.0.1", port: server.address.port });
    assert(server.description.startsWith(`${model.name} (`));
    assertEquals(server.stats().map(({ sessions }) => sessions), [0, 0]);

    const ftp = await login(server.address);
    const sum = (field: "sessions" | "sessionsOpen" | "octetsIn" | "octetsOut") =>
      server.stats().reduce((total, worker) => total + worker[field], 0);
    assertEquals([sum("sessions"), sum("sessionsOpen")], [1, 1]);
    const said = "USER anonymous\r\nPASS me\r\nTYPE I\r\n";
    assertEquals(sum("octetsIn"), said.length);
    const before = sum("octetsOut");
    assertEquals((await ftp.fetch("RETR large")).length, LARGE_BYTES);
    assert(sum("octetsOut") > before + LARGE_BYTES);
    const calls = server.stats().flatMap((worker) => Object.keys(worker.calls));
    assertEquals(calls.includes("accept4"), model.name !== "async"); // whose runtime calls

    await server.stop(0);
    await server.finished;
    ftp.close();
    for (const worker of server.stats()) {
      assertEquals([worker.lane, worker.sessionsOpen], ["stopped", 0]);
    }
    await server.stop(0); // a second time changes nothing
    await assertRejects(() => Deno.connect({ port: server.address.port }));
  }, absent);

  testWith(NEEDS, `Model.serve sends every line of a long file [${model.name}]`, async () => {
    using root = new Root();
    // In TYPE A its first block becomes as long as the whole file is: that is not its end.
    const block = "\n".repeat(10).padStart(BULK_BYTES, "x");
    Deno.writeTextFileSync(`${root.path}/lines`, `${block}0123456789`);
    const server = await model.serve({ ...OPTIONS, root: root.path });
    const ftp = await login(server.address);
    await ftp.command("TYPE A", 200);
    assertEquals((await ftp.fetch("RETR lines")).length, BULK_BYTES + 20);
    ftp.close();
    await server.stop(0);
  }, absent);

  testWith(NEEDS, `Model.serve tells who listens what happens [${model.name}]`, async () => {
    using root = new Root();
    const events: ServerEvent[] = [];
    const terminal: Terminal = { ...SILENT, event: (event) => void events.push(event) };
    const server = await model.serve({ ...OPTIONS, root: root.path }, terminal);
    const ftp = await login(server.address);
    ftp.close();
    await server.stop(0);
    assertEquals(events.map(({ kind }) => kind), ["login"]);
  }, absent);

  testWith(NEEDS, `Model.serve takes its folder by any path [${model.name}]`, async () => {
    using root = new Root();
    Deno.symlinkSync(root.path, `${root.path}/self`);
    Deno.symlinkSync(`${root.path}/large`, `${root.path}/absolute`);
    const server = await model.serve({ ...OPTIONS, root: `${root.path}/self` });
    const ftp = await login(server.address);
    await ftp.command("SIZE absolute", 213);
    ftp.close();
    await server.stop(0);
  }, absent);

  testWith(NEEDS, `Model.stop waits for nobody who is idle [${model.name}]`, async () => {
    using root = new Root();
    const server = await model.serve({ ...OPTIONS, root: root.path, workers, maxWorkers: 3 });
    const ftp = await connected(server.address);
    const stopping = server.stop(3_600_000);
    await ftp.reply(421);
    await ftp.end();
    ftp.close();
    await stopping;
  }, absent);

  testWith(
    NEEDS,
    `Model.serve that fails is a ServeError and leaves nothing open [${model.name}]`,
    async () => {
      using root = new Root();
      using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
      const mistakes: readonly Mistake[] = [
        ["port", { port: (taken.addr as Deno.NetAddr).port }, "address in use"],
        ["host", { host: "192.0.2.1" }, "Cannot listen on 192.0.2.1:0"],
        ["protocol", { protocol: "gopher" }, '"gopher"'],
        ["root", { root: `${root.path}/none` }, `Cannot serve "${root.path}/none": no such folder`],
        ["root", { root: `${root.path}/large` }, `Cannot serve "${root.path}/large": not a folder`],
      ];
      for (const [name, overrides, says] of mistakes) {
        const options = { ...OPTIONS, root: root.path, maxWorkers: 1, ...overrides };
        const attempt = () => assertRejects(() => model.serve(options), ServeError, says);
        await attempt();
        const before = await openDescriptors();
        for (let count = 0; count < ATTEMPTS; count++) {
          const { message } = await attempt();
          assert(!message.includes("\n"), message);
        }
        let left = Infinity;
        for (let looks = 0; left > RUNTIME_DESCRIPTORS && looks < LOOKS_MAX; looks++) {
          left = await openDescriptors() - before;
        }
        assert(left <= RUNTIME_DESCRIPTORS, `${left} descriptors for ${ATTEMPTS} wrong a ${name}`);
      }
    },
    absent,
  );
}
