/**
 * Connections that Deno.connect cannot make: from another address of this machine, and ended by a
 * reset. The cases play port scanners and other hosts with them; a Stranger never speaks FTP well.
 *
 * @module
 */

import { connect, type Socket } from "node:net";
import type { Endpoint } from "./client.ts";

/** Another address of the loopback device: to a server it is another host. */
export const OTHER_HOST = "127.0.0.2";

/**
 * How long a stranger waits for an answer to his connect, which the kernel gives at once where it
 * gives one: all of this passes wherever a server lets his packets go unanswered.
 */
const UNANSWERED_MS = 50;

/** One connection by somebody who may be on another host, or leave by a reset. */
export class Stranger {
  /** Resolves when the connection has ended, whoever ended it. */
  readonly ended: Promise<void>;
  readonly #socket: Socket;
  #text = "";
  #isOver = false;
  #changed = Promise.withResolvers<void>();

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("error", () => {}); // the close that follows says as much
    socket.on("data", (chunk: Uint8Array) => {
      this.#text += new TextDecoder().decode(chunk);
      this.#change();
    });
    socket.on("end", () => socket.end());
    this.ended = new Promise((resolve) => {
      socket.on("close", () => {
        this.#isOver = true;
        this.#change();
        resolve();
      });
    });
  }

  /** Begins to connect to `endpoint` from the address `from`; what comes is read. */
  static dial({ host, port }: Endpoint, from: string = OTHER_HOST): Stranger {
    return new Stranger(connect({ host, port, localAddress: from, noDelay: true }));
  }

  /** Connects, and resolves when the kernel has made the connection. */
  static async connect(endpoint: Endpoint, from: string = OTHER_HOST): Promise<Stranger> {
    const stranger = Stranger.dial(endpoint, from);
    await new Promise<void>((resolve, reject) => {
      stranger.#socket.once("connect", resolve);
      stranger.#socket.once("error", reject);
    });
    return stranger;
  }

  /** Tries to connect: a server may refuse it, or let what it sends go unanswered. */
  static async attempt(endpoint: Endpoint, from: string = OTHER_HOST): Promise<Stranger> {
    const stranger = Stranger.dial(endpoint, from);
    let timer: ReturnType<typeof setTimeout> | undefined;
    await Promise.race([
      new Promise<void>((resolve) => stranger.#socket.once("connect", resolve)),
      stranger.ended,
      new Promise<void>((resolve) => timer = setTimeout(resolve, UNANSWERED_MS)),
    ]);
    clearTimeout(timer);
    return stranger;
  }

  #change(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  /** All that came so far. */
  get text(): string {
    return this.#text;
  }

  /** Resolves with all that came once `pattern` is in it, or once the connection has ended. */
  async heard(pattern: RegExp): Promise<string> {
    while (!pattern.test(this.#text) && !this.#isOver) await this.#changed.promise;
    return this.#text;
  }

  /** Sends `text` as it is. */
  send(text: string): void {
    this.#socket.write(text);
  }

  /** Ends the connection by a reset: SO_LINGER of no seconds, then close (socket(7)). */
  reset(): void {
    this.#socket.resetAndDestroy();
  }

  /** Closes it. */
  close(): void {
    this.#socket.destroy();
  }
}

/** Connects to `endpoint` from `from` and resets at once, `count` times one after the other. */
export async function resets(endpoint: Endpoint, count: number, from?: string): Promise<void> {
  for (let done = 0; done < count; done++) {
    const stranger = await Stranger.attempt(endpoint, from);
    stranger.reset();
    await stranger.ended;
  }
}
