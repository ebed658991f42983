/**
 * What a client can ask without moving a file: SYST, STAT, NOOP (RFC 959 section 4.1.3), MLST
 * (RFC 3659), CLNT.
 *
 * @module
 */

import { concatenate } from "../../octets.ts";
import { READ_BYTES } from "../limits.ts";
import { FAILURE_REPLIES } from "../failures.ts";
import { factOf } from "../listing.ts";
import { formatFactLine } from "../words/facts.ts";
import { encodeLine } from "../words/lines.ts";
import { encodeReply, encodeReplyLines, ReplyBody } from "../words/replies.ts";
import type { CommandContext } from "./context.ts";
import { resolveList, resolveOld } from "./names.ts";

const OK = encodeReply(200, "OK");
const SYSTEM = encodeReply(215, "UNIX Type: L8");

/** SYST: 215. */
export function system(session: CommandContext): void {
  session.send(SYSTEM);
}

/** NOOP: 200. */
export function noOperation(session: CommandContext): void {
  session.send(OK);
}

/** CLNT: 200; the name of the program is not kept. */
export function client(session: CommandContext): void {
  session.send(OK);
}

/** MLST: 250 with the facts of one path, 550. */
export function listFacts(session: CommandContext, argument: string): void {
  const path = resolveOld(session, argument);
  if (path === undefined) return;
  session.file({ do: "stat", path }, "stat", ({ stat }) => {
    const { access = "read", facts } = session;
    const line = formatFactLine((fact) => factOf(fact, stat, access, path), facts, path);
    session.send(encodeReplyLines(250, "Facts:", [line], "End"));
  });
}

/** STAT: 211 for the session and its transfer; 212 or 213 for a path, 550. */
export function status(session: CommandContext, argument: string): void {
  if (argument !== "") return statusOfPath(session, argument);
  if (!session.isMoving) return statusOfSession(session, undefined);
  session.askProgress((octets) => statusOfSession(session, octets));
}

function statusOfSession(session: CommandContext, moved: number | undefined): void {
  const { peer, transfer } = session;
  const lines = [
    `Connected to ${peer.remote.host}, port ${peer.remote.port}`,
    `Logged in as ${session.user}`,
    `TYPE ${session.type}, STRU F, MODE S`,
    transfer === undefined ? "No transfer" : `Transfer of ${transfer.subject}`,
  ];
  if (moved !== undefined) lines.push(`${moved} octets moved`);
  session.send(encodeReplyLines(211, "Status of ftplab:", lines, "End"));
}

/**
 * A listing through the file slot instead of a data connection. It is said as it is read, so a
 * client that does not take it stops it, and no length is too long.
 */
function statusOfPath(session: CommandContext, argument: string): void {
  const request = resolveList(session, argument);
  if (request === undefined) return;
  const { path, selection } = request;
  session.file(
    { do: "openListing", path, selection, rows: { as: "long" } },
    "opened",
    ({ stat }) => {
      const code = stat.kind === "directory" ? 212 : 213;
      const body = new ReplyBody();
      let isBegun = false;
      const end = (octets: Uint8Array) => {
        session.file({ do: "closeFile" }, "done", () => session.send(octets));
      };
      const readOn = () => {
        session.file({ do: "read", length: READ_BYTES }, "octets", ({ octets, ended }) => {
          if (!isBegun) session.send(encodeLine(`${code}-Status of ${path}:`));
          isBegun = true;
          if (octets.length > 0) session.send(body.push(octets));
          if (ended) end(encodeReply(code, "End"));
          else readOn();
        }, (failure) => {
          if (!isBegun) return end(FAILURE_REPLIES[failure]);
          end(concatenate([body.end(), encodeReply(code, "The rest cannot be read")]));
        });
      };
      readOn();
    },
  );
}
