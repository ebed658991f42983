/**
 * The project's own FTP clients for one experiment: whatever ends it closes all of them.
 *
 * @module
 */

import { type Client, connect } from "../../../client/mod.ts";
import { HOST, serve } from "./serving.ts";

/** Clients of one server on HOST. */
export class FtpClients implements Disposable {
  readonly #clients: Client[] = [];

  constructor(readonly port: number, readonly signal: AbortSignal) {}

  /** Another one, logged in. */
  async connect(): Promise<Client> {
    const client = await connect({ host: HOST, port: this.port, signal: this.signal });
    this.#clients.push(client);
    return client;
  }

  [Symbol.dispose](): void {
    for (const client of this.#clients) client.close();
  }
}

/** `promise`, of which the one who made it may be gone when it fails. */
export function abandonable<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}

/** What `model` has in a buffer of its own for each octet of a download of `bytes`. */
export async function bufferedShare(
  model: string,
  bytes: number,
  signal: AbortSignal,
): Promise<number> {
  await using server = await serve(model, { protocol: "ftp" }, signal);
  using clients = new FtpClients(server.port, signal);
  await Deno.writeFile(`${server.root}/film`, new Uint8Array(bytes));
  const client = await clients.connect();
  await client.download("film", { write() {} }, { signal });
  return server.stats().octetsCopied / bytes;
}
