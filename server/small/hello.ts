/**
 * hello, the first lesson: the server greets, hears one message, shows it and closes.
 *
 * A message is what one input brings, up to MESSAGE_BYTES_MAX: the protocol marks no end. Models
 * drive the session; it never asks for a second message.
 *
 * @module
 */

import { maskControls } from "../mask_controls.ts";
import type { Peer, Protocol } from "../session.ts";
import type { Settings, SmallSettings } from "../settings.ts";
import { SmallSession } from "./session.ts";

/** The one receive of the lesson; what a longer message has beyond it is not shown. */
const MESSAGE_BYTES_MAX = 1024;

const encoder = new TextEncoder();

class HelloSession extends SmallSession {
  constructor(settings: SmallSettings, now: number) {
    super(settings, now);
    this.emit({ kind: "send", octets: encoder.encode("hello client") });
  }

  protected take(octets: Uint8Array): void {
    const text = new TextDecoder().decode(octets.subarray(0, MESSAGE_BYTES_MAX));
    this.emit({ kind: "print", text: maskControls(text.trimEnd()) });
    this.close();
  }
}

/** The protocol of the first lesson; port 8000. */
export const hello: Protocol = {
  telnet: false,
  createSession: ({ hello }: Settings, _peer: Peer, now: number) => new HelloSession(hello, now),
  refusal: (reason: string) => encoder.encode(reason),
};
