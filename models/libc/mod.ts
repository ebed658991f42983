/**
 * The kernel's calls as one class: each returns what the call returned, or `-errno`.
 *
 * One instance per thread, made by it: errno is the thread's own. `calls` counts every call by
 * the order of CALL_NAMES. Nothing here knows of models, sessions or files served.
 *
 * @module
 */

import * as c from "./constants.ts";
import { errnoOf, INDEX, symbols } from "./library.ts";
import { onlyFrom, SOCK_FILTER_BYTES, SOCK_FPROG_BYTES } from "./packet_filter.ts";
import { CALL_NAMES, EAGAIN_COUNTER } from "./symbols.ts";
import {
  decodeSocketAddress,
  encodeSocketAddress,
  type Ipv6Text,
  isSameHost,
  SOCKADDR_IN6_BYTES,
  type SocketAddress,
  TIMEVAL_BYTES,
} from "./structs.ts";

export { CALL_NAMES, type CallName, EAGAIN_COUNTER } from "./symbols.ts";
export { errorText } from "./errors.ts";
export { unavailableReason } from "./library.ts";
export { FileCalls } from "./files.ts";
export type { SocketAddress } from "./structs.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** `text` as a C string. */
function cString(text: string): Uint8Array<ArrayBuffer> {
  return encoder.encode(text + "\0");
}

/** What models ask of a kernel; this machine's is Libc. Results are the call's, or -errno. */
export type Kernel = { readonly [Call in keyof Libc]: Libc[Call] };

/** The calls of one thread. */
export class Libc {
  readonly #c = symbols();
  readonly #errno = errnoOf(this.#c);
  readonly #address = new Uint8Array(SOCKADDR_IN6_BYTES);
  /** The last peer and its octets: mostly the next one comes from the same host. */
  #remote: SocketAddress | undefined;
  readonly #remoteOctets = new Uint8Array(SOCKADDR_IN6_BYTES);
  readonly #length = new Uint32Array(1);
  readonly #value = new Int32Array(1);
  /** struct tcp_info up to tcpi_unacked, its first number after eight octets of flags. */
  readonly #tcpInfo = new Uint32Array(7);
  #filter: Uint8Array<ArrayBuffer> | undefined;
  readonly #time = new BigInt64Array(TIMEVAL_BYTES / 8);

  /** @param calls one number per name of CALL_NAMES and EAGAIN_COUNTER, counted up here. */
  constructor(readonly calls: Float64Array = new Float64Array(CALL_NAMES.length + 1)) {}

