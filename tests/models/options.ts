/**
 * The options of a server that tests start by themselves, without the command line.
 *
 * @module
 */

import type { ServeOptions } from "../../models/mod.ts";
import { DEFAULT_LIMITS } from "../../server/mod.ts";

/** A server on a free loopback port; who serves files adds a root. */
export const OPTIONS: ServeOptions = {
  protocol: "ftp",
  host: "127.0.0.1",
  port: 0,
  root: "",
  settings: {
    accounts: { users: [], anonymous: "write" },
    limits: DEFAULT_LIMITS,
    downloadPath: "/",
    uploadPath: "/",
  },
  workers: 1,
  maxWorkers: 1,
  selector: "epoll",
  trigger: "level",
  intervalMs: 1,
};
