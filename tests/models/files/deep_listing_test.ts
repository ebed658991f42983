/**
 * Listings of trees on every store: folders that go while others are read, and more of them, or
 * deeper ones, than one listing goes down to.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { LISTING_DEPTH_MAX, LISTING_DIRECTORIES_MAX } from "../../../models/files/limits.ts";
import type { Selection } from "../../../server/mod.ts";
import { codesOf, ready } from "../../server/ftp/ready.ts";
import { ALL, NAMES, type Stage, storeTest } from "./stage.ts";

const decoder = new TextDecoder();

/** The most reads that a listing here takes. */
const READS_MAX = 100_000;

/** The lines of a listing that fails as too large, behind all of them. */
function listCut(stage: Stage, selection: Partial<Selection>, length: number): string[] {
  stage.do("opened", {
    do: "openListing",
    path: "/",
    selection: { ...ALL, ...selection },
    rows: NAMES,
  });
  let text = "";
  for (let reads = 0; reads < READS_MAX; reads++) {
    const completion = stage.perform({ do: "read", length });
    if (completion.kind === "failed") {
      assertEquals(completion.failure, "tooLarge");
      stage.fails("tooLarge", { do: "read", length });
      return text.split("\r\n").slice(0, -1);
    }
    assert(completion.kind === "octets" && !completion.ended, "The listing passes for whole");
    text += decoder.decode(completion.octets);
  }
  throw new Error("The listing does not end");
}

storeTest("listing of a tree", {
  "leaves out a folder that goes while it is read": (stage) => {
    const { ground } = stage;
    for (const path of ["/a", "/b", "/c"]) ground.makeFolder(path);
    ground.write("/c/file", "");
    const selection = { ...ALL, recursive: true };
    stage.do("opened", { do: "openListing", path: "/", selection, rows: { as: "long" } });
    let text = "";
    // Octet by octet no step is made ahead: with its heading a folder is open, and not read.
    while (!text.endsWith("./b:")) {
      const { octets } = stage.do("octets", { do: "read", length: 1 });
      text += decoder.decode(octets);
    }
    ground.delete("/b");
    const rest = stage.readAll();
    assert(rest.startsWith("\r\n\r\n./c:\r\n") && rest.endsWith(" file\r\n"), rest);
  },

  "as deep as it goes is whole, and deeper it fails behind all that it shows": (stage) => {
    let path = "";
    for (let depth = 0; depth < LISTING_DEPTH_MAX; depth++) stage.ground.makeFolder(path += "/d");
    assertEquals(stage.list("/", { recursive: true }).length, LISTING_DEPTH_MAX);
    stage.ground.makeFolder(`${path}/d`);
    for (const length of [1, 100, 100_000]) {
      assertEquals(listCut(stage, { recursive: true }, length).length, LISTING_DEPTH_MAX + 1);
    }
  },

  "of as many folders as it goes down to is whole, and of more it fails": (stage) => {
    // The listed one is one of them.
    for (let count = 1; count < LISTING_DIRECTORIES_MAX; count++) {
      stage.ground.makeFolder(`/${count}`);
    }
    assertEquals(stage.list("/", { recursive: true }).length, LISTING_DIRECTORIES_MAX - 1);
    stage.ground.makeFolder("/one-more");
    stage.ground.write("/one-more/file", "");
    const selections = [{ recursive: true }, { pattern: ["*", "*"] }] as const;
    const [all, matched] = selections.map((selection) => listCut(stage, selection, 100_000));
    assertEquals(all!.length, LISTING_DIRECTORIES_MAX);
    assertEquals(matched, []);
  },
});

Deno.test("LIST -R of a tree that is too deep sends what it shows, and says 451", () => {
  const driver = ready();
  driver.tree.put(`/${"d/".repeat(LISTING_DEPTH_MAX + 1)}file`, new Uint8Array(0));
  assertEquals(codesOf(driver.say("EPSV", "LIST -R")), "229 150");
  const lines = decoder.decode(driver.download()).split("\r\n");
  assertEquals(lines.filter((line) => line.startsWith("d")).length, LISTING_DEPTH_MAX + 1);
  assertEquals(codesOf(driver.takeSaid()), "451");
});
