/**
 * What a worker thread has from its supervisor: the options, a listener, counters, and a way to
 * talk both ways that also works for a thread that never returns to its event loop.
 *
 * To the supervisor go messages; from it come numbers in shared memory and, for the operator's
 * answers, one line at a time in a mailbox.
 *
 * @module
 */

import type { Protocol, ServerEvent } from "../../server/mod.ts";
import type { Admission } from "../admission.ts";
import { now } from "../clock.ts";
import type { ModelName, ServeOptions, WorkerLink } from "../model.ts";
import { Counters } from "./counters.ts";
import { Gate } from "./gate.ts";
import { Handoff } from "./handoff.ts";

/** Numbers that all threads of a pool share, by their index in one Int32Array. */
export const SHARED = {
  stop: 0,
  connections: 1,
  started: 2,
  busy: 3,
  /** Clients wait in the backlog while every thread that there may be has one. */
  crowded: 4,
  count: 5,
} as const;

/** Numbers of one worker. */
export const OWN = {
  /**
   * Its control connection, for the supervisor to shut down, or NONE. While somebody works on it,
   * it is LENT, so that the worker does not close it meanwhile and the number become another's.
   */
  control: 0,
  /** Events that the supervisor has not taken yet. */
  untaken: 1,
  /** Events left out that the operator has not been told of. */
  leftOut: 2,
  count: 3,
} as const;

/** See OWN.control. */
export const NONE = -1, LENT = -2;

/** Tries of a worker to have its number back; each waits a millisecond. */
const LENT_TRIES_MAX = 1_000;

/** The mailbox: a state, the ask it answers, the length of the line or -1 for no line; the line. */
export const MAILBOX = { state: 0, ask: 1, length: 2, headBytes: 12, lineBytesMax: 8_192 } as const;

/** Whether the mailbox holds a line. */
export const EMPTY = 0, FULL = 1;

/** How the pool stops: not, letting transfers finish, at once. */
export const RUNNING = 0, DRAINING = 1, CLOSING = 2;

/** The first message to a worker. Plain data and shared memory. */
export interface WorkerStart {
  /** The model; its threads are called by it, and a loop knows its selector by it. */
  readonly model: ModelName;
  /** What the server was started with; `port` is the real one, or 0 where this worker draws it. */
  readonly options: ServeOptions;
  /** 0 for the first worker, and so on. */
  readonly index: number;
  /** The calls that are counted, in the order of their counters. */
  readonly callNames: readonly string[];
  /** What Counters.allocate made. */
  readonly counters: SharedArrayBuffer;
  /** Numbers of all workers: SHARED. */
  readonly shared: SharedArrayBuffer;
  /** Numbers of this one: OWN. */
  readonly own: SharedArrayBuffer;
  /** The operator's answers: MAILBOX. */
  readonly mailbox: SharedArrayBuffer;
  /** The listening socket's descriptor, where the supervisor made it; else -1. */
  readonly listener: number;
  /** An eventfd that the supervisor writes to; else -1. */
  readonly wake: number;
  /** The server's one gate. */
  readonly gate: SharedArrayBuffer;
  /** Where workers hand connections over; undefined where they do not. */
  readonly handoff: SharedArrayBuffer | undefined;
  /** The time by the supervisor's clock: see `goBy` of clock.ts. */
  readonly now: number;
  /** See Terminal. */
  readonly warningsOnly: boolean;
}

/** How long events may wait for others to be told together, milliseconds: a message costs more. */
const EVENTS_WAIT_MS = 100;

/** Events that are told together at most. */
const EVENTS_MAX = 256;

/** Events of a worker that wait for its supervisor at most; others are left out, and counted. */
export const EVENTS_UNTAKEN_MAX = 2_048;

/** Characters of a text in an event: nobody reads the rest of a name that a client made up. */
export const EVENT_CHARS_MAX = 512;

/** The same of a warning, the server's own words: where a bug is takes some lines. */
export const WARNING_CHARS_MAX = 4_096;

/** An event, and when it happened, milliseconds since the epoch. */
export interface TimedEvent {
  /** What happened. */
  readonly event: ServerEvent;
  /** When, milliseconds since the epoch. */
  readonly at: number;
}

