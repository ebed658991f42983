/**
 * One session on the models' real driver, over a tree in memory and a wire of arrays: the test is
 * the client, the operator and the clock. Transcripts and the sessions' unit tests use it; it needs
 * no permission, and checks on the way what sessions, drivers and wires owe each other.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { Driver } from "../../models/driver/mod.ts";
import { PassivePool } from "../../models/driver/passive.ts";
import { Replies } from "../../models/driver/replies.ts";
import type { StartTransfer } from "../../models/driver/transfer.ts";
import { VolumeStore } from "../../models/files/slot.ts";
import {
  type Address,
  type Completion,
  concatenate,
  decodeOctets,
  type Failure,
  type FileOperation,
  type Peer,
  type Protocol,
  type Settings,
  type StoreAbilities,
} from "../../server/mod.ts";
import { ftp } from "../../server/ftp/mod.ts";
import { TestAdmission, TestLink } from "./link.ts";
import { PASSWORDS, PEER, SETTINGS } from "./settings.ts";
import { ON_PURPOSE, StagedStore } from "./store.ts";
import { Tree } from "./tree.ts";
import { WatchedSession } from "./watched_session.ts";
import { ArrayPassive, ArrayWire } from "./wire.ts";

/** 2024-06-01 UTC: half a year after the tree was made has not passed. */
const START_MS = Date.UTC(2024, 5, 1);

/** Ports to lend. */
const PORTS: readonly [number, number] = [20_001, 20_008];

/** Turns that one input may take: more is a loop. */
const TURNS_MAX = 1_000_000;

/** What a client's end takes or gives in one call. */
const STEP_BYTES = 65_536;

/** Sockets to lend, unless the store says that this loan is to fail. */
class StagedPool extends PassivePool<ArrayPassive> {
  constructor(readonly store: StagedStore) {
    super(PORTS, 1, () => 0, (port) => new ArrayPassive(port));
  }

  override lend(host: string): ArrayPassive | undefined {
    return this.store.takeFailure("openPassive") === undefined ? super.lend(host) : undefined;
  }
}

/** How a session is driven; what is not said is as usual. */
export interface DrivenPlan {
  readonly protocol?: Protocol;
  readonly settings?: Settings;
  readonly peer?: Peer;
  readonly can?: StoreAbilities;
  /** The served tree; one for several connections. */
  readonly tree?: Tree;
  /** The gate; one for several connections. */
  readonly admission?: TestAdmission;
}

/** One connection and everything around it. */
export class DrivenSession {
  readonly tree: Tree;
  readonly store: StagedStore;
  readonly wire = new ArrayWire(() => this.now);
  readonly link: TestLink;
  readonly admission: TestAdmission;
  readonly driver: Driver<ArrayPassive>;
  now = START_MS;
  /** Turns wait for `nextTurn`, as where others have theirs. */
  holdsTurns = false;
  /** Turns that were gone on with after others had theirs. */
  turns = 0;
  readonly #watched: WatchedSession;
  /** What came and is not wanted yet: the kernel keeps it. */
  #unread: Uint8Array = new Uint8Array(0);
  #hungUp = false;
  #over = false;

  constructor(plan: DrivenPlan = {}) {
    const { protocol = ftp, settings = SETTINGS, peer = PEER, tree, can } = plan;
    this.tree = tree ?? new Tree();
    this.admission = plan.admission ?? new TestAdmission();
    this.store = new StagedStore(new VolumeStore(this.tree.volume), can);
    this.link = new TestLink(settings);
    const { host } = peer.remote;
    assertEquals(this.admission.admit(host), undefined);
    let watched: WatchedSession | undefined;
    const watchedProtocol: Protocol = {
      ...protocol,
      createSession: (...args) => watched = new WatchedSession(protocol.createSession(...args)),
    };
    this.driver = new Driver(
      {
        link: this.link,
        store: this.store,
        passive: new StagedPool(this.store),
        admission: this.admission,
        protocol: watchedProtocol,
        replies: new Replies(this.link.counters),
      },
      this.wire,
      peer,
      this.now,
    );
    this.#watched = watched!;
    this.wire.driver = this.driver;
    this.driver.begin(this.now);
    this.#settle();
  }

