/**
 * One client of the load: connects, logs in, and does its group's action whenever it is told to.
 * loop.ts owns the epoll instance and calls `handleReady`; a client never waits, and after
 * whatever went wrong the loop starts it anew.
 *
 * How it works: every reply moves the client one step along
 *
 *     greeting -> user -> password -> ready -> noop -> ready ...                     noop
 *     greeting -> user -> password -> type -> ready -> passive -> transfer -> ready  transfers
 *     greeting -> user -> password -> quit -> farewell                               login
 *
 * and a transfer is over when both the final reply and the end of the data have come.
 *
 * It is as cheap as it can be, so that the server is what is measured: data connections are only
 * watched when nothing has come yet, and of bulk one read in SAMPLED_READS_ONE_IN is looked at, the
 * others are dropped in the kernel (MSG_TRUNC, tcp(7)).
 *
 * @module
 */

import { errorText, type Libc } from "../../models/libc/mod.ts";
import {
  EAGAIN,
  EINPROGRESS,
  MSG_DONTWAIT,
  MSG_TRUNC,
  O_RDONLY,
  SHUT_WR,
  SO_RCVBUF,
  SOCK_NONBLOCK,
  SOL_SOCKET,
} from "../../models/libc/constants.ts";
import { contentMatches } from "./content.ts";
import type { Group } from "./job.ts";
import { ReplyReader } from "./replies.ts";

/** What a client needs of the loop that drives it. */
export interface Surroundings {
  /** The calls of the thread that the loop runs in. */
  readonly libc: Libc;
  /** Whom to talk to. */
  readonly host: string;
  /** See host. */
  readonly port: number;
  /** Reports events of `fd` to `client` from now on, until it is closed. */
  watch(fd: number, client: FtpClient, interest: "read" | "write"): void;
  /** Closes `fd` and forgets it. */
  release(fd: number): void;
  /** `client` has logged in, or ended an operation, and can begin another. */
  free(client: FtpClient): void;
  /** An operation of `client` has ended well. */
  finish(client: FtpClient, octets: number): void;
  /** An upload to `name` begins: what was there before need not be there any more. */
  uploading(name: string): void;
  /** The server has said that it has all of `name`. */
  uploaded(client: FtpClient, name: string): void;
  /** `client` came to nothing and is closed. */
  fail(client: FtpClient, reason: string): void;
  /** Milliseconds, monotonic. */
  now(): number;
}

type Step =
  | "closed"
  | "greeting"
  | "user"
  | "password"
  | "type"
  | "ready"
  | "noop"
  | "passive"
  | "transfer"
  | "quit"
  | "farewell";

/** Octets a read takes: as many as stay in the processor's cache, and few calls per transfer. */
const READ_BYTES = 1 << 18;
const READ_LENGTH = BigInt(READ_BYTES);

/** Octets offered to one sendfile(2). */
const SEND_LENGTH = 1n << 18n;

/** Reads or writes of bulk in one turn, after which probes and other clients get theirs. */
const CALLS_PER_TURN_MAX = 2;

const SAMPLED_READS_ONE_IN = 8;

/** The receive buffer of a slow reader: with the usual one its whole file would be under way. */
const SLOW_BUFFER_BYTES = 8_192;

const encoder = new TextEncoder();
const EPSV = encoder.encode("EPSV\r\n");
const NOOP = encoder.encode("NOOP\r\n");
const QUIT = encoder.encode("QUIT\r\n");
const USER = encoder.encode("USER anonymous\r\n");
const PASS = encoder.encode("PASS load@localhost\r\n");
const TYPE = encoder.encode("TYPE I\r\n");

/** One read of replies. */
const REPLIES_BYTES = 4_096;
const REPLIES_LENGTH = BigInt(REPLIES_BYTES);

/** Shared: no client keeps octets between two calls. Data come while replies are looked at. */
const buffer = new Uint8Array(READ_BYTES);
const replies = new Uint8Array(REPLIES_BYTES);

/** An FTP client over non-blocking sockets. */
export class FtpClient {
  /** When the running operation was due, milliseconds. */
  intended = 0;
  /** When the server's first word came, milliseconds. */
  greetedAt = 0;
  /** Operations that ended well in the window. */
  operations = 0;
  /** `once`: it has done it, well or not. */
  done = false;
  /** Some reply has come since the connection was made, up to the end of the login. */
  served = false;
  readonly #around: Surroundings;
  readonly #retrieve: Uint8Array<ArrayBuffer>;
  #step: Step = "closed";
  #busy = false;
  #control = -1;
  #data = -1;
  #source = -1;
  #watchingData = false;
  #finalReply = false;
  #dataEnded = false;
  #moved = 0;
  #reads = 0;
  #uploads = 0;
  #upload = "";
  #replies = new ReplyReader();