/** What a worker tells its supervisor. */
export type WorkerMessage =
  /** It accepts connections, on `port`. */
  | { readonly kind: "ready"; readonly port: number }
  /** It cannot: one line why. */
  | { readonly kind: "failed"; readonly reason: string }
  /** It has ended, because it was told to stop. */
  | { readonly kind: "finished" }
  /** A line for standard output. */
  | { readonly kind: "print"; readonly text: string }
  /** What happened, in order. */
  | { readonly kind: "events"; readonly events: readonly TimedEvent[] }
  /** The operator is to be asked; the answer comes by the mailbox, for question `ask`. */
  | { readonly kind: "ask"; readonly ask: number; readonly prompt: string }
  /** Nobody waits for the answer any more. */
  | { readonly kind: "withdraw"; readonly ask: number }
  /** The mailbox is empty again. */
  | { readonly kind: "taken" }
  /** All started threads have a client (blocking). */
  | { readonly kind: "saturated" };

const decoder = new TextDecoder();

/** The worker's side. */
export class WorkerContext implements WorkerLink {
  /** See WorkerStart. */
  readonly options: ServeOptions;
  /** This worker's counters. */
  readonly counters: Counters;
  /** See SHARED. */
  readonly shared: Int32Array<SharedArrayBuffer>;
  /** See OWN. */
  readonly own: Int32Array<SharedArrayBuffer>;
  /** See MAILBOX. */
  readonly mailbox: Int32Array<SharedArrayBuffer>;
  /** The descriptor that it accepts from, or -1 when it listens itself. */
  readonly listener: number;
  /** The eventfd that wakes it, or -1. */
  readonly wake: number;
  /** Called when the supervisor has news, in a worker that returns to its event loop. */
  onWake: (() => void) | undefined;
  readonly #asks = new Map<number, (line: string | undefined, now: number) => void>();
  /** See WorkerStart. */
  readonly model: ModelName;
  /** What its thread is called: "multiplex 0". */
  readonly name: string;
  /** The server's one gate. */
  readonly admission: Admission;
  /** Between this worker and the others; undefined where connections are not handed over. */
  readonly handoff: Handoff | undefined;
  /**
   * Runs `run` after `milliseconds`, in a worker that has a loop for that: events are told together
   * there. One that blocks tells each at once.
   */
  after: ((milliseconds: number, run: () => void) => void) | undefined;
  #events: TimedEvent[] = [];
  #asked = 0;
  #pauseTold = false;
  readonly #warningsOnly: boolean;

  constructor(
    start: WorkerStart,
    /** What it speaks: the protocol that its options name. */
    readonly protocol: Protocol,
    readonly post: (message: WorkerMessage) => void,
  ) {
    this.model = start.model;
    this.admission = new Gate(start.gate, start.index);
    this.handoff = start.handoff && new Handoff(start.handoff, start.index);
    this.name = `${start.model} ${start.index}`;
    this.options = start.options;
    this.counters = new Counters(start.callNames, start.counters);
    this.shared = new Int32Array(start.shared);
    this.own = new Int32Array(start.own);
    this.mailbox = new Int32Array(start.mailbox);
    this.listener = start.listener;
    this.wake = start.wake;
    this.#warningsOnly = start.warningsOnly;
  }

  /** RUNNING, DRAINING or CLOSING. */
  get stopping(): number {
    return Atomics.load(this.shared, SHARED.stop);
  }

  /** Clients wait in the backlog while every thread has one (blocking). */
  get crowded(): boolean {
    return Atomics.load(this.shared, SHARED.crowded) !== 0;
  }

  /** A session begins: its number, one higher than the last of the whole server. */
  beginSession(): number {
    this.#pauseTold = false;
    this.counters.add("sessions", 1);
    this.counters.add("sessionsOpen", 1);
    return Atomics.add(this.shared, SHARED.connections, 1) + 1;
  }

  /** A session has ended. */
  endSession(): void {
    this.counters.add("sessionsOpen", -1);
  }

  /** A session threw: the one thing that only a bug of ours can cause. */
  sessionCrashed(number: number, error: unknown): void {
    const text = error instanceof Error ? error.stack ?? error.message : String(error);
    this.event({ kind: "warning", text: `Session ${number} ended by a bug: ${text}` });
  }

