/**
 * Listening through the runtime, and the one-line errors of what the system refuses.
 *
 * @module
 */

import { listenError } from "../address.ts";
import { BACKLOG } from "../limits.ts";
import type { ServeOptions } from "../model.ts";

/**
 * A listener; several workers share their port by SO_REUSEPORT, which the runtime counts as unstable
 * (`"unstable": ["net"]` in deno.json). The kernel's hash spreads connections over them, evenly only
 * in the long run: none can go from one worker of the runtime to another.
 *
 * @throws {ServeError} when the address cannot be listened on.
 */
export function listen(options: Pick<ServeOptions, "host" | "port" | "workers">): Deno.TcpListener {
  const { host, port, workers } = options;
  const reusePort = workers > 1 ? { reusePort: true } : {};
  try {
    return Deno.listen({ hostname: host, port, tcpBacklog: BACKLOG, ...reusePort });
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) throw listenError(options, "address in use");
    if (error instanceof Deno.errors.NotCapable) throw listenError(options, "it needs --allow-net");
    throw listenError(options, reasonOf(error));
  }
}

/** What the runtime throws for errors of the system that it has a name for. */
const KINDS = Object.values(Deno.errors);

/** Whether the system said `error`, by a name or by its number: any other is a bug of ours. */
export function isOfTheSystem(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return error.message.includes("(os error ") || KINDS.some((kind) => error instanceof kind);
}

/** What the system said, in the words of libc/errors.ts: "connection reset by peer". */
export function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/ \(os error.*$/s, "").toLowerCase();
}
