/**
 * The thread of exchange.ts: exchanges two names by three renames, again and again.
 *
 * @module
 */

/** What the thread is told: the names, and where it is told to stop and counts. */
export interface Exchanged {
  readonly one: string;
  readonly other: string;
  /** First a 1 when it must stop, then how often the names were exchanged. */
  readonly state: Int32Array<SharedArrayBuffer>;
}

/** Exchanges at most: some tens of seconds of them, should nobody say stop. */
const EXCHANGES_MAX = 2_000_000;

const scope = globalThis as unknown as {
  onmessage: (event: MessageEvent<Exchanged>) => void;
  postMessage(message: string): void;
};

scope.onmessage = ({ data: { one, other, state } }) => {
  const away = `${one}.away`;
  while (Atomics.load(state, 0) === 0 && Atomics.load(state, 1) < EXCHANGES_MAX) {
    for (const [from, to] of [[one, away], [other, one], [away, other]]) {
      Deno.renameSync(from!, to!);
    }
    Atomics.add(state, 1, 1);
  }
  scope.postMessage("stopped");
};
