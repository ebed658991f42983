/**
 * Clients that do the same, and what they did inside the window: when the next operation is due,
 * who does it, how long it took. loop.ts makes one per group of the job and asks it for results.
 *
 * Latency counts from when an operation was due, not from when somebody was free to begin it: a
 * server that stands still is charged for all that should have happened meanwhile (coordinated
 * omission). What has not ended when the window closes counts with the time so far; from what was
 * due before it opened the time is taken off for which everybody stood still while the server was
 * sampled.
 *
 * Of an open loop one operation is due in each period, at some time of it: what comes evenly keeps
 * step with a server that does something evenly, and then sees always the same of it. The times are
 * the same for every server, and in native/group.c.
 *
 * @module
 */

import { build, type Histogram } from "hdr-histogram-js";
import { latencyOf } from "../claims/histograms.ts";
import { type Random, randomFrom } from "../claims/statistics.ts";
import type { FtpClient } from "./ftp_client.ts";
import type { Group, GroupResult } from "./job.ts";

/** Latencies are recorded to three digits. */
const SIGNIFICANT_DIGITS = 3;

/** Clients of a burst whose times are kept, those that are done first: a plot shows no more. */
const TIMELINE_MAX = 64;

/** Operations that may wait for a free client; a server so far behind is not measured but buried. */
const BACKLOG_MAX = 100_000;

/** Whence the times of an open loop follow; native/group.c has the same. */
const SCHEDULE_SEED = 1;

/** An empty one, in microseconds. */
export function newHistogram(): Histogram {
  return build({
    bitBucketSize: 32,
    autoResize: true,
    numberOfSignificantValueDigits: SIGNIFICANT_DIGITS,
  }) as Histogram;
}

/** One group while a job runs. */
export class GroupState {
  readonly clients: FtpClient[] = [];
  readonly #histogram = newHistogram();
  readonly #lateness = newHistogram();
  /** Open loop: from when operations were really begun, and when that was. */
  readonly #fromStart = newHistogram();
  readonly #begun = new Map<FtpClient, number>();
  readonly #timeline: [number, number, number][] = [];
  /** Clients that have logged in and have nothing to do, each once (open loop). */
  #free: FtpClient[] = [];
  /** When operations were due that no client was free for. */
  #waiting: number[] = [];
  #waitingFrom = 0;
  #nextDue = Infinity;
  /** Where the period after the one with `#nextDue` begins. */
  #periodFrom = 0;
  #random: Random = randomFrom(SCHEDULE_SEED);
  #recording = false;
  #openedAt = 0;
  #operations = 0;
  #octets = 0;
  #unfinished = 0;
  /** Of the operations that ended in the window, milliseconds. */
  #longestMs = 0;
  #unservedAtOpening = 0;

  constructor(readonly spec: Group) {}

  /** Whether operations come at their own times. */
  get open(): boolean {
    return this.spec.perSecond !== undefined;
  }

  /** Clients logged in, or for logins: able to begin. */
  get served(): number {
    return this.clients.filter((client) => client.served).length;
  }

  /** `once`: every client has done it, well or not. */
  get done(): boolean {
    return this.clients.every((client) => client.done);
  }

  /** When the next operation is due, milliseconds; Infinity for none. */
  get nextDue(): number {
    return this.#nextDue;
  }

