/**
 * Ports for the passive data connections of async: which of the runtime's errors another port could
 * mend.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { serveOptions } from "../../../models/mod.ts";
import { listenForData } from "../../../models/runtime/passive.ts";

const OPTIONS = serveOptions({ root: "/", passivePorts: [20_001, 20_010] });

/** An error of the runtime's as the system's call gave it. */
function failed(code: string, Kind: new (text: string) => Error = Error): Error {
  return Object.assign(new Kind(code), { code });
}

/** By what listening fails, and the ports that are tried for one loan. */
const FAILURES: readonly (readonly [error: Error, tries: number])[] = [
  [failed("EADDRINUSE", Deno.errors.AddrInUse), 10],
  [failed("EACCES", Deno.errors.PermissionDenied), 10],
  [failed("EADDRNOTAVAIL", Deno.errors.AddrNotAvailable), 1],
  [failed("EMFILE"), 1],
  [failed("ENFILE"), 1],
  [failed("ENOBUFS"), 1],
  [failed("ENOMEM"), 1],
];

for (const [error, expected] of FAILURES) {
  const rest = expected === 1 ? "tries no other port" : "tries every port once";
  Deno.test(`PassivePool (async): ${error.message} ${rest}`, () => {
    const { listen } = Deno;
    let tries = 0;
    const fails = () => {
      tries++;
      throw error;
    };
    Object.assign(Deno, { listen: fails });
    try {
      assertEquals(listenForData(OPTIONS).lend("127.0.0.1"), undefined);
    } finally {
      Object.assign(Deno, { listen });
    }
    assertEquals(tries, expected);
  });
}
