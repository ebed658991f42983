/**
 * Transfer parameters: PORT, EPRT, PASV, EPSV, TYPE, STRU, MODE (RFC 959 section 4.1.2, RFC 2428),
 * and what the next transfer alone is told: REST (RFC 3659 section 5) and ALLO.
 *
 * Data connections go to the client's own address only and never to a port below 1024, so that
 * nobody can send this server against a third (RFC 2577 section 3).
 *
 * @module
 */

import type { Address } from "../../effects.ts";
import { canonicalIpv6, formatHostPort, parseExtended, parseHostPort } from "../words/address.ts";
import { encodeReply } from "../words/replies.ts";
import type { CommandContext } from "./context.ts";

/** Ports below it belong to well-known services (RFC 2577 section 3). */
const PORT_MIN = 1024;

/** fe80::/10 (RFC 4291 section 2.5.6): an address of one link, and EPRT cannot say of which. */
const LINK_LOCAL = /^fe[89ab]/;

const PORT_TAKEN = encodeReply(200, "Data connections go to that address");
const PORT_SYNTAX = encodeReply(501, "Takes h1,h2,h3,h4,p1,p2");
const EPRT_SYNTAX = encodeReply(501, "Takes |1|IPv4 address|port| or |2|IPv6 address|port|");
const FOREIGN_HOST = encodeReply(504, "Data connections go to the client's own address only");
const LINK_LOCAL_HOST = encodeReply(522, "No data connections to link-local addresses, use EPSV");
const LOW_PORT = encodeReply(504, "Data connections go to ports from 1024 on only");
const ONLY_EPSV = encodeReply(501, "Only EPSV is accepted after EPSV ALL");
const EPSV_ALL = encodeReply(200, "Only EPSV will be accepted");
const EPSV_SYNTAX = encodeReply(501, "Takes 1, 2 or ALL");
const PASV_IS_IPV4 = encodeReply(425, "PASV is for IPv4 only, use EPSV");
const OTHER_FAMILY = {
  4: encodeReply(522, "Network protocol not supported here, use (1)"),
  6: encodeReply(522, "Network protocol not supported here, use (2)"),
} as const;
const TYPE_A = encodeReply(200, "Type is A, line ends are CR LF");
const TYPE_I = encodeReply(200, "Type is I, octets as they are");
const TYPE_OTHER = encodeReply(504, "Only types A N, I and L 8");
const TYPE_SYNTAX = encodeReply(501, "Takes A [N], I or L 8");
const STRUCTURE_F = encodeReply(200, "Structure is F");
const STRUCTURE_OTHER = encodeReply(504, "Only structure F");
const STRUCTURE_SYNTAX = encodeReply(501, "Takes F");
const MODE_S = encodeReply(200, "Mode is S");
const MODE_OTHER = encodeReply(504, "Only mode S");
const MODE_SYNTAX = encodeReply(501, "Takes S");
const REST_SYNTAX = encodeReply(501, "Takes a number of octets");
const ALLO_SYNTAX = encodeReply(501, "Takes a number of octets, and R and another");
const ALLO_TAKEN = encodeReply(200, "The next upload is checked against the free space");

/** PORT: 200, 501, 504. */
export function port(session: CommandContext, argument: string): void {
  if (session.onlyExtendedPassive) return session.send(ONLY_EPSV);
  const address = parseHostPort(argument);
  if (address === undefined) return session.send(PORT_SYNTAX);
  takeAddress(session, address);
}

/**
 * EPRT: 200, 501, 504, 522 for a network protocol that the control connection does not use, and for
 * a client that cannot be connected to.
 */
export function extendedPort(session: CommandContext, argument: string): void {
  if (session.onlyExtendedPassive) return session.send(ONLY_EPSV);
  const address = parseExtended(argument);
  if (address === undefined) return session.send(EPRT_SYNTAX);
  const { family } = session.peer.remote;
  if (address === "family" || address.family !== family) return session.send(OTHER_FAMILY[family]);
  takeAddress(session, address);
}