  /** A client can begin: at once in a closed loop, with what is due in an open one. */
  clientFree(client: FtpClient, now: number): void {
    const { action, once } = this.spec;
    if (action === "hold" || (once && (!this.#recording || client.done))) return;
    if (!this.open) return client.begin(now);
    const due = this.#waiting[this.#waitingFrom];
    if (due === undefined) return void this.#free.push(client);
    this.#waitingFrom++;
    if (this.#waitingFrom === this.#waiting.length) {
      this.#waiting = [];
      this.#waitingFrom = 0;
    }
    this.#begin(client, due, now);
  }

  /** A client has failed: until it has logged in again it can begin nothing. */
  clientFailed(client: FtpClient): void {
    this.#free = this.#free.filter((one) => one !== client);
  }

  /** Open loop: begins what is due. */
  dispatch(now: number): void {
    for (; this.#nextDue <= now; this.#setNextDue()) {
      const client = this.#free.shift();
      if (client === undefined) {
        if (this.#waiting.length < BACKLOG_MAX) this.#waiting.push(this.#nextDue);
        continue;
      }
      // Late is what the load itself is late by: where no client is free, the server is.
      if (this.#recording) this.#lateness.recordValue(microseconds(now - this.#nextDue));
      this.#begin(client, this.#nextDue, now);
    }
  }

  #begin(client: FtpClient, due: number, now: number): void {
    this.#begun.set(client, now);
    client.begin(due);
  }

  /** The schedule of an open loop begins. */
  schedule(now: number): void {
    if (!this.open) return;
    this.#random = randomFrom(SCHEDULE_SEED);
    this.#periodFrom = now;
    this.#setNextDue();
    this.#waiting = [];
    this.#waitingFrom = 0;
  }

  #setNextDue(): void {
    const period = 1e3 / this.spec.perSecond!;
    this.#nextDue = this.#periodFrom + period * this.#random();
    this.#periodFrom += period;
  }

  /** The window opens after all have stood still for `stoodMs`: what ends from now on counts. */
  openWindow(now: number, stoodMs: number): void {
    this.#recording = true;
    this.#openedAt = now;
    this.#unservedAtOpening = this.spec.clients - this.served;
    this.schedule(now);
    for (const client of this.clients) {
      client.operations = 0;
      if (client.pendingSince !== undefined) this.#takeOff(client, stoodMs);
      const free = client.served && client.pendingSince === undefined;
      if (this.spec.once && free) client.begin(now);
    }
  }

  #takeOff(client: FtpClient, ms: number): void {
    client.intended += ms;
    const begun = this.#begun.get(client);
    if (begun !== undefined) this.#begun.set(client, begun + ms);
  }

  /** An operation of `client` has ended well. */
  finish(client: FtpClient, octets: number, now: number): void {
    if (!this.#recording) return;
    this.#operations++;
    this.#octets += octets;
    client.operations++;
    const lasted = now - client.intended;
    this.#longestMs = Math.max(this.#longestMs, lasted);
    this.#histogram.recordValue(microseconds(lasted));
    const begun = this.#begun.get(client);
    if (begun !== undefined) this.#fromStart.recordValue(microseconds(now - begun));
    if (this.spec.timeline && this.#timeline.length < TIMELINE_MAX) {
      const since = (time: number) => time - this.#openedAt;
      this.#timeline.push([since(client.intended), since(client.greetedAt), since(now)]);
    }
  }

  /** The window closes: what is under way, or has not even begun, counts with the time so far. */
  closeWindow(now: number): void {
    this.#recording = false;
    if (this.spec.action === "hold") return;
    for (const client of this.clients) {
      const { pendingSince } = client;
      const since = pendingSince ?? (client.served ? undefined : this.#openedAt);
      if (since === undefined || client.done) continue;
      const lasted = now - Math.max(since, this.#openedAt);
      // In a closed loop the operation that the close cut off says nothing, unless it is long.
      const isLong = pendingSince !== undefined && lasted > this.#longestMs;
      const cut = !this.open && !this.spec.once && client.operations > 0;
      if (!cut || isLong) this.#countUnfinished(lasted);
    }
    for (const due of this.#waiting.slice(this.#waitingFrom)) this.#countUnfinished(now - due);
  }

  #countUnfinished(milliseconds: number): void {
    this.#unfinished++;
    this.#histogram.recordValue(microseconds(milliseconds));
  }

  /** What was measured. */
  result(): GroupResult {
    const { clients, perSecond, timeline } = this.spec;
    const latency = latencyOf(this.#histogram);
    const fromStart = latencyOf(this.#fromStart);
    const fairness = jain(this.clients.map(({ operations }) => operations));
    return {
      clients,
      unserved: this.#unservedAtOpening,
      operations: this.#operations,
      octets: this.#octets,
      unfinished: this.#unfinished,
      ...(latency === undefined ? {} : { latency }),
      ...(fromStart === undefined ? {} : { fromStart }),
      ...(fairness === undefined ? {} : { fairness }),
      ...(perSecond === undefined ? {} : { offered: perSecond }),
      ...(this.#lateness.totalCount === 0
        ? {}
        : { latenessP99Us: this.#lateness.getValueAtPercentile(99) }),
      ...(timeline ? { timeline: this.#timeline } : {}),
    };
  }
}

function microseconds(milliseconds: number): number {
  return Math.max(1, Math.round(milliseconds * 1e3));
}

/** Jain's fairness index, (sum x)^2 / (n sum x^2); undefined when nobody did anything. */
export function jain(values: readonly number[]): number | undefined {
  const sum = values.reduce((total, value) => total + value, 0);
  const squares = values.reduce((total, value) => total + value * value, 0);
  return squares === 0 ? undefined : sum * sum / (values.length * squares);
}
