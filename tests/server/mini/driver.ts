/**
 * What the tests of mini share: a driver whose tree has some files, and a get of one of them.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { mini } from "../../../server/mini/session.ts";
import { DEFAULT_SETTINGS, type MiniSettings } from "../../../server/mod.ts";
import { DrivenSession, latin1 } from "../../driven/session.ts";
import { SETTINGS } from "../../driven/settings.ts";

/** What rule 4 of pulls.ts waits, and what ends a number. */
export const PULL_WAIT_MS = 1_500, NUMBER_WAIT_MS = 100;

/** Octets that no shift or repetition leaves as they are. */
export function octetsOf(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (index * 31 + (index >> 8)) & 0xff);
}

/** A driver whose tree has "a" (5 octets), "empty" and "long" (2,500 octets). */
export function prepared(): DrivenSession {
  return preparedWith(SETTINGS.mini);
}

/** The same with other settings; what they leave out is as it is by default. */
export function preparedWith(settings: Partial<MiniSettings>): DrivenSession {
  const driver = new DrivenSession({
    protocol: mini,
    settings: { ...SETTINGS, mini: { ...DEFAULT_SETTINGS.mini, ...settings } },
  });
  driver.tree.put("/a", new TextEncoder().encode("hello"));
  driver.tree.put("/empty", new Uint8Array(0));
  driver.tree.put("/long", octetsOf(2_500));
  return driver;
}

/** The octets as UTF-8. */
export function text(octets: Uint8Array | undefined): string | undefined {
  return octets === undefined ? undefined : new TextDecoder().decode(octets);
}

/** What a get of "/long" with whole blocks leaves behind: nothing unanswered. */
export function getLong(driver: DrivenSession): void {
  driver.input("get|long|0");
  assertEquals(driver.heard(), ["YES|2500"]);
  let received = "";
  for (let count = 0; count < 3; count++) {
    driver.input("get|long|0");
    received += driver.heard().join("");
  }
  assertEquals(received, latin1(octetsOf(2_500)));
}
