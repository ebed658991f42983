/**
 * What a client can ask without moving a file: SYST, STAT, HELP, NOOP, SITE (RFC 959 section
 * 4.1.3), FEAT and OPTS (RFC 2389), MLST (RFC 3659), CLNT.
 *
 * @module
 */

import { READ_BYTES, STATUS_LISTING_BYTES_MAX } from "../../limits.ts";
import { FACT_NAMES, type FactName, formatFactLine } from "../words/facts.ts";
import { FAILURE_REPLIES, READ_ONLY_REPLY } from "../failures.ts";
import { factsOf } from "../listing.ts";
import { decodeText } from "../words/lines.ts";
import { encodeReply, encodeReplyLines } from "../words/replies.ts";
import type { FtpSession } from "../session.ts";
import type { Verb } from "./mod.ts";
import { resolveList, resolveOld } from "./names.ts";

/** Features that no verb stands for: RFC 3659 section 6, RFC 2640. */
const FEATURES = ["TVFS", "UTF8"];

/** How many verbs HELP shows on one line. */
const HELP_COLUMNS = 10;

const LF = 0x0a;

const OK = encodeReply(200, "OK");
const SYSTEM = encodeReply(215, "UNIX Type: L8");
const UTF8_ON = encodeReply(200, "UTF-8 is always on");
const UTF8_OFF = encodeReply(504, "UTF-8 cannot be switched off");
const OPTION_UNKNOWN = encodeReply(501, "No such option");
const HELP_UNKNOWN = encodeReply(502, "No such command");
const SITE_UNKNOWN = encodeReply(500, "No such SITE command, try SITE HELP");
const SITE_HELP = encodeReplyLines(214, "SITE commands:", ["HELP", "CHMOD mode path"], "End");
const CHMOD_SYNTAX = encodeReply(501, "SITE CHMOD takes an octal mode and a path");
const CHMOD_DONE = encodeReply(200, "Mode changed");

/** SYST: 215. */
export function system(session: FtpSession): void {
  session.send(SYSTEM);
}

/** NOOP: 200. */
export function noOperation(session: FtpSession): void {
  session.send(OK);
}

/** CLNT: 200; the name of the program is not kept. */
export function client(session: FtpSession): void {
  session.send(OK);
}

/** HELP: 214, 502 for a verb that is not known. */
export function help(session: FtpSession, argument: string, verbs: readonly Verb[]): void {
  if (argument === "") {
    const lines: string[] = [];
    for (let first = 0; first < verbs.length; first += HELP_COLUMNS) {
      const row = verbs.slice(first, first + HELP_COLUMNS);
      lines.push(row.map((verb) => verb.name.padEnd(4)).join(" ").trimEnd());
    }
    session.send(encodeReplyLines(214, "Commands:", lines, "HELP with a command says more"));
    return;
  }
  const verb = verbs.find(({ name }) => name === argument.toUpperCase());
  if (verb === undefined) return session.send(HELP_UNKNOWN);
  session.reply(214, `Syntax: ${verb.name} ${verb.syntax}`.trimEnd());
}

/** FEAT: 211 (RFC 2389 section 3). */
export function features(session: FtpSession, verbs: readonly Verb[]): void {
  const lines = verbs.flatMap((verb) => verb.feature === undefined ? [] : [verb.feature(session)]);
  session.send(encodeReplyLines(211, "Features:", [...lines, ...FEATURES], "End"));
}

/** The facts there are, those of `chosen` with "*" (RFC 3659 section 7.8). */
export function markedFacts(chosen: readonly FactName[]): string {
  return FACT_NAMES.map((fact) => `${fact}${chosen.includes(fact) ? "*" : ""};`).join("");
}

