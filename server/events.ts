/**
 * What a server's operator may want to know, as structured values: who logged in, what was moved,
 * what was refused and why something failed. Drivers, workers and supervisors make them, partly of
 * what a session's effects say; a log line, a page or a test is one way to show them. They hold
 * what clients sent as it came, cut where it is too long to be read (models/pool/link.ts): whoever
 * shows them escapes it. Passwords never stand in them.
 *
 * @module
 */

import type { Access } from "./accounts.ts";
import type { Effect, Failure, FileOperation } from "./effects.ts";

/** One thing that happened. */
export type ServerEvent =
  /** A user is let in. */
  | (Origin & { readonly kind: "login"; readonly user: string; readonly access: Access })
  /** Name and password do not go together, or too many have not before. */
  | (Origin & { readonly kind: "loginFailed"; readonly user: string; readonly reason: string })
  /** A connection is turned away or closed by the server's rules; without a session: at accept. */
  | {
    readonly kind: "refused";
    readonly session?: number;
    readonly host: string;
    readonly reason: string;
  }
  /** A transfer has ended: a data connection or, in mini, a file over the only connection. */
  | (Origin & {
    readonly kind: "transfer";
    readonly user: string;
    /** "send" is a download, "receive" an upload. */
    readonly direction: "send" | "receive";
    /** The virtual path of the file or folder. */
    readonly path: string;
    /** Octets that went over the connection. */
    readonly octets: number;
    /** From its begin to its end. */
    readonly seconds: number;
    readonly outcome: "complete" | "failed";
    /** Of a failure, in the system's words. */
    readonly reason?: string;
  })
  /** An operation that the system refused, but for what a client meets that only looks. */
  | (Origin & {
    readonly kind: "failure";
    /** What was asked for. */
    readonly operation: FailedOperation;
    /** The virtual path that it was about. */
    readonly path?: string;
    /** What it came to. */
    readonly failure: Failure;
    /** The system's words. */
    readonly reason: string;
  })
  /** Something about the server itself: it cannot accept, all workers are busy, a bug. */
  | { readonly kind: "warning"; readonly text: string };

/** Operations whose failures the operator hears of; those of a transfer are told with it. */
export type FailedOperation =
  | FileOperation["do"]
  | Extract<Effect["kind"], "openPassive" | "connectData">;

/** The connection that an event is about. */
export interface Origin {
  /** The session's number, as Peer.number. */
  readonly session: number;
  /** The client's numeric address. */
  readonly host: string;
}
