/**
 * What the unit tests of the FTP session share: a driver that is logged in, and short ways to write
 * octets and to read replies.
 *
 * @module
 */

import type { StoreAbilities } from "../../../server/mod.ts";
import { DrivenSession } from "../../driven/session.ts";

/** The first three characters of each line, with spaces between. */
export function codesOf(text: string): string {
  return text.split("\r\n").map((line) => line.slice(0, 3)).join(" ").trim();
}

/** `text` as UTF-8. */
export function octetsOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** A driver logged in, TYPE I, with a file to fetch. */
export function ready(name = "writer", can?: StoreAbilities): DrivenSession {
  const driver = new DrivenSession(can === undefined ? {} : { can });
  driver.login(name);
  driver.say("TYPE I");
  driver.tree.put("/a.txt", octetsOf("data"));
  driver.effects.length = 0;
  return driver;
}
