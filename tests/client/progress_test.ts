/**
 * The lines that show how far transfers are: what they say at which width, and that none of them
 * ever reaches the last column.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { Pace, type ProgressState, renderLines } from "../../client/cli/progress.ts";
import { textWidth, widthsFor } from "../../client/cli/width.ts";

/** The line of one transfer. */
const renderLine = (state: ProgressState, columns: number) => renderLines([state], columns)[0]!;

const HALF: ProgressState = {
  name: "a.avi",
  done: 5 * 2 ** 20,
  total: 10 * 2 ** 20,
  octetsPerSecond: 2 ** 20,
  elapsedMs: 5000,
  idleMs: 0,
};

Deno.test("renderLine at 60 columns has a bar and no size, at 80 it has both", () => {
  assertEquals(
    renderLine(HALF, 60),
    "a.avi  [=========          ]   50%     1.0 MiB/s  ETA  0:05",
  );
  assertEquals(
    renderLine(HALF, 80),
    "a.avi  [=======        ]   50%     5.0 MiB of 10.0 MiB     1.0 MiB/s  ETA  0:05",
  );
});

Deno.test("renderLine at 45 columns has no bar, at 20 the name and the percent", () => {
  assertEquals(renderLine(HALF, 45), "a.avi   50%     1.0 MiB/s  ETA  0:05");
  assertEquals(renderLine(HALF, 20), "a.avi   50%");
});

Deno.test("renderLine at 100 columns has a bar", () => {
  assertEquals(
    renderLine(HALF, 100),
    "a.avi  [=================                  ]   50%     5.0 MiB of 10.0 MiB     1.0 MiB/s  ETA  0:05",
  );
});

Deno.test("renderLine without a size counts up", () => {
  assertEquals(
    renderLine({ ...HALF, total: undefined }, 60),
    "a.avi     5.0 MiB     1.0 MiB/s  0:05",
  );
});

Deno.test("renderLine says 100 % only of what is complete", () => {
  assert(renderLine({ ...HALF, done: 10 * 2 ** 20 - 1 }, 60).includes(" 99%"));
  assert(renderLine({ ...HALF, done: 10 * 2 ** 20 }, 60).includes("100%"));
  assert(renderLine({ ...HALF, done: 0, total: 0 }, 60).includes("100%"));
});

Deno.test("renderLine knows no ETA while nothing moves", () => {
  assert(renderLine({ ...HALF, octetsPerSecond: 0 }, 60).endsWith("ETA  -:--"));
});

Deno.test("renderLine says for how long a transfer has stalled or has been waited for", () => {
  assertEquals(
    renderLine({ ...HALF, idleMs: 5_900 }, 60),
    "a.avi  [=========          ]   50%     5.0 MiB  stalled 5 s",
  );
  assert(renderLine({ ...HALF, idleMs: 65_000 }, 60).endsWith("  stalled 1:05 min"));
  assert(renderLine({ ...HALF, idleMs: 3_700_000 }, 60).endsWith("  stalled 1:01:40 h"));
  assert(!renderLine({ ...HALF, idleMs: 2_000 }, 60).includes("stalled"));
  const complete = { ...HALF, done: HALF.total!, idleMs: 5_000 };
  assert(!renderLine(complete, 60).includes("stalled"));
  const waiting = { ...HALF, done: 0, total: undefined, elapsedMs: undefined, idleMs: 2_000 };
  assert(renderLine(waiting, 60).endsWith("  waiting 2 s"));
});

Deno.test("renderLines puts the numbers of all lines below each other", async () => {
  await widthsFor(["映"]);
  const lines = renderLines([
    HALF,
    { ...HALF, name: "映画.avi", done: 512, total: 1000 },
    { ...HALF, name: "pipe", total: undefined },
    { ...HALF, name: "stuck", idleMs: 65_000 },
  ], 100);
  assertEquals(lines, [
    "a.avi     [==============              ]   50%     5.0 MiB of 10.0 MiB         1.0 MiB/s  ETA  0:05",
    "映画.avi  [==============              ]   51%       512 B of 1000 B           1.0 MiB/s  ETA  0:00",
    "pipe                                               5.0 MiB                     1.0 MiB/s       0:05",
    "stuck     [==============              ]   50%     5.0 MiB of 10.0 MiB  stalled 1:05 min",
  ]);
});

/** Pieces of names that are wide, of no width, or dangerous. */
const PIECES = [
  ..."ab .-_",
  "\u231a",
  "映",
  "한",
  "\u1112\u1161\u11ab",
  "e\u0301",
  "\u0301",
  "\u2764\ufe0f",
  "\u{1f468}\u200d\u{1f469}\u200d\u{1f467}",
  "\u{1f1e9}\u{1f1ea}",
  "\u{1f1e9}",
  "ＡＢ",
  "مر",
  "\x1b[2J",
  "\r\n",
  "\udc80",
  "\u202e",
];

/** The same numbers in every run (a linear congruential generator). */
function randomOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor(state / 2 ** 32 * below);
  };
}

Deno.test("renderLines never reaches the last column, nor shows control characters", async () => {
  await widthsFor(["映"]);
  const random = randomOf(1);
  const name = () =>
    Array.from({ length: random(40) }, () => PIECES[random(PIECES.length)]).join("");
  for (let columns = 20; columns <= 300; columns++) {
    for (let round = 0; round < 4; round++) {
      const states = Array.from({ length: 1 + random(5) }, (): ProgressState => {
        const total = [undefined, 0, 3, 2 ** 50][random(4)];
        return {
          name: name(),
          total,
          done: random(2) === 0 ? 0 : total ?? 2 ** 50,
          octetsPerSecond: [0, 1, 1e12][random(3)]!,
          elapsedMs: [undefined, 0, 1e9][random(3)],
          idleMs: [0, 5_000, 1e6][random(3)]!,
        };
      });
      for (const line of renderLines(states, columns)) {
        assert(textWidth(line) < columns, `${columns}: ${textWidth(line)}: ${line}`);
        // deno-lint-ignore no-control-regex -- it is control characters that must be absent
        assert(!/[\x00-\x1f\x7f-\x9f]/.test(line), JSON.stringify(line));
      }
    }
  }
});

Deno.test("Pace follows the last three seconds, from the first octet on", () => {
  const pace = new Pace(1_000);
  pace.look(500, 1_100);
  assertEquals(pace.octetsPerSecond, 5_000);
  for (let ms = 1_200; ms <= 6_000; ms += 100) pace.look(500 + (ms - 1_100) * 2, ms);
  assertEquals(pace.octetsPerSecond, 2_000);
  assertEquals(pace.idleMs, 0);
  for (let ms = 6_100; ms <= 11_000; ms += 100) pace.look(10_300, ms);
  assertEquals(pace.octetsPerSecond, 0);
  assertEquals(pace.idleMs, 5_000);
});
