/**
 * One client of the load: logs in, then does the job's action again and again, as fast as the
 * server answers. loop.ts owns the epoll instance and calls `handleReady`; a client never
 * waits, and after whatever went wrong the loop starts it anew.
 *
 * How it works: every reply moves the client one step along
 *
 *     greeting -> user -> password -> (quit -> farewell -> greeting ...)            login
 *     greeting -> user -> password -> type -> passive -> transfer -> passive ...    transfers
 *
 * and an operation is over when both the final reply and the end of the data have come.
 *
 * @module
 */

import { errorText, type Libc } from "../../models/libc/mod.ts";
import {
  EAGAIN,
  EINPROGRESS,
  MSG_DONTWAIT,
  O_RDONLY,
  SHUT_WR,
  SOCK_NONBLOCK,
} from "../../models/libc/constants.ts";
import { contentMatches } from "../content.ts";
import type { LoadJob } from "./job.ts";
import { ReplyReader } from "./replies.ts";

/** What a client needs of the loop that drives it. */
export interface Surroundings {
  /** The calls of the thread that the loop runs in. */
  readonly libc: Libc;
  /** What to do, and against whom. */
  readonly job: LoadJob;
  /** Reports events of `fd` to `client` from now on, until it is closed. */
  watch(fd: number, client: FtpClient, interest: "read" | "write"): void;
  /** Closes `fd` and forgets it. */
  release(fd: number): void;
  /** An operation is over. */
  finish(): void;
  /** `client` came to nothing, is closed and wants to be started anew. */
  fail(client: FtpClient, reason: string): void;
  /** Verifies and removes what was uploaded under `name`. */
  collect(name: string): void;
  /** A number that no upload of this process has had. */
  nextUpload(): number;
}

type Step =
  | "greeting"
  | "user"
  | "password"
  | "type"
  | "passive"
  | "transfer"
  | "quit"
  | "farewell";

/** Octets a read takes: as many as stay in the processor's cache, and few calls per transfer. */
const READ_BYTES = 1 << 18;
const READ_LENGTH = BigInt(READ_BYTES);

/** Octets offered to one sendfile(2), which takes what fits the socket's buffer. */
const SEND_LENGTH = 1n << 20n;

/** Reads or writes of bulk in one turn, after which the other clients get theirs. */
const CALLS_PER_TURN_MAX = 16;

const encoder = new TextEncoder();
const EPSV = encoder.encode("EPSV\r\n");
const QUIT = encoder.encode("QUIT\r\n");
const LOGIN: Readonly<Partial<Record<Step, Uint8Array<ArrayBuffer>>>> = {
  greeting: encoder.encode("USER anonymous\r\n"),
  user: encoder.encode("PASS load@localhost\r\n"),
  password: encoder.encode("TYPE I\r\n"),
};

/** Shared by all clients: none keeps octets between two calls. */
const buffer = new Uint8Array(READ_BYTES);

/** A closed-loop FTP client over non-blocking sockets. */
export class FtpClient {
  readonly #around: Surroundings;
  #step: Step = "greeting";
  #control = -1;
  #data = -1;
  #source = -1;
  #watchingData = false;
  #finalReply = false;
  #dataEnded = false;
  #moved = 0;
  #name = "";
  #replies = new ReplyReader();
  readonly #retrieve: Uint8Array<ArrayBuffer>;

  /** A client that `start` will connect. */
  constructor(around: Surroundings) {
    this.#around = around;
    this.#retrieve = encoder.encode(`RETR ${around.job.path}\r\n`);
  }

