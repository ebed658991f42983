/**
 * The one entrypoint: `serve`, `client`, `bench`, `lab`. It turns flags into options and hands over; it
 * knows no protocol and no sockets.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import {
  type DiskDelay,
  hostAndPort,
  type Model,
  models,
  type SelectorName,
  ServeError,
  type ServeOptions,
  type Server,
  type Terminal,
  type Trigger,
} from "./models/mod.ts";
import {
  type Access,
  type Accounts,
  DEFAULT_LIMITS,
  protocols,
  sampleAvi,
  type User,
} from "./server/mod.ts";

/** The folder served where none is given; made when it is missing. */
const DEFAULT_ROOT = "files";

/** Exit statuses: a wrong command line, and everything else that a user can cause. */
const USAGE = 2, FAILED = 1;

/** A flag of serve: what its value is called (none for a switch), its default, what it means. */
interface Flag {
  readonly value?: string;
  readonly initial?: string;
  readonly help: string;
}

const FLAGS: Readonly<Record<string, Flag>> = {
  model: { value: "NAME", initial: "multiplex", help: [...models.keys()].join(", ") },
  protocol: { value: "NAME", initial: "ftp", help: [...protocols.keys()].join(", ") },
  selector: { value: "NAME", initial: "epoll", help: "multiplex waits in select, poll or epoll" },
  trigger: { value: "NAME", initial: "level", help: "epoll tells readiness by level or edge" },
  interval: { value: "MS", initial: "1", help: "polling sleeps so long between rounds; 0 spins" },
  workers: { value: "N", help: "event loops (default 1), or blocking's threads at start (8)" },
  "max-workers": { value: "N", initial: "64", help: "the most threads of blocking" },
  host: { value: "ADDRESS", initial: "127.0.0.1", help: "numeric address; 0.0.0.0 or :: for all" },
  port: { value: "N", help: "default 2121 for ftp, 8000 for the others; 0 picks a free one" },
  root: { value: "DIR", help: "what is served; default ./files, made with an a.avi when missing" },
  user: { value: "NAME:PASSWORD", help: "lets a user in, with all rights; may be repeated" },
  anonymous: {
    value: "off|read|write",
    help: "default write on a loopback address without --user, else off",
  },
  "passive-ports": { value: "LO-HI", initial: "61000-65535", help: "for data connections" },
  "login-delay": { value: "SECONDS", initial: "0.5", help: "the pause after a failed login" },
  "idle-timeout": { value: "SECONDS", initial: "300", help: "closes a silent session" },
  "data-timeout": { value: "SECONDS", initial: "300", help: "ends a transfer that stands still" },
  download: { value: "DIR", initial: "/", help: "mini gets from this folder below the root" },
  upload: { value: "DIR", initial: "/", help: "mini puts into this folder below the root" },
  grace: { value: "SECONDS", initial: "5", help: "for running transfers after SIGINT or SIGTERM" },
  "disk-delay": {
    value: "MS/N",
    help: "for experiments: a read in N of a file sent takes MS longer",
  },
  stats: { help: "prints the workers' counters as JSON at the end and on SIGUSR2" },
  help: { help: "prints this" },
};

const USAGE_TEXT = `Usage: main.ts serve  [FLAGS]        an FTP server; serve --help lists the flags
       main.ts client [FLAGS] VERB   an FTP client; client --help lists the verbs
       main.ts bench  [FLAGS]        compares the models; bench --help lists the flags
       main.ts lab    list|run NAME  the textbook's claims as experiments`;

/** Something wrong with the command line, in one line. */
class UsageError extends Error {}

/** Where the user's words end up in an error message. */
function wrong(flag: string, takes: string, given: string): UsageError {
  return new UsageError(`--${flag} takes ${takes}, not "${given}"`);
}

/** The values of serve's flags, by name, checked. */
class Values {
  readonly #values: Readonly<Record<string, unknown>>;

