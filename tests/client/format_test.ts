/**
 * What the command line writes: sizes, times and tables.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import {
  formatClock,
  formatElapsed,
  formatLeft,
  formatMode,
  formatRate,
  formatSize,
} from "../../client/cli/format.ts";
import { formatColumns, formatTable } from "../../client/cli/tables.ts";
import { textWidth } from "../../client/cli/width.ts";

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

Deno.test("formatRate, formatElapsed, formatClock and formatLeft", () => {
  assertEquals(formatRate(3 * 2 ** 20), "3.0 MiB/s");
  assertEquals([38, 400, 59_900, 65_000, 3_723_000, 360_000_000].map(formatElapsed), [
    "38 ms",
    "0.4 s",
    "59.9 s",
    "1:05 min",
    "1:02:03 h",
    "100:00:00 h",
  ]);
  const clocks = ["0:00", "0:05", "1:05", "1:02:03"];
  const times = [0, 5_000, 65_000, 3_723_000];
  assertEquals([...times, 360_000_000].map(formatClock), [...clocks, "100:00:00"]);
  const unknown = [360_000_000, Infinity, NaN, undefined];
  assertEquals([...times, ...unknown].map(formatLeft), [...clocks, ...Array(4).fill("-:--")]);
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
    Array.from(formatTable([
      { name: "a", kind: "file", size: 1234, modified: new Date("2020-01-05T10:30Z"), mode: 0o644 },
      { name: "films", kind: "directory", modified: new Date("2020-01-05T10:31Z"), mode: 0o1777 },
      { name: "now", kind: "link", size: 1, target: "a" },
    ], show)),
    [
      "-rw-r--r--  1234  2020-01-05 10:30  a",
      "drwxrwxrwt        2020-01-05 10:31  films",
      "l?????????     1                    now -> a",
    ],
  );
  assertEquals([...formatTable([], show)], []);
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
