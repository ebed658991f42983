/**
 * RETR, STOR, STOU, APPE, LIST, NLST, MLSD and ABOR (RFC 959 section 4.1.3, RFC 3659): everything
 * that moves octets over a data connection. The header of ../state.ts has the states they go through.
 *
 * A transfer opens its file first, then connects where PORT said so, then says 150: a client that
 * hears 150 has a data connection or will get one, and what is wrong with a file is said even
 * without a route.
 *
 * An upload lives under ".NAME.ftplab-part" beside its name until it is complete, so a broken STOR
 * leaves an old file as it was, and what has come can be gone on with: by APPE, or by REST with
 * the size that SIZE tells, and STOR. Nobody goes on in an old file that a younger upload was to
 * replace: SIZE tells its size, as RFC 3659 section 4 has it, and the client takes it for its own.
 *
 * @module
 */

import type {
  Failure,
  FileOperation,
  LineConversion,
  Rows,
  Selection,
  UploadStart,
} from "../../effects.ts";
import { childPath, parentPath, partialPath } from "../../paths.ts";
import { FAILURE_REPLIES, LATE_FAILURE_REPLIES, NEW_NAME_FAILURE_REPLIES } from "../failures.ts";
import type { ListRequest } from "../selection.ts";
import { encodeReply } from "../words/replies.ts";
import type { Answer, CommandContext } from "./context.ts";
import { resolveList, resolveNew, resolveOld } from "./names.ts";

/** What sets one transfer command apart from the others. */
interface Plan {
  readonly direction: "send" | "receive";
  /** Opens the file slot. */
  readonly operation: Extract<FileOperation, { path: string }>;
  /** Named in the 150 reply and by STAT. */
  readonly subject: string;
  readonly lines: LineConversion | undefined;
  /** The replies to failures of `operation`. */
  readonly failures: Readonly<Record<Failure, Uint8Array>>;
  /** The text of the 150 reply. */
  readonly announce: (opened: Answer<"opened">) => string;
  /** Looks at what was opened; a reply refuses it. */
  readonly inspect?: (opened: Answer<"opened">) => Uint8Array | undefined;
}

/** The base of the names that STOU makes when it is given none. */
const UNIQUE_NAME = "upload";

/** The lines of LIST. */
const LONG: Rows = { as: "long" };

/** What MLSD lists, whoever asks for whatever facts. */
const WHOLE_DIRECTORY: Omit<Selection, "partials" | "self"> = {
  pattern: [],
  hidden: true,
  itself: false,
  recursive: false,
  order: "name",
  reverse: false,
};

const NO_ROUTE = encodeReply(425, "Send PASV, EPSV, PORT or EPRT first");
const PEER_GONE = encodeReply(425, "No transfer is begun for a client that has closed");
const COMPLETE = encodeReply(226, "Transfer complete");
const ABORTED = encodeReply(226, "Abort successful");
const NOTHING_TO_ABORT = encodeReply(226, "No transfer to abort");
const NOT_A_DIRECTORY = encodeReply(501, "Not a directory, use MLST for a file");
const NO_OFFSET_IN_LINES = encodeReply(554, "REST for an upload needs TYPE I");
const NO_OFFSET_IN_NEW = encodeReply(554, "A file under a new name begins at its first octet");

/**
 * RETR: 150; 226, 425, 426, 451; 550, 554 for an offset beyond the end. In TYPE A the end may only
 * be known when all was read: it is 451 then.
 */
export function retrieve(session: CommandContext, argument: string): void {
  const { restart } = session;
  const path = resolveOld(session, argument);
  if (path === undefined) return;
  const isText = session.type === "A";
  begin(session, {
    direction: "send",
    // In TYPE A offsets count octets as they are sent, so the file is read from its beginning.
    operation: { do: "openRead", path, offset: isText ? 0 : restart },
    subject: argument,
    lines: isText ? { to: "network", skip: restart } : undefined,
    failures: FAILURE_REPLIES,
    announce: ({ stat }) => `Sending ${argument} (${stat.size} bytes)`,
    // At most all octets of a file are LF, and become two.
    inspect: ({ stat }) =>
      isText && restart > 2 * stat.size ? FAILURE_REPLIES.badOffset : undefined,
  });
}

/** STOR: 150; 226, 425, 426, 451, 552; 450, 452, 553, 554. */
export function store(session: CommandContext, argument: string): void {
  receive(session, argument, startOf(session, { at: "replace" }));
}

/**
 * APPE: as STOR, and behind REST just that (RFC 3659 section 5.3); it goes on with a partial upload
 * where the name is free.
 */
export function append(session: CommandContext, argument: string): void {
  receive(session, argument, startOf(session, { at: "end" }));
}

/**
 * STOU: as STOR, and the 150 reply tells the name, in the form of RFC 1123 section 4.1.2.9; 554
 * behind REST, since there is nothing to go on in.
 */
export function storeUnique(session: CommandContext, argument: string): void {
  if (session.restart > 0) return session.send(NO_OFFSET_IN_NEW);
  receive(session, argument === "" ? UNIQUE_NAME : argument, { at: "unique" });
}

/** Where an upload begins: as REST told, else as its command has it. */
function startOf({ restart }: CommandContext, otherwise: UploadStart): UploadStart {
  return restart === 0 ? otherwise : { at: "offset", offset: restart };
}

