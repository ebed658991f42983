/**
 * One connection of a reactor: the wire of a session over non-blocking sockets.
 *
 * It reads only while the session wants input and has nothing left to send, so a peer that does
 * not read its replies feels the back-pressure and no queue grows.
 *
 * @module
 */

import { concatenate, type Peer } from "../server/mod.ts";
import { Connection, type StartTransfer, type Wire } from "./connection.ts";
import type { Timed } from "./deadlines.ts";
import { Files } from "./files.ts";
import * as c from "./libc/constants.ts";
import { CONTROL_BYTES, LAST_REPLY_MS } from "./limits.ts";
import { PassiveSlot } from "./passive.ts";
import type { Reactor, Watch } from "./reactor.ts";
import { READ, WRITE } from "./selector/mod.ts";
import { closeGently, type PassiveDescriptor } from "./sockets.ts";
import { type Step, Transfer } from "./transfer.ts";

const CONTROL = BigInt(CONTROL_BYTES);

/** Steps that a transfer makes at once when it starts; small files need no readiness at all. */
const STEPS_AT_START = 4;

/** The wire of one session, and what the loop calls when its sockets are ready. */
export class ReactorConnection implements Wire, Timed {
  slot: number | undefined;
  readonly #reactor: Reactor;
  readonly #control: Watch;
  readonly #connection: Connection;
  readonly #peer: Peer;
  /** What the control connection did not take yet; nothing is read while there is any. */
  #unsent: Uint8Array<ArrayBuffer> | undefined;
  readonly #passive: PassiveSlot<PassiveDescriptor>;
  #transfer: Transfer | undefined;
  #data: Watch | undefined;
  #closing: number | undefined;
  #broken = false;

