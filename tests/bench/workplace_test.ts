/** Tests of bench/run/workplace.ts: what is left when it cannot be prepared, and who gets in. @module */

import { assertEquals, assertRejects } from "@std/assert";
import { dirname, join } from "@std/path";
import { TYPESCRIPT_LOAD } from "../../bench/load/process.ts";
import { existingAccount } from "../../bench/peers/machine.ts";
import { processTree } from "../../bench/run/process_figures.ts";
import { prepareWorkplace } from "../../bench/run/workplace.ts";
import { testWith } from "../permission.ts";
import { withEnvironment } from "./environment.ts";
import { NEEDS } from "./needs.ts";

const SIZES = { small: 1_000, medium: 2_000, large: 3_000 };

/** What `prepare` throws; it has left no process and no file. */
async function thrownBy(prepare: () => Promise<unknown>): Promise<unknown> {
  const before = processTree(Deno.pid);
  const temporary = await Deno.makeTempDir();
  let thrown: unknown;
  try {
    await withEnvironment({ TMPDIR: temporary }, async () => {
      thrown = await assertRejects(prepare);
    });
    assertEquals([...Deno.readDirSync(temporary)], []);
    assertEquals(processTree(Deno.pid), before);
  } finally {
    await Deno.remove(temporary, { recursive: true });
  }
  return thrown;
}

testWith(NEEDS, "prepareWorkplace leaves nothing behind when a load does not start", async () => {
  const { signal } = new AbortController();
  // The first and the probes run already.
  const other = { ...TYPESCRIPT_LOAD, command: ["/no such program"] };
  const thrown = await thrownBy(() => prepareWorkplace(SIZES, signal, TYPESCRIPT_LOAD, { other }));
  assertEquals(thrown instanceof Deno.errors.NotFound, true, `${thrown}`);
});

testWith(
  NEEDS,
  "prepareWorkplace hears an interrupt while it makes files, and before",
  async () => {
    const interrupt = new AbortController();
    const { signal } = interrupt;
    const during = await thrownBy(() => {
      const preparing = prepareWorkplace(SIZES, signal);
      interrupt.abort();
      return preparing;
    });
    assertEquals(during, signal.reason);
    assertEquals(await thrownBy(() => prepareWorkplace(SIZES, signal)), signal.reason);
  },
);

testWith(NEEDS, "a workplace that was interrupted starts no further load", async () => {
  const before = processTree(Deno.pid);
  const interrupt = new AbortController();
  const { signal } = interrupt;
  {
    await using workplace = await prepareWorkplace(SIZES, signal);
    await workplace.loadAt(1);
    interrupt.abort();
    assertEquals(await assertRejects(() => workplace.loadAt(2)), signal.reason);
  }
  assertEquals(processTree(Deno.pid), before);
});

testWith(NEEDS, "a workplace lets the group of peers in, and nobody else", async () => {
  const umask = Deno.umask(0o077);
  try {
    const { signal } = new AbortController();
    await using workplace = await prepareWorkplace(SIZES, signal);
    const { root, state } = workplace.folders;
    const [first, second] = [workplace.folderForUploads(), workplace.folderForUploads()]
      .map(({ incoming }) => join(root, incoming)) as [string, string];
    const modeOf = (path: string) => Deno.statSync(path).mode! & 0o7777;
    const isRoot = Deno.uid() === 0;
    assertEquals(
      [dirname(root), root, state, join(root, "small.bin")].map(modeOf),
      [isRoot ? 0o710 : 0o700, 0o755, 0o755, 0o644],
    );
    // What is in the first of these is removed by its owner alone.
    assertEquals([dirname(first), first, second].map(modeOf), [0o1777, 0o777, 0o777]);
    const group = isRoot ? (await existingAccount()).gid : Deno.gid();
    assertEquals(Deno.statSync(dirname(root)).gid, group);
  } finally {
    Deno.umask(umask);
  }
});
