/**
 * From the greeting to a usable session: USER, PASS, ACCT (RFC 959 section 5.4), FEAT (RFC 2389),
 * and protection of the data connections (RFC 4217).
 *
 * connect.ts calls it once per connection; attributes.ts reads replies of several lines by it.
 *
 * @module
 */

import type { ControlConnection } from "./control.ts";
import type { Reply } from "./conversation.ts";
import { ConnectionError, describeReply, kindOf, LoginError, refusal } from "./errors.ts";
import { UTF_8 } from "./text.ts";

/** Who logs in. */
export interface Credentials {
  readonly user: string;
  readonly password: string;
  /** For servers that ask with 332 for an account to charge. */
  readonly account?: string;
}

/** RFC 1635: the user that needs no account; the password is a courtesy. */
export const ANONYMOUS: Credentials = { user: "anonymous", password: "anonymous@" };

/**
 * Logs in and asks what the server can do.
 *
 * @throws {LoginError} when the server does not let this user in.
 */
export async function login(control: ControlConnection, credentials: Credentials): Promise<void> {
  // A greeting of 230 has let in whoever calls; only AUTH would undo that (RFC 2228 section 3).
  const isIn = control.server.greeting.code === 230 && control.transport.secure === undefined;
  if (!isIn) await identify(control, credentials);
  const features = await control.ask("FEAT");
  control.server.features = parseFeatures(features);
  // Some servers send and take UTF-8 only after this; those that always do have nothing against it.
  if (control.encoding === UTF_8 && control.server.features.has("UTF8")) {
    await control.ask("OPTS UTF8 ON");
  }
}

/** USER, PASS and ACCT, as far as the server asks for them. */
async function identify(control: ControlConnection, credentials: Credentials): Promise<void> {
  const action = `Cannot log in as "${credentials.user}"`;
  let reply = await control.ask(`USER ${credentials.user}`);
  // Some ask for the password by another code than 331 (RFC 1123 section 4.1.2.11).
  if (reply.code >= 300 && reply.code < 400 && reply.code !== 332) {
    reply = await control.ask(`PASS ${credentials.password}`);
  }
  if (reply.code === 332 && credentials.account !== undefined) {
    reply = await control.ask(`ACCT ${credentials.account}`);
  }
  if (reply.code === 421) throw refusal(action, reply);
  if (reply.code < 200 || reply.code >= 300) throw new LoginError(action, reply);
}

/**
 * PBSZ and PROT: data connections go through TLS from now on (RFC 4217 section 9).
 *
 * @throws {ConnectionError} when the server does not protect them: data in clear text is no
 * fall-back.
 */
export async function protectData(control: ControlConnection): Promise<void> {
  // TLS has no buffer to agree on: the command is a formality that some servers do not know.
  await control.ask("PBSZ 0");
  const reply = await control.ask("PROT P");
  if (reply.code < 200 || reply.code >= 300) {
    const text = `Cannot protect data connections: ${describeReply(reply)}`;
    const kind = reply.code < 500 ? kindOf(reply) : "untrusted";
    throw new ConnectionError(text, { kind, reply });
  }
  control.server.protectedData = true;
}

/** FEAT's reply by name (RFC 2389 section 3.2): upper case, with what stands behind it. */
export function parseFeatures(reply: Reply): Map<string, string> {
  const features = new Map<string, string>();
  if (reply.code < 200 || reply.code >= 300) return features;
  for (const line of linesBetween(reply)) {
    const [name = "", ...parameters] = line.trim().split(" ");
    if (name !== "") features.set(name.toUpperCase(), parameters.join(" "));
  }
  return features;
}

/**
 * What stands between the first line of a reply and the last. Some servers put the code before each
 * line, where RFC 2389 section 3.2 and RFC 3659 section 7.2 want a space.
 */
export function linesBetween({ code, lines }: Reply): string[] {
  return lines.slice(1, -1).map((line) => line.startsWith(`${code}-`) ? line.slice(4) : line);
}
