/**
 * What happens as JSON, one event a line, for programs: `--json`.
 *
 * Names of events and of their members stay as they are; there may be more of both. Sizes are
 * octets, times seconds, what is not known is null. Names are exact, octets that are not UTF-8 as
 * lone surrogates (see text.ts). Events are written at once, so that none pile up behind a reader
 * that is slow.
 *
 * @module
 */

import { ConnectionError, ProtocolError } from "../errors.ts";
import type { Entry } from "../listing.ts";
import type { Console } from "./console.ts";
import { type Now, systemNow } from "./screen.ts";
import { type End, TalliedTransfer, Tally } from "./tally.ts";
import type { Connected, Reporter, Retry, TransferReport } from "./telling.ts";

/** A progress event tells no program anything more often. */
export const PROGRESS_EVENT_MS = 1_000;

/** One line of `--json`. */
export type Event =
  | {
    readonly event: "start";
    readonly name: string;
    /** Octets that are there already. */
    readonly offset: number;
    readonly total: number | null;
  }
  | {
    readonly event: "progress";
    readonly name: string;
    /** Octets of the file that are there, with the offset. */
    readonly octets: number;
    readonly total: number | null;
  }
  | {
    readonly event: "end";
    readonly name: string;
    readonly result: End;
    /** Octets that were moved. */
    readonly octets: number;
    readonly total: number | null;
    readonly seconds: number;
  }
  | {
    readonly event: "retry";
    readonly message: string;
    readonly attempt: number;
    readonly seconds: number;
  }
  | { readonly event: "note"; readonly message: string }
  | {
    readonly event: "entry";
    /** The directory that was listed, as it was asked for; null of what was asked for by name. */
    readonly directory: string | null;
    readonly name: string;
    readonly kind: Entry["kind"];
    readonly size: number | null;
    /** As RFC 3339 has it, UTC. */
    readonly modified: string | null;
    /** Permission bits. */
    readonly mode: number | null;
    readonly owner: string | null;
    readonly group: string | null;
    readonly target: string | null;
  }
  | {
    readonly event: "summary";
    readonly files: number;
    readonly skipped: number;
    readonly stopped: number;
    readonly octets: number;
    readonly seconds: number;
  }
  | {
    readonly event: "error";
    /** The error's kind, or the name of its class. */
    readonly kind: string;
    /** That of the server's reply, if one is the cause. */
    readonly code: number | null;
    readonly message: string;
    /** The exit status; null when the run went on. */
    readonly status: number | null;
  };

/** Tells a program all, and a person what there is for people. */
export class EventReporter implements Reporter {
  readonly #inner: Reporter;
  readonly #console: Console;
  readonly #now: Now;
  readonly #begunMs: number;
  readonly #tally = new Tally();
  #hasSummary = false;

  /** @param inner Speaks to people. */
  constructor(inner: Reporter, console: Console, now: Now = systemNow) {
    this.#inner = inner;
    this.#console = console;
    this.#now = now;
    this.#begunMs = now();
  }

  transfer(name: string): TransferReport {
    const inner = this.#inner.transfer(name);
    const transfer = new TalliedTransfer(name, this.#now());
    let toldMs = -Infinity;
    const total = () => transfer.total ?? null;
    const end = (result: End) => {
      if (!transfer.endAs(result)) return;
      this.#tally.add(transfer, result);
      const { moved: octets, begunMs } = transfer;
      const seconds = secondsOf(this.#now() - begunMs);
      this.#emit({ event: "end", name, result, octets, total: total(), seconds });
    };
    return {
      start: (offset, size) => {
        toldMs = this.#now();
        if (transfer.goOn()) this.#tally.takeBack(transfer);
        transfer.start(offset, size, toldMs);
        inner.start(offset, size);
        this.#emit({ event: "start", name, offset, total: total() });
      },
      update: (octets) => {
        transfer.update(octets);
        inner.update(octets);
        if (this.#now() - toldMs < PROGRESS_EVENT_MS) return;
        toldMs = this.#now();
        this.#emit({ event: "progress", name, octets: transfer.done, total: total() });
      },
      hide: () => inner.hide(),
      finish: () => {
        inner.finish();
        end("complete");
      },
      skip: (reason) => {
        inner.skip(reason);
        end("skipped");
      },
      stop: () => {
        inner.stop();
        end("stopped");
      },
    };
  }

  expect(files: number, octets: number | undefined): void {
    this.#inner.expect(files, octets);
  }

  note(text: string): void {
    this.#inner.note(text);
    this.#emit({ event: "note", message: text });
  }

  summary(text: string): void {
    this.#hasSummary = true;
    this.#inner.summary(text);
  }

  detail(text: string): void {
    this.#inner.detail(text);
  }

  connecting(host: string, port: number): void {
    this.#inner.connecting(host, port);
  }

  connected(client: Connected | undefined): void {
    this.#inner.connected(client);
  }

  retry(again: Retry): void {
    this.#inner.retry(again);
    const { reason: message, attempt, waitMs } = again;
    this.#emit({ event: "retry", message, attempt, seconds: secondsOf(waitMs) });
  }

  interrupting(): void {
    this.#inner.interrupting();
  }

  hide(): void {
    this.#inner.hide();
  }

  trace(direction: "sent" | "received", line: string): void {
    this.#inner.trace(direction, line);
  }

  entry(entry: Entry, directory?: string): boolean {
    this.#emit(entryEvent(entry, directory));
    return true;
  }

  close(): void {
    this.#inner.close();
    const { files, skipped, stopped, octets } = this.#tally;
    if (files + stopped === 0 && !this.#hasSummary) return;
    const seconds = secondsOf(this.#now() - this.#begunMs);
    this.#emit({ event: "summary", files, skipped, stopped, octets, seconds });
  }

  failed(error: Error, status?: number): void {
    this.#inner.failed(error, status);
    try {
      this.#emit(errorEvent(error, status));
    } catch (lost) {
      // The run ends anyway, and the exit status tells of it too.
      if (status === undefined) throw lost;
    }
  }

  #emit(event: Event): void {
    this.#console.writeSync(new TextEncoder().encode(`${eventLine(event)}\n`));
  }
}

function secondsOf(ms: number): number {
  return Math.round(ms) / 1000;
}

/** What a row of a listing says. */
export function entryEvent(entry: Entry, directory?: string): Event {
  return {
    event: "entry",
    directory: directory ?? null,
    name: entry.name,
    kind: entry.kind,
    size: entry.size ?? null,
    modified: entry.modified?.toISOString() ?? null,
    mode: entry.mode ?? null,
    owner: entry.owner ?? null,
    group: entry.group ?? null,
    target: entry.target ?? null,
  };
}

/** What failed; with an exit status, why the run ended. */
export function errorEvent(error: Error, status?: number): Event {
  const kind = "kind" in error && typeof error.kind === "string" ? error.kind : error.name;
  const isAnswer = error instanceof ProtocolError || error instanceof ConnectionError;
  const code = isAnswer ? error.reply?.code ?? null : null;
  return { event: "error", kind, code, message: error.message, status: status ?? null };
}

/** What a terminal would obey, as JSON leaves it alone; the rest JSON escapes by itself. */
const UNPRINTABLE = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** One line of JSON that is the same event for a program, and harmless on a terminal. */
export function eventLine(event: Event): string {
  return JSON.stringify(event).replace(
    UNPRINTABLE,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
