/**
 * Every protocol that the server speaks, by its name.
 *
 * @module
 */

import { ftp } from "./ftp/mod.ts";
import { mini } from "./mini/session.ts";
import type { Protocol } from "./session.ts";
import { chat } from "./small/chat.ts";
import { echo } from "./small/echo.ts";
import { hello } from "./small/hello.ts";

/** In the order in which --help lists them. */
export const protocols: ReadonlyMap<string, Protocol> = new Map(
  [ftp, mini, echo, hello, chat].map((protocol) => [protocol.name, protocol]),
);
