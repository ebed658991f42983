/**
 * The entries of a directory as they come from the server.
 *
 * client.ts makes them, directory.ts fills them. The data connection is read only as fast as the
 * entries are taken, so that a listing of any length needs no memory.
 *
 * @module
 */

import { Rendezvous } from "./rendezvous.ts";
import { type Entry, LISTING_KEPT_BYTES_MAX } from "./listing.ts";

/** Entries that came together. */
export interface EntryGroup {
  /** In the server's order. */
  readonly entries: Entry[];
  /** What they take in memory, in octets. */
  readonly bytes: number;
}

/** Brings all entries of a directory to `rendezvous`; what `signal` breaks off fails with its reason. */
export type Lister = (rendezvous: Rendezvous<EntryGroup>, signal: AbortSignal) => Promise<void>;

/**
 * A directory to go through with `for await`, as often as one likes: each time it is listed anew.
 *
 * Leaving the loop ends the listing in good order, and the connection is good for what follows.
 * What is asked of the same client inside the loop is done: the rest of the listing is then read
 * into memory first, because FTP has one transfer per connection.
 *
 * @example
 * ```ts
 * import { connect } from "./mod.ts";
 *
 * await using client = await connect();
 * for await (const entry of client.entries("/")) {
 *   console.log(entry.kind, entry.name);
 *   if (entry.kind === "directory") break;
 * }
 * ```
 */
export interface Entries extends AsyncIterable<Entry> {
  /**
   * The entries in groups as the network brings them, none of them empty: what is written for
   * each group leaves as early as it can.
   */
  groups(): AsyncGenerator<Entry[], void, void>;
}

/**
 * What `list` brings.
 *
 * @param signal Breaks off a listing under way, whose loop throws its reason.
 * @param keptBytesMax The most octets of memory that are taken for a loop which asks something else
 * of its client.
 */
export function entriesBy(
  list: Lister,
  signal: AbortSignal | undefined,
  keptBytesMax: number = LISTING_KEPT_BYTES_MAX,
): Entries {
  const groups = () => groupsBy(list, signal, keptBytesMax);
  return { groups, [Symbol.asyncIterator]: () => oneByOne(groups()) };
}

async function* groupsBy(
  list: Lister,
  signal: AbortSignal | undefined,
  keptBytesMax: number,
): AsyncGenerator<Entry[], void, void> {
  signal?.throwIfAborted();
  const rendezvous = new Rendezvous<EntryGroup>({
    weigh: ({ bytes }) => bytes,
    most: keptBytesMax,
    unit: "octets of a listing",
  });
  const left = new AbortController();
  const either = signal === undefined ? left.signal : AbortSignal.any([left.signal, signal]);
  const listing = list(rendezvous, either)
    .then(() => rendezvous.end(), (error) => rendezvous.fail(error));
  try {
    for (let group; (group = await rendezvous.take()) !== undefined;) yield group.entries;
  } finally {
    left.abort();
    // Where the server has said all, nothing hears that, and the last entries wait to be taken.
    rendezvous.keepRest();
    await listing;
  }
}

async function* oneByOne(
  groups: AsyncGenerator<Entry[], void, void>,
): AsyncGenerator<Entry, void, void> {
  for await (const group of groups) yield* group;
}
