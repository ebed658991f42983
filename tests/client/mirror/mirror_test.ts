/**
 * Mirrors down and up, against every server that is at hand: twice, after a change, after a
 * removal, by what the plan says.
 *
 * @module
 */

import { assertEquals, assertRejects } from "@std/assert";
import { ProtocolError } from "../../../client/mod.ts";
import { octets } from "../stage.ts";
import { everywhere, FILES, look, make, OLD } from "./mirror_stage.ts";

everywhere("mirror down twice moves nothing the second time", async ({ root, here, mirror }) => {
  await make(root, FILES);
  await Deno.mkdir(`${root}/hollow`);
  const first = await mirror({});
  assertEquals(await look(here), await look(root));
  assertEquals([first.summary.copied, first.summary.octets, first.summary.failed], [6, 21, 0]);
  assertEquals(first.faults, []);
  assertEquals((await Deno.stat(`${here}/films/b.txt`)).mtime?.getTime(), OLD * 1_000);
  const second = await mirror({});
  assertEquals([second.planned, second.summary.kept], [[], 6]);
});

everywhere(
  "mirror down does what its plan says: changes, removals, all else kept",
  async (place) => {
    const { root, here, mirror } = place;
    await make(root, FILES);
    await mirror({});
    await make(root, { "films/b.txt": "longer than before", "new/n.txt": "n" });
    await Deno.writeTextFile(`${root}/a.txt`, "eno");
    await Deno.remove(`${root}/films/1970`, { recursive: true });
    const kept = await mirror({});
    const copies = [
      "get a.txt (another time)",
      "get films/b.txt (another size)",
      "get new/n.txt (new)",
    ];
    assertEquals(kept.planned, ["mkdir new", ...copies]);
    assertEquals(kept.done.sort(), kept.planned.sort());
    const removed = await mirror({ remove: true });
    assertEquals(removed.planned, [
      "rm films/1970/é名.txt",
      "rm films/1970/c d.txt",
      "rmdir films/1970",
    ]);
    assertEquals(removed.done.sort(), removed.planned.sort());
    assertEquals(await look(here), await look(root));
  },
);

everywhere("mirror up twice, then with a change and a removal", async ({ root, here, mirror }) => {
  await make(here, FILES);
  const first = await mirror({ direction: "up" });
  assertEquals([first.faults, first.failures, first.summary.copied], [[], [], 6]);
  assertEquals(await look(root), await look(here));
  assertEquals((await mirror({ direction: "up" })).planned, []);
  await Deno.writeTextFile(`${here}/films/b.txt`, "longer than before");
  await Deno.remove(`${here}/films/1970`, { recursive: true });
  const second = await mirror({ direction: "up", remove: true });
  assertEquals(second.planned, [
    "put films/b.txt (another size)",
    "rm films/1970/é名.txt",
    "rm films/1970/c d.txt",
    "rmdir films/1970",
  ]);
  assertEquals(second.done.sort(), second.planned.sort());
  assertEquals(await look(root), await look(here));
});

everywhere("mirror up makes the directory that is not there", async ({ root, here, mirror }) => {
  await make(here, { "x/a.txt": "a" });
  await mirror({ direction: "up", remote: "/deep/down" });
  assertEquals(await Deno.readTextFile(`${root}/deep/down/x/a.txt`), "a");
});

everywhere("mirror moves 300 files over 8 connections", async ({ root, here, mirror }) => {
  const files: Record<string, string> = {};
  for (let index = 0; index < 300; index++) {
    files[`d${index % 7}/f${index}.txt`] = new TextDecoder("latin1").decode(octets(index * 11));
  }
  await make(root, files);
  const { summary } = await mirror({}, 8);
  assertEquals([summary.copied, summary.failed], [300, 0]);
  assertEquals(await look(here), await look(root));
  assertEquals((await mirror({}, 8)).planned, []);
});

everywhere("mirror leaves alone what a filter leaves out", async ({ root, here, mirror }) => {
  await make(root, { "a.avi": "1", "a.tmp": "2", "d/b.avi": "3", "cache/x.avi": "4" });
  await make(here, { "mine.tmp": "5", "old.avi": "6" });
  await mirror({ exclude: ["*.tmp", "cache/"], remove: true });
  assertEquals(await look(here), {
    "a.avi": "1",
    "d/": "directory",
    "d/b.avi": "3",
    "mine.tmp": "5",
  });
});

everywhere("mirror down refuses a source that is not there, and removes nothing", async (place) => {
  await make(place.here, { "a.txt": "mine" });
  await assertRejects(() => place.mirror({ remote: "/nowhere", remove: true }), ProtocolError);
  assertEquals(await look(place.here), { "a.txt": "mine" });
});
