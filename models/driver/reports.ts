/**
 * What one connection tells the operator: the driver's structured events, with whose they are, and
 * that one was turned away before it had a session.
 *
 * @module
 */

import type {
  Completion,
  Effect,
  FailedOperation,
  Failure,
  FileOperation,
  Moving,
  Origin,
  Peer,
} from "../../server/mod.ts";
import type { WorkerLink } from "../model.ts";
import type { DriverTools } from "./contract.ts";
import type { PassiveSocket } from "./passive.ts";
import type { Transfer } from "./transfer.ts";

/** Failures that a dialogue is made of when it only looks: no news. */
const USUAL: ReadonlySet<Failure> = new Set(["notFound", "notDirectory", "badOffset", "exists"]);

type Failed = Extract<Completion, { kind: "failed" }>;

/** Sends the events of one connection over `link`. */
export class Reports {
  readonly #origin: Origin;

  constructor(readonly link: Pick<WorkerLink, "event">, peer: Peer) {
    this.#origin = { session: peer.number, host: peer.remote.host };
  }

  /** A user is let in, or not. */
  login(effect: Extract<Effect, { kind: "loggedIn" | "loginFailed" }>): void {
    if (effect.kind === "loggedIn") {
      const { user, access } = effect;
      this.link.event({ ...this.#origin, kind: "login", user, access });
    } else {
      const { user, reason } = effect;
      this.link.event({ ...this.#origin, kind: "loginFailed", user, reason });
    }
  }

  /** The connection is closed by a rule. */
  refused(reason: string): void {
    this.link.event({ ...this.#origin, kind: "refused", reason });
  }

  /** No data connection can be made: there is no port to lend, or the peer's takes none. */
  noRoute(operation: "openPassive" | "connectData", failed: Failed): void {
    this.#failure(operation, undefined, failed);
  }

  /** The store refused an operation. */
  file(operation: FileOperation, failed: Failed): void {
    if (USUAL.has(failed.failure)) return;
    const path = "path" in operation
      ? operation.path
      : "from" in operation
      ? operation.from
      : undefined;
    this.#failure(operation.do, path, failed);
  }

  /** A transfer has ended; one that never started was only to be connected. */
  transfer({ effect, octets, startedAt, completion }: Transfer, now: number): void {
    if (completion === undefined) return;
    const failed = completion.kind === "failed";
    if (effect === undefined) {
      if (failed && completion.failure !== "aborted") this.noRoute("connectData", completion);
      return;
    }
    const { user, direction, path } = effect;
    const reason = failed ? { reason: completion.detail } : {};
    this.moved({ user, direction, path, octets, startedAt, ...reason }, now);
  }

  /** A file was moved, over whichever connection, or in part: `reason` says why. */
  moved(
    { user, direction, path, octets, startedAt, reason }: Moving & { readonly reason?: string },
    now: number,
  ): void {
    this.link.event({
      ...this.#origin,
      kind: "transfer",
      user,
      direction,
      path,
      octets,
      seconds: (now - startedAt) / 1e3,
      outcome: reason === undefined ? "complete" : "failed",
      ...(reason === undefined ? {} : { reason }),
    });
  }

  /** The connection is given up with what it moves, over a data connection or by itself. */
  abandoned(transfer: Transfer | undefined, moving: Moving | undefined, now: number): void {
    if (transfer !== undefined) this.transfer(transfer, now);
    if (moving !== undefined) this.moved({ ...moving, reason: "the connection was closed" }, now);
  }

  #failure(
    operation: FailedOperation,
    path: string | undefined,
    { failure, detail }: Failed,
  ): void {
    this.link.event({
      ...this.#origin,
      kind: "failure",
      operation,
      ...(path === undefined ? {} : { path }),
      failure,
      reason: detail,
    });
  }
}

/** Tells the operator that `host` is turned away; what the peer is to hear before the close. */
export function turnAway(
  { link, protocol }: DriverTools<PassiveSocket>,
  host: string,
  reason: string,
): Uint8Array<ArrayBuffer> {
  link.event({ kind: "refused", host, reason });
  return protocol.refusal(reason) as Uint8Array<ArrayBuffer>;
}
