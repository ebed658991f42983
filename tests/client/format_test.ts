/**
 * What the command line writes: sizes, times, tables, and a progress line that never wraps.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import {
  formatClock,
  formatColumns,
  formatElapsed,
  formatMode,
  formatRate,
  formatSize,
  formatTable,
  shorten,
  textWidth,
} from "../../client/cli/format.ts";
import {
  Progress,
  type ProgressState,
  renderProgress,
  renderSummary,
} from "../../client/cli/progress.ts";
import { FakeConsole } from "./fake_console.ts";

const SIZES: readonly (readonly [number, string])[] = [
  [0, "0 B"],
  [1023, "1023 B"],
  [1024, "1.0 KiB"],
  [1_258_291, "1.2 MiB"],
  [1_048_575, "1.0 MiB"],
  [1024 * 1023.9, "1023.9 KiB"],
  [2 ** 30, "1.0 GiB"],
  [2 ** 40 * 1.5, "1.5 TiB"],
  [2 ** 53, "8.0 PiB"],
];

for (const [octets, text] of SIZES) {
  Deno.test(`formatSize writes ${octets} as ${text}`, () => {
    assertEquals(formatSize(octets), text);
    assert(text.length <= 10);
  });
}

Deno.test("formatRate, formatElapsed and formatClock", () => {
  assertEquals(formatRate(3 * 2 ** 20), "3.0 MiB/s");
  assertEquals([38, 400, 59_900, 65_000, 3_723_000].map(formatElapsed), [
    "38 ms",
    "0.4 s",
    "59.9 s",
    "1:05 min",
    "1:02:03 h",
  ]);
  assertEquals([0, 5_000, 65_000, 3_723_000, Infinity, NaN, undefined].map(formatClock), [
    "0:00",
    "0:05",
    "1:05",
    "1:02:03",
    "-:--",
    "-:--",
    "-:--",
  ]);
});

Deno.test("textWidth counts columns", () => {
  assertEquals(["abc", "é", "e\u0301", "映画", "🎬", ""].map(textWidth), [3, 1, 1, 4, 2, 0]);
});

Deno.test("shorten keeps both ends within the width", () => {
  assertEquals(shorten("short", 10), "short");
  assertEquals(shorten("a long name.avi", 11), "a lo....avi");
  assertEquals(shorten("映画映画映画", 7), "映...画");
  for (let width = 0; width < 20; width++) {
    assert(textWidth(shorten("映a画b映c画d映e画", width)) <= width, `width ${width}`);
  }
});

Deno.test("formatColumns fills downwards within the width", () => {
  assertEquals(formatColumns(["a", "b", "c", "d", "e"], 7), ["a  c  e", "b  d"]);
  assertEquals(formatColumns(["aaaa", "b", "c"], 3), ["aaaa", "b", "c"]);
  assertEquals(formatColumns([], 80), []);
  const names = Array.from({ length: 50 }, (_, index) => "x".repeat(index % 13 + 1));
  for (const width of [20, 60, 80, 200]) {
    const lines = formatColumns(names, width);
    assert(lines.every((line) => textWidth(line) <= width), `width ${width}`);
    assertEquals(lines.join("  ").split(/ +/).sort(), names.toSorted());
  }
});

Deno.test("formatTable aligns what is known and leaves out what nobody tells", () => {
  const show = (name: string) => name;
  assertEquals(
    formatTable([
      { name: "a", kind: "file", size: 1234, modified: new Date("2020-01-05T10:30Z"), mode: 0o644 },
      { name: "films", kind: "directory", modified: new Date("2020-01-05T10:31Z"), mode: 0o1777 },
      { name: "now", kind: "link", size: 1, target: "a" },
    ], show),
    [
      "-rw-r--r--  1234  2020-01-05 10:30  a",
      "drwxrwxrwt        2020-01-05 10:31  films",
      "l?????????     1                    now -> a",
    ],
  );
  assertEquals(formatTable([], show), []);
});

Deno.test("formatMode writes special bits as ls does", () => {
  const mode = (bits: number) => formatMode({ name: "a", kind: "file", mode: bits });
  assertEquals([0o4755, 0o4644, 0o2755, 0o1777, 0o1776].map(mode), [
    "-rwsr-xr-x",
    "-rwSr--r--",
    "-rwxr-sr-x",
    "-rwxrwxrwt",
    "-rwxrwxrwT",
  ]);
});

const HALF: ProgressState = {
  name: "a.avi",
  done: 5 * 2 ** 20,
  total: 10 * 2 ** 20,
  octetsPerSecond: 2 ** 20,
  elapsedMs: 5000,
};

Deno.test("renderProgress at 60 columns has no room for the size, at 61 it has", () => {
  assertEquals(renderProgress(HALF, 60), "a.avi   50%     5.0 MiB     1.0 MiB/s  ETA  0:05");
  assertEquals(
    renderProgress(HALF, 61),
    "a.avi   50%     5.0 MiB of 10.0 MiB     1.0 MiB/s  ETA  0:05",
  );
});

Deno.test("renderProgress at 100 columns has a bar", () => {
  assertEquals(
    renderProgress(HALF, 100),
    "a.avi  [================                 ]   50%     5.0 MiB of 10.0 MiB     1.0 MiB/s  ETA  0:05",
  );
});

Deno.test("renderProgress without a size counts up", () => {
  assertEquals(
    renderProgress({ ...HALF, total: undefined }, 60),
    "a.avi     5.0 MiB     1.0 MiB/s  0:05",
  );
});

Deno.test("renderProgress says 100 % only of what is complete", () => {
  assert(renderProgress({ ...HALF, done: 10 * 2 ** 20 - 1 }, 60).includes(" 99%"));
  assert(renderProgress({ ...HALF, done: 10 * 2 ** 20 }, 60).includes("100%"));
  assert(renderProgress({ ...HALF, done: 0, total: 0 }, 60).includes("100%"));
});

Deno.test("renderProgress knows no ETA while nothing moves", () => {
  assert(renderProgress({ ...HALF, octetsPerSecond: 0 }, 60).endsWith("ETA  -:--"));
});

Deno.test("renderProgress never reaches the last column, nor shows control characters", () => {
  for (
    const name of ["a", "a".repeat(300), "映画".repeat(50), "\x1b[2J\r\n", "e\u0301".repeat(40)]
  ) {
    for (const total of [undefined, 0, 3, 2 ** 50]) {
      for (let columns = 20; columns <= 200; columns++) {
        const state = { ...HALF, name, total, done: total ?? 2 ** 50, octetsPerSecond: 1e12 };
        const line = renderProgress(state, columns);
        assert(textWidth(line) < columns, `${columns}: ${line}`);
        // deno-lint-ignore no-control-regex -- it is control characters that must be absent
        assert(!/[\x00-\x1f]/.test(line));
      }
    }
  }
});

Deno.test("renderSummary is one line", () => {
  assertEquals(renderSummary("a.avi", 1_258_291, 400), "a.avi: 1.2 MiB in 0.4 s (3.0 MiB/s)");
  assertEquals(renderSummary("a\n", 0, 0), "a\\n: 0 B in 0 ms (0 B/s)");
});

Deno.test("Progress on what is no terminal writes the last line alone", () => {
  const console = new FakeConsole();
  let now = 0;
  const progress = new Progress(console, "a.avi", () => now);
  progress.start(0, 100);
  progress.update(100);
  now = 1000;
  progress.finish();
  assertEquals(console.errorText, "a.avi: 100 B in 1.0 s (100 B/s)\n");
});

Deno.test("Progress on a terminal redraws one line, with the rate of the last seconds", () => {
  const console = new FakeConsole({ errTerminal: true, columns: 60 });
  let now = 0;
  const progress = new Progress(console, "a.avi", () => now);
  progress.start(2 ** 20, 101 * 2 ** 20);
  // Ten seconds at 1 MiB/s, then five at 2 MiB/s.
  for (let draw = 1; draw <= 150; draw++) {
    now = 100 * draw;
    progress.update(Math.round(2 ** 20 * (draw <= 100 ? draw / 10 : 10 + (draw - 100) / 5)));
    progress.draw();
  }
  const last = console.errorText.split("\r").at(-1)!;
  assertEquals(
    last,
    "a.avi   20%    21.0 MiB of 101.0 MiB     2.0 MiB/s  ETA  0:40\x1b[K".replace(
      " of 101.0 MiB",
      "",
    ),
  );
  progress.finish();
  assert(console.errorText.endsWith("\r\x1b[Ka.avi: 20.0 MiB in 15.0 s (1.3 MiB/s)\n"));
});
