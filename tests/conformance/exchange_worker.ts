/**
 * The thread of exchange.ts: exchanges two names by three renames, again and again.
 *
 * @module
 */

/** What the thread is told: pairs of names, and where it is told to stop and counts. */
export interface Exchanged {
  readonly pairs: readonly (readonly [one: string, other: string])[];
  /** First a 1 when it must stop, then how often each pair was exchanged. */
  readonly state: Int32Array<SharedArrayBuffer>;
}

/** Exchanges at most: some tens of seconds of them, should nobody say stop. */
const EXCHANGES_MAX = 2_000_000;

const scope = globalThis as unknown as {
  onmessage: (event: MessageEvent<Exchanged>) => void;
  postMessage(message: string): void;
};

/** Exchanges two names; for a moment the first of them is missing. */
export function exchange([one, other]: readonly [string, string]): void {
  const away = `${one}.away`;
  Deno.renameSync(one, away);
  Deno.renameSync(other, one);
  Deno.renameSync(away, other);
}

scope.onmessage = ({ data: { pairs, state } }) => {
  while (Atomics.load(state, 0) === 0 && Atomics.load(state, 1) < EXCHANGES_MAX) {
    for (const pair of pairs) exchange(pair);
    Atomics.add(state, 1, 1);
  }
  scope.postMessage("stopped");
};