  readonly #ipv6: Ipv6Text = {
    parse: (text) => {
      const octets = new Uint8Array(16);
      return this.#c.inet_pton(c.AF_INET6, cString(text), octets) === 1 ? octets : undefined;
    },
    format: (octets) => {
      const text = new Uint8Array(46);
      this.#c.inet_ntop(c.AF_INET6, octets.slice(), text, text.length);
      return decoder.decode(text.subarray(0, text.indexOf(0)));
    },
  };

  /** socket(2): a TCP socket, close-on-exec; `flags` may add SOCK_NONBLOCK. */
  socket(family: 4 | 6, flags: number): number {
    this.calls[INDEX.socket]! += 1;
    const domain = family === 4 ? c.AF_INET : c.AF_INET6;
    const fd = this.#c.socket(domain, c.SOCK_STREAM | c.SOCK_CLOEXEC | flags, 0);
    return fd < 0 ? -this.#errno[0]! : fd;
  }

  /** bind(2); EADDRNOTAVAIL also for a host that is no numeric address. */
  bind(fd: number, address: SocketAddress): number {
    const octets = encodeSocketAddress(address, this.#ipv6);
    if (octets === undefined) return -c.EADDRNOTAVAIL;
    this.calls[INDEX.bind]! += 1;
    return this.#c.bind(fd, octets, octets.length) < 0 ? -this.#errno[0]! : 0;
  }

  /** listen(2) */
  listen(fd: number, backlog: number): number {
    this.calls[INDEX.listen]! += 1;
    return this.#c.listen(fd, backlog) < 0 ? -this.#errno[0]! : 0;
  }

  /** accept4(2), close-on-exec; `remoteAddress()` then tells the peer. */
  accept(fd: number, flags: number): number {
    this.calls[INDEX.accept4]! += 1;
    this.#length[0] = SOCKADDR_IN6_BYTES;
    const accepted = this.#c.accept4(fd, this.#address, this.#length, c.SOCK_CLOEXEC | flags);
    return accepted < 0 ? this.#counted(-this.#errno[0]!) : accepted;
  }

  /** The peer of the connection that the last `accept` returned. */
  remoteAddress(): SocketAddress {
    return this.decodeAddress(this.#address);
  }

  /** A sockaddr that the kernel has written. */
  decodeAddress(octets: Uint8Array): SocketAddress {
    if (this.#remote === undefined || !isSameHost(octets, this.#remoteOctets)) {
      this.#remoteOctets.set(octets.subarray(0, SOCKADDR_IN6_BYTES));
      this.#remote = decodeSocketAddress(octets, this.#ipv6);
    }
    return { ...this.#remote, port: octets[2]! << 8 | octets[3]! };
  }

  /** connect(2); EADDRNOTAVAIL also for a host that is no numeric address. */
  connect(fd: number, address: SocketAddress): number {
    const octets = encodeSocketAddress(address, this.#ipv6);
    if (octets === undefined) return -c.EADDRNOTAVAIL;
    this.calls[INDEX.connect]! += 1;
    return this.#c.connect(fd, octets, octets.length) < 0 ? -this.#errno[0]! : 0;
  }

  /** getsockname(2): the local end of `fd`. */
  localAddress(fd: number): SocketAddress {
    this.calls[INDEX.getsockname]! += 1;
    this.#length[0] = SOCKADDR_IN6_BYTES;
    this.#address.fill(0);
    this.#c.getsockname(fd, this.#address, this.#length);
    return decodeSocketAddress(this.#address, this.#ipv6);
  }

  /** getpeername(2): where the connection `fd` comes from; undefined when it has none any more. */
  peerAddress(fd: number): SocketAddress | undefined {
    this.calls[INDEX.getpeername]! += 1;
    this.#length[0] = SOCKADDR_IN6_BYTES;
    if (this.#c.getpeername(fd, this.#address, this.#length) < 0) return undefined;
    return this.remoteAddress();
  }

  /** setsockopt(2) of an int. */
  setOption(fd: number, level: number, name: number, value: number): number {
    this.calls[INDEX.setsockopt]! += 1;
    this.#value[0] = value;
    return this.#c.setsockopt(fd, level, name, this.#value, 4) < 0 ? -this.#errno[0]! : 0;
  }

  /** setsockopt(2) of SO_RCVTIMEO or SO_SNDTIMEO, milliseconds; 0 waits for ever (socket(7)). */
  setTimeout(fd: number, name: number, milliseconds: number): number {
    this.calls[INDEX.setsockopt]! += 1;
    this.#setTime(milliseconds, 1e3);
    return this.#c.setsockopt(fd, c.SOL_SOCKET, name, this.#time, TIMEVAL_BYTES) < 0
      ? -this.#errno[0]!
      : 0;
  }

  /** From now on `fd` hears of `host` only: packets of others are dropped (SO_ATTACH_FILTER). */
  listenOnlyTo(fd: number, { family, host }: SocketAddress): number {
    const address = encodeSocketAddress({ family, host, port: 0 }, this.#ipv6);
    if (address === undefined) return -c.EADDRNOTAVAIL;
    const program = onlyFrom(family === 4 ? address.subarray(4, 8) : address.subarray(8, 24));
    this.#filter = program; // only a number leads to it: it must outlive the call
    const header = new Uint8Array(SOCK_FPROG_BYTES);
    const view = new DataView(header.buffer);
    view.setUint16(0, program.length / SOCK_FILTER_BYTES, true);
    view.setBigUint64(8, BigInt(Deno.UnsafePointer.value(Deno.UnsafePointer.of(program))), true);
    this.calls[INDEX.setsockopt]! += 1;
    const { length } = header;
    const failed = this.#c.setsockopt(fd, c.SOL_SOCKET, c.SO_ATTACH_FILTER, header, length) < 0;
    return failed ? -this.#errno[0]! : 0;
  }

  /** Connections that wait to be accepted on a listener: tcpi_unacked of TCP_INFO (tcp(7)). */
  backlogLength(fd: number): number {
    const result = this.#readTcpInfo(fd);
    return result < 0 ? result : this.#tcpInfo[6]!;
  }

  /**
   * Whether neither end has closed its side: tcpi_state, the first octet of TCP_INFO. What this
   * process has shut down for reading (SHUT_RD) does not change it.
   */
  isEstablished(fd: number): boolean {
    return this.#readTcpInfo(fd) === 0 && (this.#tcpInfo[0]! & 0xff) === c.TCP_ESTABLISHED;
  }

  /** recv(2) of up to `length` octets to the start of `buffer`; 0 at the end. */
  recv(fd: number, buffer: Uint8Array<ArrayBuffer>, length: bigint, flags: number): number {
    this.calls[INDEX.recv]! += 1;
    const count = this.#c.recv(fd, buffer, length, flags);
    return count < 0 ? this.#counted(-this.#errno[0]!) : count;
  }

  /** send(2) of the first `length` of `octets`, without SIGPIPE; may take only a part. */
  send(
    fd: number,
    octets: Uint8Array<ArrayBuffer>,
    flags: number,
    length: number = octets.length,
  ): number {
    this.calls[INDEX.send]! += 1;
    const count = this.#c.send(fd, octets, BigInt(length), c.MSG_NOSIGNAL | flags);
    return count < 0 ? this.#counted(-this.#errno[0]!) : count;
  }

  /** shutdown(2) */
  shutdown(fd: number, how: number): number {
    this.calls[INDEX.shutdown]! += 1;
    return this.#c.shutdown(fd, how) < 0 ? -this.#errno[0]! : 0;
  }

  /** close(2); never retried: the descriptor is gone, and what fails is what was written before. */
  close(fd: number): number {
    this.calls[INDEX.close]! += 1;
    return this.#c.close(fd) < 0 ? -this.#errno[0]! : 0;
  }

  /** Switches O_NONBLOCK, the only status flag that sockets here use (fcntl(2) F_SETFL). */
  setNonBlocking(fd: number, on: boolean): void {
    this.calls[INDEX.fcntl]! += 1;
    this.#c.fcntl(fd, c.F_SETFL, on ? c.O_NONBLOCK : 0);
  }

  /** open(2), close-on-exec; what is in a tree is opened by FileCalls. */
  open(path: string, flags: number, mode: number): number {
    this.calls[INDEX.open]! += 1;
    const fd = this.#c.open(cString(path), flags | c.O_CLOEXEC, mode);
    return fd < 0 ? -this.#errno[0]! : fd;
  }

  /** read(2) into the whole of `buffer`. */
  read(fd: number, buffer: Uint8Array<ArrayBuffer>): number {
    this.calls[INDEX.read]! += 1;
    const count = this.#c.read(fd, buffer, BigInt(buffer.length));
    return count < 0 ? this.#counted(-this.#errno[0]!) : count;
  }

  /** write(2) of all of `octets`; may take only a part. */
  write(fd: number, octets: Uint8Array<ArrayBuffer>): number {
    this.calls[INDEX.write]! += 1;
    const count = this.#c.write(fd, octets, BigInt(octets.length));
    return count < 0 ? this.#counted(-this.#errno[0]!) : count;
  }

  /** lseek(2) from the start. */
  seek(fd: number, offset: number): number {
    this.calls[INDEX.lseek]! += 1;
    return this.#c.lseek(fd, BigInt(offset), c.SEEK_SET) < 0n ? -this.#errno[0]! : offset;
  }

  /** ftruncate(2) */
  truncate(fd: number, length: number): number {
    this.calls[INDEX.ftruncate]! += 1;
    return this.#c.ftruncate(fd, BigInt(length)) < 0 ? -this.#errno[0]! : 0;
  }

  /** sendfile(2) from the file's own position, up to `count` octets; 0 at its end. */
  sendfile(socket: number, file: number, count: bigint): number {
    this.calls[INDEX.sendfile]! += 1;
    const sent = this.#c.sendfile(socket, file, null, count);
    return sent < 0 ? this.#counted(-this.#errno[0]!) : sent;
  }

  /** pipe2(2), close-on-exec: the end to read from and the end to write to, or -errno. */
  pipe(): readonly [from: number, to: number] | number {
    this.calls[INDEX.pipe2]! += 1;
    const ends = new Int32Array(2);
    const failed = this.#c.pipe2(ends, c.O_CLOEXEC) < 0;
    return failed ? -this.#errno[0]! : [ends[0]!, ends[1]!];
  }

  /** Makes room for `octets` in a pipe; one that may not be so large stays as it is (fcntl(2)). */
  setPipeSize(fd: number, octets: number): void {
    this.calls[INDEX.fcntl]! += 1;
    this.#c.fcntl(fd, c.F_SETPIPE_SZ, octets);
  }

  /** splice(2) between a pipe and something else, each at its own position; 0 at the end. */
  splice(from: number, to: number, count: bigint): number {
    this.calls[INDEX.splice]! += 1;
    const moved = this.#c.splice(from, null, to, null, count, 0);
    return moved < 0 ? this.#counted(-this.#errno[0]!) : moved;
  }

  /** flock(2), never waiting: EAGAIN when another open file holds it, or shares it. */
  tryLock(fd: number, shared = false): number {
    this.calls[INDEX.flock]! += 1;
    const operation = (shared ? c.LOCK_SH : c.LOCK_EX) | c.LOCK_NB;
    return this.#c.flock(fd, operation) < 0 ? -this.#errno[0]! : 0;
  }

  /** poll(2) over the first `count` struct pollfd of `fds`. */
  poll(fds: Uint8Array<ArrayBuffer>, count: bigint, timeoutMs: number): number {
    this.calls[INDEX.poll]! += 1;
    const ready = this.#c.poll(fds, count, timeoutMs);
    return ready < 0 ? -this.#errno[0]! : ready;
  }

  /** select(2) over two fd_sets, which it overwrites; a negative time-out waits for ever. */
  select(
    count: number,
    readable: Uint8Array<ArrayBuffer>,
    writable: Uint8Array<ArrayBuffer>,
    timeoutMs: number,
  ): number {
    this.calls[INDEX.select]! += 1;
    if (timeoutMs >= 0) this.#setTime(timeoutMs, 1e3);
    const ready = this.#c.select(
      count,
      readable,
      writable,
      null,
      timeoutMs < 0 ? null : this.#time,
    );
    return ready < 0 ? -this.#errno[0]! : ready;
  }

  /** epoll_create1(2), close-on-exec. */
  epollCreate(): number {
    this.calls[INDEX.epoll_create1]! += 1;
    const fd = this.#c.epoll_create1(c.EPOLL_CLOEXEC);
    return fd < 0 ? -this.#errno[0]! : fd;
  }

  /** epoll_ctl(2) */
  epollControl(epoll: number, op: number, fd: number, event: Uint8Array<ArrayBuffer>): number {
    this.calls[INDEX.epoll_ctl]! += 1;
    return this.#c.epoll_ctl(epoll, op, fd, event) < 0 ? -this.#errno[0]! : 0;
  }

  /** epoll_wait(2); a negative time-out waits for ever. */
  epollWait(
    epoll: number,
    events: Uint8Array<ArrayBuffer>,
    max: number,
    timeoutMs: number,
  ): number {
    this.calls[INDEX.epoll_wait]! += 1;
    const ready = this.#c.epoll_wait(epoll, events, max, timeoutMs);
    return ready < 0 ? -this.#errno[0]! : ready;
  }

  /** eventfd(2), non-blocking and close-on-exec. */
  eventfd(): number {
    this.calls[INDEX.eventfd]! += 1;
    const fd = this.#c.eventfd(0, c.EFD_NONBLOCK | c.EFD_CLOEXEC);
    return fd < 0 ? -this.#errno[0]! : fd;
  }

  /** nanosleep(2); ends early when a signal comes. */
  sleep(milliseconds: number): void {
    this.calls[INDEX.nanosleep]! += 1;
    this.#setTime(milliseconds, 1e6);
    this.#c.nanosleep(this.#time, null);
  }

  /** Names the calling thread for top, perf and /proc (PR_SET_NAME; 15 octets). */
  nameThread(name: string): void {
    this.calls[INDEX.prctl]! += 1;
    this.#c.prctl(c.PR_SET_NAME, cString(name));
  }

  /** Counts EAGAIN; `error` was read from errno before anything else could run. */
  #counted(error: number): number {
    if (error === -c.EAGAIN) this.calls[EAGAIN_COUNTER]! += 1;
    return error;
  }

  /** getsockopt(2) of TCP_INFO, as much of it as is looked at. */
  #readTcpInfo(fd: number): number {
    this.calls[INDEX.getsockopt]! += 1;
    this.#length[0] = this.#tcpInfo.byteLength;
    const failed =
      this.#c.getsockopt(fd, c.IPPROTO_TCP, c.TCP_INFO, this.#tcpInfo, this.#length) < 0;
    return failed ? -this.#errno[0]! : 0;
  }

  #setTime(milliseconds: number, unitsPerMs: number): void {
    const units = Math.round(milliseconds * unitsPerMs);
    const perSecond = 1e3 * unitsPerMs;
    this.#time[0] = BigInt(Math.floor(units / perSecond));
    this.#time[1] = BigInt(units % perSecond);
  }
}
