/**
 * Standard output that another process made non-blocking for all who share it, as a program of node
 * does with its own (O_NONBLOCK is of the open file, not of the process: open(2)).
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { EXIT } from "../../client/cli/mod.ts";
import { pieceOf, writeWhole } from "../../client/cli/print.ts";
import { absent } from "../peers/program.ts";
import { type Need, testWith } from "../permission.ts";
import { mlsd } from "./listing_answers.ts";
import { MemoryFiles } from "./memory_files.ts";
import { type Script, ScriptedServer } from "./scripted_server.ts";
import { NEEDS, withFolders } from "./stage.ts";

const MAIN = fromFileUrl(new URL("../../main.ts", import.meta.url));
const CONFIG = fromFileUrl(new URL("../../deno.json", import.meta.url));

/** Lines of sh: makes a descriptor non-blocking; runs the client, and keeps its exit status. */
const SETUP = `
  non_blocking() { python3 -c 'import os, sys; os.set_blocking(int(sys.argv[1]), False)' "$1"; }
  client() {
    "$DENO" run --quiet --no-check --allow-net --allow-read --allow-write --allow-env \\
      --config "$CONFIG" "$MAIN" client --port "$PORT" "$@"
    echo $? > status
  }
`;

/** What a line of sh came to. */
interface Ran {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A test of a line of sh that has `non_blocking` and `client`, for a server with this script. */
function against(name: string, script: Script, line: string, check: (ran: Ran) => void): void {
  const needs: readonly Need[] = [...NEEDS, "run"];
  const run = () =>
    withFolders(async (_, here) => {
      await using server = new ScriptedServer(script);
      const { stdout, stderr } = await new Deno.Command("sh", {
        args: ["-c", `${SETUP}${line}`],
        cwd: here,
        env: { DENO: Deno.execPath(), MAIN, CONFIG, PORT: `${server.address.port}` },
        stdin: "null",
      }).output();
      const [out, err] = [stdout, stderr].map((octets) => new TextDecoder().decode(octets));
      const status = Number(await Deno.readTextFile(`${here}/status`));
      check({ status, stdout: out!, stderr: err! });
    });
  testWith(needs, name, run, absent("python3"));
}

/** More than a pipe holds, 64 KiB (pipe(7)). */
const LISTED = Array.from({ length: 1_000 }, (_, n) => `${n}`.padStart(100, "0"));
const LISTING = mlsd(LISTED.map((name) => `type=file;size=1; ${name}\r\n`).join(""));

const LATE_READER = "(sleep 1; cat)";

against(
  "ls waits for who reads a non-blocking pipe, and writes each line once",
  { answers: LISTING },
  `(non_blocking 1; client ls) | ${LATE_READER}`,
  ({ status, stdout, stderr }) => {
    assertEquals([status, stderr], [EXIT.ok, ""]);
    assertEquals(stdout, LISTED.map((name) => `${name}\n`).join(""));
  },
);

against(
  "--json waits for who reads a non-blocking pipe, and tells each event once",
  { answers: LISTING },
  `(non_blocking 1; client --json ls) | ${LATE_READER}`,
  ({ status, stdout, stderr }) => {
    assertEquals([status, stderr], [EXIT.ok, ""]);
    const events = stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
    assertEquals(events.map(({ name }) => name), LISTED);
  },
);

const memory = new MemoryFiles();
memory.put("a", "x".repeat(1_000_000));

against(
  "cat says what helps where another process made standard output non-blocking",
  { answers: memory.answers },
  `(non_blocking 1; client cat a) |
    (n=0; until [ -e status ] || [ $((n += 1)) = 100 ]; do sleep 0.1; done; cat > rest)`,
  ({ status, stderr }) => {
    const advice = 'another process made it non-blocking; "| cat" behind it helps';
    assertEquals([status, stderr], [EXIT.local, `Cannot write to standard output: ${advice}\n`]);
  },
);

Deno.test("pieceOf ends with a line, as long as that is no longer than a pipe takes whole", () => {
  const lengthOf = (text: string) => pieceOf(new TextEncoder().encode(text)).length;
  const long = "x".repeat(5_000);
  const short = ["", "a", "a\n", "a\nb", "\nab\nc", `a\n${long}\n`];
  assertEquals(short.map(lengthOf), [0, 1, 2, 2, 4, 2]);
  assertEquals([long, `${"x".repeat(4_095)}\na\n`].map(lengthOf), [4_096, 4_096]);
});

Deno.test("writeWhole writes each line once to a stream that is full now and then", () => {
  const text = Array.from({ length: 100 }, (_, n) => `${n}`.padStart(99, ".") + "\n").join("");
  let written = "";
  let room = 3_000;
  const stream = {
    /** As a full pipe has it behind the runtime: what it takes of too much is not told. */
    writeSync(octets: Uint8Array) {
      const isMore = octets.length > room;
      if (!isMore || octets.length > 4_096) {
        written += new TextDecoder().decode(octets.subarray(0, room));
      }
      room = isMore ? 8_000 : room - octets.length;
      if (isMore) throw new Deno.errors.WouldBlock();
      return octets.length;
    },
  };
  writeWhole(stream, new TextEncoder().encode(text));
  assertEquals(written, text);
});
