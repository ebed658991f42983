/**
 * Random clients against the FTP session, under three ways to cut what they say: whatever comes, it
 * does not throw, what it says is replies, and it comes to an end. On the way all moves of the
 * table of states are made, and no other. The generator is seeded, so a failure comes again.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { LINE_BYTES_MAX } from "../../../server/ftp/limits.ts";
import { decodeOctets, type Failure, type Protocol } from "../../../server/mod.ts";
import { ftp } from "../../../server/ftp/mod.ts";
import { FtpSession } from "../../../server/ftp/session.ts";
import { Course, MOVES, type State } from "../../../server/ftp/state.ts";
import { LineReader } from "../../../server/ftp/words/lines.ts";
import { ReplyReader } from "../../../server/ftp/words/replies.ts";
import { DrivenSession } from "../../driven/session.ts";
import { type Chunking, CHUNKINGS } from "../../transcripts/session.ts";

const SESSIONS = 75;
const TURNS = 120;

/** A line that the server says is never longer: paths of a command line, doubled quotes. */
const SAID_BYTES_MAX = 3 * LINE_BYTES_MAX;
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
    "\r\nPORT 127,0,0,1,200,10\r\nRETR a.txt\r\n",
    "\r\nPORT 127,0,0,1,200,10\r\nSTOR b\r\n",
  ],
  ...[
    "\r\nEPSV\r\nLIST -la\r\n",
    "ABOR\r\n",
    "\xff\xf4\xff\xf2ABOR\r\n",
    "TYPE I\r\n",
    "MKD d\r\n",
  ],
  ...["\r\n", "\r\n", "\r\n", "\n", "\r", "\0", " ", " ", " ", "/", "..", "\\", '"', "*", "?"],
  ...[
    "a.txt",
    "d",
    "b",
    ".b.ftplab-part",
    "I",
    "A N",
    "1",
    "99999999",
    "-la",
    "ALL",
    "20240102030405",
  ],
  ...["127,0,0,1,200,10", "|1|127.0.0.1|5000|", "CHMOD 644 ", "MLST size;", "UTF8 ON", "HELP"],
  ...["\xff", "\xff\xff", "\xfb\x01", "\xc3\xa9", "\xe9", "\xf0\x9f\x90\x9f", "x".repeat(9_000)],
];

const FAILURES: readonly Failure[] = ["reset", "stalled", "noConnection", "noSpace", "io"];
const OPERATIONS = "stat enter openRead openUpload openListing read commitUpload rename connectData"
  .split(
    " ",
  );

/** A number from 0 to `below` - 1. */
type Random = (below: number) => number;

/** A course that writes down which moves were made. */
class RecordingCourse extends Course {
  constructor(readonly made: Set<string>) {
    super();
  }

  override become(next: State): void {
    this.made.add(`${this.state} -> ${next}`);
    super.become(next);
  }
}

/** FTP whose sessions write down which moves they made. */
function recording(made: Set<string>): Protocol {
  return {
    ...ftp,
    createSession: (settings, peer, now, can) =>
      new FtpSession(settings.ftp, peer, now, can, new RecordingCourse(made)),
  };
}

