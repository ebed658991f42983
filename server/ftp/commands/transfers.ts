/**
 * RETR, STOR, STOU, APPE, LIST, NLST, MLSD and ABOR (RFC 959 section 4.1.3, RFC 3659): everything
 * that moves octets over a data connection. The header of ../session.ts has the three phases.
 *
 * An upload lives under ".NAME.part" beside its name until it is complete, so a broken STOR
 * leaves an old file as it was, and what has come can be gone on with: by APPE, or by REST with
 * the size that SIZE tells, and STOR.
 *
 * @module
 */

import type { Completion, DirectoryEntry, Failure, FileOperation, Filter } from "../../effects.ts";
import { joinPath, parentOf, partialPath } from "../../paths.ts";
import { dropFirst, fromNetworkLines, toNetworkLines } from "../words/ascii.ts";
import { FAILURE_REPLIES, NEW_NAME_FAILURE_REPLIES } from "../failures.ts";
import { encodeReply } from "../words/replies.ts";
import type { FtpSession } from "../session.ts";
import { resolveList, resolveNew, resolveOld } from "./names.ts";

type Opened = Extract<Completion, { kind: "opened" }>;

/** What sets one transfer command apart from the others. */
interface Plan {
  readonly direction: "send" | "receive";
  /** Opens the file slot. */
  readonly operation: FileOperation;
  /** Named in the 150 reply and by STAT. */
  readonly subject: string;
  readonly filter: Filter | undefined;
  /** The replies to failures of `operation`. */
  readonly failures: Readonly<Record<Failure, Uint8Array>>;
  /** The text of the 150 reply. */
  readonly announce: (opened: Opened) => string;
  /** Looks at what was opened; a reply refuses it. */
  readonly inspect?: (opened: Opened) => Uint8Array | undefined;
}

/** The base of the names that STOU makes when it is given none. */
const UNIQUE_NAME = "upload";

const NO_ROUTE = encodeReply(425, "Send PASV, EPSV, PORT or EPRT first");
const PEER_GONE = encodeReply(425, "No transfer is begun for a client that has closed");
const COMPLETE = encodeReply(226, "Transfer complete");
const ABORTED = encodeReply(226, "Abort successful");
const NOTHING_TO_ABORT = encodeReply(226, "No transfer to abort");
const NOT_A_DIRECTORY = encodeReply(501, "Not a directory, use MLST for a file");
const NO_OFFSET_IN_LINES = encodeReply(554, "REST for an upload needs TYPE I");

/** RETR: 150; 226, 425, 426, 451; 550, 554. */
export function retrieve(session: FtpSession, argument: string): void {
  const restart = takeRestart(session);
  const path = resolveOld(session, argument);
  if (path === undefined) return;
  const lines = session.type === "A";
  // In TYPE A offsets count octets as they are sent, so the file is read from its beginning.
  const filter = lines ? dropFirst(restart, toNetworkLines()) : undefined;
  begin(session, {
    direction: "send",
    operation: { do: "openRead", path, offset: lines ? 0 : restart },
    subject: argument,
    filter,
    failures: FAILURE_REPLIES,
    announce: ({ stat }) => `Sending ${argument} (${stat.size} bytes)`,
  });
}

/** STOR: 150; 226, 425, 426, 451, 452; 450, 553, 554. */
export function store(session: FtpSession, argument: string): void {
  const restart = takeRestart(session);
  if (restart > 0 && session.type === "A") return session.send(NO_OFFSET_IN_LINES);
  receive(session, argument, restart === 0 ? { at: "replace" } : { at: "offset", offset: restart });
}

/** APPE: as STOR; it goes on with a partial upload where the name is free. */
export function append(session: FtpSession, argument: string): void {
  takeRestart(session);
  receive(session, argument, { at: "end" });
}

/** STOU: as STOR, and the 150 reply tells the name, in the form of RFC 1123 section 4.1.2.9. */
export function storeUnique(session: FtpSession, argument: string): void {
  takeRestart(session);
  receive(session, argument === "" ? UNIQUE_NAME : argument, { at: "unique" });
}

function receive(
  session: FtpSession,
  argument: string,
  start: Extract<FileOperation, { do: "openUpload" }>["start"],
): void {
  const path = resolveNew(session, argument);
  if (path === undefined) return;
  const expected = session.expected;
  session.expected = undefined;
  const operation = {
    do: "openUpload",
    path,
    partial: partialPath(path),
    start,
    keepPartial: true,
  } as const;
  begin(session, {
    direction: "receive",
    operation: expected === undefined ? operation : { ...operation, expected },
    subject: argument,
    filter: session.type === "A" ? fromNetworkLines() : undefined,
    failures: NEW_NAME_FAILURE_REPLIES,
    announce: ({ name }) =>
      start.at === "unique" ? `FILE: ${joinPath(parentOf(path), name)}` : `Receiving ${argument}`,
  });
}

