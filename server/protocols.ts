/**
 * Every protocol that the server speaks, by its name.
 *
 * @module
 */

import { chat } from "./chat.ts";
import { echo } from "./echo.ts";
import { ftp } from "./ftp/mod.ts";
import { hello } from "./hello.ts";
import { mini } from "./mini.ts";
import type { Protocol } from "./session.ts";

/** In the order in which --help lists them. */
export const protocols: ReadonlyMap<string, Protocol> = new Map(
  [ftp, mini, echo, hello, chat].map((protocol) => [protocol.name, protocol]),
);
