/**
 * One connection of a blocking thread: the wire of a session over sockets that block.
 *
 * The thread waits in recv(2) for the next command and in the data connection's calls while a
 * transfer runs. Between two of those it looks, without waiting, whether the client has sent ABOR
 * or another command, whether the deadline has passed and whether the server stops.
 *
 * @module
 */

import { type Peer, type Protocol, protocols } from "../server/mod.ts";
import { now } from "./clock.ts";
import { Connection, type StartTransfer, type Wire } from "./connection.ts";
import { Files } from "./files.ts";
import * as c from "./libc/constants.ts";
import type { Libc } from "./libc/mod.ts";
import { BULK_BYTES, CONTROL_BYTES, LAST_REPLY_MS, TICK_MS } from "./limits.ts";
import { type OpenFunction, openWithLibc } from "./open_file.ts";
import { type PassivePool, PassiveSlot } from "./passive.ts";
import { type SlowDisk, slowDisk } from "./slow_disk.ts";
import {
  acceptedPeer,
  closeGently,
  type PassiveDescriptor,
  passiveDescriptors,
} from "./sockets.ts";
import { Transfer, type TransferTools } from "./transfer.ts";
import { UploadPipe } from "./upload_pipe.ts";
import { CLOSING, EMPTY, MAILBOX, OWN, RUNNING, type WorkerContext } from "./worker_context.ts";

const CONTROL = BigInt(CONTROL_BYTES);

/** What a thread keeps from one connection to the next. */
export class BlockingTools implements TransferTools {
  readonly buffer = new Uint8Array(BULK_BYTES);
  readonly controlBuffer = new Uint8Array(CONTROL_BYTES);
  readonly socketFlags = 0;
  readonly passive: PassivePool<PassiveDescriptor>;
  readonly openFile: OpenFunction;
  readonly protocol: Protocol;
  readonly disk: SlowDisk | undefined;
  readonly pipe: UploadPipe;

  constructor(readonly context: WorkerContext, readonly libc: Libc) {
    this.pipe = new UploadPipe(libc, this.buffer);
    this.disk = slowDisk(context.options.diskDelay, context.counters);
    this.passive = passiveDescriptors(libc, context.options, 0);
    this.openFile = openWithLibc(libc);
    this.protocol = protocols.get(context.options.protocol)!;
  }

  get counters() {
    return this.context.counters;
  }

  /** A call on a data socket waits for a tick at most. */
  adopt(fd: number): undefined {
    this.libc.setTimeout(fd, c.SO_RCVTIMEO, TICK_MS);
    this.libc.setTimeout(fd, c.SO_SNDTIMEO, TICK_MS);
  }
}

/** Serves one client from its first word to its last. */
export class BlockingConnection implements Wire {
  readonly #tools: BlockingTools;
  readonly #fd: number;
  readonly #peer: Peer;
  readonly #connection: Connection;
  readonly #passive: PassiveSlot<PassiveDescriptor>;
  #transfer: Transfer | undefined;
  #closed = false;
  #stopTold = false;
  /** SO_RCVTIMEO of the control connection, milliseconds; 0 waits for ever. */
  #patienceMs = 0;

  constructor(tools: BlockingTools, fd: number) {
    const { context, libc, protocol } = tools;
    const { settings, root } = context.options;
    this.#tools = tools;
    this.#fd = fd;
    this.#peer = acceptedPeer(libc, fd, context.options, context.beginSession());
    this.#passive = new PassiveSlot(tools.passive);
    Atomics.store(context.own, OWN.control, fd);
    libc.setTimeout(fd, c.SO_SNDTIMEO, LAST_REPLY_MS);
    this.#connection = new Connection(
      protocol.createSession(settings, this.#peer, now()),
      new Files(root, tools.openFile),
      this,
    );
  }

