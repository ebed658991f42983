/**
 * The wire of a session over the runtime's own sockets: one loop awaits commands, a transfer runs
 * beside it as a second chain of awaits, so that ABOR, STAT and the deadlines are heard meanwhile.
 * Nothing is read while replies are unsent, or while the driver wants no input and no upload runs,
 * whose client has to be alive at its end (control_input.ts).
 *
 * @module
 */

import type { Peer } from "../../server/mod.ts";
import { now } from "../clock.ts";
import type { Timed } from "../driver/deadlines.ts";
import { Driver, type DriverTools, type Wire } from "../driver/mod.ts";
import { LAST_REPLY_MS } from "../limits.ts";
import { closeQuietly, lingeringClose } from "./closing.ts";
import { ControlInput } from "./control_input.ts";
import { RuntimeConnection } from "./data_connection.ts";
import { isOfTheSystem } from "./listen.ts";
import type { AsyncPassive } from "./passive.ts";
import type { Sharing } from "./sharing.ts";

/** Serves one client from its first word to its last. */
export class AsyncWire implements Wire, Timed {
  /** See Timed. */
  dueIn: number | undefined;
  readonly #driver: Driver<AsyncPassive>;
  readonly #input: ControlInput;
  /** Replies that are not with the kernel yet. */
  #unsent = 0;
  /** Settled when all that was sent is with the kernel; never rejects. */
  #written: Promise<void> = Promise.resolve();
  /** Wakes the reading loop, when that waits for a change of the driver's state. */
  #wake: (() => void) | undefined;
  #data: RuntimeConnection | undefined;
  #buffer: Uint8Array<ArrayBuffer> | undefined;
  #resumes = false;
  /** Octets of the client may have come that nobody has read or is about to. */
  #unread = true;

  constructor(
    readonly sharing: Sharing,
    readonly tools: DriverTools<AsyncPassive>,
    readonly conn: Deno.TcpConn,
    peer: Peer,
  ) {
    this.#driver = new Driver(tools, this, peer, now());
    const transferring = () => this.#driver.transfer !== undefined;
    this.#input = new ControlInput(sharing, tools.protocol.telnet, transferring);
  }

