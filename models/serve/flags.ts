/**
 * The command line of serve: its table of flags, and what they mean as options of a server. Pure;
 * mod.ts calls it, and tests do. What is wrong with a command line is a `UsageError` of one line.
 *
 * @module
 */

import {
  type CommandLine,
  type Flags,
  readFlags,
  renderHelp,
  UsageError,
} from "../../client/cli/flags.ts";
import { type Accounts, protocols, type User } from "../../server/mod.ts";
import type { AdmissionLimits } from "../admission.ts";
import {
  type DiskDelay,
  MODEL_NAMES,
  type ModelName,
  SELECTOR_NAMES,
  type ServeOptions,
  type Trigger,
} from "../model.ts";
import { BULK_BYTES, LOGIN_DELAY_MS_MAX, MOVE_BYTES_MAX } from "../limits.ts";
import { BLOCKING_WORKERS, isLoopback, serveOptions } from "../options.ts";
import { LOG_FORMATS, type LogFormat } from "./log.ts";
import { DEFAULT_ROOT } from "../root.ts";

const DAY_SECONDS = 86_400;

/** What a pool of threads, and a crowd of them, may be: more is a slip of the finger. */
const WORKERS_MAX = 256, MAX_WORKERS_MAX = 1_024;

/** More sessions than descriptors that any system grants one process. */
const SESSIONS_MAX = 1_048_576;

/** What a server and a client take between them: a smaller set would serve nobody. */
const FD_SET_BITS_MIN = 64;

/** Faster guesses than any network carries. */
const LOGINS_FAILED_MAX = 1_000_000;

/** A century: what is meant to be kept longer is meant to be kept for ever. */
const PARTIAL_DAYS_MAX = 36_500;

/** A slower disk would be a broken one; a thread that sleeps so long cannot be stopped. */
const DISK_DELAY_MS_MAX = 10_000;

/** What a server is where no flag says otherwise; the root is looked at later. */
const USUAL = serveOptions({ root: "" });
const USUAL_FTP = USUAL.settings.ftp.limits;

/** The same where others than this machine itself can connect. */
const EXPOSED = serveOptions({ root: "", host: "0.0.0.0" });

/** A thread that looks for a minute after nothing more came is a mistake. */
const SQPOLL_MS_MAX = 60_000;

/** A page: each turn costs a wait and a call, and smaller ones would be nothing but these. */
const TURN_BYTES_MIN = 4_096;

/** How long transfers that run may go on after a signal. */
const GRACE_SECONDS = 5;

function inSeconds(ms: number): string {
  return String(ms / 1e3);
}

