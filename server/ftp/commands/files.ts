/**
 * DELE, RNFR and RNTO (RFC 959 section 4.1.3), SIZE and MDTM (RFC 3659), MFMT
 * (draft-somers-ftp-mfxx): one name and what is known of it.
 *
 * Where only the partial file of a broken upload is left of a name, SIZE, DELE, RNFR and RNTO mean
 * that, for who may write. Clients that resume an upload ask SIZE for the offset to go on from
 * (curl -C - -T, lftp put -c), and others remove or rename what SIZE tells of before they store.
 * While it is written all of them are 450: SIZE would tell a client, which believes its upload to
 * have broken, that all of it is there.
 *
 * @module
 */

import type { Failure } from "../../effects.ts";
import { ASCII_SIZE_BYTES_MAX, READ_BYTES } from "../limits.ts";
import { isPartialName, nameOf, partialPath, resolvePath } from "../../paths.ts";
import { toNetworkLines } from "../words/ascii.ts";
import { FAILURE_REPLIES, NEW_NAME_FAILURE_REPLIES } from "../failures.ts";
import { formatTime, parseTime } from "../words/facts.ts";
import { encodeReply } from "../words/replies.ts";
import type { CommandContext } from "./context.ts";
import { resolveNew, resolveOld } from "./names.ts";

const REMOVED = encodeReply(250, "File removed");
const RENAME_BEGUN = encodeReply(350, "Send the new name with RNTO");
const RENAMED = encodeReply(250, "Renamed");
const RENAME_NOT_BEGUN = encodeReply(503, "Send RNFR first");
const ROOT_STAYS = encodeReply(550, "The root cannot be renamed");
const NOT_A_FILE = encodeReply(550, "Not a regular file");
const TOO_LARGE_TO_COUNT = encodeReply(550, "Too large to count its size in TYPE A, use TYPE I");
const MFMT_SYNTAX = encodeReply(501, "Takes YYYYMMDDHHMMSS and a path");

/** DELE: 250, 450, 550. */
export function remove(session: CommandContext, argument: string): void {
  const path = resolveOld(session, argument);
  if (path === undefined) return;
  orPartial(session, path, (path, failed) => {
    session.file({ do: "removeFile", path }, "done", () => session.send(REMOVED), failed);
  });
}

/** RNFR: 350 for what exists, 450, 550. */
export function renameFrom(session: CommandContext, argument: string): void {
  const path = resolveOld(session, argument);
  if (path === undefined) return;
  if (path === "/") return session.send(ROOT_STAYS);
  const begin = () => {
    session.renameFrom = path;
    session.send(RENAME_BEGUN);
  };
  orPartial(session, path, (path, failed) => {
    session.file({ do: "stat", path, itself: true }, "stat", begin, failed);
  });
}

/**
 * RNTO: 250, 450, 503 without RNFR, 550, 553. What a broken upload left becomes what one to the new
 * name has left: it gets no name before it is complete.
 */
export function renameTo(session: CommandContext, argument: string): void {
  const from = session.renameFrom;
  session.renameFrom = undefined;
  if (from === undefined) return session.send(RENAME_NOT_BEGUN);
  const to = resolveNew(session, argument);
  if (to === undefined) return;
  orPartial(session, from, (path, failed) => {
    const operation = {
      do: "rename",
      from: path,
      to: path === from ? to : partialPath(to),
    } as const;
    session.file(operation, "done", () => session.send(RENAMED), failed);
  }, (failure) => session.send(NEW_NAME_FAILURE_REPLIES[failure]));
}

/** SIZE: 213 with the octets that RETR would send in the current TYPE, 450, 550. */
export function size(session: CommandContext, argument: string): void {
  const path = resolveOld(session, argument);
  if (path === undefined) return;
  const measure = session.type === "I" ? measureOctets : measureLines;
  orPartial(session, path, (path, failed) => measure(session, path, failed));
}

