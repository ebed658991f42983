/**
 * Ports that stay free: for servers that are to have one that was named before, or had before.
 *
 * @module
 */

/** Where no client's port is drawn from (Linux: 32768 to 60999), so that a free one stays free. */
const PORTS = { first: 20_000, last: 32_000 };

/** Places tried before giving up the search for neighbouring ports that are free. */
const PORT_SEARCH_MAX = 50;

/** The first and last of `count` neighbouring ports that nobody listens on just now. */
export function freePorts(count: number): [number, number] {
  for (let attempt = 0; attempt < PORT_SEARCH_MAX; attempt++) {
    const first = Math.floor(PORTS.first + Math.random() * (PORTS.last - PORTS.first - count));
    const held: Deno.Listener[] = [];
    try {
      for (let port = first; port < first + count; port++) {
        held.push(Deno.listen({ hostname: "127.0.0.1", port }));
      }
      return [first, first + count - 1];
    } catch {
      // One of them is taken: another place.
    } finally {
      for (const listener of held) listener.close();
    }
  }
  throw new Error(`Cannot find ${count} free ports side by side`);
}
