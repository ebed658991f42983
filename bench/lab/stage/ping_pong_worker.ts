/**
 * What each of the two threads of ping_pong.ts runs: a game for each message, a score for each game.
 *
 * @module
 */

import { Probe } from "../../../models/libc/probe.ts";
import { type Game, play, type Score } from "./ping_pong.ts";

/** The part of a worker's global scope that is used here. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<Game>) => void) | null;
  postMessage(score: Score): void;
}

const scope = globalThis as unknown as WorkerScope;
const probe = new Probe();

scope.onmessage = ({ data: game }) => scope.postMessage(play(game, probe));
