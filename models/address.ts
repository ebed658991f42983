/**
 * Addresses as models say them: families, text for people, the error of one that cannot be
 * listened on.
 *
 * @module
 */

import type { Address } from "../server/mod.ts";
import { ServeError, type ServeOptions } from "./model.ts";

/** The family of a numeric host: IPv6 text has a colon. */
export function familyOf(host: string): 4 | 6 {
  return host.includes(":") ? 6 : 4;
}

/** The address that a server of `options` has on `port`. */
export function addressAt({ host }: ServeOptions, port: number): Address {
  return { family: familyOf(host), host, port };
}

/** The one-line error for an address that cannot be listened on. */
export function listenError(options: Pick<ServeOptions, "host" | "port">, why: string): ServeError {
  return new ServeError(`Cannot listen on ${hostAndPort(options)}: ${why}`);
}

/** "127.0.0.1:2121", or "[::1]:2121". */
export function hostAndPort(address: { readonly host: string; readonly port: number }): string {
  const { host, port } = address;
  return familyOf(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`;
}
