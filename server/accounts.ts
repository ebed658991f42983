/**
 * Who may log in and what they may do: plain data and pure questions about it.
 *
 * @module
 */

/** What a logged-in user may do with the served tree. */
export type Access = "read" | "write";

/** A name, its password in clear text, and its rights. */
export interface User {
  /** As USER gives it; compared with case. */
  readonly name: string;
  /** In clear text. */
  readonly password: string;
  /** What this user may do. */
  readonly access: Access;
}

/**
 * Everybody who may log in. `anonymous` undefined: "anonymous" and "ftp" are not let in, unless
 * `users` has them.
 */
export interface Accounts {
  /** Those with a name and a password of their own. */
  readonly users: readonly User[];
  /** What anonymous users may do. */
  readonly anonymous?: Access;
}

/** The names by which an anonymous user logs in (RFC 1635). */
const ANONYMOUS_NAMES = ["anonymous", "ftp"];

/** Whether `name` asks for the anonymous account (RFC 1635), let in or not. */
export function isAnonymousName(name: string): boolean {
  return ANONYMOUS_NAMES.includes(name.toLowerCase());
}

/**
 * The rights of `name` with `password`, or undefined when the two do not go together.
 * The comparison takes the same time wherever the passwords differ.
 */
export function authenticate(
  accounts: Accounts,
  name: string,
  password: string,
): Access | undefined {
  const user = accounts.users.find((candidate) => candidate.name === name);
  if (user !== undefined) {
    return sameSecret(user.password, password) ? user.access : undefined;
  }
  return isAnonymousName(name) ? accounts.anonymous : undefined;
}

function sameSecret(expected: string, given: string): boolean {
  const left = new TextEncoder().encode(expected);
  const right = new TextEncoder().encode(given);
  let difference = left.length ^ right.length;
  for (let index = 0; index < right.length; index++) {
    difference |= (left[index % Math.max(1, left.length)] ?? 0) ^ right[index]!;
  }
  return difference === 0;
}
