/**
 * mini, the three-field FTP, byte for byte as programs in other languages speak it: a session that
 * models drive through the contract of server/session.ts. It speaks only when it is asked.
 *
 * # How it works
 *
 *     phase      what comes next                          what ends it
 *     message    a message (message.ts)              it is whole, or no message
 *     sending    pulls: YES|SIZE was sent                 the last octet was sent; another message
 *     finished   pulls that came too late, or a message   a message
 *     receiving  the octets of a put: OK was sent         SIZE octets
 *     skipping   the rest of what is no message           NUMBER_WAIT_MS without any; the answer
 *
 * One file operation is under way at a time; meanwhile the session wants no input, and what has
 * come already waits in `#input`, bounded by one read of the model. A get is refused with NO|0, a
 * put and everything else with ERR|reason. After a refused or failed put the connection is
 * closed, because what follows could be its payload; when it is the message that is wrong, what
 * comes with it is skipped and the connection stays.
 *
 * Everybody is anonymous here: the setting `anonymous` says whether there is get, and put.
 *
 * # Which message ends where
 *
 * See message.ts. Between YES and the next message the only text expected is the get's own,
 * known octet by octet; what differs from it anywhere begins a new message at its first octet,
 * and a get not sent to its end is given up.
 *
 * After the last octet the same text is a pull that came too late, or a new get of the same name:
 * pulls.ts has the rules that tell them apart.
 *
 * @module
 */

import type { Completion, Effect, Failure, FileOperation, Moving } from "../effects.ts";
import { concatenate } from "../octets.ts";
import { childPath, isPartialName, partialPath } from "../paths.ts";
import type { Peer, Protocol, Session } from "../session.ts";
import type { MiniSettings, Settings } from "../settings.ts";
import { unreachable } from "../unreachable.ts";
import { type Ask, expected, putRefusal } from "./answers.ts";
import type { Message, MiniCommand } from "./message.ts";
import { MESSAGE_WAIT_MS, NUMBER_WAIT_MS, readMessage, startsAlike } from "./message.ts";
import { Progress } from "./progress.ts";
import { BLOCK_BYTES, Get, type Habit, PULL_WAIT_MS } from "./pulls.ts";

/** How much that is no message is read to find its end; a flood of it closes the connection. */
const SKIPPED_BYTES_MAX = 65_536;

const NOTHING = new Uint8Array(0);
const encoder = new TextEncoder();

type Phase =
  | { readonly kind: "message" }
  | { readonly kind: "sending"; readonly get: Get }
  | { readonly kind: "finished"; readonly get: Get }
  | { readonly kind: "receiving"; left: number }
  | { readonly kind: "skipping"; readonly answer: string; skipped: number };

class MiniSession implements Session {
  readonly #settings: MiniSettings;
  readonly #effects: Effect[] = [];
  readonly #progress = new Progress((effect) => this.#effects.push(effect));
  /** What came and is not used yet. */
  #input: Uint8Array = NOTHING;
  #phase: Phase = { kind: "message" };
  /** What has come does not bring the phase any further. */
  #needsMore = false;
  /** The message in `#input`, whose number may go on. */
  #openMessage: Message | undefined;
  #ask: Ask | undefined;
  #lastId = 0;
  #heardAt: number;
  #habit: Habit | undefined;
  #ended = false;
  #stopping = false;
  #closed = false;

  constructor(settings: MiniSettings, now: number) {
    this.#settings = settings;
    this.#heardAt = now;
  }

  get wantsInput(): boolean {
    const isDry = this.#needsMore || this.#input.length === 0;
    return !this.#closed && !this.#ended && this.#ask === undefined && isDry;
  }

  get moving(): Moving | undefined {
    return this.#progress.moving;
  }

