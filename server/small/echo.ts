/**
 * echo: whatever arrives is sent back, unchanged, until the client closes.
 *
 * The session keeps nothing between two inputs. A client that sends without reading is held back
 * by its model, which reads nothing while there is something unsent.
 *
 * @module
 */

import type { Peer, Protocol } from "../session.ts";
import type { Settings } from "../settings.ts";
import { SmallSession } from "./session.ts";

class EchoSession extends SmallSession {
  protected take(octets: Uint8Array): void {
    this.emit({ kind: "send", octets: octets.slice() });
  }
}

/** The protocol that gives back what it gets; port 8000. */
export const echo: Protocol = {
  telnet: false,
  createSession: ({ echo }: Settings, _peer: Peer, now: number) => new EchoSession(echo, now),
  // Anything said would look like an echo of what the client has not sent.
  refusal: () => new Uint8Array(0),
};
