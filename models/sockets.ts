/**
 * Sockets made from the kernel's calls: what the FFI models share before they differ in waiting.
 *
 * @module
 */

import type { Address, Peer } from "../server/mod.ts";
import { BACKLOG, PASSIVE_BACKLOG, TICK_MS, UNREAD_READS_MAX } from "./limits.ts";
import * as c from "./libc/constants.ts";
import { errorText, type Libc } from "./libc/mod.ts";
import { ServeError, type ServeOptions } from "./model.ts";
import { PassivePool, type PassiveSocket } from "./passive.ts";

/** Connections turned away when a data socket is drained; no more fit into its backlog. */
const DRAINED_MAX = PASSIVE_BACKLOG + 1;

/** The family of a numeric host: IPv6 text has a colon. */
export function familyOf(host: string): 4 | 6 {
  return host.includes(":") ? 6 : 4;
}

/** The address that a server of `options` has on `port`. */
export function addressAt({ host }: ServeOptions, port: number): Address {
  return { family: familyOf(host), host, port };
}

/** The two ends of the connection that the last accept(2) of `libc` returned as `fd`. */
export function acceptedPeer(libc: Libc, fd: number, options: ServeOptions, number: number): Peer {
  const remote = libc.remoteAddress(); // before anything else is asked of `libc`
  const wildcard = options.host === "0.0.0.0" || options.host === "::";
  const local = wildcard ? libc.localAddress(fd) : addressAt(options, options.port);
  return { local, remote, number };
}

/** Closes `fd`; unread input is read first, or the kernel would reset the connection. */
export function closeGently(libc: Libc, fd: number, buffer: Uint8Array<ArrayBuffer>): void {
  const length = BigInt(buffer.length);
  for (let reads = 0; reads < UNREAD_READS_MAX; reads++) {
    if (libc.recv(fd, buffer, length, c.MSG_DONTWAIT) <= 0) break;
  }
  libc.close(fd);
}

/** A listening socket, or -errno. `flags` may be SOCK_NONBLOCK. */
function listenOn(libc: Libc, host: string, port: number, backlog: number, flags: number): number {
  const family = familyOf(host);
  const fd = libc.socket(family, flags);
  if (fd < 0) return fd;
  libc.setOption(fd, c.SOL_SOCKET, c.SO_REUSEADDR, 1);
  if (family === 6) libc.setOption(fd, c.IPPROTO_IPV6, c.IPV6_V6ONLY, host === "::" ? 0 : 1);
  let result = libc.bind(fd, { family, host, port });
  if (result === 0) result = libc.listen(fd, backlog);
  if (result === 0) return fd;
  libc.close(fd);
  return result;
}

/**
 * The listening socket for control connections. What is set on it, its connections inherit:
 * no Nagle delay for replies, urgent data in line (RFC 959 ABOR), keep-alive probes.
 *
 * @throws {ServeError} when the address cannot be listened on.
 */
export function listenForControl(libc: Libc, options: ServeOptions, flags: number): number {
  const fd = listenOn(libc, options.host, options.port, BACKLOG, flags);
  if (fd < 0) throw listenError(options, errorText(-fd));
  libc.setOption(fd, c.IPPROTO_TCP, c.TCP_NODELAY, 1);
  libc.setOption(fd, c.SOL_SOCKET, c.SO_OOBINLINE, 1);
  libc.setOption(fd, c.SOL_SOCKET, c.SO_KEEPALIVE, 1);
  return fd;
}

/** The one-line error for an address that cannot be listened on. */
export function listenError(options: ServeOptions, why: string): ServeError {
  return new ServeError(`Cannot listen on ${hostAndPort(options)}: ${why}`);
}

/** "127.0.0.1:2121", or "[::1]:2121". */
export function hostAndPort(address: { readonly host: string; readonly port: number }): string {
  const { host, port } = address;
  return familyOf(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`;
}

/** A listening data socket by its descriptor; a blocking one waits at most TICK_MS at a time. */
export class PassiveDescriptor implements PassiveSocket {
  constructor(
    readonly libc: Libc,
    readonly fd: number,
    readonly port: number,
    readonly blocking: boolean,
  ) {
    if (blocking) libc.setTimeout(fd, c.SO_RCVTIMEO, TICK_MS);
  }

  drain(): boolean {
    // Mostly nobody has come: asking is cheaper than an accept(2) that finds that out.
    if (this.libc.backlogLength(this.fd) === 0) return true;
    if (this.blocking) this.libc.setNonBlocking(this.fd, true);
    let result = 0;
    for (let count = 0; result >= 0 && count < DRAINED_MAX; count++) {
      result = this.libc.accept(this.fd, 0);
      if (result >= 0) this.libc.close(result);
    }
    if (this.blocking) this.libc.setNonBlocking(this.fd, false);
    return result === -c.EAGAIN;
  }

  close(): void {
    this.libc.close(this.fd);
  }
}

/**
 * On a data connection only full segments leave until it is closed (tcp(7)): the end of a file
 * and the end of the connection are then one segment, and a small file is one altogether.
 */
function cork(libc: Libc, fd: number): void {
  libc.setOption(fd, c.IPPROTO_TCP, c.TCP_CORK, 1);
}

/** Data sockets for one worker. `flags` may be SOCK_NONBLOCK. */
export function passiveDescriptors(
  libc: Libc,
  options: ServeOptions,
  flags: number,
): PassivePool<PassiveDescriptor> {
  const blocking = flags === 0;
  const workers = blocking ? options.maxWorkers : options.workers;
  return new PassivePool(options, workers, (port) => {
    const fd = listenOn(libc, options.host, port, PASSIVE_BACKLOG, flags);
    if (fd < 0) return undefined;
    cork(libc, fd); // its connections inherit that
    return new PassiveDescriptor(libc, fd, port, blocking);
  });
}

/**
 * A socket for an active data connection, bound to the address that the client knows. The port
 * is drawn at connect(2), where it need be free for one destination only.
 *
 * @returns the descriptor, or -errno
 */
export function activeSocket(libc: Libc, local: Address, flags: number): number {
  const fd = libc.socket(local.family, flags);
  if (fd < 0) return fd;
  libc.setOption(fd, c.IPPROTO_IP, c.IP_BIND_ADDRESS_NO_PORT, 1);
  cork(libc, fd);
  const result = libc.bind(fd, { ...local, port: 0 });
  if (result === 0) return fd;
  libc.close(fd);
  return result;
}

/** Whether accept(2) failed for a reason that passes by itself: pause, then go on. */
export function isAcceptPause(error: number): boolean {
  return error === -c.EMFILE || error === -c.ENFILE || error === -c.ENOMEM || error === -c.ENOBUFS;
}

/** Whether accept(2) failed for the one connection only, or for nothing at all. */
export function isAcceptRetry(error: number): boolean {
  return error === -c.ECONNABORTED || error === -c.EINTR;
}
