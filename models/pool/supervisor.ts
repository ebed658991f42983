/**
 * The supervisor: starts a model's workers, carries their words to the terminal and the operator's
 * answers back, and stops them. It runs on the calling thread and never waits in the kernel.
 *
 * A worker may sit in a system call for ever, so nothing is forced: a number in shared memory says
 * stop, `wake` gets the worker to look at it, and the worker ends by itself.
 *
 * @module
 */

import { type Address, protocols, unreachable } from "../../server/mod.ts";
import { msUntil, now } from "../clock.ts";
import {
  type ModelName,
  ServeError,
  type ServeOptions,
  type Server,
  SILENT,
  type Terminal,
} from "../model.ts";
import { realRoot } from "../root.ts";
import type { FileStore } from "../files/contract.ts";
import { Counters } from "./counters.ts";
import { Gate } from "./gate.ts";
import { type Handed, Handoff } from "./handoff.ts";
import {
  CLOSING,
  DRAINING,
  EMPTY,
  FULL,
  MAILBOX,
  NONE,
  OWN,
  SHARED,
  type WorkerMessage,
  type WorkerStart,
} from "./link.ts";
import { Questions } from "./questions.ts";
import { Relief } from "./relief.ts";
import { Sweeper } from "./sweeper.ts";

/** What the supervisor is called where workers have an index. */
const SUPERVISOR = -1;

/** Windows has no SIGXFSZ. */
const HAS_SIGNALS = Deno.build.os !== "windows";

/** What a model adds to the pool. */
export interface PoolPlan {
  /** The model; its threads are called by it, and a loop knows its selector by it. */
  readonly model: ModelName;
  /** See Server.description. */
  readonly description: string;
  /** The module that a worker runs. */
  readonly worker: URL;
  /** Names of the calls that its workers count. */
  readonly callNames: readonly string[];
  /** What is served, where and how. */
  readonly options: ServeOptions;
  /** Where words and events go. */
  readonly terminal: Terminal;
  /** The listening socket's descriptor, or -1 when workers listen themselves. */
  readonly listener: number;
  /** Its workers hand connections over to each other, where there are several (see Handoff). */
  readonly handsOver?: true;
  /** An eventfd for a new worker, or -1; throws a ServeError where no worker can be started. */
  wakeDescriptor(): number;
  /** Gets `worker` to look at the shared numbers, its mailbox and its inbox. */
  wake(worker: PoolWorker): void;
  /** All threads have a client; the model may start another. */
  saturated?(): void;
  /**
   * The tree below the real path `root`, for the supervisor's own thread; its files are loaded when
   * it is asked for.
   */
  store(root: string): Promise<FileStore>;
  /**
   * Releases what the plan holds, after the last worker has ended or where there will be none, and
   * closes the connections `left` that were handed over and that nobody has come for.
   */
  release(left: readonly Handed[]): void;
}

/** One worker as the supervisor sees it. */
export interface PoolWorker {
  /** Its counters. */
  readonly counters: Counters;
  /** Its numbers: OWN. */
  readonly own: Int32Array<SharedArrayBuffer>;
  /** The eventfd that wakes it, or -1. */
  readonly wake: number;
  /** The thread. */
  readonly thread: Worker;
  /** It has not ended. */
  running: boolean;
}

interface Entry extends PoolWorker {
  readonly mailbox: Int32Array<SharedArrayBuffer>;
  readonly ready: PromiseWithResolvers<number>;
  /** `ready` has resolved. */
  wasReady: boolean;
  /** Resolves when the worker has emptied its mailbox, or has ended. */
  taken: PromiseWithResolvers<void>;
}

/** The workers of one server. */
export class Pool {
  /** Numbers of all workers: SHARED. */
  readonly shared = new Int32Array(new SharedArrayBuffer(SHARED.count * 4));
  readonly #workers: Entry[] = [];
  readonly #finished = Promise.withResolvers<void>();
  readonly #questions: Questions<Entry>;
  /** The real path of the folder that is served. */
  readonly #root: string;
  /** Where the workers listen, as far as it is known; else 0. */
  #port = 0;
  readonly #gate: SharedArrayBuffer;
  readonly #handoff: SharedArrayBuffer | undefined;
  #relief: Relief | undefined;
  #sweeper: Sweeper | undefined;
  #stopping: number | undefined;
  /** The last worker has ended and what the plan held is released: once, its numbers are others'. */
  #over = false;
  /** Hears SIGXFSZ, and leaves it at that. */
  readonly #fileTooLarge = () => {};