/** LIST: 150; 226, 425, 426, 451; 550. */
export function list(session: FtpSession, argument: string): void {
  sendListing(session, argument, (request) => rowsAreNotMadeYet(request, session.now), false);
}

/** NLST: as LIST. */
export function listNames(session: FtpSession, argument: string): void {
  sendListing(session, argument, rowsAreNotMadeYet, true);
}

function sendListing(
  session: FtpSession,
  argument: string,
  rendererFor: (request: ListRequest) => Render,
  namesOnly: boolean,
): void {
  takeRestart(session);
  const request = resolveList(session, argument);
  if (request === undefined) return;
  const { path } = request;
  const render = rendererFor(request);
  // Known when the path is open, which is before the first entry is rendered.
  let isSingle = false;
  const operation = {
    do: "openDirectory",
    path,
    render: (entry: DirectoryEntry) => render(entry, isSingle),
    namesOnly,
  } as const;
  begin(session, {
    direction: "send",
    operation,
    subject: path,
    filter: undefined,
    failures: FAILURE_REPLIES,
    announce: () => `Listing ${path}`,
    inspect: ({ stat }) => {
      isSingle = stat.kind !== "directory";
      return undefined;
    },
  });
}

/** MLSD: 150; 226, 425, 426, 451; 501 for a file (RFC 3659 section 7.2.1), 550. */
export function listMachine(session: FtpSession, argument: string): void {
  takeRestart(session);
  const path = resolveOld(session, argument);
  if (path === undefined) return;
  const render = rowsAreNotMadeYet(session.facts, session.access ?? "read", path);
  begin(session, {
    direction: "send",
    operation: {
      do: "openDirectory",
      path,
      render: (entry) => render(entry, false),
      self: true,
    },
    subject: path,
    filter: undefined,
    failures: FAILURE_REPLIES,
    announce: () => `Listing ${path}`,
    inspect: ({ stat }) => stat.kind === "directory" ? undefined : NOT_A_DIRECTORY,
  });
}

/**
 * ABOR: 226, behind the 426 of a transfer that it ended. Without one it gives a passive port
 * back, which is the data connection that RFC 959 says is then closed.
 */
export function abort(session: FtpSession): void {
  const { transfer } = session;
  if (transfer === undefined) {
    session.dropRoute();
    session.send(NOTHING_TO_ABORT);
    return;
  }
  transfer.aborts++;
  if (transfer.phase === "moving" && transfer.aborts === 1) session.abortTransfer();
}

/** First phase: opens the file slot, then says 150. */
function begin(session: FtpSession, plan: Plan): void {
  const { route } = session;
  if (route === undefined) return session.send(NO_ROUTE);
  if (session.ended) return session.send(PEER_GONE);
  const transfer = session.transfer = { subject: plan.subject, phase: "opening", aborts: 0 };
  session.file(plan.operation, "opened", (opened) => {
    const refusal = plan.inspect?.(opened);
    if (refusal !== undefined) return close(session, refusal);
    if (transfer.aborts > 0 || session.ended) {
      session.dropRoute();
      return close(session, FAILURE_REPLIES.aborted);
    }
    session.reply(150, plan.announce(opened));
    move(session, plan, route);
  }, (failure) => end(session, plan.failures[failure]));
}

/** Second phase: the data connection. */
function move(session: FtpSession, plan: Plan, route: NonNullable<FtpSession["route"]>): void {
  session.transfer!.phase = "moving";
  session.startTransfer(route, plan.direction, plan.filter, () => {
    if (plan.direction === "send") return close(session, COMPLETE);
    session.transfer!.phase = "closing";
    session.file(
      { do: "commitUpload" },
      "done",
      () => end(session, COMPLETE),
      (failure) => close(session, FAILURE_REPLIES[failure]),
    );
  }, (failure) => close(session, FAILURE_REPLIES[failure]));
}

/** Third phase: closes the file slot, where no commit did, then gives the last reply. */
function close(session: FtpSession, reply: Uint8Array): void {
  session.transfer!.phase = "closing";
  const over = () => end(session, reply);
  session.file({ do: "closeFile" }, "done", over, over);
}

function end(session: FtpSession, reply: Uint8Array): void {
  session.send(reply);
  for (let aborts = session.transfer!.aborts; aborts > 0; aborts--) session.send(ABORTED);
  session.transfer = undefined;
}

function takeRestart(session: FtpSession): number {
  const { restart } = session;
  session.restart = 0;
  return restart;
}

function rowsAreNotMadeYet(): never {
  throw new Error("Cannot list before the listing is an effect");
}
