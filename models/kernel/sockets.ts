/**
 * Sockets made from the kernel's calls: what the FFI models share before they differ in waiting.
 *
 * @module
 */

import type { Address, Peer } from "../../server/mod.ts";
import { addressAt, familyOf, listenError } from "../address.ts";
import { chance } from "../clock.ts";
import { PassivePool, type PassiveSocket } from "../driver/passive.ts";
import * as c from "../libc/constants.ts";
import { errorText, type Kernel } from "../libc/mod.ts";
import { POLLFD_BYTES } from "../libc/structs.ts";
import {
  BACKLOG,
  PASSIVE_BACKLOG,
  THREAD_DESCRIPTORS,
  TICK_MS,
  UNREAD_READS_MAX,
} from "../limits.ts";
import type { ServeOptions } from "../model.ts";

/** What is written to an eventfd to wake its worker: it is added, so any number will do. */
export const WAKE = new Uint8Array(new BigUint64Array([1n]).buffer);

/** The two ends of the connection `fd`, which accept(2) said comes from `remote`. */
export function acceptedPeer(
  kernel: Kernel,
  fd: number,
  options: ServeOptions,
  remote: Address,
  number: number,
): Peer {
  const wildcard = options.host === "0.0.0.0" || options.host === "::";
  const local = wildcard ? kernel.localAddress(fd) : addressAt(options, options.port);
  return { local, remote, number };
}

/** Closes `fd`; unread input is read first, or the kernel would reset the connection. */
export function closeGently(kernel: Kernel, fd: number, buffer: Uint8Array<ArrayBuffer>): void {
  const length = BigInt(buffer.length);
  for (let reads = 0; reads < UNREAD_READS_MAX; reads++) {
    if (kernel.recv(fd, buffer, length, c.MSG_DONTWAIT) <= 0) break;
  }
  kernel.close(fd);
}

/** Whether a socket takes octets now (poll(2)). */
export function isWritable(kernel: Kernel, fd: number): boolean {
  const entry = new Uint8Array(POLLFD_BYTES);
  const view = new DataView(entry.buffer);
  view.setInt32(0, fd, true);
  view.setInt16(4, c.POLLOUT, true);
  return kernel.poll(entry, 1n, 0) === 1 && (view.getInt16(6, true) & c.POLLOUT) !== 0;
}

/** Whether a thread can be started: the runtime ends the process when it finds no descriptor. */
export function hasSpareDescriptors(kernel: Kernel): boolean {
  const spare: number[] = [];
  for (let fd = 0; fd >= 0 && spare.length < THREAD_DESCRIPTORS;) {
    fd = kernel.eventfd();
    if (fd >= 0) spare.push(fd);
  }
  for (const fd of spare) kernel.close(fd);
  return spare.length === THREAD_DESCRIPTORS;
}

/** A listening socket, or -errno. `flags` may be SOCK_NONBLOCK. */
function listenOn(
  kernel: Kernel,
  host: string,
  port: number,
  backlog: number,
  flags: number,
): number {
  const family = familyOf(host);
  const fd = kernel.socket(family, flags);
  if (fd < 0) return fd;
  kernel.setOption(fd, c.SOL_SOCKET, c.SO_REUSEADDR, 1);
  if (family === 6) kernel.setOption(fd, c.IPPROTO_IPV6, c.IPV6_V6ONLY, host === "::" ? 0 : 1);
  let result = kernel.bind(fd, { family, host, port });
  if (result === 0) result = kernel.listen(fd, backlog);
  if (result === 0) return fd;
  kernel.close(fd);
  return result;
}

/**
 * The listening socket for control connections. What is set on it, its connections inherit:
 * no Nagle delay for replies, urgent data in line (RFC 959 ABOR), keep-alive probes.
 *
 * @throws {ServeError} when the address cannot be listened on.
 */
export function listenForControl(kernel: Kernel, options: ServeOptions, flags: number): number {
  const fd = listenOn(kernel, options.host, options.port, BACKLOG, flags);
  if (fd < 0) throw listenError(options, errorText(-fd));
  kernel.setOption(fd, c.IPPROTO_TCP, c.TCP_NODELAY, 1);
  kernel.setOption(fd, c.SOL_SOCKET, c.SO_OOBINLINE, 1);
  kernel.setOption(fd, c.SOL_SOCKET, c.SO_KEEPALIVE, 1);
  return fd;
}

/** A listening data socket by its descriptor; a blocking one waits at most TICK_MS at a time. */
export class PassiveDescriptor implements PassiveSocket {
  /** See PassiveSocket. */
  uses = 0;
  /** The only host whose packets it takes: a filter for another is compiled by the kernel. */
  host: string | undefined;

