/**
 * Whom the benchmark measures: this project's models as data, each by the flags that `serve` gets,
 * peers (../peers/mod.ts) that were found on this machine, and twins (../load/twin/), the least servers in C.
 *
 * @module
 */

import type { TwinWay } from "../load/twins.ts";
import type { Located, Peer } from "../peers/mod.ts";
import type { Tag } from "../scenarios/mod.ts";

/** A server that the benchmark can start. */
export type Subject = ModelSubject | PeerSubject | TwinSubject;

/** One way of running this project's own server. */
export interface ModelSubject {
  /** Tells it from a peer. */
  readonly kind: "model";
  /** The name for --models. */
  readonly id: string;
  /** The name in the report. */
  readonly title: string;
  /** A second name for --models, which selects all variants of a model. */
  readonly model: string;
  /** Flags of `serve` that make this variant what it is. */
  readonly flags: readonly string[];
  /** Sessions that it can hold, where it has a limit of its own. */
  readonly sessionsMax?: number;
  /** Whether it turns away what is over its limit; else it lets them wait in line. */
  readonly refuses?: boolean;
  /** Tags of the scenarios that it is there for; all when missing. */
  readonly only?: readonly Tag[];
  /** It uses the processor while nobody asks anything of it. */
  readonly restless?: boolean;
}

/** Somebody else's server, found. */
export interface PeerSubject extends Pick<Peer, "kind" | "id" | "title" | "keepsFiles"> {
  /** Idle sessions that it is asked to hold. */
  readonly sessionsMax: number;
  /** How it is started. */
  readonly located: Located;
}

/** A server in C that waits as a model does, and does nothing else. */
export interface TwinSubject {
  /** Tells it from the others. */
  readonly kind: "twin";
  /** As cells refer to it. */
  readonly id: string;
  /** The name in the report. */
  readonly title: string;
  /** What it waits by. */
  readonly way: TwinWay;
  /** The id of the model that waits alike; missing on a rung of the ladder. */
  readonly twinOf?: string;
  /** Over io_uring: so many techniques are on. */
  readonly rung?: number;
  /** The compiled program. */
  readonly program: string;
  /** It has no limit of its own. */
  readonly sessionsMax?: undefined;
}

/** select(2) watches descriptors below 1024, and the server itself and transfers need some. */
const SELECT_SESSIONS_MAX = 960;

/** Bits of a bitmap that is as large as poll's array: it has room for all sessions that are asked. */
const FD_SET_BITS = 16_384;

/** The variant that ratios are over. */
export const BASELINE = "epoll";

/**
 * The model variants: everything that is taught, with as many event loops as one processor runs.
 * The pools of blocking are as large as they get, so that no cell measures the start of threads.
 */
export const MODELS: readonly ModelSubject[] = [
  pool(8),
  pool(64),
  polling("spinning", 0),
  polling("1 ms", 1),
  polling("10 ms", 10),
  {
    ...model("select", "multiplex (select)", "multiplex", ["--selector", "select"]),
    sessionsMax: SELECT_SESSIONS_MAX,
    refuses: true,
  },
  {
    ...model("select-wide", "multiplex (select, any bitmap)", "multiplex", [
      "--selector",
      "select",
      "--fd-set",
      String(FD_SET_BITS),
    ]),
    // Elsewhere it is what select is.
    only: ["watching", "waking"],
  },
  model("poll", "multiplex (poll)", "multiplex", ["--selector", "poll"]),
  model("epoll", "multiplex (epoll, level)", "multiplex", [
    "--selector",
    "epoll",
    "--trigger",
    "level",
  ]),
  model("epoll-edge", "multiplex (epoll, edge)", "multiplex", [
    "--selector",
    "epoll",
    "--trigger",
    "edge",
  ]),
  model("async", "async", "async", []),
  model("uring", "uring", "uring", []),
];

function model(
  id: string,
  title: string,
  name: string,
  variant: readonly string[],
): ModelSubject {
  return { kind: "model", id, title, model: name, flags: ["--model", name, ...variant] };
}

