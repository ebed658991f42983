/**
 * One player of ping_pong.ts: in a Worker the first or the second, by what it is told; as a program
 * of its own the second, over pipes of the process that started it, which it opens below /proc.
 *
 * @module
 */

import { Libc } from "../../../models/libc/mod.ts";
import { O_RDONLY, O_WRONLY } from "../../../models/libc/constants.ts";
import { Probe } from "../../../models/libc/probe.ts";
import { allowedList, processorsIn } from "../../run/pins.ts";
import { answer, AS_PROCESS, type Ends, type Game, play, type Score } from "./ping_pong.ts";

/** What a Worker is told: the second player answers, the first one plays a game. */
export type Role = { readonly answers: Ends } | { readonly plays: Game };

/** What it tells first; after each game it tells the Score. */
export interface Ready {
  /** false: the system does not let it stay on one processor. */
  readonly pinned: boolean;
}

/** The part of a worker's global scope that is used here. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<Role>) => void) | null;
  postMessage(report: Ready | Score): void;
}

const libc = new Libc();
const probe = new Probe();
// All players stay on the first that this process may use: a turn is then a switch, and wakes no
// other processor.
const pinned = probe.pin(processorsIn(allowedList())[0] ?? 0);

if (Deno.args[0] === AS_PROCESS) {
  const [, from, to] = Deno.args as [string, string, string];
  // Ctrl-C reaches all processes of the terminal; this one ends when the game is over.
  Deno.addSignalListener("SIGINT", () => {});
  console.log(pinned ? "ready" : "not pinned");
  answer({ from: libc.open(from, O_RDONLY, 0), to: libc.open(to, O_WRONLY, 0) }, libc);
  Deno.exit(0);
} else {
  const scope = globalThis as unknown as WorkerScope;
  scope.onmessage = ({ data: role }) => {
    if ("answers" in role) answer(role.answers, libc);
    else scope.postMessage(play(role.plays, libc, probe));
  };
  scope.postMessage({ pinned });
}