  // --- what is to be seen ---

  /** The session, watched. */
  get session(): WatchedSession {
    return this.#watched;
  }

  /** The control connection is closed. */
  get closed(): boolean {
    return this.wire.closed;
  }

  /** Every effect but send, by kind, file operations by name. */
  get effects(): string[] {
    return this.#watched.effects;
  }

  /** The transfer that was started. */
  get transfer(): StartTransfer | undefined {
    return this.driver.transfer?.effect;
  }

  /** Where a data connection is being made to. */
  get connecting(): Address | undefined {
    const { transfer } = this.driver;
    return transfer?.act === "connect" ? transfer.route as Address : undefined;
  }

  /** The passive slot holds a socket. */
  get passive(): boolean {
    return this.driver.passive.socket !== undefined;
  }

  /** What was said and not taken yet. */
  get said(): Uint8Array {
    return concatenate(this.wire.sent);
  }

  set said(octets: Uint8Array) {
    this.wire.sent = octets.length === 0 ? [] : [octets];
  }

  /** Takes what was said. */
  takeSaid(): string {
    const { said } = this;
    this.wire.sent = [];
    return decodeOctets(said);
  }

  /** The same, one entry for each piece that was sent, one character for each octet. */
  heard(): string[] {
    return this.wire.sent.splice(0).map(latin1);
  }

  /** Every file operation, by name. */
  get operations(): string[] {
    return this.store.operations.map((operation) => operation.do);
  }

  /** Carries an operation out on the session's file slot, past the session. */
  perform(operation: FileOperation): Completion {
    let completion: Completion | undefined;
    this.driver.slot.perform(operation, (answer) => completion = answer);
    assert(completion !== undefined, "the store is slow");
    return completion;
  }

  // --- the client ---

  /** Octets come, or text. */
  input(given: Uint8Array | string): void {
    const octets = typeof given === "string" ? new TextEncoder().encode(given) : given;
    this.#unread = concatenate([this.#unread, octets]);
    this.#settle();
  }

  /** The same, octet by octet. */
  inputSlowly(given: Uint8Array | string): void {
    const octets = typeof given === "string" ? new TextEncoder().encode(given) : given;
    for (const octet of octets) this.input(Uint8Array.of(octet));
  }

  /** The client sends lines, and what is then said is given back. */
  say(...lines: string[]): string {
    this.input(lines.map((line) => `${line}\r\n`).join(""));
    return this.takeSaid();
  }

  /** Logs in with all rights, or as another user. */
  login(name = "writer"): void {
    this.takeSaid();
    assertEquals(this.say(`USER ${name}`).slice(0, 3), "331");
    assertEquals(this.say(`PASS ${PASSWORDS[name]}`).slice(0, 3), "230");
  }

  /** The client's side ends. */
  hangUp(): void {
    this.#hungUp = true;
    this.wire.alive = false;
    this.#settle();
  }

  /** Makes the data connection and takes all that comes, `step` octets a call. */
  download(step = STEP_BYTES): Uint8Array {
    this.#running("send");
    const whole = this.wire.takeData(step);
    this.#settle();
    return whole;
  }

  /** Makes the data connection, sends the octets, `step` at a time, and closes it. */
  upload(octets: Uint8Array, step = STEP_BYTES): void {
    this.receive(octets, step);
    this.wire.endData();
    this.#settle();
  }

  /** Makes the data connection and sends the octets, with more to come. */
  receive(octets: Uint8Array, step = STEP_BYTES): void {
    this.#running("receive");
    this.wire.giveData(octets, step);
    this.#settle();
  }