  constructor(reactor: Reactor, fd: number, peer: Peer) {
    this.#reactor = reactor;
    this.#peer = peer;
    this.#passive = new PassiveSlot(reactor.passive);
    this.#control = reactor.watch(fd, (watch) => this.#ready(watch));
    const { settings, root } = reactor.context.options;
    this.#connection = new Connection(
      reactor.protocol.createSession(settings, peer, reactor.now),
      new Files(root, reactor.openFile),
      this,
    );
    this.#connection.begin(reactor.now);
    this.#settle();
  }

  get deadline(): number | undefined {
    if (this.#control.closed) return undefined;
    if (this.#closing !== undefined) return this.#closing;
    const session = this.#connection.session.pollDeadline();
    const transfer = this.#transfer?.deadline;
    if (session === undefined || transfer === undefined) return session ?? transfer;
    return Math.min(session, transfer);
  }

  onDeadline(now: number): void {
    if (this.#closing !== undefined) return this.#release();
    if (this.#transfer !== undefined && this.#transfer.deadline <= now) {
      this.#transferStep(this.#transfer.timeout());
    }
    const due = this.#connection.session.pollDeadline();
    if (due !== undefined && due <= now) this.#connection.timeout(now);
    this.#settle();
  }

  /** The server stops: the session says goodbye as soon as nothing is under way. */
  stop(): void {
    this.#connection.stop(this.#reactor.now);
    this.#settle();
  }

  /** Drops everything at once. */
  abandon(): void {
    this.#unsent = undefined;
    this.#connection.abandon();
    this.#release();
  }

  // --- readiness ---

  #ready(watch: Watch): void {
    if (this.#unsent !== undefined) this.#sendUnsent();
    else if (this.#closing === undefined) this.#receive(watch);
    this.#settle();
  }

  #receive(watch: Watch): void {
    const { libc, controlBuffer, now, context } = this.#reactor;
    const count = libc.recv(watch.fd, controlBuffer, CONTROL, 0);
    if (count > 0) {
      this.#reactor.progressed();
      context.counters.add("octetsIn", count);
      context.counters.add("octetsCopied", count);
      this.#connection.input(controlBuffer.subarray(0, count), now);
    } else if (count === -c.EAGAIN) {
      watch.ready &= ~READ;
    } else {
      this.#reactor.progressed();
      if (count < 0) this.#broken = true;
      this.#connection.end(now);
    }
  }

  /** After every turn: what to wait for, and until when. */
  #settle(): void {
    if (this.#control.closed) return;
    if (this.#broken) return this.abandon();
    if (this.#closing !== undefined && this.#unsent === undefined) return this.#release();
    const reading = this.#closing === undefined && this.#connection.session.wantsInput;
    const interest = this.#unsent !== undefined ? WRITE : reading ? READ : 0;
    this.#reactor.interest(this.#control, interest);
    this.#reactor.deadlines.update(this);
  }

  #transferStep(step: Step): void {
    const transfer = this.#transfer!;
    if (step === "done") {
      this.#endTransfer();
      this.#connection.complete(transfer.effect.id, transfer.completion!, this.#reactor.now);
      return;
    }
    if (this.#data?.fd !== transfer.waitFd) {
      this.#dropData();
      this.#data = this.#reactor.watch(transfer.waitFd, (watch) => this.#dataReady(watch));
    }
    if (step === "wait") this.#data!.ready &= ~bitOf(transfer);
    this.#reactor.interest(this.#data!, bitOf(transfer));
  }

  #dataReady(watch: Watch): void {
    const before = this.#transfer!.octets;
    const fd = this.#transfer!.waitFd;
    const step = this.#transfer!.step(this.#reactor.now);
    const moved = this.#transfer!.octets > before || this.#transfer!.waitFd !== fd;
    if (moved || step === "done") this.#reactor.progressed();
    if (step === "wait") watch.ready = 0;
    this.#transferStep(step);
    this.#settle();
  }

  // --- the wire ---

  get transferred(): number {
    return this.#transfer?.octets ?? 0;
  }

  send(octets: Uint8Array<ArrayBuffer>): void {
    if (this.#broken) return;
    const { counters } = this.#reactor.context;
    counters.add("octetsOut", octets.length);
    counters.add("octetsCopied", octets.length);
    if (this.#unsent === undefined) {
      this.#unsent = octets;
      this.#sendUnsent();
    } else {
      this.#unsent = concatenate([this.#unsent, octets]);
    }
  }

  #sendUnsent(): void {
    const unsent = this.#unsent!;
    const sent = this.#reactor.libc.send(this.#control.fd, unsent, 0);
    if (sent === -c.EAGAIN) {
      this.#control.ready &= ~WRITE;
    } else if (sent < 0) {
      this.#broken = true;
      this.#unsent = undefined;
    } else {
      this.#reactor.progressed();
      this.#unsent = sent < unsent.length ? unsent.slice(sent) : undefined;
    }
  }

  openPassive(): number | undefined {
    const socket = this.#passive.exchange();
    if (socket === undefined) return undefined;
    if (this.#reactor.selector.refuses(socket.fd) === undefined) return socket.port;
    socket.close();
    this.#passive.socket = undefined;
    return undefined;
  }

  closePassive(): void {
    this.#passive.giveBack();
  }

  startTransfer(effect: StartTransfer): void {
    const { tools, now } = this.#reactor;
    const listener = this.#passive.socket?.fd ?? -1;
    const transfer = new Transfer(
      tools,
      this.#connection.files,
      this.#control.fd,
      this.#peer,
      effect,
      listener,
      now,
    );
    this.#transfer = transfer;
    let step: Step = "more";
    for (let steps = 0; step === "more" && steps < STEPS_AT_START; steps++) {
      step = transfer.step(now);
    }
    this.#transferStep(step);
  }

  abortTransfer(): void {
    if (this.#transfer === undefined) return;
    this.#transferStep(this.#transfer.fail("aborted", "the transfer was aborted"));
  }

  #endTransfer(): void {
    this.#dropData();
    this.#transfer = undefined;
    this.closePassive();
  }

  #dropData(): void {
    const data = this.#data;
    this.#data = undefined;
    if (data === undefined) return;
    if (data.fd === this.#passive.socket?.fd) this.#reactor.unwatch(data);
    else this.#reactor.forget(data);
  }

  close(): void {
    if (this.#transfer !== undefined) {
      this.#transfer.fail("aborted", "the connection was closed");
      this.#endTransfer();
    }
    this.closePassive();
    this.#closing = this.#reactor.now + LAST_REPLY_MS;
  }

  print(text: string): void {
    this.#reactor.context.print(text);
  }

  askOperator(id: number, prompt: string): void {
    this.#reactor.context.ask(prompt, (text) => {
      this.#connection.complete(id, { kind: "line", text }, this.#reactor.now);
      this.#settle();
    });
  }

  crashed(error: unknown): void {
    this.#reactor.context.sessionCrashed(this.#peer.number, error);
  }

  /** Closes the control connection. */
  #release(): void {
    if (this.#control.closed) return;
    const { libc, controlBuffer, context } = this.#reactor;
    const { fd } = this.#control;
    this.#reactor.forget(this.#control);
    this.#reactor.deadlines.remove(this);
    if (this.#broken) libc.close(fd);
    else closeGently(libc, fd, controlBuffer);
    this.#reactor.connections.delete(this);
    context.endSession();
  }
}

function bitOf(transfer: Transfer): number {
  return transfer.waitFor === "read" ? READ : WRITE;
}
