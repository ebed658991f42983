/**
 * Every way to run the server that the suites must pass on: a model with its options, what it is
 * called, and the cases that it is excused from. The suites (conformance, peers) loop over this
 * list; a new model joins by one more entry.
 *
 * @module
 */

import { type Model, models, type ServeOptions, serveOptions } from "../../models/mod.ts";
import { freePorts } from "../ports.ts";
import { type Overrides, type Serving, WRITER } from "./target.ts";

/** Cases that a variant does not run, and why. */
export interface Skip {
  /** One sentence without its full stop: it stands in the names of the tests. */
  readonly reason: string;
  /** Names as in cases/: the topic, a colon and a space, the case. */
  readonly cases: readonly string[];
}

/** One model with one set of options. */
export interface Variant {
  /** What test names show in brackets. */
  readonly name: string;
  /** The way to wait. */
  readonly model: Model;
  /** What it is given instead of the suite's defaults. */
  readonly options: Partial<ServeOptions>;
  /** What it is excused from. */
  readonly skips: readonly Skip[];
  /** Whether it does what is too costly for every variant, in the place of those of its kind. */
  readonly standsForKind: boolean;
  /** Why it cannot run here, in one sentence, or undefined when it can. */
  unavailable(): string | undefined;
  /** Starts a server of this variant that serves `root`, an absolute real path. */
  start(root: string, overrides?: Overrides): Promise<Serving>;
}

/** Threads of blocking: as many as the cases hold connections at once, and one to spare. */
const BLOCKING_THREADS_MAX = 20;

/**
 * The pause after a failed login: as short as there is, since many cases wait for it, and it
 * doubles with each failure from the one address that all of them come from.
 */
const LOGIN_DELAY_MS = 1;

const NOBODY_WAITS: Skip = {
  reason: "An event loop serves everybody at once",
  cases: ["concurrency: who comes beyond the declared limit is served when another leaves"],
};

const THREADS_WAIT: Skip = {
  reason: "The next client waits in the backlog instead of being refused",
  cases: ["concurrency: who comes beyond the declared limit is told 421"],
};

const NO_LIMIT: Skip = {
  reason: "Nothing limits its connections but the descriptors of the process",
  cases: ["concurrency: who comes beyond the declared limit is told 421"],
};

const CLOSES_LATE: Skip = {
  reason: "The runtime frees a closed port a moment later, and two workers keep none of two ports",
  cases: [
    "limits: no passive port left is 425, and one given back serves again",
    "limits: a session that asks for passive ports again and again holds one",
    "limits: twenty transfers over two passive ports",
  ],
};

const OPENS_BY_PATH: Skip = {
  reason: "The runtime makes and changes by path only, which a folder can leave meanwhile",
  cases: [
    "outside: commands change nothing through a name that becomes a link",
    "outside: STOR and APPE store nothing through a name that becomes a link",
  ],
};

/**
 * One variant of each kind, by name: a thread for each client, rounds, a loop over ready
 * descriptors with levels and with edges, loops that share their clients, the runtime, a ring.
 */
const KINDS: ReadonlySet<string> = new Set([
  "blocking",
  "polling",
  "multiplex epoll level",
  "multiplex epoll edge",
  "multiplex epoll, 2 workers",
  "async",
  "uring",
]);

function variant(
  name: string,
  options: Partial<ServeOptions> = {},
  skips: readonly Skip[] = [NOBODY_WAITS, NO_LIMIT],
): Variant {
  const model = models.get(name.split(/[ ,]/)[0]!);
  if (model === undefined) throw new Error(`No model "${name}"`);
  return {
    name,
    model,
    options,
    skips,
    standsForKind: KINDS.has(name),
    unavailable: () => model.unavailable(),
    start: (root, overrides = {}) => start(model, optionsOf(root, options, overrides), overrides),
  };
}

/** In the order in which the models are taught. */
export const variants: readonly Variant[] = [
  variant("blocking", {}, [THREADS_WAIT]),
  variant("polling"),
  variant("multiplex select", { selector: "select" }, [NOBODY_WAITS]),
  variant("multiplex poll", { selector: "poll" }),
  variant("multiplex epoll level", { selector: "epoll", trigger: "level" }),
  variant("multiplex epoll edge", { selector: "epoll", trigger: "edge" }),
  variant("multiplex epoll, 2 workers", { selector: "epoll", workers: 2 }),
  variant("async", {}, [NOBODY_WAITS, NO_LIMIT, OPENS_BY_PATH]),
  variant("async, 2 workers", { workers: 2 }, [
    NOBODY_WAITS,
    NO_LIMIT,
    CLOSES_LATE,
    OPENS_BY_PATH,
  ]),
  variant("uring"),
  variant("uring, 2 workers", { workers: 2 }),
];

/** Those that stand for their kind: enough where each costs much. */
export const kinds: readonly Variant[] = variants.filter(({ standsForKind }) => standsForKind);

function optionsOf(
  root: string,
  options: Partial<ServeOptions>,
  overrides: Overrides,
): ServeOptions {
  const { anonymous = "read" } = overrides;
  return serveOptions({
    protocol: overrides.protocol ?? "ftp",
    host: overrides.host ?? "127.0.0.1",
    port: overrides.port ?? 0,
    root,
    maxWorkers: overrides.maxWorkers ?? BLOCKING_THREADS_MAX,
    settings: {
      ftp: {
        accounts: {
          users: [{ name: WRITER.user, password: WRITER.password, access: "write" }],
          ...(anonymous === "off" ? {} : { anonymous }),
        },
        limits: {
          loginDelayMs: overrides.loginDelayMs ?? LOGIN_DELAY_MS,
          ...given("loginTimeoutMs", overrides.loginTimeoutMs),
          ...given("idleTimeoutMs", overrides.idleTimeoutMs),
          ...given("connectTimeoutMs", overrides.connectTimeoutMs),
          ...given("stallTimeoutMs", overrides.stallTimeoutMs),
        },
      },
      mini: {
        ...(anonymous === "off" ? {} : { anonymous }),
        ...given("idleTimeoutMs", overrides.idleTimeoutMs),
        ...given("stallTimeoutMs", overrides.stallTimeoutMs),
      },
      echo: given("idleTimeoutMs", overrides.idleTimeoutMs),
      hello: given("idleTimeoutMs", overrides.idleTimeoutMs),
      chat: given("idleTimeoutMs", overrides.idleTimeoutMs),
    },
    admission: {
      // The suite's own connections all come from one address, and many fail to log in.
      failedLoginsPerMinuteMax: overrides.failedLoginsPerMinuteMax ?? 0,
      ...given("sessionsMax", overrides.sessionsMax),
      ...given("sessionsPerHostMax", overrides.sessionsPerHostMax),
    },
    ...options,
    ...given("workers", overrides.workers),
  });
}

/** `{name: value}`, or nothing where there is no value. */
function given<Name extends string, T>(name: Name, value: T | undefined): { [N in Name]?: T } {
  return (value === undefined ? {} : { [name]: value }) as { [N in Name]?: T };
}

async function start(
  model: Model,
  options: ServeOptions,
  { passivePortCount }: Overrides,
): Promise<Serving> {
  const wanted = passivePortCount === undefined
    ? options
    : { ...options, passivePorts: freePorts(passivePortCount) };
  const server = await model.serve(wanted);
  const { connections } = model.limits(wanted);
  return {
    endpoint: { host: server.address.host, port: server.address.port },
    ...(connections === undefined ? {} : { connections }),
    stop: (graceMs) => server.stop(graceMs),
  };
}
