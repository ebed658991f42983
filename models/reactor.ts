/**
 * The event loop that polling and multiplex share: descriptors, interests, deadlines.
 *
 * A selector tells what may be ready, the loop gives each watch one unit of work per round, so
 * that a large transfer does not hold up a small command. Everything is non-blocking; the only
 * wait is the selector's.
 *
 * @module
 */

import { protocols } from "../server/mod.ts";
import { now } from "./clock.ts";
import { Deadlines } from "./deadlines.ts";
import { openWithLibc } from "./open_file.ts";
import * as c from "./libc/constants.ts";
import { errorText, type Libc } from "./libc/mod.ts";
import { ACCEPT_PAUSE_MS, ACCEPTS_PER_TURN_MAX, BULK_BYTES, CONTROL_BYTES } from "./limits.ts";
import { ReactorConnection } from "./reactor_connection.ts";
import { READ, type Selector } from "./selector/mod.ts";
import { slowDisk } from "./slow_disk.ts";
import { acceptedPeer, isAcceptPause, isAcceptRetry, passiveDescriptors } from "./sockets.ts";
import type { TransferTools } from "./transfer.ts";
import { UploadPipe } from "./upload_pipe.ts";
import { DRAINING, RUNNING, type WorkerContext } from "./worker_context.ts";

/** One descriptor that the loop watches, and who works on it. */
export class Watch {
  /** What is known to be possible without waiting, until a call says EAGAIN. */
  ready = 0;
  queued = false;
  closed = false;
  interest = 0;

  constructor(readonly fd: number, readonly work: (watch: Watch) => void) {}
}

/** One event loop over one selector. */
export class Reactor {
  readonly tools: TransferTools;
  readonly controlBuffer = new Uint8Array(CONTROL_BYTES);
  readonly protocol;
  readonly passive;
  readonly openFile;
  readonly deadlines = new Deadlines();
  readonly connections = new Set<ReactorConnection>();
  /** The time of this round. */
  now = now();
  readonly #watches: (Watch | undefined)[] = [];
  #queue: Watch[] = [];
  readonly #eventCount = new Uint8Array(8);
  #progressed = false;
  #accepting: Watch | undefined;

  constructor(
    readonly context: WorkerContext,
    readonly libc: Libc,
    readonly selector: Selector,
  ) {
    const { options, counters } = context;
    this.protocol = protocols.get(options.protocol)!;
    this.passive = passiveDescriptors(libc, options, c.SOCK_NONBLOCK);
    this.openFile = openWithLibc(libc);
    const buffer = new Uint8Array(BULK_BYTES);
    this.tools = {
      libc,
      counters,
      buffer,
      pipe: new UploadPipe(libc, buffer),
      socketFlags: c.SOCK_NONBLOCK,
      adopt: (fd) => selector.refuses(fd),
      disk: slowDisk(options.diskDelay, counters),
    };
  }

  /** Serves until the supervisor says stop and the last connection has ended. */
  run(): void {
    const { context } = this;
    const wake = this.watch(context.wake, () => this.#woken(wake));
    this.interest(wake, READ);
    this.#listen();
    context.ready(context.options.port);
    while (context.stopping === RUNNING || this.connections.size > 0) this.#round();
    this.unwatch(wake);
    this.passive.close();
    this.tools.pipe.close();
    this.selector.close();
  }

  /** Begins to know `fd`, without interest in it yet. */
  watch(fd: number, work: (watch: Watch) => void): Watch {
    return this.#watches[fd] = new Watch(fd, work);
  }

  /** Says what `watch` is interested in from now on. */
  interest(watch: Watch, interest: number): void {
    if (watch.interest === interest) return;
    watch.interest = interest;
    this.selector.set(watch.fd, interest);
    this.#enqueue(watch);
  }

  /** Something came of the last readiness. */
  progressed(): void {
    this.#progressed = true;
  }

  /** Ends `watch`, whose descriptor stays open. */
  unwatch(watch: Watch): void {
    if (watch.closed) return;
    this.selector.remove(watch.fd);
    this.#end(watch);
  }

  /** Ends `watch`, whose descriptor is closed or about to be. */
  forget(watch: Watch): void {
    if (watch.closed) return;
    this.selector.forget(watch.fd);
    this.#end(watch);
  }

  #end(watch: Watch): void {
    watch.closed = true;
    this.#watches[watch.fd] = undefined;
  }