const TABLE = {
  model: { value: "NAME", initial: "multiplex", help: MODEL_NAMES.join(", ") },
  protocol: { value: "NAME", initial: USUAL.protocol, help: [...protocols.keys()].join(", ") },
  selector: {
    value: "NAME",
    initial: USUAL.selector,
    help: "multiplex waits in select, poll or epoll",
  },
  "fd-set": {
    value: "BITS",
    initial: `${USUAL.fdSetBits}`,
    help: "select watches descriptors below this; 1024 is the C library's limit, not the kernel's",
  },
  trigger: {
    value: "NAME",
    initial: USUAL.trigger,
    help: "epoll tells readiness by level or edge",
  },
  interval: {
    value: "MS",
    initial: `${USUAL.intervalMs}`,
    help: "polling sleeps so long between rounds; 0 spins",
  },
  sqpoll: {
    value: "MS",
    otherwise: "off",
    help: "a thread of the kernel looks for what uring wants done; asleep after so long",
  },
  "turn-bytes": {
    value: "BYTES",
    otherwise: `${BULK_BYTES}, up to ${MOVE_BYTES_MAX} where few wait`,
    help: "of a file that a transfer moves at a time, before others have their turn",
  },
  workers: {
    value: "N",
    otherwise: `${USUAL.workers}; blocking ${BLOCKING_WORKERS}`,
    help: "event loops, or blocking's threads at the start",
  },
  "max-workers": { value: "N", initial: `${USUAL.maxWorkers}`, help: "blocking's threads at most" },
  host: { value: "ADDRESS", initial: USUAL.host, help: "numeric; 0.0.0.0 is all of IPv4, :: all" },
  port: { value: "N", otherwise: "2121; not ftp 8000", help: "0 picks a free one" },
  root: {
    value: "DIR",
    otherwise: `./${DEFAULT_ROOT}, made with an a.avi when missing`,
    help: "what is served",
  },
  user: {
    value: "NAME:PASSWORD",
    repeats: true,
    secret: true,
    help: "lets a user in, with all rights; may be repeated; others on this machine can see it",
  },
  "user-file": { value: "FILE", help: "lets users in: lines of NAME:PASSWORD, or # and a comment" },
  anonymous: {
    value: "off|read|write",
    otherwise: "write on a loopback address without users, else off",
    help: "what users without a password may do",
  },
  "passive-ports": {
    value: "LO-HI",
    initial: USUAL.passivePorts.join("-"),
    help: "for data connections",
  },
  "login-delay": {
    value: "SECONDS",
    initial: inSeconds(USUAL_FTP.loginDelayMs),
    help: `the first pause after a failed login; others are up to ${LOGIN_DELAY_MS_MAX / 1e3}`,
  },
  "login-timeout": {
    value: "SECONDS",
    initial: inSeconds(USUAL_FTP.loginTimeoutMs),
    help: "closes a session that has not logged in by then",
  },
  "max-sessions": {
    value: "N",
    initial: `${USUAL.admission.sessionsMax}`,
    help: "sessions at the same time, at most half before login; more are turned away (ftp: 421)",
  },
  "max-sessions-per-host": {
    value: "N",
    otherwise: `0 on a loopback --host, else ${EXPOSED.admission.sessionsPerHostMax}`,
    help: "of them from one address, or one IPv6 network of 64 bits; 0: as many as there may be",
  },
  "max-logins-failed-per-minute": {
    value: "N",
    initial: `${USUAL.admission.failedLoginsPerMinuteMax}`,
    help: "of one address or such network, over all its connections; 0: unlimited",
  },
  "idle-timeout": {
    value: "SECONDS",
    initial: inSeconds(USUAL_FTP.idleTimeoutMs),
    help: "closes a silent session",
  },
  "data-timeout": {
    value: "SECONDS",
    initial: inSeconds(USUAL_FTP.stallTimeoutMs),
    help: "ends a transfer that stands still",
  },
  "partial-days": {
    value: "N",
    initial: `${USUAL.partialDays}`,
    help: "removes what interrupted uploads left after so many days; 0: never",
  },
  download: {
    value: "DIR",
    initial: USUAL.settings.mini.downloadPath,
    help: "mini gets from this folder below the root",
  },
  upload: {
    value: "DIR",
    initial: USUAL.settings.mini.uploadPath,
    help: "mini puts into this folder below the root",
  },
  grace: {
    value: "SECONDS",
    initial: `${GRACE_SECONDS}`,
    help: "for running transfers after SIGINT or SIGTERM",
  },
  "disk-delay": {
    value: "MS/N",
    help: "for experiments: a read in N of a file sent takes MS longer",
  },
  log: {
    value: "off|text|json",
    otherwise: "text when standard error is a terminal or a file, else off",
    help: "tells logins, refusals, transfers and failures but missing names on standard error",
  },
  stats: { help: "prints the workers' counters as JSON at the end and on SIGUSR2" },
} as const;

const LINE: CommandLine<keyof typeof TABLE> = {
  command: "serve",
  usage: ["serve [FLAGS]"],
  about: "Serves a folder by FTP, or speaks one of the small protocols. There is no TLS as yet: " +
    "names, passwords and files go in clear text.",
  flags: TABLE,
  operands: false,
  exits: [
    ["0", "ended by SIGINT or SIGTERM"],
    ["1", "it could not serve: port in use, unreadable root, a model that is not available"],
    ["2", "a wrong command line"],
  ],
};

type Values = Flags<keyof typeof TABLE>;