  /** Nothing can be accepted for a moment; said once until a session begins. */
  acceptingPauses(reason: string): void {
    if (!this.#pauseTold) this.event({ kind: "warning", text: `Accepting pauses: ${reason}` });
    this.#pauseTold = true;
  }

  /** Connections are accepted from now on. */
  ready(port: number): void {
    this.post({ kind: "ready", port });
  }

  /** For the operator, with texts cut to what is read; left out while the supervisor is behind. */
  event(event: ServerEvent): void {
    if (this.#warningsOnly && event.kind !== "warning") return;
    if (this.#isBehind(event)) {
      Atomics.add(this.own, OWN.leftOut, 1);
      return this.tellEvents(); // a gap ends when all are taken, those that are held back here, too
    }
    Atomics.add(this.own, OWN.untaken, 1);
    this.#events.push({ event: shortened(event), at: Date.now() });
    const { length } = this.#events;
    if (this.after === undefined || event.kind === "warning" || length >= EVENTS_MAX) {
      this.tellEvents();
    } else if (length === 1) {
      this.after(EVENTS_WAIT_MS, () => this.tellEvents());
    }
  }

  /** Tells the supervisor what has happened so far. */
  tellEvents(): void {
    if (this.#events.length === 0) return;
    const events = this.#events;
    this.#events = [];
    this.post({ kind: "events", events });
  }

  /** A line on the server's standard output. */
  print(text: string): void {
    this.post({ kind: "print", text });
  }

  /** Has the operator asked; `answer` is called by a later `deliver`. */
  ask(prompt: string, answer: (line: string | undefined, now: number) => void): number {
    const ask = ++this.#asked;
    this.#asks.set(ask, answer);
    this.post({ kind: "ask", ask, prompt });
    return ask;
  }

  /** See WorkerLink. */
  withdraw(ask: number): void {
    if (this.#asks.delete(ask)) this.post({ kind: "withdraw", ask });
  }

  /** The supervisor may work on the control connection that this worker serves: see lendControl. */
  showControl(control: number): void {
    Atomics.store(this.own, OWN.control, control);
  }

  /** The control connection is about to be closed; waits while the supervisor works on it. */
  hideControl(control: number): void {
    for (let tries = 0; tries < LENT_TRIES_MAX; tries++) {
      if (Atomics.compareExchange(this.own, OWN.control, control, NONE) !== LENT) return;
      Atomics.wait(this.own, OWN.control, LENT, 1);
    }
  }

  /** Hands a line in the mailbox, if there is one, to the one who asked. */
  deliver(): void {
    // From here on the line is this worker's: until it says "taken", no other is put there.
    const { state } = MAILBOX;
    if (Atomics.compareExchange(this.mailbox, state, FULL, EMPTY) !== FULL) return;
    const ask = this.mailbox[MAILBOX.ask]!;
    const length = this.mailbox[MAILBOX.length]!;
    const octets = new Uint8Array(this.mailbox.buffer, MAILBOX.headBytes).slice(
      0,
      Math.max(0, length),
    );
    this.post({ kind: "taken" });
    const answer = this.#asks.get(ask);
    this.#asks.delete(ask);
    answer?.(length < 0 ? undefined : decoder.decode(octets), now());
  }

  /**
   * Whether too many events wait; then all must be taken first, so that a gap is told once. The
   * server's own words have as much room again.
   */
  #isBehind({ kind }: ServerEvent): boolean {
    const untaken = Atomics.load(this.own, OWN.untaken);
    if (kind === "warning") return untaken >= 2 * EVENTS_UNTAKEN_MAX;
    const isGap = Atomics.load(this.own, OWN.leftOut) > 0;
    return untaken >= (isGap ? 1 : EVENTS_UNTAKEN_MAX);
  }
}

/** `event` with texts of EVENT_CHARS_MAX or WARNING_CHARS_MAX, and what is cut off as "...". */
function shortened(event: ServerEvent): ServerEvent {
  const max = event.kind === "warning" ? WARNING_CHARS_MAX : EVENT_CHARS_MAX;
  const long = Object.entries(event).filter(([, field]) =>
    typeof field === "string" && field.length > max
  );
  if (long.length === 0) return event;
  const cut = long.map(([name, field]) => [name, `${field.slice(0, max)}...`] as const);
  return { ...event, ...Object.fromEntries(cut) } as ServerEvent;
}

/**
 * For the supervisor: does `work` on the control connection that `own` tells, if there is one, while
 * its number cannot become another's.
 */
export function lendControl(
  own: Int32Array<SharedArrayBuffer>,
  work: (control: number) => void,
): void {
  const control = Atomics.exchange(own, OWN.control, LENT);
  if (control >= 0) work(control);
  // A worker that has begun to serve meanwhile has told its number, which stays.
  Atomics.compareExchange(own, OWN.control, LENT, Math.max(control, NONE));
  Atomics.notify(own, OWN.control);
}
