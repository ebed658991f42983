/**
 * What signals do to a server: SIGINT and SIGTERM stop it, SIGUSR2 shows its counters. mod.ts
 * calls it; a listener does no work of its own, so that a signal is never kept waiting.
 *
 * @module
 */

import type { Server, Terminal } from "../model.ts";

/** SIGUSR2 shows the counters while the server runs, as one line. */
export function showStatsOnSignal(server: Server, terminal: Terminal): void {
  if (Deno.build.os === "windows") return;
  Deno.addSignalListener("SIGUSR2", () => {
    terminal.print(`ftplab: stats ${JSON.stringify({ workers: server.stats() })}`);
  });
}

/** The first signal lets transfers finish for up to `graceMs`, the second ends them. */
export function stopOnSignals(server: Server, graceMs: number): void {
  let signals = 0;
  const stop = () => void server.stop(signals++ === 0 ? graceMs : 0);
  Deno.addSignalListener("SIGINT", stop);
  if (Deno.build.os !== "windows") Deno.addSignalListener("SIGTERM", stop);
}
