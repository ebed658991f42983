/**
 * Random clients against the FTP session: whatever comes, it does not throw, what it says is
 * replies, and it comes to an end. The generator is seeded, so a failure comes again.
 *
 * @module
 */

import { assert, fail } from "@std/assert";
import type { Failure } from "../../../server/mod.ts";
import { decodeText, LineReader } from "../../../server/ftp/words/lines.ts";
import { ReplyReader } from "../../../server/ftp/words/replies.ts";
import { Driver } from "../../transcripts/driver.ts";

const SESSIONS = 300;
const TURNS = 120;

/** A line that the server says is never longer: paths of a command line, doubled quotes. */
const LINE_BYTES_MAX = 20_000;
const REPLY_LINES_MAX = 2_000;

const FRAGMENTS = [
  ..."USER PASS ACCT CWD CDUP REIN PORT EPRT PASV EPSV TYPE STRU MODE RETR STOR STOU".split(" "),
  ..."APPE ALLO REST RNFR RNTO ABOR DELE RMD MKD PWD LIST NLST SITE SYST STAT HELP".split(" "),
  ..."NOOP FEAT OPTS CLNT SIZE MDTM MFMT MLST MLSD AUTH xpwd qUiT".split(" "),
  ..."EPSV EPSV RETR STOR LIST ABOR STAT TYPE".split(" "),
  ...[
    "\r\nUSER writer\r\nPASS pass word\r\n",
    "\r\nEPSV\r\nRETR a.txt\r\n",
    "\r\nEPSV\r\nSTOR b\r\n",
  ],
  ...[
    "\r\nEPSV\r\nLIST -la\r\n",
    "ABOR\r\n",
    "\xff\xf4\xff\xf2ABOR\r\n",
    "TYPE I\r\n",
    "MKD d\r\n",
  ],
  ...["\r\n", "\r\n", "\r\n", "\n", "\r", "\0", " ", " ", " ", "/", "..", "\\", '"', "*", "?"],
  ...["a.txt", "d", "b", ".b.part", "I", "A N", "1", "99999999", "-la", "ALL", "20240102030405"],
  ...["127,0,0,1,200,10", "|1|127.0.0.1|5000|", "CHMOD 644 ", "MLST size;", "UTF8 ON", "HELP"],
  ...["\xff", "\xff\xff", "\xfb\x01", "\xc3\xa9", "\xe9", "\xf0\x9f\x90\x9f", "x".repeat(9_000)],
];

const FAILURES: readonly Failure[] = ["reset", "stalled", "noConnection", "noSpace", "io"];
const OPERATIONS = "stat enter openRead openUpload openDirectory read commitUpload rename".split(
  " ",
);

/** Marsaglia's xorshift, 32 bits: a number from 0 to `below` - 1. */
function generator(seed: number): (below: number) => number {
  let state = seed | 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

function octetsOf(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

function randomInput(random: (below: number) => number): Uint8Array {
  let text = "";
  for (let count = random(12); count >= 0; count--) text += FRAGMENTS[random(FRAGMENTS.length)];
  const octets = octetsOf(text);
  // Some octets of some inputs are anything.
  if (random(4) === 0) {
    for (let count = random(5); count >= 0; count--) octets[random(octets.length)] = random(256);
  }
  return octets;
}

/** One event of those that may happen now. */
function turn(driver: Driver, random: (below: number) => number): void {
  switch (random(16)) {
    case 0:
      return driver.pass(random(2_000));
    case 1:
      driver.slow = random(2) === 0;
      return driver.failNext(OPERATIONS[random(OPERATIONS.length)]!, "denied");
    case 2:
      if (random(20) === 0) driver.hangUp();
      return;
    case 3:
      if (random(20) === 0) driver.stop();
      return;
    case 4:
    case 5:
      driver.release();
      return finish(driver, random);
    default:
      if (driver.session.wantsInput) driver.input(randomInput(random));
  }
}

function finish(driver: Driver, random: (below: number) => number): void {
  const { transfer } = driver;
  if (transfer === undefined) return;
  if (random(3) === 0) {
    const failure = FAILURES[random(FAILURES.length)]!;
    driver.endTransfer({ kind: "failed", failure, detail: "" });
  } else if (transfer.direction === "receive") {
    driver.upload(octetsOf("one\r\ntwo\n".repeat(random(4))), 1 + random(7));
  } else if (random(2) === 0) {
    driver.download(1 + random(40));
  } else {
    driver.endTransfer({ kind: "transferred", octets: 0 });
  }
}

/** Reads what was said to its end, and says how many replies there were. */
function repliesIn(said: Uint8Array): number {
  const lines = new LineReader(LINE_BYTES_MAX);
  const replies = new ReplyReader(REPLY_LINES_MAX);
  let count = 0;
  let at = 0;
  for (let next = lines.read(said, 0); next !== -1; next = lines.read(said, next)) {
    assert(said[next - 2] === 0x0d, "a line of a reply ends with CR LF");
    assert(!lines.tooLong, "a line of a reply has an end");
    const text = decodeText(lines.line);
    if (text === undefined) fail("a reply is UTF-8");
    const reply = replies.read(text);
    if (reply === "malformed") fail(`no reply: ${JSON.stringify(text)}`);
    if (reply !== undefined) count++;
    at = next;
  }
  assert(at === said.length && !replies.unfinished, "replies are said whole");
  return count;
}

Deno.test("FtpSession: random input gives replies, and no exception", () => {
  let replies = 0;
  let transfers = 0;
  for (let seed = 1; seed <= SESSIONS; seed++) {
    try {
      const random = generator(seed * 2_654_435_761);
      const driver = new Driver();
      driver.tree.put("/a.txt", octetsOf("one\ntwo\n"));
      if (seed % 4 > 0) driver.login();
      for (let count = 0; count < TURNS && !driver.closed; count++) turn(driver, random);
      transfers += driver.effects.filter((effect) => effect === "startTransfer").length;
      // Whatever was going on, a client that leaves is let go.
      driver.slow = false;
      driver.release();
      if (!driver.closed) driver.hangUp();
      for (let count = 0; count < 100 && !driver.closed; count++) driver.pass(1_000);
      assert(driver.closed, "the session comes to an end");
      replies += repliesIn(driver.said);
    } catch (error) {
      throw new Error(`Seed ${seed}`, { cause: error });
    }
  }
  // Without these the test would say nothing.
  assert(replies > 30 * SESSIONS, `${replies} replies`);
  assert(transfers > SESSIONS / 2, `${transfers} transfers`);
});
