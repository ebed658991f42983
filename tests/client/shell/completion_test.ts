/**
 * What Tab makes of a line.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { complete, NameSource } from "../../../client/cli/shell/completion.ts";
import { VERBS } from "../../../client/cli/shell/shell.ts";
import type { Client, Entry } from "../../../client/mod.ts";

const REMOTE: Readonly<Record<string, readonly string[]>> = {
  "": ["a.avi", "b.avi", "films/", ".hidden", "my film.avi", "x\x1b[2J", "-dash"],
  "films/": ["one.avi", "old/"],
  "my dir/": ["c.avi"],
  "cut/": ["a b", "a#b", "ab", 'q"', "q\\"],
  "odd/": ["R&B", "v;1", "x>"],
};
const LOCAL: Readonly<Record<string, readonly string[]>> = { "": ["here.avi", "sub/"] };

const surroundings = {
  verbs: VERBS,
  remoteNames: (directory: string) => Promise.resolve(REMOTE[directory] ?? []),
  localNames: (directory: string) => Promise.resolve(LOCAL[directory] ?? []),
};

const LINES: readonly (readonly [line: string, words: readonly string[], typed: string])[] = [
  ["pu", ["put "], "pu"],
  ["help mg", ["mget "], "mg"],
  ["get --c", ["--continue "], "--c"],
  ["get a", ["a.avi "], "a"],
  ["get ", ["./-dash ", "a.avi ", "b.avi ", "films/", "my\\ film.avi "], ""],
  ["get -- -", ["-dash "], "-"],
  ["put here.avi -o ", ["./-dash ", "a.avi ", "b.avi ", "films/", "my\\ film.avi "], ""],
  ["mget ", ["./-dash ", "a.avi ", "b.avi ", "films/", "my\\ film.avi "], ""],
  ["rmdir -d", ["-dash "], "-d"],
  ["get .", [".hidden "], "."],
  ["get films/o", ["films/old/", "films/one.avi "], "films/o"],
  ["get my", ["my\\ film.avi "], "my"],
  ["get my\\ f", ["my\\ film.avi "], "my\\ f"],
  [`get "my f`, [`"my film.avi" `], `"my f`],
  [`get 'my f`, [`'my film.avi' `], `'my f`],
  [`get my\\ dir/`, ["my\\ dir/c.avi "], "my\\ dir/"],
  ["put h", ["here.avi "], "h"],
  ["put here.avi h", ["here.avi "], "h"],
  ["put here.avi -o a", ["a.avi "], "a"],
  ["get a.avi -O ", ["here.avi ", "sub/"], ""],
  ["mput x h", ["here.avi "], "h"],
  ["cd ", ["films/"], ""],
  ["lcd ", ["sub/"], ""],
  ["lls s", ["sub/"], "s"],
  ["open f", [], "f"],
  ["get nothing", [], "nothing"],
  ["get a # b", [], ""],
  ["get '#' a", ["a.avi "], "a"],
  ['get " # " ', ["./-dash ", "a.avi ", "b.avi ", "films/", "my\\ film.avi "], ""],
  ["get a\\", [], "a\\"],
  ["get cut/a", ["cut/a\\ b ", "cut/a\\#b ", "cut/ab "], "cut/a"],
  ["get cut/a\\", ["cut/a\\ b ", "cut/a\\#b "], "cut/a\\"],
  ["get odd/", ["odd/R\\&B ", "odd/v\\;1 ", "odd/x\\> "], "odd/"],
  [`get "cut/q\\`, [`"cut/q\\"" `, `"cut/q\\\\" `], `"cut/q\\`],
  ["mirror fi", ["films/"], "fi"],
  ["mirror films ", ["here.avi ", "sub/"], ""],
  ["mirror -R s", ["sub/"], "s"],
  ["mirror sub -qR --exclude x fi", ["films/"], "fi"],
  ["mirror --frobnicate fi", ["films/"], "fi"],
  ["delete a", ["a.avi "], "a"],
  ["dir fi", ["films/"], "fi"],
  ["rename --no", ["--no-clobber "], "--no"],
  ["? mg", ["mget "], "mg"],
];

Deno.test("complete offers verbs, flags and names as they are typed", async () => {
  for (const [line, words, typed] of LINES) {
    assertEquals(await complete(line, surroundings), [[...words], typed], line);
  }
});

Deno.test("complete offers what is called ~ here as a name that means itself", async () => {
  const here: Readonly<Record<string, readonly string[]>> = {
    "": ["~/", "~x"],
    "~/": ["films/"],
    "./": ["~"],
  };
  const tilde = {
    ...surroundings,
    remoteNames: () => Promise.resolve(["~/"]),
    localNames: (directory: string) => Promise.resolve(here[directory] ?? []),
  };
  const offered = async (line: string) => (await complete(line, tilde))[0];
  assertEquals(await offered("put "), ["./~/", "~x "]);
  assertEquals(await offered("lcd ~"), ["./~/"]);
  assertEquals(await offered("put ~/"), ["~/films/"]);
  assertEquals(await offered("put ./~"), ["./~ "]);
  assertEquals(await offered("get "), ["~/"]);
});

Deno.test("names are completed as ls shows them where they are typed so", async () => {
  const client = {
    list: (directory: string): Promise<Entry[]> =>
      Promise.resolve([
        directory === "caf\udce9/"
          ? { name: "a\\b\n", kind: "file" }
          : { name: "caf\udce9", kind: "directory" },
      ]),
  } as unknown as Client;
  const source = new NameSource(() => client);
  assertEquals(await source.list("", true), ["caf\\xe9/"]);
  assertEquals(await source.list("caf\\xe9/", true), ["a\\\\b\\n"]);
  assertEquals(await source.list("caf\\u{", true), []);
  assertEquals(await source.list(""), ["caf\udce9/"]);
});

Deno.test("complete shows no more than a screen of names, and what they have in common", async () => {
  const names = Array.from({ length: 5_000 }, (_, index) => `film${index}`);
  const many = { ...surroundings, remoteNames: () => Promise.resolve(names) };
  assertEquals(await complete("get f", many), [["film"], "f"]);
  const [shown] = await complete("get film", many);
  assertEquals([shown.length, shown.at(-1)], [101, "(and 4900 more)"]);
});

Deno.test("NameSource asks once for a directory, and never holds up for long", async () => {
  const asked: string[] = [];
  const silent = new Promise<never>(() => {});
  const client = {
    list(directory: string) {
      asked.push(directory);
      if (directory === "no/") return Promise.reject(new Error("550"));
      if (directory === "slow/") return silent;
      return Promise.resolve([{ kind: "directory", name: "d" }]);
    },
  } as unknown as Client;
  const names = new NameSource(() => client);
  assertEquals([await names.list(""), await names.list("")], [["d/"], ["d/"]]);
  assertEquals([await names.list("no/"), await names.list("slow/")], [[], []]);
  assertEquals(asked, ["", "no/", "slow/"]);
  names.forget();
  await names.list("");
  assertEquals(asked.at(-1), "");
  assertEquals(await new NameSource(() => undefined).list(""), []);
});
