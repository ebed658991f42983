/**
 * What a command may see and do of the session that runs it. Work (../work.ts) implements it;
 * commands know this interface, and not Work.
 *
 * @module
 */

import type { Access } from "../../accounts.ts";
import type {
  Address,
  Completion,
  Failure,
  FileOperation,
  LineConversion,
  StoreAbilities,
} from "../../effects.ts";
import type { Peer } from "../../session.ts";
import type { FtpSettings } from "../../settings.ts";
import type { FactName } from "../words/facts.ts";

/** The answer to an ask, by its kind. */
export type Answer<Kind extends Completion["kind"]> = Extract<Completion, { kind: Kind }>;

/** A transfer command under way, from the opening of its file to its last reply. */
export interface TransferCommand {
  /** What it moves, in the words of its 150 reply. */
  readonly subject: string;
  /** The virtual path of that. */
  readonly path: string;
  /** "send" is a download or a listing. */
  readonly direction: "send" | "receive";
  /** ABOR came; its 226 follows the last reply. */
  aborted: boolean;
  /** An upload whose client has ended without QUIT. */
  abandoned: boolean;
}

/** The session, as commands know it. */
export interface CommandContext {
  /** What the operator has set. */
  readonly settings: FtpSettings;
  /** The two ends of the control connection. */
  readonly peer: Peer;
  /** What the file store is able to do. */
  readonly can: StoreAbilities;
  /** The peer has closed its side: what it asked for is finished, but no transfer is begun. */
  readonly ended: boolean;
  /** The transfer command under way. */
  readonly transfer: TransferCommand | undefined;
  /** Octets are moved: 150 was said. */
  readonly isMoving: boolean;
  /** The transfer has a data connection, or waits for one. */
  readonly isConnected: boolean;

  /** The name given with USER. */
  user: string | undefined;
  /** The rights of the user who is logged in; undefined when nobody is. */
  readonly access: Access | undefined;
  /** Failed logins on this connection, whoever tried. */
  loginFailures: number;
  /** The current directory, a virtual path. */
  directory: string;
  /** TYPE; "A" at first (RFC 959 section 5.1). */
  type: "A" | "I";
  /** The offset given with REST for the next transfer. */
  restart: number;
  /** The octets announced with ALLO for the next upload. */
  expected: number | undefined;
  /** The path given with RNFR, until RNTO or another command that changes files. */
  renameFrom: string | undefined;
  /** Where the next data connection comes from or goes to. */
  route: "passive" | Address | undefined;
  /** EPSV ALL was given: no other way to a data connection is accepted (RFC 2428 section 4). */
  onlyExtendedPassive: boolean;
  /** The facts chosen with OPTS MLST. */
  facts: readonly FactName[];

  /** Sends octets that are, or hold, whole replies. */
  send(octets: Uint8Array): void;
  /** Sends a reply of one line. */
  reply(code: number, text: string): void;
  /** Sends the usual reply to a failure. */
  fail(failure: Failure): void;
  /** Asks for a file operation, which `kind` answers; `failed` replies unless told otherwise. */
  file<Kind extends Completion["kind"]>(
    operation: FileOperation,
    kind: Kind,
    then: (answer: Answer<Kind>) => void,
    failed?: (failure: Failure) => void,
  ): void;
  /** Asks for a passive port, which becomes the route. */
  openPassive(then: (port: number) => void): void;
  /** Forgets the route and gives the passive slot back. */
  dropRoute(): void;

  /** Begins a transfer by opening the file slot. */
  openTransfer(
    transfer: TransferCommand,
    operation: FileOperation,
    then: (opened: Answer<"opened">) => void,
    failed: (failure: Failure) => void,
  ): void;
  /** Connects to `address` for the transfer; it uses the route up. */
  connectData(address: Address, then: () => void, failed: (failure: Failure) => void): void;
  /** Moves the octets of the transfer; it uses the route up. */
  startTransfer(
    lines: LineConversion | undefined,
    then: () => void,
    failed: (failure: Failure) => void,
  ): void;
  /** Closes the transfer's connection; its own answer comes as for any other failure. */
  abortTransfer(): void;
  /** Ends the transfer by closing the file slot, with a commit or without. */
  closeTransfer(
    by: "commitUpload" | "closeFile",
    then: () => void,
    failed: (failure: Failure) => void,
  ): void;
  /** The transfer's last reply was said. */
  endTransfer(): void;
  /** Asks how many octets the running transfer has moved. */
  askProgress(then: (octets: number) => void): void;

  /** Asks whether the user named may try a password. */
  attemptLogin(then: (attempt: Answer<"attempt">) => void): void;
  /** The user named is let in. */
  logIn(access: Access): void;
  /** Nobody is logged in any more. */
  logOut(): void;
  /** Tells the operator why a login failed. */
  loginFailed(reason: string): void;
  /** Lets `then` reply after `delayMs`; commands wait meanwhile. */
  hold(delayMs: number, then: () => void): void;
  /** Says `reply`, tells the operator why, and closes. */
  refuse(reply: Uint8Array, reason: string): void;
  /** The last effect. */
  close(): void;
}