  constructor(args: readonly string[]) {
    const names = Object.keys(FLAGS);
    this.#values = parseArgs(joinNegative(args), {
      string: names.filter((name) => FLAGS[name]!.value !== undefined),
      boolean: names.filter((name) => FLAGS[name]!.value === undefined),
      collect: ["user"],
      unknown: (given) => {
        throw new UsageError(`Unknown argument "${given}": serve --help lists the flags`);
      },
    });
  }

  has(flag: string): boolean {
    return this.#values[flag] === true;
  }

  all(flag: string): string[] {
    return this.#values[flag] as string[];
  }

  /** What was given, or the default, or undefined where there is none. */
  text(flag: string): string | undefined {
    const given = this.#values[flag];
    if (given === "") throw wrong(flag, FLAGS[flag]!.value!, "");
    return given as string | undefined ?? FLAGS[flag]!.initial;
  }

  oneOf<T extends string>(flag: string, names: Iterable<T>): T {
    const given = this.text(flag);
    const choices = [...names];
    const found = choices.find((name) => name === given);
    if (found === undefined) throw wrong(flag, choices.join(", "), given!);
    return found;
  }

  whole(flag: string, low: number, high: number, otherwise?: number): number {
    const given = this.text(flag);
    if (given === undefined && otherwise !== undefined) return otherwise;
    const number = Number(given);
    if (Number.isInteger(number) && number >= low && number <= high) return number;
    throw wrong(flag, `a whole number from ${low} to ${high}`, given!);
  }

  /** Seconds as milliseconds. */
  seconds(flag: string, highest: number): number {
    return this.number(flag, `seconds from 0 to ${highest}`, highest) * 1e3;
  }

  number(flag: string, takes: string, highest: number): number {
    const given = this.text(flag)!;
    const number = Number(given);
    if (number >= 0 && number <= highest) return number;
    throw wrong(flag, takes, given);
  }
}

/** "--flag -1" as "--flag=-1": else the number is taken for a flag of its own. */
function joinNegative(args: readonly string[]): string[] {
  const joined: string[] = [];
  for (const arg of args) {
    const flag = FLAGS[joined.at(-1)?.replace(/^--/, "") ?? ""];
    if (/^-\d/.test(arg) && flag?.value !== undefined) joined.push(`${joined.pop()}=${arg}`);
    else joined.push(arg);
  }
  return joined;
}

function help(): string {
  const rows = Object.entries(FLAGS).map(([name, { value, initial, help }]) => {
    const left = `  --${name}${value === undefined ? "" : ` ${value}`}`;
    return `${left.padEnd(30)}${help}${initial === undefined ? "" : ` (${initial})`}`;
  });
  return `Usage: main.ts serve [FLAGS]\n${rows.join("\n")}`;
}

const DAY_SECONDS = 86_400;
/** A slower disk would be a broken one; a thread that sleeps so long cannot be stopped. */
const DISK_DELAY_MS_MAX = 10_000;
const LOOPBACK = /^(127\.\d+\.\d+\.\d+|::1)$/;
const IPV4 = /^(25[0-5]|2[0-4]\d|1?\d?\d)(\.(25[0-5]|2[0-4]\d|1?\d?\d)){3}$/;

