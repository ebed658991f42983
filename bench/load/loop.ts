/**
 * Runs one job: the epoll loop under its clients, and the window in which operations count.
 * main.ts calls `runLoad`, in a process of its own, which does nothing else meanwhile.
 *
 * A job has four parts: groups log in one after the other; they work for the warm-up; the window
 * opens, with everybody standing still while the server is sampled; it closes in the same way.
 *
 * @module
 */

import { errorText, type Libc } from "../../models/libc/mod.ts";
import { EPOLL_CTL_ADD, EPOLLIN, EPOLLOUT } from "../../models/libc/constants.ts";
import { EPOLL_EVENT_LAYOUTS } from "../../models/libc/structs.ts";
import { ownCpuSeconds } from "../run/process_figures.ts";
import { FtpClient, type Surroundings } from "./ftp_client.ts";
import { GroupState } from "./group.ts";
import type { Group, LoadEvent, LoadJob, LoadOutcome } from "./job.ts";

/** Events taken at a time. */
const EVENTS_MAX = 512;

/** How long a wait may last before the loop looks at the clock, milliseconds. */
const TICK_MS = 100;

/** Logins under way at a time while groups log in: less than any server's backlog. */
const LOGINS_MAX = 64;

/**
 * Before something is due the loop polls instead of sleeping, milliseconds: epoll_wait(2) counts
 * whole ones, and a sleeping core takes 50 us to wake. What it polls is not counted as its work.
 */
const SPIN_MS = 1.2;

/** How often slow readers read, milliseconds. */
const SLOW_TICK_MS = 100;

/** Failures after which a server is not worth measuring on; they come fast when it has died. */
const ERRORS_MAX = 100;

/** Kinds of failure told apart; the rest are counted together. */
const ERROR_KINDS_MAX = 20;

const LAYOUT = EPOLL_EVENT_LAYOUTS[Deno.build.arch]!;

/** Says how far a job is and waits, where the event is one to wait at, for the one who measures. */
export type Announce = (event: LoadEvent) => void;

/** Does `job` with the thread's own `libc`; blocks the thread until it is done. */
export function runLoad(libc: Libc, job: LoadJob, announce: Announce): LoadOutcome {
  const loop = new Loop(libc, job, announce);
  try {
    return loop.run();
  } finally {
    loop.close();
  }
}

/** Why a job cannot go on. */
class LoadFailure extends Error {}

class Loop implements Surroundings {
  readonly host: string;
  readonly port: number;
  readonly #errors = new Map<string, number>();
  #errorCount = 0;
  #lastFinish = performance.now();
  #spunMs = 0;
  #slowAt = 0;

  readonly #epoll: number;
  readonly #event = new Uint8Array(LAYOUT.bytes);
  readonly #eventView = new DataView(this.#event.buffer);
  readonly #events = new Uint8Array(LAYOUT.bytes * EVENTS_MAX);
  readonly #eventsView = new DataView(this.#events.buffer);
  readonly #groups: GroupState[];
  readonly #groupOf = new Map<Group, GroupState>();
  readonly #paced: GroupState[];
  readonly #slow: GroupState[];
  /** Who watches a descriptor, by its number. */
  readonly #owners: (FtpClient | undefined)[] = [];
  /** Names that hold a whole upload. */
  readonly #uploads = new Map<string, Group>();
  /** Clients to start, LOGINS_MAX of them under way at a time. */
  #unstarted: FtpClient[] = [];
  #starting = new Set<FtpClient>();

