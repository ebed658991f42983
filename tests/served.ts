/**
 * What tests of a whole server process need besides it: a folder to serve, and sessions in certain
 * states.
 *
 * @module
 */

import { Conversation, type Endpoint, readExactly } from "./conformance/client.ts";

/** Larger than what the sockets of a connection hold: a download of it stands while unread. */
export const LARGE_BYTES = 32 << 20;

/** A folder with the file "large", which takes no space, for as long as a test runs. */
export class Root implements Disposable {
  readonly path: string = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "ftplab-root-" }));

  constructor() {
    Deno.writeTextFileSync(`${this.path}/large`, "");
    Deno.truncateSync(`${this.path}/large`, LARGE_BYTES);
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.path, { recursive: true });
  }
}

/** A session after its greeting. */
export async function connected(endpoint: Endpoint): Promise<Conversation> {
  const ftp = await Conversation.connect(endpoint);
  await ftp.reply(220, "greeting");
  return ftp;
}

/** An anonymous session, TYPE I. */
export async function login(endpoint: Endpoint): Promise<Conversation> {
  const ftp = await connected(endpoint);
  await ftp.command("USER anonymous", 331);
  await ftp.command("PASS me", 230);
  await ftp.command("TYPE I", 200);
  return ftp;
}

/** A session with a download that has begun and of which one octet is read. */
export async function downloading(
  endpoint: Endpoint,
): Promise<{ readonly ftp: Conversation; readonly data: Deno.Conn }> {
  const ftp = await login(endpoint);
  const data = await ftp.passive();
  await ftp.command("RETR large", 150);
  await readExactly(data, 1);
  return { ftp, data };
}