function parseOptions(values: Values): ServeOptions {
  const model = values.oneOf("model", models.keys());
  const protocol = protocols.get(values.oneOf("protocol", protocols.keys()))!;
  const host = parseHost(values);
  const workers = values.whole("workers", 1, 256, model === "blocking" ? 8 : 1);
  const maxWorkers = Math.max(workers, values.whole("max-workers", 1, 1024));
  const passivePorts = parseRange(values);
  const stallTimeoutMs = values.seconds("data-timeout", DAY_SECONDS);
  const diskDelay = parseDelay(values);
  return {
    protocol: protocol.name,
    host,
    port: values.whole("port", 0, 65_535, protocol.defaultPort),
    root: "",
    settings: {
      accounts: parseAccounts(values, protocol.name === "ftp", LOOPBACK.test(host)),
      limits: {
        loginDelayMs: values.seconds("login-delay", 60),
        idleTimeoutMs: values.seconds("idle-timeout", DAY_SECONDS),
        connectTimeoutMs: Math.min(DEFAULT_LIMITS.connectTimeoutMs, stallTimeoutMs),
        stallTimeoutMs,
      },
      downloadPath: parseFolder(values, "download"),
      uploadPath: parseFolder(values, "upload"),
    },
    workers,
    maxWorkers,
    selector: values.oneOf<SelectorName>("selector", ["select", "poll", "epoll"]),
    trigger: values.oneOf<Trigger>("trigger", ["level", "edge"]),
    intervalMs: values.number("interval", "milliseconds from 0 to 60000", 60_000),
    passivePorts,
    ...(diskDelay === undefined ? {} : { diskDelay }),
  };
}

function parseHost(values: Values): string {
  const host = values.text("host")!.replace(/^\[(.*)\]$/, "$1");
  if (host === "localhost") return "127.0.0.1";
  if (IPV4.test(host) || /^[0-9a-f:.]*:[0-9a-f:.]*$/i.test(host)) return host;
  throw wrong("host", "a numeric address", host);
}

function parseRange(values: Values): [number, number] {
  const given = values.text("passive-ports")!;
  const [, low, high] = /^(\d+)-(\d+)$/.exec(given) ?? [];
  const range: [number, number] = [Number(low), Number(high)];
  if (range[0] >= 1 && range[0] <= range[1] && range[1] <= 65_535) return range;
  throw wrong("passive-ports", "two ports as LO-HI", given);
}

function parseDelay(values: Values): DiskDelay | undefined {
  const given = values.text("disk-delay");
  if (given === undefined) return undefined;
  const [, msText, everyText] = /^(\d+(?:\.\d+)?)\/(\d+)$/.exec(given) ?? [];
  const delay = { ms: Number(msText), every: Number(everyText) };
  if (delay.ms <= DISK_DELAY_MS_MAX && delay.every >= 1) return delay;
  throw wrong("disk-delay", `MS/N, up to ${DISK_DELAY_MS_MAX} ms in one read of N`, given);
}

/** A folder below the root as a virtual path. */
function parseFolder(values: Values, flag: string): string {
  const parts = values.text(flag)!.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.includes("..")) throw wrong(flag, "a folder below the root", values.text(flag)!);
  return `/${parts.join("/")}`;
}

function parseAccounts(values: Values, needed: boolean, loopback: boolean): Accounts {
  const users = values.all("user").map((given): User => {
    const colon = given.indexOf(":");
    if (colon < 1) throw wrong("user", "NAME:PASSWORD", given.replace(/:.*/, ":..."));
    return { name: given.slice(0, colon), password: given.slice(colon + 1), access: "write" };
  });
  const anonymous = values.text("anonymous") === undefined
    ? loopback && users.length === 0 ? "write" : "off"
    : values.oneOf("anonymous", ["off", "read", "write"]);
  if (needed && anonymous === "off" && users.length === 0) {
    throw new UsageError("Nobody could log in: give --user NAME:PASSWORD or --anonymous read");
  }
  return { users, ...(anonymous === "off" ? {} : { anonymous: anonymous as Access }) };
}

/** The real path of the served folder; the default one is made with something to play. */
function openRoot(given: string | undefined): string {
  const root = given ?? DEFAULT_ROOT;
  try {
    if (given === undefined) makeRoot(root);
    const path = Deno.realPathSync(root);
    Deno.readDirSync(path)[Symbol.iterator]().next();
    return path;
  } catch (error) {
    const why = error instanceof Deno.errors.NotFound
      ? "no such folder"
      : error instanceof Deno.errors.NotADirectory
      ? "not a folder"
      : error instanceof Deno.errors.PermissionDenied || error instanceof Deno.errors.NotCapable
      ? "permission denied"
      : String(error);
    throw new ServeError(`Cannot serve "${root}": ${why}`);
  }
}