/** What was asked for. */
export interface ServeFlags {
  /** How to wait. */
  readonly model: ModelName;
  /** All of the options but the root, which has to be looked at first. */
  readonly options: Omit<ServeOptions, "root">;
  /** The folder to serve as it was given; undefined: DEFAULT_ROOT. */
  readonly root: string | undefined;
  /** The file that names further users, if there is one. */
  readonly userFile: string | undefined;
  /** For transfers that run when a signal comes, milliseconds. */
  readonly graceMs: number;
  /** How events are shown; undefined: it depends on what standard error is. */
  readonly log: LogFormat | undefined;
  /** Whether counters are printed. */
  readonly stats: boolean;
}

/** The text of --help for a terminal of `columns`. */
export function helpText(columns?: number): string {
  return renderHelp(LINE, columns);
}

/**
 * Reads a command line; "help" when that is what was asked for.
 *
 * @throws {UsageError} naming the flag and what it takes.
 */
export function parseServe(args: readonly string[]): ServeFlags | "help" {
  const values = readFlags(LINE, args);
  if (values.has("help")) return "help";
  const model = values.oneOf("model", MODEL_NAMES);
  return {
    model,
    options: parseOptions(values, model),
    root: values.text("root"),
    userFile: values.text("user-file"),
    graceMs: seconds(values, "grace", 3_600),
    log: values.oneOf("log", LOG_FORMATS, undefined),
    stats: values.has("stats"),
  };
}

function parseOptions(values: Values, model: ModelName): Omit<ServeOptions, "root"> {
  const protocol = protocols.get(values.oneOf("protocol", protocols.keys()))!;
  const host = parseHost(values);
  const [workers, maxWorkers] = parseWorkers(values, model);
  const diskDelay = parseDelay(values);
  const sqpollIdleMs = values.whole("sqpoll", 1, SQPOLL_MS_MAX, undefined);
  const turnBytes = values.whole("turn-bytes", TURN_BYTES_MIN, MOVE_BYTES_MAX, undefined);
  const { root: _, ...options } = serveOptions({
    root: "",
    protocol: protocol.name,
    host,
    port: values.whole("port", 0, 65_535, protocol.defaultPort),
    settings: parseSettings(values, parseAccounts(values, protocol.name, host)),
    admission: parseAdmission(values, host),
    partialDays: values.number("partial-days", { unit: "days", high: PARTIAL_DAYS_MAX }),
    workers,
    maxWorkers,
    selector: values.oneOf("selector", SELECTOR_NAMES),
    fdSetBits: values.whole("fd-set", FD_SET_BITS_MIN, SESSIONS_MAX),
    trigger: values.oneOf<Trigger>("trigger", ["level", "edge"]),
    intervalMs: values.number("interval", { unit: "milliseconds", high: 60_000 }),
    passivePorts: parseRange(values),
    ...(sqpollIdleMs === undefined ? {} : { sqpollIdleMs }),
    ...(turnBytes === undefined ? {} : { turnBytes }),
    ...(diskDelay === undefined ? {} : { diskDelay }),
  });
  return options;
}

/** How many there are at first, and at most. */
function parseWorkers(values: Values, model: ModelName): [first: number, most: number] {
  const most = values.whole("max-workers", 1, MAX_WORKERS_MAX);
  const usual = model === "blocking" ? Math.min(BLOCKING_WORKERS, most) : USUAL.workers;
  const first = values.whole("workers", 1, WORKERS_MAX, usual);
  const isMeant = model === "blocking" && values.isGiven("max-workers");
  if (first <= most || !isMeant) return [first, most];
  throw new UsageError(`--workers ${first} is more than --max-workers ${most}`);
}

function parseSettings(values: Values, accounts: Accounts): ServeOptions["settings"] {
  const idleTimeoutMs = seconds(values, "idle-timeout", DAY_SECONDS, true);
  const stallTimeoutMs = seconds(values, "data-timeout", DAY_SECONDS, true);
  const small = { idleTimeoutMs };
  return {
    ftp: {
      accounts,
      limits: {
        loginDelayMs: seconds(values, "login-delay", LOGIN_DELAY_MS_MAX / 1e3),
        loginTimeoutMs: seconds(values, "login-timeout", DAY_SECONDS, true),
        idleTimeoutMs,
        connectTimeoutMs: Math.min(USUAL_FTP.connectTimeoutMs, stallTimeoutMs),
        stallTimeoutMs,
      },
    },
    mini: {
      ...(accounts.anonymous === undefined ? {} : { anonymous: accounts.anonymous }),
      downloadPath: parseFolder(values, "download"),
      uploadPath: parseFolder(values, "upload"),
      idleTimeoutMs,
      stallTimeoutMs,
    },
    echo: small,
    hello: small,
    chat: small,
  };
}

