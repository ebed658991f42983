/**
 * What an operator may set of each protocol, and what it is unless it is set: plain data, which
 * goes to the workers as it is.
 *
 * @module
 */

import type { Access, Accounts } from "./accounts.ts";

/** How long things may take in FTP, milliseconds. */
export interface FtpLimits {
  /** How long a failed login waits for its 530 at first; it holds up nobody else. */
  readonly loginDelayMs: number;
  /** Who has not logged in after so long is closed with 421, whatever was said meanwhile. */
  readonly loginTimeoutMs: number;
  /** A control connection that says nothing for so long is closed with 421. */
  readonly idleTimeoutMs: number;
  /** How long a data connection may take to be made. */
  readonly connectTimeoutMs: number;
  /** How long a data connection may move no octet. */
  readonly stallTimeoutMs: number;
}

/** Of FTP. */
export interface FtpSettings {
  /** Who may log in. */
  readonly accounts: Accounts;
  /** How long things may take. */
  readonly limits: FtpLimits;
}

/** Of mini, where everybody is anonymous. */
export interface MiniSettings {
  /** "read" allows get, "write" put as well; undefined: neither. */
  readonly anonymous?: Access;
  /** The virtual folder that get reads from. */
  readonly downloadPath: string;
  /** The virtual folder that put writes to. */
  readonly uploadPath: string;
  /** A connection that says nothing for so long is closed, milliseconds. */
  readonly idleTimeoutMs: number;
  /** The same in the middle of a transfer. */
  readonly stallTimeoutMs: number;
}

/** Of echo, hello and chat. */
export interface SmallSettings {
  /** A connection that says nothing for so long is closed, milliseconds. */
  readonly idleTimeoutMs: number;
}

/** Of every protocol, by its name. */
export interface Settings {
  /** See FtpSettings. */
  readonly ftp: FtpSettings;
  /** See MiniSettings. */
  readonly mini: MiniSettings;
  /** See SmallSettings. */
  readonly echo: SmallSettings;
  /** See SmallSettings. */
  readonly hello: SmallSettings;
  /** See SmallSettings. */
  readonly chat: SmallSettings;
}

/** Idle and stall times as vsftpd's. */
const IDLE_TIMEOUT_MS = 300_000, STALL_TIMEOUT_MS = 300_000;

/** What is set where nothing is: nobody may log in, nothing may be got or put. */
export const DEFAULT_SETTINGS: Settings = {
  ftp: {
    accounts: { users: [] },
    limits: {
      loginDelayMs: 500,
      loginTimeoutMs: 60_000,
      idleTimeoutMs: IDLE_TIMEOUT_MS,
      connectTimeoutMs: 30_000,
      stallTimeoutMs: STALL_TIMEOUT_MS,
    },
  },
  mini: {
    downloadPath: "/",
    uploadPath: "/",
    idleTimeoutMs: IDLE_TIMEOUT_MS,
    stallTimeoutMs: STALL_TIMEOUT_MS,
  },
  echo: { idleTimeoutMs: IDLE_TIMEOUT_MS },
  hello: { idleTimeoutMs: IDLE_TIMEOUT_MS },
  chat: { idleTimeoutMs: IDLE_TIMEOUT_MS },
};
