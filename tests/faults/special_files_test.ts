/**
 * Files that are no files: a FIFO that takes a file's place between the look at it and its opening
 * must not hold a thread in open(2), where nothing can get it out.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { Child } from "../child.ts";
import { closeQuietly, type Conversation, octets, readUntilEnd } from "../conformance/client.ts";
import { whileExchanging } from "../conformance/exchange.ts";
import { testWith } from "../permission.ts";
import { login, Root } from "../served.ts";
import { flagsOf, lacking, NEEDS, ONE_OF_EACH, output } from "./process.ts";

/** Transfers while the names are exchanged: one in a hundred meets the moment. */
const TRANSFERS = 300;

/** Verbs that open what they name. */
const COMMANDS = ["RETR file", "APPE file", "RETR file", "STOR file"];

/** SIZE in TYPE A opens a file too, and needs no data connection. */
const SIZES = octets("SIZE file\r\n".repeat(50));

async function moves(ftp: Conversation, command: string): Promise<void> {
  const data = await ftp.passive();
  const { code } = await ftp.command(command, "any");
  if (code >= 200) return closeQuietly(data);
  if (command.startsWith("RETR")) await readUntilEnd(data);
  closeQuietly(data);
  await ftp.reply("any");
}

for (const variant of ONE_OF_EACH) {
  testWith(
    NEEDS,
    `serve does not hang in a FIFO that takes a file's place [${variant.name}]`,
    async () => {
      using root = new Root();
      await output("mkfifo", `${root.path}/fifo`);
      await Deno.writeTextFile(`${root.path}/file`, "content");
      await using server = Child.serve([
        ...flagsOf(variant, root.path),
        ...["--anonymous", "write"],
      ]);
      const endpoint = await server.serving();
      const [ftp, neighbour] = [await login(endpoint), await login(endpoint)];
      await ftp.command("TYPE A", 200); // SIZE reads the file then
      await whileExchanging([[`${root.path}/file`, `${root.path}/fifo`]], async () => {
        for (let count = 0; count < TRANSFERS; count++) {
          await moves(ftp, COMMANDS[count % COMMANDS.length]!);
          if (count % 10 > 0) continue;
          await ftp.send(SIZES);
          await ftp.finals(50);
          await neighbour.command("NOOP", 200);
        }
      });
      ftp.close();
      neighbour.close();
      server.kill("SIGTERM");
      assertEquals((await server.ended()).code, 0);
    },
    variant.unavailable() ?? lacking("mkfifo", "--version"),
  );

  testWith(NEEDS, `serve refuses a FIFO under every verb [${variant.name}]`, async () => {
    using root = new Root();
    await output("mkfifo", `${root.path}/fifo`);
    await using server = Child.serve([...flagsOf(variant, root.path), "--anonymous", "write"]);
    const endpoint = await server.serving();
    const ftp = await login(endpoint);
    for (const verb of ["RETR", "STOR", "APPE"]) await ftp.refused(`${verb} fifo`, [550, 553]);
    await ftp.command("TYPE A", 200);
    await ftp.command("SIZE fifo", 550);
    (await login(endpoint)).close();
    ftp.close();
    server.kill("SIGTERM");
    assertEquals((await server.ended()).code, 0);
  }, variant.unavailable() ?? lacking("mkfifo", "--version"));
}
