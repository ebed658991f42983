/**
 * What `open` takes, and what of the old connection stays behind it.
 *
 * @module
 */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { isQuestion, parseArguments, type Request } from "../../../client/cli/arguments.ts";
import { UsageError } from "../../../client/cli/flags.ts";
import { parseOpen } from "../../../client/cli/shell/target.ts";

/** The request that a shell was begun with. */
function begun(...args: string[]): Request {
  const request = parseArguments([...args, "shell"]);
  assert(!isQuestion(request));
  return request;
}

const opened = (line: string, base: Request) => parseOpen(line.split(" "), base).target;

const OPERANDS = "open takes [FLAGS] HOST [PORT], or a URL";

/** A line behind `open`, and what is said of it. */
const WRONG: readonly (readonly [line: string, message: string])[] = [
  ["-O dir host", "--output-dir is a flag of get and put, not of open"],
  ["-o - host", "--output is a flag of get and put, not of open"],
  ["-n host", "--no-clobber is a flag of get, put and mv, not of open"],
  ["--retries 0 host", "--retries is a flag of get, put, mirror and cat, not of open"],
  ["--limit-rate 10k host", "--limit-rate is a flag of get, put, mirror and cat, not of open"],
  ["-P 4 ftp://host/", "--parallel is a flag of get, put and mirror, not of open"],
  ["-f x host", "--script is a flag of shell, not of open"],
  ["-k host", "--keep-going is a flag of shell, not of open"],
  ["--host a", OPERANDS],
  ["--host a b", OPERANDS],
  ["--port 21 h 22", OPERANDS],
  ["a 21 b", OPERANDS],
  ["ftp://a/b ftp://a/c", OPERANDS],
];

for (const [line, message] of WRONG) {
  Deno.test(`open ${line} is refused`, () => {
    assertEquals(assertThrows(() => opened(line, begun()), UsageError).message, message);
  });
}

Deno.test("open takes a host and a port, or a URL", () => {
  const place = (line: string) => {
    const { host, port } = opened(line, begun("--host", "old", "--port", "9"));
    return [host, port];
  };
  assertEquals(place("h"), ["h", 21]);
  assertEquals(place("localhost"), ["localhost", 2121]);
  assertEquals(place("--protocol mini h"), ["h", 8000]);
  assertEquals(place("h 21"), ["h", 21]);
  assertEquals(place("h:21"), ["h", 21]);
  assertEquals(place("--port 21 h"), ["h", 21]);
  assertEquals(place("ftp://h/"), ["h", 21]);
});

Deno.test("open leaves TLS where that is said, and not by forgetting it", () => {
  const base = begun("--tls", "explicit");
  const { message } = assertThrows(() => opened("h", base), UsageError);
  assertEquals(
    message,
    "open HOST would leave TLS: give --tls, or ftp://HOST to go on in clear text",
  );
  assertThrows(() => opened("--user me h 21", base), UsageError);
  assertEquals(opened("--tls implicit h", base).tls?.mode, "implicit");
  assertEquals(opened("ftps://h/", base).tls?.mode, "implicit");
  assertEquals(opened("ftp://h/", base).tls, undefined);
  assertEquals(opened("--protocol mini h", base).protocol, "mini");
});

Deno.test("open goes on telling what was asked for", () => {
  const base = begun("--json", "--trace");
  for (const line of ["h", "ftp://h/"]) {
    const telling = { quiet: false, verbose: false, trace: true, json: true };
    assertEquals(opened(line, base).telling, telling);
    assertEquals(opened(`-q ${line}`, base).telling, { ...telling, quiet: true });
  }
});