function polling(title: string, intervalMs: number): ModelSubject {
  const interval = String(intervalMs);
  const flags = ["--interval", interval];
  return {
    ...model(`polling-${interval}`, `polling (${title})`, "polling", flags),
    restless: true,
  };
}

function pool(threads: number): ModelSubject {
  const count = String(threads);
  const flags = ["--workers", count, "--max-workers", count];
  const variant = model(`blocking-${count}`, `blocking (${count} threads)`, "blocking", flags);
  return { ...variant, sessionsMax: threads };
}

/** What stands between a variant and its number of workers, where a run has several. */
const WITH_WORKERS = "@";

/**
 * The variants with `workers` event loops each: "epoll" with one, "epoll@2" with two. A pool of
 * blocking is what it is: its variants differ in their number of threads; where several numbers are
 * asked for, pools that begin with one thread and grow ("blocking-8@1") are among them.
 */
export function configurationsOf(workers: readonly number[] | undefined): ModelSubject[] {
  if (workers === undefined) return [...MODELS];
  return MODELS.flatMap((subject): ModelSubject[] => {
    if (subject.model === "blocking") {
      return workers.length === 1 ? [subject] : [subject, growing(subject)];
    }
    return workers.map((count) => {
      const flags = [...subject.flags, "--workers", String(count)];
      if (workers.length === 1 || count === 1) return { ...subject, flags };
      const id = `${subject.id}${WITH_WORKERS}${count}`;
      return { ...subject, id, title: `${subject.title}, ${count} workers`, flags };
    });
  });
}

function growing(subject: ModelSubject): ModelSubject {
  const flags = ["--model", "blocking", "--workers", "1", "--max-workers"];
  return {
    ...subject,
    id: `${subject.id}${WITH_WORKERS}1`,
    title: `${subject.title.replace("(", "(1 to ")}`,
    flags: [...flags, String(subject.sessionsMax!)],
  };
}

/**
 * The subjects of `all` that `names` ask for by id, by id without workers or by model; all of them
 * when it is undefined.
 */
export function selectModels(
  names: readonly string[] | undefined,
  all: readonly ModelSubject[] = MODELS,
): ModelSubject[] | { readonly unknown: string } {
  if (names === undefined) return [...all];
  const matches = ({ id, model }: ModelSubject, name: string) =>
    id === name || model === name || id.split(WITH_WORKERS)[0] === name;
  const unknown = names.find((name) => !all.some((subject) => matches(subject, name)));
  if (unknown !== undefined) return { unknown };
  return all.filter((subject) => names.some((name) => matches(subject, name)));
}

/** Which model each twin is the twin of: threads of a pool that is large enough wait as they do. */
const TWIN_OF: Readonly<Record<TwinWay, string>> = {
  threads: "blocking-64",
  select: "select",
  poll: "poll",
  epoll: "epoll",
  uring: "uring",
};

/** A twin for each way to wait, by the compiled `program`. */
export function twinsOf(program: string): TwinSubject[] {
  return (Object.keys(TWIN_OF) as TwinWay[]).map((way) => ({
    kind: "twin",
    id: `twin-${way}`,
    title: `twin in C (${way})`,
    way,
    twinOf: TWIN_OF[way],
    program,
  }));
}

/** What is on at each rung besides what was on before; load/twin/uring.c has the same order. */
const RUNGS = [
  "one receive and one accept at a time",
  "single issuer, work deferred to the wait",
  "receives go on, into a ring of buffers",
  "accepts go on",
  "a thread of the kernel submits, no work deferred",
] as const;

/** The twin over io_uring with one technique on after the other. */
export function ladderOf(program: string): TwinSubject[] {
  return RUNGS.map((what, rung) => ({
    kind: "twin",
    id: `ring-${rung}`,
    title: `ring in C, ${rung}: ${what}`,
    way: "uring",
    rung,
    program,
  }));
}
