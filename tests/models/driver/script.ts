/**
 * A driver between a session that follows a script and a wire that notes what it is asked to do:
 * for tests of the driver's own contract.
 *
 * @module
 */

import { Driver, type Wire } from "../../../models/driver/mod.ts";
import { Replies } from "../../../models/driver/replies.ts";
import { PassivePool } from "../../../models/driver/passive.ts";
import { MemoryVolume } from "../../../models/files/memory.ts";
import { VolumeStore } from "../../../models/files/slot.ts";
import { BULK_BYTES } from "../../../models/limits.ts";
import {
  type Completion,
  DEFAULT_SETTINGS,
  type Effect,
  type Protocol,
  type Session,
} from "../../../server/mod.ts";
import { TestAdmission, TestLink } from "../../driven/link.ts";
import { StagedStore } from "../../driven/store.ts";
import { ArrayPassive } from "../../driven/wire.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Something to be sent. */
export function send(text: string): Effect {
  return { kind: "send", octets: encoder.encode(text) };
}

/** What a script does with one input; its effects are polled in this order. */
export type Reaction = (input: string, completion?: Completion) => readonly Effect[];

/** Where the clock of every script stands at first. */
const START_MS = 1_000;

const PEER = {
  local: { family: 4, host: "192.0.2.9", port: 21 },
  remote: { family: 4, host: "192.0.2.1", port: 50_000 },
  number: 1,
} as const;

/** A session that reacts by a script and notes its inputs. */
export class ScriptedSession implements Session {
  readonly wantsInput = true;
  /** When it wants to hear of the time. */
  deadline = Infinity;
  readonly #effects: Effect[] = [];

  constructor(readonly log: string[], readonly react: Reaction) {}

  /** Effects without an input. */
  queue(...effects: Effect[]): void {
    this.#effects.push(...effects);
  }

  #handle(input: string, completion?: Completion): void {
    this.log.push(input);
    this.#effects.push(...this.react(input, completion));
  }

  handleInput(octets: Uint8Array): void {
    this.#handle(decoder.decode(octets));
  }
  handleEnd(): void {
    this.#handle("<end>");
  }
  handleCompletion(id: number, completion: Completion): void {
    this.#handle(`<${id} ${completion.kind}>`, completion);
  }
  handleTimeout(): void {
    this.#handle("<timeout>");
  }
  handleStop(): void {
    this.#handle("<stop>");
  }
  pollEffect(): Effect | undefined {
    return this.#effects.shift();
  }
  pollDeadline(): number {
    return this.deadline;
  }
}

/** A wire that notes what it is asked to do; a test carries the transfer's acts out. */
export class NotingWire implements Wire {
  congested = false;
  readonly takesFile = false;
  /** `again` was called so often. */
  turnsAsked = 0;
  onSend: (() => void) | undefined;
  driver!: Driver<ArrayPassive>;
  readonly #buffer = new Uint8Array(BULK_BYTES);

  constructor(readonly log: string[]) {}

  buffer(): Uint8Array<ArrayBuffer> {
    return this.#buffer;
  }
  send(octets: Uint8Array, length: number): void {
    this.log.push(`send ${decoder.decode(octets.subarray(0, length))}`);
    this.onSend?.();
  }
  pursue(): void {
    this.log.push("pursue");
  }
  again(): void {
    this.turnsAsked++;
  }
  close(): void {
    this.log.push("close");
    const { transfer } = this.driver;
    if (transfer?.act === "close") transfer.closed();
  }

  /** The data connection comes. */
  accept(): void {
    this.driver.transfer!.accepted(PEER.remote.host, START_MS);
    this.driver.advanced(START_MS);
  }

  /** The data connection is made. */
  connect(): void {
    this.driver.transfer!.madeConnection(START_MS);
    this.driver.advanced(START_MS);
  }

  /** `count` octets of the file go over it. */
  sendSome(count: number): void {
    const transfer = this.driver.transfer!;
    this.driver.slot.read(transfer.buffer, transfer);
    transfer.sent(count, START_MS);
    this.driver.advanced(START_MS);
  }

  /** The data connection is closed. */
  closeData(): void {
    this.driver.transfer!.closed();
    this.driver.advanced(START_MS);
  }
}

/** A link that writes into the log as well. */
class NotingLink extends TestLink {
  constructor(readonly log: string[]) {
    super(DEFAULT_SETTINGS);
  }

  override sessionCrashed(number: number, error: unknown): void {
    super.sessionCrashed(number, error);
    this.log.push(`crashed ${error instanceof Error ? error.message : error}`);
  }
  override print(text: string): void {
    super.print(text);
    this.log.push(`print ${text}`);
  }
  override ask(...args: Parameters<TestLink["ask"]>): number {
    this.log.push(`ask ${args[0]}`);
    return super.ask(...args);
  }
  override withdraw(ask: number): void {
    super.withdraw(ask);
    this.log.push(`withdraw ${ask}`);
  }
}

/** The driver, with the time said for each call. */
class Timed {
  now = START_MS;

  constructor(readonly driver: Driver<ArrayPassive>) {}

  begin(): void {
    this.driver.begin(this.now);
  }
  input(text: string): void {
    this.driver.input(encoder.encode(text), this.now);
  }
  end(): void {
    this.driver.end(this.now);
  }
  stop(): void {
    this.driver.stop(this.now);
  }
  resume(): void {
    this.driver.resume(this.now);
  }
  expire(now: number): void {
    this.driver.expire(now);
  }
}

/** A store with "/file" in it, "12345". */
function storeWithFile(): StagedStore {
  const volume = new MemoryVolume();
  const file = volume.open(volume.top(), "file", "create");
  if (typeof file === "number") throw new Error("Cannot make the file of the script");
  volume.write(file, encoder.encode("12345"));
  volume.closeFile(file);
  return new StagedStore(new VolumeStore(volume));
}

/** A connection whose session reacts by `react`, with what happens to it in the log. */
export function stage(react: Reaction) {
  const log: string[] = [];
  const session = new ScriptedSession(log, react);
  const wire = new NotingWire(log);
  const link = new NotingLink(log);
  const store = storeWithFile();
  const admission = new TestAdmission();
  const ports = { taken: false };
  const protocol: Protocol = {
    telnet: false,
    createSession: () => session,
    refusal: (reason) => encoder.encode(`no: ${reason}`),
  };
  const passive = new PassivePool(
    [5_000, 5_000],
    1,
    () => 0,
    (port) => ports.taken ? undefined : new ArrayPassive(port),
  );
  admission.admit(PEER.remote.host);
  const replies = new Replies(link.counters);
  const tools = { link, store, passive, admission, protocol, replies };
  const driver = new Driver(tools, wire, PEER, START_MS);
  wire.driver = driver;
  return { log, session, wire, link, store, admission, ports, driver: new Timed(driver) };
}
