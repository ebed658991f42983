/**
 * The data connection as a pure machine: every path of its table of acts, under three ways to cut
 * the octets, and lengths that were announced. Needs no permission.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import type { Act } from "../../../models/driver/transfer.ts";
import { BULK_BYTES } from "../../../models/limits.ts";
import {
  Bench,
  CHUNKINGS,
  NETWORK_TEXT,
  type Plan,
  TEXT,
  TO_FILE,
  TO_NETWORK,
} from "./transfer_bench.ts";

interface Path {
  readonly name: string;
  readonly plan: Omit<Plan, "chunks">;
  readonly acts: readonly Act[];
  readonly arrives: string;
  /** Octets over the data connection. */
  readonly octets: number;
}

/** The acts that a path takes, without how often. */
const PATHS: readonly Path[] = [
  {
    name: "a download, moved by the kernel",
    plan: { direction: "send", direct: true, source: TEXT },
    acts: ["accept", "move", "close"],
    arrives: TEXT,
    octets: TEXT.length,
  },
  {
    name: "a download of a length that is not known, moved by the kernel",
    plan: { direction: "send", direct: true, source: TEXT, length: null },
    acts: ["accept", "move", "close"],
    arrives: TEXT,
    octets: TEXT.length,
  },
  {
    name: "a download through a buffer",
    plan: { direction: "send", source: TEXT },
    acts: ["accept", "read", "send", "close"],
    arrives: TEXT,
    octets: TEXT.length,
  },
  {
    name: "a download to the client's address",
    plan: { direction: "send", route: "active", source: TEXT },
    acts: ["connect", "read", "send", "close"],
    arrives: TEXT,
    octets: TEXT.length,
  },
  {
    name: "a listing, whose length nobody knows",
    plan: { direction: "send", source: TEXT, length: null },
    acts: ["accept", "read", "send", "close"],
    arrives: TEXT,
    octets: TEXT.length,
  },
  {
    name: "a listing that gives nothing now and then",
    plan: { direction: "send", source: TEXT, length: null, hesitates: true },
    acts: ["accept", "read", "send", "close"],
    arrives: TEXT,
    octets: TEXT.length,
  },
  {
    name: "a download whose buffer others use while it waits",
    plan: { direction: "send", source: TEXT, parks: true },
    acts: ["accept", "read", "send", "close"],
    arrives: TEXT,
    octets: TEXT.length,
  },
  {
    name: "a download in TYPE A",
    plan: { direction: "send", lines: TO_NETWORK, source: TEXT },
    acts: ["accept", "read", "send", "close"],
    arrives: NETWORK_TEXT,
    octets: NETWORK_TEXT.length,
  },
  {
    name: "a download in TYPE A that waits between two calls",
    plan: { direction: "send", lines: TO_NETWORK, source: TEXT, parks: true },
    acts: ["accept", "read", "send", "close"],
    arrives: NETWORK_TEXT,
    octets: NETWORK_TEXT.length,
  },
  {
    name: "a download in TYPE A from an offset",
    plan: { direction: "send", lines: { to: "network", skip: 5_000 }, source: TEXT },
    acts: ["accept", "read", "send", "close"],
    arrives: NETWORK_TEXT.slice(5_000),
    octets: NETWORK_TEXT.length - 5_000,
  },
  {
    name: "an empty file, moved by the kernel",
    plan: { direction: "send", direct: true, source: "" },
    acts: ["accept", "close"],
    arrives: "",
    octets: 0,
  },
  {
    name: "an empty file through a buffer",
    plan: { direction: "send", source: "" },
    acts: ["accept", "close"],
    arrives: "",
    octets: 0,
  },
  {
    name: "an empty file in TYPE A",
    plan: { direction: "send", lines: TO_NETWORK, source: "" },
    acts: ["accept", "read", "close"],
    arrives: "",
    octets: 0,
  },
  {
    name: "an empty listing",
    plan: { direction: "send", source: "", length: null },
    acts: ["accept", "read", "close"],
    arrives: "",
    octets: 0,
  },
  {
    name: "an upload, moved by the kernel",
    plan: { direction: "receive", direct: true, source: TEXT },
    acts: ["accept", "move", "look", "hold", "close"],
    arrives: TEXT,
    octets: TEXT.length,
  },
  {
    name: "an upload through a buffer",
    plan: { direction: "receive", source: TEXT },
    acts: ["accept", "receive", "write", "receive", "look", "hold", "close"],
    arrives: TEXT,
    octets: TEXT.length,
  },
  {
    name: "an upload whose buffer others use before it is written",
    plan: { direction: "receive", source: TEXT, parks: true },
    acts: ["accept", "receive", "write", "receive", "look", "hold", "close"],
    arrives: TEXT,
    octets: TEXT.length,
  },
  {
    name: "an upload from the client's address",
    plan: { direction: "receive", route: "active", source: TEXT },
    acts: ["connect", "receive", "write", "receive", "look", "hold", "close"],
    arrives: TEXT,
    octets: TEXT.length,
  },
  {
    name: "an upload in TYPE A",
    plan: { direction: "receive", lines: TO_FILE, source: NETWORK_TEXT },
    acts: ["accept", "receive", "write", "receive", "look", "hold", "close"],
    arrives: TEXT,
    octets: NETWORK_TEXT.length,
  },
  {
    name: "an upload in TYPE A whose last octet is a CR",
    plan: { direction: "receive", lines: TO_FILE, source: `${NETWORK_TEXT}\r` },
    acts: ["accept", "receive", "write", "look", "hold", "close"],
    arrives: `${TEXT}\r`,
    octets: NETWORK_TEXT.length + 1,
  },
  {
    name: "an empty upload",
    plan: { direction: "receive", source: "" },
    acts: ["accept", "receive", "look", "hold", "close"],
    arrives: "",
    octets: 0,
  },
  {
    name: "an empty upload, moved by the kernel",
    plan: { direction: "receive", direct: true, source: "" },
    acts: ["accept", "move", "look", "hold", "close"],
    arrives: "",
    octets: 0,
  },
];

