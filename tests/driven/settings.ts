/**
 * Whom and what a driven session knows: users with their passwords, limits, and the two ends of its
 * connection. Dialogues log in by the same names over TCP.
 *
 * @module
 */

import { DEFAULT_SETTINGS, type FtpLimits, type Peer, type Settings } from "../../server/mod.ts";

/**
 * The passwords of the users of `SETTINGS`: "writer" has all rights, anonymous users read.
 */
export const PASSWORDS: Readonly<Record<string, string>> = {
  writer: "pass word",
  anonymous: "guest@example.com",
};

/** What a session is driven with where nothing else is said. */
export const SETTINGS: Settings = {
  ...DEFAULT_SETTINGS,
  ftp: {
    ...DEFAULT_SETTINGS.ftp,
    accounts: {
      users: [{ name: "writer", password: PASSWORDS["writer"]!, access: "write" }],
      anonymous: "read",
    },
  },
  mini: { ...DEFAULT_SETTINGS.mini, anonymous: "write" },
};

/** The same, but for these limits of FTP. */
export function withLimits(limits: Partial<FtpLimits>): Settings {
  const { ftp } = SETTINGS;
  return { ...SETTINGS, ftp: { ...ftp, limits: { ...ftp.limits, ...limits } } };
}

/** The two ends of a connection on IPv4. */
export const PEER: Peer = {
  local: { family: 4, host: "127.0.0.1", port: 2121 },
  remote: { family: 4, host: "127.0.0.1", port: 50_000 },
  number: 1,
};

/** The same on IPv6. */
export const PEER_6: Peer = {
  local: { family: 6, host: "::1", port: 2121 },
  remote: { family: 6, host: "::1", port: 50_000 },
  number: 1,
};
