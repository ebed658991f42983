/**
 * What signals do to a server: SIGINT and SIGTERM stop it, SIGUSR2 shows its counters. mod.ts
 * calls it; a listener does no work of its own, so that a signal is never kept waiting.
 *
 * @module
 */

import { now } from "../clock.ts";
import type { Server, Terminal } from "../model.ts";

/**
 * Signals that come so soon after the one that counted are the same one, milliseconds: at a Ctrl-C
 * the terminal signals every process of its foreground, and `deno task`, which is one of them, hands
 * its own on; systemd signals all of a service (KillMode=control-group), too.
 */
export const SAME_SIGNAL_MS = 250;

/** SIGUSR2 shows the counters while the server runs, as one line. */
export function showStatsOnSignal(server: Server, terminal: Terminal): void {
  if (Deno.build.os === "windows") return;
  Deno.addSignalListener("SIGUSR2", () => {
    terminal.print(`ftplab: stats ${JSON.stringify({ workers: server.stats() })}`);
  });
}

/** The first signal lets transfers finish for up to `graceMs`, the second ends them. */
export function stopOnSignals(server: Server, graceMs: number): void {
  let counted: number | undefined;
  const stop = () => {
    const time = now();
    if (counted !== undefined && time < counted + SAME_SIGNAL_MS) return;
    void server.stop(counted === undefined ? graceMs : 0);
    counted = time;
  };
  Deno.addSignalListener("SIGINT", stop);
  if (Deno.build.os !== "windows") Deno.addSignalListener("SIGTERM", stop);
}
