/**
 * Every default of a server, once: what an embedder does not say, `serve --help` shows, but for the
 * accounts, of which an embedder has none, and the threads that blocking begins with.
 *
 * @module
 */

import { DEFAULT_SETTINGS, protocols, type Settings } from "../server/mod.ts";
import { PASSIVE_PORTS_DEFAULT } from "./limits.ts";
import { ServeError, type ServeOptions } from "./model.ts";

/** Parts of the settings of each protocol; FTP's limits may be a part, too. */
export type SettingsParts =
  & { readonly [Name in Exclude<keyof Settings, "ftp">]?: Partial<Settings[Name]> }
  & {
    /** See FtpSettings. */
    readonly ftp?: Partial<Omit<Settings["ftp"], "limits">> & {
      readonly limits?: Partial<Settings["ftp"]["limits"]>;
    };
  };

/** What is to be other than the defaults; `root` alone has none. */
export type ServeParts =
  & Partial<Omit<ServeOptions, "root" | "settings" | "admission">>
  & {
    /** See ServeOptions. */
    readonly root: string;
    /** See Settings. */
    readonly settings?: SettingsParts;
    /** See AdmissionLimits. */
    readonly admission?: Partial<ServeOptions["admission"]>;
  };

/** FD_SETSIZE of the C library: what people meet who use select(2) through it. */
const FD_SET_BITS = 1_024;

/** How many sessions there are room for where nobody says so. */
const SESSIONS_MAX = 4096;

/** The same for each address, where others than this machine's own can connect. */
const SESSIONS_PER_HOST_MAX = 64;

/** Failed logins of one address in a minute, before it has to wait. */
const FAILED_LOGINS_PER_MINUTE_MAX = 20;

/** Threads that blocking begins with as a command: each has one client at a time. */
export const BLOCKING_WORKERS = 8;

const LOOPBACK = /^(127\.\d+\.\d+\.\d+|::1)$/;

/** Whether only this machine itself can connect to `host`. */
export function isLoopback(host: string): boolean {
  return LOOPBACK.test(host);
}

/**
 * Complete options: `parts`, and the default of all that they do not say. What is undefined is not
 * said.
 *
 * @throws {ServeError} when there is no such protocol.
 */
export function serveOptions(parts: ServeParts): ServeOptions {
  const { settings = {}, admission = {}, ...rest } = said(parts);
  const { protocol = "ftp", host = "127.0.0.1", workers = 1, maxWorkers = 64 } = rest;
  const spoken = protocols.get(protocol);
  if (spoken === undefined) {
    throw new ServeError(`Cannot serve an unknown protocol "${protocol}"`);
  }
  return {
    port: spoken.defaultPort,
    selector: "epoll",
    fdSetBits: FD_SET_BITS,
    trigger: "level",
    intervalMs: 1,
    passivePorts: PASSIVE_PORTS_DEFAULT,
    partialDays: 7,
    ...rest,
    protocol,
    host,
    workers,
    maxWorkers: Math.max(workers, maxWorkers),
    settings: completeSettings(settings),
    admission: {
      sessionsMax: SESSIONS_MAX,
      sessionsPerHostMax: isLoopback(host) ? 0 : SESSIONS_PER_HOST_MAX,
      failedLoginsPerMinuteMax: FAILED_LOGINS_PER_MINUTE_MAX,
      ...said(admission),
    },
  };
}

function completeSettings({ ftp = {}, mini, echo, hello, chat }: SettingsParts): Settings {
  const initial = DEFAULT_SETTINGS;
  const { limits, ...accounts } = said(ftp);
  return {
    ftp: { ...initial.ftp, ...accounts, limits: { ...initial.ftp.limits, ...said(limits) } },
    mini: { ...initial.mini, ...said(mini) },
    echo: { ...initial.echo, ...said(echo) },
    hello: { ...initial.hello, ...said(hello) },
    chat: { ...initial.chat, ...said(chat) },
  };
}

/** `parts` without what is undefined, as a spread takes over that, too. */
function said<T extends object>(parts: T = {} as T): T {
  return Object.fromEntries(
    Object.entries(parts).filter(([, part]) => part !== undefined),
  ) as T;
}