function makeRoot(root: string): void {
  try {
    Deno.mkdirSync(root);
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return;
    throw error;
  }
  Deno.writeFileSync(`${root}/a.avi`, sampleAvi());
}

const encoder = new TextEncoder();

/** The process's standard streams. */
class StandardTerminal implements Terminal {
  #lines: AsyncIterator<string> | undefined;

  print(text: string): void {
    Deno.stdout.writeSync(encoder.encode(`${text}\n`));
  }

  log(text: string): void {
    Deno.stderr.writeSync(encoder.encode(`ftplab: ${text}\n`));
  }

  async ask(prompt: string): Promise<string | undefined> {
    Deno.stdout.writeSync(encoder.encode(prompt));
    this.#lines ??= (await import("node:readline"))
      .createInterface({ input: (await import("node:process")).default.stdin })
      [Symbol.asyncIterator]();
    const { done, value } = await this.#lines.next();
    return done ? undefined : value;
  }
}

/** Runs until a signal stops the server; the exit status. */
async function serve(args: readonly string[]): Promise<number> {
  const values = new Values(args);
  if (values.has("help")) {
    console.log(help());
    return 0;
  }
  const options = parseOptions(values);
  const graceMs = values.seconds("grace", 3_600);
  const model: Model = models.get(values.text("model")!)!;
  const reason = model.unavailable();
  if (reason !== undefined) {
    throw new ServeError(`Model ${model.name} is not available here: ${reason}`);
  }
  const root = openRoot(values.text("root"));
  const terminal = new StandardTerminal();
  const server = await model.serve({ ...options, root }, terminal);
  stopOnSignals(server, graceMs);
  if (values.has("stats")) showStatsOnSignal(server, terminal);
  const { workers } = options;
  terminal.print(
    `ftplab: serving ${options.protocol} on ${hostAndPort(server.address)}, ` +
      `model ${server.description}, ${workers} worker${workers === 1 ? "" : "s"}, ` +
      `root ${values.text("root") ?? DEFAULT_ROOT}`,
  );
  await server.finished;
  if (values.has("stats")) terminal.print(JSON.stringify({ workers: server.stats() }, null, 2));
  return 0;
}

/** SIGUSR2 shows the counters while the server runs, as one line. */
function showStatsOnSignal(server: Server, terminal: Terminal): void {
  if (Deno.build.os === "windows") return;
  Deno.addSignalListener("SIGUSR2", () => {
    terminal.print(`ftplab: stats ${JSON.stringify({ workers: server.stats() })}`);
  });
}

/** The first signal lets transfers finish, the second ends them. */
function stopOnSignals(server: Server, graceMs: number): void {
  let signals = 0;
  const stop = () => void server.stop(signals++ === 0 ? graceMs : 0);
  Deno.addSignalListener("SIGINT", stop);
  if (Deno.build.os !== "windows") Deno.addSignalListener("SIGTERM", stop);
}

/** Runs one command line; the exit status. Whatever a user can cause is one line on stderr. */
export async function main(args: readonly string[]): Promise<number> {
  const [command, ...rest] = args;
  try {
    switch (command) {
      case "serve":
        return await serve(rest);
      case "client":
        return await (await import("./client/cli/mod.ts")).main(rest);
      case "bench":
        return await (await import("./bench/mod.ts")).main(rest);
      case "lab":
        return await (await import("./bench/lessons/mod.ts")).main(rest);
      case "--help":
      case "help":
        console.log(USAGE_TEXT);
        return 0;
      default:
        console.error(command === undefined ? USAGE_TEXT : `Unknown command "${command}"`);
        return USAGE;
    }
  } catch (error) {
    if (error instanceof UsageError) {
      console.error(`ftplab: ${error.message}`);
      return USAGE;
    }
    if (error instanceof ServeError) {
      console.error(`ftplab: ${error.message}`);
      return FAILED;
    }
    throw error;
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
