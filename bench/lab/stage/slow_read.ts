/**
 * Two clients of one server: one reads a file from a disk that is slow, the other asks for next to
 * nothing meanwhile. event_queue.ts takes the time that the second one waits.
 *
 * @module
 */

import { connect } from "../../../client/mod.ts";
import { until } from "./pause.ts";
import { HOST, serve } from "./serving.ts";

/** Longer than a read takes to begin, milliseconds. */
const PATIENCE_MS = 5_000;

/** How long a NOOP waits that comes while the server reads from a slow disk for somebody else. */
export async function waitBesideSlowRead(model: string, ms: number, signal: AbortSignal) {
  const options = { protocol: "ftp", diskDelay: { ms, every: 1 } };
  await using served = await serve(model, options, signal);
  await Deno.writeTextFile(`${served.root}/film`, "what is played");
  const other = await served.connect();
  await other.receive();
  await using client = await connect({ host: HOST, port: served.port, signal });
  const reading = client.readFile("film");
  reading.catch(() => {}); // it is awaited below
  await until(() => served.stats().delayedReads > 0, PATIENCE_MS, signal);
  const begun = performance.now();
  await other.send("NOOP\r\n");
  await other.receive();
  const waitMs = performance.now() - begun;
  await reading;
  return { waitMs, slowReads: served.stats().delayedReads };
}