function takeAddress(session: CommandContext, address: Address): void {
  const { family, host } = session.peer.remote;
  const own = family === 6 ? canonicalIpv6(host) : host;
  if (address.host !== own) return session.send(FOREIGN_HOST);
  if (LINK_LOCAL.test(own)) return session.send(LINK_LOCAL_HOST);
  if (address.port < PORT_MIN) return session.send(LOW_PORT);
  session.dropRoute();
  session.route = address;
  session.send(PORT_TAKEN);
}

/** PASV: 227, 425 when no port is free and on IPv6, 501 after EPSV ALL. */
export function passive(session: CommandContext): void {
  if (session.onlyExtendedPassive) return session.send(ONLY_EPSV);
  const { family, host } = session.peer.local;
  if (family !== 4) return session.send(PASV_IS_IPV4);
  session.openPassive((port) => {
    const text = formatHostPort({ family, host, port });
    session.reply(227, `Entering Passive Mode (${text})`);
  });
}

/** EPSV: 229, 200 for ALL, 425 when no port is free, 501, 522. */
export function extendedPassive(session: CommandContext, argument: string): void {
  const { family } = session.peer.local;
  if (argument !== "") {
    if (argument.toUpperCase() === "ALL") {
      session.onlyExtendedPassive = true;
      session.send(EPSV_ALL);
      return;
    }
    if (parseOctets(argument) === undefined) return session.send(EPSV_SYNTAX);
    if (argument !== (family === 4 ? "1" : "2")) return session.send(OTHER_FAMILY[family]);
  }
  session.openPassive((port) => session.reply(229, `Entering Extended Passive Mode (|||${port}|)`));
}

/** TYPE: 200, 501, 504. "L8" without its blank is what some clients say. */
export function setType(session: CommandContext, argument: string): void {
  switch (argument.toUpperCase()) {
    case "A":
    case "A N":
      session.type = "A";
      return session.send(TYPE_A);
    case "I":
    case "L 8":
    case "L8":
      session.type = "I";
      return session.send(TYPE_I);
  }
  const known = /^(?:[AE](?: [NTC])?|L ?\d{1,3})$/i.test(argument);
  session.send(known ? TYPE_OTHER : TYPE_SYNTAX);
}

/** STRU: 200, 501, 504. */
export function setStructure(session: CommandContext, argument: string): void {
  const structure = argument.toUpperCase();
  if (structure === "F") session.send(STRUCTURE_F);
  else session.send(structure === "R" || structure === "P" ? STRUCTURE_OTHER : STRUCTURE_SYNTAX);
}

/** MODE: 200, 501, 504. */
export function setMode(session: CommandContext, argument: string): void {
  const mode = argument.toUpperCase();
  if (mode === "S") session.send(MODE_S);
  else session.send(mode === "B" || mode === "C" ? MODE_OTHER : MODE_SYNTAX);
}

/** REST: 350, 501. It holds for the next transfer command, whatever else comes between. */
export function restart(session: CommandContext, argument: string): void {
  const offset = parseOctets(argument);
  if (offset === undefined) return session.send(REST_SYNTAX);
  session.restart = offset;
  session.reply(350, `The next transfer starts at ${offset}`);
}

/** ALLO: 200, 501. Records do not exist here, so what follows R is only read. */
export function allocate(session: CommandContext, argument: string): void {
  const [octets, mark, records, ...more] = argument.split(/ +/);
  const expected = parseOctets(octets!);
  const rest = mark === undefined ||
    mark.toUpperCase() === "R" && parseOctets(records ?? "") !== undefined && more.length === 0;
  if (expected === undefined || !rest) return session.send(ALLO_SYNTAX);
  session.expected = expected;
  session.send(ALLO_TAKEN);
}

/** A number of octets that JavaScript counts exactly. */
function parseOctets(text: string): number | undefined {
  if (!/^\d{1,16}$/.test(text)) return undefined;
  const octets = Number(text);
  return Number.isSafeInteger(octets) ? octets : undefined;
}
