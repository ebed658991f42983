/**
 * USER, PASS, ACCT, REIN and QUIT (RFC 959 section 4.1.1): who the client is.
 *
 * Every name is asked for its password, known or not, and every failed login is answered after
 * the same pause, so that neither replies nor times tell which names exist.
 *
 * @module
 */

import { authenticate } from "../../accounts.ts";
import { LOGIN_ATTEMPTS_MAX } from "../limits.ts";
import { encodeReply } from "../words/replies.ts";
import type { CommandContext } from "./context.ts";
import { factsOfStore } from "./help.ts";

const PASSWORD_NEEDED = encodeReply(331, "Send the password with PASS");
const USER_NEEDED = encodeReply(503, "Send USER first");
const LOGGED_IN = encodeReply(230, "Logged in");
const LOGIN_INCORRECT = encodeReply(530, "Login incorrect");
const TOO_MANY_LOGINS = encodeReply(421, "Closing: too many failed logins");
const NO_MORE_LOGINS = encodeReply(421, "Closing: too many failed logins from your address");
const NO_ACCOUNTS = encodeReply(202, "Accounts are not used here");
const REINITIALIZED = encodeReply(220, "Ready for a new user");
const GOODBYE = encodeReply(221, "Goodbye");

/** USER: 331. Whoever was logged in is no more, as RFC 959 says. */
export function nameUser(session: CommandContext, argument: string): void {
  forgetUser(session);
  session.user = argument;
  session.send(PASSWORD_NEEDED);
}

/**
 * PASS: 230, 503 without USER, 530 after a pause, and 421 behind it at the last attempt.
 *
 * An attempt that is not allowed, because too many from that host have failed, hears 421 and is
 * closed: no password is looked at, and a connection that cannot log in is not kept for its
 * time-out.
 */
export function logIn(session: CommandContext, argument: string): void {
  const { user } = session;
  if (user === undefined || session.access !== undefined) return session.send(USER_NEEDED);
  session.attemptLogin(({ allowed, delayMs }) => {
    if (!allowed) return session.refuse(NO_MORE_LOGINS, "too many failed logins from its host");
    const access = authenticate(session.settings.accounts, user, argument);
    if (access !== undefined) {
      session.logIn(access);
      return session.send(LOGGED_IN);
    }
    session.loginFailed("name and password do not go together");
    session.user = undefined;
    session.hold(delayMs, () => {
      session.send(LOGIN_INCORRECT);
      session.loginFailures++;
      if (session.loginFailures < LOGIN_ATTEMPTS_MAX) return;
      session.refuse(TOO_MANY_LOGINS, "too many failed logins");
    });
  });
}

/** ACCT: 202 when logged in, else 503. */
export function account(session: CommandContext): void {
  session.send(session.access === undefined ? USER_NEEDED : NO_ACCOUNTS);
}

/** REIN: 220, everything as after the greeting but for the count of failed logins. */
export function reinitialize(session: CommandContext): void {
  forgetUser(session);
  session.dropRoute();
  session.type = "A";
  session.restart = 0;
  session.expected = undefined;
  session.onlyExtendedPassive = false;
  session.facts = factsOfStore(session.can);
  session.send(REINITIALIZED);
}

/** QUIT: 221; it waits its turn, so a transfer before it is finished. */
export function quit(session: CommandContext): void {
  session.send(GOODBYE);
  session.close();
}

function forgetUser(session: CommandContext): void {
  session.logOut();
  session.user = undefined;
  session.renameFrom = undefined;
  session.directory = "/";
}
