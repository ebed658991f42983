/** Unit tests of server/ftp/selection.ts. @module */

import { assertEquals } from "@std/assert";
import { parseListArgument } from "../../../server/ftp/selection.ts";

Deno.test("parseListArgument: flags, then a path, then patterns", () => {
  const read = (argument: string) => {
    const { path, prefix, selection } = parseListArgument("/d", argument, "write")!;
    return [path, prefix, selection.pattern.join("/"), selection.hidden];
  };
  assertEquals(read(""), ["/d", "", "", false]);
  assertEquals(read("-l"), ["/d", "", "", false]);
  assertEquals(read("-la"), ["/d", "", "", true]);
  assertEquals(read("-l -a e f"), ["/d/e f", "e f/", "", true]);
  assertEquals(read("-a /"), ["/", "/", "", true]);
  assertEquals(read("-"), ["/d/-", "-/", "", false]);
  assertEquals(read("-x.txt"), ["/d/-x.txt", "-x.txt/", "", false]);
  assertEquals(read("e*/x"), ["/d", "", "e*/x", false]);
  assertEquals(read("e/*"), ["/d/e", "e/", "*", false]);
  assertEquals(read("e/f/*/../[a]"), ["/d/e/f", "e/f/", "*/../[a]", false]);
  assertEquals(read("../*//.//b?/"), ["/", "../", "*/b?", false]);
  assertEquals(read("/.*"), ["/", "/", ".*", false]);
  assertEquals(parseListArgument("/", "a\0b", "write"), undefined);
});

Deno.test("parseListArgument: each flag, alone and with others", () => {
  const read = (flags: string) => {
    const { selection, long } = parseListArgument("/", flags, "write")!;
    const { hidden, itself, recursive, order, reverse } = selection;
    return [hidden, itself, recursive, order, reverse, long];
  };
  assertEquals(read(""), [false, false, false, "name", false, false]);
  assertEquals(read("-A"), [true, false, false, "name", false, false]);
  assertEquals(read("-d"), [false, true, false, "name", false, false]);
  assertEquals(read("-R"), [false, false, true, "name", false, false]);
  assertEquals(read("-t"), [false, false, false, "time", false, false]);
  assertEquals(read("-r"), [false, false, false, "name", true, false]);
  assertEquals(read("-ltr -a1F"), [true, false, false, "time", true, true]);
});