  /** A client that `start` will connect. `name` is what its uploads begin with. */
  constructor(around: Surroundings, readonly group: Group, readonly name: string) {
    this.#around = around;
    this.#retrieve = encoder.encode(`RETR ${group.path}\r\n`);
    this.served = group.action === "login";
  }

  /** When the operation that has not ended was due, or undefined. */
  get pendingSince(): number | undefined {
    return this.#busy ? this.intended : undefined;
  }

  /** Connects the control connection. */
  start(): void {
    if (this.group.action === "login") return this.#around.free(this);
    this.#connectControl();
  }

  /** Begins the operation that was due at `intended`; the client is free. */
  begin(intended: number): void {
    this.intended = intended;
    this.#busy = true;
    switch (this.group.action) {
      case "login":
        return this.#connectControl();
      case "noop":
        return this.#command("noop", NOOP);
      default:
        return this.#command("passive", EPSV);
    }
  }

  /** Closes whatever is open. */
  close(): void {
    this.#closeData();
    if (this.#control >= 0) this.#around.release(this.#control);
    this.#control = -1;
    this.#step = "closed";
  }

  /** Something happened on `fd`, or nothing: events may be stale. */
  handleReady(fd: number): void {
    if (fd === this.#control) this.#readControl();
    else if (fd === this.#data) this.#moveData();
  }

  /** Slow readers: takes up to `octets` of what has come. */
  readSlowly(octets: number): void {
    if (this.#step !== "transfer" || this.#data < 0) return;
    const { libc } = this.#around;
    const count = libc.recv(this.#data, buffer, BigInt(octets), MSG_DONTWAIT);
    if (count > 0) this.#took(count, true);
    else if (count === 0) this.#endData();
    else if (count !== -EAGAIN) this.#failCall("data connection", count);
  }

  #connectControl(): void {
    this.#step = "greeting";
    this.#replies = new ReplyReader();
    this.#control = this.#connect(this.#around.port);
    if (this.#control >= 0) this.#around.watch(this.#control, this, "read");
  }

  #connect(port: number): number {
    const { libc, host } = this.#around;
    const fd = libc.socket(4, SOCK_NONBLOCK);
    if (fd < 0) return this.#failCall("socket", fd);
    const slow = this.group.readRate !== undefined;
    if (slow) libc.setOption(fd, SOL_SOCKET, SO_RCVBUF, SLOW_BUFFER_BYTES);
    const result = libc.connect(fd, { family: 4, host, port });
    if (result < 0 && result !== -EINPROGRESS) {
      libc.close(fd);
      return this.#failCall("connect", result);
    }
    return fd;
  }

  #readControl(): void {
    const fd = this.#control;
    const count = this.#around.libc.recv(fd, replies, REPLIES_LENGTH, MSG_DONTWAIT);
    if (count === -EAGAIN) return;
    if (count < 0) return void this.#failCall("control connection", count);
    if (count === 0) return this.#handleEnd();
    for (let index = 0; index < count; index++) {
      const code = this.#replies.push(replies[index]!);
      if (code === 0) continue;
      this.#handleReply(code);
      // A reply that was wrong has closed this connection: what follows belongs to nobody.
      if (this.#control !== fd) return;
    }
  }

  #handleEnd(): void {
    if (this.#step !== "farewell") return this.#fail("control connection: closed by the server");
    this.close();
    this.#end(0);
  }

  #handleReply(code: number): void {
    switch (this.#step) {
      case "greeting":
        this.greetedAt = this.#around.now();
        return code === 220 ? this.#command("user", USER) : this.#unexpected();
      case "user":
        if (code === 230) return this.#loggedIn(); // no password is asked for
        return code === 331 ? this.#command("password", PASS) : this.#unexpected();
      case "password":
        return code === 230 ? this.#loggedIn() : this.#unexpected();
      case "type":
        return code === 200 ? this.#becomeFree() : this.#unexpected();
      case "noop":
        return code === 200 ? this.#end(0) : this.#unexpected();
      case "passive":
        return code === 229 ? this.#beginTransfer() : this.#unexpected();
      case "transfer":
        return this.#transferReply(code);
      case "quit":
        return code === 221 ? void (this.#step = "farewell") : this.#unexpected();
    }
    this.#unexpected();
  }

  #loggedIn(): void {
    const { action } = this.group;
    if (action === "login") return this.#command("quit", QUIT);
    if (action === "noop" || action === "hold") return this.#becomeFree();
    this.#command("type", TYPE);
  }

  #becomeFree(): void {
    this.#step = "ready";
    this.served = true;
    this.#around.free(this);
  }

  /** The operation has ended well. */
  #end(octets: number): void {
    this.#busy = false;
    if (this.group.once) this.done = true;
    this.#around.finish(this, octets);
    if (this.#control >= 0) this.#step = "ready";
    this.#around.free(this);
  }

  #command(next: Step, octets: Uint8Array<ArrayBuffer>): void {
    this.#step = next;
    const count = this.#around.libc.send(this.#control, octets, MSG_DONTWAIT);
    if (count < 0) this.#failCall("control connection", count);
    else if (count < octets.length) this.#fail("control connection: the command did not fit");
  }

  // --- transfers ---

  #beginTransfer(): void {
    this.#finalReply = false;
    this.#dataEnded = false;
    this.#watchingData = false;
    this.#moved = 0;
    this.#reads = 0;
    this.#data = this.#connect(this.#replies.port);
    if (this.#data < 0) return;
    if (this.group.action === "download") return this.#command("transfer", this.#retrieve);
    this.#source = this.#around.libc.open(this.group.source!, O_RDONLY, 0);
    if (this.#source < 0) return void this.#failCall("open the file to upload", this.#source);
    this.#upload = this.group.replaces ? this.name : `${this.name}-${this.#uploads++}`;
    this.#around.uploading(this.#upload);
    this.#command("transfer", encoder.encode(`STOR ${this.group.path}/${this.#upload}\r\n`));
  }

  #transferReply(code: number): void {
    if (code === 150 || code === 125) return this.#moveData();
    if (code !== 226 && code !== 250) return this.#unexpected();
    this.#finalReply = true;
    if (!this.#dataEnded) this.#moveData();
    this.#endTransfer();
  }

  #moveData(): void {
    if (this.group.action === "upload") return this.#writeData();
    if (this.group.readRate === undefined) this.#readData();
  }

  #readData(): void {
    for (let turn = 0; turn < CALLS_PER_TURN_MAX; turn++) {
      const looked = this.#reads % SAMPLED_READS_ONE_IN === 0;
      const flags = looked ? MSG_DONTWAIT : MSG_DONTWAIT | MSG_TRUNC;
      const count = this.#around.libc.recv(this.#data, buffer, READ_LENGTH, flags);
      if (count === -EAGAIN) break;
      if (count < 0) return void this.#failCall("data connection", count);
      if (count === 0) return this.#endData();
      if (!this.#took(count, looked)) return;
    }
    this.#watchData("read");
  }

  /** Octets have come; returns whether they were right, as far as they were looked at. */
  #took(count: number, looked: boolean): boolean {
    if (looked && !contentMatches(buffer, count, this.#moved)) {
      this.#fail("wrong octets");
      return false;
    }
    this.#moved += count;
    this.#reads++;
    return true;
  }

  #writeData(): void {
    const { libc } = this.#around;
    for (let turn = 0; turn < CALLS_PER_TURN_MAX; turn++) {
      const count = libc.sendfile(this.#data, this.#source, SEND_LENGTH);
      if (count === -EAGAIN) break;
      if (count < 0) return void this.#failCall("data connection", count);
      this.#moved += count;
      if (count === 0 || this.#moved === this.group.octets) {
        libc.shutdown(this.#data, SHUT_WR);
        return this.#endData();
      }
    }
    this.#watchData("write");
  }

  #watchData(interest: "read" | "write"): void {
    if (this.#watchingData) return;
    this.#watchingData = true;
    this.#around.watch(this.#data, this, interest);
  }

  #endData(): void {
    if (this.#moved !== this.group.octets) {
      return this.#fail(`wrong size: ${this.#moved} of ${this.group.octets} octets`);
    }
    this.#dataEnded = true;
    this.#closeData();
    this.#endTransfer();
  }

  #endTransfer(): void {
    if (this.#step !== "transfer" || !this.#finalReply || !this.#dataEnded) return;
    if (this.group.action === "upload") this.#around.uploaded(this, this.#upload);
    this.#end(this.#moved);
  }

  #closeData(): void {
    if (this.#data >= 0) this.#around.release(this.#data);
    if (this.#source >= 0) this.#around.libc.close(this.#source);
    this.#data = -1;
    this.#source = -1;
  }

  #unexpected(): void {
    this.#fail(`unexpected reply in step ${this.#step}: ${this.#replies.text()}`);
  }

  #failCall(what: string, result: number): number {
    this.#fail(`${what}: ${errorText(-result)}`);
    return result;
  }

  #fail(reason: string): void {
    this.close();
    this.#busy = false;
    this.served = this.group.action === "login";
    if (this.group.once) this.done = true;
    this.#around.fail(this, reason);
  }
}