/**
 * Does something with a path; where nothing is there, for who may write, with its partial file,
 * unless that is still written.
 */
function orPartial(
  session: CommandContext,
  path: string,
  act: (path: string, failed: (failure: Failure) => void) => void,
  failed: (failure: Failure) => void = (failure) => session.fail(failure),
): void {
  act(path, (failure) => {
    const isMissing = failure === "notFound" && !isPartialName(nameOf(path));
    if (!isMissing || session.access !== "write") return failed(failure);
    const partial = partialPath(path);
    const actOnIt = () => act(partial, failed);
    session.file({ do: "stat", path: partial, itself: true }, "stat", actOnIt, failed);
  });
}

type Measure = (session: CommandContext, path: string, failed: (failure: Failure) => void) => void;

const measureOctets: Measure = (session, path, failed) => {
  session.file({ do: "stat", path }, "stat", ({ stat }) => {
    if (stat.kind === "file") session.reply(213, String(stat.size));
    else session.send(NOT_A_FILE);
  }, failed);
};

/** Reads the whole file, because only that tells how many line ends become one octet longer. */
const measureLines: Measure = (session, path, failed) => {
  session.file({ do: "openRead", path, offset: 0 }, "opened", ({ stat }) => {
    const end = (octets: Uint8Array) => {
      session.file({ do: "closeFile" }, "done", () => session.send(octets));
    };
    if (stat.size > ASCII_SIZE_BYTES_MAX) return end(TOO_LARGE_TO_COUNT);
    const filter = toNetworkLines();
    let [taken, counted] = [0, 0];
    const readOn = () => {
      session.file({ do: "read", length: READ_BYTES }, "octets", ({ octets, ended }) => {
        taken += octets.length;
        counted += filter.push(octets).length;
        if (ended) return end(encodeReply(213, String(counted)));
        // The file may grow while it is read.
        if (taken > ASCII_SIZE_BYTES_MAX) return end(TOO_LARGE_TO_COUNT);
        readOn();
      }, (failure) => end(FAILURE_REPLIES[failure]));
    };
    readOn();
  }, failed);
};

/**
 * MDTM: 213, 550. With a time before the name it sets that, as older clients ask for it, unless a
 * file has all of it for its name.
 */
export function modified(session: CommandContext, argument: string): void {
  const path = resolveOld(session, argument);
  if (path === undefined) return;
  session.file(
    { do: "stat", path },
    "stat",
    ({ stat }) => session.reply(213, formatTime(stat.modifiedMs)),
    (failure) => {
      // With a time before it a name may be too long for one.
      const isNoName = failure === "notFound" || failure === "badName";
      const setting = isNoName ? parseTimeAndName(argument) : undefined;
      const named = setting && resolvePath(session.directory, setting.name);
      const mayWrite = session.access === "write" && session.can.times;
      if (setting === undefined || named === undefined || !mayWrite) return session.fail(failure);
      setTime(session, named, setting.modifiedMs);
    },
  );
}

/** MFMT: 213, 501, 550. */
export function setModified(session: CommandContext, argument: string): void {
  const setting = parseTimeAndName(argument);
  if (setting === undefined) return session.send(MFMT_SYNTAX);
  const path = resolveOld(session, setting.name);
  if (path !== undefined) setTime(session, path, setting.modifiedMs);
}

/** `YYYYMMDDHHMMSS name`, or undefined. */
function parseTimeAndName(text: string): { modifiedMs: number; name: string } | undefined {
  const space = text.indexOf(" ");
  const modifiedMs = space === -1 ? undefined : parseTime(text.slice(0, space));
  const name = text.slice(space + 1);
  return modifiedMs === undefined || name === "" ? undefined : { modifiedMs, name };
}

function setTime(session: CommandContext, path: string, modifiedMs: number): void {
  session.file({ do: "setModified", path, modifiedMs }, "done", () => {
    session.reply(213, `Modify=${formatTime(modifiedMs)}; ${path}`);
  });
}