  /** Resolves when the connection has ended; never rejects. */
  async serve(): Promise<void> {
    try {
      this.conn.setNoDelay(true);
      this.conn.setKeepAlive(true);
      this.#driver.begin(now());
      this.#settle();
      while (!this.#driver.closed) {
        const { wantsInput } = this.#driver;
        if (this.#unsent > 0) await this.#written;
        else if (wantsInput && this.#input.holds) this.#tellHeld();
        else if (!wantsInput && !this.#listens) {
          await new Promise<void>((wake) => this.#wake = wake);
        } else {
          this.sharing.count("read");
          const room = this.#input.room();
          this.#unread = false;
          const count = await this.conn.read(room);
          this.#unread = count === room.length; // else it was all that there was
          this.#received(count);
          this.#unread = true;
        }
      }
    } catch (error) {
      if (isOfTheSystem(error)) this.#driver.abandon(now()); // the socket has broken
      else this.#driver.crashed(error, now());
    }
    this.sharing.alarm.remove(this);
    await this.#written;
    closeQuietly(this.conn);
    this.#driver.ended();
  }

  /** The server stops: the session says goodbye as soon as nothing is under way. */
  stop(): void {
    this.#driver.stop(now());
    this.#settle();
  }

  /** See Timed. */
  get deadline(): number {
    return this.#driver.deadline;
  }

  /** See Timed. */
  onDeadline(time: number): void {
    try {
      this.#driver.expire(time);
      this.#settle();
    } catch (error) { // a bug: it ends this connection, and not the worker
      this.#driver.crashed(error, time);
    }
  }

  /** Drops everything at once. */
  abandon(): void {
    this.#driver.abandon(now());
    closeQuietly(this.conn);
  }

  /** Whether its end is waited for though nothing that it says is wanted. */
  get #listens(): boolean {
    const direction = this.#driver.transfer?.effect?.direction;
    return direction === "receive" && !this.#input.ended && this.#input.mayHold;
  }

  #received(count: number | null): void {
    this.sharing.counters.add("wakeups", 1);
    const octets = this.#input.received(count);
    if (octets !== undefined && !this.#driver.closed) {
      if (this.#driver.wantsInput && !this.#input.holds) this.#driver.input(octets, now());
      else this.#input.hold(octets);
    }
    if (count === null && !this.#input.holds) this.#driver.end(now());
    this.#settle();
  }

  #tellHeld(): void {
    if (!this.#input.holds || !this.#driver.wantsInput) return;
    this.#driver.input(this.#input.takeHeld(), now());
    if (this.#input.ended) this.#driver.end(now());
    this.#settle();
  }

  /** After every turn: wakes the reading loop, and sees that the next deadline is waited for. */
  #settle(): void {
    this.#wakeUp();
    if (this.#driver.closed) return;
    if (this.#input.holds) queueMicrotask(() => this.#tellHeld()); // a read may be under way
    this.sharing.alarm.update(this);
  }

  #wakeUp(): void {
    this.#wake?.();
    this.#wake = undefined;
  }

  /** See Wire. */
  get congested(): boolean {
    return this.#unsent > 0;
  }

  /** See Wire. */
  readonly takesFile = false;

  /** See Wire. */
  buffer(): Uint8Array<ArrayBuffer> {
    return this.#buffer ??= this.sharing.takeBuffer();
  }

  /** See Wire. */
  send(octets: Uint8Array<ArrayBuffer>, length: number): void {
    const own = octets.slice(0, length);
    const idle = this.#unsent++ === 0;
    this.#written = idle ? this.#write(own) : this.#written.then(() => this.#write(own));
  }

  async #write(octets: Uint8Array<ArrayBuffer>): Promise<void> {
    try {
      for (let rest = octets; rest.length > 0;) {
        this.sharing.count("write");
        const written = await this.conn.write(rest);
        if (written === rest.length) break;
        rest = rest.subarray(written);
      }
    } catch {
      this.abandon(); // the peer takes nothing any more
    }
    this.#unsent -= 1;
    if (this.#unsent > 0) return;
    // A write mostly ends at once: what takes more than a turn lets others have theirs first.
    if (this.#driver.pending) return this.again();
    if (this.#driver.halted) this.#driver.resume(now());
    this.#settle();
  }

  /** See Wire. */
  pursue(): void {
    const { transfer, slot, passive } = this.#driver;
    if (transfer === undefined) return;
    if (this.#data?.transfer !== transfer) {
      this.#input.transferBegins();
      this.#data = new RuntimeConnection({
        slot,
        now,
        count: (call) => this.sharing.count(call),
        moved: (way, octets) => this.sharing.moved(way, octets),
        passive: () => passive.socket,
        breathe: (blocks) => this.sharing.breathe(blocks),
        look: () => this.sharing.look(),
        controlAlive: () => this.#input.alive(),
        advanced: () => this.#advanced(),
        crashed: (error) => this.#driver.crashed(error, now()),
      }, transfer);
    }
    this.#data.pursue();
  }

  #advanced(): void {
    if (this.#driver.transfer?.act === "over") this.#giveBuffer();
    this.#driver.advanced(now());
    this.#settle();
  }

  /** For the next transfer, unless a call still has it: octets of two clients must never meet. */
  #giveBuffer(): void {
    const used = this.#data?.usesBuffer ?? false;
    if (this.#buffer !== undefined && !used) this.sharing.giveBuffer(this.#buffer);
    this.#buffer = undefined;
  }

  /** See Wire. */
  again(): void {
    if (this.#resumes) return;
    this.#resumes = true;
    this.sharing.afterOthers(() => {
      this.#resumes = false;
      this.#driver.resume(now());
      this.#settle();
    });
  }

  /** See Wire. */
  close(): void {
    this.#data?.pursue();
    this.#giveBuffer();
    this.#wakeUp();
    // A read that is under way ends with the socket; replies go first, but not for ever.
    const limit = setTimeout(() => closeQuietly(this.conn), LAST_REPLY_MS);
    const unread = this.#unread;
    this.#written = this.#written.then(async () => {
      clearTimeout(limit);
      if (unread) await lingeringClose(this.conn);
      else closeQuietly(this.conn);
    });
  }
}