  /** Connects the control connection. */
  start(): void {
    this.#step = "greeting";
    this.#replies = new ReplyReader();
    this.#control = this.#connect(this.#around.job.port);
    if (this.#control >= 0) this.#around.watch(this.#control, this, "read");
  }

  /** Closes whatever is open. */
  close(): void {
    this.#closeData();
    if (this.#control >= 0) this.#around.release(this.#control);
    this.#control = -1;
  }

  /** Something happened on `fd`, or nothing: events may be stale. */
  handleReady(fd: number): void {
    if (fd === this.#control) this.#readControl();
    else if (fd === this.#data) this.#moveData();
  }

  #connect(port: number): number {
    const { libc, job } = this.#around;
    const fd = libc.socket(4, SOCK_NONBLOCK);
    if (fd < 0) return this.#failCall("socket", fd);
    const result = libc.connect(fd, { family: 4, host: job.host, port });
    if (result < 0 && result !== -EINPROGRESS) {
      libc.close(fd);
      return this.#failCall("connect", result);
    }
    return fd;
  }

  #readControl(): void {
    const fd = this.#control;
    const count = this.#around.libc.recv(fd, buffer, READ_LENGTH, MSG_DONTWAIT);
    if (count === -EAGAIN) return;
    if (count < 0) return void this.#failCall("control connection", count);
    if (count === 0) return this.#handleEnd();
    for (let index = 0; index < count; index++) {
      const code = this.#replies.push(buffer[index]!);
      if (code === 0) continue;
      this.#handleReply(code);
      // A reply that was wrong has closed this connection: what follows belongs to nobody.
      if (this.#control !== fd) return;
    }
    // The reply that says that data are coming mostly comes with them.
    if (this.#step === "transfer" && !this.#dataEnded) this.#moveData();
  }

  #handleEnd(): void {
    if (this.#step !== "farewell") return this.#fail("control connection: closed by the server");
    this.close();
    this.#around.finish();
    this.start();
  }

  #handleReply(code: number): void {
    switch (this.#step) {
      case "greeting":
        return code === 220 ? this.#command("user", LOGIN.greeting!) : this.#unexpected();
      case "user":
        return code === 331 ? this.#command("password", LOGIN.user!) : this.#unexpected();
      case "password":
        if (code !== 230) return this.#unexpected();
        return this.#around.job.action === "login"
          ? this.#command("quit", QUIT)
          : this.#command("type", LOGIN.password!);
      case "type":
        return code === 200 ? this.#command("passive", EPSV) : this.#unexpected();
      case "passive":
        return code === 229 ? this.#beginTransfer() : this.#unexpected();
      case "transfer":
        if (code === 150 || code === 125) return;
        if (code !== 226 && code !== 250) return this.#unexpected();
        this.#finalReply = true;
        return this.#endTransfer();
      case "quit":
        if (code !== 221) return this.#unexpected();
        this.#step = "farewell";
        return;
      case "farewell":
        return this.#unexpected();
    }
  }

  #command(next: Step, octets: Uint8Array<ArrayBuffer>): void {
    this.#step = next;
    const count = this.#around.libc.send(this.#control, octets, MSG_DONTWAIT);
    if (count < 0) this.#failCall("control connection", count);
    else if (count < octets.length) this.#fail("control connection: the command did not fit");
  }

  #beginTransfer(): void {
    const { job, libc } = this.#around;
    this.#finalReply = false;
    this.#dataEnded = false;
    this.#watchingData = false;
    this.#moved = 0;
    this.#data = this.#connect(this.#replies.port);
    if (this.#data < 0) return;
    if (job.action === "download") return this.#command("transfer", this.#retrieve);
    this.#source = libc.open(job.source!, O_RDONLY, 0);
    if (this.#source < 0) return void this.#failCall("open the file to upload", this.#source);
    this.#name = `upload-${this.#around.nextUpload()}`;
    this.#command("transfer", encoder.encode(`STOR ${job.path}/${this.#name}\r\n`));
  }

  #moveData(): void {
    if (this.#around.job.action === "download") this.#readData();
    else this.#writeData();
  }

  #readData(): void {
    const { libc, job } = this.#around;
    for (let turn = 0; turn < CALLS_PER_TURN_MAX; turn++) {
      const count = libc.recv(this.#data, buffer, READ_LENGTH, MSG_DONTWAIT);
      if (count === -EAGAIN) break;
      if (count < 0) return void this.#failCall("data connection", count);
      if (count === 0) {
        if (this.#moved !== job.octets) {
          return this.#fail(`wrong size: ${this.#moved} of ${job.octets} octets`);
        }
        return this.#endData();
      }
      if (!contentMatches(buffer, count, this.#moved)) return this.#fail("wrong octets");
      this.#moved += count;
    }
    this.#watchData("read");
  }

  #writeData(): void {
    const { libc, job } = this.#around;
    for (let turn = 0; turn < CALLS_PER_TURN_MAX; turn++) {
      const count = libc.sendfile(this.#data, this.#source, SEND_LENGTH);
      if (count === -EAGAIN) break;
      if (count < 0) return void this.#failCall("data connection", count);
      this.#moved += count;
      if (count === 0 || this.#moved === job.octets) {
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
    this.#dataEnded = true;
    this.#closeData();
    this.#endTransfer();
  }

  #endTransfer(): void {
    if (!this.#finalReply || !this.#dataEnded) return;
    this.#around.finish();
    if (this.#around.job.action === "upload") this.#around.collect(this.#name);
    this.#command("passive", EPSV);
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
    this.#around.fail(this, reason);
  }
}
