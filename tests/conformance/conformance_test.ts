/**
 * Registers every case (cases/) for every variant (variants.ts): the one loop of the suite.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { type Need, SERVER_NEEDS, testWith } from "../permission.ts";
import { topics } from "./cases/mod.ts";
import { VariantGrounds } from "./grounds.ts";
import { BESIDE_OTHERS, inLanes } from "./lanes.ts";
import { kinds, type Variant, variants } from "./variants.ts";

const NEEDS: readonly Need[] = [...SERVER_NEEDS, "run"];

/** Cases of one topic that run at the same time: while one waits another works. */
const LANES = 4;

/** Topics whose cases fill the server or count what is open, and so want it for themselves. */
const ALONE: ReadonlySet<string> = new Set(["concurrency", "descriptors", "fairness", "outside"]);

const declared: ReadonlySet<string> = new Set(
  [...topics].flatMap(([topic, cases]) => Object.keys(cases).map((name) => `${topic}: ${name}`)),
);

/** What has been opened and not closed yet: one at a time, since tests run in order. */
const open = new Map<Variant, VariantGrounds>();

/**
 * The grounds of `variant`, with those of other variants closed: a filter may have left out the
 * test that ends them, and the servers of all would have more descriptors than select can watch.
 */
async function groundsOf(variant: Variant): Promise<VariantGrounds> {
  for (const other of open.keys()) if (other !== variant) await end(other);
  const grounds = open.get(variant) ?? await VariantGrounds.open(variant.start);
  open.set(variant, grounds);
  return grounds;
}

async function end(variant: Variant): Promise<void> {
  const grounds = open.get(variant);
  open.delete(variant);
  await grounds?.close();
}

function register(variant: Variant): void {
  const excused = new Map(
    variant.skips.flatMap(({ reason, cases }) => cases.map((name) => [name, reason])),
  );
  const absent = variant.unavailable();
  const ran = new Set<string>();

  for (const [topic, cases] of topics) {
    testWith(NEEDS, `conformance, ${topic} [${variant.name}]`, async (context) => {
      const grounds = await groundsOf(variant);
      const lanes = ALONE.has(topic) ? 1 : LANES;
      await inLanes(Object.entries(cases), lanes, async ([name, run]) => {
        const id = `${topic}: ${name}`;
        const reason = excused.get(id);
        await context.step({
          name: reason === undefined ? name : `${name} (skipped: ${reason})`,
          ignore: reason !== undefined,
          fn: async () => {
            ran.add(id);
            await grounds.run(run);
          },
          ...BESIDE_OTHERS,
        });
      });
      await grounds.endTopic();
    }, absent);
  }

  testWith(NEEDS, `conformance, every declared case ran [${variant.name}]`, async () => {
    await end(variant);
    for (const name of excused.keys()) assert(declared.has(name), `No case "${name}" to skip`);
    assertEquals([...declared].filter((id) => !ran.has(id) && !excused.has(id)), []);
  }, absent);
}

for (const variant of variants) register(variant);

// A filter may have left out the test that ends the last variant.
Deno.test.afterAll(async () => {
  for (const variant of open.keys()) await end(variant);
});

Deno.test("conformance declares at least 160 FTP cases", () => {
  const small = [...declared].filter((id) => /^(mini|echo|hello): /.test(id));
  assert(declared.size - small.length >= 160, `Only ${declared.size - small.length}`);
});

Deno.test("every model and every way to be told of readiness has a variant for costly cases", () => {
  const ways = (all: readonly Variant[]) =>
    new Set(all.map(({ model, options: { trigger } }) => `${model.name} ${trigger ?? "level"}`));
  assertEquals(ways(kinds), ways(variants));
  assert(kinds.some(({ options }) => (options.workers ?? 1) > 1), "None has several workers");
});