function receive(session: CommandContext, argument: string, start: UploadStart): void {
  const { expected } = session;
  if (start.at === "offset" && session.type === "A") return session.send(NO_OFFSET_IN_LINES);
  const path = resolveNew(session, argument);
  if (path === undefined) return;
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
    lines: session.type === "A" ? { to: "file", skip: 0 } : undefined,
    failures: NEW_NAME_FAILURE_REPLIES,
    announce: (opened) =>
      start.at === "unique" ? `FILE: ${storedPath(path, opened)}` : `Receiving ${argument}`,
  });
}

/** The path of what an upload to `path` opened: the name that STOU made. */
function storedPath(path: string, { name }: Answer<"opened">): string {
  return childPath(parentPath(path), name);
}

/** LIST: 150; 226, 425, 426, 451; 550. */
export function list(session: CommandContext, argument: string): void {
  const request = resolveList(session, argument);
  if (request !== undefined) sendListing(session, request, LONG);
}

/** NLST: as LIST, and with its flag "l" its very lines, as ls has it. */
export function listNames(session: CommandContext, argument: string): void {
  const request = resolveList(session, argument);
  if (request === undefined) return;
  const { prefix, name, long } = request;
  // With the flag "d" and no path it is the current directory that is named.
  const names: Rows = { as: "names", prefix, name: name === "" ? "." : name };
  sendListing(session, request, long ? LONG : names);
}

function sendListing(
  session: CommandContext,
  { path, selection }: Pick<ListRequest, "path" | "selection">,
  rows: Rows,
  inspect?: Plan["inspect"],
): void {
  const plan: Plan = {
    direction: "send",
    operation: { do: "openListing", path, selection, rows },
    subject: path,
    lines: undefined,
    failures: FAILURE_REPLIES,
    announce: () => `Listing ${path}`,
  };
  begin(session, inspect === undefined ? plan : { ...plan, inspect });
}

/**
 * MLSD: 150; 226, 425, 426, 451; 501 for a file (RFC 3659 section 7.2.1), 550. The directory itself
 * is listed where its type is told, which alone tells it from what is in it (section 7.5.1.2).
 */
export function listMachine(session: CommandContext, argument: string): void {
  const path = resolveOld(session, argument);
  if (path === undefined) return;
  const { facts, access = "read" } = session;
  const chosen = { partials: access === "write", self: facts.includes("type") };
  sendListing(
    session,
    { path, selection: { ...WHOLE_DIRECTORY, ...chosen } },
    { as: "facts", facts, access, path },
    ({ stat }) => stat.kind === "directory" ? undefined : NOT_A_DIRECTORY,
  );
}

/**
 * ABOR: 226, behind the 426 of a transfer that it ended. Without one it gives a passive port
 * back, which is the data connection that RFC 959 says is then closed; an address that PORT told
 * is no connection, and stays.
 */
export function abort(session: CommandContext): void {
  const { transfer } = session;
  if (transfer === undefined) {
    if (session.route === "passive") session.dropRoute();
    return session.send(NOTHING_TO_ABORT);
  }
  transfer.aborted = true;
  if (session.isConnected) session.abortTransfer();
}

/** Opens the file slot: what is wrong with the file is said before what is with the connection. */
function begin(session: CommandContext, plan: Plan): void {
  const { direction, operation, subject } = plan;
  if (session.ended) return session.send(PEER_GONE);
  const transfer = {
    subject,
    path: operation.path,
    direction,
    aborted: false,
    abandoned: false,
  };
  session.openTransfer(transfer, operation, (opened) => {
    if (direction === "receive") transfer.path = storedPath(operation.path, opened);
    const { route } = session;
    const refusal = plan.inspect?.(opened);
    if (refusal !== undefined) return close(session, refusal);
    if (route === undefined) return close(session, NO_ROUTE);
    const isGivenUp = () => transfer.aborted || transfer.abandoned;
    if (isGivenUp()) {
      session.dropRoute();
      return close(session, FAILURE_REPLIES.aborted);
    }
    const move = () => {
      // The connection may be made while the effect that ends it is on its way.
      if (isGivenUp()) return close(session, FAILURE_REPLIES.aborted);
      session.reply(150, plan.announce(opened));
      moveOctets(session, plan);
    };
    if (route === "passive") return move();
    session.connectData(route, move, (failure) => close(session, FAILURE_REPLIES[failure]));
  }, (failure) => end(session, plan.failures[failure]));
}

function moveOctets(session: CommandContext, { direction, lines }: Plan): void {
  const failed = (failure: Failure) => close(session, LATE_FAILURE_REPLIES[failure]);
  session.startTransfer(lines, () => {
    if (direction === "send") close(session, COMPLETE);
    else session.closeTransfer("commitUpload", () => end(session, COMPLETE), failed);
  }, failed);
}

/** Closes the file slot, where no commit did, then gives the last reply. */
function close(session: CommandContext, reply: Uint8Array): void {
  const over = () => end(session, reply);
  session.closeTransfer("closeFile", over, over);
}

function end(session: CommandContext, reply: Uint8Array): void {
  session.send(reply);
  if (session.transfer!.aborted) session.send(ABORTED);
  session.endTransfer();
}
