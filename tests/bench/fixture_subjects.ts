/**
 * The subjects of fixture_run.ts: who they are and how they would behave.
 *
 * @module
 */

import type { SubjectCard } from "../../bench/record.ts";

/** How a made-up subject behaves; costs in microseconds. */
export interface Nature extends SubjectCard {
  /** CPU per request, and more of it per watched session. */
  readonly request: number;
  readonly watched: number;
  /** Logins and small downloads per second. */
  readonly logins: number;
  readonly small: number;
  /** Median latency and how long its tail is (a factor per decade). */
  readonly latency: number;
  readonly tail: number;
  /** CPU seconds per GB, and octets copied through user space per octet. */
  readonly perGB: number;
  readonly copied: number;
  /** KiB per session, and the most sessions it serves at once. */
  readonly session: number;
  readonly sessionsMax: number;
  /** Share of a processor when nobody says anything. */
  readonly asleep: number;
  /** Calls per request by name; peers count none. */
  readonly calls?: Readonly<Record<string, number>>;
}

const LOOP = { recvfrom: 1, sendto: 1 };

function model(
  id: string,
  title: string,
  flags: string[],
  nature: Omit<Nature, keyof SubjectCard>,
) {
  return { id, title, kind: "model" as const, flags: ["--model", ...flags], ...nature };
}

function peer(id: string, nature: Omit<Nature, keyof SubjectCard>): Nature {
  const configuration = `listen=YES\nlisten_address=HOST\n# of <${id}>, no logs & no limits\n`;
  return { id, title: id, kind: "peer", flags: [], version: "1.2.3", configuration, ...nature };
}

const BASE = {
  request: 10,
  watched: 0,
  logins: 5000,
  small: 9000,
  latency: 120,
  tail: 1.6,
  perGB: 0.42,
  copied: 0,
  session: 9,
  sessionsMax: 20_000,
  asleep: 0.0005,
};

/** All variants, and six peers. */
export const NATURES: readonly Nature[] = [
  model("blocking-8", "blocking, 8 threads", ["blocking", "--workers", "8", "--max-workers", "8"], {
    ...BASE,
    request: 14,
    logins: 3100,
    small: 5200,
    tail: 3,
    session: 8200,
    sessionsMax: 8,
    calls: { ...LOOP, ppoll: 0.1 },
  }),
  model(
    "blocking-64",
    "blocking, up to 64 threads",
    ["blocking", "--workers", "8", "--max-workers", "64"],
    {
      ...BASE,
      request: 17,
      logins: 2600,
      small: 4100,
      tail: 3.4,
      session: 8200,
      sessionsMax: 64,
      calls: { ...LOOP, futex: 0.4 },
    },
  ),
  model("polling-0", "polling, spinning", ["polling", "--interval", "0"], {
    ...BASE,
    request: 45,
    watched: 0.9,
    logins: 3900,
    asleep: 1,
    latency: 95,
    calls: { recvfrom: 140, accept4: 9, sendto: 1 },
  }),
  model("polling-1", "polling, 1 ms", ["polling", "--interval", "1"], {
    ...BASE,
    request: 16,
    watched: 0.11,
    logins: 1800,
    small: 2900,
    asleep: 0.021,
    latency: 620,
    tail: 1.4,
    calls: { recvfrom: 6, accept4: 0.4, sendto: 1, nanosleep: 0.5 },
  }),
  model("polling-10", "polling, 10 ms", ["polling", "--interval", "10"], {
    ...BASE,
    request: 13,
    watched: 0.03,
    logins: 390,
    small: 610,
    asleep: 0.003,
    latency: 5600,
    tail: 1.25,
    calls: { recvfrom: 2.4, accept4: 0.1, sendto: 1, nanosleep: 0.1 },
  }),
  model("select", "multiplex (select)", ["multiplex", "--selector", "select"], {
    ...BASE,
    request: 10.4,
    watched: 0.009,
    sessionsMax: 1000,
    calls: { ...LOOP, select: 0.5 },
  }),
  model("poll", "multiplex (poll)", ["multiplex", "--selector", "poll"], {
    ...BASE,
    request: 10.2,
    watched: 0.014,
    calls: { ...LOOP, poll: 0.5 },
  }),
  model(
    "epoll",
    "multiplex (epoll, level)",
    ["multiplex", "--selector", "epoll", "--trigger", "level"],
    { ...BASE, calls: { ...LOOP, epoll_wait: 0.45, epoll_ctl: 0.01 } },
  ),
  model(
    "epoll-edge",
    "multiplex (epoll, edge)",
    ["multiplex", "--selector", "epoll", "--trigger", "edge"],
    { ...BASE, request: 10.6, calls: { sendto: 1, recvfrom: 2, epoll_wait: 0.45 } },
  ),
  model("async", "async", ["async"], {
    ...BASE,
    request: 31,
    watched: 0.0008,
    logins: 2300,
    small: 3300,
    latency: 260,
    perGB: 0.78,
    copied: 2,
    session: 24,
    calls: { read: 1.1, write: 1, epoll_wait: 0.8, futex: 0.6 },
  }),
  peer("vsftpd", { ...BASE, request: 21, logins: 380, small: 5000, session: 310, tail: 2.4 }),
  peer("vsftpd-lean", { ...BASE, request: 19, logins: 900, small: 5400, session: 190, tail: 2.2 }),
  peer("proftpd", { ...BASE, request: 64, logins: 120, small: 1400, session: 1900 }),
  peer("pure-ftpd", { ...BASE, request: 38, logins: 640, small: 2600, session: 420 }),
  peer("pyftpdlib", {
    ...BASE,
    request: 88,
    watched: 0.002,
    logins: 4800,
    small: 1200,
    session: 21,
  }),
  peer("ftp-srv", { ...BASE, request: 140, logins: 700, small: 600, perGB: 1.9, session: 60 }),
];