  constructor(readonly plan: PoolPlan) {
    const { admission, protocol, root, workers } = plan.options;
    const spoken = protocols.get(protocol);
    try {
      if (spoken === undefined) {
        throw new ServeError(`Cannot serve an unknown protocol "${protocol}"`);
      }
      this.#root = realRoot(root);
    } catch (error) {
      plan.release([]);
      throw error;
    }
    this.#gate = Gate.allocate(admission, spoken.logsIn);
    if (plan.handsOver === true && workers > 1) this.#handoff = Handoff.allocate(workers);
    this.#questions = new Questions(
      plan.terminal,
      (worker, ask, line) => this.#deliver(worker, ask, line),
    );
    // A server that dies is reported by whoever awaits `finished`; nobody need.
    this.#finished.promise.catch(() => {});
  }

  /** Threads that run. */
  get size(): number {
    return this.#workers.filter((worker) => worker.running).length;
  }

  /** `stop` was called. */
  get stopped(): boolean {
    return this.#stopping !== undefined;
  }

  /**
   * Starts the workers of the plan, one after the other.
   *
   * @param port where they listen; 0: where the first one comes to
   * @returns where they do
   * @throws {ServeError} when one could not be started; none runs then
   */
  async start(port: number): Promise<number> {
    this.#port = port;
    try {
      const { workers } = this.plan.options;
      for (let count = 0; count < workers; count++) this.#port = await this.grow();
      if (this.#handoff !== undefined) this.#relieve(new Handoff(this.#handoff, SUPERVISOR));
      this.#sweep();
      this.#outliveLargeFiles();
      return this.#port;
    } catch (error) {
      await this.stop(0); // those that were started
      throw error;
    }
  }

  /**
   * A write past the limit on the size of files fails (EFBIG), and ends the process unless somebody
   * hears of it (setrlimit(2), RLIMIT_FSIZE). That takes descriptors, which workers need first.
   */
  #outliveLargeFiles(): void {
    if (HAS_SIGNALS && !this.#over) Deno.addSignalListener("SIGXFSZ", this.#fileTooLarge);
  }

  /** Where clients store nothing, there is nothing to be removed. */
  #sweep(): void {
    const { plan } = this;
    const { protocol, partialDays } = plan.options;
    if (partialDays === 0 || !protocols.get(protocol)!.stores) return;
    const warn = (text: string) => plan.terminal.event({ kind: "warning", text });
    this.#sweeper = new Sweeper(() => plan.store(this.#root), partialDays, warn);
  }

  #relieve(handoff: Handoff): void {
    this.#relief = new Relief(handoff, this.#workers, (index) => {
      const worker = this.#workers[index]!;
      if (worker.running) this.plan.wake(worker);
    });
  }

  /** Starts one more worker; resolves with its port once it accepts, or rejects: a ServeError. */
  async grow(): Promise<number> {
    const { plan } = this;
    const counters = new Counters(plan.callNames);
    const own = new Int32Array(new SharedArrayBuffer(OWN.count * 4));
    own[OWN.control] = NONE;
    const mailbox = new Int32Array(
      new SharedArrayBuffer(MAILBOX.headBytes + MAILBOX.lineBytesMax),
    );
    const wake = plan.wakeDescriptor(); // it may throw, so it comes before the thread
    const thread = new Worker(plan.worker, {
      type: "module",
      name: `${plan.model} ${this.#workers.length}`,
    });
    const ready = Promise.withResolvers<number>();
    const taken = Promise.withResolvers<void>();
    const worker: Entry = {
      counters,
      own,
      mailbox,
      wake,
      thread,
      ready,
      taken,
      running: true,
      wasReady: false,
    };
    thread.onmessage = (event) => this.#heard(worker, event.data as WorkerMessage);
    thread.onerror = (event) => {
      event.preventDefault();
      this.#ended(worker, event.message);
    };
    const start: WorkerStart = {
      model: plan.model,
      options: { ...plan.options, port: this.#port, root: this.#root },
      index: this.#workers.length,
      callNames: plan.callNames,
      counters: counters.buffer,
      shared: this.shared.buffer,
      own: own.buffer,
      mailbox: mailbox.buffer,
      listener: plan.listener,
      wake,
      gate: this.#gate,
      handoff: this.#handoff,
      now: now(),
      warningsOnly: plan.terminal.warningsOnly ?? plan.terminal.event === SILENT.event,
    };
    this.#workers.push(worker);
    Atomics.add(this.shared, SHARED.started, 1);
    thread.postMessage(start);
    return await ready.promise;
  }

  /** The running server, once all workers are ready. */
  server(address: Address): Server {
    return {
      address,
      description: this.plan.description,
      finished: this.#finished.promise,
      stats: () => this.#workers.map((worker) => worker.counters.read()),
      stop: (graceMs) => this.stop(graceMs),
    };
  }

  /** See Server.stop. */
  async stop(graceMs: number): Promise<void> {
    if (this.#over) return;
    this.#relief?.stop();
    this.#stopping = Math.min(this.#stopping ?? Infinity, performance.now() + graceMs);
    const phase = Math.max(DRAINING, Atomics.load(this.shared, SHARED.stop));
    Atomics.store(this.shared, SHARED.stop, phase);
    this.#wakeAll();
    const closing = setTimeout(() => {
      Atomics.store(this.shared, SHARED.stop, CLOSING);
      this.#wakeAll();
    }, msUntil(this.#stopping, performance.now()));
    await this.#finished.promise.catch(() => {});
    clearTimeout(closing);
  }

  #wakeAll(): void {
    for (const worker of this.#workers) {
      if (worker.running) this.plan.wake(worker);
    }
    if (this.size === 0) this.#allEnded();
  }

  #heard(worker: Entry, message: WorkerMessage): void {
    const { terminal } = this.plan;
    switch (message.kind) {
      case "ready":
        worker.wasReady = true;
        worker.ready.resolve(message.port);
        return;
      case "failed":
        worker.ready.reject(new ServeError(message.reason));
        this.#ended(worker);
        return;
      case "finished":
        this.#ended(worker);
        return;
      case "print":
        terminal.print(message.text);
        return;
      case "events":
        for (const { event, at } of message.events) terminal.event(event, at);
        this.#eventsTaken(worker, message.events.length);
        return;
      case "ask":
        this.#questions.add(worker, message.ask, message.prompt);
        return;
      case "withdraw":
        this.#questions.withdraw(worker, message.ask);
        this.#takeBack(worker, message.ask);
        return;
      case "taken":
        worker.taken.resolve();
        return;
      case "saturated":
        this.plan.saturated?.();
        return;
      default:
        unreachable(message);
    }
  }

  /** `count` events of `worker` are told: behind its last one, how many it had to leave out. */
  #eventsTaken({ own }: Entry, count: number): void {
    if (Atomics.sub(own, OWN.untaken, count) > count) return;
    const leftOut = Atomics.exchange(own, OWN.leftOut, 0);
    if (leftOut === 0) return;
    const events = leftOut === 1 ? "1 event was" : `${leftOut} events were`;
    const text = `${events} left out: they came faster than they could be told`;
    this.plan.terminal.event({ kind: "warning", text });
  }

  #ended(worker: Entry, bug?: string): void {
    if (!worker.running) return;
    worker.running = false;
    worker.taken.resolve();
    this.#questions.withdraw(worker);
    worker.counters.enter("stopped");
    worker.thread.terminate();
    Atomics.sub(this.shared, SHARED.started, 1);
    if (bug !== undefined) {
      new Gate(this.#gate, SUPERVISOR).forget(this.#workers.indexOf(worker));
      this.#relief?.look();
      this.plan.terminal.event({ kind: "warning", text: `A worker ended by a bug: ${bug}` });
      worker.ready.reject(new ServeError(`Cannot start a worker: ${bug}`));
    }
    // One that could not be started is the last one, since each is waited for; nobody counts it.
    if (!worker.wasReady && this.#workers.at(-1) === worker) this.#workers.pop();
    if (this.size === 0) this.#allEnded();
  }

  #allEnded(): void {
    if (this.#over) return;
    this.#over = true;
    this.#sweeper?.stop();
    this.#relief?.stop();
    if (HAS_SIGNALS) Deno.removeSignalListener("SIGXFSZ", this.#fileTooLarge);
    const handoff = this.#handoff && new Handoff(this.#handoff, SUPERVISOR);
    this.plan.release(handoff?.clear() ?? []);
    if (this.stopped) this.#finished.resolve();
    else this.#finished.reject(new ServeError("Cannot go on: no worker is left"));
  }

  /** Puts the operator's line into the mailbox of `worker`, and waits until it is taken. */
  async #deliver(worker: Entry, ask: number, line: string | undefined): Promise<void> {
    if (!worker.running) return;
    const octets = new TextEncoder().encode(line ?? "").subarray(0, MAILBOX.lineBytesMax);
    worker.mailbox[MAILBOX.ask] = ask;
    worker.mailbox[MAILBOX.length] = line === undefined ? -1 : octets.length;
    new Uint8Array(worker.mailbox.buffer, MAILBOX.headBytes).set(octets);
    worker.taken = Promise.withResolvers();
    Atomics.store(worker.mailbox, MAILBOX.state, FULL);
    Atomics.notify(worker.mailbox, MAILBOX.state);
    this.plan.wake(worker);
    await worker.taken.promise;
  }

  /** Empties the mailbox of `worker` if the answer to `ask` lies there, which nobody comes for. */
  #takeBack({ mailbox, taken }: Entry, ask: number): void {
    if (mailbox[MAILBOX.ask] !== ask) return;
    if (Atomics.compareExchange(mailbox, MAILBOX.state, FULL, EMPTY) === FULL) taken.resolve();
  }
}
