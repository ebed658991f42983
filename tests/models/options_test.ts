/** Unit tests of models/options.ts. @module */

import { assertEquals } from "@std/assert";
import { serveOptions, type ServeParts } from "../../models/mod.ts";

/** What a program hands over that has read no setting: every name, and nothing behind it. */
const UNSAID = {
  protocol: undefined,
  host: undefined,
  port: undefined,
  workers: undefined,
  maxWorkers: undefined,
  turnBytes: undefined,
  settings: {
    ftp: { accounts: undefined, limits: { idleTimeoutMs: undefined, stallTimeoutMs: undefined } },
    mini: { anonymous: undefined, downloadPath: undefined },
    echo: undefined,
  },
  admission: {
    sessionsMax: undefined,
    sessionsPerHostMax: undefined,
    failedLoginsPerMinuteMax: undefined,
  },
};

Deno.test("serveOptions takes what is undefined for what is not said", () => {
  const usual = serveOptions({ root: "/srv" });
  for (const unsaid of [UNSAID, { settings: undefined, admission: undefined }]) {
    const parts = { root: "/srv", ...unsaid } as unknown as ServeParts;
    assertEquals(serveOptions(parts), usual);
  }
});

Deno.test("serveOptions limits the sessions of an address that is not this machine's own", () => {
  const perHost = (parts: Partial<ServeParts>) =>
    serveOptions({ root: "/srv", host: "0.0.0.0", ...parts }).admission.sessionsPerHostMax;
  assertEquals(perHost({}), 64);
  assertEquals(perHost({ admission: { sessionsMax: 5 } }), 64);
  assertEquals(perHost({ host: "127.0.0.1" }), 0);
  assertEquals(perHost({ admission: { sessionsPerHostMax: 0 } }), 0);
  assertEquals(perHost({ admission: { sessionsPerHostMax: 7 } }), 7);
});

Deno.test("serveOptions lets no server have more workers than it may", () => {
  const workers = (parts: Partial<ServeParts>) => {
    const options = serveOptions({ root: "/srv", ...parts });
    return [options.workers, options.maxWorkers];
  };
  assertEquals(workers({}), [1, 64]);
  assertEquals(workers({ workers: 100 }), [100, 100]);
  assertEquals(workers({ workers: 2, maxWorkers: 1 }), [2, 2]);
  assertEquals(workers({ workers: 2, maxWorkers: 3 }), [2, 3]);
});