  /** Blocks until the connection has ended. */
  serve(): void {
    this.#connection.begin(now());
    while (!this.#closed) {
      this.#stopIfAsked();
      if (this.#closed) break;
      if (this.#transfer !== undefined) this.#transferStep();
      else this.#receive(this.#waitForInput());
    }
    this.#release();
  }

  // --- waiting ---

  /** Blocks in recv(2) until the client speaks or the session's deadline has come. */
  #waitForInput(): number {
    const { libc, controlBuffer, context } = this.#tools;
    const { session } = this.#connection;
    const deadline = session.pollDeadline();
    if (!session.wantsInput) {
      // Only time can go on: the session holds a reply back.
      libc.sleep(Math.max(1, (deadline ?? 0) - now()));
      return -c.EAGAIN;
    }
    this.#bePatient(deadline === undefined ? 0 : Math.max(1, deadline - now()));
    context.counters.enter("waiting");
    const count = libc.recv(this.#fd, controlBuffer, CONTROL, 0);
    context.counters.enter("working");
    context.counters.add("wakeups", 1);
    if (count === -c.EAGAIN) context.counters.add("emptyWakeups", 1);
    return count;
  }

  /** Sets the time-out of recv(2), in whole seconds where it is long, so that it rarely changes. */
  #bePatient(milliseconds: number): void {
    const patience = milliseconds > 1e3 ? Math.ceil(milliseconds / 1e3) * 1e3 : milliseconds;
    if (patience === this.#patienceMs) return;
    this.#patienceMs = patience;
    this.#tools.libc.setTimeout(this.#fd, c.SO_RCVTIMEO, patience);
  }

  #receive(count: number): void {
    const time = now();
    if (count > 0) {
      this.#tools.counters.add("octetsIn", count);
      this.#tools.counters.add("octetsCopied", count);
      this.#connection.input(this.#tools.controlBuffer.subarray(0, count), time);
    } else if (count === -c.EAGAIN || count === -c.EINTR) {
      this.#expire(time);
    } else if (count === 0 && this.#tools.context.stopping !== RUNNING && !this.#stopTold) {
      this.#stopIfAsked(); // not the client: the supervisor has shut the socket down
    } else {
      this.#connection.end(time);
      if (!this.#closed && this.#transfer === undefined) this.#connection.abandon();
    }
  }

  #expire(time: number): void {
    const deadline = this.#connection.session.pollDeadline();
    if (deadline !== undefined && deadline <= time) this.#connection.timeout(time);
  }

  #stopIfAsked(): void {
    const { stopping } = this.#tools.context;
    if (stopping === RUNNING) return;
    if (stopping === CLOSING) return this.#connection.abandon();
    if (this.#stopTold) return;
    this.#stopTold = true;
    this.#connection.stop(now());
  }

  /** One attempt to move octets, which blocks for a tick at most; then a look at the rest. */
  #transferStep(): void {
    const { libc, controlBuffer, context } = this.#tools;
    context.counters.enter("transferring");
    const transfer = this.#transfer!;
    const time = now();
    const step = transfer.step(time);
    if (step === "wait" && transfer.deadline <= time) transfer.timeout();
    if (transfer.completion !== undefined) return this.#endTransfer();
    this.#expire(time);
    if (this.#connection.session.wantsInput && !this.#stopTold) {
      const count = libc.recv(this.#fd, controlBuffer, CONTROL, c.MSG_DONTWAIT);
      if (count !== -c.EAGAIN) this.#receive(count);
    }
  }

  #endTransfer(): void {
    const transfer = this.#transfer!;
    this.#transfer = undefined;
    this.closePassive();
    this.#connection.complete(transfer.effect.id, transfer.completion!, now());
  }

  // --- the wire ---

  get transferred(): number {
    return this.#transfer?.octets ?? 0;
  }

  send(octets: Uint8Array<ArrayBuffer>): void {
    const { libc, counters } = this.#tools;
    counters.add("octetsOut", octets.length);
    counters.add("octetsCopied", octets.length);
    for (let rest = octets; rest.length > 0 && !this.#closed;) {
      const sent = libc.send(this.#fd, rest, 0);
      if (sent === -c.EINTR) continue;
      if (sent < 0) return this.#connection.abandon(); // broken, or too slow for its replies
      rest = rest.subarray(sent);
    }
  }

  openPassive(): number | undefined {
    return this.#passive.exchange()?.port;
  }

  closePassive(): void {
    this.#passive.giveBack();
  }

  /** The transfer's steps are taken by the loop in `serve`. */
  startTransfer(effect: StartTransfer): void {
    const listener = this.#passive.socket?.fd ?? -1;
    const { files } = this.#connection;
    this.#transfer = new Transfer(
      this.#tools,
      files,
      this.#fd,
      this.#peer,
      effect,
      listener,
      now(),
    );
  }

  abortTransfer(): void {
    if (this.#transfer === undefined) return;
    this.#transfer.fail("aborted", "the transfer was aborted");
    this.#endTransfer();
  }

  close(): void {
    this.#closed = true;
    this.#transfer?.fail("aborted", "the connection was closed");
    this.#transfer = undefined;
    this.closePassive();
  }

  print(text: string): void {
    this.#tools.context.print(text);
  }

  /** Blocks until the operator has answered: this thread has nothing else to do. */
  askOperator(id: number, prompt: string): void {
    const { context } = this.#tools;
    let answered = false;
    context.ask(prompt, (text) => {
      answered = true;
      this.#connection.complete(id, { kind: "line", text }, now());
    });
    while (!answered && context.stopping === RUNNING) {
      Atomics.wait(context.mailbox, MAILBOX.state, EMPTY, TICK_MS);
      context.deliver();
    }
  }

  crashed(error: unknown): void {
    this.#tools.context.sessionCrashed(this.#peer.number, error);
  }

  #release(): void {
    const { libc, controlBuffer, context } = this.#tools;
    Atomics.store(context.own, OWN.control, -1);
    closeGently(libc, this.#fd, controlBuffer);
    context.endSession();
  }
}