/** OPTS: 200, 501, 504. */
export function options(session: FtpSession, argument: string): void {
  const [option, ...values] = argument.split(" ");
  const value = values.join(" ");
  switch (option!.toUpperCase()) {
    case "UTF8":
    case "UTF-8":
      return session.send(value === "" || value.toUpperCase() === "ON" ? UTF8_ON : UTF8_OFF);
    case "MLST": {
      // RFC 3659 section 7.9: facts that are not known are left out, without case.
      const wanted = value.toLowerCase().split(";");
      session.facts = FACT_NAMES.filter((fact) => wanted.includes(fact.toLowerCase()));
      const facts = session.facts.map((fact) => `${fact};`).join("");
      return session.reply(200, `MLST OPTS ${facts}`.trimEnd());
    }
  }
  session.send(OPTION_UNKNOWN);
}

/** SITE: 214 for HELP, 200 for CHMOD, 500, 501, 550. */
export function site(session: FtpSession, argument: string): void {
  const match = /^(\S+)(?: (.*))?$/s.exec(argument);
  switch (match?.[1]?.toUpperCase()) {
    case "HELP":
      return session.send(SITE_HELP);
    case "CHMOD":
      return changeMode(session, match?.[2] ?? "");
  }
  session.send(SITE_UNKNOWN);
}

function changeMode(session: FtpSession, argument: string): void {
  if (session.access !== "write") return session.send(READ_ONLY_REPLY);
  const match = /^([0-7]{3,4}) (.+)$/s.exec(argument);
  if (match === null) return session.send(CHMOD_SYNTAX);
  const path = resolveOld(session, match[2]!);
  if (path === undefined) return;
  const mode = parseInt(match[1]!, 8);
  session.file({ do: "chmod", path, mode }, "done", () => session.send(CHMOD_DONE));
}

/** MLST: 250 with the facts of one path, 550. */
export function listFacts(session: FtpSession, argument: string): void {
  const path = resolveOld(session, argument);
  if (path === undefined) return;
  session.file({ do: "stat", path }, "stat", ({ stat }) => {
    const line = formatFactLine(factsOf(stat, session.access!, path), session.facts, path);
    session.send(encodeReplyLines(250, "Facts:", [line], "End"));
  });
}

/** STAT: 211 for the session and its transfer; 212 or 213 for a path, 550. */
export function status(session: FtpSession, argument: string): void {
  if (argument !== "") return statusOfPath(session, argument);
  if (session.transfer?.phase !== "moving") return statusOfSession(session, undefined);
  session.askProgress((octets) => statusOfSession(session, octets));
}

function statusOfSession(session: FtpSession, moved: number | undefined): void {
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

/** A listing through the file slot instead of a data connection; a long one is cut. */
function statusOfPath(session: FtpSession, argument: string): void {
  const request = resolveList(session, argument);
  if (request === undefined) return;
  const { path } = request;
  const render = renderLong(request, session.now);
  let isSingle = false;
  // One octet more than is shown tells whether anything is cut.
  const listing = new Uint8Array(STATUS_LISTING_BYTES_MAX + 1);
  let length = 0;
  const close = (reply: Uint8Array) => {
    session.file({ do: "closeFile" }, "done", () => session.send(reply));
  };
  const readOn = () => {
    const room = Math.min(READ_BYTES, listing.length - length);
    session.file({ do: "read", length: room }, "octets", ({ octets }) => {
      listing.set(octets, length);
      length += octets.length;
      if (octets.length > 0 && length < listing.length) return readOn();
      close(statusReply(path, isSingle, listing.subarray(0, length)));
    }, (failure) => close(FAILURE_REPLIES[failure]));
  };
  session.file(
    { do: "openDirectory", path, render: (entry) => render(entry, isSingle) },
    "opened",
    ({ stat }) => {
      isSingle = stat.kind !== "directory";
      readOn();
    },
  );
}

function statusReply(path: string, isSingle: boolean, listing: Uint8Array): Uint8Array {
  const cut = listing.length > STATUS_LISTING_BYTES_MAX;
  const whole = cut ? listing.subarray(0, listing.lastIndexOf(LF) + 1) : listing;
  const lines = (decodeText(whole) ?? "").split("\r\n").slice(0, -1);
  const last = cut ? "The rest is cut, use LIST" : "End";
  return encodeReplyLines(isSingle ? 213 : 212, `Status of ${path}:`, lines, last);
}
