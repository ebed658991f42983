/**
 * Programs in Python that speak mini as it is taught, against a running server of every model:
 * byte compatibility is theirs to judge.
 */

import { assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { kinds, type Variant } from "../../conformance/variants.ts";
import { absent } from "../../peers/program.ts";
import { type Need, SERVER_NEEDS, testWith } from "../../permission.ts";

const NEEDS: readonly Need[] = [...SERVER_NEEDS, "run"];
const PROGRAM = fromFileUrl(new URL("./teaching_client.py", import.meta.url));

/** How the taught client reads and pulls. */
interface Habits {
  /** What one recv of a download takes, octets. */
  readonly piece?: number;
  /** Pulls after the last piece, too. */
  readonly last?: boolean;
}

function octetsOf(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (index * 31 + (index >> 8)) & 0xff);
}

/** Serves a folder by mini and runs the taught client in another; returns what it printed. */
async function taught(
  variant: Variant,
  commands: readonly string[],
  habits: Habits,
  check: (served: string, own: string) => Promise<void>,
): Promise<string[]> {
  const folders = await Promise.all(
    [0, 1].map(async () => await Deno.realPath(await Deno.makeTempDir())),
  );
  const [served, own] = folders as [string, string];
  try {
    await Deno.writeFile(`${served}/long`, octetsOf(50_000));
    await Deno.writeFile(`${served}/short`, octetsOf(1_500));
    await Deno.writeFile(`${served}/empty`, new Uint8Array(0));
    await Deno.writeFile(`${own}/upload`, octetsOf(70_000));
    const server = await variant.start(served, { protocol: "mini", anonymous: "write" });
    try {
      const { piece = 1024, last = false } = habits;
      const flags = [`${server.endpoint.port}`, own, `${piece}`, last ? "1" : "0"];
      const { success, stdout, stderr } = await new Deno.Command("python3", {
        args: [PROGRAM, ...flags, ...commands],
      }).output();
      assertEquals(success, true, new TextDecoder().decode(stderr));
      await check(served, own);
      return new TextDecoder().decode(stdout).trim().split("\n");
    } finally {
      await server.stop(0);
    }
  } finally {
    for (const folder of folders) await Deno.remove(folder, { recursive: true });
  }
}

async function assertSame(path: string, other: string): Promise<void> {
  assertEquals(await Deno.readFile(path), await Deno.readFile(other));
}

for (const variant of kinds) {
  testWith(
    NEEDS,
    `mini taught client puts and gets over one connection [${variant.name}]`,
    async () => {
      const commands = [
        "put:upload",
        "get:upload",
        "get:missing",
        "get:long",
        "get:empty",
        "get:short",
      ];
      const said = await taught(variant, commands, {}, async (served, own) => {
        await assertSame(`${served}/upload`, `${own}/upload`);
        for (const name of ["upload", "long", "empty", "short"]) {
          await assertSame(`${served}/${name}`, `${own}/${name}.got`);
        }
      });
      assertEquals(said, ["OK", "YES|70000", "NO|0", "YES|50000", "YES|0", "YES|1500"]);
    },
    variant.unavailable() ?? absent("python3"),
  );
}

const HABITS: readonly (readonly [string, Habits])[] = [
  ["whole blocks", {}],
  ["whole blocks, a pull after the last one", { last: true }],
  ["pieces of one octet", { piece: 1 }],
  ["pieces of one octet, a pull after the last one", { piece: 1, last: true }],
  ["pieces of 1000 octets", { piece: 1000 }],
];

/** Files in the order of getting them; the same one again, and again with others in between. */
const REPEATED = ["short", "short", "empty", "short", "long", "long", "short"] as const;
const VARIED = ["short", "empty", "short", "long", "short"] as const;

const noFfi = kinds.find((variant) => variant.name === "async")!;
for (const [name, habits] of HABITS) {
  testWith(NEEDS, `mini taught client with ${name} gets file after file [async]`, async () => {
    // Of other pieces than blocks and octets only a silence can tell where the pulls end.
    const names = habits.piece === 1000 ? VARIED : REPEATED;
    const sizes = { short: 1_500, empty: 0, long: 50_000 };
    const commands = names.map((name) => `get:${name}`);
    const said = await taught(noFfi, [...commands, "put:upload"], habits, async (served, own) => {
      for (const file of names) await assertSame(`${served}/${file}`, `${own}/${file}.got`);
    });
    assertEquals(said, [...names.map((name) => `YES|${sizes[name]}`), "OK"]);
  }, noFfi.unavailable() ?? absent("python3"));
}