  constructor(
    readonly kernel: Kernel,
    readonly fd: number,
    readonly port: number,
    readonly blocking: boolean,
  ) {
    if (blocking) kernel.setTimeout(fd, c.SO_RCVTIMEO, TICK_MS);
  }

  /** See PassiveSocket. */
  lend(host: string): boolean {
    if (this.host !== host) {
      const result = this.kernel.listenOnlyTo(this.fd, { family: familyOf(host), host, port: 0 });
      // Some kernels let only root filter: strangers are then turned away when they are accepted,
      // and a long backlog keeps room for who is expected.
      const unfiltered = this.host === undefined && result === -c.EPERM;
      if (unfiltered) this.kernel.listen(this.fd, BACKLOG);
      else if (result < 0) return false;
      else this.host = host;
    }
    return this.#drain();
  }

  /** See PassiveSocket. */
  rest(): void {}

  /** See PassiveSocket. */
  close(): void {
    this.kernel.close(this.fd);
  }

  #drain(): boolean {
    // Mostly nobody has come: asking is cheaper than an accept(2) that finds that out.
    if (this.kernel.backlogLength(this.fd) === 0) return true;
    if (this.blocking) this.kernel.setNonBlocking(this.fd, true);
    let result = 0;
    for (let count = 0; count <= BACKLOG && (result >= 0 || isAcceptRetry(result)); count++) {
      result = this.kernel.accept(this.fd, 0);
      if (result >= 0) this.kernel.close(result);
    }
    if (this.blocking) this.kernel.setNonBlocking(this.fd, false);
    return result === -c.EAGAIN;
  }
}

/**
 * On a data connection only full segments leave until it is closed (tcp(7)): the end of a file
 * and the end of the connection are then one segment, and a small file is one altogether. Without it
 * each sendfile(2) ends in a small segment that wakes the client: a third more CPU for each GB.
 */
function cork(kernel: Kernel, fd: number): void {
  kernel.setOption(fd, c.IPPROTO_TCP, c.TCP_CORK, 1);
}

/**
 * Data sockets for one worker. `flags` may be SOCK_NONBLOCK; `refuses` says why a descriptor is of
 * no use to who waits for it.
 */
export function passiveDescriptors(
  kernel: Kernel,
  options: ServeOptions,
  flags: number,
  refuses: (fd: number) => string | undefined = () => undefined,
): PassivePool<PassiveDescriptor> {
  const blocking = flags === 0;
  const workers = blocking ? options.maxWorkers : options.workers;
  return new PassivePool(options.passivePorts, workers, chance, (port) => {
    const fd = listenOn(kernel, options.host, port, PASSIVE_BACKLOG, flags);
    if (fd < 0) return isOfPort(fd) ? undefined : "full";
    if (refuses(fd) !== undefined) {
      kernel.close(fd);
      return "full";
    }
    cork(kernel, fd); // its connections inherit that
    return new PassiveDescriptor(kernel, fd, port, blocking);
  });
}

/**
 * Whether listening failed for the port alone: somebody else has it, or it is only for others. All
 * else any port would meet, want of descriptors and memory mostly.
 */
function isOfPort(error: number): boolean {
  return error === -c.EADDRINUSE || error === -c.EACCES || error === -c.EPERM;
}

/**
 * A socket for an active data connection, bound to the address that the client knows. The port
 * is drawn at connect(2), where it need be free for one destination only.
 *
 * @returns the descriptor, or -errno
 */
export function activeSocket(kernel: Kernel, local: Address, flags: number): number {
  const fd = kernel.socket(local.family, flags);
  if (fd < 0) return fd;
  kernel.setOption(fd, c.IPPROTO_IP, c.IP_BIND_ADDRESS_NO_PORT, 1);
  cork(kernel, fd);
  const result = kernel.bind(fd, { ...local, port: 0 });
  if (result === 0) return fd;
  kernel.close(fd);
  return result;
}

/**
 * Whether accept(2) failed for the one connection only, or for nothing at all: it hands on what
 * the network had to say of a connection that nobody has yet, and a firewall's refusal (accept(2),
 * "Error handling"). Any other error is the server's own, want of descriptors mostly: it pauses.
 */
export function isAcceptRetry(error: number): boolean {
  return OF_ONE_CONNECTION.has(-error);
}

const OF_ONE_CONNECTION: ReadonlySet<number> = new Set([
  c.EINTR,
  c.ECONNABORTED,
  c.ENETDOWN,
  c.EPROTO,
  c.ENOPROTOOPT,
  c.EHOSTDOWN,
  c.ENONET,
  c.EHOSTUNREACH,
  c.EOPNOTSUPP,
  c.ENETUNREACH,
  c.EPERM,
  c.ETIMEDOUT,
]);