  constructor(readonly libc: Libc, readonly job: LoadJob, readonly announce: Announce) {
    this.host = job.host;
    this.port = job.port;
    this.#epoll = libc.epollCreate();
    if (this.#epoll < 0) throw new Error(`Cannot create an epoll: ${errorText(-this.#epoll)}`);
    this.#groups = job.groups.map((spec) => new GroupState(spec));
    this.#paced = this.#groups.filter((group) => group.open);
    this.#slow = this.#groups.filter(({ spec }) => spec.readRate !== undefined);
    for (const group of this.#groups) {
      this.#groupOf.set(group.spec, group);
      for (let index = 0; index < group.spec.clients; index++) {
        group.clients.push(new FtpClient(this, group.spec, `${group.spec.name}-${index}`));
      }
    }
  }

  run(): LoadOutcome {
    let failure: string | undefined;
    let seconds = 0, cpu = 0;
    try {
      for (const group of this.#groups) this.#logIn(group);
      this.announce("there");
      this.#warmUp();
      const stoodFrom = this.now();
      this.announce("opening");
      const cpuAtStart = ownCpuSeconds();
      const start = this.now();
      const end = this.#window(start, start - stoodFrom);
      seconds = (end - start) / 1e3;
      cpu = ownCpuSeconds() - cpuAtStart - this.#spunMs / 1e3;
      for (const group of this.#groups) group.closeWindow(end);
      this.announce("closed");
    } catch (error) {
      if (!(error instanceof LoadFailure)) throw error;
      failure = error.message;
    }
    const results = this.#groups.map((group) => [group.spec.name, group.result()] as const);
    this.#closeClients();
    const names = Map.groupBy(this.#uploads.keys(), (name) => this.#uploads.get(name)!);
    return {
      result: {
        seconds,
        groups: Object.fromEntries(results),
        errors: Object.fromEntries(this.#errors),
        cpu: Math.max(0, cpu),
        ...(failure === undefined ? {} : { failure }),
      },
      uploads: this.job.groups.map((group) => names.get(group) ?? []),
    };
  }

  close(): void {
    this.#closeClients();
    this.libc.close(this.#epoll);
  }

  #closeClients(): void {
    for (const group of this.#groups) for (const client of group.clients) client.close();
  }

  // --- the parts of a job ---

  #logIn(group: GroupState): void {
    // A burst of logins begins when the window opens, not before.
    if (group.spec.once && group.spec.action === "login") return;
    this.#unstarted.push(...group.clients);
    const deadline = this.now() + this.job.setupMs;
    this.#turnUntil((now) => group.served === group.spec.clients || now >= deadline);
  }

  #warmUp(): void {
    const now = this.now();
    for (const group of this.#groups) group.schedule(now);
    const end = now + this.job.warmupMs;
    this.#lastFinish = now;
    this.#turnUntil((time) => time >= end);
  }

  /** Opens the window and turns until it closes; returns when it did. */
  #window(start: number, stoodMs: number): number {
    this.#spunMs = 0;
    this.#lastFinish = start;
    for (const group of this.#groups) group.openWindow(start, stoodMs);
    const finite = this.#groups.filter(({ spec }) => spec.once);
    const end = start + this.job.measureMs;
    return this.#turnUntil((now) =>
      now >= end || finite.length > 0 && finite.every((group) => group.done)
    );
  }

  /** Turns until `over` says so; returns the time of the last turn. */
  #turnUntil(over: (now: number) => boolean): number {
    for (let now = this.now();; now = this.now()) {
      if (over(now)) return now;
      if (this.#errorCount > ERRORS_MAX) {
        throw new LoadFailure(`more than ${ERRORS_MAX} errors`);
      }
      const { stallMs } = this.job;
      if (stallMs > 0 && now - this.#lastFinish > stallMs) {
        throw new LoadFailure(`no operation finished for ${stallMs / 1e3} s`);
      }
      this.#turn(now);
    }
  }

  #turn(now: number): void {
    // One that fails at once is to be started again: at the limit of errors there is an end to it.
    while (
      this.#unstarted.length > 0 && this.#starting.size < LOGINS_MAX &&
      this.#errorCount <= ERRORS_MAX
    ) {
      const client = this.#unstarted.pop()!;
      this.#starting.add(client);
      client.start();
    }
    let next = now + TICK_MS;
    for (const group of this.#paced) {
      if (group.nextDue <= now) group.dispatch(now);
      if (group.nextDue < next) next = group.nextDue;
    }
    if (this.#slow.length > 0) {
      if (this.#slowAt <= now) this.#readSlowly(now);
      if (this.#slowAt < next) next = this.#slowAt;
    }
    const timeout = Math.max(0, Math.floor(next - now - SPIN_MS));
    const { libc } = this;
    const count = libc.epollWait(this.#epoll, this.#events, EVENTS_MAX, timeout);
    if (count === 0 && timeout === 0) this.#spunMs += this.now() - now;
    for (let index = 0, at = LAYOUT.dataOffset; index < count; index++, at += LAYOUT.bytes) {
      const fd = this.#eventsView.getInt32(at, true);
      this.#owners[fd]?.handleReady(fd);
    }
  }

  #readSlowly(now: number): void {
    this.#slowAt = now + SLOW_TICK_MS;
    for (const group of this.#slow) {
      const octets = Math.ceil(group.spec.readRate! * SLOW_TICK_MS / 1e3);
      for (const client of group.clients) client.readSlowly(octets);
    }
  }

  // --- what clients need ---

  now(): number {
    return performance.now();
  }

  watch(fd: number, client: FtpClient, interest: "read" | "write"): void {
    this.#owners[fd] = client;
    this.#eventView.setUint32(0, interest === "read" ? EPOLLIN : EPOLLOUT, true);
    this.#eventView.setInt32(LAYOUT.dataOffset, fd, true);
    this.libc.epollControl(this.#epoll, EPOLL_CTL_ADD, fd, this.#event);
  }

  release(fd: number): void {
    this.#owners[fd] = undefined;
    this.libc.close(fd);
  }

  free(client: FtpClient): void {
    this.#starting.delete(client);
    this.#lastFinish = this.now();
    this.#groupOf.get(client.group)!.clientFree(client, this.#lastFinish);
  }

  finish(client: FtpClient, octets: number): void {
    this.#lastFinish = this.now();
    this.#groupOf.get(client.group)!.finish(client, octets, this.#lastFinish);
  }

  fail(client: FtpClient, reason: string): void {
    this.#starting.delete(client);
    this.#groupOf.get(client.group)!.clientFailed(client);
    this.#countError(reason);
    if (!client.done) this.#unstarted.push(client);
  }

  #countError(reason: string): void {
    this.#errorCount++;
    const known = this.#errors.has(reason) || this.#errors.size < ERROR_KINDS_MAX;
    const kind = known ? reason : "other errors";
    this.#errors.set(kind, (this.#errors.get(kind) ?? 0) + 1);
  }

  uploading(name: string): void {
    this.#uploads.delete(name);
  }

  uploaded({ group }: FtpClient, name: string): void {
    this.#uploads.set(name, group);
  }
}