/** Seconds as milliseconds. */
function seconds(values: Values, name: keyof typeof TABLE, high: number, over = false): number {
  return values.number(name, { unit: "seconds", high, over }) * 1e3;
}

function parseAdmission(values: Values, host: string): AdmissionLimits {
  const usual = isLoopback(host) ? USUAL : EXPOSED;
  const { sessionsPerHostMax } = usual.admission;
  return {
    sessionsMax: values.whole("max-sessions", 1, SESSIONS_MAX),
    sessionsPerHostMax: values.whole("max-sessions-per-host", 0, SESSIONS_MAX, sessionsPerHostMax),
    failedLoginsPerMinuteMax: values.whole("max-logins-failed-per-minute", 0, LOGINS_FAILED_MAX),
  };
}

const IPV4 = /^(25[0-5]|2[0-4]\d|1?\d?\d)(\.(25[0-5]|2[0-4]\d|1?\d?\d)){3}$/;
const IPV6 = /^[0-9a-f:.]*:[0-9a-f:.]*$/i;

function parseHost(values: Values): string {
  const host = values.text("host", "a numeric address")!.replace(/^\[(.*)\]$/, "$1");
  if (host === "localhost") return "127.0.0.1";
  if (IPV4.test(host) || IPV6.test(host)) return host;
  throw values.wrong("host", "a numeric address");
}

function parseRange(values: Values): [number, number] {
  const [, low, high] = /^(\d+)-(\d+)$/.exec(values.text("passive-ports")!) ?? [];
  const range: [number, number] = [Number(low), Number(high)];
  if (range[0] >= 1 && range[0] <= range[1] && range[1] <= 65_535) return range;
  throw values.wrong("passive-ports", "two ports as LO-HI");
}

function parseDelay(values: Values): DiskDelay | undefined {
  const given = values.text("disk-delay");
  if (given === undefined) return undefined;
  const [, ms, every] = /^(\d+(?:\.\d+)?)\/(\d+)$/.exec(given) ?? [];
  const delay = { ms: Number(ms), every: Number(every) };
  if (delay.ms <= DISK_DELAY_MS_MAX && delay.every >= 1) return delay;
  throw values.wrong("disk-delay", `MS/N, up to ${DISK_DELAY_MS_MAX} ms in one read of N`);
}

/** A folder below the root as a virtual path. */
function parseFolder(values: Values, flag: "download" | "upload"): string {
  const parts = values.text(flag)!.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.includes("..")) throw values.wrong(flag, "a folder below the root");
  return `/${parts.join("/")}`;
}

/**
 * A user by NAME:PASSWORD, with all rights.
 *
 * @throws what `wrong` makes, where it is none.
 */
export function userOf(given: string, wrong: () => UsageError): User {
  const colon = given.indexOf(":");
  if (colon < 1) throw wrong();
  return { name: given.slice(0, colon), password: given.slice(colon + 1), access: "write" };
}

/** Those of the command line; whom --user-file names, mod.ts adds. */
function parseAccounts(values: Values, protocol: string, host: string): Accounts {
  const { logsIn, stores } = protocols.get(protocol)!;
  const wrong = () => values.wrong("user", "NAME:PASSWORD");
  const users = values.all("user").map((given) => userOf(given, wrong));
  const named = users.length > 0 || values.isGiven("user-file");
  if (named && !logsIn) throw new UsageError(`Users are for ftp: ${protocol} has no login`);
  const usual = isLoopback(host) && !named ? "write" : "off";
  const anonymous = values.oneOf("anonymous", ["off", "read", "write"] as const, usual);
  if (stores && anonymous === "off" && !named) {
    const login = logsIn ? "--user NAME:PASSWORD or " : "";
    throw new UsageError(`Nobody would be let in: give ${login}--anonymous read`);
  }
  return { users, ...(anonymous === "off" ? {} : { anonymous }) };
}
