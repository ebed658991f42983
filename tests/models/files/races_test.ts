/**
 * File operations while somebody exchanges names as fast as the kernel can: a folder with a link to
 * the outside, a file with a FIFO; after it has moved outside, with a link in its place; and many
 * uploads to one name at once.
 *
 * Only counts are asserted: how often the exchange came in between depends on the machine.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { unavailableReason } from "../../../models/libc/mod.ts";
import type { FileOperation } from "../../../server/mod.ts";
import { missing, type Need, testWith } from "../../permission.ts";
import { ALL, COMMIT, NAMES, REPLACE, type Stage, storeKinds, upload } from "./stage.ts";
import type { SwapOrder } from "./swap_worker.ts";

const NEEDS: readonly Need[] = ["read", "write", "run", "sys", "ffi"];
const absent = missing(["ffi"]).length > 0 ? undefined : unavailableReason();

/** Operations against one exchange. */
const ROUNDS = 1_500;

/** Runs `body` while the two names in the root are exchanged; then they are what they were. */
async function whileSwapped(
  stage: Stage,
  names: readonly [string, string],
  body: () => void,
): Promise<void> {
  const worker = new Worker(new URL("./swap_worker.ts", import.meta.url), { type: "module" });
  const stop = new Int32Array(new SharedArrayBuffer(4));
  const heard = () =>
    new Promise<unknown>((resolve) => worker.onmessage = ({ data }) => resolve(data));
  const begun = heard();
  worker.postMessage({ folder: stage.ground.root, names, stop } satisfies SwapOrder);
  await begun;
  const ended = heard();
  try {
    body();
  } finally {
    Atomics.store(stop, 0, 1);
    const count = await ended;
    worker.terminate();
    if (Number(count) % 2 === 1) stage.ground.rename(`/${names[0]}`, "/turned");
    if (Number(count) % 2 === 1) stage.ground.rename(`/${names[1]}`, `/${names[0]}`);
    if (Number(count) % 2 === 1) stage.ground.rename("/turned", `/${names[1]}`);
  }
}

const [disk, runtime] = storeKinds();

/** Operations that change, on what may lie outside. */
const CHANGES: readonly FileOperation[] = [
  { do: "makeDirectory", path: "/folder/made" },
  { do: "removeDirectory", path: "/folder/made" },
  { do: "chmod", path: "/folder/secret", mode: 0o700 },
  { do: "chmod", path: "/folder", mode: 0o777 },
  { do: "setModified", path: "/folder/secret", modifiedMs: 0 },
  { do: "rename", from: "/folder/secret", to: "/folder/taken" },
  { do: "rename", from: "/folder/taken", to: "/folder/secret" },
  upload(REPLACE, { path: "/folder/secret" }),
  { do: "write", octets: new Uint8Array(9) },
  COMMIT,
];

testWith(NEEDS, "DiskVolume: a folder exchanged with a link leads nothing outside", async () => {
  const stage = disk!.make();
  stage.ground.makeFolder("/folder");
  stage.ground.write("/folder/secret", "inside");
  stage.ground.link("/link", "../root-outside");
  const secret = `${stage.ground.root}-outside/secret`;
  const { mtime, mode } = Deno.lstatSync(secret);
  let reads = 0;
  await whileSwapped(stage, ["folder", "link"], () => {
    for (let round = 0; round < ROUNDS; round++) {
      const opened = stage.perform({ do: "openRead", path: "/folder/secret", offset: 0 });
      if (opened.kind === "opened") {
        assert(stage.readAll() !== "secret");
        reads++;
      }
      stage.perform(CHANGES[round % CHANGES.length]!);
    }
  });
  assert(reads > 0);
  stage.slot.close();
  const after = Deno.lstatSync(secret);
  assertEquals([after.mtime, after.mode], [mtime, mode]);
  stage.ground.assertOutside();
  stage.store.close();
  stage.ground.remove();
}, absent);

