/**
 * The options of a server that tests start by themselves, without the command line.
 *
 * @module
 */

import { type ServeOptions, serveOptions } from "../../models/mod.ts";
import { DEFAULT_SETTINGS } from "../../server/mod.ts";

/** A server on a free loopback port, where everybody may write; who serves files adds a root. */
export const OPTIONS: ServeOptions = serveOptions({
  port: 0,
  root: "",
  maxWorkers: 1,
  settings: {
    ftp: {
      accounts: { users: [], anonymous: "write" },
      limits: { ...DEFAULT_SETTINGS.ftp.limits, loginDelayMs: 0 },
    },
    mini: { anonymous: "write" },
  },
});
