/**
 * Turning a connection away before it has a session, in every model alike.
 *
 * @module
 */

import type { DriverTools } from "./contract.ts";
import type { PassiveSocket } from "./passive.ts";

/** Tells the operator that `host` is turned away; what the peer is to hear before the close. */
export function turnAway(
  { link, protocol }: DriverTools<PassiveSocket>,
  host: string,
  reason: string,
): Uint8Array<ArrayBuffer> {
  link.event({ kind: "refused", host, reason });
  return protocol.refusal(reason) as Uint8Array<ArrayBuffer>;
}