/** Operations in a folder that has a file. */
function within(folder: string): FileOperation[] {
  return [
    { do: "enter", path: folder },
    { do: "openListing", path: folder, selection: ALL, rows: NAMES },
    { do: "stat", path: `${folder}/file` },
    { do: "openRead", path: `${folder}/file`, offset: 0 },
    { do: "makeDirectory", path: `${folder}/made` },
    { do: "chmod", path: `${folder}/file`, mode: 0o700 },
    { do: "setModified", path: `${folder}/file`, modifiedMs: 0 },
    { do: "rename", from: `${folder}/file`, to: `${folder}/renamed` },
    { do: "rename", from: "/inside", to: `${folder}/renamed` },
    { do: "removeFile", path: `${folder}/file` },
    upload(REPLACE, { path: `${folder}/new` }),
  ];
}

for (const kind of [disk!, runtime!]) {
  for (
    const [moved, folder] of [
      ["/folder", "/folder"],
      ["/folder", "/folder/below"],
      ["/folder/below", "/folder/below"],
    ] as const
  ) {
    testWith(
      NEEDS,
      `FileStore: ${moved} moved outside, a link in its place, is left, and so is ${folder} [${kind.name}]`,
      () => {
        const stage = kind.make();
        const { ground } = stage;
        ground.write("/inside", "inside");
        ground.makeFolder("/folder");
        ground.makeFolder("/folder/below");
        // From the second on a folder may be known.
        for (const name of ["first", "file"]) stage.whole(REPLACE, name, `${folder}/${name}`);
        const before = lookAt(ground.root + folder);
        const outside = `${ground.root}-moved`;
        Deno.renameSync(ground.root + moved, outside);
        ground.link(moved, outside);
        for (const operation of within(folder)) stage.fails("denied", operation);
        assertEquals(lookAt(outside + folder.slice(moved.length)), before);
        assertEquals(ground.text("/inside"), "inside");
        stage.store.close();
        ground.remove();
      },
      absent,
    );
  }
}

/** What is in a folder of the system's. */
function lookAt(folder: string): unknown[] {
  const names = Array.from(Deno.readDirSync(folder), ({ name }) => name).sort();
  return names.map((name) => {
    const { size, mode, mtime } = Deno.lstatSync(`${folder}/${name}`);
    return [name, size, mode, mtime];
  });
}

for (const kind of [disk!, runtime!]) {
  testWith(
    NEEDS,
    `FileStore: a file exchanged with a FIFO holds nobody up [${kind.name}]`,
    async () => {
      const stage = kind.make();
      stage.ground.write("/file", "content");
      stage.ground.makeOther("/fifo");
      let answered = 0;
      await whileSwapped(stage, ["file", "fifo"], () => {
        for (let round = 0; round < ROUNDS; round++) {
          const opened = stage.perform({ do: "openRead", path: "/file", offset: 0 });
          if (opened.kind === "opened") assertEquals(stage.readAll(), "content");
          stage.perform({ do: "setModified", path: "/file", modifiedMs: round * 1000 });
          stage.perform(upload({ at: "end" }));
          stage.perform({ do: "closeFile" });
          answered++;
        }
      });
      assertEquals(answered, ROUNDS);
      stage.store.close();
      stage.ground.remove();
    },
    absent,
  );
}

for (const kind of storeKinds()) {
  testWith(NEEDS, `FileStore: of many uploads to one name each is whole [${kind.name}]`, () => {
    const stage = kind.make();
    const clients = Array.from("abcdef", (letter) => ({ letter, client: stage.other(), step: 0 }));
    let commits = 0;
    for (let turn = 0; turn < 3_000; turn++) {
      const actor = clients[(turn * 7 + (turn >> 3)) % clients.length]!;
      const { client, letter } = actor;
      if (actor.step === 0) {
        if (client.perform(upload(REPLACE)).kind === "opened") actor.step = 1;
      } else if (actor.step < 4) {
        client.append(letter.repeat(5));
        actor.step++;
      } else {
        client.do("done", COMMIT);
        commits++;
        actor.step = 0;
        const text = stage.ground.text("/file");
        assertEquals([text.length, new Set(text).size], [15, 1]);
      }
    }
    assert(commits > 100);
    for (const { client } of clients) client.slot.close();
    stage.store.close();
    stage.ground.remove();
  }, kind.absent);
}
