/**
 * The log's lines: what each event looks like for people and for programs, and that nothing that a
 * client sends can break out of its line.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { renderEvent } from "../../models/serve/log.ts";
import type { ServerEvent } from "../../server/mod.ts";

const TIME = new Date(Date.UTC(2026, 10, 26, 14, 2, 11, 123));
const STAMP = "2026-11-26T14:02:11.123Z";
const origin = { session: 3, host: "192.0.2.7" } as const;

/** Every kind of event, with the line of text that it makes. */
const LINES: readonly (readonly [ServerEvent, string])[] = [
  [
    { kind: "login", ...origin, user: "ada", access: "write" },
    `${STAMP} #3 192.0.2.7 login "ada", may write`,
  ],
  [
    { kind: "loginFailed", ...origin, user: "ada", reason: "wrong password" },
    `${STAMP} #3 192.0.2.7 login "ada" failed: wrong password`,
  ],
  [
    { kind: "refused", host: "::1", reason: "4096 sessions are open" },
    `${STAMP} ::1 refused: 4096 sessions are open`,
  ],
  [
    { kind: "refused", ...origin, reason: "it speaks HTTP" },
    `${STAMP} #3 192.0.2.7 refused: it speaks HTTP`,
  ],
  [
    {
      kind: "transfer",
      ...origin,
      user: "ada",
      direction: "send",
      path: "/a.avi",
      octets: 12_345,
      seconds: 0.01234,
      outcome: "complete",
    },
    `${STAMP} #3 192.0.2.7 send "/a.avi" for "ada", 12345 octets in 0.012 s, complete`,
  ],
  [
    {
      kind: "transfer",
      ...origin,
      user: "ada",
      direction: "receive",
      path: "/b",
      octets: 0,
      seconds: 2,
      outcome: "failed",
      reason: "connection reset by peer",
    },
    `${STAMP} #3 192.0.2.7 receive "/b" for "ada", 0 octets in 2.000 s, failed: ` +
    "connection reset by peer",
  ],
  [
    {
      kind: "failure",
      ...origin,
      operation: "removeFile",
      path: "/c",
      failure: "denied",
      reason: "permission denied",
    },
    `${STAMP} #3 192.0.2.7 removeFile "/c" failed: denied (permission denied)`,
  ],
  [{ kind: "warning", text: "Accepting pauses" }, "ftplab: Accepting pauses"],
];

for (const [event, line] of LINES) {
  Deno.test(`renderEvent ${event.kind}: ${line}`, () => {
    assertEquals(renderEvent(event, "text", TIME), line);
    const shown = event.kind === "warning" ? line : undefined;
    assertEquals(renderEvent(event, "off", TIME), shown);
    const json = JSON.parse(renderEvent(event, "json", TIME)!);
    assertEquals(json, { time: STAMP, ...event });
  });
}

/** What a client may send to look like a line of the log, or to steer a terminal. */
const HOSTILE = [
  'a"\n2026-11-26T14:02:11.123Z #4 127.0.0.1 login "root", may write',
  "\r\x1b[2K\x1b]0;title\x07",
  "\x9b31m",
  "\u202egnp.exe\u2028next\u2066",
  "\ud800 half",
  'back\\slash "quoted"',
  "\u007f\0",
  "\ufffd is no \x1b",
];

Deno.test("renderEvent keeps what clients send in one line, and tells it apart", () => {
  const steering = /[\p{Cc}\p{Cs}\u200e\u200f\u2028-\u202e\u2066-\u2069]/u;
  const seen = new Set<string>();
  for (const text of HOSTILE) {
    const events: ServerEvent[] = [
      { kind: "loginFailed", ...origin, user: text, reason: text },
      {
        kind: "transfer",
        ...origin,
        user: text,
        direction: "send",
        path: text,
        octets: 1,
        seconds: 1,
        outcome: "failed",
        reason: text,
      },
      { kind: "failure", ...origin, operation: "stat", path: text, failure: "io", reason: text },
      { kind: "refused", host: "::1", reason: text },
      { kind: "warning", text },
    ];
    for (const event of events) {
      for (const format of ["text", "json"] as const) {
        const line = renderEvent(event, format, TIME)!;
        assert(!steering.test(line), JSON.stringify(line));
        assert(!seen.has(line), line);
        seen.add(line);
        if (format === "json") assertEquals(JSON.parse(line), { time: STAMP, ...event });
      }
    }
  }
});