  #round(): void {
    const { counters } = this.context;
    const timeout = this.#queue.length > 0 ? 0 : this.deadlines.timeout(now());
    counters.enter("waiting");
    this.selector.wait(timeout, !this.#progressed, this.#onReady);
    counters.enter("working");
    this.now = now();
    this.#progressed = false;
    const batch = this.#queue;
    this.#queue = [];
    for (const watch of batch) this.#work(watch);
    counters.add("wakeups", 1);
    if (!this.#progressed) counters.add("emptyWakeups", 1);
    this.deadlines.expire(this.now);
  }

  /** Level-triggered readiness is told again if it lasts; edge-triggered must be remembered. */
  #work(watch: Watch): void {
    watch.queued = false;
    if (watch.closed || (watch.ready & watch.interest) === 0) return;
    if (!this.selector.edge) watch.ready = 0;
    watch.work(watch);
    this.#enqueue(watch);
  }

  readonly #onReady = (fd: number, ready: number): void => {
    const watch = this.#watches[fd];
    if (watch === undefined) return;
    watch.ready |= ready;
    this.#enqueue(watch);
  };

  #enqueue(watch: Watch): void {
    if (watch.queued || watch.closed || (watch.ready & watch.interest) === 0) return;
    watch.queued = true;
    this.#queue.push(watch);
  }

  #listen(): void {
    this.#accepting = this.watch(this.context.listener, (watch) => this.#accept(watch));
    this.interest(this.#accepting, READ);
  }

  #accept(watch: Watch): void {
    for (let accepts = 0; accepts < ACCEPTS_PER_TURN_MAX; accepts++) {
      const fd = this.libc.accept(watch.fd, c.SOCK_NONBLOCK);
      if (fd < 0) return this.#acceptFailed(watch, fd);
      this.progressed();
      this.#begin(fd);
    }
  }

  #acceptFailed(watch: Watch, error: number): void {
    watch.ready = 0;
    if (error === -c.EAGAIN) return;
    if (isAcceptRetry(error)) {
      watch.ready = READ;
      return;
    }
    if (!isAcceptPause(error)) throw new Error(`Cannot accept: ${errorText(-error)}`);
    this.context.acceptingPauses(errorText(-error));
    this.unwatch(watch);
    this.#accepting = undefined;
    this.#after(ACCEPT_PAUSE_MS, () => {
      if (this.context.stopping === RUNNING) this.#listen();
    });
  }

  #begin(fd: number): void {
    const { context, libc } = this;
    const refusal = this.selector.refuses(fd);
    if (refusal !== undefined) {
      context.log(`Refused ${libc.remoteAddress().host}: ${refusal}`);
      libc.send(fd, this.protocol.refusal(refusal) as Uint8Array<ArrayBuffer>, 0);
      libc.close(fd);
      return;
    }
    const peer = acceptedPeer(libc, fd, context.options, context.beginSession());
    this.connections.add(new ReactorConnection(this, fd, peer));
  }

  #after(milliseconds: number, run: () => void): void {
    const at = this.now + milliseconds;
    let done = false;
    this.deadlines.update({
      slot: undefined,
      get deadline() {
        return done ? undefined : at;
      },
      onDeadline() {
        done = true;
        run();
      },
    });
  }

  /** The supervisor has news: the operator's answer, or the stop. */
  #woken(wake: Watch): void {
    wake.ready = 0;
    if (this.libc.read(wake.fd, this.#eventCount) < 0) return;
    this.progressed();
    this.context.deliver();
    const { stopping } = this.context;
    if (stopping === RUNNING) return;
    if (this.#accepting !== undefined) this.unwatch(this.#accepting);
    this.#accepting = undefined;
    for (const connection of [...this.connections]) {
      if (stopping === DRAINING) connection.stop();
      else connection.abandon();
    }
  }
}
