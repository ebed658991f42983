/**
 * Data connections that the client makes: EPSV (RFC 2428), and PASV (RFC 959) once EPSV has failed.
 *
 * The host in a 227 reply is not used unless the user says so: a data connection goes to the
 * address that the control connection goes to, so no server can send a client elsewhere.
 *
 * @module
 */

import { type Address, parseExtendedPassive, parsePassive } from "../server/ftp/words/address.ts";
import type { DataChannel, Dialogue } from "./channel.ts";
import type { Reply } from "./conversation.ts";
import { ConnectionError, describeReply, refusal } from "./errors.ts";
import { attemptWithin, endpoint } from "./transport.ts";

const ACTION = "Cannot open a data connection";

/**
 * Makes a data connection to the server's address.
 *
 * @throws {ProtocolError} when the server offers neither EPSV nor PASV.
 * @throws {ConnectionError} when the offered port cannot be reached.
 */
export async function openPassive(dialogue: Dialogue): Promise<DataChannel> {
  if (dialogue.server.extendedData) {
    const reply = await dialogue.ask("EPSV");
    if (reply.code === 229) {
      const port = parseExtendedPassive(reply.lines.join(" "));
      try {
        if (port === undefined || port === 0) throw notAnAddress("EPSV", reply);
        return await connectTo(dialogue, dialogue.peer.hostname, port);
      } catch (error) {
        // Behind some address translators only the port of a 227 reply is opened, or they spoil
        // the reply to EPSV.
        if (!(error instanceof ConnectionError) || isIpv6(dialogue)) throw error;
      }
    } else if (reply.code === 421 || isIpv6(dialogue)) {
      // 421 is no verdict on EPSV, and over IPv6 there is nothing to fall back to.
      throw refusal(ACTION, reply);
    }
    dialogue.server.extendedData = false;
  }
  const { port } = await askAddress(dialogue);
  return await connectTo(dialogue, dialogue.peer.hostname, port);
}

/**
 * As `openPassive`, to whatever address the server names in its reply to PASV. There is none of
 * IPv6 in that, nor any in the reply to EPSV (RFC 2428 section 3).
 */
export async function openPassiveAnywhere(dialogue: Dialogue): Promise<DataChannel> {
  if (isIpv6(dialogue)) return await openPassive(dialogue);
  const { host, port } = await askAddress(dialogue);
  return await connectTo(dialogue, host, port);
}

async function askAddress(dialogue: Dialogue): Promise<Address> {
  const reply = await dialogue.expect(ACTION, "PASV", 200);
  const address = parsePassive(reply.lines.join(" "));
  if (address === undefined || address.port === 0) throw notAnAddress("PASV", reply);
  return address;
}

/** Whether the control connection is one of IPv6, an IPv4-mapped address not counted. */
function isIpv6(dialogue: Dialogue): boolean {
  const host = dialogue.peer.hostname;
  return host.includes(":") && !host.toLowerCase().startsWith("::ffff:");
}

function notAnAddress(verb: string, reply: Reply): ConnectionError {
  return new ConnectionError(
    `${ACTION}: the reply to ${verb} has no address: ${describeReply(reply)}`,
    { kind: "protocol", reply },
  );
}

async function connectTo(
  dialogue: Dialogue,
  hostname: string,
  port: number,
): Promise<DataChannel> {
  const { transport, timeouts: { connectMs }, signal } = dialogue;
  const wire = await attemptWithin(
    `Cannot connect to ${endpoint({ hostname, port })}`,
    connectMs,
    signal,
    (end) => transport.connect({ hostname, port }, end),
  );
  return { wire, close: () => wire.close() };
}
