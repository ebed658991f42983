/**
 * USER, PASS, ACCT, REIN and QUIT (RFC 959 section 4.1.1): who the client is.
 *
 * Every name is asked for its password, known or not, and every failed login is answered after
 * the same pause, so that neither replies nor times tell which names exist.
 *
 * @module
 */

import { authenticate } from "../../accounts.ts";
import { LOGIN_ATTEMPTS_MAX } from "../../limits.ts";
import { FACT_NAMES } from "../words/facts.ts";
import { encodeReply } from "../words/replies.ts";
import type { FtpSession } from "../session.ts";

const PASSWORD_NEEDED = encodeReply(331, "Send the password with PASS");
const USER_NEEDED = encodeReply(503, "Send USER first");
const LOGGED_IN = encodeReply(230, "Logged in");
const LOGIN_INCORRECT = encodeReply(530, "Login incorrect");
const TOO_MANY_LOGINS = encodeReply(421, "Closing: too many failed logins");
const NO_ACCOUNTS = encodeReply(202, "Accounts are not used here");
const REINITIALIZED = encodeReply(220, "Ready for a new user");
const GOODBYE = encodeReply(221, "Goodbye");

/** USER: 331. Whoever was logged in is no more, as RFC 959 says. */
export function nameUser(session: FtpSession, argument: string): void {
  forgetUser(session);
  session.user = argument;
  session.send(PASSWORD_NEEDED);
}

/** PASS: 230, 503 without USER, 530 after a pause, and 421 behind it at the last attempt. */
export function logIn(session: FtpSession, argument: string): void {
  if (session.user === undefined || session.access !== undefined) return session.send(USER_NEEDED);
  const { accounts, limits } = session.settings;
  const access = authenticate(accounts, session.user, argument);
  if (access !== undefined) {
    session.access = access;
    session.send(LOGGED_IN);
    return;
  }
  session.user = undefined;
  session.hold(limits.loginDelayMs, () => {
    session.send(LOGIN_INCORRECT);
    session.loginFailures++;
    if (session.loginFailures < LOGIN_ATTEMPTS_MAX) return;
    session.send(TOO_MANY_LOGINS);
    session.close();
  });
}

/** ACCT: 202 when logged in, else 503. */
export function account(session: FtpSession): void {
  session.send(session.access === undefined ? USER_NEEDED : NO_ACCOUNTS);
}

/** REIN: 220, everything as after the greeting but for the count of failed logins. */
export function reinitialize(session: FtpSession): void {
  forgetUser(session);
  session.dropRoute();
  session.type = "A";
  session.restart = 0;
  session.expected = undefined;
  session.onlyExtendedPassive = false;
  session.facts = FACT_NAMES;
  session.send(REINITIALIZED);
}

/** QUIT: 221; it waits its turn, so a transfer before it is finished. */
export function quit(session: FtpSession): void {
  session.send(GOODBYE);
  session.close();
}

function forgetUser(session: FtpSession): void {
  session.user = undefined;
  session.access = undefined;
  session.directory = "/";
}
