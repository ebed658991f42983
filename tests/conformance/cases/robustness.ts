/**
 * A client that vanishes at any step harms only its own session. Closing a socket whose replies
 * are unread makes the kernel send a reset, which is how most of these clients leave.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import {
  assertBytes,
  type Conversation,
  octets,
  pattern,
  readExactly,
  writeAll,
} from "../client.ts";
import { type Case, type Cases, LARGE, type Target, WRITER } from "../target.ts";

/** One way to be cut off: brings a session to the step; the loop below then drops it. */
type Step = (ftp: Conversation) => Promise<void>;

/** The upload of the round before may not have been given up yet: 450. */
const BEGUN_OR_BUSY = [125, 150, 450];

/** Begins an upload that never ends. */
async function upload(ftp: Conversation, command: string): Promise<void> {
  const data = await ftp.passive();
  const { code } = await ftp.command(command, BEGUN_OR_BUSY);
  if (code < 200) await writeAll(data, pattern(100_000));
}

const BEFORE_LOGIN: Readonly<Record<string, Step>> = {
  "the greeting": () => Promise.resolve(),
  "half a line": (ftp) => ftp.send(octets("USER wri")),
  "USER": (ftp) => ftp.send(`USER ${WRITER.user}`),
  "a wrong PASS": (ftp) => ftp.send(octets(`USER ${WRITER.user}\r\nPASS x\r\n`)),
  "a flood of commands": (ftp) => ftp.send(octets("HELP\r\n".repeat(300))),
};

const LOGGED_IN: Readonly<Record<string, Step>> = {
  "PASS": () => Promise.resolve(),
  "PASV": (ftp) => ftp.send("PASV"),
  "PASV and the data connection": async (ftp) => {
    await ftp.passive("PASV");
  },
  "PORT": async (ftp) => {
    await ftp.active();
  },
  "PORT and RETR, without accepting": async (ftp) => {
    await ftp.active();
    await ftp.send("RETR large");
  },
  "EPSV and RETR, without connecting": async (ftp) => {
    await ftp.passivePort();
    await ftp.command("RETR large", [125, 150]);
  },
  "EPSV and STOR, without connecting": async (ftp) => {
    await ftp.passivePort();
    await ftp.command("STOR never", BEGUN_OR_BUSY);
  },
  "the 150 of RETR": async (ftp) => {
    await ftp.passive();
    await ftp.command("RETR large", [125, 150]);
  },
  "half a RETR": async (ftp) => {
    const data = await ftp.begin("RETR large");
    await readExactly(data, 100_000);
  },
  "half a RETR in TYPE A": async (ftp) => {
    await ftp.command("TYPE A", 200);
    const data = await ftp.begin("RETR large");
    await readExactly(data, 100_000);
  },
  "half a STOR": (ftp) => upload(ftp, "STOR new"),
  "half an APPE": (ftp) => upload(ftp, "APPE new"),
  "half a LIST": async (ftp) => {
    await ftp.passive();
    await ftp.send("LIST");
  },
  "ABOR": async (ftp) => {
    await ftp.passive();
    await ftp.command("RETR large", [125, 150]);
    await ftp.send("ABOR");
  },
  "RNFR": (ftp) => ftp.send("RNFR large"),
  "REST": (ftp) => ftp.send("REST 100"),
  "a queue of commands behind a transfer": async (ftp) => {
    await ftp.passive();
    await ftp.command("RETR large", [125, 150]);
    await ftp.send(octets("PWD\r\n".repeat(200)));
  },
  "QUIT": (ftp) => ftp.send("QUIT"),
};

/** Fails unless `witness`, who was there all the time, and a newcomer are served as ever. */
async function unharmed(target: Target, witness: Conversation): Promise<void> {
  for (const ftp of [witness, await target.login()]) {
    await ftp.command("NOOP", 200);
    await ftp.put("STOR other", pattern(10_000));
    assertBytes(await ftp.fetch("RETR other"), pattern(10_000));
    await ftp.command("DELE other", 250);
  }
}

function dropped(step: Step, loggedIn: boolean): Case {
  return async (target) => {
    await target.large("large");
    const witness = await target.login();
    for (let round = 0; round < 2; round++) {
      const ftp = loggedIn ? await target.login() : await target.dial();
      await step(ftp);
      ftp.close();
    }
    await unharmed(target, witness);
    assertEquals((await Deno.stat(target.path("large"))).size, LARGE);
    assert(!(await target.names()).includes("never"), "An upload of nothing took its name");
  };
}

function cases(steps: Readonly<Record<string, Step>>, loggedIn: boolean): Cases {
  return Object.fromEntries(
    Object.entries(steps).map(([name, step]) => [
      `a client that vanishes after ${name} harms nobody`,
      dropped(step, loggedIn),
    ]),
  );
}

/** The cases by name. */
export const robustness: Cases = { ...cases(BEFORE_LOGIN, false), ...cases(LOGGED_IN, true) };
