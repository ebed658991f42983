/**
 * What a thread for each connection costs where there is no engine in it: the twin in C that serves
 * by pthreads (bench/load/twin/threads.c). thread_per_connection.ts shows it beside the model.
 *
 * @module
 */

import { startTwin } from "../../load/twins.ts";
import { processWork, readMemoryBytes, readProcessFigures } from "../../run/process_figures.ts";
import { pause } from "./pause.ts";
import { Client, HOST } from "./serving.ts";

/** The price of one more thread, and of a request. */
export interface PthreadCost {
  /** Of memory, as its proportional set size (proc_pid_smaps(5)). */
  readonly kilobytes: number;
  /** Voluntary switches per request. */
  readonly switches: number;
}

/** Connects `clients` to the twin, who ask at once `rounds` times; or why there is none here. */
export async function pthreadCost(
  clients: number,
  rounds: number,
  signal: AbortSignal,
): Promise<PthreadCost | { readonly unavailable: string }> {
  const file = await Deno.makeTempFile({ prefix: "ftplab-lab-" });
  await Deno.writeTextFile(file, "not asked for");
  const twin = await startTwin("threads", HOST, file);
  await Deno.remove(file);
  if ("unavailable" in twin) return twin;
  const connected: Client[] = [];
  const stop = () => void twin.stop();
  signal.addEventListener("abort", stop);
  try {
    const ask = async (client: Client) => {
      await client.send("NOOP\r\n");
      if (!(await client.receive())?.startsWith("200")) throw new Error("Another answer than 200");
    };
    const join = async () => {
      const client = new Client(await Deno.connect({ hostname: HOST, port: twin.port }));
      connected.push(client);
      await client.receive();
      await ask(client);
    };
    await join(); // what the first thread needs, and the others share
    const before = readMemoryBytes(twin.pid);
    while (connected.length <= clients) await join();
    const kilobytes = (readMemoryBytes(twin.pid) - before) / clients / 1e3;
    const begun = readProcessFigures(twin.pid);
    for (let round = 0; round < rounds; round++) {
      await pause(0, signal);
      await Promise.all(connected.map(ask));
    }
    const { switches } = processWork(begun, readProcessFigures(twin.pid));
    if (switches === undefined) return { unavailable: "a thread ended while it was counted" };
    return { kilobytes, switches: switches.voluntary / (rounds * connected.length) };
  } finally {
    signal.removeEventListener("abort", stop);
    for (const client of connected) client.close();
    await twin.stop();
  }
}