  /** The transfer that is under way fails so. */
  breakTransfer(failure: Failure): void {
    assert(this.driver.transfer !== undefined, "no transfer is under way");
    this.driver.transfer.fail(failure, ON_PURPOSE);
    this.wire.pursue();
    this.#settle();
  }

  /** The data connection to PORT's address is made, or fails so. */
  endConnecting(failure?: Failure): void {
    assert(this.connecting !== undefined, "nothing is being connected");
    this.wire.answer(failure);
    this.#settle();
  }

  /** The data connection is being closed. */
  get closing(): boolean {
    return this.driver.transfer?.act === "close";
  }

  /** It is closed. */
  endClosing(): void {
    assert(this.closing, "nothing is being closed");
    this.wire.finishClose();
    this.#settle();
  }

  /** Reads `octets` of the replies, so that there is room for others. */
  take(octets: number): void {
    this.wire.take(octets);
    this.#settle();
  }

  // --- the operator, the clock, the disk ---

  /** The operator answers the oldest question. */
  reply(text: string | undefined): void {
    this.link.reply(text, this.now);
    this.#settle();
  }

  /** The server is told to stop. */
  stop(): void {
    this.driver.stop(this.now);
    this.#settle();
  }

  /** Time passes, and the driver is told whenever its deadline comes. */
  pass(ms: number): void {
    const end = this.now + ms;
    for (let { deadline } = this.driver; deadline <= end;) {
      this.now = Math.max(this.now, deadline);
      this.driver.expire(this.now);
      this.#settle();
      ({ deadline } = this.driver);
      assert(deadline > this.now, "a deadline that came is not asked for again");
    }
    this.now = end;
  }

  /** The wire, or the server, does something to the driver. */
  act(run: (driver: Driver<ArrayPassive>) => void): void {
    run(this.driver);
    this.#settle();
  }

  /** The next operation, or other effect, of this name will fail. */
  failNext(what: string, failure: Failure): void {
    if (what === "connectData") this.wire.refusal = failure;
    else if (what === "startTransfer") this.wire.trouble = failure;
    else this.store.failNext(what, failure);
  }

  /** Gives the oldest answer that the store keeps back, if there is one. */
  release(): void {
    this.store.release();
    if (!this.closed) this.wire.pursue();
    this.#settle();
  }

  /** Goes on where the last turn stopped; false: there was nothing more. */
  nextTurn(): boolean {
    const { resumes } = this.wire;
    if (resumes) this.#resume();
    this.#settle();
    return resumes;
  }

  #resume(): void {
    this.wire.resumes = false;
    this.turns++;
    this.driver.resume(this.now);
  }

  /** Goes on until there is nothing to do before something happens. */
  #settle(): void {
    for (let turns = 0;; turns++) {
      assert(turns < TURNS_MAX, "the turns never end");
      if (this.wire.resumes && !this.holdsTurns) this.#resume();
      else if (!this.#feed()) break;
    }
    this.link.assertSound();
    if (!this.closed || this.#over) return;
    this.#over = true;
    this.driver.ended();
    assertEquals([this.driver.deadline, this.driver.wantsInput], [Infinity, false]);
    assertEquals([this.passive, this.store.isOpen, this.transfer], [false, false, undefined]);
  }

  /** Hands on what came; false: nothing came, or it is not wanted. */
  #feed(): boolean {
    if (!this.driver.wantsInput) return false;
    if (this.#unread.length > 0) {
      const octets = this.#unread;
      this.#unread = new Uint8Array(0);
      this.driver.input(octets, this.now);
      return true;
    }
    if (!this.#hungUp) return false;
    this.#hungUp = false;
    this.driver.end(this.now);
    return true;
  }

  #running(direction: "send" | "receive"): void {
    assert(
      this.transfer?.direction === direction,
      `no transfer to ${direction} is under way`,
    );
  }
}

/** One character for each octet. */
export function latin1(octets: Uint8Array): string {
  return Array.from(octets, (octet) => String.fromCharCode(octet)).join("");
}
