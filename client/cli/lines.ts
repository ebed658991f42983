/**
 * What people hear while a verb works, on standard error: bars where there is a terminal, lines,
 * remarks, a sum.
 *
 * @module
 */

import { describeReply } from "../errors.ts";
import { printable } from "../text.ts";
import { endpoint } from "../transport.ts";
import { formatElapsed } from "./format.ts";
import { type Expected, type Now, type Screen, SILENCE_MS, systemNow } from "./screen.ts";
import { type End, renderSum, renderSummary, TalliedTransfer, Tally } from "./tally.ts";
import type { Connected, Reporter, Retry, Telling, TransferReport } from "./telling.ts";

/** The replies to PASV and EPSV: the data connection that follows may be waited for, too. */
const OPENS_DATA = /^22[79]/;

/** Lines for people. */
export class LineReporter implements Reporter {
  readonly #screen: Screen;
  readonly #telling: Telling;
  readonly #now: Now;
  readonly #begunMs: number;
  readonly #tally = new Tally();
  #expected: Expected = { files: undefined, octets: undefined };
  #hasSummary = false;
  /** Transfers and connections that are under way: they tell themselves what they wait for. */
  #busy = 0;
  /** Whether it is told that a reply is waited for. */
  #tellsWaits = true;

  /** On this screen, as the flags say. */
  constructor(screen: Screen, telling: Telling, now: Now = systemNow) {
    this.#screen = screen;
    this.#telling = telling;
    this.#now = now;
    this.#begunMs = now();
  }

  transfer(name: string): TransferReport {
    const transfer = new TalliedTransfer(name, this.#now());
    this.#expectReply(false);
    this.#screen.add(transfer);
    this.#busy++;
    const end = (how: End, text?: () => string) => {
      if (!transfer.endAs(how)) return;
      this.#busy--;
      this.#screen.remove(transfer);
      this.#tally.add(transfer, how);
      this.#screen.sum(this.#tally, this.#expected);
      if (text !== undefined && !this.#telling.quiet) this.#screen.line(text());
    };
    return {
      start: (offset, total) => {
        if (transfer.goOn()) {
          this.#busy++;
          this.#tally.takeBack(transfer);
          this.#screen.add(transfer);
        }
        transfer.start(offset, total, this.#now());
      },
      update: (octets) => transfer.update(octets),
      hide: () => this.#screen.remove(transfer),
      finish: () =>
        end("complete", () => renderSummary(name, transfer.moved, this.#now() - transfer.begunMs)),
      skip: (reason) => end("skipped", () => printable(`${name}: ${reason}`)),
      stop: () => end("stopped"),
    };
  }

  expect(files: number, octets: number | undefined): void {
    const { files: complete, stopped, done } = this.#tally;
    this.#expected = {
      files: complete + stopped + files,
      octets: octets === undefined ? undefined : done + octets,
    };
    this.#screen.sum(this.#tally, this.#expected);
  }

  note(text: string): void {
    this.#screen.line(printable(text));
  }

  summary(text: string): void {
    this.#hasSummary = true;
    if (!this.#telling.quiet) this.#screen.line(printable(text));
  }

  detail(text: string): void {
    if (this.#telling.verbose) this.#screen.line(printable(text));
  }

  connecting(host: string, port: number): void {
    this.#busy++;
    const text = printable(`Connecting to ${endpoint({ hostname: host, port })} ...`);
    if (this.#telling.verbose) this.#screen.line(text);
    else this.#screen.status(text, SILENCE_MS);
  }

  connected(client: Connected | undefined): void {
    this.#busy--;
    this.#screen.status(undefined, 0);
    if (client === undefined) return;
    const { greeting, features } = client;
    this.detail(`Connected and logged in: ${describeReply(greeting)}`);
    const names = [...features.keys()].join(", ");
    this.detail(names === "" ? "The server tells no features" : `Features: ${names}`);
  }

  retry({ reason, attempt, attemptsMax, waitMs }: Retry): void {
    this.#expectReply(false);
    if (this.#telling.quiet) return;
    const when = `in ${formatElapsed(waitMs)}, attempt ${attempt} of ${attemptsMax}`;
    this.#screen.line(printable(`${reason}; trying again ${when}`));
  }

  interrupting(): void {
    this.#tellsWaits = false;
    this.#screen.status("Interrupting ... (Ctrl-C again ends at once)", 0);
  }

  hide(): void {
    this.#expectReply(false);
    this.#tellsWaits = false;
  }

  trace(direction: "sent" | "received", line: string): void {
    this.#expectReply(direction === "sent" || OPENS_DATA.test(line));
    if (!this.#telling.trace) return;
    this.#screen.line(renderTrace(direction, line, this.#now() - this.#begunMs));
  }

  /** Whether the server owes an answer, of which nobody else tells. */
  #expectReply(isOwed: boolean): void {
    if (this.#busy > 0 || !this.#tellsWaits) return;
    this.#screen.status(isOwed ? "Waiting for the server ..." : undefined, SILENCE_MS);
  }

  entry(): boolean {
    return false;
  }

  failed(error: Error): void {
    // Of several errors each has had its line.
    if (error.message !== "") this.#screen.line(printable(error.message));
  }

  close(): void {
    this.#screen.close();
    const { files, stopped } = this.#tally;
    if (this.#telling.quiet || this.#hasSummary || files + stopped < 2) return;
    this.#screen.line(renderSum(this.#tally, this.#now() - this.#begunMs));
  }
}

/** `   0.123 > RETR a.avi`: seconds since the start, an arrow, a line that holds no secret. */
export function renderTrace(direction: "sent" | "received", line: string, ms: number): string {
  const arrow = direction === "sent" ? ">" : "<";
  return printable(`${(ms / 1000).toFixed(3).padStart(8)} ${arrow} ${line}`);
}
