/**
 * Data connections that the server makes: EPRT (RFC 2428), and PORT (RFC 959) once EPRT has failed.
 *
 * The client listens on the address from which its control connection goes out, on a port of its
 * own for each transfer, and lets nobody in but the server's address.
 *
 * @module
 */

import { canonicalIpv6, formatHostPort } from "../server/ftp/words/address.ts";
import type { DataChannel, Dialogue } from "./channel.ts";
import { ConnectionError, refusal } from "./errors.ts";
import { type Connection, connectionError, type WireListener } from "./transport.ts";

const ACTION = "Cannot open a data connection";

/** Connections of others to one port before it is given up: a scan passes by, a flood does not. */
const STRANGERS_MAX = 16;

/**
 * Tells the server where to connect to.
 *
 * @throws {ProtocolError} when the server takes neither EPRT nor PORT.
 * @throws {ConnectionError} when this machine does not let it listen.
 */
export async function openActive(dialogue: Dialogue): Promise<DataChannel> {
  const listener = await listen(dialogue);
  try {
    await announce(dialogue, listener.address.port);
  } catch (error) {
    listener.close();
    throw error;
  }
  return {
    wire: (signal) => acceptFrom(listener, dialogue.peer.hostname, signal),
    close: () => listener.close(),
  };
}

async function listen({ transport, local }: Dialogue): Promise<WireListener> {
  try {
    return await transport.listen(unmapped(local.hostname));
  } catch (error) {
    throw connectionError(ACTION, error, "refused");
  }
}

async function announce(dialogue: Dialogue, port: number): Promise<void> {
  const host = unmapped(dialogue.local.hostname).replace(/%.*$/, "");
  const family = host.includes(":") ? 6 : 4;
  if (dialogue.server.extendedData) {
    const reply = await dialogue.ask(`EPRT |${family === 6 ? 2 : 1}|${host}|${port}|`);
    if (reply.code >= 200 && reply.code < 300) return;
    // 421 is no verdict on EPRT, and PORT has no room for an address of IPv6.
    if (reply.code === 421 || family === 6) throw refusal(ACTION, reply);
    dialogue.server.extendedData = false;
  }
  await dialogue.expect(ACTION, `PORT ${formatHostPort({ family, host, port })}`, 200);
}

/** The first connection from `peer`; the port is closed behind it. */
async function acceptFrom(
  listener: WireListener,
  peer: string,
  signal: AbortSignal,
): Promise<Connection> {
  const end = () => listener.close();
  signal.addEventListener("abort", end);
  try {
    signal.throwIfAborted();
    for (let strangers = 0; strangers < STRANGERS_MAX; strangers++) {
      const wire = await listener.accept();
      if (canonical(wire.remote.hostname) === canonical(peer)) return wire;
      wire.close();
    }
    throw new ConnectionError(`${ACTION}: others than the server connect to its port`);
  } finally {
    signal.removeEventListener("abort", end);
    listener.close();
  }
}

/** An IPv4 address that a socket for both families shows as `::ffff:192.0.2.1`, as it is. */
function unmapped(host: string): string {
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(host)?.[1] ?? host;
}

function canonical(host: string): string {
  const plain = unmapped(host).replace(/%.*$/, "");
  return canonicalIpv6(plain) ?? plain;
}