/** Marsaglia's xorshift, 32 bits: a number from 0 to `below` - 1. */
function generator(seed: number): Random {
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

function randomInput(random: Random): Uint8Array {
  let text = "";
  for (let count = random(12); count >= 0; count--) text += FRAGMENTS[random(FRAGMENTS.length)];
  const octets = octetsOf(text);
  // Some octets of some inputs are anything.
  if (random(4) === 0) {
    for (let count = random(5); count >= 0; count--) octets[random(octets.length)] = random(256);
  }
  return octets;
}

/** The octets come, cut as `chunking` says, for as long as the session wants them. */
function input(driver: DrivenSession, octets: Uint8Array, chunking: Chunking, below: Random): void {
  let at = 0;
  while (at < octets.length && driver.session.wantsInput) {
    const step = chunking === "whole" ? octets.length : chunking === "byte by byte" ? 1 : below(40);
    driver.input(octets.subarray(at, at + step));
    at += step;
  }
}

/** One event of those that may happen now. */
function turn(driver: DrivenSession, random: Random, chunking: Chunking): void {
  switch (random(16)) {
    case 0:
      return driver.pass(random(2_000));
    case 1:
      driver.store.slow = random(2) === 0;
      driver.wire.slowToConnect = random(2) === 0;
      driver.wire.slowToClose = random(2) === 0;
      // It stops reading replies.
      if (random(3) === 0 && !driver.wire.congested) driver.wire.room = random(100);
      driver.admission.next = { allowed: random(20) > 0, delayMs: random(1_000) };
      return driver.failNext(OPERATIONS[random(OPERATIONS.length)]!, "denied");
    case 2:
      driver.take(random(20_000));
      if (random(20) === 0) driver.hangUp();
      return;
    case 3:
      if (random(20) === 0) driver.stop();
      return;
    case 4:
    case 5:
      driver.release();
      if (driver.closing) return driver.endClosing();
      if (driver.connecting !== undefined) {
        return driver.endConnecting(random(3) === 0 ? "noConnection" : undefined);
      }
      return finish(driver, random);
    default:
      input(driver, randomInput(random), chunking, random);
  }
}

function finish(driver: DrivenSession, random: Random): void {
  const { transfer } = driver;
  if (transfer === undefined) return;
  if (random(3) === 0) {
    const failure = FAILURES[random(FAILURES.length)]!;
    driver.breakTransfer(failure);
  } else if (transfer.direction === "receive") {
    driver.upload(octetsOf("one\r\ntwo\n".repeat(random(4))), 1 + random(7));
  } else if (random(2) === 0) {
    driver.download(1 + random(40));
  } else {
    driver.download();
  }
}

/** Reads what was said to its end, and says how many replies there were. */
function repliesIn(said: Uint8Array): number {
  const lines = new LineReader(SAID_BYTES_MAX);
  const replies = new ReplyReader(REPLY_LINES_MAX);
  let count = 0;
  let at = 0;
  for (let next = lines.read(said, 0); next !== -1; next = lines.read(said, next)) {
    assert(said[next - 2] === 0x0d, "a line of a reply ends with CR LF");
    assert(!lines.tooLong, "a line of a reply has an end");
    const text = decodeOctets(lines.line);
    const reply = replies.read(text);
    assert(reply !== "malformed", `no reply: ${JSON.stringify(text)}`);
    if (reply !== undefined) count++;
    at = next;
  }
  assert(at === said.length && !replies.unfinished, "replies are said whole");
  return count;
}

/** Runs the random client of this seed, and says how many replies and transfers there were. */
function run(seed: number, chunking: Chunking, made: Set<string>): [number, number] {
  const random = generator(seed * 2_654_435_761);
  const driver = new DrivenSession({ protocol: recording(made) });
  driver.tree.put("/a.txt", octetsOf("one\ntwo\n"));
  driver.tree.put("/\udce9", octetsOf("x"));
  if (seed % 4 > 0) driver.login();
  for (let count = 0; count < TURNS && !driver.closed; count++) turn(driver, random, chunking);
  const transfers = driver.effects.filter((effect) => effect === "startTransfer").length;
  // Whatever was going on, a client that leaves is let go.
  driver.store.slow = driver.wire.slowToConnect = driver.wire.slowToClose = false;
  if (!driver.closed) driver.hangUp();
  for (let count = 0; count < 100 && !driver.closed; count++) {
    driver.take(1e9);
    driver.release();
    if (driver.closing) driver.endClosing();
    if (driver.connecting !== undefined) driver.endConnecting("noConnection");
    if (driver.transfer?.direction === "send") driver.download();
    else if (driver.transfer !== undefined) driver.upload(octetsOf(""));
    driver.pass(1_000);
  }
  assert(driver.closed, "the session comes to an end");
  assert(!driver.store.isOpen, "the file slot is empty in the end");
  driver.admission.assertEmpty();
  return [repliesIn(driver.said), transfers];
}

Deno.test("FtpSession: random input gives replies, no exception, and every legal move", () => {
  const made = new Set<string>();
  for (const chunking of CHUNKINGS) {
    let replies = 0;
    let transfers = 0;
    for (let seed = 1; seed <= SESSIONS; seed++) {
      try {
        const [said, moved] = run(seed, chunking, made);
        replies += said;
        transfers += moved;
      } catch (error) {
        throw new Error(`Seed ${seed}, ${chunking}`, { cause: error });
      }
    }
    // Without these the test would say nothing.
    assert(replies > 30 * SESSIONS, `${replies} replies, ${chunking}`);
    assert(transfers > SESSIONS / 2, `${transfers} transfers, ${chunking}`);
  }
  const legal = Object.entries(MOVES)
    .flatMap(([from, targets]) => targets.map((to) => `${from} -> ${to}`));
  assertEquals([...made].sort(), legal.sort());
});