  get #busy(): boolean {
    const { kind } = this.#phase;
    return !this.#closed && (this.#ask !== undefined || kind === "sending" || kind === "receiving");
  }

  handleInput(octets: Uint8Array, now: number): void {
    if (this.#closed) return;
    if (this.#phase.kind === "finished" && this.#isQuiet(now)) this.#phase = { kind: "message" };
    this.#heardAt = now;
    this.#openMessage = undefined;
    this.#input = concatenate([this.#input, octets]);
    this.#needsMore = false;
  }

  handleEnd(): void {
    if (this.#closed) return;
    this.#ended = true;
    this.#needsMore = false;
  }

  handleCompletion(id: number, completion: Completion, now: number): void {
    if (this.#closed) return;
    const ask = this.#ask;
    if (ask?.id !== id) throw new Error(`No file operation with the id ${id} is under way`);
    this.#ask = undefined;
    this.#heardAt = now;
    if (completion.kind === "failed") ask.failed(completion);
    else ask.then(completion);
    this.#needsMore = false;
  }

  handleTimeout(now: number): void {
    if (now < this.pollDeadline()) return;
    const phase = this.#phase;
    this.#heardAt = now;
    if (phase.kind === "skipping") {
      this.#say(phase.answer);
      this.#phase = { kind: "message" };
    } else if (this.#openMessage !== undefined) {
      this.#begin(this.#openMessage);
    } else if (this.#waitsForRest()) {
      this.#say("ERR|Message has no end");
      this.#input = NOTHING;
      this.#phase = { kind: "message" };
    } else if (phase.kind === "finished" && phase.get.doubtful) {
      const habit = phase.get.judge();
      if (habit !== undefined) this.#repeat(phase.get, habit);
    } else {
      this.#refuse("nothing came for too long");
    }
    this.#needsMore = false;
  }

  handleStop(): void {
    this.#stopping = true;
  }

  pollEffect(): Effect | undefined {
    while (this.#effects.length === 0 && this.#advance());
    return this.#effects.shift();
  }

  pollDeadline(): number {
    if (this.#closed || this.#ask !== undefined) return Infinity;
    return this.#heardAt + this.#patience();
  }

  /** How long the client may say nothing now, milliseconds. */
  #patience(): number {
    const phase = this.#phase;
    if (phase.kind === "skipping" || this.#openMessage !== undefined) return NUMBER_WAIT_MS;
    if (this.#waitsForRest()) return MESSAGE_WAIT_MS;
    if (phase.kind === "finished" && phase.get.doubtful) return PULL_WAIT_MS;
    if (phase.kind === "sending" || phase.kind === "receiving") {
      return this.#settings.stallTimeoutMs;
    }
    return this.#settings.idleTimeoutMs;
  }

  /** Whether a part of a message has come. */
  #waitsForRest(): boolean {
    const { kind } = this.#phase;
    return this.#needsMore && this.#input.length > 0 && (kind === "message" || kind === "finished");
  }

  #isQuiet(now: number): boolean {
    return this.#input.length === 0 && now >= this.#heardAt + PULL_WAIT_MS;
  }

  /** Does one thing more, if there is one that can be done without another input. */
  #advance(): boolean {
    if (this.#closed || this.#ask !== undefined) return false;
    if (this.#input.length > 0 && !this.#needsMore) {
      this.#needsMore = !this.#step();
      return true;
    }
    if (this.#stopping && !this.#busy) {
      this.#close("the server stops");
      return true;
    }
    if (!this.#ended) return false;
    if (this.#phase.kind === "skipping") this.#say(this.#phase.answer);
    this.#close("the client has gone");
    return true;
  }

  /** false when the input does not bring the phase any further. */
  #step(): boolean {
    const phase = this.#phase;
    switch (phase.kind) {
      case "message":
        return this.#readMessage();
      case "sending":
      case "finished":
        return this.#readPull(phase.get);
      case "receiving":
        this.#receive(phase);
        return true;
      case "skipping":
        phase.skipped += this.#input.length;
        this.#input = NOTHING;
        if (phase.skipped <= SKIPPED_BYTES_MAX) return false;
        this.#say(phase.answer);
        this.#refuse("too much that is no message");
        return false;
      default:
        return unreachable(phase);
    }
  }

  #readMessage(): boolean {
    const reading = readMessage(this.#input);
    if (reading.kind === "partial") return false;
    if (reading.kind === "bad") {
      this.#skip(reading.command, reading.reason);
      return true;
    }
    if (reading.open && !this.#ended) {
      this.#openMessage = reading.message;
      return false;
    }
    this.#begin(reading.message);
    return true;
  }

  #begin(message: Message): void {
    this.#openMessage = undefined;
    this.#input = this.#input.subarray(message.octets.length);
    this.#phase = { kind: "message" };
    if (message.command === "get") this.#beginGet(message);
    else this.#beginPut(message);
  }

  #skip(command: MiniCommand | undefined, reason: string): void {
    const answer = command === "get" ? "NO|0" : `ERR|${reason}`;
    this.#phase = { kind: "skipping", answer, skipped: 0 };
  }

  // --- get ---

  #beginGet(message: Message): void {
    const { anonymous, downloadPath } = this.#settings;
    if (message.name === undefined || anonymous === undefined) return this.#say("NO|0");
    const path = childPath(downloadPath, message.name);
    this.#perform({ do: "openRead", path, offset: 0 }, (opened) => {
      const { size } = expected(opened, "opened").stat;
      this.#progress.begin("send", path, this.#heardAt);
      if (size === 0) this.#progress.end(); // there is nothing to be pulled
      this.#say(`YES|${size}`);
      this.#phase = { kind: "sending", get: new Get(message, size) };
    }, () => this.#say("NO|0"));
  }

  #readPull(get: Get): boolean {
    const { octets } = get.message;
    if (!startsAlike(this.#input, octets)) {
      if (this.#phase.kind === "sending") this.#closeFile();
      this.#progress.end("another message came");
      if (!get.pulled) this.#habit = undefined;
      this.#phase = { kind: "message" };
      return true;
    }
    if (this.#input.length < octets.length) return false;
    this.#input = this.#input.subarray(octets.length);
    if (get.isNewGet(this.#habit)) this.#repeat(get);
    else if (this.#phase.kind === "finished") return true;
    else if (get.left > 0) this.#sendBlock(get);
    else this.#finish(get);
    return true;
  }

  #sendBlock(get: Get): void {
    const length = Math.min(BLOCK_BYTES, get.left);
    this.#perform({ do: "read", length }, (answer) => {
      const { octets } = expected(answer, "octets");
      // The file has become shorter than its YES said: only the end of the connection tells.
      if (octets.length === 0) return this.#close("the file became shorter while it was read");
      this.#effects.push({ kind: "send", octets });
      this.#progress.add(octets.length);
      get.left -= octets.length;
      if (get.left === 0) this.#finish(get);
    }, ({ detail }) => this.#close(detail));
  }

  #finish(get: Get): void {
    get.finish();
    this.#progress.end();
    this.#phase = { kind: "finished", get };
    this.#closeFile();
  }

  #closeFile(): void {
    this.#perform({ do: "closeFile" }, () => {}, () => {});
  }

  /** What looked like a pull was a new get. */
  #repeat(get: Get, habit = this.#habit): void {
    this.#habit = habit;
    this.#phase = { kind: "message" };
    this.#beginGet(get.message);
  }

  // --- put ---

  #beginPut({ name, size }: Message): void {
    const { anonymous, uploadPath } = this.#settings;
    if (name === undefined || isPartialName(name)) return this.#fail("badName");
    if (anonymous !== "write") return this.#fail("denied");
    const path = childPath(uploadPath, name);
    this.#perform({
      do: "openUpload",
      path,
      partial: partialPath(path),
      start: { at: "replace" },
      keepPartial: false,
      expected: size,
    }, () => {
      this.#progress.begin("receive", path, this.#heardAt);
      if (size === 0) return this.#commit("OK");
      this.#say("OK");
      this.#phase = { kind: "receiving", left: size };
    });
  }

  #receive(phase: { left: number }): void {
    const octets = this.#input.subarray(0, phase.left);
    this.#input = this.#input.subarray(octets.length);
    this.#progress.add(octets.length);
    this.#perform({ do: "write", octets }, () => {
      phase.left -= octets.length;
      if (phase.left > 0) return;
      this.#phase = { kind: "message" };
      this.#commit();
    });
  }

  /** Gives the file that was put its name, then says `answer`. */
  #commit(answer?: string): void {
    this.#perform({ do: "commitUpload" }, () => {
      this.#progress.end();
      if (answer !== undefined) this.#say(answer);
    });
  }

  #fail(failure: Failure, detail = ""): void {
    this.#say(putRefusal(failure));
    this.#close(detail);
  }

  // --- effects ---

  #perform(
    operation: FileOperation,
    then: (completion: Completion) => void,
    failed: Ask["failed"] = ({ failure, detail }) => this.#fail(failure, detail),
  ): void {
    const id = ++this.#lastId;
    this.#ask = { id, then, failed };
    this.#effects.push({ kind: "file", id, operation });
  }

  #say(text: string): void {
    this.#effects.push({ kind: "send", octets: encoder.encode(text) });
  }

  /** Closes by a rule, which the operator hears. */
  #refuse(reason: string): void {
    this.#effects.push({ kind: "refused", reason });
    this.#close(reason);
  }

  /** The last effect; `reason` is why a get or put ends that is under way. */
  #close(reason: string): void {
    if (this.#closed) return;
    this.#progress.end(reason);
    this.#closed = true;
    this.#ask = undefined;
    this.#input = NOTHING;
    this.#effects.push({ kind: "close" });
  }
}

/** The three-field FTP; port 8000. */
export const mini: Protocol = {
  telnet: false,
  createSession: ({ mini }: Settings, _peer: Peer, now: number) => new MiniSession(mini, now),
  refusal: (reason: string) => encoder.encode(`ERR|${reason}`),
};
