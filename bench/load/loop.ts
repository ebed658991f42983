/**
 * Runs one job: the epoll loop under its clients, and the window in which operations count.
 * load/main.ts calls `runLoad`, in a process of its own, which does nothing else meanwhile.
 *
 * @module
 */

import process from "node:process";
import { join } from "@std/path";
import { errorText, type Libc } from "../../models/libc/mod.ts";
import { EPOLL_CTL_ADD, EPOLLIN, EPOLLOUT } from "../../models/libc/constants.ts";
import { EPOLL_EVENT_LAYOUTS } from "../../models/libc/structs.ts";
import { verifyContentFile } from "../content.ts";
import { FtpClient, type Surroundings } from "./ftp_client.ts";
import type { LoadJob, LoadResult } from "./job.ts";

/** Events taken at a time: two per client at 64 clients. */
const EVENTS_MAX = 128;

/** How long a wait may last before the loop looks whether the job has stalled, milliseconds. */
const TICK_MS = 100;

/** Failures after which a server is not worth measuring on; they come fast when it has died. */
const ERRORS_MAX = 100;

/** Kinds of failure told apart; the rest are counted together. */
const ERROR_KINDS_MAX = 20;

const LAYOUT = EPOLL_EVENT_LAYOUTS[Deno.build.arch]!;

/** Where the window stands. */
class Window {
  operations = 0;
  readonly #opensAt: number;
  #start: number | undefined;
  #end = 0;
  #cpuAtStart = 0;
  #cpuAtEnd = 0;

  constructor(readonly job: LoadJob) {
    this.#opensAt = performance.now() + job.warmupMs;
  }

  /** Takes note of an operation that finished at `now`; returns whether the window has closed. */
  finish(now: number): boolean {
    if (this.#start === undefined) {
      if (now < this.#opensAt) return false;
      this.#start = now;
      this.#cpuAtStart = cpuSeconds();
      return false;
    }
    this.operations++;
    this.#end = now;
    if (now - this.#start < this.job.measureMs) return false;
    this.#cpuAtEnd = cpuSeconds();
    return true;
  }

  /** Does `work` as if it took no time: the window moves on by as much. */
  exclude(work: () => void): void {
    const now = performance.now();
    const cpu = cpuSeconds();
    work();
    if (this.#start !== undefined) this.#start += performance.now() - now;
    this.#cpuAtStart += cpuSeconds() - cpu;
  }

  get seconds(): number {
    return this.operations === 0 ? 0 : (this.#end - this.#start!) / 1e3;
  }

  get cpuShare(): number {
    return this.#cpuAtEnd === 0 ? 0 : (this.#cpuAtEnd - this.#cpuAtStart) / this.seconds;
  }
}

/** CPU time of this process, user and system. */
function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** Does `job` with the thread's own `libc`; blocks the thread until it is done. */
export function runLoad(libc: Libc, job: LoadJob): LoadResult {
  const loop = new Loop(libc, job);
  try {
    return loop.run();
  } finally {
    loop.close();
  }
}

class Loop implements Surroundings {
  readonly #errors = new Map<string, number>();
  #errorCount = 0;
  #uploadNumber = 0;
  readonly #window: Window;
  #closed = false;
  #lastFinish = performance.now();

  readonly #epoll: number;
  readonly #event = new DataView(new ArrayBuffer(LAYOUT.bytes));
  readonly #clients: FtpClient[];
  /** Who watches a descriptor, by its number. */
  readonly #owners: (FtpClient | undefined)[] = [];
  /** Clients to start in the next turn. */
  #waiting: FtpClient[];

  constructor(readonly libc: Libc, readonly job: LoadJob) {
    this.#window = new Window(job);
    this.#epoll = libc.epollCreate();
    if (this.#epoll < 0) throw new Error(`Cannot create an epoll: ${errorText(-this.#epoll)}`);
    this.#clients = Array.from({ length: job.clients }, () => new FtpClient(this));
    this.#waiting = [...this.#clients];
  }

  run(): LoadResult {
    const failure = this.#turnUntilClosed();
    return {
      operations: this.#window.operations,
      seconds: this.#window.seconds,
      errors: Object.fromEntries(this.#errors),
      cpuShare: this.#window.cpuShare,
      ...(failure === undefined ? {} : { failure }),
    };
  }

  close(): void {
    for (const client of this.#clients) client.close();
    this.libc.close(this.#epoll);
  }

  watch(fd: number, client: FtpClient, interest: "read" | "write"): void {
    this.#owners[fd] = client;
    this.#event.setUint32(0, interest === "read" ? EPOLLIN : EPOLLOUT, true);
    this.#event.setInt32(LAYOUT.dataOffset, fd, true);
    const event = new Uint8Array(this.#event.buffer as ArrayBuffer);
    this.libc.epollControl(this.#epoll, EPOLL_CTL_ADD, fd, event);
  }

  release(fd: number): void {
    this.#owners[fd] = undefined;
    this.libc.close(fd);
  }

  finish(): void {
    this.#lastFinish = performance.now();
    this.#closed ||= this.#window.finish(this.#lastFinish);
  }

  fail(client: FtpClient, reason: string): void {
    this.#countError(reason);
    this.#waiting.push(client);
  }

  /**
   * Each upload goes before the next one comes, so that all of them are written to the same warm
   * memory: on a virtual machine a first touch of memory costs ten times the copy.
   */
  collect(name: string): void {
    if (this.#closed) return this.#verify(name);
    this.#window.exclude(() => this.#verify(name));
    this.#lastFinish = performance.now();
  }

  #verify(name: string): void {
    const path = join(this.job.arrivals!, name);
    try {
      const wrong = verifyContentFile(path, this.job.octets);
      if (wrong !== undefined) this.#countError(`upload: ${wrong}`);
      Deno.removeSync(path);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      this.#countError(`upload: ${error.name}`);
    }
  }

  #countError(reason: string): void {
    this.#errorCount++;
    const known = this.#errors.has(reason) || this.#errors.size < ERROR_KINDS_MAX;
    const kind = known ? reason : "other errors";
    this.#errors.set(kind, (this.#errors.get(kind) ?? 0) + 1);
  }

  nextUpload(): number {
    return this.#uploadNumber++;
  }

  /** Turns until the window has closed; returns why when it does not. */
  #turnUntilClosed(): string | undefined {
    const events = new Uint8Array(LAYOUT.bytes * EVENTS_MAX);
    const view = new DataView(events.buffer);
    while (!this.#closed) {
      const waiting = this.#waiting;
      this.#waiting = [];
      for (const client of waiting) client.start();
      const count = this.libc.epollWait(this.#epoll, events, EVENTS_MAX, TICK_MS);
      for (let index = 0; index < count && !this.#closed; index++) {
        const fd = view.getInt32(index * LAYOUT.bytes + LAYOUT.dataOffset, true);
        this.#owners[fd]?.handleReady(fd);
      }
      if (this.#errorCount > ERRORS_MAX) return `more than ${ERRORS_MAX} errors`;
      if (performance.now() - this.#lastFinish > this.job.stallMs) {
        return `no operation finished for ${this.job.stallMs / 1e3} s`;
      }
    }
    return undefined;
  }
}