/** `acts` with what repeats (read, send, read, send) once. */
function outline(acts: readonly Act[]): string {
  let text = acts.join(" ");
  for (const pair of ["read send", "receive write"]) {
    while (text.includes(`${pair} ${pair}`)) text = text.replaceAll(`${pair} ${pair}`, pair);
  }
  return text;
}

for (const { name, plan, acts, arrives, octets } of PATHS) {
  for (const [chunking, chunks] of Object.entries(CHUNKINGS)) {
    Deno.test(`Transfer: ${name} [${chunking}]`, () => {
      const bench = new Bench({ ...plan, chunks });
      assertEquals(bench.run(), { kind: "transferred", octets });
      assertEquals(bench.text, arrives);
      assertEquals(outline(bench.acts), acts.join(" "));
      assertEquals(bench.transfer.octets, octets);
      assert(!bench.transfer.connected);
    });
  }
}

const WAYS = [{ direct: true }, { direct: false }, { direct: false, lines: TO_NETWORK }] as const;

for (const way of WAYS) {
  const by = way.direct ? "by the kernel" : "lines" in way ? "in TYPE A" : "through a buffer";
  for (const [chunking, chunks] of Object.entries(CHUNKINGS)) {
    Deno.test(`Transfer: never more than was announced, ${by} [${chunking}]`, () => {
      const bench = new Bench({ ...way, direction: "send", source: TEXT, length: 1_001, chunks });
      const announced = TEXT.slice(0, 1_001);
      const sent = "lines" in way ? announced.replaceAll("\n", "\r\n") : announced;
      assertEquals(bench.run(), { kind: "transferred", octets: sent.length });
      assertEquals(bench.text, sent);
    });

    Deno.test(`Transfer: less than was announced is "changed", ${by} [${chunking}]`, () => {
      const length = TEXT.length + 1;
      const bench = new Bench({ ...way, direction: "send", source: TEXT, length, chunks });
      const completion = bench.run();
      assert(completion.kind === "failed");
      assertEquals(completion.failure, "changed");
    });
  }
}

Deno.test("Transfer: a file that became empty is changed, whichever way it is sent", () => {
  for (const way of WAYS) {
    const completion = new Bench({ ...way, direction: "send", source: "", length: 9 }).run();
    assert(completion.kind === "failed");
    assertEquals(completion.failure, "changed");
  }
});

Deno.test("Transfer.moveMax: never above a block, nor above what is left of the length", () => {
  const length = BULK_BYTES + 10;
  const bench = new Bench({ direction: "send", direct: true, source: "", length });
  const { transfer } = bench.until("move");
  assertEquals(transfer.moveMax(BULK_BYTES), BULK_BYTES);
  transfer.moved(BULK_BYTES - 5, 1_000);
  assertEquals(transfer.moveMax(BULK_BYTES), 15);
  transfer.moved(15, 1_000);
  assertEquals(transfer.act, "close");
});
