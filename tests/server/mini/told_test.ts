/**
 * What the operator hears of gets and puts: one event for each, however it ends.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { SETTINGS } from "../../driven/settings.ts";
import type { DrivenSession } from "../../driven/session.ts";
import { getLong, NUMBER_WAIT_MS, prepared } from "./driver.ts";

/** Begins a put of three octets. */
function begin(driver: DrivenSession): void {
  driver.input("put|a|3");
  driver.pass(NUMBER_WAIT_MS);
}

/** What is done, and what is then told: direction, path, octets, and why it failed. */
const CASES: Readonly<
  Record<
    string,
    readonly [
      run: (driver: DrivenSession) => void,
      ...told: readonly (readonly [string, string, number, string?])[],
    ]
  >
> = {
  "a get": [getLong, ["send", "/long", 2_500]],
  "two gets": [
    (driver) => ["get|a|0", "get|a|0", "get|empty|0"].forEach((message) => driver.input(message)),
    ["send", "/a", 5],
    ["send", "/empty", 0],
  ],
  "a get that is given up for another": [
    (driver) => ["get|long|0", "get|long|0", "get|empty|0"].forEach((text) => driver.input(text)),
    ["send", "/long", 1_024, "another message came"],
    ["send", "/empty", 0],
  ],
  "a get whose client goes": [
    (driver) => {
      driver.input("get|long|0");
      driver.hangUp();
    },
    ["send", "/long", 0, "the client has gone"],
  ],
  "a get whose file became shorter": [
    (driver) => {
      driver.input("get|a|0");
      driver.tree.put("/a", new Uint8Array(0));
      driver.input("get|a|0");
    },
    ["send", "/a", 0, "the file became shorter while it was read"],
  ],
  "a get that is refused": [(driver) => driver.input("get|missing|0")],
  "a put": [
    (driver) => {
      begin(driver);
      driver.input("new");
    },
    ["receive", "/a", 3],
  ],
  "a put of no octets": [
    (driver) => driver.input("put|new|0"),
    ["receive", "/new", 0],
  ],
  "a put that breaks off": [
    (driver) => {
      begin(driver);
      driver.input("ne");
      driver.hangUp();
    },
    ["receive", "/a", 2, "the client has gone"],
  ],
  "a put whose connection is given up": [
    (session) => {
      begin(session);
      session.input("ne");
      session.act((driver) => driver.abandon(session.now));
    },
    ["receive", "/a", 2, "the connection was closed"],
  ],
};

/** Fails unless these are all the events there are, in order. */
function assertTold(
  { link }: DrivenSession,
  told: readonly (readonly [string, string, number, string?])[],
): void {
  const expected = told.map(([direction, path, octets, reason]) => ({
    session: 1,
    host: "127.0.0.1",
    kind: "transfer",
    user: "anonymous",
    direction,
    path,
    octets,
    outcome: reason === undefined ? "complete" : "failed",
    ...(reason === undefined ? {} : { reason }),
  }));
  const events = link.events.map((event) => {
    if (event.kind !== "transfer") return event;
    const { seconds: _, ...others } = event;
    return others;
  });
  assertEquals<unknown>(events, expected);
}

for (const [operation, octets] of [["write", 3], ["commitUpload", 3], ["read", 0]] as const) {
  Deno.test(`mini tells the operator once of a ${operation} that fails, with the reason`, () => {
    const driver = prepared();
    driver.failNext(operation, "noSpace");
    const isGet = operation === "read";
    if (isGet) driver.input("get|a|0get|a|0");
    else begin(driver);
    if (!isGet) driver.input("new");
    assertTold(driver, [[isGet ? "send" : "receive", "/a", octets, "on purpose"]]);
  });
}

for (const [name, [run, ...told]] of Object.entries(CASES)) {
  Deno.test(`mini tells the operator of ${name}`, () => {
    const driver = prepared();
    run(driver);
    assertTold(driver, told);
  });
}

Deno.test("mini tells of a transfer that stands still, with its time, and why it closes", () => {
  const driver = prepared();
  driver.input("get|long|0");
  driver.pass(SETTINGS.mini.stallTimeoutMs);
  assertEquals(driver.link.events.map((event) => event.kind), ["refused", "transfer"]);
  const [, event] = driver.link.events;
  assertEquals(event, {
    session: 1,
    host: "127.0.0.1",
    kind: "transfer",
    user: "anonymous",
    direction: "send",
    path: "/long",
    octets: 0,
    seconds: SETTINGS.mini.stallTimeoutMs / 1e3,
    outcome: "failed",
    reason: "nothing came for too long",
  });
});
